// SPDX-License-Identifier: Apache-2.0

package command

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gateledger/gateledger/internal/bom"
	bomcheck "github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/scan"
)

// Limits of what is read of a cache. What is over one is passed over: there
// is nothing to compare with.
const (
	maxModuleFiles = 500 << 20 // unpacked; the go command's own limit of a module
	maxIndexEntry  = 1 << 20
	maxHiddenLock  = 256 << 20
)

// localCaches know the digests of packages that lie on this machine.
type localCaches struct {
	modules *os.Root            // Go's module cache; nil: none
	npm     *os.Root            // npm's content cache; nil: none
	tree    map[string][]record // what node_modules/.package-lock.json recorded, by name@version
	vendor  []bom.Source        // what vendor folders of Go hold
}

type record struct{ integrity, where string }

// newLocalCaches opens the caches that the environment names, and reads what
// installers left below root. It takes modules over.
func newLocalCaches(getenv func(string) string, root, modules *os.Root) (*localCaches, error) {
	l := &localCaches{modules: modules, tree: map[string][]record{}}
	folder := getenv("NPM_CONFIG_CACHE")
	if folder == "" {
		folder = getenv("npm_config_cache")
	}
	if home := getenv("HOME"); folder == "" && home != "" {
		folder = filepath.Join(home, ".npm")
	}
	if filepath.IsAbs(folder) {
		l.npm, _ = os.OpenRoot(filepath.Join(folder, "_cacache")) // none is no fault
	}
	files := scan.Dir(root)
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && p == ".":
			return err
		case err != nil || d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() && d.Name() == "node_modules":
			l.hidden(files, path.Join(p, ".package-lock.json"))
			return fs.SkipDir
		case d.IsDir() && d.Name() == "vendor" && l.vendored(files, path.Join(p, "modules.txt")):
			return fs.SkipDir
		}
		return nil
	})
	return l, err
}

// vendored reads what a vendor folder of Go says it holds, as one more source
// that a document has to cover.
func (l *localCaches) vendored(files fs.FS, name string) bool {
	data, err := readCached(files, name, maxHiddenLock)
	if err != nil {
		return false
	}
	s := bom.Source{Path: name, Ecosystem: "go"}
	var current module.Version
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		rest, isModule := strings.CutPrefix(line, "# ")
		switch {
		case line == "" || strings.HasPrefix(line, "## "):
		case isModule:
			current = vendoredModule(strings.Fields(rest))
		case current.Version != "": // a package of the module: it is really there
			s.Components = append(s.Components, bom.Component{Type: bom.Library, Name: current.Path, Version: current.Version,
				PURL: bom.GoPURL(current.Path, current.Version)})
			current = module.Version{}
		}
	}
	l.vendor = append(l.vendor, s)
	return true
}

// vendoredModule reads the words of a module's line, "path version" with or
// without "=> path version" for what replaces it. A folder that replaces it
// has no version.
func vendoredModule(words []string) module.Version {
	if at := slices.Index(words, "=>"); at >= 0 {
		words = words[at+1:]
	}
	if len(words) < 2 {
		return module.Version{}
	}
	return module.Version{Path: words[0], Version: words[1]}
}

func (l *localCaches) close() {
	for _, root := range []*os.Root{l.modules, l.npm} {
		if root != nil {
			root.Close()
		}
	}
}

// hidden reads the lockfile that npm leaves in a node_modules folder.
func (l *localCaches) hidden(files fs.FS, name string) {
	data, err := readCached(files, name, maxHiddenLock)
	if err != nil {
		return
	}
	var lock struct {
		Packages map[string]struct{ Version, Integrity string }
	}
	if json.Unmarshal(data, &lock) != nil {
		return
	}
	for at, p := range lock.Packages {
		if i := strings.LastIndex(at, "node_modules/"); i >= 0 && p.Integrity != "" {
			key := at[i+len("node_modules/"):] + "@" + p.Version
			l.tree[key] = append(l.tree[key], record{p.Integrity, name})
		}
	}
}

// look returns every digest of a component that is known here.
func (l *localCaches) look(c *raw.Component) []bomcheck.Local {
	p, err := packageurl.FromString(c.PURL)
	if err != nil || len(p.Qualifiers) > 0 {
		return nil // from elsewhere than its registry
	}
	switch p.Type {
	case "golang":
		return l.goModule(c, p.Version)
	case "npm":
		return l.npmPackage(c, p)
	}
	return nil
}

// goModule computes the h1 digest of a module's archive in the module cache.
// It does not believe the .ziphash file beside it.
func (l *localCaches) goModule(c *raw.Component, version string) []bomcheck.Local {
	name := c.Name
	if c.Group != "" {
		name = c.Group + "/" + c.Name
	}
	escapedPath, err1 := module.EscapePath(name)
	escapedVersion, err2 := module.EscapeVersion(version)
	if l.modules == nil || version == "" || errors.Join(err1, err2) != nil {
		return nil
	}
	file := "cache/download/" + escapedPath + "/@v/" + escapedVersion + ".zip"
	got, err := hashZip(scan.Dir(l.modules), file)
	if err != nil {
		return nil
	}
	return []bomcheck.Local{{Alg: "h1", Value: strings.TrimPrefix(got, "h1:"), Where: "the module cache's " + file}}
}

// hashZip is dirhash.HashZip inside a root, with a limit on what is unpacked.
func hashZip(files fs.FS, name string) (string, error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	at, ok := f.(io.ReaderAt)
	if err != nil || !ok || !info.Mode().IsRegular() {
		return "", fs.ErrInvalid
	}
	z, err := zip.NewReader(at, info.Size())
	if err != nil {
		return "", err
	}
	var names []string
	var total uint64
	entries := map[string]*zip.File{}
	for _, e := range z.File {
		if total += e.UncompressedSize64; total > maxModuleFiles {
			return "", fmt.Errorf("unpacks to over %d bytes", maxModuleFiles)
		}
		names, entries[e.Name] = append(names, e.Name), e
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return entries[name].Open() })
}

// npmPackage returns what npm recorded of a package when it installed it, and
// when it downloaded it.
func (l *localCaches) npmPackage(c *raw.Component, p packageurl.PackageURL) []bomcheck.Local {
	name := p.Name
	if p.Namespace != "" {
		name = p.Namespace + "/" + name
	}
	var out []bomcheck.Local
	for _, r := range l.tree[name+"@"+p.Version] {
		out = append(out, integrities(r.integrity, r.where)...)
	}
	for _, r := range c.References {
		if r.Type == "distribution" && l.npm != nil {
			out = append(out, l.downloaded(r.URL)...)
		}
	}
	return out
}

// downloaded reads the index of npm's cache (cacache, index version 5): a
// file of the hash of the request's name has lines of a SHA-1 and JSON.
func (l *localCaches) downloaded(address string) []bomcheck.Local {
	key := "make-fetch-happen:request-cache:" + address
	sum := sha256.Sum256([]byte(key))
	h := hex.EncodeToString(sum[:])
	name := "index-v5/" + h[:2] + "/" + h[2:4] + "/" + h[4:]
	data, err := readCached(scan.Dir(l.npm), name, maxIndexEntry)
	if err != nil {
		return nil
	}
	integrity := ""
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		_, text, _ := strings.Cut(lines.Text(), "\t")
		var entry struct{ Key, Integrity string }
		if json.Unmarshal([]byte(text), &entry) == nil && entry.Key == key {
			integrity = entry.Integrity // the last one counts
		}
	}
	return integrities(integrity, "npm's cache")
}

// integrities reads a Subresource Integrity text: digests with spaces between.
func integrities(text, where string) []bomcheck.Local {
	var out []bomcheck.Local
	for _, one := range strings.Fields(text) {
		alg, encoded, _ := strings.Cut(one, "-")
		encoded, _, _ = strings.Cut(encoded, "?")
		digest, err := base64.StdEncoding.DecodeString(encoded)
		name, known := map[string]string{"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}[alg]
		if err == nil && known {
			out = append(out, bomcheck.Local{Alg: name, Value: hex.EncodeToString(digest), Where: where})
		}
	}
	return out
}

// readCached reads a regular file that is no longer than limit.
func readCached(files fs.FS, name string, limit int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fs.ErrInvalid
	}
	return io.ReadAll(io.LimitReader(f, limit))
}
