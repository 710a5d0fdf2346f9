// SPDX-License-Identifier: Apache-2.0

package proof_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

const vectors = "../../testdata/vectors/tlog"

// The keys of the published log, both halves.
const (
	tesseraOrigin = "example.com/log/testdata"
	tesseraSigner = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
	tesseraKey    = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
)

func readVector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decodeVector(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(readVector(t, name), v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// A real Certificate Transparency log's proofs hold, and no longer do once a
// bit of anything in them is flipped.
func TestCertificateTransparency(t *testing.T) {
	var head struct {
		Size uint64 `json:"tree_size"`
		Root []byte `json:"sha256_root_hash"`
	}
	var entries struct {
		Entries []struct {
			Data []byte `json:"leaf_input"`
		} `json:"entries"`
	}
	var inclusion struct {
		Index uint64   `json:"leaf_index"`
		Path  [][]byte `json:"audit_path"`
	}
	var consistency struct {
		Path [][]byte `json:"consistency"`
	}
	decodeVector(t, "argon2020/sth.json", &head)
	decodeVector(t, "argon2020/entries.json", &entries)
	decodeVector(t, "argon2020/proof.json", &inclusion)
	decodeVector(t, "argon2020/consistency.json", &consistency)
	leaf, root := tlog.RecordHash(entries.Entries[0].Data), tlog.Hash(head.Root)
	path := toProof(inclusion.Path)
	if err := proof.Inclusion(path, leaf, inclusion.Index, head.Size, root); err != nil {
		t.Error(err)
	}
	eachFlip(path, func(p proof.Proof) {
		if err := proof.Inclusion(p, leaf, inclusion.Index, head.Size, root); !errors.Is(err, proof.ErrProof) {
			t.Errorf("inclusion by a wrong hash: %v", err)
		}
	})
	oldRoot, err := tlog.ParseHash("AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=")
	if err != nil {
		t.Fatal(err)
	}
	before := proof.Checkpoint{Size: 3654490, Root: oldRoot}
	after := proof.Checkpoint{Size: head.Size, Root: root}
	path = toProof(consistency.Path)
	if err := proof.Consistency(path, before, after); err != nil {
		t.Error(err)
	}
	eachFlip(path, func(p proof.Proof) {
		if err := proof.Consistency(p, before, after); !errors.Is(err, proof.ErrProof) {
			t.Errorf("consistency by a wrong hash: %v", err)
		}
	})
}

func toProof(path [][]byte) proof.Proof {
	var p proof.Proof
	for _, h := range path {
		p = append(p, tlog.Hash(h))
	}
	return p
}

// eachFlip calls f with each hash of p changed, left out, and doubled.
func eachFlip(p proof.Proof, f func(proof.Proof)) {
	for i := range p {
		flipped := append(proof.Proof(nil), p...)
		flipped[i][i] ^= 1
		f(flipped)
		f(append(append(proof.Proof(nil), p[:i]...), p[i+1:]...))
		f(append(append(append(proof.Proof(nil), p[:i]...), p[i]), p[i:]...))
	}
}

// Another implementation's checkpoints are read, and made byte for byte.
func TestTesseraCheckpoints(t *testing.T) {
	keys, err := proof.NewKeys(tesseraOrigin, []string{tesseraKey})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(tesseraSigner)
	if err != nil {
		t.Fatal(err)
	}
	for size := range uint64(16) {
		raw := readVector(t, fmt.Sprintf("tessera/checkpoint.%d", size))
		c, err := proof.ParseCheckpoint(raw, keys)
		if err != nil || c.Size != size || c.Origin != tesseraOrigin {
			t.Fatalf("checkpoint of %d leaves: %+v, %v", size, c, err)
		}
		again, err := proof.SignCheckpoint(tesseraOrigin, size, c.Root, signer)
		if err != nil || string(again.Raw) != string(raw) {
			t.Errorf("checkpoint of %d leaves is signed as %q, %v", size, again.Raw, err)
		}
	}
}

// The published signed note verifies, and is no checkpoint.
func TestSignedNoteExample(t *testing.T) {
	keys, err := proof.NewKeys("example.com/foo", []string{"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.ParseCheckpoint(readVector(t, "signed-note.txt"), keys); !errors.Is(err, proof.ErrMalformed) {
		t.Errorf("%v, want ErrMalformed", err)
	}
	other, err := proof.NewKeys(tesseraOrigin, []string{tesseraKey})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.ParseCheckpoint(readVector(t, "signed-note.txt"), other); !errors.Is(err, proof.ErrOrigin) {
		t.Errorf("%v, want ErrOrigin", err)
	}
}
