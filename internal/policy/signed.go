// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// A refusal is why a signature does not count. With doubt, somebody who has
// more at hand might say that it does.
type refusal struct {
	why   string
	doubt bool
}

func refuse(format string, args ...any) *refusal {
	return &refusal{why: fmt.Sprintf(format, args...)}
}

// A certified is what the trusted root says of an event signed with a
// certificate. It is asked once for each event of an evaluation, because a
// chain of certificates costs as much as fifty signatures.
type certified struct {
	id  keyless.Identity
	err error
}

func (e *evaluation) certified(ev *event.Event) certified {
	c, ok := e.certificates[ev.Index]
	if !ok {
		c.id, c.err = e.root.Identify(ev.Signed)
		e.certificates[ev.Index] = c
	}
	return c
}

// A moment is when a signature was there already, by proof.
type moment struct {
	at  time.Time
	err error
}

func (e *evaluation) proven(ev *event.Event) moment {
	m, ok := e.moments[ev.Index]
	if !ok {
		m.at, m.err = e.root.Time(ev.Signed)
		e.moments[ev.Index] = m
	}
	return m
}

// signed names the signer of the policy that signed an event, if its
// signature holds and it is good enough for the environment: one of those that
// are asked, if it is any of them. Without a list everyone is asked.
func (e *evaluation) signed(en entry, asked []string) (name string, no *refusal) {
	if en.Signed.Verifier.Keyless() {
		return e.signedWithCertificate(en, asked)
	}
	name, ok := e.signers[en.KeyID()]
	switch {
	case !ok:
		return "", refuse("signed by a key that the policy does not name")
	case !e.covers(name):
		return "", refuse("signed by %s, which is of tier %s", name, e.p.Signers[name].Tier)
	case en.Verify() != nil:
		return "", refuse("the signature under %s's key does not hold", name)
	}
	return name, nil
}

func (e *evaluation) covers(name string) bool { return e.p.Signers[name].covers(e.env.Tier) }

func (e *evaluation) signedWithCertificate(en entry, asked []string) (string, *refusal) {
	if !e.anyKeyless(asked) {
		return "", refuse("signed with a certificate, and nobody who is asked has one")
	}
	c := e.certified(en.Event)
	if c.err != nil {
		return "", &refusal{why: "nobody can tell who signed it: " + c.err.Error(), doubt: CouldNotTell(c.err)}
	}
	names, why := e.p.matching(c.id)
	if len(names) == 0 {
		return "", refuse("signed with a certificate that the policy does not name: %s", why)
	}
	good := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !e.covers(name) })
	if len(good) == 0 {
		return "", refuse("signed by %s, which is of tier %s", names[0], e.p.Signers[names[0]].Tier)
	}
	if i := slices.IndexFunc(good, func(name string) bool { return slices.Contains(asked, name) }); i > 0 {
		return good[i], nil
	}
	return good[0], nil
}

// anyKeyless says whether any of the signers signs with certificates.
func (e *evaluation) anyKeyless(asked []string) bool {
	if asked == nil {
		return e.p.hasKeylessSigner()
	}
	return slices.ContainsFunc(asked, func(name string) bool { return e.p.Signers[name].Keyless != nil })
}

// gateSigned is signed, by a signer whose requests, decisions and consumptions
// count here.
func (e *evaluation) gateSigned(en entry) (name string, no *refusal) {
	name, no = e.signed(en, e.env.Gate)
	if no == nil && !slices.Contains(e.env.Gate, name) {
		return "", refuse("signed by %s, which is no gate of %s", name, e.env.Name)
	}
	return name, no
}

// elsewhere says why the word of a keyless signer is not about any of the
// commits: its certificate names another as what ran. Whoever holds a key may
// speak of any commit.
func (e *evaluation) elsewhere(en entry, commits ...string) string {
	if !en.Signed.Verifier.Keyless() {
		return ""
	}
	source := e.certified(en.Event).id.SourceDigest
	switch {
	case source == "":
		return "its certificate names no commit"
	case !slices.Contains(commits, source):
		return "it was signed in a run of commit " + short(source)
	}
	return ""
}

// doubt notes an entry that could have mattered, if anybody could tell who
// signed it or when.
func (e *evaluation) doubt(en entry, no *refusal) {
	if no != nil && no.doubt {
		e.doubts[en.Index] = no.why
	}
}

// nothingInDoubt adds what could not be found out about signatures. A ledger
// without certificates and a policy without proven times have no such rule.
func (e *evaluation) nothingInDoubt() {
	if len(e.doubts) == 0 {
		return
	}
	var lines []string
	for _, i := range slices.Sorted(maps.Keys(e.doubts)) {
		lines = append(lines, fmt.Sprintf("#%d could matter: %s", i, e.doubts[i]))
	}
	if n := len(lines); n > 3 {
		lines = append(lines[:3], fmt.Sprintf("and %d more", n-3))
	}
	e.rule(Rule{Name: "every signature that could matter can be checked", State: Undecidable, Why: strings.Join(lines, "; ")})
}

// Voter says who signed e with a certificate, if it is a person of the policy:
// the principal's name and as whom they signed. That e is a vote, and of what,
// package vote says. Its errors are those of Signer.
func (p *Policy) Voter(e *event.Event, root *keyless.Root) (name string, id *keyless.Identity, err error) {
	return p.voterBy(e, p.believes(root))
}

func (p *Policy) voterBy(e *event.Event, root identifier) (name string, id *keyless.Identity, err error) {
	if !e.Signed.Verifier.Keyless() {
		return "", nil, fmt.Errorf("%w: it is not signed with a certificate", ErrStranger)
	}
	if !p.hasKeylessPrincipal() {
		return "", nil, fmt.Errorf("%w: it is signed with a certificate, and nobody in the policy votes by one", ErrStranger)
	}
	who, err := root.Identify(e.Signed)
	if err != nil {
		return "", nil, err
	}
	if name = p.personOf(who); name == "" {
		return "", &who, fmt.Errorf("%w: %q of %q is no principal's", ErrStranger, who.Subject, who.Issuer)
	}
	return name, &who, nil
}

// personOf names the principal whom a certificate is of, or nobody. One at
// most: Parse refuses an identity named twice.
func (p *Policy) personOf(id keyless.Identity) string {
	for _, name := range slices.Sorted(maps.Keys(p.Principals)) {
		if rule := p.Principals[name].Keyless; rule != nil && rule.Match(id) == nil {
			return name
		}
	}
	return ""
}

func (p *Policy) hasKeylessPrincipal() bool {
	for _, who := range p.Principals {
		if who.Keyless != nil {
			return true
		}
	}
	return false
}
