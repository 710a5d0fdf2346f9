// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// A told graph is what a scan says, as sets that can be compared.
type toldGraph struct {
	components map[string]bool
	edges      map[string]bool
	digests    map[string]string // SHA-512 by package URL
	scopes     map[string]bom.Scope
	developed  map[string]bool
}

// tellGraph reads the manifests of testdata/managers with one lockfile.
func tellGraph(t *testing.T, manager string) (toldGraph, bom.Source) {
	t.Helper()
	tree := fstest.MapFS{}
	load := func(dir string) {
		err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			data, err := os.ReadFile(p)
			name, _ := filepath.Rel(dir, p)
			tree[filepath.ToSlash(name)] = &fstest.MapFile{Data: data}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	load("testdata/managers/manifests")
	load("testdata/managers/" + manager)
	r := run(t, tree, scan.Options{})
	if len(r.Inventory.Sources) != 1 {
		t.Fatalf("%s: %d sources: %s", manager, len(r.Inventory.Sources), tell(r))
	}
	s := r.Inventory.Sources[0]
	if s.State != bom.Complete {
		t.Errorf("%s: %v because %q", manager, s.State, s.Reasons)
	}
	g := toldGraph{map[string]bool{}, map[string]bool{}, map[string]string{}, map[string]bom.Scope{}, map[string]bool{}}
	for i, c := range s.Components {
		g.components[c.PURL] = true
		g.scopes[c.PURL] = max(g.scopes[c.PURL], c.Scope)
		for _, h := range c.Hashes {
			if h.Alg == "SHA-512" {
				g.digests[c.PURL] = h.Value
			}
		}
		for _, to := range s.Edges[i] {
			g.edges[c.PURL+" → "+s.Components[to].PURL] = true
		}
	}
	document(t, schema(t), r)
	return g, s
}

// without returns what a has and b lacks, sorted, leaving out what begins with
// one of the exceptions.
func without(a, b map[string]bool, except []string) []string {
	var out []string
	for k := range a {
		if !b[k] && !slices.ContainsFunc(except, func(e string) bool { return strings.HasPrefix(k, e) }) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// TestEveryPackageManagerTellsTheSame reads one project as eight package
// managers locked it.
func TestEveryPackageManagerTellsTheSame(t *testing.T) {
	want, _ := tellGraph(t, "npm3")
	if len(want.components) != 92 || len(want.digests) != 89 {
		t.Fatalf("%d components, %d digests", len(want.components), len(want.digests))
	}
	peer := "pkg:npm/react-dom@18.2.0 → pkg:npm/react@18.2.0" // Yarn 1 and npm 6 write no peers; Yarn 4 not which
	newer := []string{"pkg:npm/yargs-parser@20.2.", "pkg:npm/yargs@16.2.0 → pkg:npm/yargs-parser@20.2."}
	nodeGyp := strings.Fields(`@isaacs/fs-minipass abbrev chownr env-paths exponential-backoff fdir graceful-fs isexe
		minipass minizlib node-gyp nopt picomatch@4 proc-log semver tar tinyglobby undici which yallist`)
	var gyp []string // Yarn 4 adds what builds fsevents
	for _, name := range nodeGyp {
		gyp = append(gyp, "pkg:npm/"+strings.Replace(name, "@isaacs", "%40isaacs", 1), "pkg:npm/fsevents@2.3.3 → pkg:npm/"+name)
	}
	facts := map[string]struct {
		lacks, adds []string // package URLs and edges that begin this way
		digests     bool
		scopes      bool
	}{
		"npm1":  {lacks: []string{peer}, digests: true}, // npm forgets who was optional when it writes version 1
		"pnpm8": {adds: []string{"pkg:npm/debug@4.3.4 → pkg:npm/supports-color@8.1.1"}, digests: true, scopes: true},
		"pnpm9": {adds: []string{"pkg:npm/debug@4.3.4 → pkg:npm/supports-color@8.1.1"}, digests: true, scopes: true},
		"yarn1": {lacks: append(newer, peer), adds: newer, digests: true, scopes: true},
		"berry": {lacks: append(newer, peer), adds: append(gyp, newer...), scopes: true},
		"bun":   {digests: true, scopes: true},
		"deno":  {lacks: []string{"pkg:npm/%40mono/web@2.0.0 → pkg:npm/chokidar@3.5.3"}, digests: true}, // Deno leaves out optional dependencies of a project
	}
	for manager, f := range facts {
		t.Run(manager, func(t *testing.T) {
			got, _ := tellGraph(t, manager)
			for what, sets := range map[string][2]map[string]bool{
				"component": {want.components, got.components}, "edge": {want.edges, got.edges},
			} {
				if list := without(sets[0], sets[1], f.lacks); len(list) > 0 {
					t.Errorf("lacks %s %q", what, list)
				}
				if list := without(sets[1], sets[0], f.adds); len(list) > 0 {
					t.Errorf("adds %s %q", what, list)
				}
			}
			for purl, digest := range want.digests {
				if f.digests && got.components[purl] && got.digests[purl] != digest {
					t.Errorf("%s: digest %.8q, want %.8q", purl, got.digests[purl], digest)
				}
			}
			if !f.digests && len(got.digests) > 0 {
				t.Error("a digest that is no digest of the file")
			}
			for purl, scope := range want.scopes {
				if f.scopes && got.components[purl] && got.scopes[purl] != scope {
					t.Errorf("%s: %v, want %v", purl, got.scopes[purl], scope)
				}
			}
		})
	}
}
