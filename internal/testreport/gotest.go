// SPDX-License-Identifier: Apache-2.0

package testreport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
)

// A goEvent is one line of go test -json, as `go doc test2json` describes it.
// Actions that are not known here are passed over: none can end a test or a
// package.
type goEvent struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// A goPackage is a package whose end has not been seen.
type goPackage struct {
	running map[string]bool // tests begun and not ended
	failed  int             // tests that failed
	cached  bool
}

// A goTest reads a stream. Packages run side by side, so that their events
// come mixed. A test that began and has no end belongs to the failed ones: a
// panic or a timeout took it down.
type goTest struct {
	tally  *tally
	open   map[string]*goPackage
	ended  map[string]bool
	cached int
}

func readGoTest(r *bufio.Reader, t *tally) error {
	g := &goTest{tally: t, open: map[string]*goPackage{}, ended: map[string]bool{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e goEvent
		if err := canon.DecodeOpen(lines.Bytes(), &e); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = ErrTruncated
			}
			return fmt.Errorf("line %d is no event of go test -json (is another program's output mixed in?): %w", n, err)
		}
		if err := g.event(e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line is over %d bytes", maxLine)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if len(g.open) > 0 {
		return fmt.Errorf("%w: package %s has no end", ErrTruncated, slices.Sorted(maps.Keys(g.open))[0])
	}
	if g.cached > 0 {
		t.notes["cached-packages"] = strconv.Itoa(g.cached)
	}
	return nil
}

func (g *goTest) event(e goEvent) error {
	if e.Action == "" {
		return errors.New("an event without an action")
	}
	if e.Action == "build-output" || e.Action == "build-fail" {
		return nil // of a package that will say "fail"
	}
	if e.Package == "" {
		return fmt.Errorf("event %.20q names no package (use go test -json, or test2json -p)", e.Action)
	}
	p := g.open[e.Package]
	if p == nil {
		p = &goPackage{running: map[string]bool{}}
		g.open[e.Package] = p
	}
	if e.Test == "" {
		return g.packageEvent(e, p)
	}
	return g.testEvent(e, p)
}

func (g *goTest) testEvent(e goEvent, p *goPackage) error {
	if e.Action == "run" {
		p.running[e.Test] = true
		return nil
	}
	end, isEnd := map[string]*names{"pass": &g.tally.passed, "fail": &g.tally.failed, "skip": &g.tally.skipped}[e.Action]
	if !isEnd {
		return nil
	}
	delete(p.running, e.Test)
	if e.Action == "fail" {
		p.failed++
	}
	return g.tally.add(end, e.Package+"."+e.Test)
}

func (g *goTest) packageEvent(e goEvent, p *goPackage) error {
	switch e.Action {
	case "output":
		p.cached = p.cached || strings.HasPrefix(e.Output, "ok ") && strings.Contains(e.Output, "\t(cached)")
		return nil
	case "pass", "fail", "skip":
		return g.end(e, p)
	}
	return nil
}

func (g *goTest) end(e goEvent, p *goPackage) error {
	if g.ended[e.Package] {
		return fmt.Errorf("package %s ends twice; give one report a run", clean(e.Package))
	}
	g.ended[e.Package] = true
	delete(g.open, e.Package)
	for _, test := range slices.Sorted(maps.Keys(p.running)) {
		if err := g.tally.add(&g.tally.failed, e.Package+"."+test); err != nil {
			return err
		}
		p.failed++
	}
	if p.cached {
		g.cached++
	}
	// Nothing but the package may say so: it did not build, it panicked before
	// its first test, or its TestMain failed it.
	if e.Action == "fail" && p.failed == 0 {
		return g.tally.add(&g.tally.failed, e.Package)
	}
	return nil
}
