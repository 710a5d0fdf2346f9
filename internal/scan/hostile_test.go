// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// goodLock is a lockfile nothing is wrong with.
const goodLock = `{
  "name": "app",
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "app", "dependencies": {"a": "1"}},
    "node_modules/a": {"version": "1.0.0"}
  }
}
`

const goodMod = "module acme.example/good\n\ngo 1.26.0\n"

func toUTF16(s string, bom bool) string {
	var b strings.Builder
	if bom {
		b.WriteString("\xff\xfe")
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestUnreadableLockfilesAreNamedAndStopNoOther(t *testing.T) {
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	facts := map[string]struct{ name, data, why string }{
		"cut off":                     {"package-lock.json", goodLock[:len(goodLock)/2], "line 5: "},
		"empty":                       {"package-lock.json", "", "EOF"},
		"merge conflict":              {"package-lock.json", strings.Replace(goodLock, `    "node`, "<<<<<<< HEAD\n    \"node", 1), "line 6: an unresolved merge conflict"},
		"merge conflict, CRLF":        {"package-lock.json", strings.ReplaceAll("{\n<<<<<<< HEAD\n", "\n", "\r\n"), "line 2: an unresolved merge conflict"},
		"UTF-16 with mark":            {"package-lock.json", toUTF16(goodLock, true), "UTF-16"},
		"UTF-16 without mark":         {"package-lock.json", toUTF16(goodLock, false), "UTF-16"},
		"Latin-1":                     {"package-lock.json", strings.Replace(goodLock, "app", "caf\xe9", 1), "UTF-8"},
		"200 000 deep":                {"package-lock.json", deep, "nested more than 64 deep"},
		"deep inside":                 {"package-lock.json", `{"x":` + deep, "nested more than 64 deep"},
		"a name twice":                {"package-lock.json", strings.Replace(goodLock, `"name": "app",`, `"name": "app", "name": "b",`, 1), `line 2: `},
		"a package twice":             {"package-lock.json", strings.Replace(goodLock, `    "node_modules/a"`, `    "node_modules/a": {}, "node_modules/a"`, 1), "duplicate"},
		"two documents":               {"package-lock.json", goodLock + goodLock, "follows the end"},
		"not an object":               {"package-lock.json", "[]", "where an object should be"},
		"packages not an object":      {"package-lock.json", `{"lockfileVersion":3,"packages":[]}`, "where an object should be"},
		"no packages":                 {"package-lock.json", `{"lockfileVersion":3}`, `no "packages"`},
		"another version":             {"package-lock.json", `{"lockfileVersion":4,"packages":{}}`, "lockfileVersion 4; have 1 to 3"},
		"no version":                  {"package-lock.json", `{"packages":{}}`, "lockfileVersion 0"},
		"a number for a name":         {"package-lock.json", strings.Replace(goodLock, `"1.0.0"`, "1", 1), "line 6: "},
		"an absolute place":           {"package-lock.json", strings.Replace(goodLock, "node_modules/a", "/etc/node_modules/a", 1), "not a relative path"},
		"a place in disguise":         {"package-lock.json", strings.Replace(goodLock, "node_modules/a", "node_modules/../../a", 1), "not a relative path"},
		"manifest cut off":            {"package.json", `{"dependencies": {"a": "1"`, "line 1: "},
		"go.mod cut off":              {"go.mod", "module acme.example/x\n\nrequire (\n\ta.example/b v1.0.0\n", "syntax error"},
		"go.mod without module":       {"go.mod", "go 1.26.0\n", "no module line"},
		"go.mod merge conflict":       {"go.mod", "module acme.example/x\n<<<<<<< HEAD\ngo 1.26.0\n", "line 2: an unresolved merge conflict"},
		"go.mod unknown directive":    {"go.mod", "module acme.example/x\nfrobnicate\n", "line 2: unknown directive: frobnicate"},
		"go.mod with a bad version":   {"go.mod", "module acme.example/x\nrequire a.example/b latest\n", "line 2: "},
		"go.mod with a bad path":      {"go.mod", "module acme.example/x\nrequire ../../etc v1.0.0\n", "line 2: "},
		"go.work without its modules": {"go.work", "go 1.26.0\nuse ./gone\n", "use ./gone: file does not exist"},
		"go.work that leaves":         {"go.work", "go 1.26.0\nuse ../../up\n", "leaves the tree"},
		"go.work of nothing":          {"go.work", "go 1.26.0\n", "uses no module"},
	}
	s := schema(t)
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			r := run(t, fstest.MapFS{
				"bad/" + f.name:          {Data: []byte(f.data)},
				"good/go.mod":            {Data: []byte(goodMod)},
				"good/package-lock.json": {Data: []byte(goodLock)},
			}, scan.Options{})
			found := map[string]bom.Source{}
			for _, src := range r.Inventory.Sources {
				found[src.Path] = src
			}
			bad := found["bad/"+f.name]
			if bad.State == bom.Complete || !bad.Lost || len(bad.Reasons) != 1 || !strings.Contains(bad.Reasons[0], f.why) || strings.Contains(bad.Reasons[0], "\n") {
				t.Errorf("%v, missing %v, because %q; want %q", bad.State, bad.Lost, bad.Reasons, f.why)
			}
			for _, good := range []string{"good/go.mod", "good/package-lock.json"} {
				if found[good].State != bom.Complete {
					t.Errorf("%s: %v %q", good, found[good].State, found[good].Reasons)
				}
			}
			document(t, s, r)
		})
	}
}

func TestOddTextIsReadAllTheSame(t *testing.T) {
	facts := map[string]string{
		"byte order mark":  "\xef\xbb\xbf" + goodLock,
		"CRLF":             strings.ReplaceAll(goodLock, "\n", "\r\n"),
		"no last newline":  strings.TrimSpace(goodLock),
		"one line":         strings.ReplaceAll(goodLock, "\n", ""),
		"empty dependency": strings.Replace(goodLock, `"version": "1.0.0"`, `"version": "1.0.0", "dependencies": [], "bin": null`, 1),
		"unknown members":  strings.Replace(goodLock, `"version": "1.0.0"`, `"version": "1.0.0", "x": {"y": [1, {}]}`, 1),
	}
	for fact, data := range facts {
		r := run(t, fstest.MapFS{"package-lock.json": {Data: []byte(data)}}, scan.Options{})
		if s := r.Inventory.Sources[0]; s.State != bom.Complete || len(s.Components) != 2 {
			t.Errorf("%s: %v %q", fact, s.State, s.Reasons)
		}
	}
	for fact, data := range map[string]string{"byte order mark": "\xef\xbb\xbf" + goodMod, "CRLF": strings.ReplaceAll(goodMod, "\n", "\r\n")} {
		r := run(t, fstest.MapFS{"go.mod": {Data: []byte(data)}}, scan.Options{})
		if s := r.Inventory.Sources[0]; s.State != bom.Complete || len(s.Components) != 2 {
			t.Errorf("go.mod, %s: %v %q", fact, s.State, s.Reasons)
		}
	}
}

func TestGoSumThatCannotBeRead(t *testing.T) {
	facts := map[string]string{
		"a.example/b v1.0.0\n": "line 1: 2 fields",
		"a.example/b v1.0.0 h1:YQ==\na.example/b v1.0.0 h1:Yg==\n": "line 2: a second hash",
		"<<<<<<< HEAD\n": "line 1: an unresolved merge conflict",
	}
	for data, why := range facts {
		r := run(t, fstest.MapFS{"go.mod": {Data: []byte(goodMod)}, "go.sum": {Data: []byte(data)}}, scan.Options{})
		s := r.Inventory.Sources[0]
		if s.State != bom.Incomplete || !strings.Contains(strings.Join(s.Reasons, "\n"), why) {
			t.Errorf("%q: %v %q, want %q", data, s.State, s.Reasons, why)
		}
	}
}

func TestLimitsAreNamedWhenHit(t *testing.T) {
	tree := fstest.MapFS{"a/package-lock.json": {Data: []byte(goodLock)}, "b/package-lock.json": {Data: []byte(goodLock)}}
	inSource := map[string]scan.Limits{
		"161 bytes; the limit is 100": {File: 100},
		"more than 1 packages":        {Packages: 1},
	}
	for why, limits := range inSource {
		r := run(t, tree, scan.Options{Limits: limits})
		if got := strings.Join(r.Inventory.Sources[0].Reasons, ""); !strings.Contains(got, why) || !r.Inventory.Sources[0].Lost {
			t.Errorf("%q, want %q", got, why)
		}
	}
	whole := map[string]scan.Limits{
		"more than 4 files and folders": {Entries: 4},
		"more than 1 lockfiles":         {Files: 1},
	}
	for why, limits := range whole {
		if _, err := scan.Scan(context.Background(), tree, scan.Options{Limits: limits}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
}

func TestNothingToScan(t *testing.T) {
	if _, err := scan.Scan(context.Background(), fstest.MapFS{"README": {}}, scan.Options{}); !errors.Is(err, scan.ErrNothing) {
		t.Errorf("%v, want ErrNothing", err)
	}
	if _, err := scan.Scan(context.Background(), fstest.MapFS{}, scan.Options{Exclude: []string{"["}}); err == nil {
		t.Error("a malformed pattern is accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := scan.Scan(ctx, fstest.MapFS{"go.mod": {Data: []byte(goodMod)}}, scan.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a cancelled scan", err)
	}
}

func TestWhatIsLookedInto(t *testing.T) {
	tree := fstest.MapFS{}
	for _, dir := range []string{".", "a/b", ".hidden", ".git", "node_modules/x", "a/node_modules", "vendor/x", "testdata/x", "examples/one", "a/examples/two"} {
		tree[filepath.Join(dir, "go.mod")] = &fstest.MapFile{Data: []byte(goodMod)}
	}
	facts := []struct {
		exclude []string
		want    string
		left    string
	}{
		{nil, ".hidden/go.mod a/b/go.mod a/examples/two/go.mod examples/one/go.mod go.mod testdata/x/go.mod", ""},
		{[]string{"testdata"}, ".hidden/go.mod a/b/go.mod a/examples/two/go.mod examples/one/go.mod go.mod", "testdata"},
		{[]string{"examples", "testdata"}, ".hidden/go.mod a/b/go.mod go.mod", "a/examples examples testdata"},
		{[]string{"examples/*"}, ".hidden/go.mod a/b/go.mod a/examples/two/go.mod go.mod testdata/x/go.mod", "examples/one"},
		{[]string{"a/b/go.mod", ".*"}, "a/examples/two/go.mod examples/one/go.mod go.mod testdata/x/go.mod", ".hidden a/b/go.mod"},
	}
	for _, f := range facts {
		r := run(t, tree, scan.Options{Exclude: f.exclude})
		var got []string
		for _, s := range r.Inventory.Sources {
			got = append(got, s.Path)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != f.want || strings.Join(r.Inventory.Excluded, " ") != f.left {
			t.Errorf("%q: %q without %q, want %q without %q", f.exclude, got, r.Inventory.Excluded, f.want, f.left)
		}
	}
}

// onDisk makes a folder with a secret beside it, and returns the folder as the
// command opens it.
func onDisk(t *testing.T, make func(dir string)) scan.Result {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "tree")
	write(t, filepath.Join(top, "outside", "package.json"), `{"name": "outside", "license": "stolen"}`)
	write(t, filepath.Join(top, "outside", "go.mod"), "module outside.example/stolen\n")
	write(t, filepath.Join(dir, "go.mod"), goodMod)
	make(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	r := run(t, scan.Dir(root), scan.Options{})
	if text := tell(r) + string(document(t, schema(t), r)); strings.Contains(text, "stolen") || strings.Contains(text, top) {
		t.Errorf("read from outside, or named the machine's path:\n%s", text)
	}
	return r
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestNothingOutsideTheTreeIsRead(t *testing.T) {
	facts := map[string]struct {
		make func(dir string)
		want string
	}{
		"a linked lockfile": {
			func(dir string) { link(t, "../../outside/go.mod", filepath.Join(dir, "sub", "go.mod")) },
			"sub/go.mod: tree, incomplete, components missing\n  because is a symbolic link",
		},
		"an absolute link": {
			func(dir string) {
				link(t, filepath.Join(dir, "../outside/go.mod"), filepath.Join(dir, "sub", "go.mod"))
			},
			"sub/go.mod: tree, incomplete, components missing\n  because is a symbolic link",
		},
		"a link into the tree": {
			func(dir string) { link(t, "../go.mod", filepath.Join(dir, "sub", "go.mod")) },
			"note sub/go.mod: a symbolic link to go.mod",
		},
		"a link to a link": {
			func(dir string) {
				link(t, "../../outside/go.mod", filepath.Join(dir, "b", "go.mod"))
				link(t, "../b/go.mod", filepath.Join(dir, "a", "go.mod"))
			},
			"a/go.mod: tree, incomplete, components missing",
		},
		"a linked folder": {
			func(dir string) { link(t, "../outside", filepath.Join(dir, "sub")) }, "go.mod: go, complete",
		},
		"a loop": {
			func(dir string) {
				link(t, "..", filepath.Join(dir, "a", "up"))
				link(t, "self", filepath.Join(dir, "self"))
			},
			"go.mod: go, complete",
		},
		"a looping lockfile": {
			func(dir string) { link(t, "package-lock.json", filepath.Join(dir, "package-lock.json")) },
			"package-lock.json: tree, incomplete, components missing",
		},
		"a place in the lockfile": {
			func(dir string) {
				write(t, filepath.Join(dir, "package-lock.json"), `{"lockfileVersion":3,"packages":{"":{},"../outside":{"version":"1.0.0"},"node_modules/o":{"resolved":"../outside","link":true}}}`)
			},
			"pkg:npm/o@1.0.0, from dir:../outside",
		},
		"a linked package": {
			func(dir string) {
				link(t, "../../outside", filepath.Join(dir, "node_modules", "o"))
				write(t, filepath.Join(dir, "package-lock.json"), `{"lockfileVersion":3,"packages":{"":{},"node_modules/o":{"version":"1.0.0"}}}`)
			},
			"pkg:npm/o@1.0.0, required, package-lock.json:1\n",
		},
		"a replacement by an absolute folder": {
			func(dir string) {
				write(t, filepath.Join(dir, "go.mod"), goodMod+"require outside.example/x v1.0.0\nreplace outside.example/x => "+filepath.Join(dir, "../outside")+"\n")
			},
			"gateledger:go:replaced-by = outside the tree",
		},
		"a linked go.sum": {
			func(dir string) {
				write(t, filepath.Join(dir, "go.mod"), goodMod+"require a.example/x v1.0.0\n")
				link(t, "../outside/go.mod", filepath.Join(dir, "go.sum"))
			},
			"because no go.sum",
		},
		"a linked licence": {
			func(dir string) { link(t, "../outside/package.json", filepath.Join(dir, "LICENSE")) }, "go.mod: go, complete",
		},
		"a pipe": {
			func(dir string) {
				if err := syscall.Mkfifo(filepath.Join(dir, "package-lock.json"), 0o644); err != nil {
					t.Fatal(err)
				}
			},
			"note package-lock.json: not a regular file",
		},
		"a folder with a lockfile's name": {
			func(dir string) { write(t, filepath.Join(dir, "package-lock.json", "go.mod"), goodMod) },
			"package-lock.json/go.mod: go, complete",
		},
		"a name that is not UTF-8": {
			func(dir string) { write(t, filepath.Join(dir, "caf\xe9\n", "go.mod"), goodMod) },
			"caf%E9%0A/go.mod: go, complete",
		},
	}
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			if got := tell(onDisk(t, f.make)); !strings.Contains(got, f.want) {
				t.Errorf("%s\nwant %q", got, f.want)
			}
		})
	}
}

func TestAHugeLockfileIsReadInLineOrder(t *testing.T) {
	var b strings.Builder
	b.WriteString("{\"lockfileVersion\": 3, \"packages\": {\"\": {\"name\": \"big\", \"dependencies\": {\"p0\": \"1\"}}")
	const n = 20_000
	for i := range n {
		fmt.Fprintf(&b, ",\n\"node_modules/p%d\": {\"version\": \"1.0.0\", \"dependencies\": {\"p%d\": \"1\"}}", i, (i+1)%n)
	}
	b.WriteString("}}")
	r := run(t, fstest.MapFS{"package-lock.json": {Data: []byte(b.String())}}, scan.Options{})
	s := r.Inventory.Sources[0]
	if s.State != bom.Complete || len(s.Components) != n+1 {
		t.Fatalf("%v, %d components, %q", s.State, len(s.Components), s.Reasons)
	}
	for i, c := range s.Components {
		if c.Occurrences[0].Line != i+1 {
			t.Fatalf("%s on line %d, want %d", c.Name, c.Occurrences[0].Line, i+1)
		}
	}
}
