// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// What can go wrong at a remote or with what was brought from it, told apart
// by errors.Is.
var (
	ErrMoved   = errors.New("the ref stands elsewhere than expected")          // a lease did not hold: somebody else pushed
	ErrRefused = errors.New("the remote refused the push")                     // a rule, hook or missing permission
	ErrRemote  = errors.New("the remote can't be reached")                     // network, address or credentials
	ErrDamaged = errors.New("the git cache is damaged; it can be thrown away") // see Discard
	ErrFormat  = errors.New("the remote names objects by another hash")        // sha1 here and sha256 there, or the other way round
	ErrOddTree = errors.New("the commit holds something else than plain files")
)

// A Bare is a repository without a checkout that nobody but this program
// uses: a cache of what stands at a remote. It may be deleted at any time.
// It is safe for concurrent use, also by several processes.
//
// The folder is laid out as git lays out a bare repository, but git itself is
// never run in it: each call has a git folder of its own (a stage), with its
// own refs, its own list of cut-off commits and a configuration written here,
// and only the object store is shared. So two calls have no lock file in
// common, and what a call brought is not seen by others before it is kept.
// Objects survive without a ref for three days.
//
// Nothing is synced to disk: what a power cut damages is fetched again.
type Bare struct {
	dir    string
	env    []string
	format atomic.Pointer[string] // "sha1" or "sha256"
}

const (
	stages    = "in"        // folder of the stages, in a Bare's
	keptRefs  = "refs/kept" // what Keep remembers
	staleness = 24 * time.Hour
)

// configs are the only configurations a Bare has, by the hash it names
// objects with.
var configs = map[string]string{
	"sha1":   "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tlogallrefupdates = false\n[gc]\n\tauto = 0\n\tpackRefs = false\n",
	"sha256": "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tlogallrefupdates = false\n[extensions]\n\tobjectformat = sha256\n[gc]\n\tauto = 0\n\tpackRefs = false\n",
}

// head is where HEAD of every git folder made here points: nowhere.
const head = "ref: refs/heads/none\n"

// OpenBare opens the repository in dir, which it makes if it is missing, for
// its owner only. It starts no process. It fails with ErrDamaged when there is
// something else in dir.
func OpenBare(ctx context.Context, dir string, getenv func(string) string) (*Bare, error) {
	if getenv == nil {
		getenv = os.Getenv
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open git cache: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open git cache %s: %w", dir, err)
	}
	b := &Bare{dir: dir, env: environment(getenv)}
	format, err := formatOf(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = create(dir, "sha1"); err == nil {
			format, err = formatOf(dir)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open git cache %s: %w", dir, err)
	}
	b.format.Store(&format)
	b.sweep()
	return b, nil
}

// Discard throws a repository that OpenBare made away, so that it can be
// opened anew. It refuses what does not look like one.
func Discard(dir string) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("discard git cache: %w", err)
	}
	ours := func(d fs.DirEntry) bool { return slices.Contains([]string{"objects", "HEAD", stages}, d.Name()) }
	if len(names) > 0 && !slices.ContainsFunc(names, ours) {
		return fmt.Errorf("discard git cache %s: it looks like something else", dir)
	}
	// A new name first: whoever opens it now finds nothing, and not half of it.
	away, err := os.MkdirTemp(filepath.Dir(dir), ".discarded-*")
	if err != nil {
		return fmt.Errorf("discard git cache: %w", err)
	}
	if err := os.Rename(dir, filepath.Join(away, "old")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		os.RemoveAll(away)
		return fmt.Errorf("discard git cache: %w", err)
	}
	if err := os.RemoveAll(away); err != nil {
		return fmt.Errorf("discard git cache: %w", err)
	}
	return nil
}

// formatOf returns how the repository in dir names its objects. It is
// fs.ErrNotExist where there is none, and ErrDamaged where something is amiss.
func formatOf(dir string) (string, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", fs.ErrNotExist
	}
	if info, err := os.Lstat(dir); err != nil {
		return "", err
	} else if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return "", err
		}
	}
	for _, needed := range []string{"objects", "refs", stages} {
		if info, err := os.Lstat(filepath.Join(dir, needed)); err != nil || !info.IsDir() {
			return "", fmt.Errorf("%w: no folder %s", ErrDamaged, needed)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "objects", "info", "alternates")); err == nil {
		return "", fmt.Errorf("%w: it borrows objects elsewhere", ErrDamaged)
	}
	data, err := readShort(filepath.Join(dir, "config"), 4096)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrDamaged, err) // not fs.ErrNotExist: the repository is there
	}
	for format, config := range configs {
		if data == config {
			return format, nil
		}
	}
	return "", fmt.Errorf("%w: its configuration was not written here", ErrDamaged)
}

// create makes an empty repository beside dir and then renames it to dir, so
// that others see all of it or nothing. It is fine if somebody else does so
// first.
func create(dir, format string) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, ".new-*") // 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := layOut(temp, format); err != nil {
		return err
	}
	for _, sub := range []string{"objects/info", "objects/pack", keptRefs, stages} {
		if err := os.MkdirAll(filepath.Join(temp, filepath.FromSlash(sub)), 0o700); err != nil {
			return err
		}
	}
	os.Remove(dir) // an empty folder; a full one stays
	if err := os.Rename(temp, dir); err != nil {
		if _, there := formatOf(dir); there == nil {
			return nil
		}
		return err
	}
	return nil
}

// layOut writes what makes a folder a git folder (gitrepository-layout(5)).
func layOut(dir, format string) error {
	if err := os.Mkdir(filepath.Join(dir, "refs"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "HEAD"), []byte(head), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config"), []byte(configs[format]), 0o600)
}

// sweep removes what killed processes left: stages, and packs half received.
func (b *Bare) sweep() {
	packs := filepath.Join(b.dir, "objects", "pack")
	removeStale(filepath.Join(b.dir, stages), "")
	removeStale(packs, "tmp_")
	removeStale(packs, ".tmp-")
}

func removeStale(dir, prefix string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && strings.HasPrefix(entry.Name(), prefix) && time.Since(info.ModTime()) > staleness {
			os.RemoveAll(filepath.Join(dir, entry.Name()))
		}
	}
}

// idLength is how many hex digits this repository's object ids have.
func (b *Bare) idLength() int {
	if *b.format.Load() == "sha256" {
		return 64
	}
	return 40
}

// isID reports whether s is a full object id of this repository's format.
func (b *Bare) isID(s string) bool { return len(s) == b.idLength() && IsID(s) }
