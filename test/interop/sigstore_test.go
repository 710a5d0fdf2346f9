// SPDX-License-Identifier: Apache-2.0

// Package interop has stock implementations read what we write. It is a
// module of its own, so that their dependencies are not ours.
package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/sign"
)

// origin is as init makes them: an opaque label, and a host name only in form.
const origin = "q7d4k2m9x1"

var artifact = strings.Repeat("a1", 32)

// A logged event is one of ours, and what a verifier must be told to check it.
type logged struct {
	bundle    []byte
	keys      proof.Keys
	log       ed25519.PublicKey
	logID     []byte
	signer    crypto.PublicKey
	signerKey string
}

// record signs a deployment with a key and logs it at index among size leaves.
func record(t *testing.T, size, index int64) logged {
	t.Helper()
	return enter(t, signKey(t), size, index)
}

// signKey is a deployment signed with a fresh key.
func signKey(t *testing.T) event.Signed {
	t.Helper()
	pem, err := sign.GenerateKey(rand.Reader)
	check(t, err)
	signer, err := sign.ParseKey(pem, nil)
	check(t, err)
	signed, err := event.Sign(deployment(t), signer)
	check(t, err)
	return signed
}

func deployment(t *testing.T) []byte {
	t.Helper()
	subject := event.Subject{Name: "app", Digest: map[string]string{"sha256": artifact}}
	payload, err := event.NewStatement(event.DeploymentType, []event.Subject{subject},
		event.DeploymentPredicate{Environment: "production", Result: event.Healthy})
	check(t, err)
	return payload
}

// enter logs what was signed at index among size leaves of a log of its own.
func enter(t *testing.T, signed event.Signed, size, index int64) logged {
	t.Helper()
	leaf, err := signed.Leaf()
	check(t, err)
	private, public, err := note.GenerateKey(rand.Reader, origin)
	check(t, err)
	noteSigner, err := note.NewSigner(private)
	check(t, err)
	id, err := proof.LogID(public)
	check(t, err)
	keys, err := proof.NewKeys(origin, []string{public})
	check(t, err)
	bundle, err := event.NewBundle(signed, leaf, receipt(t, leaf, size, index, noteSigner), id).Marshal()
	check(t, err)

	key, err := x509.ParsePKIXPublicKey(signed.Verifier.PublicKey)
	check(t, err)
	log, err := base64.StdEncoding.DecodeString(strings.SplitN(public, "+", 3)[2])
	check(t, err)
	return logged{bundle, keys, log[1:], id, key, signed.KeyID()}
}

func receipt(t *testing.T, leaf []byte, size, index int64, s note.Signer) proof.Receipt {
	t.Helper()
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, x := range at {
			out[i] = stored[x]
		}
		return out, nil
	})
	for i := range size {
		data := leaf
		if i != index {
			data = []byte{byte(i)}
		}
		h, err := tlog.StoredHashes(i, data, hashes)
		check(t, err)
		stored = append(stored, h...)
	}
	rootHash, err := tlog.TreeHash(size, hashes)
	check(t, err)
	c, err := proof.SignCheckpoint(origin, uint64(size), rootHash, s)
	check(t, err)
	p, err := tlog.ProveRecord(size, index, hashes)
	check(t, err)
	return proof.Receipt{Index: uint64(index), Proof: proof.Proof(p), Checkpoint: c}
}

// trust is what sigstore-go is told: our log as a Rekor v2, and one key.
func trust(t *testing.T, l logged) root.TrustedMaterial {
	t.Helper()
	start := time.Now().Add(-time.Hour)
	tr, err := root.NewTrustedRoot(root.TrustedRootMediaType01, nil, nil, nil, rekor(l))
	check(t, err)
	v, err := signature.LoadVerifier(l.signer, crypto.SHA256)
	check(t, err)
	return root.TrustedMaterialCollection{tr, root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{
		l.signerKey: root.NewExpiringKey(v, start, time.Time{}),
	})}
}

// rekor is our log, as a trusted root names a Rekor v2.
func rekor(l logged) map[string]*root.TransparencyLog {
	return map[string]*root.TransparencyLog{
		hex.EncodeToString(l.logID): {
			BaseURL: "https://" + origin, ID: l.logID, ValidityPeriodStart: time.Now().Add(-time.Hour),
			HashFunc: crypto.SHA256, PublicKey: l.log, SignatureHashFunc: crypto.SHA256,
		},
	}
}

// stock verifies a bundle as any user of sigstore-go would, offline.
func stock(t *testing.T, data []byte, trusted root.TrustedMaterial, digest string) (*verify.VerificationResult, error) {
	t.Helper()
	var b bundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	v, err := verify.NewVerifier(trusted, verify.WithTransparencyLog(1), verify.WithNoObserverTimestamps())
	check(t, err)
	sum, err := hex.DecodeString(digest)
	check(t, err)
	return v.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithKey()))
}

// ours verifies it as `gateledger verify bundle` does.
func ours(data []byte, keys proof.Keys) error {
	b, err := event.ParseBundle(data)
	if err != nil {
		return err
	}
	_, err = b.Verify(keys)
	return err
}

func TestStockVerifierAcceptsOurBundles(t *testing.T) {
	for _, at := range []struct{ size, index int64 }{{1, 0}, {2, 0}, {2, 1}, {200, 77}, {256, 255}, {257, 256}} {
		l := record(t, at.size, at.index)
		check(t, ours(l.bundle, l.keys))
		result, err := stock(t, l.bundle, trust(t, l), artifact)
		if err != nil {
			t.Errorf("entry %d of %d: %v", at.index, at.size, err)
			continue
		}
		if got := result.Statement.GetPredicateType(); got != event.DeploymentType {
			t.Errorf("entry %d of %d: stock verifier reads a %s", at.index, at.size, got)
		}
	}
}

// What protobuf's JSON writes of our bundle, we read: a bundle may pass
// through another tool.
func TestBundleSurvivesStockTools(t *testing.T) {
	for _, at := range []struct{ size, index int64 }{{1, 0}, {3, 1}} {
		l := record(t, at.size, at.index)
		var b bundle.Bundle
		check(t, b.UnmarshalJSON(l.bundle))
		data, err := b.MarshalJSON()
		check(t, err)
		check(t, ours(data, l.keys))
	}
}

// flip changes one character of the base64 that follows mark.
func flip(t *testing.T, data []byte, mark string) []byte {
	t.Helper()
	i := bytes.Index(data, []byte(mark))
	if i < 0 {
		t.Fatalf("no %s in the bundle", mark)
	}
	i += len(mark) + 20
	out := bytes.Clone(data)
	if out[i] == 'A' {
		out[i] = 'B'
	} else {
		out[i] = 'A'
	}
	return out
}

func TestBothVerifiersRefuse(t *testing.T) {
	l := record(t, 200, 77)
	other := record(t, 200, 77)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	anotherKey, anotherLog := l, l
	anotherKey.signer = &stranger.PublicKey
	anotherLog.log = other.log
	replace := func(old, new string) []byte {
		if !bytes.Contains(l.bundle, []byte(old)) {
			t.Fatalf("no %s in the bundle", old)
		}
		return bytes.ReplaceAll(l.bundle, []byte(old), []byte(new))
	}
	for fact, c := range map[string]struct {
		data     []byte
		trusted  logged
		artifact string
		// Who signs and which bytes are asked for, our verifier leaves to
		// the policy.
		stockOnly bool
	}{
		"payload altered":          {flip(t, l.bundle, `"payload":"`), l, artifact, false},
		"signature altered":        {flip(t, l.bundle, `"sig":"`), l, artifact, false},
		"checkpoint root altered":  {flip(t, l.bundle, `"envelope":"`+origin+`\n200\n`), l, artifact, false},
		"checkpoint signature":     {flip(t, l.bundle, `\n\n— `+origin+` `), l, artifact, false},
		"inclusion hash altered":   {flip(t, l.bundle, `"hashes":["`), l, artifact, false},
		"index altered":            {replace(`"logIndex":"77"`, `"logIndex":"78"`), l, artifact, false},
		"log id altered":           {replace(base64.StdEncoding.EncodeToString(l.logID), base64.StdEncoding.EncodeToString(other.logID)), l, artifact, false},
		"media type altered":       {replace("bundle.v0.3", "bundle.v0.9"), l, artifact, false},
		"a member twice":           {replace(`"payload":`, `"payload":"","payload":`), l, artifact, false},
		"an unknown member":        {replace(`"payload":`, `"extra":1,"payload":`), l, artifact, false},
		"another event's bundle":   {other.bundle, l, artifact, false},
		"a log key not trusted":    {l.bundle, anotherLog, artifact, true},
		"a signer not trusted":     {l.bundle, anotherKey, artifact, true},
		"an artifact not asked of": {l.bundle, l, strings.Repeat("b2", 32), true},
	} {
		t.Run(fact, func(t *testing.T) {
			if _, err := stock(t, c.data, trust(t, c.trusted), c.artifact); err == nil {
				t.Error("the stock verifier accepts it")
			}
			if err := ours(c.data, l.keys); !c.stockOnly && err == nil {
				t.Error("ours accepts it")
			}
		})
	}
}

// Where a bundle says the same thing twice, the stock verifier looks once.
// Ours looks at both. Should a later sigstore-go refuse one of these, this
// test says so and the line may go.
func TestOnlyOurVerifierRefuses(t *testing.T) {
	l, other := record(t, 200, 77), record(t, 200, 77)
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
			if _, err := stock(t, data, trust(t, l), artifact); err != nil {
				t.Errorf("the stock verifier refuses it too: %v", err)
			}
			if ours(data, l.keys) == nil {
				t.Error("ours accepts it")
			}
		})
	}
}

// body is a bundle's log entry, as base64.
func body(t *testing.T, l logged) string {
	t.Helper()
	b, err := event.ParseBundle(l.bundle)
	check(t, err)
	return base64.StdEncoding.EncodeToString(b.Leaf())
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
