// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// An identifier says who signed with a certificate and when something was
// signed: a *keyless.Root, or in tests somebody who makes it up.
type identifier interface {
	Identify(event.Signed) (keyless.Identity, error)
	Time(event.Signed) (time.Time, error)
	Stamped(token, message []byte) (time.Time, error)
}

var _ identifier = (*keyless.Root)(nil)

// nobody is the identifier of somebody without the trusted root that the
// policy names. Why says what they have.
type nobody struct{ why error }

func (n nobody) Identify(event.Signed) (keyless.Identity, error) { return keyless.Identity{}, n.why }
func (n nobody) Time(event.Signed) (time.Time, error)            { return time.Time{}, n.why }
func (n nobody) Stamped(_, _ []byte) (time.Time, error)          { return time.Time{}, n.why }

// believes returns the root as an identifier, if it is the one that the policy
// names. Another root believes other authorities, so it identifies nobody.
func (p *Policy) believes(root *keyless.Root) identifier {
	switch {
	case p.Sigstore.TrustedRoot == "":
		return nobody{fmt.Errorf("%w: the policy names none (sigstore.trusted-root)", keyless.ErrRoot)}
	case root == nil:
		return nobody{fmt.Errorf("%w: the policy names %s, and it is not at hand", keyless.ErrRoot, p.Sigstore.TrustedRoot)}
	case root.Digest != p.Sigstore.TrustedRoot:
		return nobody{fmt.Errorf("%w: the policy names %s, and the one at hand is %s", keyless.ErrRoot, p.Sigstore.TrustedRoot, root.Digest)}
	}
	return root
}

// ErrNoGate is what GateOf says of a signer whose requests, decisions and
// consumptions do not count in an environment.
var ErrNoGate = errors.New("no gate of the environment")

// Signer says which machine of the policy signed e, and for a certificate as
// whom. Its signature has been checked. An event that nobody of the policy
// signed is ErrStranger; what keeps anybody from telling satisfies CouldNotTell.
// Everything else that is wrong with the signature is an error too.
func (p *Policy) Signer(e *event.Event, root *keyless.Root) (name string, id *keyless.Identity, err error) {
	names, id, err := p.signersBy(e, p.believes(root))
	if err != nil {
		return "", nil, err
	}
	return names[0], id, nil
}

// GateOf is Signer, for one whose requests, decisions and consumptions count
// in the environment; another signer is ErrNoGate.
func (p *Policy) GateOf(rules Environment, e *event.Event, root *keyless.Root) (name string, err error) {
	return p.gateBy(rules, e, p.believes(root))
}

func (p *Policy) gateBy(rules Environment, e *event.Event, root identifier) (name string, err error) {
	names, _, err := p.signersBy(e, root)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if slices.Contains(rules.Gate, name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("%w: signed by %s", ErrNoGate, names[0])
}

// CouldNotTell says whether an error of Signer or Root means that somebody
// with more at hand (the trusted root, the token that is missing) could say
// who signed, or when. The tokens beside an event are not part of what the log
// commits to, so that one which is wrong may have been put in the place of one
// that was right: then too nobody can tell.
func CouldNotTell(err error) bool {
	return errors.Is(err, keyless.ErrRoot) || errors.Is(err, keyless.ErrUndated) ||
		errors.Is(err, keyless.ErrTimestamp) || errors.Is(err, keyless.ErrEntry) || errors.Is(err, keyless.ErrExpired)
}

// signersBy names every signer of the policy whose signature it is, sorted:
// with a pinned key one, with a certificate each whose rule it meets. With no
// error there is at least one.
func (p *Policy) signersBy(e *event.Event, root identifier) ([]string, *keyless.Identity, error) {
	if e.Signed.Verifier.Keyless() {
		return p.certified(e, root)
	}
	name, ok := p.SignerOf(e.KeyID())
	if !ok {
		return nil, nil, ErrStranger
	}
	if err := e.Verify(); err != nil {
		return nil, nil, err
	}
	return []string{name}, nil, nil
}

// certified is signersBy for an event signed with a certificate. A certificate
// for a pinned key is its own thing: the key counts only where it stands alone.
func (p *Policy) certified(e *event.Event, root identifier) ([]string, *keyless.Identity, error) {
	if !p.hasKeylessSigner() {
		return nil, nil, fmt.Errorf("%w: it is signed with a certificate, and the policy has no keyless signer", ErrStranger)
	}
	id, err := root.Identify(e.Signed)
	if err != nil {
		return nil, nil, err
	}
	names, why := p.matching(id)
	if len(names) == 0 {
		return nil, &id, fmt.Errorf("%w: %s", ErrStranger, why)
	}
	return names, &id, nil
}

// matching names the signers whose rule an identity meets, and says why it
// meets none.
func (p *Policy) matching(id keyless.Identity) (names []string, why string) {
	why = fmt.Sprintf("%q of %q is nobody's", id.Subject, id.Issuer)
	for _, name := range slices.Sorted(maps.Keys(p.Signers)) {
		rule := p.Signers[name].Keyless
		if rule == nil {
			continue
		}
		if err := rule.Match(id); err != nil {
			why += fmt.Sprintf("; not %s: %v", name, err)
			continue
		}
		names = append(names, name)
	}
	return names, why
}

func (p *Policy) hasKeylessSigner() bool {
	for _, s := range p.Signers {
		if s.Keyless != nil {
			return true
		}
	}
	return false
}
