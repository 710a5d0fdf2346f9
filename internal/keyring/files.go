// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// What others must not be able to do, as permission bits. Windows has none;
// there a user's configuration folder is the user's own by inheritance.
const (
	othersRead  fs.FileMode = 0o077 // a private key: nothing at all
	othersWrite fs.FileMode = 0o022 // a pin or a head: change it
)

// create writes a new private file of the ring.
func create(path string, data []byte) error {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return createFile(path, data)
}

// createFile writes a new private file and returns once it is durable. It never
// opens a file that is there: O_EXCL, write, fsync, fsync of the folder. What
// it could not finish it takes away again.
func createFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err != nil {
		return err
	}
	if err := finish(f, data); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncFolder(filepath.Dir(path))
}

// CreateKeyFile writes a private key to a file outside of the ring, whose mode
// is 0600. It fails with ErrExists where there is one.
func CreateKeyFile(path string, data []byte) error {
	if err := createFile(path, data); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

// replace writes path in one step: a file of another name, fsync, rename over
// path, fsync of the folder. The other name is random, because two commands
// of one user may be at work at once.
func replace(path string, data []byte) error {
	folder := filepath.Dir(path)
	if err := makeFolder(folder); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	if err := finish(f, data); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(folder)
}

func finish(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func makeFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return checkFolder(folder)
}

func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder can't be opened for that there
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readPrivate reads a private key of the ring, or fails with ErrNoKey or
// ErrPermissions.
func readPrivate(path string) ([]byte, error) {
	data, err := readKept(path, maxKey, othersRead)
	return data, noKey(err)
}

// ReadKeyFile reads a private key that is not in the ring. Nobody else may be
// able to read the file; where it lies is its owner's choice. It fails with
// ErrNoKey or ErrPermissions.
func ReadKeyFile(path string) ([]byte, error) {
	data, err := read(path, maxKey, othersRead)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", noKey(err))
	}
	return data, nil
}

func noKey(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	return err
}

// readKept reads a file of the ring, whose folders are the user's alone.
func readKept(path string, limit int64, forbidden fs.FileMode) ([]byte, error) {
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return read(path, limit, forbidden)
}

// read reads a file that others have no access to, as far as forbidden says.
// It checks the file it has opened, so that nobody can change it in between.
func read(path string, limit int64, forbidden fs.FileMode) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, notRegular(path) // to open a pipe could wait for ever
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, notRegular(path)
	}
	if err := checkMode(path, info, forbidden, "600"); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is over the limit of %d bytes: %w", path, limit, ErrWrongKey)
	}
	return data, nil
}

func notRegular(path string) error {
	return fmt.Errorf("%s is not a regular file: %w", path, ErrWrongKey)
}

// checkFolder wants a folder in which nobody else can put one file in place
// of another.
func checkFolder(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	return checkMode(folder, info, othersRead, "700")
}

func checkMode(path string, info fs.FileInfo, forbidden fs.FileMode, want string) error {
	if runtime.GOOS == "windows" || info.Mode().Perm()&forbidden == 0 {
		return nil
	}
	return fmt.Errorf("%s has mode %04o: %w; run: chmod %s %q", path, info.Mode().Perm(), ErrPermissions, want, path)
}
