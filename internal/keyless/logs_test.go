// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// entryDoc and the others are entry and bundle as their JSON has them.
type entryDoc struct {
	Index      uint64      `json:"logIndex,string"`
	LogID      keyIDDoc    `json:"logId"`
	Kind       kindDoc     `json:"kindVersion"`
	Integrated int64       `json:"integratedTime,string,omitempty"`
	Promise    *promiseDoc `json:"inclusionPromise,omitempty"`
	Proof      *proofDoc   `json:"inclusionProof,omitempty"`
	Body       []byte      `json:"canonicalizedBody"`
}

type keyIDDoc struct {
	KeyID []byte `json:"keyId"`
}

type kindDoc struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

type promiseDoc struct {
	SET []byte `json:"signedEntryTimestamp"`
}

type proofDoc struct {
	Index      uint64        `json:"logIndex,string"`
	Root       []byte        `json:"rootHash"`
	Size       uint64        `json:"treeSize,string"`
	Hashes     [][]byte      `json:"hashes"`
	Checkpoint checkpointDoc `json:"checkpoint"`
}

type checkpointDoc struct {
	Envelope string `json:"envelope"`
}

type bundleDoc struct {
	MediaType string      `json:"mediaType"`
	Material  materialDoc `json:"verificationMaterial"`
	Envelope  envelopeDoc `json:"dsseEnvelope"`
}

type materialDoc struct {
	Certificate derDoc     `json:"certificate"`
	Logs        []entryDoc `json:"tlogEntries,omitempty"`
	Times       timesDoc   `json:"timestampVerificationData,omitzero"`
}

type timesDoc struct {
	Tokens []tokenDoc `json:"rfc3161Timestamps,omitempty"`
}

type tokenDoc struct {
	Signed []byte `json:"signedTimestamp"`
}

type envelopeDoc struct {
	Payload     []byte    `json:"payload"`
	PayloadType string    `json:"payloadType"`
	Signatures  []dsseDoc `json:"signatures"`
}

type dsseDoc struct {
	Sig []byte `json:"sig"`
}

// A noteSigner signs checkpoints under a name, as a log of ours or of others.
type noteSigner struct {
	noteKey
	sign func(message []byte) []byte
}

func (s noteSigner) Sign(message []byte) ([]byte, error) { return s.sign(message), nil }

// rekor2Signer signs checkpoints of the Rekor v2 log.
func (w *world) rekor2Signer() noteSigner {
	sum := w.rekor2ID()
	return noteSigner{
		noteKey{name: rekor2Host, hash: binary.BigEndian.Uint32(sum)},
		func(message []byte) []byte { return ed25519.Sign(w.rekor2, message) },
	}
}

// rekor1Signer signs checkpoints of the Rekor v1 log, under a name that is
// not its host.
func (w *world) rekor1Signer(t testing.TB) noteSigner {
	t.Helper()
	sum := sha256.Sum256(spkiOf(t, &w.rekor1.PublicKey))
	return noteSigner{
		noteKey{name: "rekor.sigstore.dev", hash: binary.BigEndian.Uint32(sum[:])},
		func(message []byte) []byte { return signECDSA(t, w.rekor1, message) },
	}
}

func signECDSA(t testing.TB, key *ecdsa.PrivateKey, message []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	check(t, err)
	return sig
}

// include puts body at index 3 of a log of seven leaves.
func include(t testing.TB, body []byte, origin, extra string, s note.Signer) *proofDoc {
	t.Helper()
	const index, size = 3, 7
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var got []tlog.Hash
		for _, i := range indexes {
			got = append(got, hashes[i])
		}
		return got, nil
	})
	for i := range int64(size) {
		leaf := fmt.Appendf(nil, "leaf %d", i)
		if i == index {
			leaf = body
		}
		more, err := tlog.StoredHashes(i, leaf, reader)
		check(t, err)
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(size, reader)
	check(t, err)
	path, err := tlog.ProveRecord(size, index, reader)
	check(t, err)
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n%s", origin, size, root, extra)}, s)
	check(t, err)
	p := &proofDoc{Index: index, Root: root[:], Size: size, Checkpoint: checkpointDoc{string(signed)}}
	for _, h := range path {
		p.Hashes = append(p.Hashes, append([]byte(nil), h[:]...))
	}
	return p
}

// entry2 logs s in the Rekor v2 log.
func (w *world) entry2(t testing.TB, s event.Signed) entryDoc {
	t.Helper()
	leaf, err := s.Leaf()
	check(t, err)
	p := include(t, leaf, rekor2Host, "", w.rekor2Signer())
	return entryDoc{Index: p.Index, LogID: keyIDDoc{w.rekor2ID()}, Kind: kindDoc{"hashedrekord", "0.0.2"}, Proof: p, Body: leaf}
}

// promise has the Rekor v1 log sign body, time and index.
func (w *world) promise(t testing.TB, e *entryDoc) {
	t.Helper()
	message, err := canon.Marshal(map[string]any{"body": e.Body, "integratedTime": e.Integrated, "logID": hex.EncodeToString(e.LogID.KeyID), "logIndex": e.Index})
	check(t, err)
	e.Promise = &promiseDoc{signECDSA(t, w.rekor1, message)}
}

// entry1 logs a body of that kind in the Rekor v1 log, with promise and proof.
func (w *world) entry1(t testing.TB, kind string, body any, at time.Time) entryDoc {
	t.Helper()
	data, err := canon.Marshal(body)
	check(t, err)
	e := entryDoc{Index: 1_000_003, Kind: kindDoc{kind, "0.0.1"}, Integrated: at.Unix(), Body: data}
	sum := sha256.Sum256(spkiOf(t, &w.rekor1.PublicKey))
	e.LogID.KeyID = sum[:]
	w.promise(t, &e)
	e.Proof = include(t, data, "rekor.sigstore.dev - 1193050959916656506", "Timestamp: 1689177396\n", w.rekor1Signer(t))
	return e
}

type object = map[string]any

func sha256Of(data []byte) object {
	sum := sha256.Sum256(data)
	return object{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
}

// pemOf is the signer of s as Rekor v1 has it.
func pemOf(s event.Signed) []byte {
	if len(s.Verifier.Certificate) == 0 {
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s.Verifier.PublicKey})
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Verifier.Certificate})
}

// dsseBody and hashedBody are bodies of Rekor v1 entries about s.
func dsseBody(s event.Signed) object {
	return object{"apiVersion": "0.0.1", "kind": "dsse", "spec": object{
		"envelopeHash": sha256Of([]byte("the envelope's JSON")),
		"payloadHash":  sha256Of(s.Payload),
		"signatures":   []object{{"signature": s.Signature, "verifier": pemOf(s)}},
	}}
}

func hashedBody(s event.Signed) object {
	return object{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": object{
		"data":      object{"hash": sha256Of(event.PAE(event.PayloadType, s.Payload))},
		"signature": object{"content": s.Signature, "publicKey": object{"content": pemOf(s)}},
	}}
}

// newBundle is s with these entries.
func newBundle(s event.Signed, entries ...entryDoc) *bundleDoc {
	b := &bundleDoc{
		MediaType: event.BundleType,
		Material:  materialDoc{Certificate: derDoc{s.Verifier.Certificate}, Logs: entries},
		Envelope:  envelopeDoc{Payload: s.Payload, PayloadType: event.PayloadType, Signatures: []dsseDoc{{s.Signature}}},
	}
	for _, token := range s.Timestamps {
		b.Material.Times.Tokens = append(b.Material.Times.Tokens, tokenDoc{token})
	}
	return b
}
