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
	"github.com/gateledger/gateledger/internal/product"
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
	for fact, c := range map[string]struct{ leaf, body string }{
		"no leaf":                           {"", body},
		"no body":                           {leaf, ""},
		"another body":                      {leaf, body + " "},
		"another event's body":              {leaf, string(signed(t, "eve").Payload[:len(body)-1]) + "]"},
		"trailing data":                     {leaf + "\n", body},
		"leading space":                     {" " + leaf, body},
		"cut in half":                       {leaf[:len(leaf)/2], body},
		"cut by one":                        {leaf[:len(leaf)-1], body},
		"a space inside":                    {change(`"kind":`, `"kind": `), body},
		"version 0.0.1":                     {change("0.0.2", "0.0.1"), body},
		"kind dsse":                         {change("hashedrekord", "dsse"), body},
		"another digest algorithm":          {change("SHA2_256", "SHA2_512"), body},
		"another kind of key":               {change("P256_SHA_256", "P384_SHA_384"), body},
		"an extra member":                   {change(`"kind":`, `"extra":1,"kind":`), body},
		"digest missing":                    {change(digest, ""), body},
		"digest short":                      {change(digest, digest[:40]), body},
		"digest twice":                      {change(digest, digest[:43]+"A"+digest), body},
		"digest with a newline":             {change(digest, digest[:20]+"\n"+digest[20:]), body},
		"digest in URL-safe base64":         {change(digest, strings.NewReplacer("+", "-", "/", "_").Replace("+/"+digest[2:])), body},
		"digest without padding":            {change(digest, strings.TrimRight(digest, "=")), body},
		"stray bits at the end of a digest": {change(digest, digest[:42]+string(next(digest[42]))+"="), body},
		"signature with a newline":          {change(sig, sig[:10]+"\r\n"+sig[10:]), body},
		"signature as an escape":            {change(sig, `\u004d`+sig[1:]), body},
		"a leaf inside a leaf":              {change(sig, leaf), body},
		"over the limit":                    {change(sig, strings.Repeat("A", event.MaxLeaf)), body},
		"a key called a certificate":        {change(`"publicKey"`, `"x509Certificate"`), body},
		"a key and a certificate":           {change(`"publicKey"`, `"x509Certificate":{"rawBytes":""},"publicKey"`), body},
		"neither key nor certificate":       {change(`publicKey`, ``), body},
		"a framed body for nothing":         {leaf, product.BodyMagic + body},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.Open(3, []byte(c.leaf), []byte(c.body))
			if !errors.Is(err, event.ErrMismatch) {
				t.Fatalf("error %v, want %v", err, event.ErrMismatch)
			}
			wantError(t, err, "open entry 3")
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

// Of a leaf with a certificate the same holds, but for the certificate's own
// bytes: who issued it, package keyless asks, and a proof of inclusion holds
// every byte of the leaf.
func TestOpenOrVerifyRefusesEveryFlippedBitButTheCertificates(t *testing.T) {
	s := keyless(t, "ci")
	leaf, body := leafOf(t, s), s.Payload
	start := bytes.Index(leaf, []byte(`"x509Certificate"`)) + len(`"x509Certificate":{"rawBytes":"`)
	end := bytes.IndexByte(leaf[start:], '"') + start
	tolerated := 0
	for part, data := range map[string][]byte{"leaf": leaf, "body": body} {
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				e, err := event.Open(0, leaf, body)
				switch {
				case err != nil || e.Verify() != nil:
				case part == "leaf" && i >= start && i < end:
					tolerated++
					if e.ID() != s.ID() {
						t.Errorf("bit %d of byte %d of the certificate flipped, and accepted as another event", bit, i)
					}
				default:
					t.Errorf("%s with bit %d of byte %d flipped is accepted", part, bit, i)
				}
				data[i] ^= 1 << bit
			}
		}
	}
	if tolerated == 0 {
		t.Error("no other certificate of the key is accepted, which would be better still")
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
		"pipeline":                        {event.PipelinePredicate{Result: event.RunCancelled, Seconds: 3}, ""},
		"pipeline that ended somehow":     {event.PipelinePredicate{Result: "SUCCESS"}, "unknown result"},
		"pipeline in less than no time":   {event.PipelinePredicate{Result: event.RunFailed, Seconds: -1}, "-1 seconds"},
		"consumption":                     {event.ConsumptionPredicate{Request: hex, Environment: "p", Run: "1"}, ""},
		"consumption of nothing":          {event.ConsumptionPredicate{Environment: "p", Run: "1"}, "request"},
		"consumption of a prefix":         {event.ConsumptionPredicate{Request: hex[:63], Environment: "p", Run: "1"}, "request"},
		"consumption by nobody":           {event.ConsumptionPredicate{Request: hex, Environment: "p"}, "no run"},
		"consumption without environment": {event.ConsumptionPredicate{Request: hex, Run: "1"}, "no environment"},
		"debt":                            {debt(func(*event.DebtPredicate) {}), ""},
		"debt of no request":              {debt(func(p *event.DebtPredicate) { p.Request = "" }), "request"},
		"debt of no environment":          {debt(func(p *event.DebtPredicate) { p.Environment = "" }), "no environment"},
		"debt of an empty log":            {debt(func(p *event.DebtPredicate) { p.Size = 0 }), "empty log"},
		"debt to nobody":                  {debt(func(p *event.DebtPredicate) { p.Missing = nil }), "0 anchors"},
		"debt to too many":                {debt(func(p *event.DebtPredicate) { p.Missing = make([]string, 257) }), "257 anchors"},
		"debt of no time":                 {debt(func(p *event.DebtPredicate) { p.Time = "now" }), "time"},
		"debt that is never due":          {debt(func(p *event.DebtPredicate) { p.Until = "" }), "until"},
		"debt that was due before":        {debt(func(p *event.DebtPredicate) { p.Until = p.Time }), "not after"},
		"first policy":                    {event.PolicyPredicate{Ledger: "l", Previous: "none", Policy: digestA}, ""},
		"first policy by a request":       {event.PolicyPredicate{Ledger: "l", Previous: "none", Policy: digestA, Request: hex}, "has no request"},
		"policy":                          {event.PolicyPredicate{Ledger: "l", Previous: digestB, Policy: digestA, Request: hex}, ""},
		"policy by no request":            {event.PolicyPredicate{Ledger: "l", Previous: digestB, Policy: digestA}, "request"},
		"policy by half a request":        {event.PolicyPredicate{Ledger: "l", Previous: digestB, Policy: digestA, Request: hex[:12]}, "request"},
		"policy after nothing":            {event.PolicyPredicate{Ledger: "l", Policy: digestA}, "previous"},
		"policy after itself":             {event.PolicyPredicate{Ledger: "l", Previous: digestA, Policy: digestA, Request: hex}, "the same"},
		"policy with its algorithm":       {event.PolicyPredicate{Ledger: "l", Previous: "none", Policy: "sha256:" + digestA}, "policy"},
		"policy of no ledger":             {event.PolicyPredicate{Previous: "none", Policy: digestA}, "no ledger"},
		"report":                          {report(func(*event.UntrustedReportPredicate) {}), ""},
		"report about no commit":          {report(func(p *event.UntrustedReportPredicate) { p.Commit = "" }), "commit"},
		"report without digest":           {report(func(p *event.UntrustedReportPredicate) { p.Digest = digestA }), "no algorithm"},
		"report by git's digest":          {report(func(p *event.UntrustedReportPredicate) { p.Digest = "gitBlob:" + commitA }), "no sha256"},
		"report from nowhere":             {report(func(p *event.UntrustedReportPredicate) { p.Source = "" }), "no source"},
		"report of no type":               {report(func(p *event.UntrustedReportPredicate) { p.Media = "" }), "no media"},
		"report of less than nothing":     {report(func(p *event.UntrustedReportPredicate) { p.Size = -1 }), "size"},
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

func report(change func(*event.UntrustedReportPredicate)) event.UntrustedReportPredicate {
	p := event.UntrustedReportPredicate{Source: "eve/app", Commit: commitA, Media: "application/json", Digest: "sha256:" + digestA}
	change(&p)
	return p
}

func TestPolicySubject(t *testing.T) {
	s := event.PolicySubject(digestA)
	if s.Name != ".gateledger.yml" || s.Digest["sha256"] != digestA || len(s.Digest) != 1 {
		t.Errorf("a policy event is about %+v", s)
	}
}

// The stamp is left out where there is none, so older decisions read as they
// were written.
func TestDecisionWithoutStamp(t *testing.T) {
	p := event.DecisionPredicate{Decision: canon.Raw(`{}`)}
	data, err := canon.Marshal(p)
	check(t, err)
	if strings.Contains(string(data), "stamp") {
		t.Errorf("written: %s", data)
	}
	p.Stamp = []byte{1}
	data, err = canon.Marshal(p)
	check(t, err)
	if !strings.Contains(string(data), `"gateledger_stamp":"AQ=="`) {
		t.Errorf("written: %s", data)
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
	k := keyless(f, "ci")
	f.Add(leafOf(f, k), bodyOf(f, k))
	f.Add(leafOf(f, k), k.Payload)
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

// Whatever id Open gives, the leaf alone gives too.
func FuzzLeafID(f *testing.F) {
	for _, s := range []event.Signed{signed(f, "ci"), keyless(f, "ci")} {
		f.Add(leafOf(f, s), s.Payload)
	}
	f.Fuzz(func(t *testing.T, leaf, body []byte) {
		id, ok := event.LeafID(leaf)
		e, err := event.Open(1, leaf, body)
		if err != nil {
			return
		}
		if n := len(e.Signed.Verifier.PublicKey); n > 0 && n <= 500 && (!ok || id != e.ID()) {
			t.Fatalf("the event has id %x, its leaf %x, %v", e.ID(), id, ok)
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

// An event signed keyless is opened as cheaply: its certificate is not parsed.
func BenchmarkOpenKeyless(b *testing.B) {
	s := keyless(b, "ci")
	leaf, body := leafOf(b, s), bodyOf(b, s)
	b.SetBytes(int64(len(leaf) + len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := event.Open(1, leaf, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLeafID(b *testing.B) {
	leaf := leafOf(b, signed(b, "ci"))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := event.LeafID(leaf); !ok {
			b.Fatal("no id")
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

func debt(edit func(*event.DebtPredicate)) event.DebtPredicate {
	p := event.DebtPredicate{Request: digestA, Environment: "p", Size: 7, Missing: []string{"main"}, Time: "2026-03-01T11:00:00Z", Until: "2026-03-02T11:00:00Z"}
	edit(&p)
	return p
}
