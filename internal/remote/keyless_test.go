// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"crypto/x509"
	"os"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// TestOurOwnVerifierAgrees has what was signed here read by those who will.
func TestOurOwnVerifierAgrees(t *testing.T) {
	for name, set := range map[string]func(*world){
		"timestamp only":         func(*world) {},
		"timestamp and Rekor v2": withLog2,
		"timestamp and Rekor v1": withLog1,
		"Rekor v1 alone":         func(w *world) { withLog1(w); w.stamps = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.onGitHub()
			set(w)
			a := w.signed(w.sign())
			rootFile, _ := w.files()
			data, err := os.ReadFile(rootFile)
			w.check(err)
			root, err := keyless.ParseRoot(data)
			w.check(err)
			cert, err := x509.ParseCertificate(a.Certificate)
			w.check(err)
			key, err := x509.MarshalPKIXPublicKey(cert.PublicKey)
			w.check(err)
			s := event.Signed{
				Payload: statement(t), Signature: a.Signature, Timestamps: a.Timestamps,
				Verifier: event.Verifier{KeyDetails: event.KeyDetails, PublicKey: key, Certificate: a.Certificate},
			}
			for _, e := range a.Entries {
				s.Entries = append(s.Entries, e)
			}
			id, err := root.Identify(s)
			if err != nil || id.Subject != "bob@acme.example" {
				t.Errorf("%+v: %v", id, err)
			}
		})
	}
}
