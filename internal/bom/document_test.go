// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/bom"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shop is an inventory that has one of everything: a Go module and an npm
// project that share nothing, and a lockfile that could not be read.
func shop() bom.Inventory {
	sha := strings.Repeat("ab", 64)
	return bom.Inventory{
		Tool: bom.Tool{Name: "gateledger", Version: "1.0.0"},
		Sources: []bom.Source{{
			Path: "go.mod", Ecosystem: "go", State: bom.Complete, Projects: []int{0},
			Components: []bom.Component{
				{Type: bom.Application, PURL: bom.GoPURL("acme.example/Shop", ""), Name: "acme.example/Shop", Origin: "dir:."},
				{
					Type: bom.Library, PURL: bom.GoPURL("acme.example/Till", "v1.2.0+incompatible"), Name: "acme.example/Till", Version: "v1.2.0+incompatible",
					Hashes:      []bom.Hash{{Alg: "h1", Value: "bm90IGEgZmlsZSBkaWdlc3Q="}},
					Licences:    []bom.Licence{{ID: "BSD-3-Clause", File: "acme.example/Till@v1.2.0+incompatible/LICENSE"}},
					Occurrences: []bom.Occurrence{{Path: "go.mod", Line: 7}},
				},
			},
			Edges: [][]int{{1, 1}},
		}, {
			Path: "web/package-lock.json", Ecosystem: "npm", State: bom.Incomplete, Projects: []int{1},
			Reasons: []string{"packages that others need are not in the lockfile: z (for node_modules/a)"},
			Components: []bom.Component{
				{
					Type: bom.Library, PURL: bom.NpmPURL("@acme", "a", "1.0.0", "", ""), Group: "@acme", Name: "a", Version: "1.0.0", Scope: bom.Required,
					Hashes:      []bom.Hash{{Alg: "SHA-512", Value: sha}},
					Licences:    []bom.Licence{bom.ParseLicence("(mit or apache-2.0)")},
					References:  []bom.Reference{{Type: "distribution", URL: "https://user:sesame-open@registry.example/a/-/a-1.0.0.tgz?token=abc#frag"}},
					Properties:  []bom.Property{{Name: "gateledger:npm:deprecated", Value: "moved to https://me:sesame-open@host.example/x & <b>"}},
					Occurrences: []bom.Occurrence{{Path: "web/package-lock.json", Line: 12}},
				},
				{Type: bom.Application, PURL: bom.NpmPURL("", "web", "0.1.0", "", ""), Name: "web", Version: "0.1.0", Origin: "dir:web"},
			},
			Edges: [][]int{nil, {0}},
		}, {
			Path: "old/package-lock.json", Ecosystem: "npm", State: bom.Incomplete, Lost: true,
			Reasons: []string{"line 9: unexpected EOF"},
		}},
		Excluded: []string{"testdata"},
		Secrets:  []string{"sesame-open"},
	}
}

func marshal(t testing.TB, inv bom.Inventory) []byte {
	t.Helper()
	out, err := bom.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// indented is what a golden file holds: the document, for people.
func indented(t *testing.T, document []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	got := marshal(t, shop())
	valid(t, schema(t), got)
	if *update {
		if err := os.WriteFile("testdata/shop.cdx.json", indented(t, got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/shop.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(indented(t, got))); diff != "" {
		t.Errorf("testdata/shop.cdx.json (-want +got; -update writes it):\n%s", diff)
	}
}

func TestTheDocumentIsOneCompactLine(t *testing.T) {
	got := marshal(t, shop())
	if n := bytes.Count(got, []byte("\n")); n != 1 || !bytes.HasSuffix(got, []byte("}\n")) {
		t.Errorf("%d newlines", n)
	}
	if bytes.Contains(got, []byte(`\u0026`)) || bytes.Contains(got, []byte(`\u003c`)) {
		t.Error("HTML escapes in a document that is no HTML")
	}
}

// shuffle changes every order that must not matter.
func shuffle(r *rand.Rand, inv bom.Inventory) bom.Inventory {
	r.Shuffle(len(inv.Sources), func(i, j int) { inv.Sources[i], inv.Sources[j] = inv.Sources[j], inv.Sources[i] })
	for i := range inv.Sources {
		s := &inv.Sources[i]
		n := len(s.Components)
		perm, place := r.Perm(n), make([]int, n)
		components, edges := make([]bom.Component, n), make([][]int, n)
		for to, from := range perm {
			components[to], place[from] = s.Components[from], to
		}
		for from, targets := range s.Edges {
			for _, to := range targets {
				edges[place[from]] = append(edges[place[from]], place[to])
			}
			r.Shuffle(len(targets), func(i, j int) { e := edges[place[from]]; e[i], e[j] = e[j], e[i] })
		}
		for j, p := range s.Projects {
			s.Projects[j] = place[p]
		}
		s.Components, s.Edges = components, edges
	}
	return inv
}

func TestNoOrderMatters(t *testing.T) {
	want := marshal(t, shop())
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		if got := marshal(t, shuffle(r, shop())); !bytes.Equal(got, want) {
			t.Fatalf("another order, another document:\n%s\n%s", want, got)
		}
	}
}

func TestSerialNumberIsOfTheContent(t *testing.T) {
	serial := func(inv bom.Inventory) string {
		var d struct{ SerialNumber string }
		if err := json.Unmarshal(marshal(t, inv), &d); err != nil {
			t.Fatal(err)
		}
		return d.SerialNumber
	}
	first := serial(shop())
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first) {
		t.Errorf("%s is no UUID of version 5", first)
	}
	if again := serial(shop()); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	other := shop()
	other.Sources[0].Components[1].Hashes[0].Value = "b3RoZXI="
	if serial(other) == first {
		t.Error("another hash has the same serial number")
	}
}

func TestTimeOnlyFromTheCaller(t *testing.T) {
	if got := marshal(t, shop()); bytes.Contains(got, []byte("timestamp")) {
		t.Error("a time out of nowhere")
	}
	inv := shop()
	inv.Time = time.Unix(1700000000, 0).In(time.FixedZone("", 7200))
	if got := marshal(t, inv); !bytes.Contains(got, []byte(`"timestamp":"2023-11-14T22:13:20Z"`)) {
		t.Errorf("no time in UTC: %s", got)
	}
}

func TestCredentialsNeverComeOut(t *testing.T) {
	if out := marshal(t, shop()); bytes.Contains(out, []byte("sesame")) || bytes.Contains(out, []byte("token=")) || bytes.Contains(out, []byte("frag")) {
		t.Errorf("in the document: %s", out)
	}
	leaks := map[string]func(*bom.Inventory){
		"password as a version": func(i *bom.Inventory) { i.Sources[0].Components[1].Version = "sesame-open" },
		"password in a name":    func(i *bom.Inventory) { i.Sources[1].Components[0].Name = "a-sesame-open" },
		"user in a package URL": func(i *bom.Inventory) {
			i.Sources[1].Components[0].PURL = bom.NpmPURL("", "a", "1", "vcs_url", "git+https://u:p@h.example/x@0123")
		},
		"user in a path": func(i *bom.Inventory) {
			i.Sources[1].Components[0].Occurrences[0].Path = "https://u:p@h.example/lock"
		},
		"user in a name": func(i *bom.Inventory) { i.Sources[0].Components[1].Name = "https://tok@h.example/x" },
	}
	for fact, change := range leaks {
		inv := shop()
		change(&inv)
		if _, err := bom.Marshal(inv); !errors.Is(err, bom.ErrCredential) {
			t.Errorf("%s: %v, want ErrCredential", fact, err)
		}
	}
}

func TestFaultsOfAFinderAreErrors(t *testing.T) {
	faults := map[string]func(*bom.Source){
		"an edge to nothing":       func(s *bom.Source) { s.Edges[0] = []int{2} },
		"an edge to before":        func(s *bom.Source) { s.Edges[0] = []int{-1} },
		"edges of nothing":         func(s *bom.Source) { s.Edges = [][]int{nil, nil, {0}} },
		"a project that is not":    func(s *bom.Source) { s.Projects = []int{5} },
		"a component without name": func(s *bom.Source) { s.Components[1].Name = "" },
	}
	for fact, change := range faults {
		inv := shop()
		change(&inv.Sources[0])
		if _, err := bom.Marshal(inv); err == nil || !strings.Contains(err.Error(), "go.mod") {
			t.Errorf("%s: %v", fact, err)
		}
	}
}

func TestStats(t *testing.T) {
	d, err := bom.New(shop())
	if err != nil {
		t.Fatal(err)
	}
	s := d.Stats()
	want := bom.Stats{Subject: "acme.example/Shop", Components: map[string]int{"go": 2, "npm": 2}, Total: 4, Edges: 4, Hashed: 2, Licensed: 2}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	var states []string
	for _, src := range d.Sources() {
		states = append(states, src.Path+" "+src.State.String())
	}
	if want := []string{"go.mod complete", "old/package-lock.json incomplete", "web/package-lock.json incomplete"}; !slices.Equal(states, want) {
		t.Errorf("%v, want %v", states, want)
	}
}

func FuzzMarshal(f *testing.F) {
	s := schema(f)
	f.Add("a", "1.0.0", "MIT", "https://u:p@h.example/a?b#c", "why", "a/package-lock.json")
	f.Add("\xff", "\x00", "GPL-2.0+ WITH x", "::", "<&>\u2028", "../x")
	f.Add("long", strings.Repeat("9", 1025), "MIT", "https://h.example/x", "", "a")
	f.Add("subject", "", "(", "git+ssh://git@h.example/x.git", "https://u@h", "")
	f.Fuzz(func(t *testing.T, name, version, licence, url, text, path string) {
		inv := bom.Inventory{Tool: bom.Tool{Name: "gateledger"}, Sources: []bom.Source{{
			Path: path, Ecosystem: "npm", State: bom.Complete, Projects: []int{0}, Edges: [][]int{{0, 1, 1}, {0}},
			Components: []bom.Component{
				{Type: bom.Application, Name: "p", PURL: bom.NpmPURL("", "p", "", "", "")},
				{
					Type: bom.Library, Name: name, Version: version, PURL: bom.NpmPURL("", name, version, "", ""),
					Licences: []bom.Licence{bom.ParseLicence(licence)}, Properties: []bom.Property{{Name: "x", Value: text}},
					Occurrences: []bom.Occurrence{{Path: path, Line: 1}},
				},
			},
		}}}
		if clean, _ := bom.ScrubURL(url); clean != "" {
			inv.Sources[0].Components[1].References = []bom.Reference{{Type: "distribution", URL: clean}}
		}
		out, err := bom.Marshal(inv)
		if err != nil {
			return // no name, or a credential: refused, not written
		}
		if err := bom.CheckReferences(out); err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(licence) != "" {
			valid(t, s, out)
		}
	})
}
