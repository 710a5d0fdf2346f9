// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// A person is somebody with a certificate. Key and certificate follow from
// the name; who would issue one is no matter of this package.
type person struct {
	key         *ecdsa.PrivateKey
	certificate []byte
}

func newPerson(t testing.TB, name string) person {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		t.Fatal(err)
	}
	return person{key, certify(t, key, name)}
}

func certify(t testing.TB, key *ecdsa.PrivateKey, name string) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (p person) sign(t testing.TB, payload []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(event.PAE(event.PayloadType, payload))
	sig, err := p.key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// event is payload signed with the person's certificate.
func (p person) event(t testing.TB, payload []byte) *event.Event {
	t.Helper()
	s, err := event.NewKeyless(payload, p.sign(t, payload), p.certificate, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &event.Event{Index: 42, Signed: s}
}

// byKey is payload signed with the person's bare key.
func (p person) byKey(t testing.TB, payload []byte) *event.Event {
	t.Helper()
	e := p.event(t, payload)
	e.Signed.Verifier.Certificate = nil
	if err := e.Verify(); err != nil {
		t.Fatal(err)
	}
	return e
}

// castKeyless votes as gateledger approve does with a certificate.
func castKeyless(t testing.TB, name string, p Predicate) *Ballot {
	t.Helper()
	payload, err := WrapKeyless(statementOf(t, p))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(newPerson(t, name).event(t, payload))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeylessVoteOpensAndVerifies(t *testing.T) {
	b := castKeyless(t, "ana", approval())
	if err := b.Verify(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(approval(), b.Predicate); diff != "" {
		t.Error(diff)
	}
	if !b.Keyless() || b.Key != nil || b.Signature != nil || b.Event == nil {
		t.Errorf("the ballot is %+v", b)
	}
	if !bytes.Equal(b.Statement, vector(t, "statement.json")) {
		t.Errorf("statement %s", b.Statement)
	}
	if want := "certificate " + b.Event.KeyID(); b.Fingerprint() != want || !strings.Contains(want, "sha256:") {
		t.Errorf("fingerprint %s, want %s", b.Fingerprint(), want)
	}
}

func TestWrapKeylessRefuses(t *testing.T) {
	statement := string(vector(t, "statement.json"))
	for name, c := range map[string]struct{ statement, want string }{
		"no vote":               {"{}", "vote statement"},
		"a line feed after it":  {statement + "\n", "canonical"},
		"a statement cut short": {statement[:100], "EOF"},
	} {
		_, err := WrapKeyless([]byte(c.statement))
		if err == nil {
			t.Errorf("%s: wrapped", name)
			continue
		}
		wantError(t, err, c.want)
	}
}

// Without a signature of the voter's own, whoever logs a vote could have made
// it up.
func TestKeylessVoteNeedsACertificate(t *testing.T) {
	payload, err := WrapKeyless(vector(t, "statement.json"))
	if err != nil {
		t.Fatal(err)
	}
	ana := newPerson(t, "ana")
	_, err = Open(ana.byKey(t, payload))
	wantError(t, err, "no certificate signed it")
	_, err = Open(logged(payload))
	wantError(t, err, "no certificate signed it")
}

func TestOpenRefusesKeyless(t *testing.T) {
	statement := vector(t, "statement.json")
	ours := requestSubject(requestID)
	good := payloadOf(t, event.VoteType, ours, statement, "")
	ana := newPerson(t, "ana")
	for name, c := range map[string]struct {
		payload []byte
		want    string
	}{
		"as it is":                      {good, ""},
		"an empty signature spelled":    {bytes.Replace(good, []byte(`"predicate":{`), []byte(`"predicate":{"sshsig":"",`), 1), "left out"},
		"another request outside":       {payloadOf(t, event.VoteType, requestSubject(artifact), statement, ""), "not about the request"},
		"another kind":                  {payloadOf(t, StatementType, ours, statement, ""), "predicateType"},
		"the statement alone":           {statement, "predicateType"},
		"no inner statement":            {payloadOf(t, event.VoteType, ours, nil, ""), "vote statement"},
		"a signature that is no armour": {payloadOf(t, event.VoteType, ours, statement, " "), "SSH signature"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Open(ana.event(t, c.payload))
			wantError(t, err, c.want)
			if err == nil {
				wantError(t, b.Verify(), "")
			}
		})
	}
}

// An SSH vote stays one, whatever carries it: the certificate of whoever
// logged it says nothing of the voter.
func TestSSHVoteInAKeylessEnvelope(t *testing.T) {
	key, sign := newKey(t, 1)
	statement := vector(t, "statement.json")
	payload, err := Wrap(statement, ArmorSSHSIG(sign(statement)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(newPerson(t, "eve").event(t, payload))
	if err != nil {
		t.Fatal(err)
	}
	if b.Keyless() || b.Event != nil || !bytes.Equal(b.Key.Marshal(), key.Marshal()) {
		t.Errorf("the ballot is %+v", b)
	}
	wantError(t, b.Verify(), "")
	if want := cast(t, 1, approval()); b.ID() != want.ID() {
		t.Error("the same vote has two IDs")
	}
	// Its own signature decides, and not that of the envelope.
	b.Signature.Blob.Blob[0] ^= 1
	wantError(t, b.Verify(), "did not verify")
}

func TestKeylessBallotVerifiesItsOwnStatementOnly(t *testing.T) {
	other := approval()
	other.Choice = Deny
	for name, c := range map[string]struct {
		spoil func(*Ballot)
		want  string
	}{
		"another statement":          {func(b *Ballot) { b.Statement = statementOf(t, other) }, "did not sign this statement"},
		"no statement":               {func(b *Ballot) { b.Statement = nil }, "did not sign this statement"},
		"another's certificate":      {func(b *Ballot) { b.Event.Signed.Verifier.Certificate = newPerson(t, "eve").certificate }, "another key"},
		"no certificate":             {func(b *Ballot) { b.Event.Signed.Verifier.Certificate = nil }, "no certificate"},
		"another signature":          {func(b *Ballot) { b.Event.Signed.Signature = newPerson(t, "eve").sign(t, b.Event.Signed.Payload) }, "does not verify"},
		"a key beside the event":     {func(b *Ballot) { b.Key, _ = newKey(t, 1) }, "SSH signature and a certificate"},
		"a signature beside it":      {func(b *Ballot) { b.Signature = &Signature{} }, "SSH signature and a certificate"},
		"an event that is no vote":   {func(b *Ballot) { b.Event = newPerson(t, "ana").event(t, b.Statement) }, "did not sign this statement"},
		"an event with an SSH vote":  {func(b *Ballot) { b.Event = sshVote(t) }, "did not sign this statement"},
		"an event without statement": {func(b *Ballot) { b.Event = &event.Event{Signed: event.Signed{Verifier: b.Event.Signed.Verifier}} }, "did not sign this statement"},
	} {
		t.Run(name, func(t *testing.T) {
			b := castKeyless(t, "ana", approval())
			c.spoil(b)
			wantError(t, b.Verify(), c.want)
		})
	}
}

// sshVote is an SSH vote that a certificate logged.
func sshVote(t *testing.T) *event.Event {
	t.Helper()
	_, sign := newKey(t, 1)
	statement := vector(t, "statement.json")
	payload, err := Wrap(statement, ArmorSSHSIG(sign(statement)))
	if err != nil {
		t.Fatal(err)
	}
	return newPerson(t, "ana").event(t, payload)
}

func TestKeylessVoteHasOneID(t *testing.T) {
	first := castKeyless(t, "ana", approval())
	if castKeyless(t, "ana", approval()).ID() != first.ID() {
		t.Error("the same vote has two IDs")
	}
	if castKeyless(t, "bob", approval()).ID() == first.ID() {
		t.Error("another key's vote has the same ID")
	}
	p := approval()
	p.Issued = "2026-01-31T12:00:01Z"
	if castKeyless(t, "ana", p).ID() == first.ID() {
		t.Error("a second vote has the ID of the first")
	}
	key := sha256.Sum256(first.Event.Signed.Verifier.PublicKey)
	want := sha256.Sum256(slices.Concat([]byte("gateledger-ballot-v1\x00"), key[:], first.Statement))
	if product.BallotDomain != "gateledger-ballot-v1\x00" || first.ID() != want {
		t.Errorf("ID is %x, want %x", first.ID(), want)
	}
}

// Both the signature on the vote and the one on the certificate can be
// rewritten, and anybody can make another certificate for the key. None of it
// makes a second vote.
func TestRewrittenKeylessVoteHasOneID(t *testing.T) {
	first := castKeyless(t, "ana", approval())
	again := castKeyless(t, "ana", approval())
	again.Event.Signed.Verifier.Certificate = certify(t, newPerson(t, "ana").key, "ana's twin")
	if err := again.Verify(); err != nil {
		t.Fatalf("the second certificate is refused, which would be better still: %v", err)
	}
	if again.ID() != first.ID() || again.Fingerprint() != first.Fingerprint() {
		t.Error("the same vote has two IDs")
	}
}

func TestManyKeylessAtOnce(t *testing.T) {
	var events []*event.Event
	for i := range 30 {
		p := approval()
		p.Reason = strings.Repeat("r", i)
		payload, err := WrapKeyless(statementOf(t, p))
		if err != nil {
			t.Fatal(err)
		}
		e := newPerson(t, "ana").event(t, payload)
		if i%2 == 1 {
			e.Signed.Signature = slices.Clone(e.Signed.Signature)
			e.Signed.Signature[len(e.Signed.Signature)-1] ^= 1
		}
		events = append(events, e)
	}
	ballots, errs := OpenAll(events)
	for i, err := range errs {
		if err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
	for i, err := range VerifyAll(ballots) {
		if (err != nil) != (i%2 == 1) {
			t.Errorf("ballot %d: %v", i, err)
		}
	}
}
