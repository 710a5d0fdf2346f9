// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The largest files that are read, in bytes.
const (
	maxPolicy     = 1 << 20
	maxCheckpoint = 1 << 20
)

// Pin makes policy the one this user trusts for the ledger called origin, in
// place of any before. It takes effect whole or not at all.
func (r Ring) Pin(origin string, policy []byte) error {
	if len(policy) > maxPolicy {
		return fmt.Errorf("pin policy of %.80s: %d bytes, over the limit of %d", origin, len(policy), maxPolicy)
	}
	if err := r.replace("trust", origin, ".yml", policy); err != nil {
		return fmt.Errorf("pin policy of %.80s: %w", origin, err)
	}
	return nil
}

// Pinned returns the policy the user trusts for the ledger called origin, and
// whether there is one. It judges nothing in it.
func (r Ring) Pinned(origin string) (policy []byte, ok bool, err error) {
	policy, ok, err = r.kept("trust", origin, ".yml", maxPolicy)
	if err != nil {
		return nil, false, fmt.Errorf("read the policy pinned for %.80s: %w", origin, err)
	}
	return policy, ok, nil
}

// Pins returns every pinned policy, by origin.
func (r Ring) Pins() (map[string][]byte, error) {
	pins := map[string][]byte{}
	if r.dir == "" {
		return pins, nil
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, "trust"))
	if errors.Is(err, fs.ErrNotExist) {
		return pins, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list pinned policies: %w", err)
	}
	for _, e := range entries {
		origin, ok := strings.CutSuffix(e.Name(), ".yml")
		if !ok || !isName(origin) {
			continue // not ours: a pin is never of another name
		}
		policy, ok, err := r.Pinned(origin)
		if err != nil {
			return nil, err
		}
		if ok {
			pins[origin] = policy
		}
	}
	return pins, nil
}

// SetHead remembers the signed checkpoint of the ledger called origin, so
// that an older log can be told for one that was rolled back. Of two that
// write at once, one wins.
func (r Ring) SetHead(origin string, checkpoint []byte) error {
	if err := r.replace("head", origin, "", checkpoint); err != nil {
		return fmt.Errorf("remember the head of %.80s: %w", origin, err)
	}
	return nil
}

// Head returns the checkpoint that SetHead remembered, or nil. Its signature
// is the caller's to check.
func (r Ring) Head(origin string) (checkpoint []byte, err error) {
	checkpoint, _, err = r.kept("head", origin, "", maxCheckpoint)
	if err != nil {
		return nil, fmt.Errorf("read the head remembered for %.80s: %w", origin, err)
	}
	return checkpoint, nil
}

func (r Ring) replace(kind, name, suffix string, data []byte) error {
	path, err := r.path(kind, name, suffix)
	if err != nil {
		return err
	}
	return replace(path, data)
}

func (r Ring) kept(kind, name, suffix string, limit int64) ([]byte, bool, error) {
	if r.dir == "" {
		return nil, false, nil
	}
	path, err := r.path(kind, name, suffix)
	if err != nil {
		return nil, false, err
	}
	data, err := readKept(path, limit, othersWrite)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return data, err == nil, err
}
