// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
)

// A screen is a terminal that can be read while it is written to.
type screen struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	s.wrote <- struct{}{}
	return n, err
}

func TestMeter(t *testing.T) {
	ticks, s := make(chan time.Time), &screen{wrote: make(chan struct{}, 10)}
	m := &meter{to: s, ticks: ticks}
	stopped := 0
	m.start(func() { stopped++ })
	m.now("reading a")
	if s.text.Len() != 0 {
		t.Error("it speaks before the first second is over")
	}
	ticks <- time.Time{}
	<-s.wrote
	m.now("reading b")
	ticks <- time.Time{}
	<-s.wrote
	m.stop()
	m.stop()
	if got, want := s.text.String(), "\r\x1b[Kreading a … 1 s\r\x1b[Kreading b … 2 s\r\x1b[K"; got != want || stopped != 1 {
		t.Errorf("%q, want %q; stopped %d times", got, want, stopped)
	}
}

func TestMeterOfWhatIsQuickSaysNothing(t *testing.T) {
	s := &screen{wrote: make(chan struct{}, 10)}
	m := &meter{to: s, ticks: make(chan time.Time)}
	m.start(func() {})
	m.now("reading")
	m.stop()
	if s.text.Len() != 0 {
		t.Errorf("%q", s.text.String())
	}
}

func TestMeterWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	m := newMeter(&cli.Env{Stderr: &out})
	m.now("reading")
	m.stop()
	if m.ticks != nil || out.Len() != 0 {
		t.Errorf("%q", out.String())
	}
}

func TestWithin(t *testing.T) {
	ctx, cancel, err := limited(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if got, err := within(ctx, time.Hour, func(context.Context) (int, error) { return 7, nil }); got != 7 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	odd := errors.New("odd")
	if _, err := within(ctx, time.Hour, func(context.Context) (int, error) { return 7, odd }); err != odd {
		t.Error(err)
	}
}

// TestWithinLeavesWorkThatDoesNotListen: a reader that goes round in circles
// keeps nobody waiting.
func TestWithinLeavesWorkThatDoesNotListen(t *testing.T) {
	ctx, cancel, err := limited(t.Context(), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	deaf := make(chan struct{})
	defer close(deaf)
	_, err = within(ctx, time.Millisecond, func(context.Context) (int, error) { <-deaf; return 7, nil })
	if exit := (*cli.Exit)(nil); !errors.As(err, &exit) || exit.Code != cli.Unknown || !strings.Contains(err.Error(), "not done within 1ms (--timeout)") {
		t.Error(err)
	}
	if _, err := (timely{ctx, io.Discard, time.Millisecond}).Write([]byte("x")); err == nil {
		t.Error("it writes when the time is over")
	}
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("interrupted by hand"))
	_, err = within(stopped, time.Hour, func(context.Context) (int, error) { <-deaf; return 7, nil })
	if err == nil || !strings.Contains(err.Error(), "interrupted by hand") {
		t.Error(err)
	}
}

func TestLimited(t *testing.T) {
	for _, d := range []time.Duration{0, -1, 25 * time.Hour} {
		if _, _, err := limited(t.Context(), d); err == nil {
			t.Errorf("%s is allowed", d)
		}
	}
}

func TestStreamSBOM(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out.json")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := &cli.Env{Stdout: io.Discard}
	for fact, c := range map[string]struct {
		name string
		err  error
		code int
	}{
		"a credential":  {file, bom.ErrCredential, 0},
		"a full disk":   {file, errors.New("no space left"), cli.Usage},
		"no folder":     {filepath.Join(dir, "no", "out.json"), nil, cli.Usage},
		"time was over": {file, cli.Fail(cli.Unknown, "", "late"), cli.Unknown},
	} {
		err := streamSBOM(env, c.name, func(w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			return c.err
		})
		exit := (*cli.Exit)(nil)
		if coded := errors.As(err, &exit); err == nil || coded != (c.code != 0) || coded && exit.Code != c.code || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%s: %v", fact, err)
		}
		if data, err := os.ReadFile(file); err != nil || string(data) != "old" {
			t.Errorf("%s: the file holds %q, %v", fact, data, err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := writeSBOM(env, link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "new" {
		t.Errorf("through a link: %q, %v", data, err)
	}
	if err := writeSBOM(env, file, []byte("newer")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "newer" {
		t.Errorf("replaced: %q, %v", data, err)
	}
}

func TestWorkflowFile(t *testing.T) {
	for want, env := range map[string]map[string]string{
		".github/workflows/ci.yml": {"GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/ci.yml@refs/heads/main", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_WORKFLOW": "Bauen"},
		"Bauen":                    {"GITHUB_WORKFLOW": "Bauen"},
		"":                         {},
	} {
		if got := workflowFile(&cli.Env{Getenv: func(name string) string { return env[name] }}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestInRepository(t *testing.T) {
	for dir, want := range map[string]string{".": ".", "./a/": "a", "a/b": "a/b", "..": ".", "../x": ".", "/abs": ".", "a/../..": "."} {
		if got := inRepository(dir); got != want {
			t.Errorf("%q: %q, want %q", dir, got, want)
		}
	}
}

// TestMeterShowsNamesHarmlessly: a file can be called anything, and a line that
// wraps could not be taken away.
func TestMeterShowsNamesHarmlessly(t *testing.T) {
	m := &meter{}
	for what, want := range map[string]string{
		"reading a/go.sum":                     "reading a/go.sum",
		"reading \x1b[2J\x07\n":                `reading \x1b[2J\a\n`,
		"reading " + strings.Repeat("ä/", 100): "reading " + strings.Repeat("ä/", 25) + "ä…",
	} {
		if m.now(what); m.doing() != want {
			t.Errorf("%q: %q, want %q", what, m.doing(), want)
		}
	}
}

func TestSpokenFolder(t *testing.T) {
	var said []string
	fsys := spoken{fstest.MapFS{"a/go.mod": {Data: []byte("module a\n")}}, func(what string) { said = append(said, what) }}
	if err := fstest.TestFS(fsys, "a/go.mod"); err != nil {
		t.Error(err)
	}
	if !slices.Contains(said, "reading a/go.mod") {
		t.Errorf("%q", said)
	}
	if _, err := fs.ReadLink(fsys, "a/go.mod"); err == nil {
		t.Error("a file is a link")
	}
}
