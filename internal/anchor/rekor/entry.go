// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	tiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// An entry is what is logged for a checkpoint: a hashedrekord.
//
// Rekor takes only what is signed, and holds two entries for the same if their
// signatures are. The signature proves nothing here: the log key's own stands
// in the checkpoint, and that the text was there is all that an anchor says. So
// the key is made from the text, by anybody, and the signature is the one of
// RFC 6979. Whoever anchors a checkpoint writes the same entry: a job that lost
// the answer, a second one at the same time, another program. The log then says
// that it has it, and it stands there once. A fresh key or one with a random
// signature would make another entry each time, and a signature by the event
// key would need that key in a job that only anchors, and tell the world which
// logs are one signer's.
type entry struct {
	digest    [sha256.Size]byte // of the text
	key       []byte            // PKIX
	signature []byte            // ASN.1 DER
	body      []byte            // hashedrekord 0.0.2, canonical: what is hashed into the tree of a version 2
}

// keyContext begins what the key is made from.
const keyContext = "gateledger rekor anchor v1\n"

func entryOf(text []byte) (entry, error) {
	e := entry{digest: sha256.Sum256(text)}
	key, err := keyOf(text)
	if err != nil {
		return entry{}, fmt.Errorf("make key of log entry: %w", err)
	}
	if e.key, err = x509.MarshalPKIXPublicKey(key.Public()); err != nil {
		return entry{}, fmt.Errorf("make key of log entry: %w", err)
	}
	if e.signature, err = key.Sign(nil, e.digest[:], crypto.SHA256); err != nil { // without randomness: RFC 6979
		return entry{}, fmt.Errorf("sign log entry: %w", err)
	}
	whole := &tiles.Entry{Kind: "hashedrekord", ApiVersion: "0.0.2", Spec: &tiles.Spec{Spec: &tiles.Spec_HashedRekordV002{
		HashedRekordV002: &tiles.HashedRekordLogEntryV002{
			Signature: e.proto(), Data: &protocommon.HashOutput{Digest: e.digest[:], Algorithm: protocommon.HashAlgorithm_SHA2_256},
		},
	}}}
	data, err := protojson.Marshal(whole)
	if err == nil {
		e.body, err = canon.Transform(data)
	}
	if err != nil {
		return entry{}, fmt.Errorf("write log entry: %w", err)
	}
	return e, nil
}

// keyOf makes the P-256 key of a text. One hash in four thousand million is no
// key; the next one is.
func keyOf(text []byte) (*ecdsa.PrivateKey, error) {
	seed := sha256.Sum256(append([]byte(keyContext), text...))
	for {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err == nil {
			return key, nil
		}
		if seed[0] != 0xff && !allZero(seed[:]) {
			return nil, err
		}
		seed = sha256.Sum256(seed[:])
	}
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func (e entry) proto() *tiles.Signature {
	return &tiles.Signature{Content: e.signature, Verifier: &tiles.Verifier{
		Verifier:   &tiles.Verifier_PublicKey{PublicKey: &tiles.PublicKey{RawBytes: e.key}},
		KeyDetails: protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
	}}
}

// pem is the key as version 1 wants it.
func (e entry) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: e.key})
}

// check checks all of what the log answered that needs no key of the log: it is
// the entry, in the tree that its checkpoint names. Whose checkpoint that is, a
// trusted root says.
func (e entry) check(logged *protorekor.TransparencyLogEntry, version int) error {
	about := e.about2
	if version == 1 {
		about = e.about1
	}
	if err := about(logged); err != nil {
		return err
	}
	p := logged.GetInclusionProof()
	lines := strings.Split(p.GetCheckpoint().GetEnvelope(), "\n")
	if len(lines) < 4 {
		return errors.New("it holds no checkpoint of the log")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	switch {
	case err != nil || len(root) != tlog.HashSize:
		return errors.New("its checkpoint has no root hash")
	case lines[1] != strconv.FormatInt(p.GetTreeSize(), 10), !bytes.Equal(root, p.GetRootHash()):
		return errors.New("it repeats another tree size or root hash than its checkpoint")
	case p.GetTreeSize() < 1 || p.GetLogIndex() < 0 || p.GetLogIndex() >= p.GetTreeSize():
		return fmt.Errorf("it is number %d of %d entries", p.GetLogIndex(), p.GetTreeSize())
	case len(p.GetHashes()) > proof.MaxProof:
		return fmt.Errorf("its proof has %d hashes, over the limit of %d", len(p.GetHashes()), proof.MaxProof)
	}
	var hashes proof.Proof
	for _, h := range p.GetHashes() {
		if len(h) != tlog.HashSize {
			return fmt.Errorf("its proof has a hash of %d bytes", len(h))
		}
		hashes = append(hashes, tlog.Hash(h))
	}
	return proof.Inclusion(hashes, tlog.RecordHash(logged.GetCanonicalizedBody()), uint64(p.GetLogIndex()), uint64(p.GetTreeSize()), tlog.Hash(root))
}

func (e entry) about2(logged *protorekor.TransparencyLogEntry) error {
	kind := logged.GetKindVersion()
	switch {
	case kind.GetKind() != "hashedrekord" || kind.GetVersion() != "0.0.2":
		return fmt.Errorf("it is %.40q %.40q, want hashedrekord 0.0.2", kind.GetKind(), kind.GetVersion())
	case !bytes.Equal(logged.GetCanonicalizedBody(), e.body):
		return errors.New("it is about something else")
	case logged.GetLogIndex() != logged.GetInclusionProof().GetLogIndex():
		return errors.New("it gives two indexes")
	}
	return nil
}

// about1 reads the body of a hashedrekord 0.0.1.
func (e entry) about1(logged *protorekor.TransparencyLogEntry) error {
	var body struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			Data struct {
				Hash struct{ Algorithm, Value string }
			}
			Signature struct{ Content []byte }
		}
	}
	if err := json.Unmarshal(logged.GetCanonicalizedBody(), &body); err != nil {
		return fmt.Errorf("its body is no JSON: %w", err)
	}
	hash := body.Spec.Data.Hash
	switch {
	case body.Kind != "hashedrekord" || body.APIVersion != "0.0.1":
		return fmt.Errorf("it is %.40q %.40q, want hashedrekord 0.0.1", body.Kind, body.APIVersion)
	case hash.Algorithm != "sha256" || hash.Value != hex.EncodeToString(e.digest[:]) || !bytes.Equal(body.Spec.Signature.Content, e.signature):
		return errors.New("it is about something else")
	case logged.GetIntegratedTime() <= 0 || len(logged.GetInclusionPromise().GetSignedEntryTimestamp()) == 0:
		return errors.New("it does not say when")
	}
	return nil
}
