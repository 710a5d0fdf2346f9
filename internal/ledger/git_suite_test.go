// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/gateledger/gateledger/internal/git/gittest"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestGitSuite(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*gittest.Server) string{
		"file": func(s *gittest.Server) string { return s.Dir },
		"http": func(s *gittest.Server) string { return s.URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gittest.Serve(t, gittest.Options{})
			ledgers := 0
			ledgertest.Run(t, ledgertest.Place{Writable: true, Slow: true, Fill: func(t *testing.T, o ledger.Options, batches ...[]ledger.Leaf) ledger.Ledger {
				ledgers++
				branch := fmt.Sprintf("?branch=log/%d", ledgers)
				fillGit(t, s.Dir+branch, o, batches...)
				return openGit(t, address(s)+branch, o)
			}})
		})
	}
}

// cached returns options with a new cache.
func cached(t testing.TB, o ledger.Options) ledger.Options {
	t.Helper()
	o.Git.Cache = t.TempDir()
	return o
}

// fillGit makes a ledger at an address. How its leaves are batched leaves no
// trace in it (TestRandomGrowth), so it is one commit.
func fillGit(t testing.TB, address string, o ledger.Options, batches ...[]ledger.Leaf) {
	t.Helper()
	l, err := ledger.Create(context.Background(), "git:"+address, cached(t, o))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(context.Background(), proof.Checkpoint{}, slices.Concat(batches...)); err != nil {
		t.Fatal(err)
	}
}

func openGit(t testing.TB, address string, o ledger.Options) ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), "git:"+address, cached(t, o))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
