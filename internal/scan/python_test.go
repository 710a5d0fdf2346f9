// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestPythonVersionsStandInOrder(t *testing.T) {
	order := strings.Fields(`1.dev0 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456
		1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0 1.0.post456.dev34 1.0.post456 1.0.15 1.1.dev1 1.10 2013.10 1!0.1`)
	for i := range order {
		for j := range order {
			v, ok := parsePyVersion(order[i])
			w, ok2 := parsePyVersion(order[j])
			if !ok || !ok2 {
				t.Fatalf("%s or %s is not read", order[i], order[j])
			}
			if got, want := v.compare(w), min(max(i-j, -1), 1); got != want {
				t.Errorf("%s against %s: %d, want %d", order[i], order[j], got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1"}, {"v1.0", "1.0.0"}, {"1.0-1", "1.0.post1"}, {"1.0ALPHA1", "1.0a1"}, {"1.0c1", "1.0rc1"}, {"1.0+local.1", "1.0"}} {
		v, ok := parsePyVersion(same[0])
		w, ok2 := parsePyVersion(same[1])
		if !ok || !ok2 || v.compare(w) != 0 {
			t.Errorf("%s is not %s", same[0], same[1])
		}
	}
	for _, not := range []string{"", "x", "1.0-x", "1..0", "latest", "1.0 1", "1" + strings.Repeat("0", 30)} {
		if _, ok := parsePyVersion(not); ok {
			t.Errorf("%q is a version", not)
		}
	}
}

func TestWhatASpecificationAllows(t *testing.T) {
	facts := []struct {
		version, spec  string
		ok, understood bool
	}{
		{"1.26.4", ">=1.0,<2.0", true, true},
		{"2.2.6", ">=1.0,<2.0", false, true},
		{"2.2.6", "^2.1", true, true},
		{"3.0", "^2.1", false, true},
		{"0.3.1", "^0.3", true, true},
		{"0.4.0", "^0.3", false, true},
		{"0.0.4", "^0.0.3", false, true},
		{"1.2.9", "~1.2", true, true},
		{"1.3", "~1.2", false, true},
		{"1.9", "~1", true, true},
		{"2.2.9", "~=2.2.1", true, true},
		{"2.3", "~=2.2.1", false, true},
		{"2.9", "~=2.2", true, true},
		{"2", "~=2", false, false},
		{"1.5.7", "!=1.5.7", false, true},
		{"1.5", "==1.*", true, true},
		{"1.5", "!=1.*", false, true},
		{"1.5", "1.5.0", true, true},
		{"1.5", "===1.5", true, true},
		{"1.5", ">1.5", false, true},
		{"1.5", "<=1.5", true, true},
		{"5", "<2||>=4", true, true},
		{"3", "<2||>=4", false, true},
		{"5", "*", true, true},
		{"5", "", true, true},
		{"5", ">=x", false, false},
		{"x", ">=1", false, false},
		{"5", "><5", false, false},
		{"5", ">=5.*", false, false},
	}
	for _, f := range facts {
		if ok, understood := satisfies(f.version, f.spec); ok != f.ok || understood != f.understood {
			t.Errorf("%s %s: %v %v", f.version, f.spec, ok, understood)
		}
	}
}

func TestRequirementsAreRead(t *testing.T) {
	facts := map[string]string{
		"requests": "requests",
		"requests [socks , Se.Cure] >= 2.0, < 3 ; x == '1'": "requests [socks se-cure] >=2.0,<3 if x == '1'",
		"pkg (>=1.0,<2.0)":                              "pkg >=1.0,<2.0",
		"pkg (>=1.0) ; extra == 'a'":                    "pkg >=1.0 if extra == 'a'",
		"a @ https://h.example/a-1.0.zip#sha256=0 ; os": "a at https://h.example/a-1.0.zip#sha256=0 if os",
		"a@git+ssh://git@h.example/a.git@main":          "a at git+ssh://git@h.example/a.git@main",
		"Django~=4.2":                                   "Django ~=4.2",
		"a===weird":                                     "a ===weird",
		"":                                              "not one",
		"-x":                                            "not one",
		"a b":                                           "not one",
		"a @":                                           "not one",
		"a (>=1":                                        "not one",
		"a >= 1 >= 2":                                   "not one",
		"a @ b c":                                       "not one",
		"\x00":                                          "not one",
	}
	for text, want := range facts {
		r, ok := parsePyRequirement(text)
		got := r.name
		if len(r.extras) > 0 {
			got += fmt.Sprint(" ", r.extras)
		}
		if r.spec != "" {
			got += " " + r.spec
		}
		if r.url != "" {
			got += " at " + r.url
		}
		if r.marker != "" {
			got += " if " + r.marker
		}
		if !ok {
			got = "not one"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPinsAndPlaces(t *testing.T) {
	pins := map[string]string{"==1.0": "1.0", "===x": "x", ">=1,==1.5": "1.5", ">=1": "", "==1.*": "", "": "", "==": ""}
	for spec, want := range pins {
		r := pyRequirement{spec: spec}
		if got, _ := r.pinned(); got != want {
			t.Errorf("%q pins %q, want %q", spec, got, want)
		}
	}
	origins := map[string]pySource{
		"git+https://h.example/a.git@v1#egg=a":     {fromGit, "https://h.example/a.git", "v1"},
		"git+ssh://git@h.example/a.git":            {fromGit, "ssh://git@h.example/a.git", ""},
		"git://h.example/a.git":                    {fromGit, "git://h.example/a.git", ""},
		"https://h.example/a.zip":                  {fromURL, "https://h.example/a.zip", ""},
		"file:///somewhere/a-1.0-py3-none-any.whl": {fromFile, "file:///somewhere/a-1.0-py3-none-any.whl", ""},
		"./dir":        {fromFolder, "./dir", ""},
		"dir/a.tar.gz": {fromFile, "dir/a.tar.gz", ""},
	}
	for text, want := range origins {
		if got := parsePyURL(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	names := map[string]string{
		"https://h.example/x/Foo_Bar-1.0-py3-none-any.whl": "Foo_Bar 1.0", "foo-bar-2.0.tar.gz": "foo-bar 2.0",
		"a.whl": " ", "nothing": " ", "x.zip": " ",
	}
	for file, want := range names {
		name, version := archiveName(file)
		if got := name + " " + version; got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

func TestLinesOfARequirementsFile(t *testing.T) {
	const text = `# head
#    # via not this
a==1 \
    --hash=sha256:1 \
    --hash=sha256:2
    # via
    #   -r requirements.in
    #   b[x]

    # not part of it
b==1  # via c, d
c==1    # just a comment
# at the start of a line
    # via late
d==1 \
# ends what goes on
e==1
last \`
	r := &pipReader{}
	var got []string
	for _, l := range r.logical("f", text) {
		got = append(got, fmt.Sprintf("%d %s %q", l.line, strings.Join(strings.Fields(l.text), " "), l.via))
	}
	want := []string{
		`3 a==1 --hash=sha256:1 --hash=sha256:2 ["-r requirements.in" "b[x]"]`,
		`11 b==1 ["c" "d"]`,
		`12 c==1 ["late"]`,
		`15 d==1 []`,
		`17 e==1 []`,
		`18 last []`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTOMLThatIsRefused(t *testing.T) {
	wide := strings.Repeat("k", 3)
	var keys strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&keys, "%s%d=1\n", wide, i)
	}
	deep := strings.Repeat("[", 200_000)
	facts := map[string]struct{ text, why string }{
		"deep":                    {"a = " + deep, "line 1: TOML nested more than 64 deep"},
		"deep tables":             {"a = 1\nb = " + strings.Repeat("{a=", 100), "line 2: TOML nested more than 64 deep"},
		"deep names":              {strings.Repeat("a.", 100) + "b = 1", "nested more than 64 deep"},
		"deep behind five quotes": {`a = ["""x""""", ` + deep, "nested more than 64 deep"},
		"deep behind a text":      {`a = ['''"""''', ` + deep, "nested more than 64 deep"},
		"deep behind a quote":     {"a = [\"\\\"\", " + deep, "nested more than 64 deep"},
		"a wide table":            {keys.String(), "too many keys in one table"},
		"many tables":             {strings.ReplaceAll("["+strings.ReplaceAll(keys.String(), "\n", "\n["), "=1", "]"), "too many keys"},
		"empty":                   {" \n", "the file is empty"},
		"a key twice":             {"a = 1\nb = 2\na = 3\n", "already"},
		"Latin-1":                 {"a = \"caf\xe9\"", "line 1: "},
		"an open text":            {"a = \"x\nb = 1", "line 1: "},
		"an open list":            {"a = [1,\n", "line "},
	}
	for fact, f := range facts {
		var v map[string]any
		if err := readTOML([]byte(f.text), &v); err == nil || !strings.Contains(err.Error(), f.why) {
			t.Errorf("%s: %v, want %q", fact, err, f.why)
		}
	}
	for _, text := range []string{"a = \"\"\"\n[[[[\n\"\"\"\n", "# " + deep + "\na = 1", "a = '" + deep + "'\n", "a = 1\r\nb = 2\r\n"} {
		var v map[string]any
		if err := readTOML([]byte(text), &v); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// A lockfile is read some tables at a time, as it would be read as a whole.
func TestReadTables(t *testing.T) {
	type entry struct {
		A string         `toml:"a"`
		D map[string]any `toml:"d"`
	}
	type lock struct {
		Version  int              `toml:"version"`
		Packages []entry          `toml:"package"`
		Others   []map[string]any `toml:"packages"`
		Metadata map[string]any   `toml:"metadata"`
	}
	read := func(text string) (all lock, lines []int, err error) {
		root := fstest.MapFS{"lock": {Data: []byte(text)}}
		places := 0
		err = readTables(&tree{root: root, limits: Limits{}.orDefault()}, "lock", "package", func(p tomlPart) error {
			var part lock
			if err := p.decode(&part); err != nil {
				return err
			}
			if p.rest {
				all, lines = part, p.lines
			}
			return joinTables(&all.Packages, p, part.Packages, 4, func(e *entry) {}, func(i int) {
				if i != places {
					t.Errorf("place %d, want %d", i, places)
				}
				places++
			})
		})
		return all, lines, err
	}
	long := strings.Repeat("x", partSize)
	text := "version = 1\n[[package]]\na = \"1\"\n[package.d]\n\"[[package]]\" = '''\n[[package]]\n'''\n[[packages]]\nb = 1\n" +
		"[[ package ]]\na = \"" + long + "\"\n[[package]]\na = \"3\"\n[ package . d ]\nx = [\n[1]]\n[metadata]\nm = 1\n[metadata.n]\n[[package]]\na = \"4\"\n"
	var want lock
	if err := readTOML([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	got, lines, err := read(text)
	if diff := cmp.Diff(want, got); err != nil || diff != "" || len(want.Packages) != 4 {
		t.Error(err, diff)
	}
	if diff := cmp.Diff([]int{2, 10, 12, 20}, lines); diff != "" {
		t.Error(diff)
	}
	if lineAt(lines, 3) != 20 || lineAt(nil, 0) != 0 {
		t.Error("the line of a table")
	}
	for text, why := range map[string]string{
		"\n": "the file is empty",
		"[[package]]\na = \"" + long + "\"\n[[package]]\nb = 1\n[[package]]\na = 1\n":   "line 6: ",
		"[[package]]\na = \"1\"\na = \"2\"\n":                                           "already",
		"[[package]]\n[package.d]\nx = 1\n[package.d]\n":                                "already",
		"version = 1\n[[package]]\n[metadata]\nx = 1\n[[package]]\n[metadata]\ny = 1\n": "already",
		"[[package]]\n[package]\n":                                                      "",
		"[[package]]\n\n\nversion\n":                                                    "line 4: ",
	} {
		if _, _, err := read(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: %v, want %q", text, err, why)
		}
	}
}

func TestLinesOfPackages(t *testing.T) {
	lines := jsonLines([]byte("{\n\"a\": {\n\"b\": 1,\n\"c\": [{\"d\": 1}]\n},\n\"e\": [1],\n\"f\": {\"g\": {}}}"), 2)
	if diff := cmp.Diff(map[string]int{"a\x00b": 3, "a\x00c": 4, "f\x00g": 7}, lines); diff != "" {
		t.Error(diff)
	}
}
