// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

var update = flag.Bool("update", false, "write what the stories expect anew")

// A story is a tree, a module cache and what a scan of them tells. In a .txtar
// file the cache's modules are the files "cache/PATH@VERSION/…", whose go.mod
// files are named in each go.sum that has a line "SUMS", as the go command
// would have; "cache/PATH@VERSION.evil" is a go.mod file that was changed
// after that.
type story struct {
	tree, cache fstest.MapFS
	want        string
}

func parseStory(t testing.TB, a *txtar.Archive) story {
	t.Helper()
	s := story{tree: fstest.MapFS{}, cache: fstest.MapFS{}}
	var sums strings.Builder
	for _, f := range a.Files {
		name, cached := strings.CutPrefix(f.Name, "cache/")
		switch {
		case f.Name == "want":
			s.want = string(f.Data)
		case cached:
			s.addCached(t, name, f.Data, &sums)
		default:
			s.tree[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	for name, f := range s.tree {
		if strings.HasSuffix(name, ".sum") {
			f.Data = bytes.ReplaceAll(f.Data, []byte("SUMS\n"), []byte(sums.String()))
		}
	}
	return s
}

func (s story) addCached(t testing.TB, name string, data []byte, sums io.Writer) {
	t.Helper()
	if evil, ok := strings.CutSuffix(name, ".evil"); ok {
		s.cache[modPath(t, evil)] = &fstest.MapFile{Data: data}
		return
	}
	at := strings.Index(name, "@")
	m, file, _ := strings.Cut(name[at:], "/")
	m = name[:at] + m
	if file != "go.mod" {
		s.cache[escaped(t, m)+"/"+file] = &fstest.MapFile{Data: data}
		return
	}
	s.cache[modPath(t, m)] = &fstest.MapFile{Data: data}
	open := func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	h, err := dirhash.Hash1([]string{"go.mod"}, open)
	if err != nil {
		t.Fatal(err)
	}
	path, version, _ := strings.Cut(m, "@")
	fmt.Fprintf(sums, "%s %s/go.mod %s\n", path, version, h)
}

func escaped(t testing.TB, m string) string {
	t.Helper()
	path, version, _ := strings.Cut(m, "@")
	path, err := module.EscapePath(path)
	if err != nil {
		t.Fatal(err)
	}
	return path + "@" + version
}

func modPath(t testing.TB, m string) string {
	path, version, _ := strings.Cut(escaped(t, m), "@")
	return "cache/download/" + path + "/@v/" + version + ".mod"
}

// tell writes what a scan found, for people: each source, its components with
// everything that is not obvious, and under each what it depends on.
func tell(r scan.Result) string {
	var b strings.Builder
	for _, s := range r.Inventory.Sources {
		fmt.Fprintf(&b, "%s: %s, %s", s.Path, s.Ecosystem, s.State)
		if s.Lost {
			b.WriteString(", components missing")
		}
		b.WriteString("\n")
		for _, why := range s.Reasons {
			fmt.Fprintf(&b, "  because %s\n", why)
		}
		for i, c := range s.Components {
			tellComponent(&b, s, i, c)
		}
	}
	for _, e := range r.Inventory.Excluded {
		fmt.Fprintf(&b, "excluded %s\n", e)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note %s\n", n)
	}
	return b.String()
}

func tellComponent(b *strings.Builder, s bom.Source, i int, c bom.Component) {
	fmt.Fprintf(b, "  %s", c.PURL)
	if slices.Contains(s.Projects, i) {
		b.WriteString(", project")
	}
	if c.Scope != bom.Unstated {
		fmt.Fprintf(b, ", %s", c.Scope)
	}
	if c.Origin != "" {
		fmt.Fprintf(b, ", from %s", c.Origin)
	}
	for _, h := range c.Hashes {
		fmt.Fprintf(b, ", %s %.8s", h.Alg, h.Value)
	}
	for _, l := range c.Licences {
		fmt.Fprintf(b, ", licence %s", l.ID+l.Expression+l.Name)
		if l.File != "" {
			fmt.Fprintf(b, " (%s)", l.File)
		}
	}
	for _, o := range c.Occurrences {
		fmt.Fprintf(b, ", %s:%d", o.Path, o.Line)
	}
	b.WriteString("\n")
	for _, ref := range c.References {
		fmt.Fprintf(b, "    %s %s %s\n", ref.Type, ref.URL, ref.Comment)
	}
	for _, p := range c.Properties {
		fmt.Fprintf(b, "    %s = %s\n", p.Name, p.Value)
	}
	if i < len(s.Edges) {
		var names []string
		for _, to := range s.Edges[i] {
			names = append(names, "    -> "+s.Components[to].PURL+"\n")
		}
		slices.Sort(names)
		b.WriteString(strings.Join(slices.Compact(names), ""))
	}
}

func run(t testing.TB, tree fs.FS, o scan.Options) scan.Result {
	t.Helper()
	r, err := scan.Scan(context.Background(), tree, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// document writes a scan's result and checks it against the official schema.
func document(t testing.TB, s *jsonschema.Schema, r scan.Result) []byte {
	t.Helper()
	r.Inventory.Tool.Name = "gateledger"
	out, err := bom.Marshal(r.Inventory)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Fatalf("not CycloneDX 1.6: %v", err)
	}
	if err := bom.CheckReferences(out); err != nil {
		t.Fatal(err)
	}
	return out
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	const base = "http://cyclonedx.org/schema/"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json"} {
		f, err := os.Open("../../testdata/vectors/cyclonedx/" + name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+name, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(base + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	s := schema(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			story := parseStory(t, archive)
			o := scan.Options{Exclude: []string{"testdata"}, ModuleCache: story.cache}
			if len(story.cache) == 0 {
				o.ModuleCache = nil
			}
			got := tell(run(t, story.tree, o))
			if *update {
				i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
				if i < 0 {
					i, archive.Files = len(archive.Files), append(archive.Files, txtar.File{Name: "want"})
				}
				archive.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(story.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
			first := document(t, s, run(t, story.tree, o))
			again := document(t, s, run(t, reversed{story.tree}, o))
			if !bytes.Equal(first, again) {
				t.Error("another order of the folders, another document")
			}
		})
	}
}

// reversed is a file system that lists folders backwards.
type reversed struct{ fstest.MapFS }

func (r reversed) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := r.MapFS.ReadDir(name)
	slices.Reverse(entries)
	return entries, err
}
