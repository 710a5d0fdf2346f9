// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// Limits of a trusted root.
const (
	maxRoot   = 1 << 20 // bytes
	maxListed = 64      // authorities or logs of one sort
	maxChain  = 8       // certificates of an authority
)

// rootTypes are the media types of a TrustedRoot, newest first.
var rootTypes = [...]string{
	"application/vnd.dev.sigstore.trustedroot.v0.2+json",
	"application/vnd.dev.sigstore.trustedroot.v0.1+json",
	"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
}

// rootFile is a TrustedRoot as protobuf's JSON mapping writes it.
type rootFile struct {
	MediaType   string          `json:"mediaType"`
	Logs        []logFile       `json:"tlogs"`
	Authorities []authorityFile `json:"certificateAuthorities"`
	CertLogs    []logFile       `json:"ctlogs"`
	Stampers    []authorityFile `json:"timestampAuthorities"`
}

type authorityFile struct {
	URI   string `json:"uri"`
	Chain struct {
		Certificates []struct {
			DER octets `json:"rawBytes"`
		} `json:"certificates"`
	} `json:"certChain"`
	Valid windowFile `json:"validFor"`
}

type logFile struct {
	BaseURL string `json:"baseUrl"`
	Hash    string `json:"hashAlgorithm"`
	Key     struct {
		DER     octets     `json:"rawBytes"`
		Details string     `json:"keyDetails"`
		Valid   windowFile `json:"validFor"`
	} `json:"publicKey"`
	ID struct {
		KeyID octets `json:"keyId"`
	} `json:"logId"`
}

type windowFile struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// ParseRoot reads a Sigstore TrustedRoot in JSON, at most 1 MiB, of version
// 0.1 or 0.2. Members it does not know are passed over: the format grows by
// them, and what is not read makes nobody trusted. A list too long, a
// certificate or key that is not in DER, a log without a beginning of its
// validity, or a name that comes twice in an object is ErrRoot. A log whose
// kind of key this version does not know is kept as one that proves nothing.
func ParseRoot(data []byte) (*Root, error) {
	r, err := parseRoot(data)
	if err != nil {
		return nil, fmt.Errorf("read trusted root: %w: %w", ErrRoot, err)
	}
	return r, nil
}

func parseRoot(data []byte) (*Root, error) {
	if len(data) > maxRoot {
		return nil, fmt.Errorf("%d bytes, over the limit of %d", len(data), maxRoot)
	}
	var file rootFile
	if err := canon.DecodeOpen(data, &file); err != nil {
		return nil, err
	}
	if !slices.Contains(rootTypes[:], file.MediaType) {
		return nil, fmt.Errorf("mediaType is %.80q, want %q", file.MediaType, rootTypes[0])
	}
	sum := sha256.Sum256(data)
	r := &Root{Digest: "sha256:" + hex.EncodeToString(sum[:])}
	var err error
	if r.authorities, err = list("certificateAuthorities", file.Authorities, authorityFile.read); err != nil {
		return nil, err
	}
	if r.stampers, err = list("timestampAuthorities", file.Stampers, authorityFile.read); err != nil {
		return nil, err
	}
	if r.logs, err = list("tlogs", file.Logs, logFile.read); err != nil {
		return nil, err
	}
	r.certLogs, err = list("ctlogs", file.CertLogs, logFile.read)
	return r, err
}

// list reads every member of a list of the trusted root.
func list[File, T any](name string, files []File, read func(File) (T, error)) ([]T, error) {
	if len(files) > maxListed {
		return nil, fmt.Errorf("%s: %d of them, over the limit of %d", name, len(files), maxListed)
	}
	var all []T
	for i, f := range files {
		one, err := read(f)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", name, i, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// A window is when somebody is believed, its ends included. A zero end is
// open.
type window struct{ start, end time.Time }

func (f windowFile) read() (window, error) {
	w := window{start: f.Start, end: f.End}
	if !w.end.IsZero() && w.end.Before(w.start) {
		return w, fmt.Errorf("validFor ends %s, before it starts %s", stamp(w.end), stamp(w.start))
	}
	return w, nil
}

func (w window) holds(t time.Time) bool {
	return !t.Before(w.start) && (w.end.IsZero() || !t.After(w.end))
}

func (w window) String() string {
	from, to := "the beginning", "further notice"
	if !w.start.IsZero() {
		from = stamp(w.start)
	}
	if !w.end.IsZero() {
		to = stamp(w.end)
	}
	return from + " until " + to
}

// stamp writes a time as messages have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// An authority issues certificates, or signs time stamps, under a chain.
type authority struct {
	name  string
	chain []*x509.Certificate // issuers first, the trust anchor last
	valid window

	between, anchor *x509.CertPool
}

func (f authorityFile) read() (authority, error) {
	a := authority{name: f.URI, between: x509.NewCertPool(), anchor: x509.NewCertPool()}
	n := len(f.Chain.Certificates)
	if n == 0 || n > maxChain {
		return a, fmt.Errorf("certChain of %d certificates, want one to %d", n, maxChain)
	}
	for i, c := range f.Chain.Certificates {
		parsed, err := x509.ParseCertificate(c.DER)
		if err != nil {
			return a, fmt.Errorf("certificate %d: %w", i, err)
		}
		a.chain = append(a.chain, parsed)
		if i < n-1 {
			a.between.AddCert(parsed)
		} else {
			a.anchor.AddCert(parsed)
		}
	}
	var err error
	a.valid, err = f.Valid.read()
	return a, err
}

// signer returns the certificate of a timestamp authority that signs tokens,
// where the root names it: the first of the chain, if it issues nothing.
func (a *authority) signer() *x509.Certificate {
	if a.chain[0].IsCA {
		return nil
	}
	return a.chain[0]
}

// verify builds the chains from c to the authority's anchor. They and the
// authority's window must be valid at that time.
func (a *authority) verify(c *x509.Certificate, at time.Time, use x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	if !a.valid.holds(at) {
		return nil, fmt.Errorf("%w: the trusted root believes %s from %s, not at %s", errWindow, a.name, a.valid, stamp(at))
	}
	return c.Verify(x509.VerifyOptions{
		Roots:         a.anchor,
		Intermediates: a.between,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{use},
	})
}

// errWindow tells an authority that is not believed at a time from one that
// did not issue a certificate.
var errWindow = errors.New("not believed then")
