// SPDX-License-Identifier: Apache-2.0

package durable_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/durable"
)

// numbers writes a text that is longer than any buffer, in small pieces.
func numbers(w io.Writer) error {
	for range 40_000 {
		if _, err := io.WriteString(w, "0123456789\n"); err != nil {
			return err
		}
	}
	return nil
}

func TestStreamReplacesWhole(t *testing.T) {
	fsys, folder := newTraced(t, -1)
	put(t, folder, "a", "old")
	if err := durable.Stream(fsys, "a", numbers); err != nil {
		t.Fatal(err)
	}
	if got := read(t, folder, "a"); got != strings.Repeat("0123456789\n", 40_000) {
		t.Errorf("%d bytes", len(got))
	}
	want := []string{
		"open a.gateledger-tmp", "write a.gateledger-tmp", "sync a.gateledger-tmp",
		"rename a.gateledger-tmp a", "sync ./",
	}
	if got := slices.Compact(slices.Clone(fsys.calls)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStreamFailsWhole(t *testing.T) {
	whole, _ := newTraced(t, -1)
	if err := durable.Stream(whole, "a", numbers); err != nil {
		t.Fatal(err)
	}
	for fail := range whole.calls {
		fsys, folder := newTraced(t, fail)
		put(t, folder, "a", "old")
		if err := durable.Stream(fsys, "a", numbers); !errors.Is(err, errDisk) {
			t.Errorf("call %d (%s): %v", fail, whole.calls[fail], err)
		}
		if got := read(t, folder, "a"); got != "old" && fail < len(whole.calls)-1 {
			t.Errorf("call %d (%s): the file has %d bytes", fail, whole.calls[fail], len(got))
		}
	}
}

func TestStreamKeepsTheOldFileIfTheWriterFails(t *testing.T) {
	fsys, folder := newTraced(t, -1)
	put(t, folder, "a", "old")
	why := errors.New("no more")
	err := durable.Stream(fsys, "a", func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return why
	})
	if !errors.Is(err, why) || read(t, folder, "a") != "old" {
		t.Errorf("%v, and the file is %q", err, read(t, folder, "a"))
	}
	if slices.ContainsFunc(fsys.calls, func(c string) bool { return strings.HasPrefix(c, "rename") }) {
		t.Errorf("it was published: %q", fsys.calls)
	}
}
