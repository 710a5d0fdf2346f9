// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"
	"time"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/event"
)

// stockVerify asks stock sigstore-go.
func stockVerify(t *testing.T, data, rootJSON []byte) error {
	t.Helper()
	trusted, err := root.NewTrustedRootFromJSON(rootJSON)
	check(t, err)
	v, err := verify.NewVerifier(trusted, verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	check(t, err)
	var b bundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		return err
	}
	_, err = v.Verify(&b, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithoutIdentitiesUnsafe()))
	return err
}

// The tests' own Sigstore is one that stock verifiers take for one. What they
// pass over, we refuse (research on stock verifiers named these five).
func TestWhatStockVerifiersPassOver(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	good := func() (*bundleDoc, *rootDoc) {
		d := w.doc(t)
		d.MediaType = rootTypes[2]
		return newBundle(s, w.entry2(t, s)), d
	}
	other := signedBy(t, w.leaf(t, true, leafCert(t)), "other")
	otherLeaf, err := other.Leaf()
	check(t, err)
	for fact, edit := range map[string]func(*bundleDoc, *rootDoc){
		"nothing":                   nil,
		"another canonicalizedBody": func(b *bundleDoc, _ *rootDoc) { b.Material.Logs[0].Body = otherLeaf },
		"another rootHash":          func(b *bundleDoc, _ *rootDoc) { b.Material.Logs[0].Proof.Root = flip(b.Material.Logs[0].Proof.Root, 0) },
		"another treeSize":          func(b *bundleDoc, _ *rootDoc) { b.Material.Logs[0].Proof.Size = 99 },
		"kindVersion 0.0.1":         func(b *bundleDoc, _ *rootDoc) { b.Material.Logs[0].Kind.Version = "0.0.1" },
		"a log key that ended in 2020": func(_ *bundleDoc, d *rootDoc) {
			d.Logs[1].Key.Valid.Start, d.Logs[1].Key.Valid.End = time.Unix(1, 0).UTC(), time.Unix(1577836800, 0).UTC()
		},
	} {
		t.Run(fact, func(t *testing.T) {
			b, d := good()
			if edit != nil {
				edit(b, d)
			}
			data, rootJSON := marshal(t, b), marshal(t, d)
			if err := stockVerify(t, data, rootJSON); err != nil {
				t.Errorf("stock verifiers refuse it, so this shows nothing: %v", err)
			}
			r, err := ParseRoot(rootJSON)
			check(t, err)
			v, err := VerifyBundle(data, r)
			if (err == nil) != (edit == nil) || edit != nil && (!errors.Is(err, ErrEntry) || v != nil) {
				t.Errorf("%v", err)
			}
		})
	}
}

// virtualRoot is the trusted root of sigstore-go's own test Sigstore, as
// stock code writes it.
func virtualRoot(t *testing.T, virtual *ca.VirtualSigstore) []byte {
	t.Helper()
	logs := virtual.RekorLogs()
	for id, l := range logs {
		raw, err := hex.DecodeString(id)
		check(t, err)
		l.ID = raw
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, virtual.FulcioCertificateAuthorities(), nil, virtual.TimestampingAuthorities(), logs)
	check(t, err)
	data, err := trusted.MarshalJSON()
	check(t, err)
	return data
}

// virtualBundle is a bundle that sigstore-go's test Sigstore made.
func virtualBundle(t *testing.T, virtual *ca.VirtualSigstore, entity *ca.TestEntity) []byte {
	t.Helper()
	content, err := entity.VerificationContent()
	check(t, err)
	signature, err := entity.SignatureContent()
	check(t, err)
	tokens, err := entity.Timestamps()
	check(t, err)
	entries, err := entity.TlogEntries()
	check(t, err)
	payload, err := base64.StdEncoding.DecodeString(signature.EnvelopeContent().RawEnvelope().Payload)
	check(t, err)
	b := newBundle(event.Signed{
		Payload: payload, Signature: signature.Signature(), Timestamps: tokens,
		Verifier: event.Verifier{Certificate: content.Certificate().Raw},
	})
	for _, e := range entries {
		tle := e.TransparencyLogEntry()
		tle.KindVersion = kindOf(t, tle.CanonicalizedBody)
		if e.IsRekorV2() {
			tle.IntegratedTime = 0 // as that log has it
		} else {
			// It keeps the promise to itself, but signs another.
			set, err := virtual.RekorSignPayload(tlog.RekorPayload{
				Body: e.Body(), IntegratedTime: tle.IntegratedTime, LogIndex: e.LogIndex(), LogID: hex.EncodeToString([]byte(e.LogKeyID())),
			})
			check(t, err)
			tle.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: set}
		}
		raw, err := protojson.Marshal(tle)
		check(t, err)
		var doc entryDoc
		check(t, json.Unmarshal(raw, &doc))
		b.Material.Logs = append(b.Material.Logs, doc)
	}
	return marshal(t, b)
}

// kindOf is what the body of an entry says of itself. The test Sigstore leaves
// it out beside the body.
func kindOf(t *testing.T, body []byte) *protorekor.KindVersion {
	t.Helper()
	var b struct{ Kind, APIVersion string }
	check(t, json.Unmarshal(body, &b))
	return &protorekor.KindVersion{Kind: b.Kind, Version: b.APIVersion}
}

func TestVirtualSigstore(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	check(t, err)
	r, err := ParseRoot(virtualRoot(t, virtual))
	check(t, err)
	stranger, err := ca.NewVirtualSigstore()
	check(t, err)
	strangers, err := ParseRoot(virtualRoot(t, stranger))
	check(t, err)
	statement := payload(t, "app")
	for fact, attest := range map[string]func(identity, issuer string, statement []byte) (*ca.TestEntity, error){
		"Rekor v1": virtual.Attest,
		"Rekor v2": virtual.AttestHashedRekordV2,
	} {
		entity, err := attest("bob@acme.example", "https://accounts.google.com", statement)
		check(t, err)
		data := virtualBundle(t, virtual, entity)
		v, err := VerifyBundle(data, r)
		if err != nil {
			t.Errorf("%s: %v", fact, err)
			continue
		}
		// It certifies with the old extensions alone, which name no issuer here.
		if v.Identity.Subject != "bob@acme.example" || v.Identity.Issuer != "" || !bytes.Equal(v.Signed.Payload, statement) || len(v.Logs) != 1 {
			t.Errorf("%s: %+v", fact, v)
		}
		if _, err := VerifyBundle(data, strangers); err == nil {
			t.Errorf("%s: verified by the root of a stranger", fact)
		}
	}
	if got := r.Warnings(time.Now()); len(got) != 3 {
		t.Errorf("everything of it ends within hours: %q", got)
	}
}
