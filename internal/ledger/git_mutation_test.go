// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/proof"
)

// auditBranch opens the files of a branch and audits them, as a git: ledger
// does.
func (m *memory) audit(t *testing.T) error {
	t.Helper()
	r, err := openReader(context.Background(), "git:memory", m.branch.fs(t), m.keys)
	if err != nil {
		return err
	}
	s := &snapshot{reader: r, view: r.seen}
	_, err = s.Audit(context.Background(), func(e Entry) error {
		if sum := sha256.Sum256(e.Body); !bytes.Equal(sum[:], e.Data) {
			return fmt.Errorf("body of entry %d is another: %w", e.Index, ErrTampered)
		}
		return nil
	})
	return err
}

// known says whether err is damage, or a marker or checkpoint that speaks of
// another version or log.
func known(err error, name string) bool {
	return errors.Is(err, ErrTampered) || errors.Is(err, ErrMissing) ||
		name == markerPath && (errors.Is(err, ErrVersion) || errors.Is(err, ErrNotLedger)) ||
		name == checkpointPath && errors.Is(err, ErrKey)
}

// named says whether err says where the damage is: by the file, for leaves of
// the unfinished segment by where that is, and for bodies by the entry.
func named(err error, name string) bool {
	text := err.Error()
	switch {
	case strings.HasPrefix(name, "tail/"):
		return strings.Contains(text, "tail/") || strings.Contains(text, "body of entry") || strings.Contains(text, "document of entry")
	case strings.HasPrefix(name, "body/"):
		return strings.Contains(text, name) || strings.Contains(text, "body of entry") || strings.Contains(text, "document of entry")
	}
	return strings.Contains(text, name)
}

// Every file of a branch is checked, at every byte. README.md is the one
// exception: it is for people, and no program reads it.
func TestAuditNamesEveryFlippedByteOfABranch(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.append(t, numbered(0, 250))
	m.append(t, numbered(250, 264))
	if err := m.audit(t); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for name, data := range m.branch {
		kind, _, _ := strings.Cut(name, "/")
		if kinds[kind]++; kind == "blob" && kinds[kind] > 3 {
			continue
		}
		step := 1 + len(data)/900
		for i := 0; i < len(data); i += step {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << (i % 8)
			m.branch[name] = changed
			err := m.audit(t)
			if name == readmePath {
				if err != nil {
					t.Fatalf("%s is read: %v", name, err)
				}
				continue
			}
			if err == nil || !known(err, name) || !named(err, name) {
				t.Errorf("%s, byte %d: %v", name, i, err)
			}
		}
		m.branch[name] = data
	}
	if len(kinds) != 8 {
		t.Errorf("kinds of files: %v", kinds)
	}
	if err := m.audit(t); err != nil {
		t.Errorf("after all was put back: %v", err)
	}
}

func TestAuditNamesEveryLostAndCutFileOfABranch(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.append(t, numbered(0, 264))
	for name, data := range m.branch {
		if name == readmePath {
			continue
		}
		delete(m.branch, name)
		lost := m.audit(t)
		m.branch[name] = data[:len(data)-1]
		cut := m.audit(t)
		m.branch[name] = append(bytes.Clone(data), 0)
		long := m.audit(t)
		m.branch[name] = data
		for what, err := range map[string]error{"lost": lost, "cut short": cut, "made longer": long} {
			if err == nil || !known(err, name) && !errors.Is(err, ErrTooLarge) || !named(err, name) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
}

// What stands on a branch besides the log is as if it were not there.
func TestStrayFilesOfABranchChangeNothing(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.append(t, numbered(0, 264))
	for _, name := range []string{
		"tile/0/001.p/8", "tile/0/001.p/200", "tile/0/001", "tile/entries/001", "tile/1/000.p/1", "tile/2/000.p/1",
		"body/001", "body/001.p/0", "body/002.p/0", "tail/0/8", "tail/f/f", "tail/x", "edge/0", "edge/2", "cache/ids", "notes.txt", ".github/workflows/x.yml",
	} {
		m.branch[name] = []byte("what somebody put there")
	}
	if err := m.audit(t); err != nil {
		t.Fatal(err)
	}
	clean := newMemory(t)
	clean.keys, clean.signer = m.keys, m.signer
	head, err := proof.SignCheckpoint(m.keys.Origin, 0, proof.EmptyRoot(), m.signer)
	if err != nil {
		t.Fatal(err)
	}
	clean.branch[checkpointPath] = head.Raw
	for _, cut := range []int{264, 265, 300, 511, 512, 513} {
		if cut > 264 {
			m.append(t, numbered(int(m.reader(t).seen.head.Size), cut))
		}
		clean.append(t, numbered(int(clean.reader(t).seen.head.Size), cut))
		if !bytes.Equal(exportOf(t, m.reader(t)), exportOf(t, clean.reader(t))) {
			t.Fatalf("at %d leaves the export is another", cut)
		}
	}
	if err := m.audit(t); err != nil {
		t.Fatal(err)
	}
}

// Somebody who rewrites an entry, with or without the hashes over it, is
// stopped by the signature.
func TestARewrittenBranchIsRefused(t *testing.T) {
	t.Parallel()
	m, other := newMemory(t), newMemory(t)
	other.keys, other.signer, other.branch = m.keys, m.signer, branch{}
	for name, data := range m.branch {
		other.branch[name] = data
	}
	leaves := numbered(0, 600)
	m.append(t, leaves)
	rewritten := append([]Leaf(nil), leaves...)
	rewritten[300], rewritten[590] = numbered(5000, 5001)[0], numbered(6000, 6001)[0]
	other.append(t, rewritten)
	for what, files := range map[string][]string{
		"entry":                             {"tile/entries/001", "body/001"},
		"entry and leaf hash":               {"tile/entries/001", "tile/0/001", "body/001"},
		"entry and every hash":              {"tile/entries/001", "tile/0/001", "edge/1", "body/001"},
		"leaf hash":                         {"tile/0/001"},
		"the hash above":                    {"edge/1"},
		"entry of the unfinished segment":   {"tail/4/e"},
		"everything but the checkpoint":     {"tile/entries/001", "tile/0/001", "edge/1", "body/001", "tail/4/e"},
		"the checkpoint, and nothing else":  {"checkpoint"},
		"the checkpoint and what is before": {"checkpoint", "tile/entries/001", "tile/0/001", "body/001", "edge/1"},
	} {
		for _, name := range files {
			m.branch[name], other.branch[name] = other.branch[name], m.branch[name]
		}
		if err := m.audit(t); !errors.Is(err, ErrTampered) {
			t.Errorf("%s rewritten: %v", what, err)
		}
		for _, name := range files {
			m.branch[name], other.branch[name] = other.branch[name], m.branch[name]
		}
	}
	if err := m.audit(t); err != nil {
		t.Error(err)
	}
}
