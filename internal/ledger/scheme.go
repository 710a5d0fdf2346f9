// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/git"
)

// A Scheme is one kind of place a ledger can live in.
type Scheme struct {
	Name     string // before the colon of a URL
	Doc      string // what follows it, and what it is, in one line
	Writable bool

	open   func(ctx context.Context, url, rest string, o Options) (Ledger, error)
	create func(ctx context.Context, url, rest string, o Options) (Ledger, error)
}

// Schemes returns the table of places, in the order of the documentation.
func Schemes() []Scheme {
	return []Scheme{
		{"dir", "PATH: a folder on this machine, the embedded ledger", true, openDir, createDir},
		{"tar", "PATH: what export wrote, read in place", false, openTar, nil},
		{"git", "REMOTE[?branch=NAME]: a branch of a git repository elsewhere, by default gateledger/log", true, openGit, createGit},
		{"https", "//HOST/PATH: not in this version", false, notYet, nil},
	}
}

// Open opens the ledger at url. A url without a scheme is a path: tar: if it
// ends in .tar, and dir: otherwise. Paths must be absolute. It fails with
// ErrNotLedger, ErrVersion, ErrKey if the checkpoint or o.Signer is not of a
// key in o.Keys, and as reading the head does.
func Open(ctx context.Context, url string, o Options) (Ledger, error) {
	s, rest, err := schemeOf(url)
	if err == nil {
		var l Ledger
		if l, err = s.open(ctx, url, rest, o); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("open ledger %s: %w", git.Redact(url), err)
}

// Create makes an empty ledger at url, with a signed checkpoint of no leaves,
// and opens it. It fails with ErrExists if there is one and leaves that as it
// is. What an interrupted Create left is completed.
func Create(ctx context.Context, url string, o Options) (Ledger, error) {
	s, rest, err := schemeOf(url)
	switch {
	case err != nil:
	case s.create == nil:
		err = fmt.Errorf("a %s: ledger is never written: %w", s.Name, ErrReadOnly)
	default:
		var l Ledger
		if l, err = s.create(ctx, url, rest, o); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("create ledger %s: %w", git.Redact(url), err)
}

// schemeOf finds url's scheme in the table.
func schemeOf(url string) (s Scheme, rest string, err error) {
	name, rest, ok := strings.Cut(url, ":")
	if !ok || len(name) < 2 || filepath.IsAbs(url) {
		name, rest = "dir", url
		if strings.HasSuffix(url, ".tar") {
			name = "tar"
		}
	}
	var names []string
	for _, s := range Schemes() {
		if s.Name == name {
			return s, rest, nil
		}
		if s.create != nil || s.Name == "tar" {
			names = append(names, s.Name+":")
		}
	}
	return Scheme{}, "", fmt.Errorf("%w %q; have %s", ErrScheme, name+":", strings.Join(names, ", "))
}

func notYet(context.Context, string, string, Options) (Ledger, error) {
	return nil, fmt.Errorf("this kind is %w", ErrNotYet)
}
