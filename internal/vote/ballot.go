// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// A Ballot is a vote event taken apart. Nothing in it is proven until Verify
// returns nil.
type Ballot struct {
	Predicate Predicate
	Statement []byte        // the exact bytes that were signed
	Key       ssh.PublicKey // from the signature; whose it is, the policy says
	Signature *Signature
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
	predicate, err := canon.Marshal(event.VotePredicate{
		Statement: statement,
		SSHSIG:    string(ArmorSSHSIG(sig)),
	})
	if err != nil {
		return nil, fmt.Errorf("wrap vote: %w", err)
	}
	return event.NewStatement(event.VoteType, requestSubject(p.Request), canon.Raw(predicate))
}

// Open takes a vote event apart. It fails unless e is a vote whose outer
// subject is the inner request and whose statement and signature are each in
// the one form Wrap writes. It checks no signature.
func Open(e *event.Event) (*Ballot, error) {
	b, err := open(e)
	if err != nil {
		return nil, fmt.Errorf("open vote at index %d: %w", e.Index, err)
	}
	return b, nil
}

func open(e *event.Event) (*Ballot, error) {
	outer, err := e.Statement()
	if err != nil {
		return nil, err
	}
	if outer.PredicateType != event.VoteType {
		return nil, fmt.Errorf("predicateType is %q, not %q", outer.PredicateType, event.VoteType)
	}
	var v event.VotePredicate
	if err := canon.Decode(outer.Predicate, &v); err != nil {
		return nil, err
	}
	p, err := ParseStatement(v.Statement)
	if err != nil {
		return nil, err
	}
	if !aboutRequest(outer.Subject, p.Request) {
		return nil, fmt.Errorf("the envelope is not about the request %s that was signed", p.Request)
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

// Verify reports whether the person who holds Key signed exactly this
// statement as a vote.
func (b *Ballot) Verify() error {
	return b.Signature.Verify(b.Statement)
}

// ID tells votes apart: it is the SHA-256 of the key and the statement. Two
// ballots with one ID are one vote that was logged twice, whoever logged the
// second and however its signature differs, so the first is the one that
// counts. Without that rule an approval could be logged again after its author
// revoked it.
func (b *Ballot) ID() [32]byte {
	return sha256.Sum256(ssh.Marshal(struct{ Key, Statement []byte }{b.Key.Marshal(), b.Statement}))
}

// Fingerprint returns the key's SHA256:… name, as ssh-keygen -l prints it.
func (b *Ballot) Fingerprint() string {
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
