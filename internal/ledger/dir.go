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
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/proof"
)

// lockPath is held while a ledger is written. Readers never wait for it.
const lockPath = "lock"

// maxLockWait is how long an append waits for other writers when its context
// allows longer; lockRetry is how often it looks.
const (
	maxLockWait = 15 * time.Second
	lockRetry   = 2 * time.Millisecond
)

// A dir is a ledger in a folder: tlog-tiles, the bodies beside them, and a
// signed checkpoint that alone says what of all this is in the log.
type dir struct {
	*reader
	fsys   durable.FS
	path   string
	signer note.Signer

	turn  chan struct{} // holds the one token of this process's writer
	state *writer       // of whoever holds the token and the lock
}

var (
	_ Ledger     = (*dir)(nil)
	_ BlobReader = (*dir)(nil)
	_ Auditor    = (*dir)(nil)
)

func openDir(ctx context.Context, url, path string, o Options) (Ledger, error) {
	d, err := newDir(path, o)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		return nil, fmt.Errorf("%w: %w", ErrNotLedger, err)
	}
	if err != nil {
		return nil, err
	}
	if d.reader, err = openReader(ctx, url, d.fsys, o.Keys); err != nil {
		return nil, err
	}
	return d, nil
}

var errNotFolder = errors.New("not a folder")

// newDir opens the folder and checks the options, not what is in the folder.
func newDir(path string, o Options) (*dir, error) {
	if err := checkSigner(o); err != nil {
		return nil, err
	}
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("path %q is not absolute", path)
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return nil, errNotFolder
	}
	fsys, err := durable.Dir(path)
	if err != nil {
		return nil, err
	}
	if o.Layer != nil {
		fsys = o.Layer(fsys)
	}
	return &dir{fsys: fsys, path: path, signer: o.Signer, turn: make(chan struct{}, 1)}, nil
}

// checkSigner refuses a signer whose checkpoints o.Keys would not trust.
func checkSigner(o Options) error {
	switch s := o.Signer; {
	case len(o.Keys.Verifiers) == 0:
		return fmt.Errorf("no trusted log key given: %w", ErrKey)
	case s == nil:
		return nil
	case s.Name() != o.Keys.Origin:
		return fmt.Errorf("the signing key is of log %q, the trusted ones of %q: %w", s.Name(), o.Keys.Origin, ErrKey)
	case !o.Keys.Has(s.KeyHash()):
		return fmt.Errorf("the signing key %s+%08x is not a trusted one: %w", s.Name(), s.KeyHash(), ErrKey)
	}
	return nil
}

// createDir writes the marker and then the checkpoint of the empty tree,
// which is what makes the folder a ledger.
func createDir(ctx context.Context, url, path string, o Options) (Ledger, error) {
	if o.Signer == nil {
		return nil, ErrReadOnly
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	d, err := newDir(path, o)
	if err != nil {
		return nil, err
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := d.checkVacant(); err != nil {
		return nil, err
	}
	if err := d.writeFirst(o); err != nil {
		return nil, err
	}
	return openDir(ctx, url, path, o)
}

// checkVacant refuses a folder with anything in it that an interrupted Create
// cannot have left.
func (d *dir) checkVacant() error {
	entries, err := d.fsys.ReadDir(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == checkpointPath:
			return ErrExists
		case name == lockPath, strings.HasPrefix(name, markerPath), strings.HasPrefix(name, checkpointPath):
		default:
			return fmt.Errorf("%s has %s in it, and is not a ledger", d.path, name)
		}
	}
	return nil
}

func (d *dir) writeFirst(o Options) error {
	data, err := markerOf(o.Keys.Origin)
	if err != nil {
		return err
	}
	head, err := proof.SignCheckpoint(o.Keys.Origin, 0, proof.EmptyRoot(), o.Signer)
	if err != nil {
		return err
	}
	if _, err := proof.ParseCheckpoint(head.Raw, o.Keys); err != nil {
		return checkpointError(err)
	}
	if err := durable.WriteFile(d.fsys, markerPath, data); err != nil {
		return err
	}
	if err := durable.WriteFile(d.fsys, checkpointPath, head.Raw); err != nil {
		return err
	}
	parent, err := durable.Dir(filepath.Dir(d.path))
	if err != nil {
		return err
	}
	return parent.SyncDir(".")
}

// lock waits until nobody else writes, in this process or another, for as
// long as ctx allows and at most maxLockWait.
func (d *dir) lock(ctx context.Context) (unlock func(), err error) {
	wait, cancel := context.WithTimeoutCause(ctx, maxLockWait, ErrBusy)
	defer cancel()
	select {
	case d.turn <- struct{}{}:
	case <-wait.Done():
		return nil, fmt.Errorf("wait for another writer: %w", context.Cause(wait))
	}
	if info, err := os.Lstat(filepath.Join(d.path, lockPath)); err == nil && !info.Mode().IsRegular() {
		<-d.turn
		return nil, fmt.Errorf("%s is not a regular file: %w", lockPath, ErrTampered)
	}
	l := flock.New(filepath.Join(d.path, lockPath), flock.SetPermissions(0o644))
	if _, err := l.TryLockContext(wait, lockRetry); err != nil {
		<-d.turn
		if wait.Err() != nil {
			err = context.Cause(wait)
		}
		return nil, fmt.Errorf("lock %s: %w", lockPath, err)
	}
	return func() {
		_ = l.Close() // closing is what releases it
		<-d.turn
	}, nil
}
