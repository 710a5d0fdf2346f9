// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sync/errgroup"
)

// maxOpen is how many staged files are open at once.
const maxOpen = 64

// A Stage writes files to their final names and makes them durable together.
// Nothing may refer to them before Sync returns nil; what an earlier crash
// left under these names is overwritten.
type Stage struct {
	fsys    FS
	open    []staged
	folders map[string]bool // have a new name in them, to be synced
	made    map[string]bool // exist, and need no further look
}

type staged struct {
	name string
	file File
}

// NewStage returns an empty stage below fsys. The folders in known exist and
// are durable with all above them; every other one is made, or, since a crash
// may have kept its maker from syncing it, synced again.
func NewStage(fsys FS, known ...string) *Stage {
	s := &Stage{fsys: fsys, folders: map[string]bool{}, made: map[string]bool{".": true}}
	for _, folder := range known {
		for ; folder != "."; folder = path.Dir(folder) {
			s.made[folder] = true
		}
	}
	return s
}

// Write puts data at name and makes its folders.
func (s *Stage) Write(name string, data []byte) error {
	if err := s.mkdirs(path.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	f, err := create(s.fsys, name, data)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	s.folders[path.Dir(name)] = true
	return s.add(name, f)
}

// Replace writes what is to take the place of name, beside it; Publish then
// puts it there. It costs no sync of its own, as WriteFile would.
func (s *Stage) Replace(name string, data []byte) error {
	f, err := create(s.fsys, name+tempSuffix, data)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return s.add(name+tempSuffix, f)
}

// Publish puts what Replace wrote in the place of name, in one moment. It is
// for after Sync: all that was staged is durable then, whatever name says of
// it. When it returns nil, so is name; when it fails, name may be either.
func (s *Stage) Publish(name string) error { return publish(s.fsys, name) }

// Keep makes a file that is there already durable with the rest: whoever
// wrote it may have crashed before that.
func (s *Stage) Keep(name string) error {
	if err := s.mkdirs(path.Dir(name)); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	f, err := s.fsys.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	s.folders[path.Dir(name)] = true
	return s.add(name, f)
}

// Remove takes away a file that an earlier crash may have left, and that
// would be in the way.
func (s *Stage) Remove(name string) error {
	err := s.fsys.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	s.folders[path.Dir(name)] = true
	return nil
}

func (s *Stage) add(name string, f File) error {
	s.open = append(s.open, staged{name, f})
	if len(s.open) < maxOpen {
		return nil
	}
	return s.finish(nil)
}

// mkdirs makes folder and the ones above it.
func (s *Stage) mkdirs(folder string) error {
	if s.made[folder] {
		return nil
	}
	if err := s.mkdirs(path.Dir(folder)); err != nil {
		return err
	}
	if err := s.fsys.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	s.folders[path.Dir(folder)] = true
	s.made[folder] = true
	return nil
}

// Sync returns once every file written and every name made is durable. The
// order among them does not matter, so they go to the disk side by side: a
// journaling file system then commits once for all.
func (s *Stage) Sync() error {
	folders := s.folders
	s.folders = map[string]bool{}
	return s.finish(folders)
}

// Discard closes the files that are still open. They stay where they are, as
// after a crash. After Sync it does nothing.
func (s *Stage) Discard() {
	for _, f := range s.open {
		_ = f.file.Close()
	}
	s.open = nil
}

// finish syncs and closes the open files, and syncs folders.
func (s *Stage) finish(folders map[string]bool) error {
	var g errgroup.Group
	for _, f := range s.open {
		g.Go(func() error {
			if err := errors.Join(f.file.Sync(), f.file.Close()); err != nil {
				return fmt.Errorf("write %s: %w", f.name, err)
			}
			return nil
		})
	}
	for folder := range folders {
		g.Go(func() error {
			if err := s.fsys.SyncDir(folder); err != nil {
				return fmt.Errorf("sync folder %s: %w", folder, err)
			}
			return nil
		})
	}
	s.open = nil
	return g.Wait()
}
