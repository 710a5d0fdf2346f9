// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/durable"
)

// stage makes files and the leaves' documents durable, with the checkpoint that
// is to be published next, and reads the files back. Nothing refers to any of
// them yet.
func (d *dir) stage(ctx context.Context, st *durable.Stage, checkpoint []byte, files []file, leaves []pending) error {
	s := d.state
	if !s.tidy {
		if err := s.edge.removeStray(d.fsys); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := stageFile(st, f); err != nil {
			return err
		}
	}
	for _, l := range leaves {
		if err := d.stageBlobs(st, l); err != nil {
			return err
		}
	}
	if err := st.Replace(checkpointPath, checkpoint); err != nil {
		return err
	}
	if err := st.Sync(); err != nil {
		return err
	}
	for _, f := range files {
		if err := compare(d.fsys, f); err != nil {
			return fmt.Errorf("read back: %w", err)
		}
	}
	return nil
}

// stageFile writes f. A run of bodies first removes the file of its complete
// segment, which only a crashed commit can have left, and which readers would
// prefer to the run.
func stageFile(st *durable.Stage, f file) error {
	if segment, _, ok := strings.Cut(f.name, ".p/"); ok && strings.HasPrefix(f.name, "body/") {
		if err := st.Remove(segment); err != nil {
			return err
		}
	}
	return st.Write(f.name, f.data)
}

// stageBlobs writes the documents of a leaf. One that is there already, and
// may be referred to, is left alone.
func (d *dir) stageBlobs(st *durable.Stage, l pending) error {
	for i, sum := range l.record.blobs {
		name := blobPath(sum)
		_, err := readBlob(d.fsys, sum)
		switch {
		case err == nil:
			err = st.Keep(name)
		case errors.Is(err, ErrMissing), errors.Is(err, ErrTampered):
			err = st.Write(name, l.Blobs[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle brings the writer's state to what was just committed, and tidies up
// behind it: ids go to their cache, superseded partial tiles go, and a segment
// that is now complete has its runs joined. None of this is needed for the
// log to be right, so nothing in it can fail the append.
func (d *dir) settle(next *edge, leaves []pending) {
	s := d.state
	old := s.edge
	s.edge = next
	from := len(s.ids.list)
	for _, l := range leaves {
		s.ids.add(l.ID)
	}
	_ = writeIDs(d.fsys, from, s.ids.list)
	s.tidy = d.removeSuperseded(old, next) == nil
	if first, now := old.head.Size/tileWidth, next.head.Size/tileWidth; first < now && old.head.Size%tileWidth != 0 {
		_ = d.join(first)
	}
}

// removeSuperseded removes the partial tiles of old that next has wider: those
// of entries and leaf hashes at once, since there is one of each a commit, the
// few above them only when their tile is full.
func (d *dir) removeSuperseded(old, next *edge) error {
	kept := map[string]bool{}
	for _, f := range next.files() {
		kept[path.Dir(f.name)] = true
		kept[f.name] = true
	}
	for _, f := range old.files() {
		var err error
		switch folder := path.Dir(f.name); {
		case !kept[folder]:
			err = d.removeFolder(folder)
		case !kept[f.name] && (f.level == 0 || f.level == entryLevel):
			err = d.fsys.Remove(f.name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// removeFolder removes a folder of files.
func (d *dir) removeFolder(folder string) error {
	entries, err := d.fsys.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := d.fsys.Remove(path.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return d.fsys.Remove(folder)
}

// join replaces the runs of a complete segment by one file.
func (d *dir) join(n uint64) error {
	var s segment
	if err := s.read(d.fsys, n, tileWidth); err != nil {
		return err
	}
	names := map[string]bool{}
	for _, r := range s.records {
		if r.body == nil {
			return fmt.Errorf("%s: %w", r.path, ErrMissing)
		}
		names[r.path] = true
	}
	if cutRun(s.records) < len(s.records) || names[segmentPath(n)] {
		return nil
	}
	if err := durable.WriteFile(d.fsys, segmentPath(n), encodeRun(s.records)); err != nil {
		return err
	}
	for name := range names {
		if err := d.fsys.Remove(name); err != nil {
			return err
		}
	}
	return d.fsys.Remove(path.Dir(runPath(n, 0)))
}
