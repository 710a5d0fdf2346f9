// SPDX-License-Identifier: Apache-2.0

// Command mkroot writes the trusted root and the signing configuration of the
// private Sigstore that is running. With --ledger, our own log stands in the
// root too, as the Rekor v2 log that a stock verifier takes it for.
package main

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore-go/pkg/root"
)

func main() {
	var s stack
	flag.StringVar(&s.fulcio, "fulcio", "", "URL of the certificate authority")
	flag.StringVar(&s.tsa, "tsa", "", "URL of the timestamp authority, without a path")
	flag.StringVar(&s.rekor, "rekor", "", "URL of the Rekor v2 log")
	flag.StringVar(&s.key, "rekor-key", "", "PEM file with the log's public key")
	flag.StringVar(&s.oidc, "oidc", "", "issuer where people log in")
	flag.StringVar(&s.ledger, "ledger", "", "our own log's key, ORIGIN+HASH+KEY")
	out := flag.String("out", ".", "folder to write to")
	flag.Parse()
	if err := s.write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "mkroot:", err)
		os.Exit(1)
	}
}

// A stack is what is running.
type stack struct{ fulcio, tsa, rekor, key, oidc, ledger string }

const stampPath = "/api/v1/timestamp"

// began is before any of it started.
func began() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Second) }

func (s stack) write(folder string) error {
	trusted, err := s.trusted()
	if err != nil {
		return err
	}
	config, err := s.config()
	if err != nil {
		return err
	}
	for name, v := range map[string]json.Marshaler{"trusted_root.json": trusted, "signing_config.json": config} {
		data, err := v.MarshalJSON()
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s stack) trusted() (*root.TrustedRoot, error) {
	var bundle struct {
		Chains []struct{ Certificates []string }
	}
	data, err := get(s.fulcio + "/api/v2/trustBundle")
	if err == nil {
		err = json.Unmarshal(data, &bundle)
	}
	if err != nil || len(bundle.Chains) == 0 {
		return nil, fmt.Errorf("read the certificate authority's chain: %w", err)
	}
	ca, err := chain([]byte(strings.Join(bundle.Chains[0].Certificates, "\n")))
	if err != nil {
		return nil, err
	}
	if data, err = get(s.tsa + stampPath + "/certchain"); err != nil {
		return nil, err
	}
	tsa, err := chain(data)
	if err != nil || len(tsa) < 2 {
		return nil, fmt.Errorf("read the timestamp authority's chain of %d: %w", len(tsa), err)
	}
	logs, err := s.logs()
	if err != nil {
		return nil, err
	}
	last := len(ca) - 1
	authorities := []root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: ca[last], Intermediates: ca[:last], ValidityPeriodStart: began(), URI: s.fulcio}}
	last = len(tsa) - 1
	stamps := []root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: tsa[last], Leaf: tsa[0], Intermediates: tsa[1:last], ValidityPeriodStart: began(), URI: s.tsa + stampPath}}
	return root.NewTrustedRoot(root.TrustedRootMediaType01, authorities, nil, stamps, logs)
}

func (s stack) logs() (map[string]*root.TransparencyLog, error) {
	data, err := os.ReadFile(s.key)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("read %s: not PEM", s.key)
	}
	logs := map[string]*root.TransparencyLog{}
	if err := addLog(logs, s.rekor, block.Bytes); err != nil || s.ledger == "" {
		return logs, err
	}
	// ORIGIN+HASH+KEY, a C2SP signed-note verifier key; KEY is one byte for
	// the algorithm, 1, and the Ed25519 key.
	parts := strings.SplitN(s.ledger, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("--ledger is not ORIGIN+HASH+KEY")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 1 {
		return nil, errors.New("--ledger does not hold an Ed25519 key")
	}
	ed25519DER := []byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00} // RFC 8410
	return logs, addLog(logs, "https://"+parts[0], append(ed25519DER, raw[1:]...))
}

func addLog(logs map[string]*root.TransparencyLog, address string, der []byte) error {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	_, id, err := note.KeyHash(u.Hostname(), key)
	if err != nil {
		return err
	}
	logs[hex.EncodeToString(id)] = &root.TransparencyLog{BaseURL: address, ID: id, ValidityPeriodStart: began(), HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: crypto.SHA256}
	return nil
}

func (s stack) config() (*root.SigningConfig, error) {
	service := func(url string, version uint32) []root.Service {
		return []root.Service{{URL: url, MajorAPIVersion: version, ValidityPeriodStart: began(), Operator: "test"}}
	}
	one := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	return root.NewSigningConfig(root.SigningConfigMediaType02, service(s.fulcio, 1), service(s.oidc, 1), service(s.rekor, 2), one, service(s.tsa+stampPath, 1), one)
}

func get(url string) ([]byte, error) {
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", url, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}

// chain reads certificates in PEM, leaf first.
func chain(data []byte) (all []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, cert)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate")
	}
	return all, nil
}
