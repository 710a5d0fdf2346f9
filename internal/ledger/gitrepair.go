// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/proof"
)

// maxHistory is how many commits of the branch's own history a repair looks
// through.
const maxHistory = 256

// Repair is what Repairer promises, for a ledger that may be too damaged to
// be opened. other, if it is not nil, is a copy of the log to look in besides:
// an export, or a dir:. No log key is needed, since nothing is signed.
func Repair(ctx context.Context, url string, o Options, least proof.Checkpoint, other Ledger) (Repaired, error) {
	s, rest, err := schemeOf(url)
	if err == nil && s.Name != "git" {
		err = fmt.Errorf("that of a %s: ledger is %w", s.Name, ErrNotYet)
	}
	if err == nil {
		var g *gitLedger
		if g, err = newGit(ctx, url, rest, o); err == nil {
			return g.RepairFrom(ctx, least, other)
		}
	}
	return Repaired{}, fmt.Errorf("repair ledger %s: %w", git.Redact(url), err)
}

func (g *gitLedger) Repair(ctx context.Context, least proof.Checkpoint) (Repaired, error) {
	return g.RepairFrom(ctx, least, nil)
}

// RepairFrom is Repair that looks in a copy of the log too.
func (g *gitLedger) RepairFrom(ctx context.Context, least proof.Checkpoint, other Ledger) (Repaired, error) {
	r, err := g.repair(ctx, least, other)
	if err != nil {
		return Repaired{}, fmt.Errorf("repair ledger %s: %w", g.url, err)
	}
	return r, nil
}

func (g *gitLedger) repair(ctx context.Context, least proof.Checkpoint, other Ledger) (Repaired, error) {
	unlock, err := g.lock(ctx)
	if err != nil {
		return Repaired{}, err
	}
	defer unlock()
	for try := 1; ; try++ {
		r, err := g.tryRepair(ctx, least, other)
		if !errors.Is(err, git.ErrMoved) || try >= maxRefusals {
			return r, remoteError(err)
		}
		if err := g.pause(ctx, try); err != nil {
			return r, err
		}
	}
}

// A candidate is a log that may be the one to publish.
type candidate struct {
	source string
	commit string // empty: of a copy
	view   *view
	wrong  error
}

func (g *gitLedger) tryRepair(ctx context.Context, least proof.Checkpoint, other Ledger) (Repaired, error) {
	refs, err := g.store.fetch(ctx, g.branch)
	if err != nil {
		return Repaired{}, err
	}
	tip := refs[g.branch]
	candidates := g.candidates(ctx, tip, other)
	floors := []proof.Checkpoint{least, g.remembered()}
	if s := g.now(); s != nil {
		floors = append(floors, s.view.head)
	}
	best, err := choose(ctx, candidates, floors)
	if err != nil {
		return Repaired{}, err
	}
	before := g.branchName() + " is gone"
	if tip != "" {
		before = fmt.Sprint(candidates[slices.IndexFunc(candidates, func(c *candidate) bool { return c.commit == tip })].wrong)
	}
	r := Repaired{Head: best.view.head, Source: best.source, Before: before, Commit: tip}
	if best.commit == "" || best.commit != tip {
		if r.Commit, err = g.publish(ctx, tip, best); err != nil {
			return Repaired{}, err
		}
	} else {
		r.Before = ""
	}
	s, err := g.snapshot(ctx, r.Commit, best.view.head)
	if err != nil {
		return Repaired{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accept(ctx, s)
	return r, nil
}

// candidates are where a good log may be found, those that can be read first
// by their size.
func (g *gitLedger) candidates(ctx context.Context, tip string, other Ledger) []*candidate {
	var all []*candidate
	add := func(source, commit string) {
		if commit == "" || slices.ContainsFunc(all, func(c *candidate) bool { return c.commit == commit }) {
			return
		}
		c := &candidate{source: source, commit: commit}
		c.view, c.wrong = g.viewOf(ctx, commit)
		all = append(all, c)
	}
	add("the branch", tip)
	add("the cache", g.store.kept(ctx, g.name("head")))
	if tip != "" {
		for _, commit := range g.history(ctx) {
			add("the history of the branch, at commit "+commit[:12], commit)
		}
	}
	if v, ok := other.(interface {
		current(context.Context) (*view, error)
	}); ok {
		c := &candidate{source: "the given copy"}
		if c.view, c.wrong = v.current(ctx); c.wrong == nil {
			_, err := proof.ParseCheckpoint(c.view.head.Raw, g.keys)
			c.wrong = err
		}
		all = append(all, c)
	}
	return all
}

// current is the view of what was fetched last.
func (g *gitLedger) current(context.Context) (*view, error) { return g.now().view, nil }

// history lists commits that the branch grew out of, newest first.
func (g *gitLedger) history(ctx context.Context) []string {
	commits, err := g.store.git().History(ctx, g.store.remote, g.branch, maxHistory)
	if err != nil {
		return nil
	}
	return commits
}

// viewOf reads a commit as a log, whatever came before it.
func (g *gitLedger) viewOf(ctx context.Context, commit string) (*view, error) {
	s, err := g.snapshot(ctx, commit, proof.Checkpoint{})
	if err != nil {
		return nil, err
	}
	return s.view, nil
}

// choose returns the longest candidate that holds together and grows out of
// every floor, and says of the others what is wrong with them. Two signed
// logs that contradict each other are for a person to choose from, by taking
// the wrong one away.
func choose(ctx context.Context, candidates []*candidate, floors []proof.Checkpoint) (*candidate, error) {
	var readable []*candidate
	for _, c := range candidates {
		if c.wrong == nil {
			readable = append(readable, c)
		}
	}
	arrange.Stably(readable, func(a, b *candidate) int { return cmp.Compare(b.view.head.Size, a.view.head.Size) })
	var best *candidate
	for _, c := range readable {
		for _, floor := range floors {
			if c.wrong == nil {
				c.wrong = c.view.growsFrom(floor)
			}
		}
		if c.wrong == nil && best == nil {
			if c.wrong = c.view.whole(ctx); c.wrong == nil {
				best = c
			}
		}
	}
	if best == nil {
		err := fmt.Errorf("no good log was found: %w", ErrMissing)
		for _, c := range candidates {
			err = fmt.Errorf("%w; %s: %w", err, c.source, c.wrong)
		}
		return nil, err
	}
	for _, c := range readable {
		if c != best && contradict(ctx, best.view, c.view) {
			return nil, fmt.Errorf("%s and %s hold logs that contradict each other, both signed: %w", best.source, c.source, ErrTampered)
		}
		if c.wrong == nil && c.view.head.Size < best.view.head.Size {
			c.wrong = fmt.Errorf("it has %d leaves of %d: %w", c.view.head.Size, best.view.head.Size, ErrRollback)
		}
	}
	return best, ctx.Err()
}

// contradict says whether neither of two logs is the beginning of the other.
// good is known to hold together; of another one that does not, only the
// signed head counts, and only if it is shorter.
func contradict(ctx context.Context, good, other *view) bool {
	if other.head.Size <= good.head.Size {
		return good.growsFrom(other.head) != nil
	}
	return other.growsFrom(good.head) != nil && other.whole(ctx) == nil
}

// whole audits the tree of a view.
func (v *view) whole(ctx context.Context) error {
	r := &reader{fsys: v.fsys, keys: proof.Keys{Origin: v.head.Origin}, seen: v}
	_, err := r.Audit(ctx, nil)
	return err
}

// publish puts a good log on the branch, as the commit after tip.
func (g *gitLedger) publish(ctx context.Context, tip string, c *candidate) (commit string, err error) {
	d := git.Draft{
		Base: c.commit, When: time.Now(),
		Message: fmt.Sprintf("Repair: %d entries again", c.view.head.Size) + skipCI,
	}
	if tip != "" {
		d.Parents = []string{tip}
	}
	if c.commit == "" {
		if d.Put, err = c.view.branchFiles(ctx); err != nil {
			return "", err
		}
	}
	if commit, err = g.store.commit(ctx, d); err != nil {
		return "", err
	}
	s, err := g.snapshot(ctx, commit, c.view.head)
	if err == nil {
		err = s.view.whole(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("read back: %w", err)
	}
	return commit, g.store.push(ctx, git.Update{Ref: g.branch, Old: tip, New: commit})
}

// branchFiles lays out a whole log as a branch has it.
func (v *view) branchFiles(ctx context.Context) (map[string][]byte, error) {
	var leaves []pending
	for n := range tilesFor(v.head.Size) {
		b, err := v.bundle(ctx, n)
		if err != nil {
			return nil, err
		}
		var s segment
		if err := s.read(v.fsys, n, len(b.entries)); err != nil {
			return nil, err
		}
		for i, r := range s.records {
			l := pending{Leaf{Data: b.entries[i], Body: r.body}, b.hashes[i], r}
			if r.body == nil {
				return nil, fmt.Errorf("body of entry %d, %s: %w", n*tileWidth+uint64(i), r.path, ErrMissing)
			}
			for _, sum := range r.blobs {
				data, err := readBlob(v.fsys, sum)
				if err != nil {
					return nil, err
				}
				l.Blobs = append(l.Blobs, data)
			}
			leaves = append(leaves, l)
		}
	}
	first, err := firstChange(v.head.Origin, v.head.Raw)
	if err != nil || len(leaves) == 0 {
		return first.put, err
	}
	g, root := (&edge{}).grow(leaves)
	if root != v.head.Root {
		return nil, fmt.Errorf("the entries do not lead to the signed root: %w", ErrTampered)
	}
	c, _, err := g.branchChange(noFiles{}, v.head.Raw)
	if err != nil {
		return nil, err
	}
	for name, data := range first.put {
		c.put[name] = data
	}
	for _, f := range listReceipts(v.fsys) {
		if r, err := f.read(v.fsys); err == nil {
			c.put[f.name] = r.Data
		}
	}
	return c.put, nil
}
