// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// built is a small program with one dependency.
var built = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "binary")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "app")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w -X main.token=sesame-open", "-o", out, "./testdata/binary")
	build.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return os.ReadFile(out)
})

func executable(t testing.TB) []byte {
	t.Helper()
	data, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBinaryNamesEveryModule(t *testing.T) {
	info, err := buildinfo.Read(bytes.NewReader(executable(t)))
	if err != nil || len(info.Deps) != 1 {
		t.Fatal(info, err)
	}
	s, err := scan.Binary("/home/somebody/bin/app", bytes.NewReader(executable(t)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Path != "app" || s.State != bom.Incomplete || s.Lost || len(s.Reasons) != 1 || !strings.Contains(s.Reasons[0], "not which of them needs which") {
		t.Errorf("%q %s lost %t %q", s.Path, s.State, s.Lost, s.Reasons)
	}
	byName := map[string]bom.Component{}
	for _, c := range s.Components {
		byName[c.Name] = c
	}
	if main := s.Components[0]; main.Name != info.Main.Path || main.Type != bom.Application || !slices.Equal(s.Projects, []int{0}) {
		t.Errorf("it is about %+v", main)
	}
	if v := byName["stdlib"].Version; "go"+v != strings.Fields(runtime.Version())[0] {
		t.Errorf("standard library %s, want %s", v, runtime.Version())
	}
	for _, dep := range info.Deps {
		c := byName[dep.Path]
		if c.Version != dep.Version || c.PURL != bom.GoPURL(dep.Path, dep.Version) || len(c.Hashes) != 1 || c.Hashes[0] != (bom.Hash{Alg: "h1", Value: strings.TrimPrefix(dep.Sum, "h1:")}) {
			t.Errorf("%s: %+v, want %+v", dep.Path, c, dep)
		}
	}
	if len(s.Components) != len(info.Deps)+2 || len(s.Edges[0]) != len(info.Deps)+1 {
		t.Errorf("%d components and %d edges of %d modules", len(s.Components), len(s.Edges[0]), len(info.Deps))
	}
	out, err := bom.Marshal(bom.Inventory{Tool: bom.Tool{Name: "gateledger"}, Sources: []bom.Source{s}})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("somebody")) || bytes.Contains(out, []byte("sesame")) || bytes.Contains(out, []byte(`"alg"`)) {
		t.Error("a folder of the machine, a flag of the build, or an h1: hash that is called a digest of a file, is in the document")
	}
	if err := bom.CheckReferences(out); err != nil {
		t.Error(err)
	}
}

// changed is the test with one text in its build information replaced by
// another of the same length.
func changed(t *testing.T, from, to string) []byte {
	t.Helper()
	if len(from) != len(to) {
		t.Fatalf("%q and %q differ in length", from, to)
	}
	data := executable(t)
	if !bytes.Contains(data, []byte(from)) {
		t.Fatalf("no %q in the test", from)
	}
	return bytes.ReplaceAll(data, []byte(from), []byte(to))
}

func TestBinaryThatLies(t *testing.T) {
	const dep = "dep\tgolang.org/x/mod\t"
	for what, c := range map[string]struct{ from, to, says string }{
		"a path that leads out":     {dep, "dep\tgolang.org/x/../\t", `an odd name or version: "golang.org/x/../"`},
		"a password in a path":      {dep, "dep\tu:p@lang.org/mod\t", `an odd name or version: "u:p@lang.org/mod"`},
		"a terminal's control code": {dep, "dep\tgola\x1b[31mg/x/mod\t", `an odd name or version: "gola\x1b[31mg/x/mod"`},
	} {
		s, err := scan.Binary("app", bytes.NewReader(changed(t, c.from, c.to)))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if !s.Lost || !slices.ContainsFunc(s.Reasons, func(r string) bool { return strings.Contains(r, c.says) }) {
			t.Errorf("%s: lost %t, %q", what, s.Lost, s.Reasons)
		}
		if out, err := bom.Marshal(bom.Inventory{Sources: []bom.Source{s}}); err != nil || bytes.Contains(out, []byte{0x1b}) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestBinaryOfAReplacedModule(t *testing.T) {
	info, err := buildinfo.Read(bytes.NewReader(executable(t)))
	if err != nil {
		t.Fatal(err)
	}
	m := info.Deps[0]
	line := "dep\t" + m.Path + "\t" + m.Version + "\t" + m.Sum + "\n"
	for form, want := range map[string]bom.Component{
		"dep\ta.example/b\tv1.0.0\n=>\tc.example/%s\tv1.2.0\tx\n": {Version: "v1.2.0", Properties: []bom.Property{{Name: "gateledger:go:replaces", Value: "a.example/b@v1.0.0"}}},
		"dep\ta.example/b\tv1.0.0\n=>\t/home/me/%s\t(devel)\tx\n": {Version: "v1.0.0", Properties: []bom.Property{{Name: "gateledger:go:replaced-by", Value: "a folder"}}, Origin: "dir:elsewhere"},
	} {
		to := fmt.Sprintf(form, strings.Repeat("d", len(line)-len(fmt.Sprintf(form, ""))))
		s, err := scan.Binary("app", bytes.NewReader(changed(t, line, to)))
		if err != nil || len(s.Components) != 3 {
			t.Errorf("%q: %+v, %v", to, s, err)
			continue
		}
		if got := s.Components[2]; got.Version != want.Version || got.Origin != want.Origin || !slices.Equal(got.Properties, want.Properties) || strings.Contains(fmt.Sprint(got), "/home") {
			t.Errorf("%q: %+v", to, got)
		}
	}
}

func TestBinaryThatIsNone(t *testing.T) {
	whole := executable(t)
	for what, data := range map[string][]byte{
		"nothing": nil, "a script": []byte("#!/bin/sh\n"), "a lockfile": []byte(`{"lockfileVersion": 3}`),
		"a part": whole[:len(whole)/64],
		"zeros":  make([]byte, 1<<16),
		"a head": whole[:64],
	} {
		if s, err := scan.Binary("app", bytes.NewReader(data)); !errors.Is(err, scan.ErrNotGo) {
			t.Errorf("%s: %+v, %v", what, s, err)
		}
	}
	if _, err := scan.Binary("app", broken{}); !errors.Is(err, scan.ErrNotGo) {
		t.Errorf("a disk that fails: %v", err)
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrUnexpectedEOF }

// FuzzBinary reads anything, and the heads of executables: whatever comes out
// can be written.
func FuzzBinary(f *testing.F) {
	whole := executable(f)
	f.Add(whole[:4096])
	f.Add([]byte("\x7fELF"))
	f.Add([]byte("MZ"))
	f.Add([]byte("\xcf\xfa\xed\xfe"))
	f.Add([]byte("\xff Go buildinf:\x08\x02go1.26.0 path\tx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := scan.Binary("app", bytes.NewReader(data))
		if err != nil {
			return
		}
		if _, err := bom.Marshal(bom.Inventory{Sources: []bom.Source{s}}); err != nil {
			t.Fatal(err)
		}
	})
}
