// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A Draft is a commit to make: the files of Base (a commit; empty: none),
// without Delete (files or folders), with Put. The same draft makes the same
// commit, id and all.
type Draft struct {
	Base    string
	Parents []string
	Put     map[string][]byte
	Delete  []string
	Message string
	When    time.Time
}

// committer is who makes every commit here. Who is behind an event is in the
// event; a commit only carries it.
const committer = "Gateledger <gateledger@gateledger.invalid>"

// Commit makes a commit, which nothing refers to yet, and returns its id. It
// fails with fs.ErrNotExist where Base or a parent is not here.
func (b *Bare) Commit(ctx context.Context, d Draft) (id string, err error) {
	if err := d.check(b); err != nil {
		return "", fmt.Errorf("make a commit: %w", err)
	}
	s, err := b.stage(nil, nil)
	if err != nil {
		return "", fmt.Errorf("make a commit: %w", err)
	}
	defer s.close()
	tree := ""
	if d.Base != "" && (len(d.Parents) == 0 || d.Parents[0] != d.Base) {
		if tree, err = s.treeOf(ctx, d.Base); err != nil {
			return "", fmt.Errorf("make a commit: %w", err)
		}
	}
	out, _, err := s.run(ctx, nil, call{args: []string{"fast-import", "--quiet", "--done", "--date-format=raw"}, stdin: d.stream(tree, b.idLength())})
	if err != nil {
		if missingCommit.MatchString(message(err)) {
			err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		return "", fmt.Errorf("make a commit: %w", err)
	}
	id = strings.TrimSuffix(string(out), "\n")
	if !b.isID(id) {
		return "", fmt.Errorf("make a commit: git fast-import: %s is no commit id", quote(id))
	}
	return id, nil
}

var missingCommit = pattern.New(`^Not a valid commit: `)

// treeOf returns the tree of a commit that is here.
func (s *stage) treeOf(ctx context.Context, commit string) (string, error) {
	out, _, err := s.run(ctx, nil, call{args: []string{"cat-file", "--batch-check=%(objectname)"}, stdin: commit + "^{tree}\n"})
	if err != nil {
		return "", err
	}
	tree := strings.TrimSuffix(string(out), "\n")
	if strings.HasSuffix(tree, " missing") {
		return "", fmt.Errorf("commit %s: %w", commit, fs.ErrNotExist)
	}
	if !s.bare.isID(tree) {
		return "", fmt.Errorf("git cat-file: odd answer %s", quote(tree))
	}
	return tree, nil
}

// stream is the draft in the language of git-fast-import(1). tree is where it
// starts from when that is not the first parent's. The ref it is imported to
// is taken back at the end.
func (d Draft) stream(tree string, idLength int) string {
	const ref = "refs/heads/draft"
	var s strings.Builder
	s.WriteString("commit " + ref + "\nmark :1\ncommitter " + committer + " " + strconv.FormatInt(d.When.Unix(), 10) + " +0000\n")
	data(&s, d.Message)
	for i, p := range d.Parents {
		s.WriteString([]string{"from ", "merge "}[min(i, 1)] + p + "\n")
	}
	if tree != "" || d.Base == "" {
		s.WriteString("deleteall\n")
	}
	if tree != "" {
		s.WriteString("M 040000 " + tree + " \n")
	}
	for _, path := range d.Delete {
		s.WriteString("D " + path + "\n")
	}
	for _, path := range slices.Sorted(maps.Keys(d.Put)) {
		s.WriteString("M 100644 inline " + path + "\n")
		data(&s, string(d.Put[path]))
	}
	s.WriteString("\nget-mark :1\nreset " + ref + "\nfrom " + strings.Repeat("0", idLength) + "\n\ndone\n")
	return s.String()
}

func data(s *strings.Builder, text string) {
	s.WriteString("data " + strconv.Itoa(len(text)) + "\n" + text + "\n")
}

// check refuses a draft that does not say one thing only.
func (d Draft) check(b *Bare) error {
	named := slices.Clone(d.Parents)
	if d.Base != "" {
		named = append(named, d.Base)
	}
	for _, id := range named {
		if !b.isID(id) {
			return fmt.Errorf("%s is no %s commit id", quote(id), *b.format.Load())
		}
	}
	if d.When.Unix() < 0 || d.When.Unix() > maxTime {
		return errors.New("it has no time")
	}
	if strings.Contains(d.Message, "\x00") {
		return errors.New("its message is no text")
	}
	for _, path := range d.Delete {
		if err := checkPath(path); err != nil {
			return err
		}
	}
	for path := range d.Put {
		if err := checkPath(path); err != nil {
			return err
		}
		for at, c := range path {
			if _, both := d.Put[path[:at]]; c == '/' && both {
				return fmt.Errorf("%s is a file and a folder", quote(path[:at]))
			}
		}
	}
	return nil
}

// maxTime is the last moment of the year 9999.
const maxTime = 253402300799
