// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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

// A state folder has in it:
//
//	witness          the verifier key whose state this is
//	lock             held by the process that is at work
//	HASH             for each log, by SHA-256 of its origin: the checkpoint that was cosigned last
//	fork-….json      two signed checkpoints of one log that cannot both be
//
// A checkpoint stands there with our own cosignature, so that a state that was
// altered, or is of another key, is never gone on from.
const (
	ownerPath = "witness"
	lockPath  = "lock"
)

// What can be wrong with a state folder, told apart by errors.Is.
var (
	ErrBusy  = errors.New("another process works with it")
	ErrState = errors.New("it is not the state that this witness left")
	ErrLost  = errors.New("the state that this witness left is not there")
)

// maxState bounds a file of the state, in bytes.
const maxState = MaxRequest + 4<<10

// A store is a state folder, held by this process.
type store struct {
	fsys durable.FS
	lock *flock.Flock
	key  proof.Cosigner
	new  bool // nothing was there
}

// openStore takes the folder for this process and this key, and makes it where
// it is not there, unless it has to be. layer is put before its file system, for
// tests.
func openStore(folder string, key proof.Cosigner, begun bool, layer func(durable.FS) durable.FS) (*store, error) {
	if _, err := os.Stat(filepath.Join(folder, ownerPath)); begun && errors.Is(err, fs.ErrNotExist) {
		return nil, ErrLost
	}
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	fsys, err := durable.Dir(folder)
	if err != nil {
		return nil, err
	}
	if layer != nil {
		fsys = layer(fsys)
	}
	if info, err := os.Lstat(filepath.Join(folder, lockPath)); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: %w", lockPath, ErrState)
	}
	lock := flock.New(filepath.Join(folder, lockPath), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock it: %w", err)
	}
	if !held {
		return nil, ErrBusy
	}
	s := &store{fsys: fsys, lock: lock, key: key}
	if err := s.own(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// makeFolder makes a folder and those above it, and returns once their names are
// durable: a state that a power cut takes away whole is forgotten too.
func makeFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	above := filepath.Dir(folder)
	if above != folder {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parent, err := durable.Dir(above)
	if err != nil {
		return err
	}
	return parent.SyncDir(".")
}

// own writes whose state this is, or checks it. A folder without an owner that
// has a checkpoint in it is nobody's.
func (s *store) own() error {
	data, err := s.read(ownerPath)
	if err == nil {
		if string(data) != s.key.String()+"\n" {
			return fmt.Errorf("it is of the witness %.200q: %w", strings.TrimSuffix(string(data), "\n"), ErrState)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, err := s.fsys.ReadDir(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != lockPath && !strings.HasPrefix(name, ownerPath) {
			return fmt.Errorf("it has %.80s in it and says of no witness: %w", name, ErrState)
		}
	}
	s.new = true
	return durable.WriteFile(s.fsys, ownerPath, []byte(s.key.String()+"\n"))
}

func (s *store) close() error { return s.lock.Close() }

func (s *store) read(name string) ([]byte, error) {
	f, err := s.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err == nil && len(data) > maxState {
		err = fmt.Errorf("%s has over %d bytes: %w", name, maxState, ErrState)
	}
	return data, err
}

// OriginHash names a log in addresses and files: SHA-256 of its origin, in hex.
func OriginHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// A seen is the checkpoint of a log that was cosigned last. The zero seen is
// none.
type seen struct {
	head proof.Checkpoint // Raw: as it stands in the state, with our cosignature
	at   time.Time        // of the cosignature
	line string           // the cosignature
	text string           // what it signs
}

// load reads what was cosigned of a log; the zero seen where that is nothing.
func (s *store) load(origin string) (seen, error) {
	name := OriginHash(origin)
	data, err := s.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return seen{}, nil
	}
	if err != nil {
		return seen{}, err
	}
	c, err := parseSeen(data, origin, s.key)
	if err != nil {
		return seen{}, fmt.Errorf("%s, of the log %.80q: %w", name, origin, err)
	}
	return c, nil
}

// parseSeen reads a checkpoint that this key has cosigned. It fails with
// ErrState.
func parseSeen(data []byte, origin string, key proof.Cosigner) (seen, error) {
	n, err := note.Open(data, note.VerifierList(key))
	if err != nil {
		return seen{}, fmt.Errorf("%w: %w", ErrState, err)
	}
	head, err := proof.ParseText(n.Text)
	if err != nil {
		return seen{}, fmt.Errorf("%w: %w", ErrState, err)
	}
	if head.Origin != origin {
		return seen{}, fmt.Errorf("%w: it is of %.80q", ErrState, head.Origin)
	}
	line := fmt.Sprintf("— %s %s", n.Sigs[0].Name, n.Sigs[0].Base64)
	at, err := key.Cosignature([]byte(n.Text), line)
	if err != nil {
		return seen{}, fmt.Errorf("%w: %w", ErrState, err)
	}
	head.Raw = data
	return seen{head: head, at: at, line: line, text: n.Text}, nil
}

// save makes what was cosigned durable. Before it returns nil no cosignature
// may leave this process.
func (s *store) save(c seen) error {
	return durable.WriteFile(s.fsys, OriginHash(c.head.Origin), c.head.Raw)
}
