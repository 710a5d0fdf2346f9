// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
)

// maxQuiet is after how long everything is audited again though no file
// changed: a feed ages, a waiver ends, and what is deployed changes elsewhere.
const maxQuiet = time.Hour

// rounds audits again whenever something changed, until it is interrupted. It
// ends with the last answer. What it can't even begin with ends it at once.
func (f *auditFlags) rounds(ctx context.Context, env *cli.Env, once func(context.Context) error) error {
	wait := func() bool {
		timer := time.NewTimer(f.poll)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		}
	}
	r := rounds{once: once, wait: wait, state: f.filesState, now: env.Now, say: func(err error) { fmt.Fprintf(env.Stderr, "note: %s\n", firstLine(err)) }}
	return r.run(ctx)
}

// rounds are the parts of a loop that audits.
type rounds struct {
	once  func(context.Context) error
	wait  func() bool   // until it is time to look again; false: it was interrupted
	state func() string // of all files that decide
	now   func() time.Time
	say   func(error)
}

func (r rounds) run(ctx context.Context) error {
	state, at := r.state(), r.now() // before the audit: what changes during it is seen after
	err := r.once(ctx)
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) && exit.Code == cli.Usage {
		return err
	} else if err != nil {
		r.say(err)
	}
	for r.wait() {
		next, now := r.state(), r.now()
		if next == state && now.Sub(at) < maxQuiet {
			continue
		}
		state, at = next, now
		if err = r.once(ctx); err != nil {
			r.say(err)
		}
	}
	return err
}

// filesState is a digest of the names, sizes and times of all files that an
// audit reads, but not of what it writes. What can't be looked at is part of it.
func (f *auditFlags) filesState() string {
	sum := sha256.New()
	written := map[string]bool{filepath.Clean(f.state): true, filepath.Clean(f.metricsFile): true}
	for _, top := range append([]string{f.db, f.kev, f.epss, f.waivers, f.watch}, f.vex...) {
		if top == "" {
			continue
		}
		err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || written[filepath.Clean(name)] {
				fmt.Fprintf(sum, "%q %v\n", name, err)
				return nil
			}
			info, err := os.Stat(name)
			if err != nil {
				fmt.Fprintf(sum, "%q %v\n", name, err)
				return nil
			}
			fmt.Fprintf(sum, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
			return nil
		})
		fmt.Fprintln(sum, err)
	}
	return string(sum.Sum(nil))
}

// firstLine is an error in one line.
func firstLine(err error) string {
	const limit = 500
	text := err.Error()
	for i, r := range text {
		if r == '\n' || i > limit {
			return text[:i]
		}
	}
	return text
}
