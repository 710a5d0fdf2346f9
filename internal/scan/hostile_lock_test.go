// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// fromStory returns a file of a story.
func fromStory(t testing.TB, story, name string) string {
	t.Helper()
	a, err := txtar.ParseFile("testdata/stories/" + story + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	t.Fatalf("%s has no %s", story, name)
	return ""
}

// goodLocks are lockfiles nothing is wrong with, by name, and how many
// components each has with its project.
func goodLocks() map[string]struct {
	text       string
	components int
} {
	return map[string]struct {
		text       string
		components int
	}{
		"pnpm-lock.yaml": {"lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: sha1-AAECAwQFBgcICQoLDA0ODxAREhM=}\n\nsnapshots:\n\n  a@1.0.0: {}\n", 2},
		"yarn.lock":      {"# This file is generated\n\n__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n", 2},
		"bun.lock":       {"{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\"\": {\"name\": \"app\", \"dependencies\": {\"a\": \"1\"}}},\n  \"packages\": {\n    \"a\": [\"a@1.0.0\", \"\", {}, \"sha1-AAECAwQFBgcICQoLDA0ODxAREhM=\"],\n  }\n}\n", 2},
		"deno.lock":      {"{\n  \"version\": \"4\",\n  \"specifiers\": {\"npm:a@1\": \"1.0.0\"},\n  \"npm\": {\n    \"a@1.0.0\": {}\n  },\n  \"workspace\": {\"dependencies\": [\"npm:a@1\"]}\n}\n", 2},
		"Cargo.lock":     {"version = 3\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n", 2},
	}
}

const goodCrate = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\na = \"1\"\n"

func TestUnreadableLocksOfEveryFormat(t *testing.T) {
	good := goodLocks()
	edit := func(name, old, with string) string {
		t.Helper()
		text := good[name].text
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %q", name, old)
		}
		return strings.Replace(text, old, with, 1)
	}
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	bomb := "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
	var steps strings.Builder
	for i := range 200 {
		fmt.Fprintf(&steps, "%sk:\n", strings.Repeat(" ", i))
	}
	classic := fromStory(t, "yarn-v1", "yarn.lock")
	facts := map[string]struct{ name, data, why string }{
		"pnpm, cut off in a line":        {"pnpm-lock.yaml", edit("pnpm-lock.yaml", "integrity: sha1-AAECAwQFBgcICQoLDA0ODxAREhM=}", "integrity: sha1-AA\n"), "line 13: "},
		"pnpm, alias bomb":               {"pnpm-lock.yaml", good["pnpm-lock.yaml"].text + bomb, "anchors and aliases are refused"},
		"pnpm, merge key":                {"pnpm-lock.yaml", "lockfileVersion: '9.0'\n<<: {a: b}\n", "line 2: a key that is not a text"},
		"pnpm, 200 000 deep":             {"pnpm-lock.yaml", "x: " + deep, "nested"},
		"pnpm, 200 steps deep":           {"pnpm-lock.yaml", steps.String(), "nested more than 64 deep"},
		"pnpm, a package twice":          {"pnpm-lock.yaml", edit("pnpm-lock.yaml", "  a@1.0.0: {}\n", "  a@1.0.0: {}\n  a@1.0.0: {}\n"), `line 19: the key "a@1.0.0" stands twice`},
		"pnpm, a section twice":          {"pnpm-lock.yaml", good["pnpm-lock.yaml"].text + "packages: {}\n", `the key "packages" stands twice`},
		"pnpm, a field twice":            {"pnpm-lock.yaml", edit("pnpm-lock.yaml", "        version: 1.0.0\n", "        version: 1.0.0\n        version: 2.0.0\n"), `the key "version" stands twice`},
		"pnpm, another version":          {"pnpm-lock.yaml", "lockfileVersion: 5.4\n", `lockfileVersion "5.4"; have 6 and 9`},
		"pnpm, no version":               {"pnpm-lock.yaml", "settings: {}\n", `lockfileVersion ""`},
		"pnpm, version last":             {"pnpm-lock.yaml", "packages:\n  a@1:\n    resolution: {integrity: x}\nlockfileVersion: '9.0'\n", "stands before lockfileVersion"},
		"pnpm, an absolute project":      {"pnpm-lock.yaml", edit("pnpm-lock.yaml", "  .:\n", "  /etc:\n"), "not a relative path"},
		"pnpm, not YAML":                 {"pnpm-lock.yaml", "\tlockfileVersion: 9\n", "cannot start any token"},
		"pnpm, empty":                    {"pnpm-lock.yaml", "\n\n", "empty"},
		"pnpm, a list":                   {"pnpm-lock.yaml", "- a\n- b\n", "not a mapping"},
		"pnpm, Latin-1":                  {"pnpm-lock.yaml", "lockfileVersion: '9.0'\nx: caf\xe9\n", "not UTF-8"},
		"berry, cut off":                 {"yarn.lock", edit("yarn.lock", "  resolution: \"app@workspace:.\"\n", "  resolution: \"app@works"), "line "},
		"berry, alias bomb":              {"yarn.lock", good["yarn.lock"].text + bomb, "anchors and aliases are refused"},
		"berry, no resolution":           {"yarn.lock", edit("yarn.lock", "  resolution: \"a@npm:1.0.0\"\n", ""), "line 6: the entry has no resolution"},
		"berry, an entry twice":          {"yarn.lock", edit("yarn.lock", "\"app@workspace:.\":", "\"a@npm:^2, a@npm:^1.0.0\":"), "stands twice"},
		"yarn 1, cut off in a text":      {"yarn.lock", strings.SplitAfter(classic, "  resolved \"https")[0], "line 7: a text in quotes that does not end"},
		"yarn 1, cut off after the key":  {"yarn.lock", "# yarn lockfile v1\n\na@1:\n", "the entry of line 3 has no version"},
		"yarn 1, an entry twice":         {"yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1\"\na@1:\n  version \"2\"\n", "stands twice"},
		"yarn 1, a field twice":          {"yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1\"\n  version \"2\"\n", `line 4: "version" stands twice`},
		"yarn 1, a tab":                  {"yarn.lock", "# yarn lockfile v1\na@1:\n\tversion \"1\"\n", "line 3: indented by a tab"},
		"yarn 1, deep":                   {"yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1\"\n      x y\n", "line 4: indented by 6 spaces"},
		"yarn 1, under nothing":          {"yarn.lock", "# yarn lockfile v1\n  version \"1\"\n", "line 2: indented, under nothing"},
		"yarn 1, Latin-1":                {"yarn.lock", "# yarn lockfile v1\ncaf\xe9@1:\n", "line 2: not UTF-8"},
		"yarn 1, not one":                {"yarn.lock", "<html>", "line 1: "},
		"bun, cut off":                   {"bun.lock", good["bun.lock"].text[:130], "line 5: "},
		"bun, a package twice":           {"bun.lock", edit("bun.lock", "    \"a\": [", "    \"a\": [\"a@2\"],\n    \"a\": ["), "duplicate"},
		"bun, 200 000 deep":              {"bun.lock", `{"x":` + deep + `}`, "nested more than 64 deep"},
		"bun, a comment that never ends": {"bun.lock", `{"lockfileVersion": 1 /* `, "line 1: "},
		"bun, two documents":             {"bun.lock", good["bun.lock"].text + "{}", "follows the end"},
		"bun, another version":           {"bun.lock", `{"lockfileVersion": 3}`, "lockfileVersion 3; have 0 to 2"},
		"bun, no version":                {"bun.lock", `{}`, "lockfileVersion -1"},
		"bun, an empty entry":            {"bun.lock", `{"lockfileVersion": 1, "packages": {"a": []}}`, "an empty entry"},
		"bun, no list":                   {"bun.lock", `{"lockfileVersion": 1, "packages": {"a": {}}}`, "where a list should be"},
		"bun, an absolute project":       {"bun.lock", `{"lockfileVersion": 1, "workspaces": {"/etc": {}}}`, "not a relative path"},
		"bun, a key without end":         {"bun.lock", `{"lockfileVersion": 1, "packages": {"` + strings.Repeat("a/", 5000) + `a": ["a@1"]}}`, "over 2048 characters"},
		"deno, cut off":                  {"deno.lock", good["deno.lock"].text[:90], "line 6: "},
		"deno, a package twice":          {"deno.lock", edit("deno.lock", "\"a@1.0.0\": {}", "\"a@1.0.0\": {}, \"a@1.0.0\": {}"), "duplicate"},
		"deno, 200 000 deep":             {"deno.lock", `{"x":` + deep + `}`, "nested more than 64 deep"},
		"deno, another version":          {"deno.lock", `{"version": "6"}`, "version 6; have 3 to 5"},
		"deno, an old version":           {"deno.lock", `{"version": "2", "npm": {"specifiers": {}}}`, "version 2; have 3 to 5"},
		"deno, no version":               {"deno.lock", `{}`, "version 0; have 3 to 5"},
		"deno, a bad key":                {"deno.lock", `{"version": "4", "npm": {"a": {}}}`, "not of the form NAME@VERSION"},
		"cargo, cut off":                 {"Cargo.lock", good["Cargo.lock"].text[:150], "line 10: "},
		"cargo, a field twice":           {"Cargo.lock", edit("Cargo.lock", "version = \"1.0.0\"\n", "version = \"1.0.0\"\nversion = \"2.0.0\"\n"), "version"},
		"cargo, 200 000 deep":            {"Cargo.lock", "x = " + deep, "line 1: TOML nested more than 64 deep"},
		"cargo, deep behind a comment":   {"Cargo.lock", "# it's \"\nx = " + deep, "line 2: TOML nested more than 64 deep"},
		"cargo, deep behind texts":       {"Cargo.lock", "a = '\"'\nb = \"\\\"'\"\nc = '''\n'\"\n'''\nx = " + deep, "line 6: TOML nested more than 64 deep"},
		"cargo, another version":         {"Cargo.lock", "version = 5\n", "version 5; have 1 to 4"},
		"cargo, no name":                 {"Cargo.lock", "[[package]]\nversion = \"1\"\n", "without a name"},
		"cargo, Latin-1":                 {"Cargo.lock", "[[package]]\nname = \"caf\xe9\"\n", "line 2: "},
		"cargo, a manifest cut off":      {"Cargo.toml", "[package\n", "line 1: "},
	}
	for name, f := range good {
		conflict := strings.Replace(f.text, "\n", "\n<<<<<<< HEAD\n", 1)
		facts[name+", merge conflict"] = struct{ name, data, why string }{name, conflict, "line 2: an unresolved merge conflict"}
		facts[name+", UTF-16"] = struct{ name, data, why string }{name, toUTF16(f.text, true), "UTF-16"}
	}
	s := schema(t)
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			r := run(t, fstest.MapFS{
				"bad/" + f.name: {Data: []byte(f.data)},
				"good/go.mod":   {Data: []byte(goodMod)}, "good/package-lock.json": {Data: []byte(goodLock)},
			}, scan.Options{})
			found := map[string]bom.Source{}
			for _, src := range r.Inventory.Sources {
				found[src.Path] = src
			}
			bad := found["bad/"+f.name]
			if bad.State == bom.Complete || !bad.Lost || len(bad.Reasons) != 1 || !strings.Contains(bad.Reasons[0], f.why) || strings.Contains(bad.Reasons[0], "\n") {
				t.Errorf("%v, missing %v, because %.300q; want %q", bad.State, bad.Lost, bad.Reasons, f.why)
			}
			for _, name := range []string{"good/go.mod", "good/package-lock.json"} {
				if found[name].State != bom.Complete {
					t.Errorf("%s: %v %q", name, found[name].State, found[name].Reasons)
				}
			}
			document(t, s, r)
		})
	}
}

func TestOddTextOfEveryFormatIsReadAllTheSame(t *testing.T) {
	for name, lock := range goodLocks() {
		facts := map[string]string{
			"as it is":        lock.text,
			"byte order mark": "\xef\xbb\xbf" + lock.text,
			"CRLF":            strings.ReplaceAll(lock.text, "\n", "\r\n"),
			"no last newline": strings.TrimSpace(lock.text),
		}
		for fact, data := range facts {
			r := run(t, fstest.MapFS{
				name: {Data: []byte(data)}, "Cargo.toml": {Data: []byte(goodCrate)},
				"package.json": {Data: []byte(`{"name": "app", "dependencies": {"a": "1"}}`)},
			}, scan.Options{})
			for _, s := range r.Inventory.Sources {
				if s.Path == name && (s.State != bom.Complete || len(s.Components) != lock.components) {
					t.Errorf("%s, %s: %v %q, %d components", name, fact, s.State, s.Reasons, len(s.Components))
				}
			}
		}
	}
}

// TestCutOffAnywhere cuts every lockfile at every byte: what comes out is a
// valid document, and never more than the whole one has.
func TestCutOffAnywhere(t *testing.T) {
	for name, lock := range goodLocks() {
		for n := range len(lock.text) {
			r := run(t, fstest.MapFS{name: {Data: []byte(lock.text[:n])}}, scan.Options{})
			s := r.Inventory.Sources[0]
			if len(s.Components) > lock.components {
				t.Errorf("%s, %d bytes: %d components", name, n, len(s.Components))
			}
			if out := document0(t, r); bom.CheckReferences(out) != nil {
				t.Errorf("%s, %d bytes: %v", name, n, bom.CheckReferences(out))
			}
		}
	}
}

func TestLimitsOfEveryFormat(t *testing.T) {
	for name, lock := range goodLocks() {
		for why, limits := range map[string]scan.Limits{
			fmt.Sprintf("%d bytes; the limit is 50", len(lock.text)): {File: 50},
			"more than 1 ": {Packages: 1},
		} {
			data := strings.ReplaceAll(lock.text, "  a@1.0.0: {}\n", "  a@1.0.0: {}\n  b@1.0.0: {}\n")
			data = strings.ReplaceAll(data, `    "a@1.0.0": {}`, `    "a@1.0.0": {}, "b@1.0.0": {}`)
			data = strings.ReplaceAll(data, `    "a": ["`, `    "b": ["b@1.0.0"], "a": ["`)
			if limits.File > 0 {
				data = lock.text
			}
			r := run(t, fstest.MapFS{name: {Data: []byte(data)}}, scan.Options{Limits: limits})
			if s := r.Inventory.Sources[0]; !s.Lost || !strings.Contains(strings.Join(s.Reasons, ""), why) {
				t.Errorf("%s: %q, want %q", name, s.Reasons, why)
			}
		}
	}
}

func TestNoLockfileLeadsOutside(t *testing.T) {
	outside := `{"name": "outside", "version": "6.6.6", "license": "stolen"}`
	facts := map[string]string{
		"pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      o:\n        specifier: link:../outside\n        version: link:../outside\n      p:\n        specifier: file:../outside\n        version: file:../outside\n  ../outside: {}\npackages:\n  p@file:../outside:\n    resolution: {directory: ../outside, type: directory}\nsnapshots:\n  p@file:../outside: {}\n",
		"yarn.lock":      "__metadata:\n  version: 8\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n\"o@workspace:../outside\":\n  version: 0.0.0-use.local\n  resolution: \"o@workspace:../outside\"\n\"l@link:../outside::locator=app%40workspace%3A.\":\n  version: 0.0.0-use.local\n  resolution: \"l@link:../outside::locator=app%40workspace%3A.\"\n",
		"bun.lock":       `{"lockfileVersion": 1, "workspaces": {"": {"name": "app"}, "../outside": {"name": "o"}}, "packages": {"o": ["o@workspace:../outside"], "../../outside": ["p@1.0.0"]}}`,
		"deno.lock":      `{"version": "5", "workspace": {"members": {"../outside": {"dependencies": []}}}}`,
		"Cargo.lock":     "[[package]]\nname = \"outside\"\nversion = \"0.1.0\"\n[[package]]\nname = \"../../outside\"\nversion = \"0.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
	}
	for name, data := range facts {
		onDisk(t, func(dir string) {
			write(t, filepath.Join(dir, "..", "outside", "package.json"), outside)
			write(t, filepath.Join(dir, "..", "outside", "Cargo.toml"), "[package]\nname = \"outside\"\nlicense = \"stolen\"\n")
			if err := os.MkdirAll(filepath.Join(dir, "node_modules", ".pnpm"), 0o755); err != nil {
				t.Fatal(err)
			}
			link(t, "../../outside", filepath.Join(dir, "node_modules", "p"))
			link(t, "../outside", filepath.Join(dir, "vendor"))
			write(t, filepath.Join(dir, name), data)
		})
	}
}

// TestHugeLocks reads lockfiles of 10 000 packages, each of which needs the
// next.
func TestHugeLocks(t *testing.T) {
	const n = 10_000
	for name, data := range hugeLocks(n) {
		r := run(t, fstest.MapFS{name: {Data: data}}, scan.Options{})
		s := r.Inventory.Sources[0]
		edges := 0
		for _, list := range s.Edges {
			edges += len(list)
		}
		if len(s.Components) < n || edges < n || s.Lost {
			t.Errorf("%s: %d components, %d edges, %q", name, len(s.Components), edges, s.Reasons)
		}
	}
}

// hugeLocks makes a lockfile of n packages in every format.
func hugeLocks(n int) map[string][]byte {
	const digest = "sha512-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
	texts := map[string]*strings.Builder{}
	for _, name := range []string{"pnpm-lock.yaml", "a/yarn.lock", "b/yarn.lock", "bun.lock", "deno.lock", "Cargo.lock"} {
		texts[name] = &strings.Builder{}
	}
	pnpm, classic, berry := texts["pnpm-lock.yaml"], texts["a/yarn.lock"], texts["b/yarn.lock"]
	bun, deno, cargo := texts["bun.lock"], texts["deno.lock"], texts["Cargo.lock"]
	pnpm.WriteString("lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      p0:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n")
	classic.WriteString("# yarn lockfile v1\n")
	berry.WriteString("__metadata:\n  version: 8\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    p0: \"npm:^1.0.0\"\n")
	bun.WriteString(`{"lockfileVersion": 1, "workspaces": {"": {"name": "app", "dependencies": {"p0": "1"}}}, "packages": {`)
	deno.WriteString(`{"version": "5", "specifiers": {"npm:p0@1": "1.0.0"}, "npm": {`)
	cargo.WriteString("version = 4\n")
	for i := range n {
		next := (i + 1) % n
		fmt.Fprintf(pnpm, "\n  p%d@1.0.0:\n    resolution: {integrity: %s}\n    engines: {node: '>=10'}\n", i, digest)
		fmt.Fprintf(classic, "\np%d@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example.org/p%d/-/p%d-1.0.0.tgz\"\n  integrity %s\n  dependencies:\n    p%d \"^1.0.0\"\n", i, i, i, digest, next)
		fmt.Fprintf(berry, "\n\"p%d@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"p%d@npm:1.0.0\"\n  dependencies:\n    p%d: \"npm:^1.0.0\"\n  checksum: 10c0/0123456789abcdef\n  languageName: node\n  linkType: hard\n", i, i, next)
		comma := ","
		if i == n-1 {
			comma = ""
		}
		fmt.Fprintf(bun, "\n    \"p%d\": [\"p%d@1.0.0\", \"\", { \"dependencies\": { \"p%d\": \"^1.0.0\" } }, \"%s\"],\n", i, i, next, digest)
		fmt.Fprintf(deno, "\n    \"p%d@1.0.0\": {\"integrity\": \"%s\", \"dependencies\": [\"p%d\"]}%s", i, digest, next, comma)
		fmt.Fprintf(cargo, "\n[[package]]\nname = \"p%d\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"\ndependencies = [\n \"p%d\",\n]\n", i, next)
	}
	pnpm.WriteString("\nsnapshots:\n")
	for i := range n {
		fmt.Fprintf(pnpm, "\n  p%d@1.0.0:\n    dependencies:\n      p%d: 1.0.0\n", i, (i+1)%n)
	}
	bun.WriteString("}}\n")
	deno.WriteString("}}\n")
	out := map[string][]byte{}
	for name, b := range texts {
		out[name] = []byte(b.String())
	}
	return out
}

// TestNoCredentialComesOut puts one in every place of a lockfile that is an
// address, with and without something wrong beside it.
func TestNoCredentialComesOut(t *testing.T) {
	const at = "https://user:hunter2hunter2@h.example/p?token=hunter3hunter3#hunter4hunter4"
	facts := map[string]string{
		"pnpm-lock.yaml":    "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        version: AT\n      b:\n        version: AT\npackages:\n  a@AT:\n    resolution: {tarball: AT}\n  c@AT:\n    resolution: {type: git, repo: AT, commit: x}\nsnapshots:\n  a@AT: {}\n  c@AT: {}\n  d@AT: {}\n",
		"a/pnpm-lock.yaml":  "lockfileVersion: '9.0'\npackages:\n  a@AT: {}\n  a@AT: {}\n",
		"yarn.lock":         "# yarn lockfile v1\n\"a@AT\":\n  version \"1\"\n  resolved \"AT\"\n  dependencies:\n    b \"AT\"\n\"c@git+AT\":\n  version \"1\"\n  resolved \"git+AT\"\n",
		"a/yarn.lock":       "# yarn lockfile v1\n\"a@AT\", \"a@AT\":\n  version \"1\"\n",
		"b/yarn.lock":       "__metadata:\n  version: 8\n\"a@AT\":\n  version: 1\n  resolution: \"a@AT\"\n  dependencies:\n    b: \"AT\"\n\"c@patch:c@AT#x\":\n  version: 1\n  resolution: \"c@patch:c@AT#x\"\n",
		"bun.lock":          `{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"a": "AT", "z": "AT"}}}, "packages": {"a": ["a@AT", {}], "b": ["b@git+AT", {}], "c": ["c@1", "AT", {}]}}`,
		"deno.lock":         `{"version": "5", "npm": {"a@1": {"tarball": "AT"}}, "remote": {"AT": "x"}}`,
		"a/deno.lock":       `{"version": "5", "remote": {"AT": 1}}`,
		"b/deno.lock":       `{"version": "5", "remote": {"AT": "x", "AT": "x"}}`,
		"a/Cargo.lock":      "[metadata]\n\"checksum a 1 (git+AT)\" = \"x\"\n\"checksum a 1 (git+AT)\" = \"x\"\n",
		"Cargo.lock":        "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+AT\"\ndependencies = [\"b 1.0.0 (git+AT)\"]\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\nsource = \"registry+AT\"\n[[package]]\nname = \"d\"\nversion = \"1.0.0\"\nsource = \"odd+AT\"\n",
		"package-lock.json": `{"lockfileVersion": 1, "dependencies": {"a": {"version": "AT"}, "b": {"version": "git+AT"}, "c": {"version": "1", "resolved": "AT", "requires": {"z": "AT"}}}}`,
	}
	s := schema(t)
	for name, data := range facts {
		r := run(t, fstest.MapFS{name: {Data: []byte(strings.ReplaceAll(data, "AT", at))}}, scan.Options{})
		told := tell(r)
		if out := told + string(document(t, s, r)); strings.Contains(out, "hunter2") || strings.Contains(out, "hunter3") {
			t.Errorf("%s: a credential comes out:\n%s", name, out)
		}
		if len(told) < 20 {
			t.Errorf("%s: nothing was told", name)
		}
	}
}
