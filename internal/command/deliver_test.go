// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A deep inbox shows its parcels a few at a time, as a remote with thousands
// of them does. It appends to a real ledger.
type deepInbox struct {
	ledger.Ledger
	parcels []ledger.Parcel
	window  int
	endless bool
}

func (d *deepInbox) Submit(context.Context, []ledger.Leaf) (ledger.Parcel, error) {
	return ledger.Parcel{}, errors.New("nobody submits here")
}

func (d *deepInbox) Pending(context.Context) ([]ledger.Parcel, error) {
	if d.endless {
		return []ledger.Parcel{{Name: "0", Err: errors.New("garbage"), More: 1}}, nil
	}
	n := min(d.window, len(d.parcels))
	shown := slices.Clone(d.parcels[:n])
	if n > 0 {
		shown[n-1].More = len(d.parcels) - n
	}
	return shown, nil
}

func (d *deepInbox) Integrate(ctx context.Context, head proof.Checkpoint, leaves []ledger.Leaf, done, refused []ledger.Parcel) ([]proof.Receipt, error) {
	gone := map[string]bool{}
	for _, p := range append(slices.Clone(done), refused...) {
		gone[p.Name] = true
	}
	d.parcels = slices.DeleteFunc(d.parcels, func(p ledger.Parcel) bool { return gone[p.Name] })
	if len(leaves) == 0 {
		return nil, nil
	}
	return d.Append(ctx, head, leaves)
}

// newInbox is a workspace whose inbox shows two parcels at a time, and the
// signed event that is the last of them.
func newInbox(t *testing.T) (*workspace, *deepInbox) {
	t.Helper()
	const origin = "log.example"
	private, public, err := note.GenerateKey(rand.Reader, origin)
	check(t, err)
	signer, err := note.NewSigner(private)
	check(t, err)
	keys, err := proof.NewKeys(origin, []string{public})
	check(t, err)
	l, err := ledger.Create(t.Context(), "dir:"+t.TempDir()+"/ledger", ledger.Options{Keys: keys, Signer: signer})
	check(t, err)
	ring := keyring.Open(t.TempDir() + "/ring")
	id, err := ring.NewEventKey(origin, rand.Reader)
	check(t, err)
	key, err := ring.EventSigner(origin)
	check(t, err)
	text, err := policy.Template(policy.Start{URL: "dir:", Origin: origin, LogKeys: []string{public}, Signer: "dev", Key: id})
	check(t, err)
	p, err := policy.Parse(text)
	check(t, err)

	payload, err := event.NewStatement(event.BuildType, []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}}, event.BuildPredicate{})
	check(t, err)
	signed, err := event.Sign(payload, key)
	check(t, err)
	leaf, err := leaves([]entry{{signed: signed}})
	check(t, err)
	d := &deepInbox{Ledger: l, window: 2}
	for i := range 7 {
		d.parcels = append(d.parcels, ledger.Parcel{Name: fmt.Sprint(i), Err: errors.New("garbage")})
	}
	d.parcels = append(d.parcels, ledger.Parcel{Name: "9", Leaves: leaf})
	env := worldOf(&bytes.Buffer{}, &bytes.Buffer{})
	env.Now = time.Now
	w := &workspace{
		env: env, policy: p, given: p, ring: ring, keys: keys,
		ledger: l, inbox: d, holds: true, pinned: true, url: "git:test",
	}
	return w, d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnInboxIsReadToItsEnd(t *testing.T) {
	w, d := newInbox(t)
	head, found, err := w.integrate(t.Context())
	if err != nil || head.Size != 1 || len(d.parcels) != 0 || found.doubt != "" {
		t.Fatalf("size %d, %d parcels left, doubt %q, %v", head.Size, len(d.parcels), found.doubt, err)
	}
	if n, taken := len(found.plan.Refuse), len(found.plan.Take); n != 7 || taken != 1 || found.names[found.plan.Take[0]] != "9" {
		t.Errorf("%d refused, %d taken, of %q", n, taken, found.names)
	}
}

func TestAnInboxWithoutEndIsNoYes(t *testing.T) {
	w, d := newInbox(t)
	d.endless = true
	_, _, err := w.integrate(t.Context())
	if exit := (*cli.Exit)(nil); !errors.As(err, &exit) || exit.Code != cli.Unknown {
		t.Errorf("%v, want exit 3", err)
	}
}

// Somebody writes a certificate of their own for the key that signed, around
// the same signature. That is not the event that was signed.
func TestAnotherCertificateDoesNotPassForTheEvent(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	certificate := func(serial int64) []byte {
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Unix(1<<32, 0), KeyUsage: x509.KeyUsageDigitalSignature}
		der, err := x509.CreateCertificate(rand.Reader, c, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}}, &key.PublicKey, key)
		check(t, err)
		return der
	}
	payload, err := event.NewStatement(event.BuildType, []event.Subject{{Name: "a", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}}, map[string]string{"x": "y"})
	check(t, err)
	sum := sha256.Sum256(event.PAE(event.PayloadType, payload))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	check(t, err)
	logged := func(serial int64) (event.Signed, *event.Event) {
		s, err := event.NewKeyless(payload, signature, certificate(serial), nil, nil)
		check(t, err)
		e, err := opened(s)
		check(t, err)
		return s, e
	}
	s, e := logged(2)
	_, other := logged(3)
	if err := displaced(s, e); err != nil || !sameEvent(s)(e) {
		t.Errorf("the event itself: %v", err)
	}
	err = displaced(s, other)
	if exit := (*cli.Exit)(nil); !errors.As(err, &exit) || exit.Code != cli.Integrity {
		t.Errorf("another certificate around the same signature: %v, want exit 4", err)
	}
}
