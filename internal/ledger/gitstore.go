// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/git"
)

const (
	// maxKnown is how many bytes of files a gitStore keeps in memory.
	maxKnown = 64 << 20

	// maxRead is the most that is asked of git at once: the unfinished
	// segment with every body as large as can be.
	maxRead = 4 << 30

	// readTime ends a question to the git on this machine, which no network
	// can slow down.
	readTime = 2 * time.Minute

	// objectsFolder and seenFolder are what the cache consists of: a git
	// repository, and the newest heads, which outlive it.
	objectsFolder = "git"
	seenFolder    = "seen"
)

// A gitStore is what a git: ledger reads from and pushes to: a remote, and
// the cache of what came from it. A cache that git can't read is made again
// from the remote, once.
type gitStore struct {
	remote git.Remote
	branch string
	folder string
	getenv func(string) string

	mu     sync.Mutex
	bare   *git.Bare
	mended bool
	known  map[string][]byte // files by git's id
	bytes  int
}

func openStore(ctx context.Context, remote git.Remote, branch string, o GitOptions) (*gitStore, error) {
	if !filepath.IsAbs(o.Cache) {
		return nil, fmt.Errorf("cache folder %q is not absolute", o.Cache)
	}
	s := &gitStore{remote: remote, branch: branch, folder: o.Cache, getenv: o.Getenv, known: map[string][]byte{}}
	if err := s.makeFolders(); err != nil {
		return nil, err
	}
	objects := filepath.Join(o.Cache, objectsFolder)
	bare, err := git.OpenBare(ctx, objects, s.getenv)
	if errors.Is(err, git.ErrDamaged) {
		if err = git.Discard(objects); err == nil {
			bare, err = git.OpenBare(ctx, objects, s.getenv)
		}
	}
	s.bare = bare
	return s, err
}

func (s *gitStore) makeFolders() error {
	if err := os.MkdirAll(filepath.Join(s.folder, seenFolder), 0o700); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	return nil
}

func (s *gitStore) git() *git.Bare {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bare
}

// mend makes the cache again if err says that the one in use is damaged, and
// says whether there is another now. The old one goes only when the remote has
// filled a new one: it is for no remote to make us forget.
func (s *gitStore) mend(ctx context.Context, used *git.Bare, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || !errors.Is(err, git.ErrDamaged) {
		return false
	}
	if s.bare != used || s.mended {
		return s.bare != used
	}
	s.mended = true
	if s.makeFolders() != nil {
		return false
	}
	objects := filepath.Join(s.folder, objectsFolder)
	temp, err := os.MkdirTemp(s.folder, "new-*")
	if err != nil {
		return false
	}
	defer os.RemoveAll(temp)
	bare, err := git.OpenBare(ctx, temp, s.getenv)
	if err != nil {
		return false
	}
	if _, err := bare.Fetch(ctx, s.remote, s.branch); err != nil {
		return false
	}
	s.rescue(ctx, bare, objects)
	if git.Discard(objects) != nil || os.Rename(temp, objects) != nil {
		return false
	}
	if bare, err = git.OpenBare(ctx, objects, s.getenv); err != nil {
		return false
	}
	s.bare = bare
	return true
}

// rescue takes over what a damaged cache still has of what it was to keep.
func (s *gitStore) rescue(ctx context.Context, bare *git.Bare, damaged string) {
	const kept = "refs/kept/"
	refs, err := bare.Fetch(ctx, git.Remote{URL: damaged}, kept+"*")
	if err != nil {
		return
	}
	for ref, commit := range refs {
		_ = bare.Keep(ctx, strings.TrimPrefix(ref, kept), commit) // one by one: some may be damaged
	}
}

// fetch brings refs.
func (s *gitStore) fetch(ctx context.Context, patterns ...string) (map[string]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, networkTime, errSilent)
	defer cancel()
	used := s.git()
	refs, err := used.Fetch(ctx, s.remote, patterns...)
	if err != nil && s.mend(ctx, used, err) {
		refs, err = s.git().Fetch(ctx, s.remote, patterns...)
	}
	return refs, remoteError(err)
}

func (s *gitStore) list(ctx context.Context, patterns ...string) (map[string]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, networkTime, errSilent)
	defer cancel()
	refs, err := s.git().List(ctx, s.remote, patterns...)
	return refs, remoteError(err)
}

func (s *gitStore) push(ctx context.Context, updates ...git.Update) error {
	ctx, cancel := context.WithTimeoutCause(ctx, networkTime, errSilent)
	defer cancel()
	return s.git().Push(ctx, s.remote, updates...)
}

// networkTime ends one conversation with a remote. A remote that says nothing,
// or next to nothing, is given up sooner, by git itself.
const networkTime = 3 * time.Minute

var errSilent = fmt.Errorf("no end of it after %v: %w", networkTime, git.ErrRemote)

// remoteError says which of the ledger's errors a failure at a remote is.
func remoteError(err error) error {
	switch {
	case errors.Is(err, git.ErrRemote), errors.Is(err, errSilent):
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case errors.Is(err, git.ErrRefused):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// commit makes a commit that nobody else sees yet.
func (s *gitStore) commit(ctx context.Context, d git.Draft) (id string, err error) {
	used := s.git()
	id, err = used.Commit(ctx, d)
	if err = notHere(err); err != nil && s.mend(ctx, used, err) {
		id, err = s.git().Commit(ctx, d)
	}
	return id, notHere(err)
}

// tree presents a commit that was fetched. One with anything but plain files
// in it is not of our making.
func (s *gitStore) tree(ctx context.Context, commit string) (*branchFS, error) {
	used := s.git()
	objects, err := used.Files(ctx, commit)
	if err = notHere(err); err != nil && s.mend(ctx, used, err) {
		objects, err = s.git().Files(ctx, commit)
	}
	if errors.Is(err, git.ErrOddTree) {
		err = fmt.Errorf("%w: %w", ErrTampered, err)
	}
	if err = notHere(err); err != nil {
		return nil, err
	}
	return newBranchFS(commit, objects, s.load)
}

// notHere tells what is not in the cache, though it was fetched, from what is
// not in the ledger.
func notHere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %v", git.ErrDamaged, err)
	}
	return err
}

// load reads files, from memory if they were read before.
func (s *gitStore) load(objects []git.Object) ([][]byte, error) {
	blobs := make([][]byte, len(objects))
	var ids []string
	var at []int
	var total int64
	s.mu.Lock()
	for i, o := range objects {
		if data, ok := s.known[o.ID]; ok {
			blobs[i] = data
			continue
		}
		ids, at = append(ids, o.ID), append(at, i)
		total += o.Size
	}
	s.mu.Unlock()
	if len(ids) == 0 {
		return blobs, nil
	}
	first := objects[at[0]].Path
	if total > maxRead {
		return nil, fmt.Errorf("%d files from %s on are %d bytes, at most %d: %w", len(ids), first, total, int64(maxRead), ErrTooLarge)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	used := s.git()
	read := func(from *git.Bare) error {
		return notHere(from.Read(ctx, ids, total, func(i int, data []byte) error {
			blobs[at[i]] = data
			return nil
		}))
	}
	err := read(used)
	if err != nil && s.mend(ctx, used, err) {
		err = read(s.git())
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", first, err)
	}
	s.remember(objects, blobs)
	return blobs, nil
}

// remember keeps what was read in memory, unless it is large.
func (s *gitStore) remember(objects []git.Object, blobs [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, o := range objects {
		if _, ok := s.known[o.ID]; ok || int64(len(blobs[i])) > readAhead {
			continue
		}
		if s.bytes += len(blobs[i]); s.bytes > maxKnown {
			clear(s.known)
			s.bytes = len(blobs[i])
		}
		s.known[o.ID] = blobs[i]
	}
}

// keep remembers a commit in the cache, so that nothing in it need be fetched
// again. It is fine if that fails.
func (s *gitStore) keep(ctx context.Context, name, commit string) {
	_ = s.git().Keep(ctx, name, commit)
}

func (s *gitStore) kept(ctx context.Context, name string) string {
	commit, err := s.git().Kept(ctx, name)
	if err != nil {
		return ""
	}
	return commit
}

// see writes a signed checkpoint down, and seen returns the last one that
// was. The cache may be deleted at any time, so its absence means nothing.
func (s *gitStore) see(name string, checkpoint []byte) {
	if fsys, err := durable.Dir(filepath.Join(s.folder, seenFolder)); err == nil {
		_ = durable.WriteFile(fsys, name, checkpoint)
	}
}

func (s *gitStore) seen(name string) []byte {
	fsys, err := durable.Dir(filepath.Join(s.folder, seenFolder))
	if err != nil {
		return nil
	}
	data, err := readFile(fsys, name, maxCheckpoint)
	if err != nil {
		return nil
	}
	return data
}
