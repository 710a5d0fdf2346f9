// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// signatures are the files in testdata that hold one.
func signatures(t testing.TB) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"testdata/*.sig", "testdata/openssh/*.sig"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		for _, f := range found {
			names = append(names, strings.TrimPrefix(f, "testdata/"))
		}
	}
	return names
}

// What is read as a signature is written back as the same one, and nothing
// makes Verify panic.
func FuzzParseSSHSIG(f *testing.F) {
	for _, name := range signatures(f) {
		f.Add(vector(f, name))
	}
	f.Add([]byte(begin + "\n" + end))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSSHSIG(data)
		if err != nil {
			return
		}
		_ = s.Verify(data)
		armored := ArmorSSHSIG(s)
		again, err := ParseSSHSIG(armored)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !bytes.Equal(ArmorSSHSIG(again), armored) {
			t.Error("it is written in two ways")
		}
	})
}

// FuzzParseBlob is FuzzParseSSHSIG past the base64, where a fuzzer gets
// further.
func FuzzParseBlob(f *testing.F) {
	for _, name := range signatures(f) {
		if blob, err := dearmor(vector(f, name)); err == nil {
			f.Add(blob)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseBlob(data)
		if err != nil {
			return
		}
		_ = s.Verify(data)
		if !bytes.Equal(s.marshal(), data) {
			t.Error("it is written in two ways")
		}
	})
}

// What is read as a statement is what NewStatement makes of it.
func FuzzParseStatement(f *testing.F) {
	f.Add(vector(f, "statement.json"))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"","predicate":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseStatement(data)
		if err != nil {
			return
		}
		again, err := NewStatement(p)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v\n%s\n%s", err, data, again)
		}
	})
}

// What opens is made of its statement and its signature, and of nothing else.
func FuzzOpen(f *testing.F) {
	statement := vector(f, "statement.json")
	for _, name := range []string{"ed25519", "ecdsa-p256", "sk-ed25519", "ed25519-namespace-git"} {
		s, err := ParseSSHSIG(vector(f, name+".sig"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payloadOf(f, event.VoteType, requestSubject(requestID), statement, string(ArmorSSHSIG(s))))
	}
	f.Add(payloadOf(f, event.VoteType, requestSubject(requestID), statement, ""))
	ana := newPerson(f, "ana")
	f.Fuzz(func(t *testing.T, data []byte) {
		verifier := event.Verifier{KeyDetails: event.KeyDetails, Certificate: ana.certificate}
		b, err := Open(&event.Event{Signed: event.Signed{Payload: data, Verifier: verifier}})
		if err != nil {
			return
		}
		_ = b.Verify()
		_ = b.ID()
		sshsig := ""
		if !b.Keyless() {
			sshsig = string(ArmorSSHSIG(b.Signature))
		}
		if bare, err := Open(&event.Event{Signed: event.Signed{Payload: data}}); (err == nil) == b.Keyless() {
			t.Errorf("opened without a certificate: %+v, %v", bare, err)
		}
		again := payloadOf(t, event.VoteType, requestSubject(b.Predicate.Request), b.Statement, sshsig)
		if !bytes.Equal(again, data) {
			t.Errorf("it can be written in two ways:\n%s\n%s", data, again)
		}
	})
}
