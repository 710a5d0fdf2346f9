// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/vote"
)

// Votes that people leave elsewhere.
//
// Where the policy in force says so (collect:), the gate reads signed votes
// from where people pasted them before it decides, by gateledger-remote, and
// logs those that the policy admits. What carried a vote does not matter, its
// signature does. A source that can't be read whole could hide a veto: then
// nothing but a denial is answered.

// collect reads every source of votes that the policy in force names, and logs
// what it finds. After an error nothing may be allowed; where the ledger has a
// denial already, that is how it stands.
//
// Whose votes are taken is the policy's to say, so under another one they are
// read again; under the same one, this does nothing.
func (g *gate) collect(ctx context.Context) (*standing, error) {
	if g.collected == g.policy.Digest {
		return nil, nil
	}
	if _, _, err := g.read(ctx); err != nil { // settles which policy is in force
		return nil, err
	}
	for _, source := range g.policy.Collect {
		if err := g.collectFrom(ctx, source); err != nil {
			return g.unlessDenied(ctx, err)
		}
	}
	g.collected = g.policy.Digest
	return nil, nil
}

// readSource has one source of votes read.
func (w *workspace) readSource(ctx context.Context, q child.CollectQuestion) (child.CollectAnswer, error) {
	if w.session != nil {
		return w.session.Collect(ctx, q)
	}
	remote, err := w.remote()
	if err != nil {
		return child.CollectAnswer{}, err
	}
	return remote.Collect(ctx, q)
}

// unlessDenied is the answer of a gate that could not read all votes. What the
// ledger denies stays denied, whatever else there is to be read.
func (g *gate) unlessDenied(ctx context.Context, failed error) (*standing, error) {
	if g.policy.Digest != g.given.Digest || g.settle(ctx) != nil {
		return nil, failed
	}
	consume := g.flags.consume
	g.flags.consume = false
	defer func() { g.flags.consume = consume }()
	d, err := g.decide(ctx)
	if err != nil || d.Verdict != policy.Denied {
		return nil, failed
	}
	fmt.Fprintf(g.env.Stderr, "warning: not all votes could be read: %s\n", clean.Text(failed.Error()))
	return &standing{g, d, func(exit error) error { return cmp.Or(exit, failed) }}, nil
}

// collectFrom reads one source.
func (g *gate) collectFrom(ctx context.Context, source string) error {
	answer, err := g.readSource(ctx, child.CollectQuestion{Source: source, Commit: g.at.Commit, Keys: g.voterKeys()})
	if err != nil {
		return collectError(err)
	}
	for _, remark := range answer.Remarks {
		g.remark(source, remark)
	}
	votes := g.sighted(answer.Sightings)
	logged, err := g.logVotes(ctx, votes)
	if err != nil {
		return err
	}
	strangers := ""
	if answer.Strangers > 0 {
		strangers = fmt.Sprintf("; %s signed by nobody of the policy", counted(answer.Strangers, "vote"))
	}
	fmt.Fprintf(g.env.Stderr, "read %s (%s): %s logged%s\n", source, clean.Field(strings.Join(answer.Read, ", ")), counted(logged, "new vote"), strangers)
	return nil
}

// remark tells people, here and where the answer is published, what they should
// know about a source: what of it was not read, and what looks like a vote and
// is none. A veto that got damaged is no vote, and it can't be known whose it
// was; that somebody sees it is all that can be done about it.
func (g *gate) remark(source, remark string) {
	text := source + ": " + clean.Field(remark)
	if at := g.noteAddress(remark); at != "" {
		text += " (" + at + ")"
	}
	fmt.Fprintf(g.env.Stderr, "warning: %s\n", text)
	if t := g.flags.told; t != nil && !slices.Contains(t.remarks, text) {
		t.remarks, t.unsure = append(t.remarks, text), append(t.unsure, text)
	}
}

var notePlace = pattern.New(`^merge request ([0-9]{1,18}), note ([0-9]{1,18})\b`)

// noteAddress is where a browser finds the note that a remark is about, empty
// where that is not known: a fork's pipeline does not say where it would be.
func (g *gate) noteAddress(remark string) string {
	at := notePlace.FindStringSubmatch(remark)
	of := g.env.Getenv("CI_MERGE_REQUEST_PROJECT_ID")
	if at == nil || g.at.Provider != "gitlab" || g.at.Host == "" || of != "" && of != g.env.Getenv("CI_PROJECT_ID") {
		return ""
	}
	return "https://" + g.at.Host + "/" + g.at.Repository + "/-/merge_requests/" + at[1] + "#note_" + at[2]
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// voterKeys are the SSH keys of the policy's people, whether they count today
// or not: a deny counts all the same.
func (g *gate) voterKeys() [][]byte {
	keys := [][]byte{}
	for _, name := range sortedKeys(g.policy.Principals) {
		for _, k := range g.policy.Principals[name].Keys {
			keys = append(keys, k.SSH.Marshal())
		}
	}
	return keys
}

// collectError gives an error of the child its exit code. A forge that refuses
// has not denied anything: that is exit 3 too.
func collectError(err error) error {
	exit := &cli.Exit{Code: cli.Unknown, Err: err}
	if errors.Is(err, child.ErrUsage) || errors.Is(err, child.ErrNoRemote) {
		exit.Code = cli.Usage
	}
	if said := (*child.Error)(nil); errors.As(err, &said) {
		exit.Hint = said.Hint
	}
	return exit
}

// A sighted is one vote that was found, its signature checked.
type sighted struct {
	armoured vote.Armoured
	place    string
}

// sighted reads what was found anew, and keeps what the policy could count.
// What it leaves out is told.
func (g *gate) sighted(all []vote.Sighting) []sighted {
	var kept []sighted
	seen := map[[32]byte]bool{}
	for _, s := range all {
		found, _ := vote.FindArmoured(s.Block)
		if len(found) != 1 {
			g.leaveOut(s.Place, errors.New("what was found is no armoured vote"))
			continue
		}
		ballot := found[0].Ballot()
		if err := g.mayLog(ballot); err != nil {
			g.leaveOut(s.Place, err)
			continue
		}
		if id := ballot.ID(); !seen[id] {
			seen[id] = true
			kept = append(kept, sighted{found[0], s.Place})
		}
	}
	return kept
}

func (g *gate) leaveOut(place string, why error) {
	fmt.Fprintf(g.env.Stderr, "note: left out: %s: %s\n", clean.Field(place), clean.Field(why.Error()))
}

// mayLog says why a vote would not be admitted, before it is put into an
// envelope for it.
func (g *gate) mayLog(b *vote.Ballot) error {
	if err := b.Verify(); err != nil {
		return err
	}
	if b.Predicate.Ledger != g.policy.Ledger.Origin {
		return fmt.Errorf("a vote for the ledger %q", b.Predicate.Ledger)
	}
	who, err := g.policy.PrincipalOf(b.Key, g.env.Now())
	if errors.Is(err, policy.ErrKeyOutside) && b.Predicate.Choice == vote.Deny {
		return nil
	}
	if err != nil && who != "" {
		return fmt.Errorf("%s of %s: %w", b.Predicate.Choice, who, err)
	}
	return err
}

// logVotes logs the votes that the log does not hold, each in an envelope of
// the gate's own, as far as the policy admits them. It ends once there is
// nothing left: more than its author's quota is a matter of another turn.
func (g *gate) logVotes(ctx context.Context, votes []sighted) (logged int, err error) {
	envelopes, err := g.envelopes(ctx, votes)
	if err != nil {
		return 0, err
	}
	for range maxPasses {
		if len(envelopes) == 0 {
			return logged, nil
		}
		_, events, err := g.read(ctx)
		if err != nil {
			return logged, err
		}
		plan := g.admitted(ctx, events, envelopes)
		for _, r := range plan.Refuse {
			g.leaveOut(r.Name, errors.New(r.Why))
		}
		if len(plan.Take) == 0 && len(plan.Defer) > 0 {
			return logged, cli.Fail(cli.Unknown, "it could be a veto: give what is missing", "%s can't be judged", counted(len(plan.Defer), "vote"))
		}
		if err := g.appendVotes(ctx, pick(envelopes, plan.Take)); err != nil {
			return logged, err
		}
		logged += len(plan.Take)
		envelopes = pick(envelopes, plan.Defer)
	}
	return logged, cli.Fail(cli.Unknown, "run the gate again", "%s are left after %d passes", counted(len(envelopes), "vote"), maxPasses)
}

// An envelope is a vote that was found, as the event it will be.
type envelope struct {
	entry
	event *event.Event
	place string
}

// envelopes signs the votes that the log does not hold.
func (g *gate) envelopes(ctx context.Context, votes []sighted) ([]envelope, error) {
	if len(votes) == 0 {
		return nil, nil
	}
	_, events, err := g.read(ctx)
	if err != nil {
		return nil, err
	}
	_, voted := admit.Held(events)
	var all []envelope
	for _, v := range votes {
		if voted(v.armoured.Ballot().ID()) {
			continue
		}
		payload, err := vote.Wrap(v.armoured.Statement, vote.ArmorSSHSIG(v.armoured.Signature))
		if err != nil {
			return nil, err
		}
		signed, err := g.maker.make(ctx, payload)
		if err != nil {
			return nil, fmt.Errorf("sign the envelope of a vote: %w", err)
		}
		e, err := opened(signed)
		if err != nil {
			return nil, err
		}
		all = append(all, envelope{entry{signed: signed}, e, v.place})
	}
	return all, nil
}

// admitted is what an integrator would do with the envelopes.
func (g *gate) admitted(ctx context.Context, events []*event.Event, all []envelope) admit.Plan {
	in := admit.Input{Policy: g.policy, Root: g.root(ctx), Now: g.env.Now().UTC()}
	in.Known, in.Voted = admit.Held(events)
	for _, e := range all {
		in.Parcels = append(in.Parcels, admit.Parcel{
			Name: e.place, Events: []*event.Event{e.event}, Size: len(e.event.Leaf) + len(e.signed.Payload),
		})
	}
	return admit.Sort(in)
}

func pick(all []envelope, which []int) []envelope {
	var out []envelope
	for _, i := range which {
		out = append(out, all[i])
	}
	return out
}

// appendVotes logs envelopes, together with what waits at the ledger where
// this verb's policy may judge that.
func (g *gate) appendVotes(ctx context.Context, all []envelope) error {
	if len(all) == 0 {
		return nil
	}
	entries := make([]entry, len(all))
	for i, e := range all {
		entries[i] = e.entry
	}
	var err error
	if g.inbox == nil || !g.protected && !g.pinned {
		_, err = g.append(ctx, proof.Checkpoint{}, entries...)
	} else {
		_, err = g.appendShared(ctx, entries...)
	}
	return err
}
