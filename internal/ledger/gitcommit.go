// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// A change is what a commit does to the files of a branch.
type change struct {
	put    map[string][]byte
	remove []string // files and folders, before anything is put
}

func (c *change) add(files ...file) {
	for _, f := range files {
		c.put[f.name] = f.data
	}
}

// branchChange is how the files in old, of a branch that holds g's old tree,
// become those of the tree that g has grown to and whose checkpoint is given.
// A branch without files holds the tree without leaves.
func (g *growth) branchChange(old fs.FS, checkpoint []byte) (change, *edge, error) {
	c := change{put: map[string][]byte{checkpointPath: checkpoint}}
	next, files := g.next(g.leaves)
	for _, f := range files {
		partial := strings.Contains(f.name, ".p/")
		switch {
		case !partial:
			c.add(f)
		case f.level > 0:
			c.add(file{name: edgePath(f.level), data: f.data})
		}
	}
	for level := 1; level < len(g.old.levels); level++ {
		if len(g.old.levels[level]) > 0 && len(next.levels[level]) == 0 {
			c.remove = append(c.remove, edgePath(level))
		}
	}
	first, last := g.old.head.Size/tileWidth, g.size/tileWidth
	if first < last && g.old.head.Size%tileWidth != 0 {
		c.remove = append(c.remove, tailFolder)
	}
	for n := first; n < last; n++ {
		records, err := g.records(old, n)
		if err != nil {
			return change{}, nil, err
		}
		c.add(runFiles(n, 0, records)...)
	}
	for i := max(last*tileWidth, g.old.head.Size); i < g.size; i++ {
		l := g.leaves[i-g.old.head.Size]
		c.put[tailPath(i)] = encodeTail(l.Data, l.record)
	}
	return c, next, g.blobChange(old, &c)
}

// records are those of segment n, which the growth completes: from old what
// was there, and then the new leaves'.
func (g *growth) records(old fs.FS, n uint64) ([]record, error) {
	var s segment
	size := g.old.head.Size
	if width := int(size % tileWidth); n == size/tileWidth && width > 0 {
		if err := s.read(old, n, width); err != nil {
			return nil, err
		}
		for i, r := range s.records {
			if r.body == nil {
				return nil, fmt.Errorf("body of entry %d, %s: %w", n*tileWidth+uint64(i), r.path, ErrMissing)
			}
		}
	}
	records := append(make([]record, 0, tileWidth), s.records...)
	for i := n*tileWidth + uint64(len(records)); i < (n+1)*tileWidth; i++ {
		records = append(records, g.leaves[i-size].record)
	}
	return records, nil
}

// blobChange puts the documents of new leaves where they are not there yet,
// or are there with other bytes.
func (g *growth) blobChange(old fs.FS, c *change) error {
	for _, l := range g.leaves {
		for i, sum := range l.record.blobs {
			name := blobPath(sum)
			if _, ok := c.put[name]; ok {
				continue
			}
			_, err := readBlob(old, sum)
			switch {
			case err == nil:
			case errors.Is(err, ErrMissing), errors.Is(err, ErrTampered):
				c.put[name] = l.Blobs[i]
			default:
				return err
			}
		}
	}
	return nil
}

// removes says whether the change takes a file away.
func (c change) removes(name string) bool {
	for _, gone := range c.remove {
		if name == gone || strings.HasPrefix(name, gone+"/") {
			return true
		}
	}
	return false
}

// readme is for people who come across the branch.
const readme = `# A gateledger log

This branch is an append-only log, written by gateledger and checked by it
against the signed checkpoint in the file of that name. Every commit only adds
to what is here. Please do not edit, rebase, squash or delete it: everybody who
has seen a later state of it would notice.

Nothing reads this file.
`

// firstChange makes a branch that holds a log without leaves.
func firstChange(origin string, checkpoint []byte) (change, error) {
	m, err := markerOf(origin)
	return change{put: map[string][]byte{checkpointPath: checkpoint, markerPath: m, readmePath: []byte(readme)}}, err
}

// noFiles is a branch without files.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: path.Clean(name), Err: fs.ErrNotExist}
}
