// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// bomb is an archive of 64 MB of zeros.
func bomb(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("META-INF/maven/g/a/pom.properties")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A watched tree says which of its files are opened.
type watched struct {
	fstest.MapFS
	opened map[string]bool
}

func (w watched) Open(name string) (fs.File, error) {
	w.opened[path.Ext(name)] = true
	return w.MapFS.Open(name)
}

// Archives in the tree are not even opened, so none of them can be a bomb.
func TestArchivesAreNotOpened(t *testing.T) {
	tree := watched{fstest.MapFS{
		"go.mod": {Data: []byte(goodMod)}, "lib/a.jar": {Data: bomb(t)}, "b.whl": {Data: bomb(t)}, "c.nupkg": {Data: bomb(t)}, "d.tgz": {Data: []byte("\x1f\x8b")},
	}, map[string]bool{}}
	r := run(t, tree, scan.Options{})
	if len(r.Inventory.Sources) != 1 {
		t.Errorf("%d sources", len(r.Inventory.Sources))
	}
	for _, ending := range []string{".jar", ".whl", ".nupkg", ".tgz"} {
		if tree.opened[ending] {
			t.Errorf("a %s was opened", ending)
		}
	}
}

// What Visual Studio writes begins with a byte order mark.
func TestNuGetWithByteOrderMark(t *testing.T) {
	const lock = `{"version": 1, "dependencies": {"net8.0": {"A": {"type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0", "contentHash": "eHg="}}}}`
	for what, data := range map[string]string{"none": lock, "one": "\xef\xbb\xbf" + lock, "and CRLF": "\xef\xbb\xbf" + strings.ReplaceAll(lock, `": {`, "\": {\r\n")} {
		got := tell(run(t, fstest.MapFS{"packages.lock.json": {Data: []byte(data)}}, scan.Options{}))
		if !strings.Contains(got, "pkg:nuget/A@1.0.0, required") {
			t.Errorf("byte order mark %s: %s", what, got)
		}
	}
}

// An excluded version goes, another version of that module stays; what is
// replaced keeps its version, with what takes its place.
func TestReplacedAndExcludedModules(t *testing.T) {
	mod := `module acme.example/x
go 1.26.0
require (
	a.example/b v1.0.0
	c.example/d v1.1.0
	e.example/f v1.2.0
)
replace a.example/b => ./b
replace c.example/d => fork.example/d v1.5.0
exclude e.example/f v1.3.0
`
	got := tell(run(t, fstest.MapFS{"go.mod": {Data: []byte(mod)}, "b/go.mod": {Data: []byte("module a.example/b\n")}}, scan.Options{}))
	for _, want := range []string{"pkg:golang/a.example/b@v1.0.0", "pkg:golang/fork.example/d@v1.5.0", "pkg:golang/e.example/f@v1.2.0", "gateledger:go:replaces = c.example/d@v1.1.0"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	for _, wrong := range []string{"%3D%3E", "/./", "e.example/f@v1.3.0", "golang/v1"} {
		if strings.Contains(got, wrong) {
			t.Errorf("%s in %s", wrong, got)
		}
	}
}

// A workspace's folders go by the names that their package.json files have,
// and the root stands once.
func TestNpmWorkspaceNames(t *testing.T) {
	lock := `{"name":"root","lockfileVersion":3,"packages":{
		"":{"name":"root","workspaces":["packages/*"]},
		"node_modules/w1":{"resolved":"packages/w1","link":true},
		"packages/w1":{"name":"w1","version":"2.0.0","dependencies":{"a":"1"}},
		"node_modules/a":{"version":"1.0.0"}}}`
	r := run(t, fstest.MapFS{"package-lock.json": {Data: []byte(lock)}}, scan.Options{})
	names := map[string]int{}
	for _, c := range r.Inventory.Sources[0].Components {
		names[c.PURL]++
	}
	for _, want := range []string{"pkg:npm/root", "pkg:npm/w1@2.0.0", "pkg:npm/a@1.0.0"} {
		if names[want] != 1 {
			t.Errorf("%s stands %d times in %v", want, names[want], names)
		}
	}
	if len(names) != 3 || r.Inventory.Sources[0].State != bom.Complete {
		t.Errorf("%v, %v", names, r.Inventory.Sources[0].Reasons)
	}
}
