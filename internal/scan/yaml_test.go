// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

// spell writes what a sink is told. Lines are left out: within a value of
// several lines the two readers count them differently.
func spell(read func(sink yamlSink) error) (string, error) {
	var b strings.Builder
	err := read(func(section string, v *yamlValue) error {
		fmt.Fprintf(&b, "%s/", section)
		spellValue(&b, v, 0)
		return nil
	})
	return b.String(), err
}

func spellValue(b *strings.Builder, v *yamlValue, depth int) {
	fmt.Fprintf(b, "%s%q: %d %q\n", strings.Repeat(" ", depth), v.key, v.kind, v.text)
	for i := range v.list {
		spellValue(b, &v.list[i], depth+1)
	}
}

const streamed = " packages snapshots importers "

// plainly reads with the plain reader alone.
func plainly(text string) (string, error) {
	return spell(func(sink yamlSink) error {
		r := yamlReader{text: text, stream: streamed, sink: sink}
		return r.documents()
	})
}

// oddly reads with the library alone.
func oddly(text string) (string, error) {
	return spell(func(sink yamlSink) error { return readOddYAML(text, streamed, sink) })
}

// agree checks that what the plain reader reads is what the library reads. Of
// several documents the library reads only the first.
func agree(t *testing.T, text string) (plain bool) {
	t.Helper()
	got, err := plainly(text)
	if err != nil {
		return false
	}
	want, err := oddly(text)
	if err != nil || strings.Contains("\n"+text, "\n---") {
		return true
	}
	if got != want {
		t.Errorf("%q\nplain:\n%slibrary:\n%s", text, got, want)
	}
	return true
}

func TestBothYAMLReadersAgree(t *testing.T) {
	facts := []struct {
		text  string
		plain bool
	}{
		{"a: b\n", true},
		{"a: 'it''s'\nb: \"x\\\"y\\u00e9\"\n", true},
		{"'@a/b@1.0.0(c@2)': {}\n", true},
		{"a: {b: c, 'd': \"e\", f: {g: [1, 2]}, h: []}\n", true},
		{"a: {integrity: sha512-AB+/==, tarball: https://h.example/a.tgz?x#y}\n", true},
		{"a:\n  - b\n  - 'c'\nd:\n- e\n", true},
		{"a:\n  b:\n    c: d\n  e: f\n", true},
		{"a: b # comment\n# another\nc: d#e\n", true},
		{"a: ~\nb: null\nc:\nd: ''\n", true},
		{"a: '9.0'\nb: 9.0\nc: true\n", true},
		{"a: |-\n  two\n  lines\nb: >-\n  one\n  line\n\n  more\nc: d\n", true},
		{"packages:\n  a@1:\n    x: y\n\n  b@1: {}\nc: d\n", true},
		{"packages: {a@1: {x: y}}\n", true},
		{"packages:\nsnapshots: {}\n", true},
		{"? \"long key\"\n:\n  a: b\n", true},
		{"a: b\r\nc:\r\n  d: e\r\n", true},
		{"a: [x,y]\n", true},
		{"a: https://h.example:80/x\n", true},
		{"a: b: c\n", false},
		{"a: &x b\n", false},
		{"a: *x\n", false},
		{"a: !!str b\n", false},
		{"a: b\n  c\n", false},
		{"a:\n  b: c\n d: e\n", false},
		{"a:\n    {\n      b: c,\n    }\n", false},
		{"a: {b: c,\n  d: e}\n", false},
		{"a: 'two\n  lines'\n", false},
		{"a:\n  - b: c\n", false},
		{"a: \"\\x41\"\n", false},
		{"- a\n", false},
		{"a\n", false},
		{"a: %x\n", false},
		{"a: @x\n", false},
		{"a: - b\n", false},
		{"a: [b: c]\n", false},
		{"%YAML 1.2\n---\na: b\n", false},
		{"\ta: b\n", false},
		{"  a: b\n", false},
		{"<<: {a: b}\n", false},
	}
	for _, f := range facts {
		if plain := agree(t, f.text); plain != f.plain {
			_, err := plainly(f.text)
			t.Errorf("%q: plain %v (%v), want %v", f.text, plain, err, f.plain)
		}
	}
}

// TestRealLockfilesArePlain makes sure that the library is not needed for what
// the tools write.
func TestRealLockfilesArePlain(t *testing.T) {
	for _, file := range []string{"pnpm8/pnpm-lock.yaml", "pnpm9/pnpm-lock.yaml", "berry/yarn.lock"} {
		data, err := os.ReadFile(filepath.Join("testdata/managers", file))
		if err != nil {
			t.Fatal(err)
		}
		if !agree(t, string(data)) {
			_, err := plainly(string(data))
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSeveralDocuments(t *testing.T) {
	got, err := plainly("---\na: b\n---\na: c\npackages:\n  d: e\n")
	if want := "/\"a\": 8 \"b\"\n/\"a\": 8 \"c\"\npackages/\"d\": 8 \"e\"\n"; err != nil || got != want {
		t.Errorf("%v, %q, want %q", err, got, want)
	}
}

// TestReadingStartsAgain checks that what was told before a file turned out to
// be odd does not count.
func TestReadingStartsAgain(t *testing.T) {
	var told [][]string
	err := readYAML([]byte("a: b\nc:\n    {\n      d: e,\n    }\n"), "", func() yamlSink {
		told = append(told, nil)
		return func(_ string, v *yamlValue) error {
			told[len(told)-1] = append(told[len(told)-1], v.key)
			return nil
		}
	})
	if out, _ := json.Marshal(told); err != nil || string(out) != `[["a"],["a","c"]]` {
		t.Errorf("%v, %s", err, out)
	}
	err = readYAML([]byte("a:\n  {x: 1,\n"+strings.Repeat("#", maxOddYAML)), "", func() yamlSink {
		return func(string, *yamlValue) error { return nil }
	})
	if err == nil || !strings.Contains(err.Error(), "the limit is") {
		t.Errorf("%v, want the limit", err)
	}
	stop := errors.New("stop")
	if err := readYAML([]byte("a: b\n"), "", func() yamlSink { return func(string, *yamlValue) error { return stop } }); !errors.Is(err, stop) {
		t.Errorf("%v, want the sink's own error", err)
	}
}

func TestLinesOfPlainYAML(t *testing.T) {
	lines := map[string]int{}
	err := readYAML([]byte("\n# c\na: |\n  x\n\n  y\nb:\n  c: d\npackages:\n\n  e: f\n  g:\n    h: i\n"), streamed, func() yamlSink {
		return func(_ string, v *yamlValue) error {
			lines[v.key] = v.line
			return nil
		}
	})
	if out, _ := json.Marshal(lines); err != nil || string(out) != `{"a":3,"b":7,"e":11,"g":12}` {
		t.Errorf("%v, %s", err, out)
	}
}

func FuzzYAML(f *testing.F) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, m := range a.Files {
			if base := filepath.Base(m.Name); base == "pnpm-lock.yaml" || base == "yarn.lock" {
				f.Add(string(m.Data))
			}
		}
	}
	for _, seed := range []string{"a: {b: c}\n", "a:\n- b\n", "a: |\n  x\n y: z\n", "? \"a\"\n:\n  b: c\n", "a: 'b'' c'\n", "a: b #c\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var n yaml.Node
		if yaml.Unmarshal([]byte(text), &n) != nil {
			return // the library reads no such file; a stray control character, say
		}
		agree(t, text)
	})
}
