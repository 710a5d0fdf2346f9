// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom"
)

// crowd is one lockfile of n packages, each of which needs the next two.
func crowd(n int) bom.Inventory {
	s := bom.Source{Path: "package-lock.json", Ecosystem: "npm", State: bom.Complete, Projects: []int{0}, Edges: make([][]int, n)}
	for i := range n {
		name := fmt.Sprintf("p%06d", i)
		s.Components = append(s.Components, bom.Component{
			Type: bom.Library, PURL: bom.NpmPURL("", name, "1.0.0", "", ""), Name: name, Version: "1.0.0",
			Hashes:      []bom.Hash{{Alg: "SHA-256", Value: fmt.Sprintf("%064x", i)}},
			References:  []bom.Reference{{Type: "distribution", URL: "https://registry.example/" + name + "/-/" + name + "-1.0.0.tgz"}},
			Occurrences: []bom.Occurrence{{Path: "package-lock.json", Line: i + 1}},
		})
		for j := i + 1; j < min(i+3, n); j++ {
			s.Edges[i] = append(s.Edges[i], j)
		}
	}
	return bom.Inventory{Tool: bom.Tool{Name: "gateledger"}, Sources: []bom.Source{s}}
}

func merged(t testing.TB, inv bom.Inventory) *bom.Document {
	t.Helper()
	d, err := bom.New(inv)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStreamIsMarshal(t *testing.T) {
	for name, inv := range map[string]func() bom.Inventory{
		"one of everything": shop,
		"nothing":           func() bom.Inventory { return bom.Inventory{} },
		"many pieces":       func() bom.Inventory { return crowd(3000) },
	} {
		d := merged(t, inv())
		want, err := d.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		for range 2 { // a document can be written more than once
			got.Reset()
			if err := d.Stream(&got); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got.Bytes(), want) || !json.Valid(want) {
			t.Errorf("%s: written %d bytes, marshalled %d", name, got.Len(), len(want))
		}
		if !bytes.Equal(want, marshal(t, inv())) {
			t.Errorf("%s: another document of the same content is another one", name)
		}
	}
}

// pieces counts what it is given and fails at one of the writes.
type pieces struct {
	n, fail int
	largest int
}

var errFull = errors.New("the disk is full")

func (p *pieces) Write(b []byte) (int, error) {
	p.n++
	p.largest = max(p.largest, len(b))
	if p.n == p.fail {
		return 0, errFull
	}
	return len(b), nil
}

func TestStreamComesInPieces(t *testing.T) {
	d := merged(t, crowd(3000))
	all := &pieces{}
	if err := d.Stream(all); err != nil {
		t.Fatal(err)
	}
	if all.n < 10 || all.largest > 256<<10 {
		t.Errorf("%d pieces, the largest of %d bytes", all.n, all.largest)
	}
	for fail := 1; fail <= all.n; fail++ {
		p := &pieces{fail: fail}
		if err := d.Stream(p); !errors.Is(err, errFull) || p.n != fail {
			t.Errorf("piece %d of %d: %v after %d pieces", fail, all.n, err, p.n)
		}
	}
}

func TestNotOneByteGoesOutWithACredential(t *testing.T) {
	inv := crowd(3000)
	inv.Sources[0].Components[2999].Version = "1-sesame-open"
	inv.Secrets = []string{"sesame-open"}
	p := &pieces{}
	if err := merged(t, inv).Stream(p); !errors.Is(err, bom.ErrCredential) || p.n != 0 {
		t.Errorf("%v after %d pieces", err, p.n)
	}
}

// TestStreamingTakesNoMemoryOfItsOwn: what is held is the graph, and a piece.
func TestStreamingTakesNoMemoryOfItsOwn(t *testing.T) {
	d := merged(t, crowd(20_000))
	digest := sha256.New()
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := held(), uint64(0)
	n := 0
	err := d.Stream(writerFunc(func(b []byte) (int, error) {
		if n++; n%20 == 0 {
			most = max(most, held())
		}
		return digest.Write(b)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if most > before+2<<20 {
		t.Errorf("%d bytes before, up to %d while it is written", before, most)
	}
	runtime.KeepAlive(d)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestPlainAddressesAreLeftAlone(t *testing.T) {
	for _, raw := range []string{
		"https://registry.example/a/-/a-1.tgz", "https://h.example/@s/a/~b_c+d.tgz", "https://h.example/",
	} {
		if clean, secrets := bom.ScrubURL(raw); clean != raw || secrets != nil {
			t.Errorf("%q: %q %q", raw, clean, secrets)
		}
	}
	for raw, want := range map[string]string{
		"https://h.example/https://u:p@g.example/":      "https://h.example/https://g.example/",
		"https://h.example/%2e%2e/a?token=" + "x":       "https://h.example/%2e%2e/a",
		"https://u@h.example/a":                         "https://h.example/a",
		"https://h.example//u:p@x/" + "a":               "https://h.example//u:p@x/a",
		strings.ToUpper("https") + "://h.example/a#u@b": "https://h.example/a",
	} {
		if clean, _ := bom.ScrubURL(raw); clean != want {
			t.Errorf("%q: %q, want %q", raw, clean, want)
		}
	}
}
