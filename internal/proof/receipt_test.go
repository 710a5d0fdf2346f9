// SPDX-License-Identifier: Apache-2.0

package proof_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

// receipt returns the receipt of leaf 5 in a tree of 11, and the keys.
func receipt(t testing.TB) (proof.Receipt, proof.Keys) {
	t.Helper()
	signer, public := key(t, origin, 1)
	s := newTree(t, 11)
	p, err := tlog.ProveRecord(11, 5, s)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Receipt{Index: 5, Proof: proof.Proof(p), Checkpoint: s.checkpoint(t, 11, signer)}, keys(t, public)
}

func TestReceiptText(t *testing.T) {
	r, k := receipt(t)
	text := r.Marshal()
	want := "c2sp.org/tlog-proof@v1\nindex 5\n"
	for _, h := range r.Proof {
		want += h.String() + "\n"
	}
	if want += "\n" + string(r.Checkpoint.Raw); string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	again, err := proof.ParseReceipt(text, k)
	if err != nil || !bytes.Equal(again.Marshal(), text) {
		t.Fatalf("read again: %v", err)
	}
	if err := again.Verify(leaf(5), k); err != nil {
		t.Error(err)
	}
}

func TestReceiptOfTheOnlyLeaf(t *testing.T) {
	signer, public := key(t, origin, 1)
	k := keys(t, public)
	r := proof.Receipt{Checkpoint: newTree(t, 1).checkpoint(t, 1, signer)}
	again, err := proof.ParseReceipt(r.Marshal(), k)
	if err != nil || again.Verify(leaf(0), k) != nil {
		t.Errorf("a receipt without hashes: %+v, %v", again, err)
	}
}

func TestParseReceiptRefuses(t *testing.T) {
	r, k := receipt(t)
	text := string(r.Marshal())
	_, stranger := key(t, origin, 2)
	hash := r.Proof[0].String() + "\n"
	change := func(old, new string) string {
		changed := strings.Replace(text, old, new, 1)
		if changed == text {
			t.Fatalf("%q is not in the receipt", old)
		}
		return changed
	}
	for name, c := range map[string]struct {
		text string
		keys proof.Keys
		want error
	}{
		"nothing":                   {"", k, proof.ErrMalformed},
		"another version":           {change("@v1", "@v2"), k, proof.ErrMalformed},
		"no index":                  {change("index 5\n", ""), k, proof.ErrMalformed},
		"an index twice":            {change("index 5\n", "index 5\nindex 5\n"), k, proof.ErrMalformed},
		"an index with a zero":      {change("index 5", "index 05"), k, proof.ErrMalformed},
		"an index with a space":     {change("index 5", "index  5"), k, proof.ErrMalformed},
		"an index past the tree":    {change("index 5", "index 11"), k, proof.ErrMalformed},
		"an index of 65 bits":       {change("index 5", "index 36893488147419103232"), k, proof.ErrMalformed},
		"extra data":                {change("index", "extra YWdl\nindex"), k, proof.ErrMalformed},
		"a hash cut short":          {change(hash, hash[4:]), k, proof.ErrMalformed},
		"a hash with a space":       {change(hash, " "+hash), k, proof.ErrMalformed},
		"far too many hashes":       {change(hash, strings.Repeat(hash, 50)), k, proof.ErrMalformed},
		"carriage returns":          {strings.ReplaceAll(text, "\n", "\r\n"), k, proof.ErrMalformed},
		"no checkpoint":             {text[:strings.Index(text, "\n\n")+1], k, proof.ErrMalformed},
		"text after the checkpoint": {text + "more\n", k, proof.ErrMalformed},
		"far too long":              {text + strings.Repeat("— x y\n", 1<<17), k, proof.ErrMalformed},
		"a changed checkpoint":      {change("\n11\n", "\n12\n"), k, proof.ErrSignature},
		"a key that is not trusted": {text, keys(t, stranger), proof.ErrUnsigned},
		"a log that is not trusted": {text, proof.Keys{Origin: "other.example"}, proof.ErrOrigin},
	} {
		if _, err := proof.ParseReceipt([]byte(c.text), c.keys); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestReceiptVerifyRefuses(t *testing.T) {
	good, k := receipt(t)
	_, stranger := key(t, origin, 2)
	if err := good.Verify(leaf(5), k); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*proof.Receipt)
		leaf   []byte
		keys   proof.Keys
		want   error
	}{
		"other data":                {nil, leaf(4), k, proof.ErrProof},
		"a key that is not trusted": {nil, leaf(5), keys(t, stranger), proof.ErrUnsigned},
		"another index":             {func(r *proof.Receipt) { r.Index = 4 }, leaf(5), k, proof.ErrProof},
		"another hash":              {func(r *proof.Receipt) { r.Proof[1][0] ^= 1 }, leaf(5), k, proof.ErrProof},
		"a hash less":               {func(r *proof.Receipt) { r.Proof = r.Proof[1:] }, leaf(5), k, proof.ErrProof},
		"another root than signed":  {func(r *proof.Receipt) { r.Checkpoint.Root[0] ^= 1 }, leaf(5), k, proof.ErrProof},
		"another size than signed":  {func(r *proof.Receipt) { r.Checkpoint.Size++ }, leaf(5), k, proof.ErrProof},
		"no signature":              {func(r *proof.Receipt) { r.Checkpoint.Raw = nil }, leaf(5), k, proof.ErrMalformed},
	} {
		r, _ := receipt(t)
		if c.change != nil {
			c.change(&r)
		}
		if err := r.Verify(c.leaf, c.keys); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	signer, public := key(f, origin, 1)
	stranger, _ := key(f, "witness.example", 2)
	k := keys(f, public)
	f.Add(newTree(f, 3).checkpoint(f, 3, signer).Raw)
	f.Add(sign(f, origin+"\n0\n"+proof.EmptyRoot().String()+"\n", stranger, signer))
	f.Add([]byte("log.example\n0\n\n— log.example AAAA\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := proof.ParseCheckpoint(raw, k)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Raw, raw) || c.Origin != origin || c.Size > proof.MaxSize {
			t.Errorf("%q is read as %+v", raw, c)
		}
	})
}

func FuzzParseReceipt(f *testing.F) {
	r, k := receipt(f)
	f.Add(r.Marshal())
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := proof.ParseReceipt(data, k)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Marshal(), data) {
			t.Errorf("%q is written again as %q", data, r.Marshal())
		}
		_ = r.Verify(leaf(5), k)
	})
}
