// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
)

// An append that got no answer leaves its event in the spool; the same
// command appends those bytes, and says so if they had arrived.
func TestRecordRetries(t *testing.T) {
	p := newProject(t)
	build := []string{"record", "build", "--subject", "dist/app"}
	p.must(build...)
	first, _ := p.logged()

	// As after a kill between append and receipt: the event is logged and in
	// the spool.
	put(t, p, first[0].Signed)
	a := p.must(build...)
	if !strings.Contains(a.stderr, "build was recorded before, as #0") {
		t.Errorf("the answer was lost: %s", a.stderr)
	}
	if all, _ := p.logged(); len(all) != 1 {
		t.Errorf("%d events, want the one", len(all))
	}
	if left := p.spooled(); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}

	// Once it has its receipt, the same command records anew.
	if a := p.must(build...); !strings.HasPrefix(a.stderr, "recorded build #1 ") {
		t.Errorf("the next build: %s", a.stderr)
	}

	// Another event that waits is not mixed up with this one.
	put(t, p, first[0].Signed)
	p.write("dist/app", "other bytes\n")
	a = p.must(build...)
	if !strings.HasPrefix(a.stderr, "recorded build #2 ") || !strings.Contains(a.stderr, "still wait for their answer") {
		t.Errorf("an event of other bytes waits: %s", a.stderr)
	}
	if left := p.spooled(); len(left) != 1 {
		t.Errorf("in the spool: %v, want the one that waits", left)
	}
}

// What lies in the spool and is not what its name and signature say is not
// appended.
func TestRecordDistrustsItsSpool(t *testing.T) {
	p := newProject(t)
	build := []string{"record", "build", "--subject", "dist/app"}
	p.must(build...)
	all, _ := p.logged()
	file := put(t, p, all[0].Signed)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for fact, data := range map[string][]byte{
		"cut":           whole[:len(whole)/2],
		"empty":         nil,
		"other bytes":   bytes.Replace(whole, []byte(`"signature":"M`), []byte(`"signature":"N`), 1),
		"another name":  whole,
		"not canonical": append([]byte(" "), whole...),
	} {
		t.Run(fact, func(t *testing.T) {
			name := file
			if fact == "another name" {
				name = filepath.Join(filepath.Dir(file), strings.Repeat("0", 64)+".json")
				if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(name)
			if a := p.must(build...); fact != "not canonical" && !strings.HasPrefix(a.stderr, "recorded build #") {
				t.Errorf("%s", a.stderr)
			}
		})
	}
}

// put spools an event as record does, and returns the file.
func put(t *testing.T, p *project, s event.Signed) string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(p.home, ".config/gateledger/spool/*"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	data, err := canon.Marshal(map[string][]byte{"payload": s.Payload, "signature": s.Signature, "public_key": s.Verifier.PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	id := s.ID()
	file := filepath.Join(dirs[0], hex.EncodeToString(id[:])+".json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// When the ledger can't be written, the signed event stays in the spool, and
// the next try appends those very bytes.
func TestRecordKeepsWhatItCouldNotAppend(t *testing.T) {
	p := newProject(t)
	build := []string{"record", "build", "--subject", "dist/app"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := p.runIn(ctx, build...); a.code != cli.Unknown {
		t.Errorf("interrupted: %+v", a)
	}
	if all, _ := p.logged(); len(all) != 0 {
		t.Errorf("%d events", len(all))
	}
	// A folder where the ledger wants to write a file.
	tiles := filepath.Join(p.dir, ".git", "gateledger", "tile")
	if err := os.RemoveAll(tiles); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tiles, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	a := p.run(build...)
	left := p.spooled()
	if a.code == cli.OK || len(left) != 1 {
		t.Fatalf("%+v, spool %v", a, left)
	}
	if err := os.Remove(tiles); err != nil {
		t.Fatal(err)
	}
	a = p.must(build...)
	if id := strings.TrimSuffix(filepath.Base(left[0]), ".json"); !strings.Contains(a.stderr, "recorded build #0 sha256:"+id) {
		t.Errorf("%s, want event %s", a.stderr, id)
	}
	if left := p.spooled(); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
}
