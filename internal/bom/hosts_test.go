// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/bom"
)

// aDocument is a CycloneDX document as far as these tests look at one.
type aDocument struct {
	Metadata struct {
		Component struct {
			Ref string `json:"bom-ref"`
		}
		Properties []struct{ Name, Value string }
	}
	Components []struct {
		Ref        string `json:"bom-ref"`
		Hashes     []any
		Evidence   any
		Properties []struct{ Name, Value string }
	}
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
	Compositions []struct{ Aggregate string }
}

func readDocument(t *testing.T, data []byte) aDocument {
	t.Helper()
	var d aDocument
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// edges are all of a document's, as FROM TO.
func (d aDocument) edges() []string {
	var out []string
	for _, from := range d.Dependencies {
		for _, to := range from.DependsOn {
			out = append(out, from.Ref+" "+to)
		}
	}
	return out
}

// split collects the parts of a document.
func split(d *bom.Document, limit int) (parts []*bom.Document, err error) {
	total := 0
	err = d.Split(limit, func(p *bom.Document, i, n int) error {
		if parts, total = append(parts, p), n; i != len(parts) {
			return fmt.Errorf("part %d comes as %d", i, len(parts))
		}
		return nil
	})
	if err == nil && total != len(parts) {
		err = fmt.Errorf("%d parts are called %d", len(parts), total)
	}
	return parts, err
}

// reports collects the reports for GitLab.
func reports(t *testing.T, inv bom.Inventory, base string, limit int, edited func(bom.Source) string) (out []bom.GitLabReport) {
	t.Helper()
	err := bom.GitLab(inv, base, limit, edited, func(r bom.GitLabReport) error {
		out = append(out, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSplitLosesNothing(t *testing.T) {
	inv := crowd(400)
	for i := range 300 { // one that needs nearly all, and one that nearly all need
		inv.Sources[0].Edges[7] = append(inv.Sources[0].Edges[7], i)
		inv.Sources[0].Edges[i] = append(inv.Sources[0].Edges[i], 399)
	}
	d := merged(t, inv)
	whole, err := d.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	want := readDocument(t, whole)
	for _, limit := range []int{8 << 10, 16 << 10, len(whole) - 1} {
		parts, err := split(d, limit)
		if err != nil {
			t.Fatal(err)
		}
		full, edges := map[string]int{}, map[string]int{}
		for i, p := range parts {
			data, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if len(data) > limit {
				t.Errorf("limit %d: part %d has %d bytes", limit, i+1, len(data))
			}
			if err := bom.CheckReferences(data); err != nil {
				t.Errorf("limit %d: part %d: %v", limit, i+1, err)
			}
			got := readDocument(t, data)
			for _, c := range got.Components {
				if c.Hashes != nil && c.Evidence != nil {
					full[c.Ref]++
				}
			}
			for _, e := range got.edges() {
				edges[e]++
			}
			if note := fmt.Sprintf("part %d of %d", i+1, len(parts)); !bytes.Contains(data, []byte(note)) || got.Compositions[0].Aggregate != "incomplete" {
				t.Errorf("limit %d: part %d does not say that it is %q", limit, i+1, note)
			}
		}
		if len(parts) < 2 || len(full) != len(want.Components) || len(edges) != len(want.edges()) {
			t.Errorf("limit %d: %d parts, %d of %d components, %d of %d edges", limit, len(parts), len(full), len(want.Components), len(edges), len(want.edges()))
		}
		for what, n := range full {
			if n != 1 {
				t.Errorf("limit %d: %s stands in full %d times", limit, what, n)
			}
		}
		for _, e := range want.edges() {
			if edges[e] != 1 {
				t.Errorf("limit %d: the edge %s stands %d times", limit, e, edges[e])
			}
		}
	}
	full := errors.New("the disk is full")
	if err := d.Split(8<<10, func(*bom.Document, int, int) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
	if again, err := d.Marshal(); err != nil || !bytes.Equal(again, whole) {
		t.Errorf("splitting changed the document: %v", err)
	}
}

func TestSplitOfASmallDocumentIsTheDocument(t *testing.T) {
	d := merged(t, shop())
	if parts, err := split(d, bom.GitLabLimit); err != nil || len(parts) != 1 || parts[0] != d {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

func TestSplitGivesUpOnWhatNoPartHolds(t *testing.T) {
	inv := crowd(50)
	inv.Sources[0].Components[9].Properties = []bom.Property{{Name: "acme:novel", Value: strings.Repeat("x", 9000)}}
	if _, err := split(merged(t, inv), 8<<10); err == nil || !strings.Contains(err.Error(), "p000009@1.0.0 alone is over the limit of 8192 bytes") {
		t.Error(err)
	}
	if _, err := split(merged(t, crowd(50)), 100); err == nil {
		t.Error("a part of 100 bytes")
	}
}

// itself is a lockfile that people edit.
func itself(s bom.Source) string { return s.Path }

func TestGitLabReports(t *testing.T) {
	inv := shop()
	inv.Sources[1].Components[0].Scope = bom.Excluded
	reports := reports(t, inv, "apps/shop", bom.GitLabLimit, func(s bom.Source) string {
		return bom.Edited(s, func(p string) bool { return p == "web/package.json" })
	})
	var paths []string
	for _, r := range reports {
		paths = append(paths, r.Path)
	}
	if want := []string{"gl-sbom-go-go.cdx.json", "web/gl-sbom-npm-npm.cdx.json"}; !slices.Equal(paths, want) {
		t.Fatalf("%q, want %q", paths, want)
	}
	data, err := reports[1].Document.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got := readDocument(t, data)
	properties := map[string]string{}
	for _, p := range got.Metadata.Properties {
		if strings.HasPrefix(p.Name, "gitlab:") {
			properties[p.Name] = p.Value
		}
	}
	for name, value := range map[string]string{
		"gitlab:meta:schema_version":                      "1",
		"gitlab:dependency_scanning:input_file:path":      "apps/shop/web/package-lock.json",
		"gitlab:dependency_scanning:source_file:path":     "apps/shop/web/package.json",
		"gitlab:dependency_scanning:package_manager:name": "npm",
		"gitlab:dependency_scanning:language:name":        "JavaScript",
	} {
		if properties[name] != value {
			t.Errorf("%s is %q, want %q", name, properties[name], value)
		}
	}
	if p := got.Components[0].Properties; !slices.ContainsFunc(p, func(p struct{ Name, Value string }) bool {
		return p.Name == "gitlab:dependency_scanning:category" && p.Value == "development"
	}) {
		t.Errorf("what is only there to develop has %v", p)
	}
	for _, spec := range bom.GitLabSpecs() {
		out, err := reports[1].Document.Write(bom.Form{Spec: spec})
		if err != nil || !bytes.Contains(out, []byte(`"specVersion":"`+spec+`"`)) || !bytes.Contains(out, []byte("gitlab:meta:schema_version")) && spec != "1.2" {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestGitLabNumbersReportsOfOneKindInOneFolder(t *testing.T) {
	big := crowd(3000)
	small := crowd(3)
	small.Sources[0].Path = "npm-shrinkwrap.json"
	big.Sources = append(big.Sources, small.Sources...)
	reports := reports(t, big, ".", 200<<10, itself)
	seen := map[string]bool{}
	for i, r := range reports {
		if seen[r.Path] || path.Dir(r.Path) != "." {
			t.Errorf("report %d: %s", i, r.Path)
		}
		seen[r.Path] = true
	}
	last := reports[len(reports)-1]
	if first := reports[0]; first.Path != "gl-sbom-npm-npm.cdx.json" || first.Source.Path != "npm-shrinkwrap.json" || last.Parts < 5 || last.Part != last.Parts ||
		last.Path != fmt.Sprintf("gl-sbom-npm-npm-%d.cdx.json", len(reports)) {
		t.Errorf("first %s of %s, last %s, part %d of %d", first.Path, first.Source.Path, last.Path, last.Part, last.Parts)
	}
}

// snapshotSchema is GitHub's own; see testdata/github/README.md.
func snapshotSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/github/dependency-submission.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("https://api.github.com/openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://api.github.com/openapi.json#/components/schemas/snapshot")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func aJob() bom.GitHubJob {
	return bom.GitHubJob{
		Commit: strings.Repeat("ab", 20), Ref: "refs/heads/main", Correlator: "build sbom", ID: "17",
		Time: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
}

func TestGitHubSnapshot(t *testing.T) {
	inv := shop()
	inv.Sources[1].Components = append(inv.Sources[1].Components,
		bom.Component{Type: bom.Library, PURL: bom.NpmPURL("", "deep", "2.0.0", "", ""), Name: "deep", Version: "2.0.0", Scope: bom.Excluded},
		bom.Component{Type: bom.Library, PURL: bom.NpmPURL("", "member", "0.1.0", "", ""), Name: "member", Version: "0.1.0", Origin: "dir:web/member"},
		bom.Component{Type: bom.Library, PURL: bom.NpmPURL("", "asked-by-member", "3.0.0", "", ""), Name: "asked-by-member", Version: "3.0.0", Scope: bom.Required},
		bom.Component{Type: bom.Library, PURL: bom.NpmPURL("", "nobody", "4.0.0", "", ""), Name: "nobody", Version: "4.0.0"},
	)
	inv.Sources[1].Edges = [][]int{{2}, {0, 3}, nil, {4, 0}}
	job := aJob()
	job.Base = "apps/shop/"
	snapshot, err := bom.GitHub(inv, job)
	if err != nil {
		t.Fatal(err)
	}
	data, err := snapshot.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := snapshotSchema(t).Validate(doc); err != nil {
		t.Fatal(err)
	}
	want := `{"detector":{"name":"gateledger","url":"https://gateledger.dev/","version":"1.0.0"},"job":{"correlator":"build sbom","id":"17"},"manifests":{` +
		`"apps/shop/go.mod":{"file":{"source_location":"apps/shop/go.mod"},"name":"apps/shop/go.mod","resolved":{` +
		`"pkg:golang/acme.example/till@v1.2.0%2Bincompatible":{"dependencies":[],"package_url":"pkg:golang/acme.example/till@v1.2.0%2Bincompatible","relationship":"direct"}}},` +
		`"apps/shop/web/package-lock.json":{"file":{"source_location":"apps/shop/web/package-lock.json"},"name":"apps/shop/web/package-lock.json","resolved":{` +
		`"pkg:npm/%40acme/a@1.0.0":{"dependencies":["pkg:npm/deep@2.0.0"],"package_url":"pkg:npm/%40acme/a@1.0.0","relationship":"direct","scope":"runtime"},` +
		`"pkg:npm/asked-by-member@3.0.0":{"dependencies":[],"package_url":"pkg:npm/asked-by-member@3.0.0","relationship":"direct","scope":"runtime"},` +
		`"pkg:npm/deep@2.0.0":{"dependencies":[],"package_url":"pkg:npm/deep@2.0.0","relationship":"indirect","scope":"development"},` +
		`"pkg:npm/nobody@4.0.0":{"dependencies":[],"package_url":"pkg:npm/nobody@4.0.0"}}}},` +
		`"ref":"refs/heads/main","scanned":"2026-03-02T09:00:00Z","sha":"` + job.Commit + `","version":0}` + "\n"
	if string(data) != want {
		t.Errorf("%s\nwant %s", data, want)
	}
	if n := snapshot.Packages(); n != 5 {
		t.Errorf("%d packages", n)
	}
}

func TestGitHubSnapshotOfManyOrdersIsOne(t *testing.T) {
	var first []byte
	for range 3 {
		inv := shop()
		slices.Reverse(inv.Sources)
		s, err := bom.GitHub(inv, aJob())
		if err != nil {
			t.Fatal(err)
		}
		data, err := s.Marshal()
		if err != nil || first != nil && !bytes.Equal(first, data) {
			t.Fatalf("%v: another snapshot", err)
		}
		first = data
	}
}

func TestGitHubTakesNoOddJob(t *testing.T) {
	for why, change := range map[string]func(*bom.GitHubJob){
		"a full commit id":        func(j *bom.GitHubJob) { j.Commit = "abcdef0" },
		"does not begin with":     func(j *bom.GitHubJob) { j.Ref = "main" },
		"not plain ASCII":         func(j *bom.GitHubJob) { j.Correlator = "bücher 🚀" },
		"of at most":              func(j *bom.GitHubJob) { j.Correlator = strings.Repeat("x", 256) },
		"plain ASCII of at most ": func(j *bom.GitHubJob) { j.Correlator = "" },
		"no id":                   func(j *bom.GitHubJob) { j.ID = "" },
		"no time":                 func(j *bom.GitHubJob) { j.Time = time.Time{} },
	} {
		job := aJob()
		change(&job)
		if _, err := bom.GitHub(shop(), job); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", why, err)
		}
	}
	inv := shop()
	inv.Sources[1].Components[0].PURL = bom.NpmPURL("", "a", "1", "vcs_url", "git+https://u:p@h.example/x@0123")
	if _, err := bom.GitHub(inv, aJob()); !errors.Is(err, bom.ErrCredential) {
		t.Errorf("a password in a package URL: %v", err)
	}
}

func TestCorrelator(t *testing.T) {
	for want, parts := range map[string][]string{
		".github/workflows/ci.yml build": {".github/workflows/ci.yml", "build"},
		"a b":                            {"a", "", "b"},
		"":                               {},
	} {
		if got := bom.Correlator(parts...); got != want {
			t.Errorf("%q: %q, want %q", parts, got, want)
		}
	}
	seen := map[string][]string{}
	for _, parts := range [][]string{
		{"ci", "build"}, {"ci build"}, {"ci", "build", `{"os":"linux"}`}, {"ci", "build", `{"os":"linux" }`}, {"ci", "büild"}, {"ci", "bäild"}, {"ci", "🚀"},
		{"ci", "🚢"}, {strings.Repeat("x", 300)}, {strings.Repeat("x", 301)}, {"a\nb"}, {"a\tb"}, {"\xff"}, {"\xfe"},
	} {
		got := bom.Correlator(parts...)
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q are both %q", parts, other, got)
		}
		seen[got] = parts
		if len(got) > 255 || strings.Trim(got, " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") != "" {
			t.Errorf("%q: %q", parts, got)
		}
		if again := bom.Correlator(parts...); again != got {
			t.Errorf("%q: %q, then %q", parts, got, again)
		}
	}
}

// FuzzSplit cuts documents of any shape at any length: nothing is lost, and no
// part is too long.
func FuzzSplit(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6}, uint16(3000))
	f.Add([]byte{0, 0, 0, 9, 9, 9, 1}, uint16(4000))
	f.Fuzz(func(t *testing.T, shape []byte, limit uint16) {
		inv := crowd(min(len(shape), 40))
		for i := range inv.Sources[0].Components {
			for _, to := range shape[:min(int(shape[i])%7, len(shape))] {
				inv.Sources[0].Edges[i] = append(inv.Sources[0].Edges[i], int(to)%len(inv.Sources[0].Components))
			}
		}
		if len(shape) == 0 {
			inv.Sources[0].Projects = nil
		}
		d := merged(t, inv)
		whole, err := d.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		parts, err := split(d, int(limit))
		if err != nil {
			return // no part holds one component
		}
		edges := 0
		for _, p := range parts {
			data, err := p.Marshal()
			if err != nil || len(data) > int(limit) {
				t.Fatalf("%d bytes of %d, %v", len(data), limit, err)
			}
			if err := bom.CheckReferences(data); err != nil {
				t.Fatal(err)
			}
			edges += len(readDocument(t, data).edges())
		}
		if want := len(readDocument(t, whole).edges()); edges != want {
			t.Fatalf("%d edges of %d", edges, want)
		}
	})
}
