// SPDX-License-Identifier: Apache-2.0

// Command act runs the workflows of test/ci/workflows by nektos/act in host mode,
// through the published form of our actions, against a git host on loopback with
// a shared log, and checks what they came to. test/ci/act.sh calls it:
//
//	act -tool PROGRAM -work DIR [-run PATTERN] [-v]
//
// The host, the tokens, the log, the keys and the votes are real; what is not is
// listed beside the stubs and in runner, below.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

func main() {
	tool := flag.String("tool", "", "act `PROGRAM`")
	work := flag.String("work", "", "empty `DIR` to work in")
	run := flag.String("run", ".", "only cases that match `PATTERN`")
	verbose := flag.Bool("v", false, "print what every run printed")
	flag.Parse()
	if err := runAll(context.Background(), *tool, *work, *run, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "act:", err)
		os.Exit(1)
	}
}

// parallel is how many workflows run at a time.
const parallel = 3

func runAll(ctx context.Context, tool, work, pattern string, verbose bool) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	top, err := os.Getwd()
	if err != nil {
		return err
	}
	if work, err = filepath.Abs(work); err != nil {
		return err
	}
	r, err := newRig(ctx, top, work, tool)
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	defer r.close()
	var (
		group  sync.WaitGroup
		slots  = make(chan bool, parallel)
		mutex  sync.Mutex
		failed []string
		ran    int
	)
	for _, c := range cases() {
		if !wanted.MatchString(c.name) {
			continue
		}
		ran++
		group.Go(func() {
			slots <- true
			defer func() { <-slots }()
			text, ok := r.runCase(ctx, c, verbose)
			mutex.Lock()
			defer mutex.Unlock()
			fmt.Print(text)
			if !ok {
				failed = append(failed, c.name)
			}
		})
	}
	group.Wait()
	if ran == 0 {
		return fmt.Errorf("no case matches %s", pattern)
	}
	fmt.Printf("%d workflows ran, %d checks, %d of %d cases passed\n", r.runs.Load(), r.checks.Load(), ran-len(failed), ran)
	if len(failed) > 0 {
		return errors.New("failed: " + strings.Join(failed, ", "))
	}
	return nil
}

// runCase runs one case in a project of its own, and tells about it.
func (r *rig) runCase(ctx context.Context, c testCase, verbose bool) (text string, ok bool) {
	began := time.Now()
	p, err := r.project(ctx, strings.ReplaceAll(c.name, " ", "-"))
	if err == nil {
		err = c.run(ctx, p)
	}
	var b strings.Builder
	ok = err == nil && len(p.wrong) == 0
	word := "ok  "
	if !ok {
		word = "FAIL"
	}
	fmt.Fprintf(&b, "%s %s (%.1fs)\n", word, c.name, time.Since(began).Seconds())
	if p != nil {
		for _, w := range p.wrong {
			fmt.Fprintf(&b, "     %s\n", w)
		}
	}
	if err != nil {
		fmt.Fprintf(&b, "     %v\n", err)
	}
	if p != nil && p.last != nil && (verbose || !ok) {
		b.WriteString(p.last.readable())
	}
	return b.String(), ok
}
