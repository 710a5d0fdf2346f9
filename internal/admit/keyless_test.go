// SPDX-License-Identifier: Apache-2.0

package admit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/vote"
)

const (
	github = "https://token.actions.githubusercontent.com"
	google = "https://accounts.google.com"
)

// keylessText adds to policyText the signer forge and the person kim, who both
// sign with certificates.
const keylessText = policyText + `
sigstore: {trusted-root: "ROOT"}
`

// A cloud is an inbox whose policy believes a sigstore.
type cloud struct {
	*inbox
	sigstore *sigstore
}

func newCloud(t testing.TB) *cloud {
	t.Helper()
	c := &cloud{&inbox{TB: t, clock: start}, newSigstore(t)}
	text := strings.Replace(keylessText, "signers:", `signers:
  forge: {issuer: "`+github+`", repository-id: 7, ref: refs/heads/main}`, 1)
	text = strings.Replace(text, "principals:", `principals:
  kim: {keyless: {identity: kim@example.org, issuer: "`+google+`"}, roles: [lead]}`, 1)
	c.policy = parse(t, strings.Replace(text, "ROOT", c.sigstore.root.Digest, 1))
	c.edit = func(in *admit.Input) { in.Root = c.sigstore.root }
	return c
}

// forge is a certificate of the machine that the policy names.
func (c *cloud) forge() leaf {
	return c.sigstore.issue("bot@example.org", c.tick(), map[int]string{8: github, 15: "7", 14: "refs/heads/main"})
}

func (c *cloud) person(address string) leaf {
	return c.sigstore.issue(address, c.tick(), map[int]string{8: google})
}

func (c *cloud) payload() []byte {
	c.Helper()
	c.made++
	return statement(c, event.TestType, event.TestPredicate{
		Result: event.Passed, Configuration: []event.Subject{}, URL: fmt.Sprintf("https://example.org/%d", c.made),
		Context: event.Context{Provider: "github", Time: c.clock.Format(time.RFC3339)},
	})
}

func (c *cloud) keylessVote(choice vote.Choice) []byte {
	c.Helper()
	text, err := vote.NewStatement(c.ballot(choice))
	must(c, err)
	payload, err := vote.WrapKeyless(text)
	must(c, err)
	return payload
}

func TestWhoMayLogWithACertificate(t *testing.T) {
	noRoot := func(in *admit.Input) { in.Root = nil }
	for name, f := range map[string]struct {
		story func(c *cloud)
		want  string
	}{
		"a machine of the policy": {func(c *cloud) {
			c.leave("a", open(c, c.forge().sign(c.payload())))
		}, "take a"},
		"another branch": {func(c *cloud) {
			l := c.sigstore.issue("bot@example.org", c.tick(), map[int]string{8: github, 15: "7", 14: "refs/heads/evil"})
			c.leave("a", open(c, l.sign(c.payload())))
		}, "refuse a: stranger"},
		"another authority": {func(c *cloud) {
			l := newSigstore(c).issue("bot@example.org", c.tick(), map[int]string{8: github, 15: "7", 14: "refs/heads/main"})
			c.leave("a", open(c, l.signAt(c.payload())))
		}, "refuse a: undated"},
		"another authority, with a time of ours": {func(c *cloud) {
			l := newSigstore(c).issue("bot@example.org", c.tick(), map[int]string{8: github, 15: "7", 14: "refs/heads/main"})
			s := l.signAt(c.payload())
			s.Timestamps = [][]byte{c.sigstore.stamp(s.Signature, l.at.Add(time.Minute))}
			c.leave("a", open(c, s))
		}, "refuse a: stranger"},
		"signed when the certificate had ended": {func(c *cloud) {
			l := c.forge()
			c.leave("a", open(c, l.signAt(c.payload(), l.at.Add(time.Hour))))
		}, "refuse a: stranger"},
		"no proof of time": {func(c *cloud) {
			c.leave("a", open(c, c.forge().signAt(c.payload())))
		}, "refuse a: undated"},
		"the time of another signature": {func(c *cloud) {
			l := c.forge()
			s := l.sign(c.payload())
			s.Timestamps = l.sign(c.payload()).Timestamps
			c.leave("a", open(c, s))
		}, "refuse a: forged"},
		"another certificate for the same key": {func(c *cloud) {
			s := c.forge().sign(c.payload())
			l := newSigstore(c).issue("bot@example.org", c.tick(), nil)
			other := c.sigstore.certify(l.certificate, c.sigstore.ca, l.key)
			s.Verifier = event.Verifier{KeyDetails: event.KeyDetails, PublicKey: other.RawSubjectPublicKeyInfo, Certificate: other.Raw}
			c.leave("a", open(c, s))
		}, "refuse a: forged"},
		"a person's vote": {func(c *cloud) {
			c.leave("a", open(c, c.person("kim@example.org").sign(c.keylessVote(vote.Approve))))
		}, "take a"},
		"a stranger's vote": {func(c *cloud) {
			c.leave("a", open(c, c.person("eve@example.org").sign(c.keylessVote(vote.Deny))))
		}, "refuse a: stranger"},
		"a machine does not vote": {func(c *cloud) {
			c.leave("a", open(c, c.forge().sign(c.keylessVote(vote.Deny))))
		}, "refuse a: stranger"},
		"a person is no machine": {func(c *cloud) {
			c.leave("a", open(c, c.person("kim@example.org").sign(c.payload())))
		}, "refuse a: stranger"},
		"a vote that nobody signed": {func(c *cloud) {
			c.leave("a", sign(c, machines()["ci"], c.keylessVote(vote.Deny)))
		}, "refuse a: not a vote here"},
		"a deny whose time is another's": {func(c *cloud) {
			s := c.person("kim@example.org").sign(c.keylessVote(vote.Deny))
			s.Timestamps = [][]byte{c.sigstore.stamp([]byte("other"), c.clock)}
			c.leave("a", open(c, s))
		}, "refuse a: forged"},
		"a deny first": {func(c *cloud) {
			c.leave("a", c.test("ci"))
			c.leave("b", open(c, c.person("kim@example.org").sign(c.keylessVote(vote.Deny))))
		}, "take b\ntake a"},
		"a vote by key in a stranger's certificate": {func(c *cloud) {
			c.leave("a", open(c, c.person("eve@example.org").sign(c.wrapped("ana", c.ballot(vote.Approve)))))
		}, "take a"},
		"without the trusted root a machine waits": {func(c *cloud) {
			c.leave("a", open(c, c.forge().sign(c.payload())))
			c.leave("b", c.test("ci"))
			c.edit = noRoot
		}, "take b\ndefer a"},
		"without the trusted root a person waits": {func(c *cloud) {
			c.leave("a", open(c, c.person("kim@example.org").sign(c.keylessVote(vote.Deny))))
			c.edit = noRoot
		}, "defer a"},
		"with another trusted root too": {func(c *cloud) {
			c.leave("a", open(c, c.forge().sign(c.payload())))
			c.edit = func(in *admit.Input) { in.Root = newSigstore(c).root }
		}, "defer a"},
		"what is bad is bad without the root": {func(c *cloud) {
			c.leave("a", open(c, c.forge().sign(c.payload())), c.test("mallory"))
			c.edit = noRoot
		}, "refuse a: stranger"},
		"a policy without certificates needs no root": {func(c *cloud) {
			c.leave("a", open(c, c.forge().sign(c.payload())))
			c.policy = parse(c, policyText)
			c.edit = noRoot
		}, "refuse a: stranger"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			f.story(c)
			if diff := cmp.Diff(f.want, c.fates()); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, c.sort())
			}
		})
	}
}

// stamped is an event by key with these tokens.
func (c *cloud) stamped(e *event.Event, tokens ...[]byte) *event.Event {
	c.Helper()
	s := e.Signed
	s.Timestamps = tokens
	return open(c, s)
}

func TestProofsOfTimeOnKeys(t *testing.T) {
	for name, f := range map[string]struct {
		story func(c *cloud)
		want  string
	}{
		"one that holds": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, c.tick())))
		}, "take a"},
		"one of something else": {func(c *cloud) {
			c.leave("a", c.stamped(c.test("ci"), c.sigstore.stamp([]byte("other"), c.tick())))
		}, "refuse a: forged"},
		"one by an authority that nobody believes proves nothing": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", c.stamped(e, newSigstore(c).stamp(e.Signed.Signature, c.tick())))
		}, "take a"},
		"nor does it stand in the way of a good copy": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", c.stamped(e, newSigstore(c).stamp(e.Signed.Signature, c.tick())))
			c.leave("b", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, c.tick())))
		}, "take b\ndone a"},
		"garbage": {func(c *cloud) {
			c.leave("a", c.stamped(c.test("ci"), []byte{0x30, 0}))
		}, "refuse a: forged"},
		"garbage on a deny keeps no deny out": {func(c *cloud) {
			c.leave("a", c.stamped(c.vote("ana", vote.Deny), []byte{0x30, 0}))
		}, "take a"},
		"garbage on an approval": {func(c *cloud) {
			c.leave("a", c.stamped(c.vote("ana", vote.Approve), []byte{0x30, 0}))
		}, "refuse a: forged"},
		"nobody can check one without the root": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, c.tick())))
			c.leave("b", c.stamped(c.vote("ana", vote.Deny), []byte{0x30, 0}))
			c.edit = func(in *admit.Input) { in.Root = nil }
		}, "take b\ndefer a"},
		"nobody asks where the policy names no root": {func(c *cloud) {
			c.leave("a", c.stamped(c.test("ci"), []byte{0x30, 0}))
			c.policy = parse(c, policyText)
			c.edit = func(*admit.Input) {}
		}, "take a"},
		"a copy that lost it comes after the one that has it": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", e)
			c.leave("b", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, c.tick())))
		}, "take b\ndone a"},
		"also if it comes with something older": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", e, c.testAt("lab", "2001-01-01T00:00:00Z"))
			c.leave("b", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, c.tick())))
			c.leave("c", c.test("lab"))
		}, "take b\ntake c\ntake a"},
		"also if it comes with a deny": {func(c *cloud) {
			e := c.test("ci")
			c.leave("a", e, c.vote("ana", vote.Deny))
			c.leave("b", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, c.tick())))
		}, "take b\ntake a"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			f.story(c)
			if diff := cmp.Diff(f.want, c.fates()); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, c.sort())
			}
		})
	}
}

func TestWhatWaitsForARootSaysSo(t *testing.T) {
	c := newCloud(t)
	c.leave("a", open(t, c.forge().sign(c.payload())))
	c.edit = func(in *admit.Input) { in.Root = nil }
	p := c.sort()
	if got, want := p.Summary(), "0 parcels taken, 1 deferred (no trusted root: 1)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if len(p.Unjudged) != 1 || !strings.Contains(p.Unjudged[0].Why, keyless.ErrRoot.Error()) {
		t.Errorf("%+v", p.Unjudged)
	}
}
