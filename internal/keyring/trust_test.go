// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

func TestPin(t *testing.T) {
	r := newRing(t)
	if _, ok, err := r.Pinned("q7d4"); ok || err != nil {
		t.Errorf("before: %v, %v", ok, err)
	}
	for _, policy := range []string{"version: 1\n", "version: 2\r\n# ключ\n", "", "version: 1"} {
		check(t, r.Pin("q7d4", []byte(policy)))
		got, ok, err := r.Pinned("q7d4")
		check(t, err)
		if !ok || string(got) != policy {
			t.Errorf("pinned %q, %v; want %q, byte for byte", got, ok, policy)
		}
	}
	if _, ok, _ := r.Pinned("other"); ok {
		t.Error("another ledger has a pin too")
	}
}

func TestPins(t *testing.T) {
	r := newRing(t)
	pins, err := r.Pins()
	check(t, err)
	if len(pins) != 0 {
		t.Errorf("pins before: %v", pins)
	}
	check(t, r.Pin("a", []byte("1")))
	check(t, r.Pin("b.yml", []byte("2")))
	// What is not ours is passed over.
	check(t, os.WriteFile(filepath.Join(r.dir, "trust", "README"), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(r.dir, "trust", ".new-123"), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(r.dir, "trust", ".yml"), nil, 0o600))
	pins, err = r.Pins()
	check(t, err)
	if len(pins) != 2 || string(pins["a"]) != "1" || string(pins["b.yml"]) != "2" {
		t.Errorf("pins: %q", pins)
	}
}

// The zero Ring is no folder: it trusts nothing, and keeps nothing.
func TestZeroRing(t *testing.T) {
	var r Ring
	pins, err := r.Pins()
	check(t, err)
	_, ok, err := r.Pinned("q7d4")
	check(t, err)
	head, err := r.Head("q7d4")
	check(t, err)
	if len(pins) != 0 || ok || head != nil {
		t.Errorf("pins %v, pinned %v, head %q", pins, ok, head)
	}
	wantError(t, r.Pin("q7d4", nil), "no configuration folder")
	_, err = r.LogSigner("q7d4")
	wantError(t, err, "no configuration folder")
}

func TestPinRefuses(t *testing.T) {
	r := newRing(t)
	wantError(t, r.Pin("q7d4", make([]byte, maxPolicy+1)), "over the limit of 1048576")
	check(t, r.Pin("q7d4", make([]byte, maxPolicy)))
	path := filepath.Join(r.dir, "trust", "q7d4.yml")
	check(t, os.WriteFile(path, make([]byte, maxPolicy+1), 0o600))
	_, _, err := r.Pinned("q7d4")
	wantError(t, err, "over the limit of 1048576")
	_, err = r.Pins()
	wantError(t, err, "over the limit of 1048576")
	check(t, os.Remove(path))
	check(t, os.Mkdir(path, 0o700))
	_, _, err = r.Pinned("q7d4")
	wantError(t, err, "not a regular file")
}

// A pin others can write is no pin.
func TestPinThatOthersCanChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // permission bits mean nothing there
	}
	for fact, c := range map[string]struct {
		path string
		mode fs.FileMode
		bad  bool
	}{
		"world-writable pin":        {"trust/q7d4.yml", 0o606, true},
		"group-writable pin":        {"trust/q7d4.yml", 0o660, true},
		"world-readable pin":        {"trust/q7d4.yml", 0o644, false}, // a policy is no secret
		"pin in a writable folder":  {"trust", 0o770, true},
		"pin in a readable folder":  {"trust", 0o755, true},
		"pin as Pin made it itself": {"trust", 0o700, false},
	} {
		t.Run(fact, func(t *testing.T) {
			r := newRing(t)
			check(t, r.Pin("q7d4", []byte("version: 1\n")))
			check(t, os.Chmod(filepath.Join(r.dir, c.path), c.mode))
			_, ok, err := r.Pinned("q7d4")
			if bad := errors.Is(err, ErrPermissions); bad != c.bad || ok == c.bad {
				t.Errorf("pinned %v, error %v", ok, err)
			}
		})
	}
}

// Whoever reads while others write sees one of the pins, whole.
func TestPinIsAtomic(t *testing.T) {
	r := newRing(t)
	pins := make([][]byte, 4)
	for i := range pins {
		pins[i] = bytes.Repeat([]byte{byte('a' + i)}, 100_000)
	}
	check(t, r.Pin("q7d4", pins[0]))
	var writers sync.WaitGroup
	for _, p := range pins {
		writers.Go(func() {
			for range 5 {
				if err := r.Pin("q7d4", p); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		got, ok, err := r.Pinned("q7d4")
		check(t, err)
		if !ok || len(got) != 100_000 || !bytes.Equal(got, bytes.Repeat(got[:1], len(got))) {
			t.Fatalf("read a pin of %d bytes, %v", len(got), ok)
		}
	}
	left, err := filepath.Glob(filepath.Join(r.dir, "trust", ".new-*"))
	check(t, err)
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestHead(t *testing.T) {
	r := newRing(t)
	for i := range 3 {
		want := fmt.Sprintf("q7d4\n%d\nroot\n", i)
		check(t, r.SetHead("q7d4", []byte(want)))
		got, err := r.Head("q7d4")
		check(t, err)
		if string(got) != want {
			t.Errorf("head %q, want %q", got, want)
		}
	}
	got, err := r.Head("other")
	check(t, err)
	if got != nil {
		t.Errorf("another ledger's head is %q", got)
	}
}
