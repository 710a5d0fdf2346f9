// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// A Ballot is a vote event taken apart. Nothing in it is proven until Verify
// returns nil.
type Ballot struct {
	Predicate Predicate
	Statement []byte // the exact bytes that were signed

	// Of a vote signed with an SSH key; whose it is, the policy says.
	Key       ssh.PublicKey // from the signature
	Signature *Signature

	// Of a vote signed keyless: the event whose certificate is the voter's.
	// Key and Signature are nil then. Else it is nil, whoever logged the vote.
	Event *event.Event
}

// Wrap returns the payload of the vote event that carries statement and its
// armored signature. It refuses a statement ParseStatement refuses and a
// signature that does not verify: such a vote is not worth logging.
func Wrap(statement, armored []byte) ([]byte, error) {
	p, err := ParseStatement(statement)
	if err != nil {
		return nil, err
	}
	sig, err := ParseSSHSIG(armored)
	if err != nil {
		return nil, err
	}
	if err := sig.Verify(statement); err != nil {
		return nil, err
	}
	return wrap(p, event.VotePredicate{Statement: statement, SSHSIG: string(ArmorSSHSIG(sig))})
}

// WrapKeyless returns the payload of a vote event that carries statement and
// nothing else. Whoever votes signs that payload with a certificate; signed
// with a bare key it is no vote. It refuses a statement ParseStatement
// refuses.
func WrapKeyless(statement []byte) ([]byte, error) {
	p, err := ParseStatement(statement)
	if err != nil {
		return nil, err
	}
	return wrap(p, event.VotePredicate{Statement: statement})
}

func wrap(p Predicate, v event.VotePredicate) ([]byte, error) {
	predicate, err := canon.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("wrap vote: %w", err)
	}
	return event.NewStatement(event.VoteType, requestSubject(p.Request), canon.Raw(predicate))
}

// Open takes a vote event apart. It fails unless e is a vote whose outer
// subject is the inner request and whose statement and signature are each in
// the one form Wrap or WrapKeyless writes. A vote that carries no SSH
// signature must be in an event signed keyless. It checks no signature.
func Open(e *event.Event) (*Ballot, error) {
	b, err := open(e)
	if err != nil {
		return nil, fmt.Errorf("open vote at index %d: %w", e.Index, err)
	}
	return b, nil
}

func open(e *event.Event) (*Ballot, error) {
	outer, v, err := carried(e)
	if err != nil {
		return nil, err
	}
	p, err := ParseStatement(v.Statement)
	if err != nil {
		return nil, err
	}
	if !aboutRequest(outer.Subject, p.Request) {
		return nil, fmt.Errorf("the envelope is not about the request %s that was signed", p.Request)
	}
	if v.SSHSIG == "" {
		return openKeyless(e, outer, v, p)
	}
	sig, err := ParseSSHSIG([]byte(v.SSHSIG))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(ArmorSSHSIG(sig), []byte(v.SSHSIG)) {
		return nil, fmt.Errorf("the signature's armor is not in its one form")
	}
	return &Ballot{Predicate: p, Statement: v.Statement, Key: sig.Key, Signature: sig}, nil
}

func openKeyless(e *event.Event, outer event.Statement, v event.VotePredicate, p Predicate) (*Ballot, error) {
	if !e.Signed.Verifier.Keyless() {
		return nil, errUnsigned
	}
	again, err := canon.Marshal(v)
	if err != nil || !bytes.Equal(again, outer.Predicate) {
		return nil, fmt.Errorf("an SSH signature that is empty, and not left out")
	}
	return &Ballot{Predicate: p, Statement: v.Statement, Event: e}, nil
}

// errUnsigned is said of a vote that whoever logged it could have made up.
var errUnsigned = errors.New("it carries no SSH signature, and no certificate signed it")

// carried is what a vote event carries.
func carried(e *event.Event) (event.Statement, event.VotePredicate, error) {
	var v event.VotePredicate
	outer, err := e.Statement()
	if err != nil {
		return outer, v, err
	}
	if outer.PredicateType != event.VoteType {
		return outer, v, fmt.Errorf("predicateType is %q, not %q", outer.PredicateType, event.VoteType)
	}
	return outer, v, canon.Decode(outer.Predicate, &v)
}

// Keyless reports whether the vote was signed with a certificate.
func (b *Ballot) Keyless() bool { return b.Event != nil }

// Verify reports whether the person who holds Key signed exactly this
// statement as a vote; of a keyless vote, whether the key of the event's
// certificate did. Whose certificate that is it does not say, nor whether it
// held: package keyless does.
func (b *Ballot) Verify() error {
	if b.Keyless() {
		return b.verifyKeyless()
	}
	return b.Signature.Verify(b.Statement)
}

func (b *Ballot) verifyKeyless() error {
	if b.Key != nil || b.Signature != nil {
		return errors.New("vote: it has an SSH signature and a certificate")
	}
	if !b.Event.Signed.Verifier.Keyless() {
		return fmt.Errorf("vote: %w", errUnsigned)
	}
	if _, v, err := carried(b.Event); err != nil || v.SSHSIG != "" || !bytes.Equal(v.Statement, b.Statement) {
		return errors.New("vote: the certificate did not sign this statement")
	}
	return b.Event.Verify()
}

// ID tells votes apart: it is the SHA-256 of the key and the statement. Two
// ballots with one ID are one vote that was logged twice, whoever logged the
// second and however its signature differs, so the first is the one that
// counts. Without that rule an approval could be logged again after its author
// revoked it.
//
// Of a keyless vote the key is the certificate's. Anybody can write another
// certificate for that key, so ask whose each ballot is before asking which is
// first.
func (b *Ballot) ID() [32]byte {
	if b.Keyless() {
		key := sha256.Sum256(b.Event.Signed.Verifier.PublicKey)
		return sha256.Sum256(slices.Concat([]byte(product.BallotDomain), key[:], b.Statement))
	}
	return sha256.Sum256(ssh.Marshal(struct{ Key, Statement []byte }{b.Key.Marshal(), b.Statement}))
}

// Fingerprint returns the key's SHA256:… name, as ssh-keygen -l prints it; of
// a keyless vote "certificate sha256:…", by the key of the certificate.
func (b *Ballot) Fingerprint() string {
	if b.Keyless() {
		return "certificate " + b.Event.KeyID()
	}
	return ssh.FingerprintSHA256(b.Key)
}

// OpenAll is Open for many events, on every processor there is: each event has
// its ballot or its error, in order. No event may stand in events twice.
func OpenAll(events []*event.Event) ([]*Ballot, []error) {
	ballots, errs := make([]*Ballot, len(events)), make([]error, len(events))
	spread(len(events), func(i int) { ballots[i], errs[i] = Open(events[i]) })
	return ballots, errs
}

// VerifyAll is Verify for many ballots, on every processor there is: what it
// says of each, in order.
func VerifyAll(ballots []*Ballot) []error {
	errs := make([]error, len(ballots))
	spread(len(ballots), func(i int) { errs[i] = ballots[i].Verify() })
	return errs
}

// spread calls do for 0 to n-1, on as many goroutines as there are processors.
func spread(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do(int(i) - 1)
			}
		})
	}
	workers.Wait()
}
