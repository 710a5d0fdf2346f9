// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

func TestOpen(t *testing.T) {
	s := signed(t, "ci")
	e := open(t, s)
	if e.Index != 7 || e.KeyID() != s.KeyID() || !bytes.Equal(e.Signed.Signature, s.Signature) {
		t.Errorf("opened %+v", e)
	}
	check(t, e.Verify())
	if e.Kind() != "deployment" {
		t.Errorf("kind %q", e.Kind())
	}
	if !bytes.Equal(leafOf(t, e.Signed), e.Leaf) {
		t.Error("the leaf made from the event is not the event's leaf")
	}
}

// A leaf has one spelling: what differs in any way is not one of ours.
func TestOpenRefuses(t *testing.T) {
	s := signed(t, "ci")
	leaf, body := string(leafOf(t, s)), string(s.Payload)
	change := func(old, new string) string {
		if !strings.Contains(leaf, old) {
			t.Fatalf("%q is not in the leaf", old)
		}
		return strings.Replace(leaf, old, new, 1)
	}
	digest := leaf[strings.Index(leaf, `"digest":"`)+10:][:44]
	sig := base64.StdEncoding.EncodeToString(s.Signature)
	for fact, c := range map[string]struct {
		leaf, body string
		is         error
	}{
		"no leaf":                           {"", body, event.ErrMismatch},
		"no body":                           {leaf, "", event.ErrMismatch},
		"another body":                      {leaf, body + " ", event.ErrMismatch},
		"another event's body":              {leaf, string(signed(t, "eve").Payload[:len(body)-1]) + "]", event.ErrMismatch},
		"trailing data":                     {leaf + "\n", body, event.ErrMismatch},
		"leading space":                     {" " + leaf, body, event.ErrMismatch},
		"cut in half":                       {leaf[:len(leaf)/2], body, event.ErrMismatch},
		"cut by one":                        {leaf[:len(leaf)-1], body, event.ErrMismatch},
		"a space inside":                    {change(`"kind":`, `"kind": `), body, event.ErrMismatch},
		"version 0.0.1":                     {change("0.0.2", "0.0.1"), body, event.ErrMismatch},
		"kind dsse":                         {change("hashedrekord", "dsse"), body, event.ErrMismatch},
		"another digest algorithm":          {change("SHA2_256", "SHA2_512"), body, event.ErrMismatch},
		"another kind of key":               {change("P256_SHA_256", "P384_SHA_384"), body, event.ErrMismatch},
		"an extra member":                   {change(`"kind":`, `"extra":1,"kind":`), body, event.ErrMismatch},
		"digest missing":                    {change(digest, ""), body, event.ErrMismatch},
		"digest short":                      {change(digest, digest[:40]), body, event.ErrMismatch},
		"digest twice":                      {change(digest, digest[:43]+"A"+digest), body, event.ErrMismatch},
		"digest with a newline":             {change(digest, digest[:20]+"\n"+digest[20:]), body, event.ErrMismatch},
		"digest in URL-safe base64":         {change(digest, strings.NewReplacer("+", "-", "/", "_").Replace("+/"+digest[2:])), body, event.ErrMismatch},
		"digest without padding":            {change(digest, strings.TrimRight(digest, "=")), body, event.ErrMismatch},
		"stray bits at the end of a digest": {change(digest, digest[:42]+string(next(digest[42]))+"="), body, event.ErrMismatch},
		"signature with a newline":          {change(sig, sig[:10]+"\r\n"+sig[10:]), body, event.ErrMismatch},
		"signature as an escape":            {change(sig, `\u004d`+sig[1:]), body, event.ErrMismatch},
		"a leaf inside a leaf":              {change(sig, leaf), body, event.ErrMismatch},
		"over the limit":                    {change(sig, strings.Repeat("A", event.MaxLeaf)), body, event.ErrMismatch},
		"a certificate":                     {change(`"publicKey"`, `"x509Certificate"`), body, event.ErrKeyless},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.Open(3, []byte(c.leaf), []byte(c.body))
			if !errors.Is(err, c.is) {
				t.Fatalf("error %v, want %v", err, c.is)
			}
			wantError(t, err, "open entry 3")
			if c.is == event.ErrKeyless && errors.Is(err, event.ErrMismatch) {
				t.Error("a keyless entry is called tampered with")
			}
		})
	}
}

// next is a base64 digit whose two low bits, which are padding here, are set.
func next(c byte) byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return digits[strings.IndexByte(digits, c)|1]
}

func TestOpenOrVerifyRefusesEveryFlippedBit(t *testing.T) {
	s := signed(t, "ci")
	leaf, body := leafOf(t, s), s.Payload
	for part, data := range map[string][]byte{"leaf": leaf, "body": body} {
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				if e, err := event.Open(0, leaf, body); err == nil && e.Verify() == nil {
					t.Errorf("%s with bit %d of byte %d flipped is accepted", part, bit, i)
				}
				data[i] ^= 1 << bit
			}
		}
	}
	check(t, open(t, s).Verify())
}

func TestVerifyNamesTheEntry(t *testing.T) {
	s := signed(t, "ci")
	s.Signature = signed(t, "eve").Signature
	e := open(t, s)
	for range 2 { // the answer is kept
		err := e.Verify()
		wantError(t, err, "entry 7")
		if !errors.Is(err, event.ErrSignature) {
			t.Errorf("error %v is not ErrSignature", err)
		}
	}
}

func TestBodyThatIsNoStatement(t *testing.T) {
	s := signed(t, "ci")
	s.Payload = []byte("hello")
	e := open(t, s)
	for range 2 { // the answer is kept
		_, err := e.Statement()
		wantError(t, err, "entry 7: statement")
	}
	if e.Kind() != "" {
		t.Errorf("kind %q", e.Kind())
	}
	_, err := event.DecodePredicate[event.DeploymentPredicate](e)
	wantError(t, err, "entry 7")
}

func TestMentions(t *testing.T) {
	e := open(t, signed(t, "ci"))
	for hex, want := range map[string]bool{digestA: true, digestA[:12]: true, digestB: false} {
		if e.Mentions(hex) != want {
			t.Errorf("Mentions(%s) is %v", hex, !want)
		}
	}
}

// Is finds what Kind finds, whatever else the text may hold.
func TestIs(t *testing.T) {
	raw := func(s string) canon.Raw { return canon.Raw(s) }
	disguised := raw(`{"environment":"predicateType","result":"healthy","predicateType":"` + event.VoteType + `"}`)
	for fact, c := range map[string]struct {
		predicateType string
		predicate     any
	}{
		"deployment":            {event.DeploymentType, raw(`{}`)},
		"sbom inside":           {event.CycloneDXType, raw(`{}`)},
		"sbom by reference":     {event.ReferenceType, raw(`{"references":[{"mediaType":"` + event.CycloneDXMedia + `"}]}`)},
		"another document":      {event.ReferenceType, raw(`{"references":[{"mediaType":"text/plain"}]}`)},
		"a type nobody knows":   {"https://example.org/x", raw(`{}`)},
		"a type with an escape": {"https://gateledger.dev/vote\u002fv1", raw(`{}`)},
		"posing as a vote":      {event.DeploymentType, disguised},
	} {
		t.Run(fact, func(t *testing.T) {
			e := open(t, signedAs(t, "ci", c.predicateType, c.predicate))
			for _, k := range event.Kinds() {
				if fresh := open(t, e.Signed); fresh.Is(k.Name) != (e.Kind() == k.Name) {
					t.Errorf("Is(%q) is %v, kind is %q", k.Name, fresh.Is(k.Name), e.Kind())
				}
			}
			if e.Is("") || e.Is("bild") {
				t.Error("it is of a kind there is not")
			}
		})
	}
}

func TestDecodePredicate(t *testing.T) {
	raw := func(s string) canon.Raw { return canon.Raw(s) }
	deployment := func(s string) func(*testing.T) error {
		return func(t *testing.T) error {
			_, err := event.DecodePredicate[event.DeploymentPredicate](open(t, signedAs(t, "ci", event.DeploymentType, raw(s))))
			return err
		}
	}
	test := func(s string) func(*testing.T) error {
		return func(t *testing.T) error {
			_, err := event.DecodePredicate[event.TestPredicate](open(t, signedAs(t, "ci", event.TestType, raw(s))))
			return err
		}
	}
	const context = `"gateledger_context":{"provider":"local"}`
	for fact, c := range map[string]struct {
		decode func(*testing.T) error
		err    string
	}{
		"own":                               {deployment(`{"environment":"staging","result":"healthy",` + context + `}`), ""},
		"own with an unknown member":        {deployment(`{"environment":"staging","result":"healthy","more":1}`), "more"},
		"own with an unknown member within": {deployment(`{"environment":"staging","result":"healthy","gateledger_context":{"more":1}}`), "more"},
		"own without what it must have":     {deployment(`{}`), "no environment"},
		"own that fails its check":          {deployment(`{"environment":"staging","result":"fine"}`), "unknown result"},
		"own with the wrong type":           {deployment(`{"environment":1}`), "read predicate"},
		"standard":                          {test(`{"result":"PASSED","configuration":[]}`), ""},
		"standard with an unknown member":   {test(`{"result":"PASSED","configuration":[],"more":1}`), ""},
		"standard with the wrong type":      {test(`{"result":1}`), "read predicate"},
	} {
		t.Run(fact, func(t *testing.T) {
			err := c.decode(t)
			if c.err == "" {
				check(t, err)
				return
			}
			wantError(t, err, c.err)
		})
	}
}

func TestChecks(t *testing.T) {
	hex := strings.Repeat("0", 64)
	for fact, c := range map[string]struct {
		p   interface{ Check() error }
		err string
	}{
		"commit":                          {event.CommitPredicate{Commit: commitA, Tree: commitA}, ""},
		"commit abbreviated":              {event.CommitPredicate{Commit: commitA[:7], Tree: commitA}, "7 hex digits"},
		"commit without tree":             {event.CommitPredicate{Commit: commitA}, "0 hex digits"},
		"commit with a parent by name":    {event.CommitPredicate{Commit: commitA, Tree: commitA, Parents: []string{"main"}}, "4 hex digits"},
		"deployment for a request":        {event.DeploymentPredicate{Environment: "p", Result: "failed", Request: hex}, ""},
		"deployment for half a request":   {event.DeploymentPredicate{Environment: "p", Result: "failed", Request: hex[:12]}, "not a hex SHA-256"},
		"consumption":                     {event.ConsumptionPredicate{Request: hex, Environment: "p", Run: "1"}, ""},
		"consumption of nothing":          {event.ConsumptionPredicate{Environment: "p", Run: "1"}, "request"},
		"consumption of a prefix":         {event.ConsumptionPredicate{Request: hex[:63], Environment: "p", Run: "1"}, "request"},
		"consumption by nobody":           {event.ConsumptionPredicate{Request: hex, Environment: "p"}, "no run"},
		"consumption without environment": {event.ConsumptionPredicate{Request: hex, Run: "1"}, "no environment"},
	} {
		t.Run(fact, func(t *testing.T) {
			if c.err == "" {
				check(t, c.p.Check())
				return
			}
			wantError(t, c.p.Check(), c.err)
		})
	}
}

func TestDocument(t *testing.T) {
	inline, err := event.Document(open(t, signedAs(t, "ci", event.CycloneDXType, canon.Raw(`{"bomFormat":"CycloneDX"}`))))
	check(t, err)
	if want := "sha256:"; !strings.HasPrefix(inline.String(), want) {
		t.Errorf("inline document is %s", inline)
	}
	refer := func(refs ...event.Subject) *event.Event {
		return open(t, signedAs(t, "ci", event.ReferenceType, event.ReferencePredicate{References: refs}))
	}
	d, err := event.Document(refer(event.Subject{Digest: map[string]string{"sha256": digestB}}))
	check(t, err)
	if d.Hex != digestB {
		t.Errorf("referenced document is %s", d)
	}
	_, err = event.Document(refer())
	wantError(t, err, "0 documents")
	_, err = event.Document(refer(event.Subject{Digest: map[string]string{"sha512": digestB}}))
	wantError(t, err, "want one with a sha256")
}

// Whatever Open accepts is spelled as Leaf spells it, and its signature is
// about the body it was opened with.
func FuzzOpen(f *testing.F) {
	s := signed(f, "ci")
	leaf := leafOf(f, s)
	f.Add(leaf, s.Payload)
	f.Add([]byte(strings.Replace(string(leaf), `"publicKey"`, `"x509Certificate"`, 1)), s.Payload)
	f.Add(leaf[:len(leaf)-3], s.Payload)
	f.Add([]byte(strings.Replace(string(leaf), `"content":"`, `"content":"\n`, 1)), s.Payload)
	f.Fuzz(func(t *testing.T, leaf, body []byte) {
		e, err := event.Open(1, leaf, body)
		if err != nil {
			return
		}
		_ = e.Kind()
		if e.Verify() != nil {
			return
		}
		if again, err := e.Signed.Leaf(); err != nil || !bytes.Equal(again, leaf) {
			t.Fatalf("%v: opened\n%s\nwrote\n%s", err, leaf, again)
		}
	})
}

// The budget of a gate: 10 000 entries in 50 ms, with everything else it does.
func BenchmarkOpen(b *testing.B) {
	pad := strings.Repeat("x", 1024-len(good))
	payload := strings.Replace(good, `{}`, `{"s":"`+pad+`"}`, 1)
	s, err := event.Sign([]byte(payload), newSigner(b, "ci"))
	check(b, err)
	leaf := leafOf(b, s)
	b.SetBytes(int64(len(leaf) + len(s.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := event.Open(1, leaf, s.Payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIs(b *testing.B) {
	s := signed(b, "ci")
	leaf := leafOf(b, s)
	e, err := event.Open(1, leaf, s.Payload)
	check(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if e.Is("vote") {
			b.Fatal("a deployment is a vote")
		}
	}
}

func BenchmarkStatement(b *testing.B) {
	payload := signed(b, "ci").Payload
	b.ReportAllocs()
	for b.Loop() {
		if _, err := event.ParseStatement(payload); err != nil {
			b.Fatal(err)
		}
	}
}
