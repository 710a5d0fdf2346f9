// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// Who the certificates of these tests are of.
const (
	identity = "ana@example.org"
	issuer   = "https://accounts.example.org"
)

// A sigstore is a private Sigstore: it issues certificates and timestamps.
type sigstore struct{ *ca.VirtualSigstore }

func newSigstore(t *testing.T) sigstore {
	t.Helper()
	v, err := ca.NewVirtualSigstore()
	check(t, err)
	return sigstore{v}
}

// attest signs a deployment with a short-lived certificate. What stands
// beside the signature, beside makes.
func (s sigstore) attest(t *testing.T, beside ...func(*testing.T, *x509.Certificate, []byte) (timestamp, entry []byte)) event.Signed {
	t.Helper()
	certificate, key, err := s.GenerateLeafCert(identity, issuer)
	check(t, err)
	payload := deployment(t)
	sum := sha256.Sum256(event.PAE(event.PayloadType, payload))
	sig, err := key.(*ecdsa.PrivateKey).Sign(rand.Reader, sum[:], crypto.SHA256)
	check(t, err)
	var timestamps, entries [][]byte
	for _, add := range beside {
		timestamp, entry := add(t, certificate, sig)
		if timestamp != nil {
			timestamps = append(timestamps, timestamp)
		}
		if entry != nil {
			entries = append(entries, entry)
		}
	}
	signed, err := event.NewKeyless(payload, sig, certificate.Raw, timestamps, entries)
	check(t, err)
	return signed
}

// stamp is a timestamp of the signature.
func (s sigstore) stamp(t *testing.T, _ *x509.Certificate, sig []byte) ([]byte, []byte) {
	t.Helper()
	token, err := s.TimestampResponse(sig)
	check(t, err)
	return token, nil
}

// trusted is the trusted root that names s, and the log of l as a Rekor v2.
func (s sigstore) trusted(t *testing.T, l logged) *root.TrustedRoot {
	t.Helper()
	logs := rekor(l)
	for id, log := range s.RekorLogs() {
		own := *log
		var err error
		own.ID, err = hex.DecodeString(id)
		check(t, err)
		maps.Copy(logs, map[string]*root.TransparencyLog{id: &own})
	}
	tr, err := root.NewTrustedRoot(root.TrustedRootMediaType01, s.FulcioCertificateAuthorities(), nil, s.TimestampingAuthorities(), logs)
	check(t, err)
	return tr
}

// stockKeyless verifies a bundle as any user of sigstore-go would, offline.
func stockKeyless(t *testing.T, data []byte, trusted root.TrustedMaterial, who string, options ...verify.VerifierOption) error {
	t.Helper()
	var b bundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		return err
	}
	v, err := verify.NewVerifier(trusted, append(options, verify.WithTransparencyLog(1))...)
	check(t, err)
	sum, err := hex.DecodeString(artifact)
	check(t, err)
	id, err := verify.NewShortCertificateIdentity(issuer, "", who, "")
	check(t, err)
	_, err = v.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithCertificateIdentity(id)))
	return err
}

// oursKeyless verifies it as `gateledger verify bundle` does: the bundle by
// the log's keys, and whoever signed it by the trusted root.
func oursKeyless(t *testing.T, data []byte, l logged, trusted *root.TrustedRoot, who string) error {
	t.Helper()
	b, err := event.ParseBundle(data)
	if err != nil {
		return err
	}
	e, err := b.Verify(l.keys)
	if err != nil {
		return err
	}
	id, err := parseRoot(t, trusted).Identify(e.Signed)
	if err != nil {
		return err
	}
	// The issuer stands only where Fulcio put it years ago, which is passed over.
	if id.Subject != who || id.Issuer != "" {
		return fmt.Errorf("signed by %s of %q", id.Subject, id.Issuer)
	}
	return nil
}

func TestStockVerifierAcceptsOurKeylessBundles(t *testing.T) {
	s := newSigstore(t)
	for _, at := range []struct{ size, index int64 }{{1, 0}, {2, 1}, {200, 77}, {257, 256}} {
		l := enter(t, s.attest(t, s.stamp), at.size, at.index)
		trusted := s.trusted(t, l)
		if err := stockKeyless(t, l.bundle, trusted, identity, verify.WithSignedTimestamps(1)); err != nil {
			t.Errorf("entry %d of %d: %v", at.index, at.size, err)
		}
		if err := oursKeyless(t, l.bundle, l, trusted, identity); err != nil {
			t.Errorf("entry %d of %d: ours: %v", at.index, at.size, err)
		}
	}
}

// A bundle may bring another log's entry, whose signed time then dates it. Its
// log need not be one that the verifier knows.
func TestStockVerifierAcceptsAnotherLogsEntryBesideOurs(t *testing.T) {
	s := newSigstore(t)
	l := enter(t, s.attest(t, s.rekor), 200, 77)
	check(t, stockKeyless(t, l.bundle, s.trusted(t, l), identity, verify.WithIntegratedTimestamps(1), verify.WithTransparencyLog(2)))
	l = enter(t, s.attest(t, s.stamp, newSigstore(t).rekor), 200, 77)
	check(t, stockKeyless(t, l.bundle, s.trusted(t, l), identity, verify.WithSignedTimestamps(1)))
}

// rekor is the entry of a Rekor v1 for the signature, with its signed time.
func (s sigstore) rekor(t *testing.T, certificate *x509.Certificate, sig []byte) ([]byte, []byte) {
	t.Helper()
	b64 := base64.StdEncoding.EncodeToString
	envelope := &dsse.Envelope{PayloadType: event.PayloadType, Payload: b64(deployment(t)), Signatures: []dsse.Signature{{Sig: b64(sig)}}}
	made, err := s.GenerateTlogEntry(certificate, envelope, sig, time.Now().Unix(), true)
	check(t, err)
	// What it returns says this beside the entry, where a bundle says it within.
	entry := made.TransparencyLogEntry()
	entry.KindVersion = &rekorpb.KindVersion{Kind: "dsse", Version: "0.0.1"}
	promise, err := s.RekorSignPayload(tlog.RekorPayload{
		Body: b64(entry.CanonicalizedBody), IntegratedTime: entry.IntegratedTime, LogIndex: entry.LogIndex,
		LogID: hex.EncodeToString(entry.LogId.KeyId),
	})
	check(t, err)
	entry.InclusionPromise = &rekorpb.InclusionPromise{SignedEntryTimestamp: promise}
	data, err := protojson.Marshal(entry)
	check(t, err)
	return nil, data
}

// An event signed with a key may be dated too.
func TestStockVerifierAcceptsOurStampedKeyBundles(t *testing.T) {
	s := newSigstore(t)
	signed := signKey(t)
	token, err := s.TimestampResponse(signed.Signature)
	check(t, err)
	signed.Timestamps = [][]byte{token}
	l := enter(t, signed, 200, 77)
	check(t, ours(l.bundle, l.keys))
	both := root.TrustedMaterialCollection{s.trusted(t, l), trust(t, l)}
	stamped := func(data []byte) error {
		var b bundle.Bundle
		if err := b.UnmarshalJSON(data); err != nil {
			return err
		}
		v, err := verify.NewVerifier(both, verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
		check(t, err)
		sum, err := hex.DecodeString(artifact)
		check(t, err)
		_, err = v.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithKey()))
		return err
	}
	check(t, stamped(l.bundle))
	if stamped(flip(t, l.bundle, `"signedTimestamp":"`)) == nil {
		t.Error("the stock verifier accepts another timestamp")
	}
	r := parseRoot(t, s.trusted(t, l))
	b, err := event.ParseBundle(l.bundle)
	check(t, err)
	again, err := b.Signed()
	check(t, err)
	at, err := r.Time(again)
	check(t, err)
	if time.Since(at).Abs() > time.Minute {
		t.Errorf("dated %s", at)
	}
}

func parseRoot(t *testing.T, trusted *root.TrustedRoot) *keyless.Root {
	t.Helper()
	text, err := trusted.MarshalJSON()
	check(t, err)
	r, err := keyless.ParseRoot(text)
	check(t, err)
	return r
}

// What protobuf's JSON writes of our bundle, we read.
func TestKeylessBundleSurvivesStockTools(t *testing.T) {
	s := newSigstore(t)
	l := enter(t, s.attest(t, s.stamp, s.rekor), 3, 1)
	var b bundle.Bundle
	check(t, b.UnmarshalJSON(l.bundle))
	data, err := b.MarshalJSON()
	check(t, err)
	check(t, ours(data, l.keys))
	again, err := event.ParseBundle(data)
	check(t, err)
	text, err := again.Marshal()
	check(t, err)
	if !bytes.Equal(text, l.bundle) {
		t.Errorf("it came back as\n%s\nand was\n%s", text, l.bundle)
	}
}

func TestBothVerifiersRefuseKeyless(t *testing.T) {
	s, stranger := newSigstore(t), newSigstore(t)
	l, other := enter(t, s.attest(t, s.stamp), 200, 77), enter(t, s.attest(t, s.stamp), 200, 77)
	b64 := base64.StdEncoding.EncodeToString
	part := func(l logged, cut func(event.Signed) []byte) string {
		b, err := event.ParseBundle(l.bundle)
		check(t, err)
		signed, err := b.Signed()
		check(t, err)
		return b64(cut(signed))
	}
	swap := func(cut func(event.Signed) []byte) []byte {
		return bytes.ReplaceAll(l.bundle, []byte(part(l, cut)), []byte(part(other, cut)))
	}
	certificate := func(s event.Signed) []byte { return s.Verifier.Certificate }
	timestamp := func(s event.Signed) []byte { return s.Timestamps[0] }
	for fact, c := range map[string]struct {
		data    []byte
		trusted *root.TrustedRoot
		who     string
	}{
		"payload altered":                {flip(t, l.bundle, `"payload":"`), s.trusted(t, l), identity},
		"signature altered":              {flip(t, l.bundle, `"sig":"`), s.trusted(t, l), identity},
		"certificate altered":            {flip(t, l.bundle, `"certificate":{"rawBytes":"`), s.trusted(t, l), identity},
		"certificate of another":         {swap(certificate), s.trusted(t, l), identity},
		"timestamp altered":              {flip(t, l.bundle, `"signedTimestamp":"`), s.trusted(t, l), identity},
		"timestamp of another":           {swap(timestamp), s.trusted(t, l), identity},
		"no timestamp":                   {enter(t, s.attest(t), 200, 77).bundle, s.trusted(t, l), identity},
		"checkpoint root altered":        {flip(t, l.bundle, `"envelope":"`+origin+`\n200\n`), s.trusted(t, l), identity},
		"checkpoint signature":           {flip(t, l.bundle, `\n\n— `+origin+` `), s.trusted(t, l), identity},
		"inclusion hash altered":         {flip(t, l.bundle, `"hashes":["`), s.trusted(t, l), identity},
		"index altered":                  {bytes.ReplaceAll(l.bundle, []byte(`"logIndex":"77"`), []byte(`"logIndex":"78"`)), s.trusted(t, l), identity},
		"an unknown member":              {bytes.Replace(l.bundle, []byte(`"certificate":{`), []byte(`"certificate":{"extra":1,`), 1), s.trusted(t, l), identity},
		"a key beside the certificate":   {bytes.Replace(l.bundle, []byte(`"certificate":`), []byte(`"publicKey":{"hint":"x"},"certificate":`), 1), s.trusted(t, l), identity},
		"a certificate twice":            {bytes.Replace(l.bundle, []byte(`"certificate":`), []byte(`"certificate":{"rawBytes":""},"certificate":`), 1), s.trusted(t, l), identity},
		"another event's bundle":         {other.bundle, s.trusted(t, l), identity},
		"an authority not trusted":       {l.bundle, stranger.trusted(t, l), identity},
		"a log not trusted":              {other.bundle, s.trusted(t, l), identity},
		"signed by somebody else":        {l.bundle, s.trusted(t, l), "bob@example.org"},
		"somebody whose name is similar": {l.bundle, s.trusted(t, l), strings.ToUpper(identity)},
	} {
		t.Run(fact, func(t *testing.T) {
			if stockKeyless(t, c.data, c.trusted, c.who, verify.WithSignedTimestamps(1)) == nil {
				t.Error("the stock verifier accepts it")
			}
			if oursKeyless(t, c.data, l, c.trusted, c.who) == nil {
				t.Error("ours accepts it")
			}
		})
	}
}

// The same four of a keyless bundle that stock verifiers look at once, as
// TestOnlyOurVerifierRefuses has of one by a key.
func TestOnlyOurVerifierRefusesKeyless(t *testing.T) {
	s := newSigstore(t)
	l, other := enter(t, s.attest(t, s.stamp), 200, 77), enter(t, s.attest(t, s.stamp), 200, 77)
	replace := func(old, new string) []byte { return bytes.Replace(l.bundle, []byte(old), []byte(new), 1) }
	for fact, data := range map[string][]byte{
		"canonicalizedBody of another event": replace(body(t, l), body(t, other)),
		"rootHash altered":                   flip(t, l.bundle, `"rootHash":"`),
		"treeSize altered":                   replace(`"treeSize":"200"`, `"treeSize":"99"`),
		"kindVersion altered":                replace(`"version":"0.0.2"`, `"version":"0.0.1"`),
	} {
		t.Run(fact, func(t *testing.T) {
			if bytes.Equal(data, l.bundle) {
				t.Fatal("nothing was changed")
			}
			if err := stockKeyless(t, data, s.trusted(t, l), identity, verify.WithSignedTimestamps(1)); err != nil {
				t.Errorf("the stock verifier refuses it too: %v", err)
			}
			if oursKeyless(t, data, l, s.trusted(t, l), identity) == nil {
				t.Error("ours accepts it")
			}
		})
	}
}
