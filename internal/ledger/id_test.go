// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// signedOften returns one event under two signatures by one key, and then the
// same with certificates of that key, of two kinds.
func signedOften(t *testing.T) []event.Signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	sign := func(certificate []byte) event.Signed {
		payload := []byte(`{"a":"statement"}`)
		sum := sha256.Sum256(event.PAE(event.PayloadType, payload))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return event.Signed{Payload: payload, Signature: signature, Verifier: event.Verifier{
			KeyDetails: "PKIX_ECDSA_P256_SHA_256", PublicKey: public, Certificate: certificate}}
	}
	certify := func(serial int64) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(serial)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	return []event.Signed{sign(nil), sign(nil), sign(certify(1)), sign(certify(2))}
}

func TestIDIsTheEventID(t *testing.T) {
	t.Parallel()
	ids := map[[32]byte]bool{}
	for _, s := range signedOften(t) {
		leaf, err := s.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		ids[s.ID()] = true
		if ledger.ID(leaf) != s.ID() {
			t.Errorf("the ledger and the event disagree on the id of %s", leaf)
		}
	}
	if len(ids) != 1 {
		t.Errorf("one event of one key has %d ids", len(ids))
	}
}

func TestIDOfAnythingElseIsTheLeafHash(t *testing.T) {
	t.Parallel()
	signed := signedOften(t)
	leaf, err := signed[0].Leaf()
	if err != nil {
		t.Fatal(err)
	}
	certified, err := signed[2].Leaf()
	if err != nil {
		t.Fatal(err)
	}
	key := certified[bytes.Index(certified, []byte(`"x509Certificate"`)):]
	for name, data := range map[string][]byte{
		"text":                         []byte("text"),
		"an entry cut short":           leaf[:len(leaf)-1],
		"an entry with a space":        append([]byte(" "), leaf...),
		"an entry of another version":  bytes.Replace(leaf, []byte("0.0.2"), []byte("0.0.3"), 1),
		"an entry with a short digest": bytes.Replace(leaf, []byte(`"digest":"`), []byte(`"digest":"AAAA`), 1),
		"an entry without a key":       bytes.Replace(leaf, []byte(`"rawBytes":"`), []byte(`"rawBytes":"!`), 1),
		"a key with a line end":        bytes.Replace(leaf, []byte(`"rawBytes":"`), []byte("\"rawBytes\":\"\n"), 1),
		"a key called a certificate":   bytes.Replace(leaf, []byte(`"publicKey"`), []byte(`"x509Certificate"`), 1),
		"a certificate cut short":      bytes.Replace(certified, key[30:34], nil, 1),
		"no certificate":               bytes.Replace(certified, key[:len(key)-6], []byte(`"x509Certificate":{"rawBytes":"`), 1),
	} {
		if ledger.ID(data) != tlog.RecordHash(data) {
			t.Errorf("%s: the id is not the leaf hash", name)
		}
	}
}

func TestAnEventSignedAgainIsADuplicate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	l := fillDir(t, o, ledgertest.Leaves(0, 3))
	for i, s := range signedOften(t) {
		leaf, err := s.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.Append(ctx, proof.Checkpoint{}, []ledger.Leaf{{ID: s.ID(), Data: leaf, Body: s.Payload}})
		if err != nil || r[0].Index != 3 || r[0].Duplicate != (i > 0) {
			t.Errorf("signature %d: %+v, %v", i, r, err)
		}
	}
}

// The cache of ids is never trusted further than the entries bear it out.
func TestIDsAreMadeAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	for name, damage := range map[string]func([]byte) []byte{
		"lost":            func([]byte) []byte { return nil },
		"empty":           func([]byte) []byte { return []byte{} },
		"cut short":       func(b []byte) []byte { return b[:16*100+5] },
		"too long":        func(b []byte) []byte { return append(b, b...) },
		"zero at the end": func(b []byte) []byte { return append(b[:16*290], make([]byte, 16*10)...) },
		"zero in between": func(b []byte) []byte { copy(b[16*100:], make([]byte, 16*10)); return b },
		"of another log":  func(b []byte) []byte { return bytes.Repeat([]byte{7}, len(b)) },
		"pointing astray": func(b []byte) []byte { copy(b, b[16*200:16*201]); return b },
	} {
		folder := t.TempDir()
		fillAt(t, folder, o, ledgertest.Leaves(0, 300))
		path := filepath.Join(folder, "cache", "ids")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if data = damage(data); data == nil {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		l := open(t, "dir:"+folder, o)
		for _, i := range []int{200, 299, 105, 0} {
			r, err := l.Append(ctx, proof.Checkpoint{}, []ledger.Leaf{ledgertest.Leaf(i)})
			if err != nil || !r[0].Duplicate || r[0].Index != uint64(i) {
				t.Errorf("%s: leaf %d again: %+v, %v", name, i, r, err)
			}
		}
		if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(300, 301)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
