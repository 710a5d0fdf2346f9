// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

// A signature is whom the policy says an event is by.
type signature struct {
	name string
	id   *keyless.Identity // of a certificate
	err  error             // what stands against it
}

// errNoPolicy is said of entries after a change of policy that nobody can
// check.
var errNoPolicy = errors.New("nobody can tell which policy was in force")

// couldNotTell says whether an error is none of those that mean no.
func couldNotTell(err error) bool { return policy.CouldNotTell(err) || errors.Is(err, errNoPolicy) }

// signer says which machine signed e: by the policy in force when it was
// logged, or by one since, because a decision takes the evidence of before by
// the rules of its own time. Its signature holds where there is no error.
func (t *tracer) signer(e *event.Event) signature {
	if s, ok := t.signatures[e.Index]; ok {
		return s
	}
	s := signature{err: e.Verify()}
	if s.err == nil {
		s = t.firstOf(e.Index, func(p *policy.Policy) (string, *keyless.Identity, error) { return p.Signer(e, t.root(p)) })
	}
	t.signatures[e.Index] = s
	return s
}

// voter says whose vote b is, which stands in e.
func (t *tracer) voter(b *vote.Ballot, e *event.Event) signature {
	if err := b.Verify(); err != nil {
		return signature{err: fmt.Errorf("the voter's signature does not hold: %w", err)}
	}
	issued, err := time.Parse(time.RFC3339, b.Predicate.Issued)
	if err != nil {
		return signature{err: fmt.Errorf("it is dated %q", b.Predicate.Issued)}
	}
	return t.firstOf(e.Index, func(p *policy.Policy) (string, *keyless.Identity, error) {
		if b.Keyless() {
			return p.Voter(e, t.root(p))
		}
		name, err := p.PrincipalOf(b.Key, issued)
		return name, nil, err
	})
}

// firstOf asks each policy from index on, and takes the first that knows. A
// policy that could not find out outweighs one that says no.
func (t *tracer) firstOf(index uint64, ask func(*policy.Policy) (string, *keyless.Identity, error)) signature {
	out := signature{err: errNoPolicy}
	for _, p := range t.since(index) {
		name, id, err := ask(p)
		if err == nil {
			return signature{name: name, id: id}
		}
		if out.err == errNoPolicy || couldNotTell(err) && !couldNotTell(out.err) {
			out.err = err
		}
	}
	return out
}

// gateOf says why e is not the word of a gate of the environment, by the
// policy in force when it was logged.
func (t *tracer) gateOf(e *event.Event, environment string) error {
	p := t.at(e.Index)
	if p == nil {
		return errNoPolicy
	}
	rules, ok := p.Environment(environment)
	if !ok {
		return fmt.Errorf("the policy has no environment %q", environment)
	}
	_, err := p.GateOf(rules, e, t.root(p))
	if by := t.signer(e).name; by != "" && err != nil && !couldNotTell(err) {
		return fmt.Errorf("%s is no gate of %s", by, environment)
	}
	return err
}

// keyOf is how a step shows what made its signature.
func keyOf(e *event.Event) string {
	if !e.Signed.Verifier.Keyless() {
		return e.KeyID()
	}
	sum := sha256.Sum256(e.Signed.Verifier.Certificate)
	return "certificate sha256:" + hex.EncodeToString(sum[:])
}

// stranger is what is said of a signature that nobody of the policy made.
func stranger(e *event.Event) string {
	if e.Signed.Verifier.Keyless() {
		return "signed with a certificate of nobody a policy names"
	}
	return "signed by a key no policy names"
}

// identity is what a certificate says of who signed, in one line.
func identity(id *keyless.Identity) string {
	if id == nil {
		return ""
	}
	out := []string{id.Subject}
	for _, part := range []struct{ name, value string }{
		{"issuer", id.Issuer}, {"repository", id.RepositoryID}, {"workflow", id.BuildConfigURI},
		{"ref", id.SourceRef}, {"trigger", id.Trigger},
	} {
		if part.value != "" && part.value != id.Subject {
			out = append(out, part.name+" "+part.value)
		}
	}
	return strings.Join(out, ", ")
}

// date says whose clock a step's time is. A time that a timestamp authority
// proves takes the place of the maker's own.
func (t *tracer) date(s *Step) {
	if s.Clock != "" || s.State == Rejected && s.Time == "" {
		return
	}
	if s.Time != "" {
		s.Clock = policy.ClockSelf
	}
	e := t.in.Events[s.Index]
	root := t.root(t.at(s.Index))
	if root == nil || len(e.Signed.Timestamps)+len(e.Signed.Entries) == 0 {
		return
	}
	at, err := root.Time(e.Signed)
	switch {
	case err == nil:
		s.Time, s.Clock = at.UTC().Format(time.RFC3339), policy.ClockStamped
	case !errors.Is(err, keyless.ErrUndated):
		t.find(SeverityNote, e, "entry #%d (%s): its proof of time does not hold, so its time is self-asserted: %v", s.Index, s.Kind, err)
	}
}
