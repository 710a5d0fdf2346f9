// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
)

// logged is a bundle of the event at index in a log of size events.
func logged(t testing.TB, size, index int) (event.Bundle, *testLog) {
	t.Helper()
	l := newLog(t, "k")
	s := signed(t, "ci")
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

func TestBundleRoundTrip(t *testing.T) {
	for _, c := range []struct{ size, index int }{{1, 0}, {2, 0}, {2, 1}, {7, 6}, {300, 255}} {
		b, l := logged(t, c.size, c.index)
		data := marshal(t, b)
		e, err := verify(data, l.keys)
		check(t, err)
		if e.Index != uint64(c.index) || e.ID() != signed(t, "ci").ID() {
			t.Errorf("%v: event %d, id %x", c, e.Index, e.ID())
		}
		parsed, err := event.ParseBundle(data)
		check(t, err)
		if !bytes.Equal(marshal(t, parsed), data) {
			t.Errorf("%v: written again, it differs", c)
		}
		receipt, err := parsed.Receipt()
		check(t, err)
		check(t, receipt.Verify(parsed.Leaf(), l.keys))
		s, err := parsed.Signed()
		check(t, err)
		if s.KeyID() != signed(t, "ci").KeyID() {
			t.Errorf("%v: signed by %s", c, s.KeyID())
		}
	}
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
		"entry with a certificate":            {change(b64(leaf), altered(`publicKey`, `x509Certificate`)), "keyless"},
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
		"a certificate":                       {change(`"publicKey":{"hint":"`+s.KeyID()+`"}`, `"certificate":{"rawBytes":""}`), "keyless"},
		"a certificate beside the key":        {change(`"publicKey":`, `"certificate":{"rawBytes":""},"publicKey":`), "keyless"},
		"a certificate chain":                 {change(`"publicKey":`, `"x509CertificateChain":{},"publicKey":`), "keyless"},
		"a message signature, not a envelope": {change(`"dsseEnvelope"`, `"messageSignature"`), "messageSignature"},
		"timestamps, which nothing reads":     {change(`"publicKey":`, `"timestampVerificationData":{},"publicKey":`), "timestampVerificationData"},
		"an inclusion promise":                {change(`"kindVersion":`, `"inclusionPromise":{},"kindVersion":`), "inclusionPromise"},
		"an integrated time":                  {change(`"kindVersion":`, `"integratedTime":"1","kindVersion":`), "integratedTime"},
	} {
		t.Run(fact, func(t *testing.T) {
			if c.bundle == data {
				t.Fatal("nothing was changed")
			}
			_, err := event.ParseBundle([]byte(c.bundle))
			wantError(t, err, c.err)
			if !errors.Is(err, event.ErrBundle) && !errors.Is(err, event.ErrKeyless) {
				t.Errorf("error %v is neither ErrBundle nor ErrKeyless", err)
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

// Every byte of a bundle counts: whichever bit is flipped, the bundle is
// refused.
func TestBundleRefusesEveryFlippedBit(t *testing.T) {
	b, l := logged(t, 3, 1)
	data := marshal(t, b)
	tolerated := toleratedRange(t, data, l)
	for i := range data {
		for bit := range 8 {
			data[i] ^= 1 << bit
			_, err := verify(data, l.keys)
			if ok := slices.Contains(tolerated, i); err == nil && !ok {
				t.Errorf("bit %d of byte %d flipped, and accepted: …%s…", bit, i, data[max(0, i-20):min(len(data), i+20)])
			}
			data[i] ^= 1 << bit
		}
	}
}

// toleratedRange are the bytes of logId behind the first four of the key id.
// proof.Keys knows a key by that hash alone; whose signature stands on the
// checkpoint is decided by the signature, and logId only helps to find it.
func toleratedRange(t *testing.T, data []byte, l *testLog) []int {
	t.Helper()
	id := base64.StdEncoding.EncodeToString(l.id)
	start := bytes.Index(data, []byte(id))
	if start < 0 {
		t.Fatalf("log id %s is not in the bundle", hex.EncodeToString(l.id))
	}
	var out []int
	for i := start + 5; i < start+len(id); i++ { // the first 30 bits are the hash and more
		out = append(out, i)
	}
	return out
}

// Whatever is accepted is written again as its canonical form, and its parts
// agree.
func FuzzParseBundle(f *testing.F) {
	b, _ := logged(f, 3, 1)
	data := marshal(f, b)
	f.Add(data)
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
