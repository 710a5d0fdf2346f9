// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/gateledger/gateledger/internal/cli"
)

// services is which services sign, and the root that knows them.
type services struct {
	trusted *root.TrustedRoot
	ca      string
	stamps  []string
	logs    []root.Service
	issuer  func() (string, error) // for the browser
}

// pick takes the services that a signing configuration names for now. The
// signature of a certificate that lives for minutes is worth nothing without
// a time, so somebody must date it: a timestamp authority, or a log that signs
// its time, as Rekor v1 does.
func pick(trusted *root.TrustedRoot, config *root.SigningConfig, log logging, now time.Time) (services, error) {
	s := services{trusted: trusted}
	ca, err := root.SelectService(config.FulcioCertificateAuthorityURLs(), sign.FulcioAPIVersions, now)
	if err != nil {
		return s, cli.Fail(cli.Usage, "", "the signing configuration names no certificate authority for now: %w", err)
	}
	s.ca = ca.URL
	if list := config.TimestampAuthorityURLs(); len(list) > 0 {
		chosen, err := root.SelectServices(list, config.TimestampAuthorityURLsConfig(), sign.TimestampAuthorityAPIVersions, now)
		if err != nil {
			return s, cli.Fail(cli.Usage, "", "the signing configuration names no timestamp authority for now: %w", err)
		}
		for _, c := range chosen {
			s.stamps = append(s.stamps, c.URL)
		}
	}
	list := config.RekorLogURLs()
	if log == always || log == asConfigured && len(list) > 0 {
		if s.logs, err = root.SelectServices(list, config.RekorLogURLsConfig(), sign.RekorAPIVersions, now); err != nil {
			return s, cli.Fail(cli.Usage, "sign without one: --rekor=false", "the signing configuration names no transparency log for now: %w", err)
		}
	}
	if len(s.stamps) == 0 && !dated(s.logs) {
		return s, cli.Fail(cli.Usage, "name a timestamp authority in the signing configuration", "nobody would say when it was signed: no timestamp authority, and no Rekor v1 log")
	}
	s.issuer = func() (string, error) {
		issuer, err := root.SelectService(config.OIDCProviderURLs(), []uint32{1}, now)
		if err != nil {
			return "", cli.Fail(cli.Usage, "", "the signing configuration names nobody to log in at: %w", err)
		}
		return issuer.URL, nil
	}
	return s, nil
}

// dated says whether one of the logs signs the time of an entry.
func dated(logs []root.Service) bool {
	for _, l := range logs {
		if l.MajorAPIVersion == 1 {
			return true
		}
	}
	return false
}

// logging is the answer to --rekor.
type logging int

const (
	asConfigured logging = iota
	always
	never
)

func tsaAsker(ctx context.Context, w wire, timeout time.Duration) *asker {
	return &asker{ctx: ctx, who: "the timestamp authority", timeout: timeout, limit: maxTimestamp, wire: w}
}

func caAsker(ctx context.Context, w wire, timeout time.Duration, token string) *asker {
	return &asker{ctx: ctx, who: "the certificate authority", timeout: timeout, limit: 1 << 20, secrets: []string{token}, wire: w}
}

func logAsker(ctx context.Context, w wire, timeout time.Duration) *asker {
	return &asker{ctx: ctx, who: "the transparency log", timeout: timeout, limit: maxAnswer, once: true, wire: w}
}
