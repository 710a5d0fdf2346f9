// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/codeowners"
	"github.com/gateledger/gateledger/internal/event"
)

// An ownedLines is whose the lines of CODEOWNERS files are that changes touch.
type ownedLines []event.ForgeOwned

// add adds what a change touches, by the file as it was at a commit. A line that
// is known already has one path more.
func (o *ownedLines) add(file *codeowners.File, place, commit string, paths []string) {
	for _, path := range paths {
		for _, rule := range file.Of(path) {
			o.addLine(event.ForgeOwned{
				File: place, Commit: commit, Line: rule.Line, Section: rule.Section, Owners: rule.Owners, Need: rule.Need, Paths: 1, Example: cut(path),
			})
		}
	}
}

func (o *ownedLines) addLine(one event.ForgeOwned) {
	for i, known := range *o {
		if known.Commit == one.Commit && known.File == one.File && known.Line == one.Line {
			(*o)[i].Paths++
			return
		}
	}
	*o = append(*o, one)
}

// readOwners reads the file that a forge would, at a commit. A place where read
// fails with absent has none; a file that is not understood owns nothing that
// anybody can tell.
func readOwners(syntax codeowners.Syntax, commit string, absent error, read func(place string) ([]byte, error)) (*codeowners.File, string, error) {
	for _, place := range syntax.Places() {
		data, err := read(place)
		if errors.Is(err, absent) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		file, err := codeowners.Parse(data, syntax)
		if err != nil {
			return nil, "", fmt.Errorf("%w: %s of commit %.12s: %w", ErrRefused, place, commit, err)
		}
		return file, place, nil
	}
	return nil, "", fmt.Errorf("%w: commit %.12s shows no CODEOWNERS file", ErrRefused, commit)
}
