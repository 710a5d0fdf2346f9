// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// beacon is who signed most of the published bundles.
const beacon = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"

// vectors are all published bundles, the trusted root each is for, and what
// we say of it. Those that stock verifiers must refuse end in _fail.
var vectors = map[string]struct {
	root string
	err  error
}{
	// In-toto statements: the whole of VerifyBundle.
	"happy-path-intoto-in-dsse-v3":       {"public-good", nil},
	"dsse-invalid-sig_fail":              {"public-good", event.ErrSignature},
	"dsse-mismatch-envelope_fail":        {"public-good", ErrEntry},
	"dsse-mismatch-sig_fail":             {"public-good", ErrEntry},
	"rekor2-dsse-happy-path":             {"staging-dsse", nil},
	"rekor2-dsse-invalid-sig_fail":       {"staging-dsse", event.ErrSignature},
	"rekor2-dsse-mismatch-envelope_fail": {"staging-dsse", ErrEntry},
	"rekor2-dsse-mismatch-sig_fail":      {"staging-dsse", ErrEntry},

	// Signatures over other things: everything but what they are over.
	"bundle-with-sct-with-extensions":                           {"static-ct", nil},
	"happy-path-v0.3":                                           {"public-good", nil},
	"happy-path-v0.3-new-mediaType":                             {"public-good", nil},
	"inclusion-proof-corrupted-hash_fail":                       {"public-good", ErrEntry},
	"integrated-time-in-future_fail":                            {"public-good", ErrExpired},
	"rekor2-checkpoint-cosigned":                                {"staging", nil},
	"rekor2-checkpoint-missing-log-signature_fail":              {"staging", ErrEntry},
	"rekor2-checkpoint-missing-origin_fail":                     {"staging", ErrEntry},
	"rekor2-checkpoint-missing-root-hash_fail":                  {"staging", ErrEntry},
	"rekor2-checkpoint-missing-size_fail":                       {"staging", ErrEntry},
	"rekor2-checkpoint-multiple-cosigs":                         {"staging", nil},
	"rekor2-checkpoint-no-matching-signature_fail":              {"staging", ErrEntry},
	"rekor2-checkpoint-origin-not-first":                        {"staging", nil},
	"rekor2-checkpoint-two-sigs-cosigned":                       {"staging", nil},
	"rekor2-checkpoint-two-sigs-from-origin":                    {"staging", nil},
	"rekor2-happy-path":                                         {"staging", nil},
	"rekor2-no-inclusion-proof_fail":                            {"staging", ErrEntry},
	"rekor2-no-timestamp_fail":                                  {"staging", ErrUndated},
	"rekor2-timestamp-outside-trust-root-tsa-validity_fail":     {"tsa-ended", ErrTimestamp},
	"rekor2-timestamp-outside-tsa-cert-validity_fail":           {"short-tsa", ErrTimestamp},
	"rekor2-timestamp-payload-mismatch_fail":                    {"staging", ErrTimestamp},
	"rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail":    {"staging", ErrUndated},
	"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": {"staging", ErrUndated},
	"rekor2-timestamp-with-embedded-cert":                       {"staging", nil},
	"rekor2-timestamp-with-expired-cert-chain":                  {"short-tsa", nil},
	"rekor2-timestamp-with-incorrect-time_fail":                 {"staging", event.ErrBundle}, // its token is broken into lines
	"rekor2-timestamp-without-embedded-cert":                    {"staging", nil},
	"trust-root-tlog-missing-validity-start_fail":               {"tlog-without-start", ErrRoot},
	"trust-root-tsa-validity-end-inclusive":                     {"tsa-ends", nil},
}

// overMessages are wrong about the bytes they are over, which we do not read.
var overMessages = []string{
	"message-digest-mismatch_fail", "wrong-hashedrekord-artifact_fail",
	"wrong-hashedrekord-cert-and-sig_fail", "wrong-hashedrekord-entry_fail",
}

func TestPublishedBundles(t *testing.T) {
	for name, c := range vectors {
		t.Run(name, func(t *testing.T) {
			data := readFile(t, "conformance/"+name+".json")
			r, err := ParseRoot(readFile(t, "roots/"+c.root+".json"))
			var id Identity
			switch {
			case err != nil:
			case strings.Contains(string(data), `"dsseEnvelope"`):
				var v *Verified
				if v, err = VerifyBundle(data, r); err == nil {
					id = v.Identity
				}
			default:
				id, err = verifyMessage(data, r)
			}
			if !errors.Is(err, c.err) || strings.HasSuffix(name, "_fail") != (err != nil) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			if err == nil && (id.Issuer != issuer || id.SourceURI != beacon || id.Subject != id.BuildSignerURI || id.SourceRef != "refs/heads/main") {
				t.Errorf("%+v", id)
			}
		})
	}
	files, err := os.ReadDir("testdata/conformance")
	check(t, err)
	if len(files) != len(vectors)+len(overMessages) {
		t.Errorf("%d files, and %d of them are tried", len(files), len(vectors))
	}
}

// messageBundle is a bundle over bytes that are not in it.
type messageBundle struct {
	bundleFile
	Signature struct {
		Digest struct {
			Algorithm string `json:"algorithm"`
			Digest    octets `json:"digest"`
		} `json:"messageDigest"`
		Signature octets `json:"signature"`
	} `json:"messageSignature"`
}

// verifyMessage is VerifyBundle for a bundle over bytes that are not in it:
// what is left when nobody asks what was signed.
func verifyMessage(data []byte, r *Root) (Identity, error) {
	var b messageBundle
	if err := canon.DecodeOpen(data, &b); err != nil {
		return Identity{}, fmt.Errorf("%w: %w", event.ErrBundle, err)
	}
	c, err := x509.ParseCertificate(b.Material.Certificate.DER)
	if err != nil {
		return Identity{}, err
	}
	if !ecdsa.VerifyASN1(c.PublicKey.(*ecdsa.PublicKey), b.Signature.Digest.Digest, b.Signature.Signature) {
		return Identity{}, event.ErrSignature
	}
	id, err := readExtensions(c.Extensions)
	if err != nil {
		return Identity{}, err
	}
	subjectRead(c)
	at, err := messageTime(&b, r)
	if err != nil {
		return Identity{}, err
	}
	return id, r.issued(c, at)
}

func messageTime(b *messageBundle, r *Root) (time.Time, error) {
	var earliest time.Time
	for _, token := range b.Material.Times.Tokens {
		at, err := r.Stamped(token.DER, b.Signature.Signature)
		if err != nil {
			return at, err
		}
		earliest = at
	}
	for i := range b.Material.Logs {
		e := &b.Material.Logs[i]
		if e.Promise == nil {
			continue
		}
		log, err := r.logOf(e, time.Unix(e.Integrated, 0))
		if err != nil {
			return earliest, err
		}
		if earliest, err = e.checkPromise(log); err != nil {
			return earliest, fmt.Errorf("%w: %w", ErrEntry, err)
		}
	}
	if earliest.IsZero() {
		return earliest, ErrUndated
	}
	for i := range b.Material.Logs {
		e := &b.Material.Logs[i]
		if e.Promise == nil && e.Proof == nil {
			return earliest, ErrEntry
		}
		if err := r.included(e, earliest); err != nil {
			return earliest, err
		}
	}
	return earliest, nil
}

// The public Sigstore's statements, and how a policy would know who made
// them.
func TestPublishedIdentity(t *testing.T) {
	r, err := ParseRoot(readFile(t, "roots/public-good.json"))
	check(t, err)
	data := readFile(t, "conformance/happy-path-intoto-in-dsse-v3.json")
	v, err := VerifyBundle(data, r)
	check(t, err)
	if len(v.Logs) != 1 || v.Logs[0].URL != "https://rekor.sigstore.dev" {
		t.Errorf("logged in %v", v.Logs)
	}
	if v.Time.Before(v.Identity.NotBefore) || v.Time.After(v.Identity.NotAfter) {
		t.Errorf("signed at %s", v.Time)
	}
	rule := Rule{
		Issuer: issuer, RepositoryID: v.Identity.RepositoryID, Runner: "github-hosted",
		Workflow: Text{Is: ".github/workflows/extremely-dangerous-oidc-beacon.yml@" + v.Identity.BuildConfigDigest},
		Ref:      Text{Is: "refs/heads/main"}, Triggers: []string{v.Identity.Trigger},
	}
	check(t, rule.Check())
	check(t, rule.Match(v.Identity))
	if v.Identity.RepositoryID == "" || v.Identity.BuildConfigDigest == "" || v.Identity.Trigger == "" {
		t.Errorf("%+v", v.Identity)
	}
	staging, err := ParseRoot(readFile(t, "roots/staging.json"))
	check(t, err)
	if _, err := VerifyBundle(data, staging); !errors.Is(err, ErrUndated) {
		t.Errorf("by the root of another instance: %v", err)
	}
}

// A Fulcio that certifies user names writes them as its own kind of name, in
// an extension that may be critical.
func TestPublishedOtherName(t *testing.T) {
	r, err := ParseRoot(readFile(t, "sigstore-go/scaffolding-root.json"))
	check(t, err)
	id, err := verifyMessage(readFile(t, "sigstore-go/othername.json"), r)
	check(t, err)
	if id.Subject != "foo!oidc.local" {
		t.Errorf("%+v", id)
	}
}

// Bytes that a bundle does not hold are nothing we could verify.
func TestPublishedMessagesAreRefused(t *testing.T) {
	r, err := ParseRoot(readFile(t, "roots/public-good.json"))
	check(t, err)
	for _, name := range append(overMessages, "happy-path-v0.3", "rekor2-happy-path") {
		if _, err := VerifyBundle(readFile(t, "conformance/"+name+".json"), r); !errors.Is(err, event.ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
