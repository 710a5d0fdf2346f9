// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// plainLocks are files nothing is wrong with, by name.
func plainLocks() map[string]string {
	return map[string]string{
		"poetry.lock":              "[[package]]\nname = \"a\"\nversion = \"1.0\"\noptional = false\ngroups = [\"main\"]\n\n[metadata]\nlock-version = \"2.1\"\ncontent-hash = \"0\"\n",
		"uv.lock":                  "version = 1\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { virtual = \".\" }\n",
		"pdm.lock":                 "[metadata]\nlock_version = \"4.5.0\"\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\ngroups = [\"default\"]\n",
		"pylock.toml":              "lock-version = \"1.0\"\n\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\n",
		"Pipfile.lock":             "{\"_meta\": {\"pipfile-spec\": 6},\n\"default\": {\n\"a\": {\"version\": \"==1.0\"}\n}}\n",
		"requirements.txt":         "a==1.0  # via -r requirements.in\n",
		"Gemfile.lock":             "GEM\n  remote: https://gems.example/\n  specs:\n    a (1.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a\n",
		"composer.lock":            "{\"content-hash\": \"0\",\n\"packages\": [\n{\"name\": \"a/a\", \"version\": \"1.0\"}\n], \"packages-dev\": []}\n",
		".github/workflows/ci.yml": "jobs:\n  a:\n    steps:\n      - uses: a/a@v1\n",
		".gitlab-ci.yml":           "job:\n  image: a:1\n",
		"Dockerfile":               "FROM a:1\n",
	}
}

func TestOddTextOfToolsIsReadAllTheSame(t *testing.T) {
	for name, text := range plainLocks() {
		for fact, data := range map[string]string{
			"as it is":        text,
			"byte order mark": "\xef\xbb\xbf" + text,
			"CRLF":            strings.ReplaceAll(text, "\n", "\r\n"),
			"no last newline": strings.TrimRight(text, "\n"),
		} {
			r := run(t, fstest.MapFS{name: {Data: []byte(data)}, "composer.json": {Data: []byte("{}")}}, scan.Options{})
			s := r.Inventory.Sources[0]
			if s.Lost || len(s.Components) == 0 || len(r.Inventory.Sources) != 1 {
				t.Errorf("%s, %s: %s", name, fact, tell(r))
			}
		}
	}
}

func TestUnreadableFilesOfTools(t *testing.T) {
	plain := plainLocks()
	edit := func(name, old, with string) string {
		t.Helper()
		if !strings.Contains(plain[name], old) {
			t.Fatalf("%s has no %q", name, old)
		}
		return strings.Replace(plain[name], old, with, 1)
	}
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	facts := map[string]struct{ name, data, why string }{
		"poetry, cut off":              {"poetry.lock", plain["poetry.lock"][:40], "line "},
		"poetry, cut off after a line": {"poetry.lock", "[[package]]\nname = \"a\"\n", "lock-version"},
		"poetry, Latin-1":              {"poetry.lock", edit("poetry.lock", "1.0", "\xe9"), "UTF-8"},
		"poetry, a key twice":          {"poetry.lock", edit("poetry.lock", "name", "name = \"b\"\nname"), "already defined"},
		"poetry, deep":                 {"poetry.lock", "x = " + deep, "line 1: TOML nested more than 64 deep"},
		"poetry, another version":      {"poetry.lock", edit("poetry.lock", "2.1", "3.0"), `lock-version "3.0"; have 1 and 2`},
		"poetry, no name":              {"poetry.lock", edit("poetry.lock", "name = \"a\"", ""), "a package without a name"},
		"poetry, not text":             {"poetry.lock", edit("poetry.lock", "\"1.0\"", "1"), "line 3: "},
		"uv, cut off":                  {"uv.lock", plain["uv.lock"][:50], "line "},
		"uv, another version":          {"uv.lock", edit("uv.lock", "version = 1\n", "version = 2\n"), "version 2; have 1"},
		"uv, no packages":              {"uv.lock", "version = 1\n", "no packages"},
		"uv, no name":                  {"uv.lock", edit("uv.lock", "name = \"a\"", ""), "a package without a name"},
		"pdm, cut off":                 {"pdm.lock", plain["pdm.lock"][:60], "line "},
		"pdm, another version":         {"pdm.lock", edit("pdm.lock", "4.5.0", "3.1"), `lock_version "3.1"; have 4`},
		"pdm, no name":                 {"pdm.lock", edit("pdm.lock", "name = \"a\"", ""), "a package without a name"},
		"pylock, cut off":              {"pylock.toml", plain["pylock.toml"][:40], "line "},
		"pylock, another version":      {"pylock.toml", edit("pylock.toml", "1.0", "2.0"), `lock-version "2.0"; have 1`},
		"pylock, no name":              {"pylock.toml", edit("pylock.toml", "name = \"a\"", ""), "a package without a name"},
		"pipenv, cut off":              {"Pipfile.lock", plain["Pipfile.lock"][:50], "line 3: "},
		"pipenv, a package twice":      {"Pipfile.lock", edit("Pipfile.lock", `"a": {`, `"a": {}, "a": {`), "duplicate"},
		"pipenv, no meta":              {"Pipfile.lock", "{}", `no "_meta"`},
		"pipenv, another spec":         {"Pipfile.lock", edit("Pipfile.lock", "6", "7"), "pipfile-spec 7; have 6"},
		"pipenv, a list":               {"Pipfile.lock", edit("Pipfile.lock", "{\"version\": \"==1.0\"}", "[]"), "default: "},
		"pipenv, deep":                 {"Pipfile.lock", deep, "nested more than 64 deep"},
		"pip, UTF-16 without mark":     {"requirements.txt", toUTF16(plain["requirements.txt"], false), "UTF-16"},
		"gem, no section":              {"Gemfile.lock", "  remote: x\n", "line 1: no section"},
		"gem, not a gem":               {"Gemfile.lock", edit("Gemfile.lock", "a (1.0)", "a"), "line 4: "},
		"gem, an odd indent":           {"Gemfile.lock", edit("Gemfile.lock", "    a (1.0)", "   a (1.0)"), "line 4: indented by 3"},
		"gem, a need of nothing":       {"Gemfile.lock", "GEM\n      x\n", "line 2: no gem"},
		"gem, text":                    {"Gemfile.lock", "Hello\n", "line 1: "},
		"gem, Latin-1":                 {"Gemfile.lock", edit("Gemfile.lock", "a (1.0)", "\xe9 (1.0)"), "UTF-8"},
		"gem, empty":                   {"Gemfile.lock", "", "the file is empty"},
		"gem, cut off":                 {"Gemfile.lock", plain["Gemfile.lock"][:50], "line 4: "},
		"gem, cut off between words":   {"Gemfile.lock", "GEM\n  specs:\n    a (1.0)\n      b", "line 4: the file is cut off"},
		"gem, two digests":             {"Gemfile.lock", plain["Gemfile.lock"] + "\nCHECKSUMS\n  a (1.0) sha256=0\n  a (1.0) sha256=1\n", "line 14: a second digest"},
		"gem, a long version":          {"Gemfile.lock", edit("Gemfile.lock", "1.0", strings.Repeat("1", 2000)), "a version of over"},
		"composer, cut off":            {"composer.lock", plain["composer.lock"][:60], "line 3: "},
		"composer, no packages":        {"composer.lock", "{}", `no "content-hash" and "packages"`},
		"composer, a name twice":       {"composer.lock", edit("composer.lock", `"name"`, `"name": "b", "name"`), "duplicate"},
		"composer, no name":            {"composer.lock", edit("composer.lock", `"name"`, `"nome"`), "a package without a name"},
		"workflow, cut off":            {".github/workflows/ci.yml", "jobs: {a: [", "line 1: "},
		"workflow, a bomb":             {".github/workflows/ci.yml", bombed("jobs: {a: {steps: %s}}\n"), "its YAML aliases followed"},
		"workflow, a key twice":        {".github/workflows/ci.yml", "jobs: {a: {uses: x, uses: y}}", `line 1: the key "uses" stands twice`},
		"workflow, Latin-1":            {".github/workflows/ci.yml", "a: \xe9", "UTF-8"},
		"workflow, a list":             {".github/workflows/ci.yml", "- a", "line 1: not a mapping"},
		"workflow, empty":              {".github/workflows/ci.yml", "# nothing\n", "the file is empty"},
		"workflow, deep":               {".github/workflows/ci.yml", "x: " + deep, ""},
		"pipeline, cut off":            {".gitlab-ci.yml", "a: {", "line 1: "},
		"pipeline, a text":             {".gitlab-ci.yml", "hello", "not a mapping"},
		"dockerfile, nothing":          {"Dockerfile", "# hello\n", "no FROM instruction"},
		"dockerfile, no image":         {"Dockerfile", "FROM\n", "line 1: FROM without an image"},
		"dockerfile, Latin-1":          {"Dockerfile", "FROM \xe9", "UTF-8"},
	}
	for name := range plain {
		if name != "requirements.txt" {
			facts["UTF-16, "+name] = struct{ name, data, why string }{name, toUTF16(plain[name], true), "UTF-16"}
		}
		facts["conflict, "+name] = struct{ name, data, why string }{name, "<<<<<<< HEAD\n" + plain[name], "line 1: an unresolved merge conflict"}
	}
	s := schema(t)
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			r := run(t, fstest.MapFS{f.name: {Data: []byte(f.data)}, "good/go.mod": {Data: []byte(goodMod)}}, scan.Options{})
			bad := findSource(t, r, f.name)
			if bad.State == bom.Complete || !bad.Lost || len(bad.Reasons) != 1 || !strings.Contains(bad.Reasons[0], f.why) || strings.Contains(bad.Reasons[0], "\n") {
				t.Errorf("%v, missing %v, because %q; want %q", bad.State, bad.Lost, bad.Reasons, f.why)
			}
			if good := findSource(t, r, "good/go.mod"); good.State != bom.Complete {
				t.Errorf("good/go.mod: %v %q", good.State, good.Reasons)
			}
			document(t, s, r)
		})
	}
}

func findSource(t *testing.T, r scan.Result, path string) bom.Source {
	t.Helper()
	for _, s := range r.Inventory.Sources {
		if s.Path == path {
			return s
		}
	}
	t.Fatalf("no source %s: %s", path, tell(r))
	return bom.Source{}
}

// bombed is YAML whose aliases make a list of 4^12 steps, in a form.
func bombed(form string) string {
	var b strings.Builder
	b.WriteString("x0: &x0 [{uses: a/a@v1}]\n")
	last := "*x0"
	for i := 1; i <= 12; i++ {
		fmt.Fprintf(&b, "x%d: &x%d {<<: [%s, %s, %s, %s]}\n", i, i, last, last, last, last)
		last = fmt.Sprintf("*x%d", i)
	}
	return b.String() + fmt.Sprintf(form, "["+strings.Repeat(last+", ", 20)+"]")
}

func TestRequirementsThatGoRound(t *testing.T) {
	tree := fstest.MapFS{
		"requirements.txt": {Data: []byte("-r a.txt\nx==1\n-c c.txt\n")},
		"a.txt":            {Data: []byte("-r requirements.txt\n-ra.txt\n--requirement=b/b.txt\na==1\n")},
		"b/b.txt":          {Data: []byte("--requirement ../a.txt\n-r \"../requirements.txt\"\nb>=1\n")},
		"c.txt":            {Data: []byte("-c c.txt\n-r a.txt\nb==2\n")},
	}
	r := run(t, tree, scan.Options{})
	s := r.Inventory.Sources[0]
	var got []string
	for _, c := range s.Components {
		got = append(got, c.PURL)
	}
	if want := "pkg:pypi/b@2 pkg:pypi/a@1 pkg:pypi/x@1"; strings.Join(got, " ") != want || s.Lost {
		t.Errorf("%q %q, want %s", got, s.Reasons, want)
	}
	long := fstest.MapFS{}
	for i := range 600 {
		long[fmt.Sprintf("r%d.txt", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "-r r%d.txt\n", i+1)}
	}
	long["requirements.txt"] = &fstest.MapFile{Data: []byte("-r r0.txt\n")}
	if s := run(t, long, scan.Options{}).Inventory.Sources[0]; !s.Lost || !strings.Contains(strings.Join(s.Reasons, ""), "more than 500 files include each other") {
		t.Errorf("%v %q", s.Lost, s.Reasons)
	}
}

func TestRequirementsAsPipReadsThem(t *testing.T) {
	for fact, data := range map[string]string{
		"UTF-16, little end first": toUTF16("a==1\r\nb==2\r\n", true),
		"UTF-16, big end first":    "\xfe\xff\x00a\x00=\x00=\x001\x00\n\x00b\x00=\x00=\x002",
		"Latin-1 in a comment":     "# caf\xe9\na==1 # \xe9\nb==2\n",
	} {
		s := run(t, fstest.MapFS{"requirements.txt": {Data: []byte(data)}}, scan.Options{}).Inventory.Sources[0]
		if len(s.Components) != 2 || s.Lost || s.Components[1].Version != "2" {
			t.Errorf("%s: %v %q", fact, s.Components, s.Reasons)
		}
	}
	bad := run(t, fstest.MapFS{"requirements.txt": {Data: []byte("a==1\ncaf\xe9==1\n===\n")}}, scan.Options{}).Inventory.Sources[0]
	if why := strings.Join(bad.Reasons, ""); !bad.Lost || !strings.Contains(why, "requirements.txt:2, requirements.txt:3") {
		t.Errorf("%v %q", bad.Lost, bad.Reasons)
	}
}

func TestLimitsOfTools(t *testing.T) {
	var gems, wheels, uses, from, lines strings.Builder
	for i := range 6 {
		fmt.Fprintf(&gems, "    g%d (1.0)\n", i)
		fmt.Fprintf(&wheels, "[[package]]\nname = \"p%d\"\nversion = \"1\"\n", i)
		fmt.Fprintf(&uses, "      - uses: a/a%d@v1\n", i)
		fmt.Fprintf(&from, "FROM a%d\n", i)
		fmt.Fprintf(&lines, "p%d==1\n", i)
	}
	facts := map[string]string{
		"Gemfile.lock":     "GEM\n  specs:\n" + gems.String() + "\nDEPENDENCIES\n",
		"uv.lock":          "version = 1\n" + wheels.String(),
		"poetry.lock":      wheels.String() + "[metadata]\nlock-version = \"2.0\"\ncontent-hash = \"0\"\n",
		"pylock.toml":      "lock-version = \"1.0\"\n" + strings.ReplaceAll(wheels.String(), "package", "packages"),
		"pdm.lock":         wheels.String() + "[metadata]\nlock_version = \"4\"\n",
		"requirements.txt": lines.String(),
		"Pipfile.lock":     `{"_meta": {"pipfile-spec": 6}, "default": {"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, "f": {}}}`,
		"composer.lock":    `{"content-hash": "0", "packages": [{"name": "a"},{"name": "b"},{"name": "c"},{"name": "d"},{"name": "e"},{"name": "f"}]}`,
		"Dockerfile":       from.String(),
	}
	for name, data := range facts {
		r := run(t, fstest.MapFS{name: {Data: []byte(data)}}, scan.Options{Limits: scan.Limits{Packages: 5}})
		if s := r.Inventory.Sources[0]; !s.Lost || !strings.Contains(strings.Join(s.Reasons, ""), "more than 5 ") {
			t.Errorf("%s: %v %q", name, s.Lost, s.Reasons)
		}
		r = run(t, fstest.MapFS{name: {Data: []byte(data)}}, scan.Options{Limits: scan.Limits{File: 20}})
		if s := r.Inventory.Sources[0]; !s.Lost || !strings.Contains(strings.Join(s.Reasons, ""), "the limit is 20") {
			t.Errorf("%s: %v %q", name, s.Lost, s.Reasons)
		}
	}
}

func TestNothingOutsideIsReadForTools(t *testing.T) {
	facts := map[string]struct {
		make func(dir string)
		want string
	}{
		"linked requirements": {
			func(dir string) { link(t, "../outside/go.mod", filepath.Join(dir, "requirements.txt")) },
			"requirements.txt: tree, incomplete, components missing",
		},
		"requirements that include what is outside": {
			func(dir string) {
				write(t, filepath.Join(dir, "requirements.txt"), "-r ../outside/go.mod\n-r "+filepath.Join(dir, "../outside/go.mod")+"\na==1\n")
			},
			"pkg:pypi/a@1, required",
		},
		"requirements that include a link": {
			func(dir string) {
				link(t, "../outside/go.mod", filepath.Join(dir, "more.txt"))
				write(t, filepath.Join(dir, "requirements.txt"), "-r more.txt\n")
			},
			"more.txt (requirements.txt:1): not a regular file",
		},
		"requirements that include a pipe": {
			func(dir string) {
				if err := syscall.Mkfifo(filepath.Join(dir, "more.txt"), 0o644); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, "requirements.txt"), "-r more.txt\n")
			},
			"more.txt (requirements.txt:1): not a regular file",
		},
		"a linked manifest": {
			func(dir string) {
				link(t, "../outside/go.mod", filepath.Join(dir, "pyproject.toml"))
				write(t, filepath.Join(dir, "poetry.lock"), plainLocks()["poetry.lock"])
			},
			"because no pyproject.toml beside it",
		},
		"a linked environment": {
			func(dir string) {
				link(t, "../outside", filepath.Join(dir, ".venv"))
				write(t, filepath.Join(dir, "poetry.lock"), plainLocks()["poetry.lock"])
			},
			"pkg:pypi/a@1.0, required, poetry.lock:1\n",
		},
		"folders outside": {
			func(dir string) {
				write(t, filepath.Join(dir, "uv.lock"), "version = 1\n[[package]]\nname = \"a\"\nsource = { editable = \"../outside\" }\n[[package]]\nname = \"b\"\nsource = { directory = \""+filepath.Join(dir, "../outside")+"\" }\n")
			},
			"pkg:pypi/a, project, from dir:../outside",
		},
		"a linked composer.json": {
			func(dir string) {
				link(t, "../outside/package.json", filepath.Join(dir, "composer.json"))
				write(t, filepath.Join(dir, "composer.lock"), plainLocks()["composer.lock"])
			},
			"composer.json (not a regular file)",
		},
		"a linked include": {
			func(dir string) {
				link(t, "../outside/package.json", filepath.Join(dir, "ci.yml"))
				write(t, filepath.Join(dir, ".gitlab-ci.yml"), "include: ci.yml\n")
			},
			"ci.yml (.gitlab-ci.yml): not a regular file",
		},
		"a linked workflow": {
			func(dir string) {
				link(t, "../../../outside/package.json", filepath.Join(dir, ".github/workflows/ci.yml"))
			},
			".github/workflows/ci.yml: tree, incomplete, components missing",
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

// TestNoCredentialOfToolsComesOut puts one in every place where a format may
// hold one.
func TestNoCredentialOfToolsComesOut(t *testing.T) {
	const secret = "s3cr3t-token-of-somebody"
	url := "https://bot:" + secret + "@h.example/x.git"
	commit := strings.Repeat("0123456789", 4)
	tree := fstest.MapFS{}
	add := func(name, data string) { tree[name] = &fstest.MapFile{Data: []byte(data)} }
	add("poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"main\"]\nmarkers = \""+url+"\"\n[package.source]\ntype = \"legacy\"\nurl = \""+url+"\"\n[metadata]\nlock-version = \"2.1\"\ncontent-hash = \"0\"\n")
	add("uv.lock", "version = 1\n[[package]]\nname = \"b\"\nsource = { git = \""+url+"?token="+secret+"#"+commit+"\" }\n[[package]]\nname = \"c\"\nsource = { registry = \""+url+"\" }\nsdist = { url = \""+url+"?token="+secret+"\", hash = \"sha256:0\" }\n")
	add("pdm.lock", "[[package]]\nname = \"d\"\nversion = \"1\"\ngit = \""+url+"\"\n[[package]]\nname = \"e\"\nversion = \"1\"\nurl = \""+url+"\"\nfiles = [{url = \""+url+"\", hash = \"x\"}]\n[metadata]\nlock_version = \"4\"\n")
	add("pylock.toml", "lock-version = \"1.0\"\n[[packages]]\nname = \"m\"\nvcs = {url = \""+url+"\", commit-id = \"x\"}\n[[packages]]\nname = \"n\"\nindex = \""+url+"\"\nsdist = {url = \""+url+"\"}\n[[packages]]\nname = \"o\"\narchive = {url = \""+url+"\"}\n")
	add("Pipfile.lock", `{"_meta": {"pipfile-spec": 6, "sources": [{"name": "p", "url": "`+url+`"}]}, "default": {"f": {"index": "p"}, "g": {"file": "`+url+`"}}}`)
	add("requirements.txt", "--index-url "+url+"\nh @ "+url+"\n-e git+"+url+"@main#egg=i\n"+url+"\n-r "+url+"\n--find-links="+url+"\n")
	add("Gemfile.lock", "GIT\n  remote: "+url+"\n  revision: x\n  specs:\n    j (1)\n\nGEM\n  remote: "+url+"\n  specs:\n    k (1)\n\nDEPENDENCIES\n  k\n")
	add("composer.lock", `{"content-hash": "0", "packages": [{"name": "l/l", "license": "`+url+`", "abandoned": "`+url+`", "authors": [{"name": "`+url+`"}], "source": {"type": "git", "url": "`+url+`"}, "dist": {"type": "zip", "url": "`+url+`"}}]}`)
	add(".gitlab-ci.yml", "include:\n  - "+url+"\n  - remote: "+url+"?private_token="+secret+"\n  - component: "+url+"\n  - project: "+url+"\n    file: x\nimage: "+url+"\n")
	add(".github/workflows/a.yml", "jobs:\n  a:\n    uses: "+url+"\n    container: "+url+"\n")
	add("Dockerfile", "FROM "+url+"\n")
	r := run(t, tree, scan.Options{})
	if out := document(t, schema(t), r); strings.Contains(string(out), secret) {
		i := strings.Index(string(out), secret)
		t.Errorf("…%s…", out[max(0, i-200):min(len(out), i+100)])
	}
}

func TestComposerAuthorsAreSuppliers(t *testing.T) {
	lock := `{"content-hash": "0", "packages": [{"name": "a/a", "authors": [{"name": "Ana", "email": "ana@a.example"}, {"name": " Bo "}, {"name": "Ana"}, {}]}, {"name": "b/b"}, {"name": "c/c", "authors": "Cy"}]}`
	r := run(t, fstest.MapFS{"composer.lock": {Data: []byte(lock)}}, scan.Options{})
	for i, want := range []string{"Ana, Bo", "", ""} {
		if got := r.Inventory.Sources[0].Components[i].Supplier; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if out := string(document(t, schema(t), r)); strings.Contains(out, "@a.example") || !strings.Contains(out, `"supplier":{"name":"Ana, Bo"}`) {
		t.Error(out)
	}
}
