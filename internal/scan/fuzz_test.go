// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// fuzzed scans a tree of hostile files. Whatever they hold, the answer is a
// document whose references hold, or a refusal to let a credential out, and
// the same one twice.
func fuzzed(t *testing.T, tree, cache fstest.MapFS) {
	once := func() ([]byte, error) {
		r, err := scan.Scan(context.Background(), tree, scan.Options{ModuleCache: cache, Limits: scan.Limits{Packages: 200}})
		if err != nil {
			return nil, err
		}
		out, err := bom.Marshal(r.Inventory)
		if errors.Is(err, bom.ErrCredential) {
			return nil, nil
		}
		return out, err
	}
	first, err := once()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := once(); !bytes.Equal(first, again) {
		t.Fatal("twice the same tree, two documents")
	}
	if first == nil {
		return
	}
	if err := bom.CheckReferences(first); err != nil {
		t.Fatal(err)
	}
}

// seeds calls add with every file of a name in the stories.
func seeds(f *testing.F, base string, add func(data []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, member := range a.Files {
			if filepath.Base(member.Name) == base {
				add(member.Data)
			}
		}
	}
}

func FuzzNpmLock(f *testing.F) {
	seeds(f, "package-lock.json", func(data []byte) { f.Add(data) })
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzed(t, fstest.MapFS{"package-lock.json": {Data: data}}, nil)
	})
}

func FuzzManifest(f *testing.F) {
	seeds(f, "package.json", func(data []byte) { f.Add(data) })
	lock, err := os.ReadFile("../../testdata/apps/npm/package-lock.json")
	if err != nil {
		f.Fatal(err)
	}
	lock = bytes.ReplaceAll(lock, []byte(`"license"`), []byte(`"x"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzed(t, fstest.MapFS{
			"go.mod": {Data: []byte(goodMod)}, "a/package.json": {Data: data},
			"package-lock.json": {Data: lock}, "node_modules/express/package.json": {Data: data},
		}, nil)
	})
}

func FuzzGoModule(f *testing.F) {
	seeds(f, "go.mod", func(data []byte) {
		f.Add(data, []byte("a.example/b v1.0.0 h1:YQ==\n"), []byte("# a.example/b v1.0.0\na.example/b\n"), data)
	})
	f.Fuzz(func(t *testing.T, mod, sum, modules, cached []byte) {
		fuzzed(t, fstest.MapFS{
			"go.mod": {Data: mod}, "go.sum": {Data: sum}, "vendor/modules.txt": {Data: modules}, "lib/go.mod": {Data: cached},
		}, fstest.MapFS{"cache/download/acme.example/a/@v/v1.0.0.mod": {Data: cached}})
	})
}

func FuzzGoWork(f *testing.F) {
	seeds(f, "go.work", func(data []byte) { f.Add(data, []byte("module acme.example/api\n")) })
	f.Fuzz(func(t *testing.T, work, mod []byte) {
		fuzzed(t, fstest.MapFS{"go.work": {Data: work}, "go.work.sum": {Data: mod}, "api/go.mod": {Data: mod}, "web/go.mod": {Data: mod}}, nil)
	})
}
