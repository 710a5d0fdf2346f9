// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// expiries alerts on keys of people, and parts of the trusted root, that end
// soon.
func (l *watching) expiries(ctx context.Context) {
	add := func(message string) {
		l.found = append(l.found, ledgerAlert{Kind: "expiring", Key: "expiring " + message, Severity: findingSeverity, Message: message})
	}
	for _, name := range slices.Sorted(maps.Keys(l.policy.Principals)) {
		for i, k := range l.policy.Principals[name].Keys {
			if k.Until.IsZero() || l.now.Add(l.m.flags.warnBefore).Before(k.Until) {
				continue
			}
			switch {
			case l.now.Before(k.Until):
				add(fmt.Sprintf("key %d of %s counts until %s", i+1, name, stamp(k.Until)))
			case !anyValid(l.policy.Principals[name], l.now):
				add(fmt.Sprintf("no key of %s counts any more, since %s", name, stamp(k.Until)))
			}
		}
	}
	digest := l.policy.Sigstore.TrustedRoot
	if digest == "" {
		return
	}
	r := l.rootOf(ctx, digest)
	if r == nil {
		add("the trusted root " + digest + " that the policy names is not at hand")
		return
	}
	for _, line := range r.Ends(l.now, l.m.flags.warnBefore) {
		add("trusted root: " + line)
	}
}

// anyValid says whether somebody has any way left to vote by a signature.
func anyValid(p policy.Principal, now time.Time) bool {
	return p.Keyless != nil || slices.ContainsFunc(p.Keys, func(k policy.Key) bool { return k.Until.IsZero() || now.Before(k.Until) })
}

// compare holds the head against all that others saw of the log: the
// checkpoints in the receipts of anchors, and those that other readers were
// shown.
func (l *watching) compare(ctx context.Context) error {
	evidence, err := l.receipts(ctx)
	if err != nil {
		return err
	}
	l.anchors(evidence)
	var failed error
	for _, file := range l.m.flags.compare {
		if err := l.peer(ctx, file); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if l.m.flags.witnesses {
		failed = errors.Join(failed, l.askWitnesses(ctx))
	}
	return failed
}

// consistent says whether a checkpoint that the log's key signed is of this log.
// One that is not is a fork: an alert, with both.
func (l *watching) consistent(ctx context.Context, c proof.Checkpoint, who string) (bool, error) {
	var p proof.Proof
	if c.Size > 0 && c.Size < l.head.Size {
		var err error
		if p, err = l.ledger.Consistency(ctx, c.Size, l.head.Size); err != nil {
			return false, ledgerError(l.url, fmt.Errorf("compare with %s: %w", who, err))
		}
	}
	if proof.Consistency(p, c, l.head) == nil {
		return true, nil
	}
	a := alertOf("fork", fmt.Errorf("the log's key signed two histories: %s has a tree of %d entries, root %s, that is not in this log of %d", who, c.Size, c.Root, l.head.Size), string(c.Raw), string(l.head.Raw))
	a.Key = fmt.Sprintf("fork %d %s", c.Size, c.Root)
	l.found = append(l.found, a)
	return false, nil
}

// receipts reads what anchors gave. A receipt that was kept beside this ledger
// and covers more than it has shows that it was rolled back.
func (l *watching) receipts(ctx context.Context) (anchored.Evidence, error) {
	keeper, ok := l.ledger.(ledger.ReceiptKeeper)
	if !ok {
		return anchored.Evidence{}, nil
	}
	least, any := l.leastNeeded()
	var kept [][]byte
	size := 0
	for r, err := range keeper.Receipts(ctx) {
		if errors.Is(err, ledger.ErrStray) {
			continue
		}
		if err != nil {
			return anchored.Evidence{}, ledgerError(l.url, err)
		}
		good, err := l.receipt(ctx, r.Data)
		if err != nil {
			return anchored.Evidence{}, err
		}
		if good && any && r.Size >= least && len(kept) < anchored.MaxExamined && size+len(r.Data) <= maxReceiptBytes {
			kept, size = append(kept, r.Data), size+len(r.Data)
		}
	}
	trust, err := l.anchorTrust(ctx)
	if err != nil {
		return anchored.Evidence{}, err
	}
	evidence, err := anchored.Examine(trust, l.treeAt(ctx, l.head), kept)
	if err != nil {
		return evidence, l.anchorError(err)
	}
	return evidence, nil
}

// leastNeeded is the smallest size that a receipt must cover to count for what
// is judged; none are judged where there was no release.
func (l *watching) leastNeeded() (least uint64, any bool) {
	for name, size := range l.next.Used {
		if w, waits := l.next.Waiting[name]; waits {
			size = min(size, w.Size)
		}
		if e, ok := l.policy.Environment(name); !ok || e.Tier != policy.Anchored {
			continue
		}
		if !any || size < least {
			least, any = size, true
		}
	}
	return least, any
}

// maxKnown is how many checkpoints a monitor remembers as the log's, so that it
// does not compare them in each round again: a log that has grown from a head
// still has what that head had.
const maxKnown = 1 << 16

// receipt holds the checkpoint in a receipt against the log.
func (l *watching) receipt(ctx context.Context, data []byte) (bool, error) {
	r, err := anchored.ParseReceipt(data)
	if err != nil {
		return false, nil
	}
	c, err := anchored.Open(l.keys, r)
	if err != nil {
		return false, nil // anybody can write beside a ledger
	}
	who := fmt.Sprintf("the receipt of %.20s %.80s", r.Kind, r.Name)
	at := fmt.Sprint(c.Size, c.Root)
	if l.m.known[at] {
		return true, nil
	}
	if c.Size > l.head.Size {
		return false, l.lost(ctx, c, who)
	}
	ok, err := l.consistent(ctx, c, who)
	if ok && len(l.m.known) < maxKnown {
		l.m.known[at] = true
	}
	return ok, err
}

// lost alerts on a ledger that has less than what was kept beside it says. One
// that has grown since its head was read has lost nothing.
func (l *watching) lost(ctx context.Context, c proof.Checkpoint, who string) error {
	now, err := l.ledger.Head(ctx)
	if err != nil {
		return ledgerError(l.url, err)
	}
	if now.Size < c.Size {
		l.found = append(l.found, alertOf("rollback", fmt.Errorf("%s is for %d entries, and the log has %d: it was rolled back", who, c.Size, now.Size), string(c.Raw), string(now.Raw)))
	}
	return nil
}

// anchors alerts on environments of tier anchored whose newest release lacks
// what it asks for, for too long.
func (l *watching) anchors(evidence anchored.Evidence) {
	for _, name := range slices.Sorted(maps.Keys(l.policy.Environments)) {
		e, _ := l.policy.Environment(name)
		if e.Tier != policy.Anchored {
			continue
		}
		l.anchored(name, evidence)
		if e.MaxHeadAge <= 0 {
			continue
		}
		current := evidence.Current(l.policy.AnchorNeed(name))
		if old := l.now.Sub(current); old > e.MaxHeadAge && l.next.Used[name] > 0 {
			message := fmt.Sprintf("%s: not enough witnesses have seen the newest head within %s", name, e.MaxHeadAge)
			l.found = append(l.found, ledgerAlert{Kind: "not-anchored", Key: "head-age " + name, Severity: findingSeverity, Message: message})
		}
	}
}

// anchored judges the newest release into an environment. It may wait for
// so long from when it was seen first.
func (l *watching) anchored(name string, evidence anchored.Evidence) {
	size := l.next.Used[name]
	was, waits := l.next.Waiting[name]
	if size == 0 {
		delete(l.next.Waiting, name)
		return
	}
	need := l.policy.AnchorNeed(name)
	if waits && evidence.Judge(need, was.Size, l.now).OK {
		waits = false
	}
	if !waits {
		was = unanchored{Size: size, Since: stamp(l.now)}
	}
	j := evidence.Judge(need, was.Size, l.now)
	if j.OK {
		delete(l.next.Waiting, name)
		return
	}
	l.next.Waiting[name] = was
	since, err := time.Parse(time.RFC3339, was.Since)
	if err == nil && l.now.Sub(since) < l.m.flags.anchorWithin {
		return
	}
	l.found = append(l.found, ledgerAlert{
		Kind: "not-anchored", Key: "not-anchored " + name, Severity: findingSeverity,
		Message: fmt.Sprintf("%s: the first %d entries, with a release, are not anchored since %s: %s", name, was.Size, was.Since, j.Why),
	})
}
