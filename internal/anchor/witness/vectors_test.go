// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

const vectors = "../../../testdata/vectors/tlog"

func readVector(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The specification's own request is read, and spelled as it stands there.
func TestPublishedRequest(t *testing.T) {
	data := readVector(t, "add-checkpoint.txt")
	r, err := ParseRequest(data)
	if err != nil || r.Old != 20852014 || len(r.Proof) != 4 || !bytes.Equal(r.Bytes(), data) {
		t.Fatalf("%+v, %v", r, err)
	}
	c, err := proof.ParseText(string(r.Checkpoint[:bytes.Index(r.Checkpoint, []byte("\n\n"))+1]))
	if err != nil || c.Origin != "example.com/behind-the-sofa" || c.Size != 20852163 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A published log of fifteen leaves is cosigned from each of its checkpoints to
// each later one.
func TestPublishedLog(t *testing.T) {
	const vkey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
	leaves := []string{"one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"}
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		added, err := tlog.StoredHashes(int64(i), []byte(leaf), reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, added...)
	}
	for from := 1; from < len(leaves); from++ {
		key := newKey(t)
		w, err := Open(t.TempDir(), Options{Key: key, Logs: []string{vkey}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		old := 0
		for _, size := range []int{from, from + 1, len(leaves)} {
			r := Request{Old: uint64(old), Checkpoint: readVector(t, fmt.Sprintf("tessera/checkpoint.%d", size))}
			if old > 0 && old < size {
				p, err := tlog.ProveTree(int64(size), int64(old), reader)
				if err != nil {
					t.Fatal(err)
				}
				r.Proof = proof.Proof(p)
			}
			if a := w.add(r.Bytes()); a.status != 200 {
				t.Errorf("from %d to %d: %v", old, size, a)
			}
			old = size
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
