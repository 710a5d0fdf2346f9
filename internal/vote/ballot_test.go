// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// logged is an event as Open gets it. What a leaf says is the event package's
// business.
func logged(payload []byte) *event.Event {
	return &event.Event{Index: 42, Signed: event.Signed{Payload: payload}}
}

// payloadOf wraps without asking whether it should.
func payloadOf(t testing.TB, predicateType string, subjects []event.Subject, statement []byte, sshsig string) []byte {
	t.Helper()
	predicate, err := canon.Marshal(event.VotePredicate{Statement: statement, SSHSIG: sshsig})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := canon.Marshal(event.Statement{
		Type: event.StatementType, Subject: subjects, PredicateType: predicateType, Predicate: predicate,
	})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func cast(t testing.TB, seed byte, p Predicate) *Ballot {
	t.Helper()
	key, sign := newKey(t, seed)
	statement := statementOf(t, p)
	payload, err := Wrap(statement, ArmorSSHSIG(sign(statement)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(logged(payload))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Key.Marshal(), key.Marshal()) {
		t.Fatal("the ballot names another key")
	}
	return b
}

func TestWrappedVoteOpensAndVerifies(t *testing.T) {
	statement := vector(t, "statement.json")
	for _, name := range []string{"ed25519", "ed25519-sha256", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-3072", "sk-ed25519", "sk-ecdsa"} {
		t.Run(name, func(t *testing.T) {
			payload, err := Wrap(statement, vector(t, name+".sig"))
			if err != nil {
				t.Fatal(err)
			}
			b, err := Open(logged(payload))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Verify(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(approval(), b.Predicate); diff != "" {
				t.Error(diff)
			}
			if !bytes.Equal(b.Statement, statement) || !strings.HasPrefix(b.Fingerprint(), "SHA256:") {
				t.Errorf("statement %s, key %s", b.Statement, b.Fingerprint())
			}
		})
	}
}

func TestOneSignatureMakesOnePayload(t *testing.T) {
	statement, armored := vector(t, "statement.json"), vector(t, "ed25519.sig")
	first, err := Wrap(statement, armored)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Wrap(statement, bytes.ReplaceAll(armored, []byte("\n"), []byte("\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the line ends of the armor show in the event")
	}
}

func TestWrapRefuses(t *testing.T) {
	statement := string(vector(t, "statement.json"))
	for name, c := range map[string]struct{ statement, signature, want string }{
		"no vote":               {"{}", "ed25519", "vote statement"},
		"no signature":          {statement, "statement.json", "start with"},
		"another statement":     {strings.Replace(statement, "approve", "deny", 1), "ed25519", "did not verify"},
		"another namespace":     {statement, "ed25519-namespace-git", "namespace"},
		"an untouched key":      {statement, "sk-ed25519-untouched", "user presence"},
		"a short RSA key":       {statement, "rsa-2048", "too short"},
		"SHA-1":                 {statement, "rsa-3072-sha1", "SHA-1"},
		"a certificate":         {statement, "ed25519-certificate", "certificate"},
		"a line feed after it":  {statement + "\n", "ed25519", "canonical"},
		"a statement not JCS":   {" " + statement, "ed25519", "canonical"},
		"a statement cut short": {statement[:100], "ed25519", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			file := c.signature
			if !strings.Contains(file, ".") {
				file += ".sig"
			}
			_, err := Wrap([]byte(c.statement), vector(t, file))
			wantError(t, err, c.want)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	statement := vector(t, "statement.json")
	sig, err := ParseSSHSIG(vector(t, "ed25519.sig"))
	if err != nil {
		t.Fatal(err)
	}
	armored := string(ArmorSSHSIG(sig))
	ours := requestSubject(requestID)
	for name, c := range map[string]struct {
		payload []byte
		want    string
	}{
		"as it is":            {payloadOf(t, event.VoteType, ours, statement, armored), ""},
		"another kind":        {payloadOf(t, StatementType, ours, statement, armored), "predicateType"},
		"the statement alone": {statement, "predicateType"},
		"an outer subject that is not the request": {payloadOf(t, event.VoteType, requestSubject(artifact), statement, armored), "not about the request"},
		"an outer subject more": {payloadOf(t, event.VoteType,
			append(requestSubject(requestID), requestSubject(artifact)...), statement, armored), "not about the request"},
		"an outer subject by another name": {payloadOf(t, event.VoteType,
			[]event.Subject{{Name: "x", Digest: ours[0].Digest}}, statement, armored), "not about the request"},
		"an outer subject that says more": {payloadOf(t, event.VoteType,
			[]event.Subject{{Name: "request", Digest: ours[0].Digest, URI: "x:"}}, statement, armored), "not about the request"},
		"no inner statement":        {payloadOf(t, event.VoteType, ours, nil, armored), "vote statement"},
		"an inner one not JCS":      {payloadOf(t, event.VoteType, ours, append([]byte(" "), statement...), armored), "canonical"},
		"no signature":              {payloadOf(t, event.VoteType, ours, statement, ""), "SSH signature"},
		"an armor with CRLF":        {payloadOf(t, event.VoteType, ours, statement, strings.ReplaceAll(armored, "\n", "\r\n")), "one form"},
		"an armor without last LF":  {payloadOf(t, event.VoteType, ours, statement, strings.TrimSuffix(armored, "\n")), "one form"},
		"an armor over the limit":   {payloadOf(t, event.VoteType, ours, statement, armored+strings.Repeat("A", MaxSSHSIG)), "limit"},
		"a member unknown":          {bytes.Replace(payloadOf(t, event.VoteType, ours, statement, armored), []byte(`"statement":`), []byte(`"sshsih":"","statement":`), 1), "unknown"},
		"the signature twice":       {bytes.Replace(payloadOf(t, event.VoteType, ours, statement, armored), []byte(`"sshsig":`), []byte(`"sshsig":"","sshsig":`), 1), "duplicate"},
		"something after":           {append(payloadOf(t, event.VoteType, ours, statement, armored), "{}"...), "after top-level value"},
		"base64 with line feeds in": {bytes.Replace(payloadOf(t, event.VoteType, ours, statement, armored), []byte(`"statement":"`), []byte(`"statement":"\n`), 1), "illegal character"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(logged(c.payload))
			wantError(t, err, c.want)
			if c.want != "" && err != nil && !strings.Contains(err.Error(), "index 42") {
				t.Errorf("%v does not say which event", err)
			}
		})
	}
}

// A vote that was tampered with still opens, so that a report can show whose
// it claims to be; it just never verifies.
func TestOpenedIsNotVerified(t *testing.T) {
	statement := vector(t, "statement.json")
	denied := bytes.Replace(statement, []byte(`"approve"`), []byte(`"deny"`), 1)
	for name, want := range map[string]string{
		"ed25519":               "did not verify",
		"rsa-2048":              "too short",
		"ed25519-namespace-git": "namespace",
		"sk-ecdsa-untouched":    "user presence",
	} {
		sig, err := ParseSSHSIG(vector(t, name+".sig"))
		if err != nil {
			t.Fatal(err)
		}
		inner := statement
		if name == "ed25519" {
			inner = denied
		}
		b, err := Open(logged(payloadOf(t, event.VoteType, requestSubject(requestID), inner, string(ArmorSSHSIG(sig)))))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantError(t, b.Verify(), want)
	}
}

func TestEmptyBallotVerifiesNothing(t *testing.T) {
	wantError(t, (&Ballot{}).Verify(), "there is none")
}

func TestOneVoteLoggedTwiceHasOneID(t *testing.T) {
	p := approval()
	first, again := cast(t, 1, p), cast(t, 1, p)
	if first.ID() != again.ID() {
		t.Error("the same vote has two IDs")
	}
	if cast(t, 2, p).ID() == first.ID() {
		t.Error("another person's vote has the same ID")
	}
	p.Issued = "2026-01-31T12:00:01Z"
	if cast(t, 1, p).ID() == first.ID() {
		t.Error("a second vote has the ID of the first")
	}
}

// Of an ECDSA signature r, s there is a second, r, n-s, that anybody can work
// out and that verifies as well. It must not look like another vote.
func TestOtherSignatureOfTheSameVoteHasOneID(t *testing.T) {
	statement := vector(t, "statement.json")
	b := func(s *Signature) *Ballot { return &Ballot{Statement: statement, Key: s.Key, Signature: s} }
	first, err := ParseSSHSIG(vector(t, "ecdsa-p256.sig"))
	if err != nil {
		t.Fatal(err)
	}
	second := *first
	blob := *first.Blob
	blob.Blob = otherS(t, blob.Blob)
	second.Blob = &blob
	if err := b(&second).Verify(); err != nil {
		t.Fatalf("the second signature does not verify, which would be better still: %v", err)
	}
	if b(first).ID() != b(&second).ID() {
		t.Error("the same vote has two IDs")
	}
}

func TestManyAtOnceKeepTheirOrder(t *testing.T) {
	statement := vector(t, "statement.json")
	_, sign := newKey(t, 1)
	good := ArmorSSHSIG(sign(statement))
	git, err := ParseSSHSIG(vector(t, "ed25519-namespace-git.sig"))
	if err != nil {
		t.Fatal(err)
	}
	signatures := []string{string(good), string(ArmorSSHSIG(git)), "none"}
	var events []*event.Event
	for i := range 60 {
		payload := payloadOf(t, event.VoteType, requestSubject(requestID), statement, signatures[i%3])
		events = append(events, logged(payload))
	}
	ballots, errs := OpenAll(events)
	var opened []*Ballot
	for i, err := range errs {
		if (err != nil) != (i%3 == 2) || (ballots[i] == nil) != (i%3 == 2) {
			t.Errorf("event %d: %v", i, err)
		}
		if err == nil {
			opened = append(opened, ballots[i])
		}
	}
	for i, err := range VerifyAll(opened) {
		if (err != nil) != (i%2 == 1) {
			t.Errorf("ballot %d: %v", i, err)
		}
	}
	if ballots, errs := OpenAll(nil); len(ballots)+len(errs)+len(VerifyAll(nil)) != 0 {
		t.Error("something came of nothing")
	}
}

func benchmarkBallots(b *testing.B, n int) ([]*event.Event, []*Ballot) {
	events, ballots := make([]*event.Event, n), make([]*Ballot, n)
	for i := range ballots {
		p := approval()
		p.Reason = strings.Repeat("r", i%100)
		_, sign := newKey(b, byte(i))
		statement := statementOf(b, p)
		payload, err := Wrap(statement, ArmorSSHSIG(sign(statement)))
		if err != nil {
			b.Fatal(err)
		}
		events[i] = logged(payload)
		if ballots[i], err = Open(events[i]); err != nil {
			b.Fatal(err)
		}
	}
	return events, ballots
}

func BenchmarkOpenAll1000(b *testing.B) {
	events, _ := benchmarkBallots(b, 1000)
	for b.Loop() {
		fresh := make([]*event.Event, len(events)) // an event remembers its statement
		for i, e := range events {
			fresh[i] = logged(e.Signed.Payload)
		}
		_, errs := OpenAll(fresh)
		if err := errors.Join(errs...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify1000(b *testing.B) {
	_, ballots := benchmarkBallots(b, 1000)
	for b.Loop() {
		for _, ballot := range ballots {
			if err := ballot.Verify(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkVerifyAll1000(b *testing.B) {
	_, ballots := benchmarkBallots(b, 1000)
	for b.Loop() {
		if err := errors.Join(VerifyAll(ballots)...); err != nil {
			b.Fatal(err)
		}
	}
}
