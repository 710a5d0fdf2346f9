// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
)

// logged is a bundle of the event at index in a log of size events.
func logged(t testing.TB, size, index int) (event.Bundle, *testLog) {
	t.Helper()
	return loggedAs(t, signed(t, "ci"), size, index)
}

func loggedAs(t testing.TB, s event.Signed, size, index int) (event.Bundle, *testLog) {
	t.Helper()
	l := newLog(t, "k")
	for i := range size {
		leaf := leafOf(t, s)
		if i != index {
			leaf = fmt.Appendf(nil, "leaf %d", i)
		}
		l.append(t, leaf)
	}
	return event.NewBundle(s, leafOf(t, s), l.receipt(t, int64(index)), l.id), l
}

func marshal(t testing.TB, b event.Bundle) []byte {
	t.Helper()
	data, err := b.Marshal()
	check(t, err)
	return data
}

func verify(data []byte, keys proof.Keys) (*event.Event, error) {
	b, err := event.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	return b.Verify(keys)
}

// shapes are an event of each shape that a bundle may have.
func shapes(t testing.TB) map[string]event.Signed {
	t.Helper()
	stamped, bare := signed(t, "ci"), keyless(t, "ci")
	stamped.Timestamps = tokens
	bare.Timestamps, bare.Entries = nil, nil
	return map[string]event.Signed{"key": signed(t, "ci"), "key, stamped": stamped, "certificate": keyless(t, "ci"), "certificate, bare": bare}
}

func TestBundleRoundTrip(t *testing.T) {
	for shape, s := range shapes(t) {
		for _, c := range []struct{ size, index int }{{1, 0}, {2, 0}, {2, 1}, {7, 6}, {300, 255}} {
			b, l := loggedAs(t, s, c.size, c.index)
			data := marshal(t, b)
			e, err := verify(data, l.keys)
			check(t, err)
			if e.Index != uint64(c.index) || e.ID() != s.ID() {
				t.Errorf("%s, %v: event %d, id %x", shape, c, e.Index, e.ID())
			}
			if diff := cmp.Diff(s, e.Signed); diff != "" {
				t.Errorf("%s, %v: %s", shape, c, diff)
			}
			parsed, err := event.ParseBundle(data)
			check(t, err)
			if !bytes.Equal(marshal(t, parsed), data) {
				t.Errorf("%s, %v: written again, it differs", shape, c)
			}
			receipt, err := parsed.Receipt()
			check(t, err)
			check(t, receipt.Verify(parsed.Leaf(), l.keys))
			signed, err := parsed.Signed()
			check(t, err)
			if diff := cmp.Diff(s, signed); diff != "" {
				t.Errorf("%s, %v: %s", shape, c, diff)
			}
		}
	}
}

// The layout is protobuf's JSON mapping of a Sigstore bundle v0.3, as stock
// tools write it; test/interop has them read it.
func TestKeylessBundleGolden(t *testing.T) {
	s := keyless(t, "ci")
	b, _ := loggedAs(t, s, 1, 0)
	b64 := base64.StdEncoding.EncodeToString
	data := string(marshal(t, b))
	for _, part := range []string{
		`"verificationMaterial":{"certificate":{"rawBytes":"` + b64(s.Verifier.Certificate) + `"},"timestampVerificationData":`,
		`"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"` + b64(tokens[0]) + `"},{"signedTimestamp":"` + b64(tokens[1]) + `"}]},"tlogEntries":[{`,
		`,{"logIndex":"7"}]}}`,
	} {
		if !strings.Contains(data, part) {
			t.Errorf("%s\nis not in\n%s", part, data)
		}
	}
	if strings.Contains(data, "publicKey\":{\"hint") {
		t.Error("there is a hint of a key beside the certificate")
	}
}

func TestParseBundleRefusesCertificates(t *testing.T) {
	s := keyless(t, "ci")
	b, _ := loggedAs(t, s, 3, 1)
	data := string(marshal(t, b))
	b64 := base64.StdEncoding.EncodeToString
	own := `"certificate":{"rawBytes":"` + b64(s.Verifier.Certificate) + `"}`
	hint := `"publicKey":{"hint":"` + s.KeyID() + `"}`
	for fact, c := range map[string]struct{ new, err string }{
		"another one":         {`"certificate":{"rawBytes":"` + b64(certificateOf(t, "eve")) + `"}`, "not the entry's"},
		"none":                {`"certificate":{"rawBytes":""}`, "not the entry's"},
		"null":                {`"certificate":null`, "bundle none"},
		"the hint of its key": {hint, "bundle none"},
		"a hint beside it":    {own + "," + hint, "want one"},
		"more in it":          {own[:len(own)-1] + `,"x":1}`, "unknown"},
		"a chain":             {`"x509CertificateChain":{"certificates":[{"rawBytes":"` + b64(s.Verifier.Certificate) + `"}]}`, "x509CertificateChain"},
		"in PEM":              {`"certificate":{"rawBytes":"` + b64([]byte("-----BEGIN CERTIFICATE-----")) + `"}`, "not the entry's"},
		"with a line feed":    {own[:40] + `\n` + own[40:], "malformed bundle"},
		"timestamps twice":    {own + `,"timestampVerificationData":{}`, "duplicate"},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.ParseBundle([]byte(strings.Replace(data, own, c.new, 1)))
			wantError(t, err, c.err)
			if !errors.Is(err, event.ErrBundle) {
				t.Errorf("error %v is not ErrBundle", err)
			}
		})
	}
}

// A payload that is a framed body is no statement, though the statement in it
// is the entry's.
func TestBundleRefusesFramedPayload(t *testing.T) {
	s := keyless(t, "ci")
	s.Payload = bodyOf(t, s)
	b := event.NewBundle(s, leafOf(t, keyless(t, "ci")), proof.Receipt{}, nil)
	_, err := b.Signed()
	wantError(t, err, "leaf and body disagree")
}

// Spacing and order are free, as JSON tools change them.
func TestBundleReformatted(t *testing.T) {
	b, l := logged(t, 3, 1)
	data := string(marshal(t, b))
	i := strings.Index(data, `"mediaType"`)
	j := strings.Index(data, `,"verificationMaterial"`)
	moved := "{ \n\t" + data[i:j] + ", " + data[1:i] + data[j+1:] + "\n"
	_, err := verify([]byte(moved), l.keys)
	check(t, err)
}

func TestParseBundleRefuses(t *testing.T) {
	b, _ := logged(t, 3, 1)
	data := string(marshal(t, b))
	change := func(old, new string) string {
		if !strings.Contains(data, old) {
			t.Fatalf("%q is not in the bundle", old)
		}
		return strings.Replace(data, old, new, 1)
	}
	s := signed(t, "ci")
	leaf := leafOf(t, s)
	b64 := base64.StdEncoding.EncodeToString
	altered := func(old, new string) string {
		return b64([]byte(strings.Replace(string(leaf), old, new, 1)))
	}
	sig := b64(s.Signature)
	for fact, c := range map[string]struct{ bundle, err string }{
		"nothing":                             {"", "malformed bundle"},
		"no JSON":                             {"hello", "malformed bundle"},
		"null":                                {"null", "mediaType"},
		"cut in half":                         {data[:len(data)/2], "malformed bundle"},
		"trailing data":                       {data + "{}", "malformed bundle"},
		"broken UTF-8":                        {change(`"hint":"`, "\"hint\":\"\xff"), "UTF-8"},
		"mediaType twice":                     {change(`"mediaType"`, `"mediaType":"x","mediaType"`), "duplicate"},
		"payload twice":                       {change(`"payload":`, `"payload":"aGk=","payload":`), "duplicate"},
		"an unknown member":                   {change(`"payload":`, `"extra":1,"payload":`), "extra"},
		"a member in another case":            {change(`"payload":`, `"Payload":`), "Payload"},
		"keyid beside the signature":          {change(`"sig":`, `"keyid":"x","sig":`), "keyid"},
		"version 0.2":                         {change("v0.3", "v0.2"), "mediaType"},
		"the old spelling of the version":     {change("bundle.v0.3+json", "bundle+json;version=0.3"), "mediaType"},
		"another payload type":                {change("application/vnd.in-toto+json", "text/plain"), "payloadType"},
		"no signature":                        {change(`[{"sig":"`+sig+`"}]`, `[]`), "0 signatures"},
		"two signatures":                      {change(`{"sig":"`+sig+`"}`, `{"sig":"`+sig+`"},{"sig":"`+sig+`"}`), "2 signatures"},
		"no log entry":                        {noEntries(data), "0 tlogEntries"},
		"another signature than the entry's":  {change(`"sig":"`+sig, `"sig":"`+b64(signed(t, "eve").Signature)), "another signature"},
		"another payload than the entry's":    {change(`"payload":"`+b64(s.Payload), `"payload":"`+b64([]byte(good))), "leaf and body disagree"},
		"entry of another event":              {change(b64(leaf), b64(leafOf(t, signed(t, "eve")))), "another signature"},
		"entry with another version":          {change(b64(leaf), altered("0.0.2", "0.0.1")), "canonicalizedBody"},
		"entry with a space":                  {change(b64(leaf), altered(`:{`, `: {`)), "canonicalizedBody"},
		"entry with a certificate":            {change(b64(leaf), altered(`publicKey`, `x509Certificate`)), "no X.509"},
		"entry empty":                         {change(b64(leaf), ""), "canonicalizedBody"},
		"kindVersion 0.0.1":                   {change(`"version":"0.0.2"`, `"version":"0.0.1"`), "kindVersion"},
		"kindVersion dsse":                    {change(`"kind":"hashedrekord"`, `"kind":"dsse"`), "kindVersion"},
		"hint of another key":                 {change(s.KeyID(), signed(t, "eve").KeyID()), "hint"},
		"no hint":                             {change(s.KeyID(), ""), "hint"},
		"log index of its own":                {change(`"logIndex":"1","rootHash"`, `"logIndex":"0","rootHash"`), "logIndex"},
		"log index a number":                  {change(`"logIndex":"1"`, `"logIndex":1`), "logIndex"},
		"log index with a plus":               {strings.ReplaceAll(data, `"logIndex":"1"`, `"logIndex":"+1"`), "logIndex"},
		"log index with a zero before":        {strings.ReplaceAll(data, `"logIndex":"1"`, `"logIndex":"01"`), "malformed bundle"},
		"log index negative":                  {strings.ReplaceAll(data, `"logIndex":"1"`, `"logIndex":"-1"`), "logIndex"},
		"tree size of its own":                {change(`"treeSize":"3"`, `"treeSize":"99"`), "treeSize"},
		"tree size missing":                   {change(`,"treeSize":"3"`, ``), "treeSize"},
		"root hash of its own":                {rootHash(data, 'A'), "rootHash"},
		"root hash short":                     {shortRoot(data), "rootHash has"},
		"log id short":                        {logID(data, "AAAA"), "logId"},
		"log id missing":                      {logID(data, ""), "logId"},
		"a hash short":                        {change(`"hashes":["`, `"hashes":["AAAA","`), "hash 0 has 3 bytes"},
		"fifty hashes":                        {change(`"hashes":["`, `"hashes":[`+strings.Repeat(`"`+b64(make([]byte, 32))+`",`, 50)+`"`), "over the limit of 49"},
		"hashes null":                         {strings.Replace(data, data[strings.Index(data, `"hashes":[`):strings.Index(data, `,"logIndex":"1","rootHash"`)], `"hashes":null`, 1), "second way"},
		"checkpoint empty":                    {checkpoint(data, ""), "treeSize and rootHash"},
		"checkpoint of another shape":         {checkpoint(data, `x\n3\n`), "treeSize and rootHash"},
		"base64 with a newline":               {change(`"sig":"`+sig[:8], `"sig":"`+sig[:8]+`\n`), "malformed bundle"},
		"base64 for URLs":                     {change(`"payload":"`+b64(s.Payload), `"payload":"`+base64.URLEncoding.EncodeToString(s.Payload[:1])+"-_"), "malformed bundle"},
		"a zero spelled out":                  {zero(t), "second way"},
		"nested without end":                  {`{"mediaType":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}", "deeper"},
		"a certificate":                       {change(`"publicKey":{"hint":"`+s.KeyID()+`"}`, `"certificate":{"rawBytes":""}`), "no hint"},
		"a certificate beside the key":        {change(`"publicKey":`, `"certificate":{"rawBytes":""},"publicKey":`), "want one"},
		"a certificate chain":                 {change(`"publicKey":`, `"x509CertificateChain":{},"publicKey":`), "x509CertificateChain"},
		"a message signature, not a envelope": {change(`"dsseEnvelope"`, `"messageSignature"`), "messageSignature"},
		"timestamps, but none":                {change(`"tlogEntries":`, `"timestampVerificationData":{},"tlogEntries":`), "without a timestamp"},
		"timestamps, and the list empty":      {change(`"tlogEntries":`, `"timestampVerificationData":{"rfc3161Timestamps":[]},"tlogEntries":`), "without a timestamp"},
		"timestamps null":                     {change(`"tlogEntries":`, `"timestampVerificationData":null,"tlogEntries":`), "second way"},
		"a timestamp that is none":            {change(`"tlogEntries":`, `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AAAA"}]},"tlogEntries":`), "no single DER"},
		"a timestamp that says more":          {change(`"tlogEntries":`, `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"MAA=","x":1}]},"tlogEntries":`), "unknown"},
		"a timestamp twice":                   {change(`"tlogEntries":`, `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"MAA="},{"signedTimestamp":"MAA="}]},"tlogEntries":`), "twice"},
		"timestamps without end":              {change(`"tlogEntries":`, `"timestampVerificationData":{"rfc3161Timestamps":[`+strings.Repeat(`{"signedTimestamp":"MAA="},`, 8)+`{"signedTimestamp":"MAA="}]},"tlogEntries":`), "over the limit of 8"},
		"another log's entry first":           {change(`"tlogEntries":[`, `"tlogEntries":[{"logIndex":"1"},`), "malformed bundle"},
		"an entry that is no object":          {data[:len(data)-3] + ",1]}}", "no JSON object"},
		"tlogEntries null":                    {data[:strings.Index(data, `"tlogEntries":`)] + `"tlogEntries":null}}`, "0 tlogEntries"},
		"an inclusion promise":                {change(`"kindVersion":`, `"inclusionPromise":{},"kindVersion":`), "inclusionPromise"},
		"an integrated time":                  {change(`"kindVersion":`, `"integratedTime":"1","kindVersion":`), "integratedTime"},
	} {
		t.Run(fact, func(t *testing.T) {
			if c.bundle == data {
				t.Fatal("nothing was changed")
			}
			_, err := event.ParseBundle([]byte(c.bundle))
			wantError(t, err, c.err)
			if !errors.Is(err, event.ErrBundle) {
				t.Errorf("error %v is not ErrBundle", err)
			}
		})
	}
}

// between puts new in place of what stands between two marks.
func between(s, from, to, new string) string {
	i := strings.Index(s, from) + len(from)
	j := i + strings.Index(s[i:], to)
	return s[:i] + new + s[j:]
}

func noEntries(data string) string { return between(data, `"tlogEntries":[`, `]}}`, ``) }
func rootHash(data string, c byte) string {
	i := strings.Index(data, `"rootHash":"`) + 15
	return data[:i] + string(c) + data[i+1:]
}
func shortRoot(data string) string        { return between(data, `"rootHash":"`, `"`, "AAAA") }
func logID(data, id string) string        { return between(data, `"keyId":"`, `"`, id) }
func checkpoint(data, note string) string { return between(data, `"envelope":"`, `"`, note) }

// zero is a bundle of the first entry, its index written where protobuf's
// JSON leaves it out.
func zero(t *testing.T) string {
	t.Helper()
	b, _ := logged(t, 2, 0)
	return strings.Replace(string(marshal(t, b)), `"rootHash"`, `"logIndex":"0","rootHash"`, 1)
}

func TestParseBundleTooLarge(t *testing.T) {
	_, err := event.ParseBundle(make([]byte, event.MaxBundle+1))
	wantError(t, err, "over the limit of 67108864")
}

func TestMarshalRefuses(t *testing.T) {
	s := signed(t, "ci")
	l := newLog(t, "k")
	l.append(t, leafOf(t, s))
	for fact, c := range map[string]struct {
		b   event.Bundle
		err string
	}{
		"the zero bundle":         {event.Bundle{}, "mediaType"},
		"somebody else's leaf":    {event.NewBundle(s, leafOf(t, signed(t, "eve")), l.receipt(t, 0), l.id), "another signature"},
		"a log id cut to a hash":  {event.NewBundle(s, leafOf(t, s), l.receipt(t, 0), l.id[:4]), "logId has 4 bytes"},
		"a receipt that is blank": {event.NewBundle(s, leafOf(t, s), proof.Receipt{}, l.id), "treeSize and rootHash"},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := c.b.Marshal()
			wantError(t, err, c.err)
		})
	}
	if _, err := (event.Bundle{}).Signed(); err == nil {
		t.Error("the zero bundle is signed")
	}
	if _, err := (event.Bundle{}).Receipt(); err == nil {
		t.Error("the zero bundle has a receipt")
	}
	if (event.Bundle{}).Leaf() != nil {
		t.Error("the zero bundle has a leaf")
	}
}

func TestBundleVerifyRefuses(t *testing.T) {
	b, l := logged(t, 3, 1)
	stranger := newLog(t, "x")
	s := signed(t, "ci")
	forged := s
	forged.Signature = signed(t, "eve").Signature
	bad := newLog(t, "k")
	bad.append(t, leafOf(t, forged))
	moved := l.receipt(t, 1)
	moved.Index = 2
	fork := newLog(t, "k")
	fork.append(t, []byte("another first leaf"), leafOf(t, s), []byte("leaf 2"))
	mixed := l.receipt(t, 1)
	mixed.Checkpoint = fork.receipt(t, 1).Checkpoint
	for fact, c := range map[string]struct {
		b    event.Bundle
		keys proof.Keys
		is   error
	}{
		"a log we do not trust":           {b, stranger.keys, proof.ErrUnsigned},
		"no keys":                         {b, proof.Keys{}, nil},
		"an index that is not the leaf's": {event.NewBundle(s, leafOf(t, s), moved, l.id), l.keys, proof.ErrProof},
		"a proof from another log":        {event.NewBundle(s, leafOf(t, s), mixed, l.id), l.keys, proof.ErrProof},
		"another log's id":                {event.NewBundle(s, leafOf(t, s), l.receipt(t, 1), stranger.id), l.keys, event.ErrBundle},
		"a signature that is not the key's": {
			event.NewBundle(forged, leafOf(t, forged), bad.receipt(t, 0), bad.id), bad.keys, event.ErrSignature},
		"the zero bundle": {event.Bundle{}, l.keys, event.ErrBundle},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := c.b.Verify(c.keys)
			if err == nil || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("error %v, want %v", err, c.is)
			}
		})
	}
	_, err := b.Verify(l.keys)
	check(t, err)
}

// Whatever is accepted is written again as its canonical form, and its parts
// agree.
func FuzzParseBundle(f *testing.F) {
	b, _ := logged(f, 3, 1)
	data := marshal(f, b)
	f.Add(data)
	stamped, _ := loggedAs(f, keyless(f, "ci"), 3, 1)
	f.Add(marshal(f, stamped))
	first, _ := logged(f, 1, 0)
	f.Add(marshal(f, first))
	f.Add(bytes.Replace(data, []byte(`"logIndex":"1"`), []byte(`"logIndex":"01"`), 2))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{}}}`))
	f.Add([]byte(noEntries(string(data))))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := event.ParseBundle(data)
		if err != nil {
			return
		}
		again, err := b.Marshal()
		check(t, err)
		twice, err := event.ParseBundle(again)
		check(t, err)
		if !bytes.Equal(marshal(t, twice), again) {
			t.Fatal("a bundle that was written is read as another")
		}
		if s, err := b.Signed(); err != nil || !bytes.Contains(b.Leaf(), []byte(base64.StdEncoding.EncodeToString(s.Signature))) {
			t.Fatalf("%v: the leaf is not of this signature", err)
		}
	})
}
