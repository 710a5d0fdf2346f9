// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

// maxGoMod is how long a go.mod, go.work or go.sum may be, in bytes. The go
// command's own limit for go.mod is the same.
const maxGoMod = 16 << 20

// What keeps a module's go.mod file from being used.
var (
	errNoCache  = errors.New("there is no module cache")
	errNotThere = errors.New("not in the module cache")
	errMismatch = errors.New("the module cache's copy does not match go.sum")
	errNoSum    = errors.New("go.sum does not name it")
)

// cachedMod reads a module's go.mod file from the module cache and compares it
// with go.sum: a cache is writable by everything that ever ran as this user.
func (b *goBuild) cachedMod(m module.Version) (*modfile.File, error) {
	if b.t.cache == nil {
		return nil, errNoCache
	}
	want, ok := b.sums.mod(m)
	if !ok {
		return nil, errNoSum
	}
	escapedPath, err := module.EscapePath(m.Path)
	if err != nil {
		return nil, err
	}
	escapedVersion, err := module.EscapeVersion(m.Version)
	if err != nil {
		return nil, err
	}
	data, err := readFile(b.t.cache, "cache/download/"+escapedPath+"/@v/"+escapedVersion+".mod", maxGoMod)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNotThere
	} else if err != nil {
		return nil, fmt.Errorf("read it from the module cache: %w", err)
	}
	open := func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	if got, err := dirhash.Hash1([]string{"go.mod"}, open); err != nil || got != want {
		return nil, errMismatch
	}
	return modfile.ParseLax("go.mod", data, nil)
}

// cacheDir returns where the module cache keeps a module's files.
func cacheDir(m module.Version) (string, bool) {
	escapedPath, err := module.EscapePath(m.Path)
	if err != nil {
		return "", false
	}
	escapedVersion, err := module.EscapeVersion(m.Version)
	if err != nil {
		return "", false
	}
	return escapedPath + "@" + escapedVersion, true
}
