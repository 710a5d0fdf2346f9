// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/proof"
)

const (
	origin   = "q7d4example"
	rekor2   = "rekor2.example"
	rekor1   = "rekor1.example"
	contract = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
)

// base is when the world begins.
var base = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A world is a log of a hundred entries, three witnesses of two operators, a
// timestamp authority and two logs of others.
type world struct {
	t         testing.TB
	log       note.Signer
	trust     Trust
	hashes    []tlog.Hash
	witnesses map[string]proof.CosignerKey
	specs     map[string]Spec
	tsaKey    *ecdsa.PrivateKey
	tsa       *x509.Certificate
	rekor2    ed25519.PrivateKey
	rekor1    *ecdsa.PrivateKey
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, witnesses: map[string]proof.CosignerKey{}, specs: map[string]Spec{}}
	secret, public, err := note.GenerateKey(rand.Reader, origin)
	check(t, err)
	w.log, err = note.NewSigner(secret)
	check(t, err)
	w.trust = Trust{Now: base.Add(24 * time.Hour)}
	w.trust.Keys, err = proof.NewKeys(origin, []string{public})
	check(t, err)
	for i := range int64(100) {
		more, err := tlog.StoredHashes(i, fmt.Appendf(nil, "entry %d", i), w.reader())
		check(t, err)
		w.hashes = append(w.hashes, more...)
	}
	for name, operator := range map[string]string{"w1": "acme", "w2": "umbrella", "w3": "acme"} {
		key, err := proof.NewCosignerKey(name+".example", rand.Reader)
		check(t, err)
		w.witnesses[name] = key
		w.specs[name] = Spec{Kind: Witness, Name: name + ".example", URL: "https://" + name + ".example/", Key: key.String(), Operator: operator}
	}
	w.specs["stamp"] = Spec{Kind: "tsa", Name: "stamp", URL: "https://tsa.example"}
	w.specs["public"] = Spec{Kind: "rekor", Name: "public", URL: "https://" + rekor2, Version: 2}
	w.specs["old"] = Spec{Kind: "rekor", Name: "old", URL: "https://" + rekor1, Version: 1}
	w.specs["main"] = Spec{Kind: "evm", Name: "main", URL: "https://rpc.example", Chain: 1, Contract: contract}
	w.trust.Specs = w.only("w1", "w2", "w3", "stamp", "public", "old", "main")
	w.trust.Roots = []*keyless.Root{w.root()}
	return w
}

func (w *world) only(names ...string) (specs []Spec) {
	for _, name := range names {
		specs = append(specs, w.specs[name])
	}
	return specs
}

func (w *world) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var got []tlog.Hash
		for _, i := range indexes {
			got = append(got, w.hashes[i])
		}
		return got, nil
	})
}

// tree is the log as a reader has it, with so many entries.
func (w *world) tree(size uint64) Tree {
	return Tree{Head: w.checkpoint(size), Since: func(old uint64) (proof.Proof, error) {
		p, err := tlog.ProveTree(int64(size), int64(old), w.reader())
		return proof.Proof(p), err
	}}
}

func (w *world) checkpoint(size uint64) proof.Checkpoint {
	root, err := tlog.TreeHash(int64(size), w.reader())
	check(w.t, err)
	return w.sign(origin, size, root)
}

// forked is a checkpoint of another log by the same key.
func (w *world) forked(size uint64) proof.Checkpoint {
	return w.sign(origin, size, sha256.Sum256([]byte("another log")))
}

func (w *world) sign(origin string, size uint64, root tlog.Hash) proof.Checkpoint {
	s := w.log
	if origin != s.Name() {
		secret, _, err := note.GenerateKey(rand.Reader, origin)
		check(w.t, err)
		s, err = note.NewSigner(secret)
		check(w.t, err)
	}
	c, err := proof.SignCheckpoint(origin, size, root, s)
	check(w.t, err)
	return c
}

// receipt is what an anchor gives for a checkpoint at a time.
func (w *world) receipt(name string, c proof.Checkpoint, at time.Time) Receipt {
	s := w.specs[name]
	r := Receipt{Schema: ReceiptSchema, Kind: s.Kind, Name: s.Name, Checkpoint: c.Raw}
	var body any
	switch s.Kind {
	case Witness:
		line, err := w.witnesses[name].Cosign(Text(c), at)
		check(w.t, err)
		body = WitnessProof{line}
	case "tsa":
		body = TSAProof{w.stamp(Text(c), at)}
	case "rekor":
		entry, err := canon.Marshal(w.entry(s.Version, Text(c), at))
		check(w.t, err)
		body = RekorProof{entry}
	case "evm":
		body = EVMProof{Chain: 1, Contract: contract, Transaction: "0x" + strings.Repeat("ab", 32), Block: 7, BlockHash: "0x" + strings.Repeat("cd", 32), Time: utc(at), Finalized: true}
	}
	data, err := canon.Marshal(body)
	check(w.t, err)
	r.Proof = data
	return r
}

func bytesOf(t testing.TB, r Receipt) []byte {
	t.Helper()
	data, err := r.Bytes()
	check(t, err)
	return data
}

func (w *world) stamp(message []byte, at time.Time) []byte {
	sum := sha256.Sum256(message)
	answer, err := (&timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: at, Accuracy: time.Second,
		Policy: encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}).CreateResponseWithOpts(w.tsa, w.tsaKey, crypto.SHA256)
	check(w.t, err)
	return answer
}

type object = map[string]any

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// entry is how a log of others shows a text.
func (w *world) entry(version int, text []byte, at time.Time) object {
	sum := sha256.Sum256(text)
	body := object{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": object{
		"data":      object{"hash": object{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}},
		"signature": object{"content": "c2ln", "publicKey": object{"content": "a2V5"}},
	}}
	if version == 2 {
		body = object{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": object{"hashedRekordV002": object{
			"data":      object{"algorithm": "SHA2_256", "digest": b64(sum[:])},
			"signature": object{"content": "c2ln", "verifier": object{"keyDetails": "PKIX_ED25519", "publicKey": object{"rawBytes": "a2V5"}}},
		}}}
	}
	leaf, err := canon.Marshal(body)
	check(w.t, err)
	root := tlog.RecordHash(leaf) // the log's only entry
	e := object{"logIndex": "0", "canonicalizedBody": b64(leaf), "kindVersion": object{"kind": "hashedrekord", "version": body["apiVersion"]}}
	name, id, signer := rekor2, w.rekor2ID(), noteSigner{name: rekor2, hash: binary.BigEndian.Uint32(w.rekor2ID()), sign: func(m []byte) []byte { return ed25519.Sign(w.rekor2, m) }}
	if version == 1 {
		sum := sha256.Sum256(w.spki(&w.rekor1.PublicKey))
		id, name = sum[:], rekor1+" - 12345"
		signer = noteSigner{name: rekor1, hash: binary.BigEndian.Uint32(sum[:]), sign: w.signRekor1}
		e["integratedTime"] = fmt.Sprint(at.Unix())
		set := fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":0}`, b64(leaf), at.Unix(), id)
		e["inclusionPromise"] = object{"signedEntryTimestamp": b64(w.signRekor1(set))}
	}
	e["logId"] = object{"keyId": b64(id)}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n1\n%s\n", name, root)}, signer)
	check(w.t, err)
	e["inclusionProof"] = object{"logIndex": "0", "treeSize": "1", "rootHash": b64(root[:]), "hashes": []string{}, "checkpoint": object{"envelope": string(signed)}}
	return e
}

type noteSigner struct {
	name string
	hash uint32
	sign func([]byte) []byte
}

func (s noteSigner) Name() string                        { return s.name }
func (s noteSigner) KeyHash() uint32                     { return s.hash }
func (s noteSigner) Sign(message []byte) ([]byte, error) { return s.sign(message), nil }

func (w *world) signRekor1(message []byte) []byte {
	sum := sha256.Sum256(message)
	sig, err := ecdsa.SignASN1(rand.Reader, w.rekor1, sum[:])
	check(w.t, err)
	return sig
}

func (w *world) rekor2ID() []byte {
	sum := sha256.Sum256(append([]byte(rekor2+"\n\x01"), w.rekor2.Public().(ed25519.PublicKey)...))
	return sum[:]
}

func (w *world) spki(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	check(w.t, err)
	return der
}

// root makes the authorities of the world, and the trusted root that names them.
func (w *world) root() *keyless.Root {
	var err error
	w.rekor1, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(w.t, err)
	_, w.rekor2, err = ed25519.GenerateKey(rand.Reader)
	check(w.t, err)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(w.t, err)
	w.tsaKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(w.t, err)
	from, to := base.Add(-24*time.Hour), base.Add(365*24*time.Hour)
	ca := w.issue(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tsa root"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, &caKey.PublicKey, caKey)
	usage, err := encasn1.Marshal([]encasn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	check(w.t, err)
	w.tsa = w.issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: encasn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, ca, &w.tsaKey.PublicKey, caKey)
	sum := sha256.Sum256(w.spki(&w.rekor1.PublicKey))
	logged := func(host, kind string, key crypto.PublicKey, id []byte) object {
		return object{
			"baseUrl": "https://" + host, "hashAlgorithm": "SHA2_256", "logId": object{"keyId": b64(id)},
			"publicKey": object{"rawBytes": b64(w.spki(key)), "keyDetails": kind, "validFor": object{"start": utc(from)}},
		}
	}
	data, err := json.Marshal(object{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs": []object{
			logged(rekor2, "PKIX_ED25519", w.rekor2.Public(), w.rekor2ID()),
			logged(rekor1, "PKIX_ECDSA_P256_SHA_256", &w.rekor1.PublicKey, sum[:]),
		},
		"timestampAuthorities": []object{{
			"uri": "https://tsa.example", "validFor": object{"start": utc(from)},
			"certChain": object{"certificates": []object{{"rawBytes": b64(w.tsa.Raw)}, {"rawBytes": b64(ca.Raw)}}},
		}},
	})
	check(w.t, err)
	root, err := keyless.ParseRoot(data)
	check(w.t, err)
	return root
}

func (w *world) issue(c, parent *x509.Certificate, key crypto.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, by)
	check(w.t, err)
	made, err := x509.ParseCertificate(der)
	check(w.t, err)
	return made
}
