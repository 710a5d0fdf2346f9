// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

func folder(t *testing.T, dir string) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return scan.Dir(root)
}

// golist returns what the go command says, one line each.
func golist(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %q: %v", args, err)
	}
	return strings.Fields(string(out))
}

// TestThisRepository compares what we read with what the go command knows: the
// same modules, every edge one that a go.mod file states, and nothing missing,
// because building this test put every .mod file that is needed in the cache.
func TestThisRepository(t *testing.T) {
	cache := folder(t, golist(t, "env", "GOMODCACHE")[0])
	r := run(t, folder(t, "../.."), scan.Options{Exclude: []string{"testdata"}, ModuleCache: cache})
	i := slices.IndexFunc(r.Inventory.Sources, func(s bom.Source) bool { return s.Path == "go.mod" })
	s := r.Inventory.Sources[i]
	if s.State != bom.Complete {
		t.Errorf("%v because %q", s.State, s.Reasons)
	}
	selected := map[string]bool{}
	for _, line := range golist(t, "list", "-m", "-f", "{{.Path}}@{{.Version}}", "all") {
		selected[line] = true
	}
	for _, c := range s.Components {
		if name := c.Name + "@" + c.Version; c.Name != "stdlib" && !selected[name] {
			t.Errorf("%s is not in the build list", name)
		}
		if c.Name != "stdlib" && c.Type == bom.Library && (len(c.Hashes) != 1 || c.Hashes[0].Alg != "h1") {
			t.Errorf("%s has no h1 hash: %v", c.Name, c.Hashes)
		}
	}
	for _, module := range golist(t, "list", "-deps", "-test", "-f", "{{with .Module}}{{.Path}}{{end}}", "./internal/scan", "./internal/bom") {
		if !slices.ContainsFunc(s.Components, func(c bom.Component) bool { return c.Name == module }) {
			t.Errorf("%s is built from and not in the SBOM", module)
		}
	}
	graph := map[string]bool{}
	lines := golist(t, "mod", "graph")
	for i := 0; i+1 < len(lines); i += 2 {
		from, _, _ := strings.Cut(lines[i], "@")
		to, _, _ := strings.Cut(lines[i+1], "@")
		graph[from+" "+to] = true
	}
	for from, targets := range s.Edges {
		for _, to := range targets {
			edge := s.Components[from].Name + " " + s.Components[to].Name
			if s.Components[to].Name != "stdlib" && !graph[edge] {
				t.Errorf("no go.mod file states the edge %s", edge)
			}
		}
	}
	document(t, schema(t), r)
}

// TestARealNpmApplication reads a lockfile that npm itself wrote.
func TestARealNpmApplication(t *testing.T) {
	dir := "../../testdata/apps/npm"
	r := run(t, folder(t, dir), scan.Options{})
	s := r.Inventory.Sources[0]
	if s.State != bom.Complete || len(r.Inventory.Sources) != 1 {
		t.Fatalf("%v because %q", s.State, s.Reasons)
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity, License string
			Dev, Optional, DevOptional  bool
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		t.Fatal(err)
	}
	if len(s.Components) != len(lock.Packages) {
		t.Errorf("%d components of %d packages", len(s.Components), len(lock.Packages))
	}
	lines := bytes.Split(data, []byte("\n"))
	reached := map[int]bool{}
	for _, targets := range s.Edges {
		for _, to := range targets {
			reached[to] = true
		}
	}
	for i, c := range s.Components {
		at := strings.Split(string(lines[c.Occurrences[0].Line-1]), `"`)[1]
		p := lock.Packages[at]
		if c.Version != p.Version {
			t.Errorf("%s: version %s, want %s", at, c.Version, p.Version)
		}
		if (p.Integrity != "") != (len(c.Hashes) == 1) || len(c.Licences) == 0 {
			t.Errorf("%s: hashes %v, licences %v", at, c.Hashes, c.Licences)
		}
		if at != "" && p.Dev != (c.Scope == bom.Excluded) {
			t.Errorf("%s: scope %v", at, c.Scope)
		}
		if at != "" && !reached[i] {
			t.Errorf("nothing depends on %s", at)
		}
	}
	out := document(t, schema(t), r)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out, "", " "); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/npm-app.cdx.json"
	if *update {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", golden, diff)
	}
}

// TestTheFolderDoesNotMatter scans one tree in two places.
func TestTheFolderDoesNotMatter(t *testing.T) {
	s := schema(t)
	first := document(t, s, run(t, folder(t, "../../testdata/apps/npm"), scan.Options{}))
	copied := filepath.Join(t.TempDir(), "an other place")
	if err := os.CopyFS(copied, os.DirFS("../../testdata/apps/npm")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(copied)
	if again := document0(t, run(t, folder(t, "."), scan.Options{})); !bytes.Equal(first, again) {
		t.Error("another folder, another document")
	}
}

// document0 is document without the schema, which lies where we no longer are.
func document0(t *testing.T, r scan.Result) []byte {
	t.Helper()
	r.Inventory.Tool.Name = "gateledger"
	out, err := bom.Marshal(r.Inventory)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
