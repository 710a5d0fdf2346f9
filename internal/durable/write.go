// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"fmt"
	"os"
	"path"
)

// tempSuffix ends the name of a file that is being written. Only one writer
// at a time may be at work below a root, so the name needs nothing random;
// what a crash leaves is overwritten by the next write of the same file, and
// cannot pile up.
const tempSuffix = ".gateledger-tmp"

// WriteFile replaces the file name by data, readable by all the world as far
// as the umask allows. A reader sees the old bytes or the new ones. When it
// returns nil the new ones survive a power cut; when it fails either may.
//
// The order is: write name.gateledger-tmp, fsync it, rename it over name,
// fsync the folder. The rename is the one moment at which name changes.
func WriteFile(fsys FS, name string, data []byte) error {
	temp := name + tempSuffix
	if err := writeSynced(fsys, temp, data); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return publish(fsys, name)
}

// publish renames the synced temporary file of name over name.
func publish(fsys FS, name string) error {
	temp := name + tempSuffix
	if err := fsys.Rename(temp, name); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fsys.SyncDir(path.Dir(name)); err != nil {
		return fmt.Errorf("write %s: sync its folder: %w", name, err)
	}
	return nil
}

func writeSynced(fsys FS, name string, data []byte) error {
	f, err := create(fsys, name, data)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// create writes a file and leaves it open, not yet durable.
func create(fsys FS, name string, data []byte) (File, error) {
	f, err := fsys.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(data); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
