// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// maxBundle is the largest bundle that is read, in bytes.
const maxBundle = 16 << 20

// bundleTypes are the media types of a Sigstore bundle v0.3, as the
// specification has it and as older tools spell it.
var bundleTypes = [...]string{event.BundleType, "application/vnd.dev.sigstore.bundle+json;version=0.3"}

// bundleFile is a Sigstore bundle v0.3 with a DSSE envelope, as protobuf's
// JSON mapping writes it.
type bundleFile struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		Certificate *struct {
			DER octets `json:"rawBytes"`
		} `json:"certificate"`
		Key   canon.Raw  `json:"publicKey"`
		Chain canon.Raw  `json:"x509CertificateChain"`
		Logs  []logEntry `json:"tlogEntries"`
		Times struct {
			Tokens []struct {
				DER octets `json:"signedTimestamp"`
			} `json:"rfc3161Timestamps"`
		} `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
	Envelope *struct {
		Payload     octets `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig   octets `json:"sig"`
			KeyID string `json:"keyid"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
	Message canon.Raw `json:"messageSignature"`
}

// A Verified is what a bundle says that holds.
type Verified struct {
	Signed   event.Signed // its Payload is a JSON document, meant as in-toto statement
	Identity Identity     // who signed
	Time     time.Time    // before which it was certainly signed
	Logs     []Logged     // where; empty only if the root names no logs
}

// VerifyBundle checks a Sigstore bundle v0.3, whoever wrote it, against a
// trusted root alone: a DSSE envelope around an in-toto statement with one
// signature, a certificate, times, and log entries. What Identify asks of an
// event it asks of the bundle. Every log entry must be of a log of the root
// and hold; where the root names logs, there must be one.
//
// Stock Sigstore verifiers pass over a log key outside its validity, and over
// canonicalizedBody, rootHash, treeSize and kindVersion where they disagree
// with the rest; this one does not. Unknown members are refused. Whether the
// payload is a statement of any kind, and what it means, the caller says.
//
// A bundle of another shape is event.ErrBundle; other errors are those of
// Identify and ErrEntry.
func VerifyBundle(data []byte, r *Root) (*Verified, error) {
	if r == nil {
		return nil, fmt.Errorf("verify bundle: %w", ErrRoot)
	}
	s, entries, err := parseBundle(data)
	if err != nil {
		return nil, fmt.Errorf("verify bundle: %w: %w", event.ErrBundle, err)
	}
	v, err := r.verifyBundle(s, entries)
	if err != nil {
		return nil, fmt.Errorf("verify bundle: %w", err)
	}
	return v, nil
}

func (r *Root) verifyBundle(s event.Signed, entries []logEntry) (*Verified, error) {
	c, id, err := readCertificate(s)
	if err != nil {
		return nil, err
	}
	at, logged, err := r.prove(s, entries)
	if err != nil {
		return nil, err
	}
	if len(logged) == 0 && len(r.logs) > 0 {
		return nil, fmt.Errorf("%w: the bundle has none, and the trusted root names logs", ErrEntry)
	}
	if err := r.issued(c, at); err != nil {
		return nil, err
	}
	id.Time = at
	return &Verified{Signed: s, Identity: id, Time: at, Logs: logged}, nil
}

// parseBundle reads the JSON. It verifies nothing.
func parseBundle(data []byte) (event.Signed, []logEntry, error) {
	var s event.Signed
	if len(data) > maxBundle {
		return s, nil, fmt.Errorf("%d bytes, over the limit of %d", len(data), maxBundle)
	}
	var b bundleFile
	if err := canon.Decode(data, &b); err != nil {
		return s, nil, err
	}
	if err := b.check(); err != nil {
		return s, nil, err
	}
	c, err := x509.ParseCertificate(b.Material.Certificate.DER)
	if err != nil {
		return s, nil, fmt.Errorf("certificate: %w", err)
	}
	s = event.Signed{
		Payload:   b.Envelope.Payload,
		Signature: b.Envelope.Signatures[0].Sig,
		Verifier: event.Verifier{
			KeyDetails:  event.KeyDetails,
			PublicKey:   c.RawSubjectPublicKeyInfo,
			Certificate: b.Material.Certificate.DER,
		},
	}
	for _, t := range b.Material.Times.Tokens {
		s.Timestamps = append(s.Timestamps, t.DER)
	}
	return s, b.Material.Logs, nil
}

// check says whether a bundle is of the shape we verify.
func (b *bundleFile) check() error {
	m := &b.Material
	switch {
	case !slices.Contains(bundleTypes[:], b.MediaType):
		return fmt.Errorf("mediaType is %.80q, want %q", b.MediaType, event.BundleType)
	case b.Message != nil:
		return errors.New("it signs bytes that are not in it (messageSignature), want a dsseEnvelope")
	case b.Envelope == nil:
		return errors.New("it has no dsseEnvelope")
	case b.Envelope.PayloadType != event.PayloadType:
		return fmt.Errorf("payloadType is %.80q, want %q", b.Envelope.PayloadType, event.PayloadType)
	case len(b.Envelope.Payload) > event.MaxPayload:
		return fmt.Errorf("payload of %d bytes, over the limit of %d", len(b.Envelope.Payload), event.MaxPayload)
	case len(b.Envelope.Signatures) != 1:
		return fmt.Errorf("%d signatures, want exactly one", len(b.Envelope.Signatures))
	case m.Key != nil:
		return errors.New("it is signed with a public key, of which a trusted root says nothing")
	case m.Chain != nil:
		return errors.New("it has an x509CertificateChain, which version 0.3 replaced by certificate")
	case m.Certificate == nil:
		return errors.New("it has no certificate")
	case len(m.Logs) > maxEntries:
		return fmt.Errorf("%d tlogEntries, over the limit of %d", len(m.Logs), maxEntries)
	}
	return nil
}
