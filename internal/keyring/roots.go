// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxRoot is the largest trusted root that is kept, in bytes.
const maxRoot = 1 << 20

// KeepRoot keeps a Sigstore trusted root under the SHA-256 of its bytes, by
// which policies name it, and returns that as "sha256:HEX". To keep one is not
// to trust it: only the policy that names it does.
func (r Ring) KeepRoot(data []byte) (digest string, err error) {
	if len(data) > maxRoot {
		return "", fmt.Errorf("keep trusted root: %d bytes, over the limit of %d", len(data), maxRoot)
	}
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	if err := r.replace("root", name, ".json", data); err != nil {
		return "", fmt.Errorf("keep trusted root: %w", err)
	}
	return "sha256:" + name, nil
}

// Root returns the trusted root with this digest ("sha256:HEX"), and whether
// it is kept here. One whose bytes are others is ErrWrongKey.
func (r Ring) Root(digest string) (data []byte, ok bool, err error) {
	name, isSHA := strings.CutPrefix(digest, "sha256:")
	if !isSHA {
		return nil, false, fmt.Errorf("read trusted root: %.80q is no digest", digest)
	}
	data, ok, err = r.kept("root", name, ".json", maxRoot)
	if err != nil || !ok {
		return nil, false, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != name {
		return nil, false, fmt.Errorf("read trusted root %s: its bytes are others: %w", digest, ErrWrongKey)
	}
	return data, true, nil
}

// RootFile is where the trusted root with this digest is kept.
func (r Ring) RootFile(digest string) (string, error) {
	name, _ := strings.CutPrefix(digest, "sha256:")
	return r.path("root", name, ".json")
}

// Cache returns the folder for what was fetched of the ledger called origin.
// Nothing in it is trusted, and it may be deleted at any time.
func (r Ring) Cache(origin string) (string, error) {
	path, err := r.path("cache", origin, ".git")
	if err != nil {
		return "", fmt.Errorf("find the cache of %.80s: %w", origin, err)
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return "", fmt.Errorf("find the cache of %.80s: %w", origin, err)
	}
	return path, nil
}

// ReadLogKey reads the log key called origin from a stream, as a job gets it
// that has no ring: the one line that the ring's file holds. It fails with
// ErrNoKey where there is nothing, and ErrWrongKey.
func ReadLogKey(from io.Reader, origin string) (note.Signer, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxKey+1))
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return nil, fmt.Errorf("read log key: nothing there: %w", ErrNoKey)
	}
	return logSigner(text, origin)
}

// ReadLogKeyFile is ReadLogKey from a file that nobody else can read.
//
// It opens no path that is itself a log key, and does not show it.
func ReadLogKeyFile(path, origin string) (note.Signer, error) {
	if strings.HasPrefix(strings.TrimSpace(path), "PRIVATE+KEY+") {
		return nil, fmt.Errorf("read log key: that is the key, not the name of a file that holds it: %w", ErrWrongKey)
	}
	data, err := read(path, maxKey, othersRead)
	if errors.Is(err, fs.ErrNotExist) {
		err = noKey(err)
	}
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	return logSigner(strings.TrimSpace(string(data)), origin)
}

func logSigner(private, origin string) (note.Signer, error) {
	s, err := note.NewSigner(private)
	if err != nil {
		return nil, fmt.Errorf("read log key of %s: %w: %w", origin, ErrWrongKey, err)
	}
	if s.Name() != origin {
		return nil, fmt.Errorf("read log key of %s: %w: it is the key of %s", origin, ErrWrongKey, s.Name())
	}
	return s, nil
}
