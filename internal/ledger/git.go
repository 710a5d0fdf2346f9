// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/proof"
)

// DefaultBranch is where a git: ledger lives unless its URL says another.
const DefaultBranch = "gateledger/log"

// A gitLedger is a ledger in a branch of a git repository elsewhere. The
// signed checkpoint in it says what is in the log, as everywhere; git's ids
// vouch for nothing. The one moment at which a commit happens is an atomic
// push that finds the branch where it was.
//
// It works on what was fetched last: Head, Append, Pending and Confirm ask
// the remote, nothing else does.
type gitLedger struct {
	url    string
	branch string // full name of its ref
	keys   proof.Keys
	signer note.Signer
	store  *gitStore

	patience         // the default one, but for tests
	maxPending int   // parcels, and
	maxHeld    int64 // bytes of them, that one Pending reports

	turn  chan struct{} // holds the one token of this process's writer
	state *writer       // of whoever holds the token
	inbox inbox         // likewise

	mu     sync.Mutex
	at     *snapshot
	opened bool // at was just brought by Open, and nobody asked for it yet
}

// A snapshot is a ledger as one commit holds it.
type snapshot struct {
	*reader
	commit string
	view   *view
}

var (
	_ Ledger     = (*gitLedger)(nil)
	_ BlobReader = (*gitLedger)(nil)
	_ Auditor    = (*gitLedger)(nil)
	_ Inbox      = (*gitLedger)(nil)
	_ Confirmer  = (*gitLedger)(nil)
	_ Repairer   = (*gitLedger)(nil)
)

func openGit(ctx context.Context, url, rest string, o Options) (Ledger, error) {
	g, err := newGit(ctx, url, rest, o)
	if err != nil {
		return nil, err
	}
	if err := g.refresh(ctx); err != nil {
		return nil, err
	}
	g.opened = true
	return g, nil
}

// newGit opens the cache and checks the options, not what is at the remote.
func newGit(ctx context.Context, url, rest string, o Options) (*gitLedger, error) {
	if err := checkSigner(o); err != nil {
		return nil, err
	}
	address, branch, err := parseGit(rest)
	if err != nil {
		return nil, err
	}
	remote := o.Git.Remote
	if remote.URL == "" {
		if !isAddress(address) {
			return nil, fmt.Errorf("%q is the name of a remote, which only a checkout knows: %w", address, ErrAddress)
		}
		remote.URL = address
	}
	if o.Signer != nil && remote.PushURL != "" {
		remote.URL = remote.PushURL // a mirror need not have the inbox, nor the newest head
	}
	g := &gitLedger{url: git.Redact(url), branch: "refs/heads/" + branch, keys: o.Keys, signer: o.Signer, patience: patience{maxTries, maxPause}, maxPending: MaxPending, maxHeld: maxHeldParcels, turn: make(chan struct{}, 1)}
	g.store, err = openStore(ctx, remote, g.branch, o.Git)
	return g, err
}

// parseGit takes REMOTE[?branch=NAME] apart.
func parseGit(rest string) (address, branch string, err error) {
	address, query, ok := rest, "", false
	if at := strings.LastIndexByte(rest, '?'); at >= 0 {
		address, query, ok = rest[:at], rest[at+1:], true
	}
	branch = DefaultBranch
	if ok {
		values, err := url.ParseQuery(query)
		if err != nil || len(values) != 1 || len(values["branch"]) != 1 {
			return "", "", fmt.Errorf("what follows the ? is not branch=NAME: %w", ErrAddress)
		}
		branch = values.Get("branch")
	}
	switch {
	case address == "" || address[0] == '-' || strings.ContainsAny(address, "\n\x00"):
		return "", "", fmt.Errorf("%q is no git remote: %w", git.Redact(address), ErrAddress)
	case !validBranch(branch):
		return "", "", fmt.Errorf("%q is no name of a branch: %w", branch, ErrAddress)
	}
	return address, branch, nil
}

// validBranch is stricter than git: letters, digits and a few signs, none of
// which means anything in a pattern, a refspec or a revision.
func validBranch(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || part[0] == '-' || strings.HasSuffix(part, ".") || strings.HasSuffix(part, ".lock") || strings.Contains(part, "..") {
			return false
		}
		for _, r := range part {
			if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._-+", r) {
				return false
			}
		}
	}
	return len(name) <= 200
}

// isAddress tells an address from the name of a remote.
func isAddress(remote string) bool {
	return filepath.IsAbs(remote) || strings.Contains(remote, ":")
}

// createGit pushes the first commit of a branch that does not exist.
func createGit(ctx context.Context, url, rest string, o Options) (Ledger, error) {
	if o.Signer == nil {
		return nil, ErrReadOnly
	}
	g, err := newGit(ctx, url, rest, o)
	if err != nil {
		return nil, err
	}
	refs, err := g.store.fetch(ctx, g.branch)
	switch {
	case err != nil:
		return nil, err
	case refs[g.branch] != "":
		return nil, ErrExists
	}
	if seen := g.remembered(); seen.Size > 0 {
		return nil, fmt.Errorf("there was a log of %d leaves here, which a new one would contradict: %w", seen.Size, ErrRollback)
	}
	head, err := proof.SignCheckpoint(o.Keys.Origin, 0, proof.EmptyRoot(), o.Signer)
	if err != nil {
		return nil, err
	}
	if _, err := proof.ParseCheckpoint(head.Raw, o.Keys); err != nil {
		return nil, checkpointError(err)
	}
	c, err := firstChange(o.Keys.Origin, head.Raw)
	if err != nil {
		return nil, err
	}
	commit, err := g.store.commit(ctx, git.Draft{Put: c.put, Message: "Begin a gateledger log" + skipCI, When: time.Now()})
	if err != nil {
		return nil, err
	}
	if err := g.store.push(ctx, git.Update{Ref: g.branch, New: commit}); err != nil {
		at, listing := g.store.list(ctx, g.branch)
		switch {
		case listing == nil && at[g.branch] == commit: // only the answer was lost
		case errors.Is(err, git.ErrMoved):
			return nil, ErrExists
		default:
			return nil, remoteError(err)
		}
	}
	s, err := g.snapshot(ctx, commit, proof.Checkpoint{})
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	g.accept(ctx, s)
	g.opened = true
	return g, nil
}

// skipCI ends every commit message: nothing on the branch is there to be
// built.
const skipCI = "\n\n[skip ci]\n"

// name is what this log's memories in the cache are called: two logs may
// share a cache.
func (g *gitLedger) name(kind string) string {
	sum := sha256.Sum256([]byte(g.keys.Origin + "\n" + g.branch))
	return fmt.Sprintf("%s-%x", kind, sum[:8])
}

// remembered is the newest head that the cache has seen, or the zero
// Checkpoint. One of keys that are not trusted any more is forgotten.
func (g *gitLedger) remembered() proof.Checkpoint {
	head, err := proof.ParseCheckpoint(g.store.seen(g.name("head")), g.keys)
	if err != nil {
		return proof.Checkpoint{}
	}
	return head
}

// refresh brings the branch and makes it the current snapshot, if it grows
// out of the one before.
func (g *gitLedger) refresh(ctx context.Context) error {
	refs, err := g.store.fetch(ctx, g.branch)
	if err != nil {
		return err
	}
	return g.take(ctx, refs[g.branch])
}

// take makes a commit that was fetched the current snapshot. The memory of
// the heads before, of this process and the cache's, says what it may be.
func (g *gitLedger) take(ctx context.Context, commit string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = false
	if g.at != nil && g.at.commit == commit {
		return ctx.Err()
	}
	var seen proof.Checkpoint
	if g.at != nil {
		seen = g.at.view.head
	} else {
		seen = g.remembered()
	}
	switch {
	case commit == "" && len(seen.Raw) > 0:
		return fmt.Errorf("%s is gone, and held %d leaves: %w", g.branchName(), seen.Size, ErrRollback)
	case commit == "":
		return fmt.Errorf("there is no %s: %w", g.branchName(), ErrNotLedger)
	}
	s, err := g.snapshot(ctx, commit, seen)
	if err != nil {
		return err
	}
	g.accept(ctx, s)
	return nil
}

// accept makes a snapshot the current one, and writes it down in the cache.
// The caller holds g.mu.
func (g *gitLedger) accept(ctx context.Context, s *snapshot) {
	g.at, g.opened = s, false
	g.store.keep(ctx, g.name("head"), s.commit)
	if g.remembered().Size <= s.view.head.Size { // another process may be ahead
		g.store.see(g.name("head"), s.view.head.Raw)
	}
}

func (g *gitLedger) branchName() string {
	return "branch " + strings.TrimPrefix(g.branch, "refs/heads/")
}

// snapshot reads a commit that must hold a log that grows out of seen.
func (g *gitLedger) snapshot(ctx context.Context, commit string, seen proof.Checkpoint) (*snapshot, error) {
	tree, err := g.store.tree(ctx, commit)
	if err != nil {
		return nil, err
	}
	r := &reader{url: g.url, fsys: tree, keys: g.keys}
	if len(seen.Raw) > 0 {
		r.seen = newView(tree, seen)
	}
	err = r.checkMarker(ctx)
	if errors.Is(err, ErrNotLedger) {
		return nil, fmt.Errorf("%s holds something else, or was emptied: %w", g.branchName(), ErrTampered)
	}
	if err != nil {
		return nil, err
	}
	v, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	return &snapshot{r, commit, v}, nil
}

// now is the current snapshot.
func (g *gitLedger) now() *snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at
}

func (g *gitLedger) Head(ctx context.Context) (proof.Checkpoint, error) {
	g.mu.Lock()
	asked := !g.opened
	g.opened = false
	g.mu.Unlock()
	err := ctx.Err()
	if err == nil && asked {
		err = g.refresh(ctx)
	}
	if err != nil {
		return proof.Checkpoint{}, fmt.Errorf("read head of %s: %w", g.url, err)
	}
	return g.now().view.head, nil
}

func (g *gitLedger) Read(ctx context.Context, from, to uint64) iter.Seq2[Entry, error] {
	return g.now().Read(ctx, from, to)
}

func (g *gitLedger) Prove(ctx context.Context, index, size uint64) (proof.Proof, error) {
	return g.now().Prove(ctx, index, size)
}

func (g *gitLedger) Consistency(ctx context.Context, old, new uint64) (proof.Proof, error) {
	return g.now().Consistency(ctx, old, new)
}

func (g *gitLedger) Blob(ctx context.Context, sum [32]byte) ([]byte, error) {
	return g.now().Blob(ctx, sum)
}

// Audit re-checks what was fetched last. README.md and files of other names
// are not of the log, and nothing reads them.
func (g *gitLedger) Audit(ctx context.Context, check func(Entry) error) (Report, error) {
	return g.now().Audit(ctx, check)
}

func (s *snapshot) Audit(ctx context.Context, check func(Entry) error) (Report, error) {
	report, err := s.reader.Audit(ctx, check)
	return report, s.explain(err)
}

// explain says in which files of the branch damage must be, where the names
// of the tile tree stand for others.
func (s *snapshot) explain(err error) error {
	size := s.view.head.Size
	if !errors.Is(err, ErrTampered) || size%tileWidth == 0 {
		return err
	}
	return fmt.Errorf("%w (in the branch, what is .p/ of entries, leaf hashes and bodies is in %s to %s, of level 1 and up in %s…)",
		err, tailPath(0), tailPath(size-1), edgePath(1))
}

func (g *gitLedger) export(ctx context.Context, w *tar.Writer) error {
	return g.now().export(ctx, w)
}
