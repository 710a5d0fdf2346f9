// SPDX-License-Identifier: Apache-2.0

package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

const origin = "log.example"

// zeroes is a source of randomness that makes the same keys every time.
type zeroes byte

func (z zeroes) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(z)
	}
	return len(b), nil
}

// key returns key number i of a log.
func key(t testing.TB, name string, i byte) (note.Signer, string) {
	t.Helper()
	private, public, err := note.GenerateKey(zeroes(i), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s, public
}

func keys(t testing.TB, public ...string) proof.Keys {
	t.Helper()
	k, err := proof.NewKeys(origin, public)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A tree of leaves "leaf 0" to "leaf n-1", as package tlog stores it.
type tree []tlog.Hash

func (s tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

func leaf(i int64) []byte { return fmt.Appendf(nil, "leaf %d", i) }

func newTree(t testing.TB, n int64) (s tree) {
	t.Helper()
	for i := range n {
		hashes, err := tlog.StoredHashes(i, leaf(i), s)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, hashes...)
	}
	return s
}

func (s tree) checkpoint(t testing.TB, n int64, signer note.Signer) proof.Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(n, s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := proof.SignCheckpoint(origin, uint64(n), root, signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryProofOfSmallTrees(t *testing.T) {
	s := newTree(t, 40)
	signer, _ := key(t, origin, 1)
	for n := int64(1); n <= 40; n++ {
		c := s.checkpoint(t, n, signer)
		for i := range n {
			p, err := tlog.ProveRecord(n, i, s)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.Inclusion(proof.Proof(p), tlog.RecordHash(leaf(i)), uint64(i), c.Size, c.Root); err != nil {
				t.Errorf("leaf %d of %d: %v", i, n, err)
			}
			if err := proof.Inclusion(proof.Proof(p), tlog.RecordHash(leaf(i+1)), uint64(i), c.Size, c.Root); !errors.Is(err, proof.ErrProof) {
				t.Errorf("leaf %d of %d, of other data: %v", i, n, err)
			}
		}
		for old := int64(1); old <= n; old++ {
			p, err := tlog.ProveTree(n, old, s)
			if err != nil {
				t.Fatal(err)
			}
			before := s.checkpoint(t, old, signer)
			if err := proof.Consistency(proof.Proof(p), before, c); err != nil {
				t.Errorf("%d to %d: %v", old, n, err)
			}
			before.Root[0] ^= 1
			if err := proof.Consistency(proof.Proof(p), before, c); !errors.Is(err, proof.ErrProof) {
				t.Errorf("%d to %d, of another tree: %v", old, n, err)
			}
		}
	}
}

func TestInclusionRefuses(t *testing.T) {
	h := tlog.RecordHash([]byte("x"))
	for name, c := range map[string]struct {
		p           proof.Proof
		index, size uint64
	}{
		"a leaf of the empty tree":        {nil, 0, 0},
		"a leaf past the tree":            {nil, 1, 1},
		"a tree that overflows":           {nil, 0, proof.MaxSize + 1},
		"a tree of all bits":              {nil, 1 << 63, 1<<64 - 1},
		"more hashes than any tree needs": {make(proof.Proof, proof.MaxProof+1), 0, proof.MaxSize},
		"fewer hashes than it needs":      {nil, 0, proof.MaxSize},
	} {
		if err := proof.Inclusion(c.p, h, c.index, c.size, h); !errors.Is(err, proof.ErrProof) {
			t.Errorf("%s: %v, want ErrProof", name, err)
		}
	}
	if err := proof.Inclusion(nil, h, 0, 1, h); err != nil {
		t.Errorf("the only leaf is the root: %v", err)
	}
}

func TestConsistencyOfExtremes(t *testing.T) {
	s := newTree(t, 8)
	signer, _ := key(t, origin, 1)
	empty := proof.Checkpoint{Origin: origin, Root: proof.EmptyRoot()}
	other := s.checkpoint(t, 3, signer)
	other.Origin = "other.example"
	fork := s.checkpoint(t, 8, signer)
	fork.Root[0] ^= 1
	huge := proof.Checkpoint{Origin: origin, Size: proof.MaxSize + 1}
	one := make(proof.Proof, 1)
	for name, c := range map[string]struct {
		p        proof.Proof
		old, new proof.Checkpoint
		want     error
	}{
		"from nothing at all":                {nil, proof.Checkpoint{}, s.checkpoint(t, 8, signer), nil},
		"from the empty tree":                {nil, empty, s.checkpoint(t, 8, signer), nil},
		"from empty to empty":                {nil, empty, empty, nil},
		"from the empty tree, with hashes":   {one, empty, s.checkpoint(t, 8, signer), proof.ErrProof},
		"to itself":                          {nil, s.checkpoint(t, 8, signer), s.checkpoint(t, 8, signer), nil},
		"to itself, with hashes":             {one, s.checkpoint(t, 8, signer), s.checkpoint(t, 8, signer), proof.ErrProof},
		"to another tree of the same length": {nil, s.checkpoint(t, 8, signer), fork, proof.ErrProof},
		"to a shorter one":                   {nil, s.checkpoint(t, 8, signer), s.checkpoint(t, 3, signer), proof.ErrShrunk},
		"to another log":                     {nil, other, s.checkpoint(t, 8, signer), proof.ErrOrigin},
		"to one that overflows":              {nil, s.checkpoint(t, 3, signer), huge, proof.ErrProof},
		"by far too many hashes":             {make(proof.Proof, 1000), s.checkpoint(t, 3, signer), s.checkpoint(t, 8, signer), proof.ErrProof},
	} {
		if err := proof.Consistency(c.p, c.old, c.new); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// sign signs any text as a note.
func sign(t testing.TB, text string, signers ...note.Signer) []byte {
	t.Helper()
	raw, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// stray sets one of the two bits that a hash's base64 does not need.
func stray(hash string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := len(hash) - 2 // before the =
	return hash[:last] + string(alphabet[strings.IndexByte(alphabet, hash[last])+1]) + "="
}

func TestParseCheckpoint(t *testing.T) {
	mine, public := key(t, origin, 1)
	stranger, _ := key(t, origin, 2)
	witness, _ := key(t, "witness.example", 3)
	foreign, _ := key(t, "other.example", 4)
	root := proof.EmptyRoot().String()
	text := func(lines ...string) string { return strings.Join(lines, "\n") + "\n" }
	good := text(origin, "0", root)
	other := tlog.RecordHash(nil).String()
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"signed":                            {sign(t, good, mine), nil},
		"signed by a witness too":           {sign(t, good, witness, mine), nil},
		"signed by an unknown key too":      {sign(t, good, mine, stranger), nil},
		"of one leaf":                       {sign(t, text(origin, "1", other), mine), nil},
		"of the most leaves":                {sign(t, text(origin, fmt.Sprint(uint64(proof.MaxSize)), other), mine), nil},
		"signed by an unknown key":          {sign(t, good, stranger), proof.ErrUnsigned},
		"signed by a witness alone":         {sign(t, good, witness), proof.ErrUnsigned},
		"another log's":                     {sign(t, text("other.example", "0", root), foreign), proof.ErrOrigin},
		"our key under another log's name":  {sign(t, text("other.example", "0", root), mine), proof.ErrOrigin},
		"changed after it was signed":       {bytes.Replace(sign(t, good, mine), []byte("\n0\n"), []byte("\n1\n"), 1), proof.ErrSignature},
		"nothing":                           {nil, proof.ErrMalformed},
		"not signed":                        {[]byte(good), proof.ErrMalformed},
		"with an extension line":            {sign(t, good+"extension\n", mine), proof.ErrMalformed},
		"with a line too few":               {sign(t, text(origin, "0"), mine), proof.ErrMalformed},
		"with an empty line":                {sign(t, text(origin, "", "0", root), mine), proof.ErrMalformed},
		"with a leading zero":               {sign(t, text(origin, "00", root), mine), proof.ErrMalformed},
		"with a sign":                       {sign(t, text(origin, "+1", other), mine), proof.ErrMalformed},
		"with a negative size":              {sign(t, text(origin, "-1", other), mine), proof.ErrMalformed},
		"with a hexadecimal size":           {sign(t, text(origin, "0x1", other), mine), proof.ErrMalformed},
		"with a size that overflows a tree": {sign(t, text(origin, fmt.Sprint(uint64(proof.MaxSize)+1), other), mine), proof.ErrMalformed},
		"with a size of 65 bits":            {sign(t, text(origin, "36893488147419103232", other), mine), proof.ErrMalformed},
		"with a short root":                 {sign(t, text(origin, "1", other[4:]), mine), proof.ErrMalformed},
		"with stray bits in the root":       {sign(t, text(origin, "1", stray(other)), mine), proof.ErrMalformed},
		"empty, with another root":          {sign(t, text(origin, "0", other), mine), proof.ErrMalformed},
		"too large":                         {sign(t, good+strings.Repeat("x", 1<<20)+"\n", mine), proof.ErrMalformed},
		"with carriage returns":             {bytes.ReplaceAll(sign(t, good, mine), []byte("\n"), []byte("\r\n")), proof.ErrMalformed},
		"that is not UTF-8":                 {append([]byte("\xff"), sign(t, good, mine)...), proof.ErrMalformed},
	} {
		got, err := proof.ParseCheckpoint(c.raw, keys(t, public))
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (got.Origin != origin || !bytes.Equal(got.Raw, c.raw)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// No bit of a checkpoint can be flipped, not even one that decodes to the
// same signature.
func TestParseCheckpointNoticesEveryBit(t *testing.T) {
	mine, public := key(t, origin, 1)
	raw := newTree(t, 5).checkpoint(t, 5, mine).Raw
	for bit := range len(raw) * 8 {
		bad := bytes.Clone(raw)
		bad[bit/8] ^= 1 << (bit % 8)
		if c, err := proof.ParseCheckpoint(bad, keys(t, public)); err == nil {
			t.Errorf("bit %d: %+v", bit, c)
		}
	}
}

// A trusted key's signature under a changed key hash is damage, and must not
// be taken for another log's key.
func TestMislabelledSignature(t *testing.T) {
	mine, public := key(t, origin, 1)
	raw := string(newTree(t, 5).checkpoint(t, 5, mine).Raw)
	head, line, _ := strings.Cut(raw, "— "+origin+" ")
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(sig, 7)
	for _, name := range []string{origin, "other.example"} {
		bad := head + "— " + name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
		if _, err := proof.ParseCheckpoint([]byte(bad), keys(t, public)); !errors.Is(err, proof.ErrSignature) {
			t.Errorf("as %s: %v, want ErrSignature", name, err)
		}
	}
}

func TestSignCheckpointRefuses(t *testing.T) {
	mine, _ := key(t, origin, 1)
	if _, err := proof.SignCheckpoint("other.example", 0, proof.EmptyRoot(), mine); !errors.Is(err, proof.ErrOrigin) {
		t.Errorf("with another log's key: %v, want ErrOrigin", err)
	}
	if _, err := proof.SignCheckpoint(origin, proof.MaxSize+1, tlog.Hash{}, mine); !errors.Is(err, proof.ErrMalformed) {
		t.Errorf("of too many leaves: %v, want ErrMalformed", err)
	}
}

func TestNewKeys(t *testing.T) {
	_, one := key(t, origin, 1)
	_, two := key(t, origin, 2)
	_, foreign := key(t, "other.example", 1)
	for name, c := range map[string]struct {
		keys []string
		ok   bool
	}{
		"one":              {[]string{one}, true},
		"two":              {[]string{one, two}, true},
		"none":             {nil, false},
		"one twice":        {[]string{one, one}, false},
		"another log's":    {[]string{one, foreign}, false},
		"not a key":        {[]string{"log.example"}, false},
		"a key cut short":  {[]string{one[:len(one)-4]}, false},
		"a changed letter": {[]string{strings.Replace(one, "example+", "example+0", 1)}, false},
	} {
		k, err := proof.NewKeys(origin, c.keys)
		if (err == nil) != c.ok || c.ok && (len(k.Verifiers) != len(c.keys) || k.Origin != origin) {
			t.Errorf("%s: %+v, %v", name, k, err)
		}
	}
}

func TestLogID(t *testing.T) {
	id, err := proof.LogID(tesseraKey)
	if err != nil || len(id) != 32 || hex.EncodeToString(id[:4]) != "33d7b496" {
		t.Errorf("%x, %v: want 32 bytes that start with the key hash 33d7b496", id, err)
	}
	if _, err := proof.LogID("nonsense"); err == nil {
		t.Error("nonsense has a log id")
	}
}
