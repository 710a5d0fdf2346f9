// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
)

// A tree is what is scanned. Every file is read through it, so that every file
// is regular, inside the root and within the limits.
type tree struct {
	ctx      context.Context
	root     fs.FS
	cache    fs.FS
	maven    fs.FS // the local repository
	exclude  []string
	limits   Limits
	held     int                 // in place of maxText, unless it is 0
	files    map[string][]string // paths by base name, sorted
	seen     map[string]bool     // regular files that some finder knows by name, by path, excluded ones too
	excluded []string
	notes    []string
	secrets  []string
	texts    map[[32]byte]string // licence by the SHA-256 of a file
	unseen   []bom.Source        // folders and links that hide what may be lockfiles
}

// skipped are the folders no lockfile is looked for in: git's own, and those
// that hold copies of what a lockfile outside of them already names.
func skipped(name string) bool {
	return name == ".git" || name == "node_modules" || name == "vendor"
}

// walk lists every file that some finder knows by name.
func (t *tree) walk() error {
	t.files, t.seen = map[string][]string{}, map[string]bool{}
	wanted := wantedFiles()
	entries, files := 0, 0
	err := fs.WalkDir(t.root, ".", func(p string, d fs.DirEntry, err error) error {
		if entries++; entries > t.limits.Entries {
			return fmt.Errorf("the tree has more than %d files and folders", t.limits.Entries)
		}
		if err != nil {
			return t.blind(p, err)
		}
		if err := t.ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() {
			return t.enter(p, d)
		}
		keys := wanted.keys(p)
		if len(keys) > 0 && d.Type() == 0 {
			t.seen[p] = true
		}
		if len(keys) == 0 || t.isExcluded(p) || !t.isRegular(p, d) {
			return nil
		}
		if files++; files > t.limits.Files {
			return fmt.Errorf("the tree has more than %d lockfiles", t.limits.Files)
		}
		for _, key := range keys {
			t.files[key] = append(t.files[key], p)
		}
		return nil
	})
	for _, paths := range t.files {
		sort.Strings(paths)
	}
	return err
}

// wanted are the files that some finder knows: by name, or by a pattern of
// path.Match. A pattern with a slash is compared with the whole path.
type wanted struct {
	names    map[string]bool
	patterns []wantedPattern
}

// A wantedPattern is a pattern, and how every name that it fits begins and
// ends: most names are ruled out by that, which costs least.
type wantedPattern struct {
	pattern, head, tail string
	whole               bool // it has a slash
}

func newWantedPattern(pattern string) wantedPattern {
	return wantedPattern{
		pattern: pattern,
		head:    pattern[:strings.IndexAny(pattern+"*", `*?[\`)],
		tail:    pattern[strings.LastIndexAny(pattern, `*?]`)+1:],
		whole:   strings.Contains(pattern, "/"),
	}
}

func (w *wantedPattern) matches(p, base string) bool {
	name := base
	if w.whole {
		name = p
	}
	if !strings.HasPrefix(name, w.head) || !strings.HasSuffix(name, w.tail) {
		return false
	}
	ok, err := path.Match(w.pattern, name)
	return ok && err == nil
}

func wantedFiles() wanted {
	w := wanted{names: map[string]bool{}}
	known := map[string]bool{}
	for _, f := range finders() {
		for _, name := range f.files {
			switch {
			case !strings.ContainsAny(name, "*/"):
				w.names[name] = true
			case !known[name]:
				known[name] = true
				w.patterns = append(w.patterns, newWantedPattern(name))
			}
		}
	}
	return w
}

// keys returns by which names and patterns a file is wanted.
func (w wanted) keys(p string) []string {
	var keys []string
	base := path.Base(p)
	if w.names[base] {
		keys = append(keys, base)
	}
	for i := range w.patterns {
		if pattern := &w.patterns[i]; pattern.matches(p, base) {
			keys = append(keys, pattern.pattern)
		}
	}
	return keys
}

// blind records a folder that cannot be listed. If it is the root there is
// nothing to scan.
func (t *tree) blind(p string, err error) error {
	if p == "." {
		return err
	}
	t.unseen = append(t.unseen, unreadable(p, "tree", pathless(err)))
	return fs.SkipDir
}

func (t *tree) enter(p string, d fs.DirEntry) error {
	if p == "." {
		return nil
	}
	if skipped(d.Name()) {
		return fs.SkipDir
	}
	if t.isExcluded(p) {
		return fs.SkipDir
	}
	return nil
}

// isExcluded reports whether a pattern leaves p out, and remembers it.
func (t *tree) isExcluded(p string) bool {
	for _, pattern := range t.exclude {
		name := p
		if !strings.Contains(pattern, "/") {
			name = path.Base(p)
		}
		if ok, _ := path.Match(strings.Trim(pattern, "/"), name); ok {
			t.excluded = append(t.excluded, printable(p))
			return true
		}
	}
	return false
}

// isRegular reports whether a file may be opened. A symbolic link is never
// followed: if what it names is not read by its own name, something is hidden.
func (t *tree) isRegular(p string, d fs.DirEntry) bool {
	switch d.Type() {
	case 0:
		return true
	case fs.ModeSymlink:
		if target, ok := t.linked(p); ok {
			t.note("%s: a symbolic link to %s, which is read by its own name", p, target)
		} else {
			t.unseen = append(t.unseen, unreadable(p, "tree", errors.New("is a symbolic link that leaves the tree or ends nowhere; it is not followed")))
		}
	default:
		t.note("%s: not a regular file, passed over", p)
	}
	return false
}

// linked resolves a symbolic link one step and reports whether it ends at a
// regular file of the same name in the tree.
func (t *tree) linked(p string) (string, bool) {
	target, err := fs.ReadLink(t.root, p)
	if err != nil || path.IsAbs(target) || path.Base(target) != path.Base(p) {
		return "", false
	}
	target = path.Join(path.Dir(p), target)
	if !validPath(target) || t.inSkipped(target) {
		return "", false
	}
	info, err := fs.Lstat(t.root, target)
	return target, err == nil && info.Mode().IsRegular()
}

func (t *tree) inSkipped(p string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(p), "/"), skipped)
}

// named returns the paths of the files with these names, sorted, each once.
func (t *tree) named(names []string) []string {
	var found []string
	for _, name := range names {
		found = append(found, t.files[name]...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (t *tree) note(format string, args ...any) {
	t.notes = append(t.notes, printable(fmt.Sprintf(format, args...)))
}

// scrub returns a URL as it may be shown, and remembers what was taken out.
//
//go:noinline
func (t *tree) scrub(raw string) string {
	clean, secrets := bom.ScrubURL(raw)
	t.secrets = append(t.secrets, secrets...)
	return clean
}

// exists reports whether there is a regular file.
func (t *tree) exists(p string) bool {
	if !validPath(p) {
		return false
	}
	info, err := fs.Lstat(t.root, p)
	return err == nil && info.Mode().IsRegular()
}

// read returns the text of a file of the tree.
func (t *tree) read(p string) ([]byte, error) {
	data, err := readFile(t.root, p, t.limits.File)
	if err != nil {
		return nil, err
	}
	return plainText(data)
}

// readFile reads a regular file of at most limit bytes. The last element of
// its path is never followed as a link; that the others stay inside is the
// promise of the file system (os.Root).
func readFile(fsys fs.FS, p string, limit int64) ([]byte, error) {
	if !validPath(p) {
		return nil, fmt.Errorf("%s: the path leaves the tree", p)
	}
	info, err := fs.Lstat(fsys, p)
	if err != nil {
		return nil, pathless(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes; the limit is %d", info.Size(), limit)
	}
	f, err := fsys.Open(p)
	if err != nil {
		return nil, pathless(err)
	}
	defer f.Close()
	data := make([]byte, 0, info.Size()+1)
	for int64(len(data)) <= limit {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) || err == nil && n > 0 && int64(len(data)) == info.Size() {
			return data, nil // as long as it was when it was looked at
		}
		if err != nil {
			return nil, pathless(err)
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, len(data)/2+512)
		}
	}
	return nil, fmt.Errorf("grew past the limit of %d bytes while it was read", limit)
}

// pathless drops the path that the file system put into an error: the caller
// names the file, and the file system may have named it by an absolute path.
func pathless(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// printable returns a path as JSON and terminals can hold it: bytes that are
// not UTF-8 and control characters are written as %XX.
func printable(p string) string {
	if utf8.ValidString(p) && strings.IndexFunc(p, isControl) < 0 {
		return p
	}
	var b strings.Builder
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRuneInString(p[i:])
		if (r == utf8.RuneError && n == 1) || isControl(r) {
			for _, c := range []byte(p[i : i+n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(p[i : i+n])
		}
		i += n
	}
	return b.String()
}

func isControl(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) || r == 0x2028 || r == 0x2029 }
