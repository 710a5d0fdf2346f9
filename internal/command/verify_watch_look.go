// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// auditEvery is after how long everything is audited again, though nothing says
// that it changed: bytes on a disk rot, and are altered, without the log
// growing.
const auditEvery = 24 * time.Hour

// maxStrangers is how many entries of one round get an alert of their own.
const maxStrangers = 100

// A watching is one round's reading of the ledger.
type watching struct {
	*workspace
	m         *monitor
	now       time.Time
	next      ledgerState
	found     []ledgerAlert
	strangers int
	head      proof.Checkpoint
}

// look reads what is new, and says what is wrong. An error is what could not be
// found out, or exit 2; found and next hold what could, and whole says that
// nothing was left out.
func (m *monitor) look(ctx context.Context, now time.Time) (next ledgerState, found []ledgerAlert, whole bool, err error) {
	l := &watching{m: m, now: now, next: m.state.clone()}
	err = l.whole(ctx)
	whole = err == nil
	if a, wrong := integrityAlert(err, l); wrong {
		l.found, err = append(l.found, a), nil
	}
	for i := range l.found {
		l.found[i].Size = l.next.size()
		if l.workspace != nil {
			l.found[i].Ledger = l.url
		}
	}
	return l.next, l.found, whole, err
}

func (s ledgerState) clone() ledgerState {
	s.Alerts, s.Used, s.Waiting, s.Apart = nil, cloned(s.Used), cloned(s.Waiting), cloned(s.Apart)
	return s
}

func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

// size is how many entries the remembered head has.
func (s ledgerState) size() uint64 {
	text, _, _ := strings.Cut(s.Head, "\n\n")
	c, err := proof.ParseText(text + "\n")
	if err != nil {
		return 0
	}
	return c.Size
}

func (m *monitor) size() uint64 { return m.state.size() }

// integrityAlert is the alert that an error is, if it says that something was
// tampered with.
func integrityAlert(err error, l *watching) (ledgerAlert, bool) {
	evidence := func() []string {
		both := []string{}
		for _, c := range []string{l.next.Head, string(l.head.Raw)} {
			if c != "" {
				both = append(both, c)
			}
		}
		return both
	}
	switch {
	case err == nil:
		return ledgerAlert{}, false
	case errors.Is(err, ledger.ErrForked):
		return alertOf("fork", err, evidence()...), true
	case errors.Is(err, ledger.ErrRollback):
		return alertOf("rollback", err, evidence()...), true
	case errors.Is(err, ledger.ErrKey):
		return alertOf("log-key", err), true
	}
	exit := (*cli.Exit)(nil)
	if codeOf(err) == cli.Integrity || errors.As(err, &exit) && exit.Code == cli.Integrity {
		return alertOf("tampered", err), true
	}
	return ledgerAlert{}, false
}

// whole is a round.
func (l *watching) whole(ctx context.Context) error {
	w, err := openPolicy(ctx, l.m.env, l.m.where, verifyPolicy)
	if err != nil {
		return err
	}
	if !w.pinned {
		return cli.Fail(cli.Usage, "read the policy, then trust it: gateledger trust; or give your own: --policy FILE", "you have not pinned the policy of this ledger (%s): there is nothing to hold it against", w.source)
	}
	l.workspace = w
	if l.next.Origin != w.policy.Ledger.Origin || l.next.Given != w.given.Digest {
		l.next = ledgerState{Origin: w.policy.Ledger.Origin, Given: w.given.Digest, Failures: l.next.Failures, Head: sameLog(l.next, w)}.clone()
	}
	if err := w.openLedger(ctx, l.m.where, reading); err != nil {
		l.shown(ctx)
		return err
	}
	before, err := l.grown(ctx)
	if err != nil {
		return err
	}
	if err := l.read(ctx, before); err != nil {
		return err
	}
	if l.strangers > maxStrangers {
		l.found = append(l.found, ledgerAlert{
			Kind: "unknown-signer", Key: fmt.Sprintf("unknown-signer %d", l.head.Size), Severity: findingSeverity, Once: true,
			Message: fmt.Sprintf("%d more entries are signed by nobody whom the policy names", l.strangers-maxStrangers),
		})
	}
	l.next.Head = string(l.head.Raw)
	l.expiries(ctx)
	return l.compare(ctx)
}

// shown notes the head of a ledger that this user has seen another one of, as
// evidence.
func (l *watching) shown(ctx context.Context) {
	if l.ledger == nil {
		return
	}
	if head, err := l.ledger.Head(ctx); err == nil {
		l.head = head
	}
	if seen, err := l.newestSeen(); err == nil && l.next.Head == "" {
		l.next.Head = string(seen.Raw)
	}
}

// sameLog is the remembered head, if it is of the log that is looked at now: a
// new policy does not make a log forget.
func sameLog(s ledgerState, w *workspace) string {
	if s.Origin != w.policy.Ledger.Origin {
		return ""
	}
	return s.Head
}

// grown checks that the log holds all that it held in the last round.
func (l *watching) grown(ctx context.Context) (before proof.Checkpoint, err error) {
	if l.head, err = l.ledger.Head(ctx); err != nil {
		return before, ledgerError(l.url, err)
	}
	if l.next.Head == "" {
		return before, nil
	}
	if before, err = proof.ParseCheckpoint([]byte(l.next.Head), l.keys); err != nil {
		return before, cli.Fail(cli.Usage, "take "+l.m.flags.state+" away to begin anew", "the head that was remembered in %s: %w", l.m.flags.state, err)
	}
	if err := ledger.CheckGrowth(ctx, l.ledger, before); err != nil {
		return before, ledgerError(l.url, err)
	}
	return before, nil
}

// read audits everything where that is due, and else reads only what is new.
func (l *watching) read(ctx context.Context, before proof.Checkpoint) error {
	audited, err := time.Parse(time.RFC3339, l.next.Audited)
	due := err != nil || l.now.Sub(audited) >= auditEvery || l.now.Before(audited) || l.next.Policy == ""
	if !due {
		changed, err := l.readNew(ctx, before.Size)
		if err != nil || !changed {
			return err
		}
		l.strangers = 0
		l.found = nil
	}
	return l.readAll(ctx, before.Size)
}

// readAll audits the ledger. Alerts are only of entries that were not there in
// the last round.
func (l *watching) readAll(ctx context.Context, from uint64) error {
	v := &verifier{workspace: l.workspace, ctx: ctx}
	if err := v.audit(ctx); err != nil {
		return err
	}
	if err := v.follow(ctx, v.events); err != nil {
		return err
	}
	l.head = v.audited.Head
	l.next.Audited, l.next.Policy, l.next.Used = stamp(l.now), l.policy.Digest, map[string]uint64{}
	older := 0
	first, _, logged := policy.FirstPolicy(v.events)
	for _, e := range v.events {
		in := l.policy
		if l.chain != nil {
			in = l.chain.At(e.Index)
		}
		if in == nil && logged && first.Policy != l.given.Digest { // from before the policy that this user began to trust
			older++
			continue
		}
		l.entry(ctx, cmp.Or(in, l.given), e, e.Index >= from)
	}
	if older > 0 {
		fmt.Fprintf(l.env.Stderr, "note: %d entries are from before the policy that you trust: who signed them is not judged\n", older)
	}
	return nil
}

// readNew reads the entries since the last round, one at a time, under the
// policy that was in force then. It says whether that may have changed: then
// all has to be read.
func (l *watching) readNew(ctx context.Context, from uint64) (changed bool, err error) {
	if l.next.Policy != l.given.Digest {
		text, err := l.documentOf(ctx, l.next.Policy)
		if err != nil {
			return false, ledgerError(l.url, fmt.Errorf("read the policy in force, sha256:%s: %w", l.next.Policy, err))
		}
		p, err := policy.Parse(text)
		if err != nil || p.Digest != l.next.Policy {
			return true, nil
		}
		l.policy = p
	}
	l.believes = l.root(ctx)
	for e, err := range l.ledger.Read(ctx, from, l.head.Size) {
		if err != nil {
			return false, ledgerError(l.url, err)
		}
		ev, err := openEntry(e)
		if err == nil {
			if err = ev.Verify(); err != nil {
				err = fmt.Errorf("entry %d: %w: %w", ev.Index, ledger.ErrTampered, err)
			}
		}
		if err != nil {
			return false, ledgerError(l.url, err)
		}
		if ev.Is("policy") {
			return true, nil
		}
		l.entry(ctx, l.policy, ev, true)
	}
	return false, nil
}

// entry looks at one entry under the policy of its time: who signed it, and
// whether it let a release out, which is when it has to be anchored.
func (l *watching) entry(ctx context.Context, in *policy.Policy, e *event.Event, fresh bool) {
	_, _, err := in.Signer(e, l.rootOf(ctx, in.Sigstore.TrustedRoot))
	if errors.Is(err, policy.ErrStranger) {
		if fresh {
			l.stranger(e)
		}
		return
	}
	if err != nil || e.Kind() != "consumption" {
		return
	}
	if p, err := event.DecodePredicate[event.ConsumptionPredicate](e); err == nil {
		l.next.Used[p.Environment] = max(l.next.Used[p.Environment], e.Index+1)
	}
}

func (l *watching) stranger(e *event.Event) {
	if l.strangers++; l.strangers > maxStrangers {
		return
	}
	l.found = append(l.found, ledgerAlert{
		Kind: "unknown-signer", Key: fmt.Sprintf("unknown-signer #%d", e.Index), Severity: findingSeverity, Once: true,
		Message: fmt.Sprintf("entry #%d (%s) is signed by nobody whom the policy names; no rule counts it", e.Index, e.Kind()),
	})
}
