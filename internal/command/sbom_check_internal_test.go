// SPDX-License-Identifier: Apache-2.0

package command

import (
	"archive/zip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gateledger/gateledger/internal/bom/raw"
)

// lay writes files below dir.
func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// archive writes a module's zip and returns its h1 digest as the go command
// computes it.
func archive(t *testing.T, file string, entries map[string]string) string {
	t.Helper()
	lay(t, filepath.Dir(file), map[string]string{filepath.Base(file): ""})
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range entries {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	sum, err := dirhash.HashZip(file, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(sum, "h1:")
}

func caches(t *testing.T, dir string) *localCaches {
	t.Helper()
	lay(t, dir, map[string]string{"tree/README": "", "mod/README": "", "npm/_cacache/README": ""})
	tree, err := os.OpenRoot(filepath.Join(dir, "tree"))
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	modules, err := os.OpenRoot(filepath.Join(dir, "mod"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLocalCaches(func(name string) string {
		return map[string]string{"NPM_CONFIG_CACHE": filepath.Join(dir, "npm")}[name]
	}, tree, modules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func TestGoModulesAreHashedAgain(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "mod", "cache", "download", "a.example", "!big", "lib", "@v")
	sum := archive(t, filepath.Join(at, "v1.0.0.zip"), map[string]string{"a.example/Big/lib@v1.0.0/a.go": "package a\n"})
	lay(t, at, map[string]string{"v1.0.0.ziphash": "h1:bGll", "v2.0.0.zip": "not a zip"})
	l := caches(t, dir)
	facts := map[string]struct {
		component raw.Component
		want      string
	}{
		"the archive, not what is said of it": {raw.Component{Name: "a.example/Big/lib", PURL: "pkg:golang/a.example/big/lib@v1.0.0"}, sum},
		"group and name apart":                {raw.Component{Group: "a.example/Big", Name: "lib", PURL: "pkg:golang/a.example/big/lib@v1.0.0"}, sum},
		"not in the cache":                    {raw.Component{Name: "a.example/Big/lib", PURL: "pkg:golang/a.example/big/lib@v1.0.1"}, ""},
		"not an archive":                      {raw.Component{Name: "a.example/Big/lib", PURL: "pkg:golang/a.example/big/lib@v2.0.0"}, ""},
		"out of the cache":                    {raw.Component{Name: "../../x", PURL: "pkg:golang/x@v1.0.0"}, ""},
		"no version":                          {raw.Component{Name: "a.example/Big/lib", PURL: "pkg:golang/a.example/big/lib"}, ""},
		"no package URL":                      {raw.Component{Name: "a.example/Big/lib"}, ""},
		"of another kind":                     {raw.Component{Name: "a.example/Big/lib", PURL: "pkg:cargo/lib@v1.0.0"}, ""},
	}
	for fact, f := range facts {
		got := ""
		for _, local := range l.look(&f.component) {
			got += local.Value
		}
		if got != f.want {
			t.Errorf("%s: %q, want %q", fact, got, f.want)
		}
	}
}

func TestWhatNpmRecorded(t *testing.T) {
	sri := func(text string) (string, string) {
		sum := sha1.Sum([]byte(text))
		return "sha1-" + base64.StdEncoding.EncodeToString(sum[:]), hex.EncodeToString(sum[:])
	}
	installed, installedHex := sri("installed")
	first, _ := sri("first")
	last, lastHex := sri("last")
	const address = "https://npm.acme.example/@acme/a/-/a-1.0.0.tgz"
	key := "make-fetch-happen:request-cache:" + address
	sum := sha256.Sum256([]byte(key))
	h := hex.EncodeToString(sum[:])
	line := func(key, integrity string) string {
		return fmt.Sprintf("\n0\t{\"key\":%q,\"integrity\":%q}", key, integrity)
	}
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"tree/app/node_modules/.package-lock.json":                    `{"packages":{"node_modules/x/node_modules/@acme/a":{"version":"1.0.0","integrity":"` + installed + ` md5-AAAA"},"node_modules/b":{"version":"1.0.0"}}}`,
		"tree/bad/node_modules/.package-lock.json":                    `{"packages":`,
		"npm/_cacache/index-v5/" + h[:2] + "/" + h[2:4] + "/" + h[4:]: line(key, first) + line("another", first) + "\n0\tnot JSON" + line(key, last),
	})
	l := caches(t, dir)
	c := raw.Component{Group: "@acme", Name: "a", PURL: "pkg:npm/%40acme/a@1.0.0", References: []raw.Reference{
		{Type: "distribution", URL: address}, {Type: "website", URL: address}, {Type: "distribution", URL: "https://elsewhere.example/a.tgz"}}}
	got := l.look(&c)
	if len(got) != 2 || got[0].Value != installedHex || got[0].Where != "app/node_modules/.package-lock.json" || got[1].Value != lastHex || got[1].Alg != "SHA-1" {
		t.Errorf("%+v", got)
	}
	c.PURL += "?vcs_url=git"
	if got := l.look(&c); got != nil {
		t.Errorf("from a repository: %+v", got)
	}
}

func TestWhatGoVendored(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"tree/vendor/modules.txt": "# a.example/a v1.0.0\n## explicit; go 1.26\na.example/a\na.example/a/sub\n# a.example/none v1.0.0\n## explicit\n" +
			"# a.example/b v1.0.0 => fork.example/b v1.1.0\na.example/b\n# a.example/c v1.0.0 => ./c\na.example/c\n# a.example/d => ../d\n",
		"tree/php/vendor/autoload.php": "",
	})
	l := caches(t, dir)
	var got []string
	for _, s := range l.vendor {
		for _, c := range s.Components {
			got = append(got, s.Path+" "+c.PURL)
		}
	}
	want := "vendor/modules.txt pkg:golang/a.example/a@v1.0.0, vendor/modules.txt pkg:golang/fork.example/b@v1.1.0"
	if strings.Join(got, ", ") != want {
		t.Errorf("%q", got)
	}
}
