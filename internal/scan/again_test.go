// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gateledger/gateledger/internal/bom"
)

// A lockfile that is read once more says what it says when it is held.
func TestLongLockfilesAreReadAgain(t *testing.T) {
	read := map[string]func(*tree, string) (bom.Source, error){
		"composer.lock": readComposer, "Pipfile.lock": readPipfile, "poetry.lock": readPoetry,
		"uv.lock": readUv, "pdm.lock": readPDM, "pylock.toml": readPylock,
	}
	for name, f := range read {
		n := 0
		storied(t, name, func(data []byte) {
			n++
			for _, text := range []string{string(data), "\ufeff" + string(data), string(data) + "\n}", strings.TrimRight(string(data), "\n}")} {
				root := fstest.MapFS{"a/" + name: {Data: []byte(text)}}
				one := func(held int) string {
					s, err := f(&tree{root: root, limits: Limits{}.orDefault(), texts: map[[32]byte]string{}, held: held}, "a/"+name)
					if err != nil {
						return err.Error()
					}
					return cmp.Diff(bom.Source{}, s, cmpopts.IgnoreUnexported(bom.Component{}))
				}
				if diff := cmp.Diff(one(0), one(1)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
		if n == 0 {
			t.Errorf("no %s in the stories", name)
		}
	}
}

// storied calls see with every file of a name in the stories.
func storied(t *testing.T, name string, see func(data []byte)) {
	t.Helper()
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if filepath.Base(f.Name) == name {
				see(f.Data)
			}
		}
	}
}

// Of a file that is another one by then, nothing is read.
func TestAFileThatChangesWhileItIsReadAgain(t *testing.T) {
	const text = "version = 1\n[[package]]\nname = \"a\"\n"
	file := &fstest.MapFile{Data: []byte(text)}
	tr := &tree{root: fstest.MapFS{"uv.lock": file}, limits: Limits{}.orDefault(), held: 1}
	err := readTables(tr, "uv.lock", "package", func(p tomlPart) error {
		if p.rest {
			copy(file.Data, strings.Replace(text, "a", "b", -1))
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Error(err)
	}
}
