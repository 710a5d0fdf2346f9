// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
)

// A signer signs keyless with some services.
type signer struct {
	env      *cli.Env
	wire     wire
	timeout  time.Duration
	services services
}

// bundleType is what a stock verifier reads.
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// sign makes a key, has it certified for id, signs payload, and has the
// signature dated and logged. Nothing comes back that stock sigstore-go does
// not verify.
func (n *signer) sign(ctx context.Context, payload []byte, id identity) (child.SignAnswer, error) {
	key, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return child.SignAnswer{}, fmt.Errorf("make key: %w", err)
	}
	certificate, err := n.certify(ctx, key, id)
	if err != nil {
		return child.SignAnswer{}, err
	}
	// Somebody between may send a log our entry twice, and hand us the second
	// answer: that it has it. Every signature is another one.
	a, err := n.signAs(ctx, payload, key, certificate)
	if errors.Is(err, errConflict) {
		a, err = n.signAs(ctx, payload, key, certificate)
	}
	return a, err
}

// signAs signs payload with key, of which certificate is.
func (n *signer) signAs(ctx context.Context, payload []byte, key *sign.EphemeralKeypair, certificate []byte) (child.SignAnswer, error) {
	content := &sign.DSSEData{Data: payload, PayloadType: event.PayloadType}
	signature, digest, err := key.SignData(ctx, content.PreAuthEncoding())
	if err != nil {
		return child.SignAnswer{}, fmt.Errorf("sign: %w", err)
	}
	b := &protobundle.Bundle{MediaType: bundleType, VerificationMaterial: &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: certificate}},
	}}
	content.Bundle(b, signature, digest, key.GetHashAlgorithm())
	if err := n.date(ctx, b, signature); err != nil {
		return child.SignAnswer{}, err
	}
	if err := n.log(ctx, b, certificate); err != nil {
		return child.SignAnswer{}, err
	}
	if err := verifyBundle(b, n.services.trusted); err != nil {
		return child.SignAnswer{}, err
	}
	return answer(b, signature, certificate)
}

// certify gets the certificate of key for id.
func (n *signer) certify(ctx context.Context, key *sign.EphemeralKeypair, id identity) ([]byte, error) {
	u, err := address("the certificate authority", n.services.ca, false)
	if err != nil {
		return nil, err
	}
	ask := caAsker(ctx, n.wire, n.timeout, id.raw)
	fulcio := sign.NewFulcio(&sign.FulcioOptions{BaseURL: strings.TrimSuffix(u.String(), "/"), Timeout: -1, Transport: ask})
	der, err := fulcio.GetCertificate(ctx, key, &sign.CertificateProviderOptions{IDToken: id.raw})
	if err != nil {
		return nil, n.whyNotCertified(u, id, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, cli.Fail(cli.Integrity, "", "the certificate authority at %s sent a certificate that is none: %w", u.Host, err)
	}
	if public, ok := key.GetPublicKey().(*ecdsa.PublicKey); !ok || !public.Equal(cert.PublicKey) {
		return nil, cli.Fail(cli.Integrity, "", "the certificate authority at %s certified another key than ours", u.Host)
	}
	return der, nil
}

// whyNotCertified says what a person can do about a certificate that did not
// come. The errors of the stock client hold no token, those of ask neither.
func (n *signer) whyNotCertified(u *url.URL, id identity, err error) error {
	if no := (*refused)(nil); errors.As(err, &no) {
		hint := "the certificate authority must know the issuer " + id.issuer
		if !id.expires.IsZero() && id.expires.Before(n.env.Now()) {
			hint = "the identity token ended at " + id.expires.Format(time.RFC3339) + ": get a new one"
		}
		return &cli.Exit{Code: cli.No, Hint: hint, Err: fmt.Errorf("the identity was refused: %w", no)}
	}
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		return exit
	}
	return cli.Fail(cli.Unknown, "", "ask the certificate authority at %s: %w", u.Host, err)
}

// date adds a timestamp from each authority.
func (n *signer) date(ctx context.Context, b *protobundle.Bundle, signature []byte) error {
	var data protobundle.TimestampVerificationData
	for _, authority := range n.services.stamps {
		token, _, err := stamp(tsaAsker(ctx, n.wire, n.timeout), n.env.Rand, authority, signature)
		if err != nil {
			return err
		}
		data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: token})
	}
	if len(data.Rfc3161Timestamps) > 0 {
		b.VerificationMaterial.TimestampVerificationData = &data
	}
	return nil
}

// log adds an entry of each log.
func (n *signer) log(ctx context.Context, b *protobundle.Bundle, certificate []byte) error {
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	for _, service := range n.services.logs {
		rekor, err := n.rekor(ctx, service)
		if err != nil {
			return err
		}
		if err := rekor.GetTransparencyLogEntry(ctx, block, b); err != nil {
			return whyNotLogged(service.URL, err)
		}
	}
	return nil
}

// answer takes apart what was verified.
func answer(b *protobundle.Bundle, signature, certificate []byte) (child.SignAnswer, error) {
	a := child.SignAnswer{Schema: child.SignSchema, Signature: signature, Certificate: certificate}
	for _, t := range b.VerificationMaterial.GetTimestampVerificationData().GetRfc3161Timestamps() {
		a.Timestamps = append(a.Timestamps, t.SignedTimestamp)
	}
	for _, e := range b.VerificationMaterial.TlogEntries {
		raw, err := canonical(protojson.Marshal(e))
		if err != nil {
			return a, err
		}
		a.Entries = append(a.Entries, raw)
	}
	if len(a.Entries) == 0 {
		return a, nil
	}
	raw, err := canonical(protojson.Marshal(b))
	a.Bundle = raw
	return a, err
}

func canonical(data []byte, err error) (canon.Raw, error) {
	if err == nil {
		data, err = canon.Transform(data)
	}
	if err != nil {
		return nil, fmt.Errorf("write bundle: %w", err)
	}
	return data, nil
}
