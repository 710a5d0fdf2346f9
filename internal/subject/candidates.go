// SPDX-License-Identifier: Apache-2.0

package subject

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxCandidates bounds what Candidates returns and maxEntries what it looks at.
const (
	maxCandidates = 20
	maxEntries    = 1000
)

// outputs are the folders that builds write to.
func outputs() []string { return []string{"bin", "build", "dist", "out", "target", "target/release"} }

// packed are the endings of files that are shipped.
func packed() []string {
	return []string{
		".apk", ".crate", ".deb", ".dmg", ".exe", ".gem", ".jar", ".msi", ".nupkg", ".oci.tar", ".rpm",
		".tar.gz", ".tar.xz", ".tar.zst", ".tgz", ".war", ".wasm", ".whl", ".zip",
	}
}

// Candidates lists what could be meant as a subject in root, sorted, at most
// 20: the files that builds leave, then the commit. Each can be given to
// Resolve from root. It is a help for a person who named none; nothing is ever
// chosen from it.
func Candidates(root string) []string {
	var found []string
	for _, dir := range outputs() {
		for _, e := range entries(root, dir) {
			if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				found = append(found, path.Join(dir, e.Name()))
			}
		}
	}
	for _, e := range entries(root, ".") {
		if e.Type().IsRegular() && isPacked(e.Name()) {
			found = append(found, e.Name())
		}
	}
	found = slices.DeleteFunc(found, func(name string) bool { return checkName(name) != nil })
	slices.Sort(found)
	found = found[:min(len(found), maxCandidates-1)]
	if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
		found = append(found, "git:HEAD")
	}
	return found
}

func isPacked(name string) bool {
	return slices.ContainsFunc(packed(), func(end string) bool { return strings.HasSuffix(name, end) })
}

// entries lists a folder of root, or nothing where there is none.
func entries(root, dir string) []fs.DirEntry {
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.ReadDir(maxEntries)
	return list
}
