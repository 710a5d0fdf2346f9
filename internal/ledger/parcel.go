// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/git"
)

// A parcel's commit holds, for its leaves in order, <i>/leaf, <i>/body and
// its documents, <i>/blob/<j>. The same leaves make the same commit.
const (
	// MaxParcelLeaves, MaxParcelFiles and MaxParcel, in bytes, are the most
	// that one parcel may hold.
	MaxParcelLeaves = 256
	MaxParcelFiles  = 1024
	MaxParcel       = 64 << 20

	// maxReadParcels is about how many bytes of parcels are asked of git at
	// once, and maxHeldParcels how many one Pending returns.
	maxReadParcels = 32 << 20
	maxHeldParcels = 256 << 20
)

// parcelTime is the date of every parcel's commit: its writer's clock is
// nobody's business.
var parcelTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// parcelName is the hex SHA-256 over the ids of the leaves.
func parcelName(leaves []Leaf) string {
	h := sha256.New()
	for _, l := range leaves {
		id := ID(l.Data)
		h.Write(id[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// secondName is for a parcel whose first name is taken by other bytes: by
// the same events signed again, or by somebody who wants to be in the way.
func (p Parcel) secondName() string { return parcelName(p.Leaves) + "-" + p.Commit[:16] }

// wellNamed says whether a name could be a parcel's.
func wellNamed(name string) bool {
	name, second, ok := strings.Cut(name, "-")
	return len(name) == 64 && isHex(name) && (!ok || len(second) == 16 && isHex(second))
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// quarantineRef has the parcel's own name, or if that is odd, one that can't
// be in the way of another's.
func (p Parcel) quarantineRef() string {
	if wellNamed(p.Name) {
		return quarantineRefs + p.Name
	}
	return oddRef(p.Commit)
}

func oddRef(commit string) string { return quarantineRefs + "odd-" + commit }

// parcelFiles lays out a parcel.
func parcelFiles(leaves []Leaf) (map[string][]byte, error) {
	if err := checkLeaves(leaves); err != nil {
		return nil, err
	}
	if len(leaves) == 0 || len(leaves) > MaxParcelLeaves {
		return nil, fmt.Errorf("a parcel of %d leaves, want 1 to %d: %w", len(leaves), MaxParcelLeaves, ErrTooLarge)
	}
	files := map[string][]byte{}
	total := 0
	for i, l := range leaves {
		if id := ID(l.Data); l.ID != id && l.ID != ([32]byte{}) {
			return nil, fmt.Errorf("leaf %d of the parcel has id %x, its data say %x", i, l.ID, id)
		}
		n := strconv.Itoa(i)
		files[n+"/leaf"], files[n+"/body"] = l.Data, l.Body
		total += len(l.Data) + len(l.Body)
		for j, b := range l.Blobs {
			files[n+"/blob/"+strconv.Itoa(j)] = b
			total += len(b)
		}
	}
	if len(files) > MaxParcelFiles || total > MaxParcel {
		return nil, fmt.Errorf("a parcel of %d files and %d bytes, at most %d and %d: %w", len(files), total, MaxParcelFiles, MaxParcel, ErrTooLarge)
	}
	return files, nil
}

// errParcel is what is wrong with a parcel that is not one.
var errParcel = errors.New("not a parcel of ours")

// A layout is where the parts of a parcel stand among its files.
type layout struct {
	leaf, body git.Object
	blobs      []git.Object
}

// layOut finds the parts of a parcel among the files of its commit, and
// refuses any other file. What is wrong with the parcel is told from what is
// wrong with the cache.
func layOut(objects []git.Object, listing error) (parts []layout, wrong, err error) {
	switch {
	case errors.Is(listing, git.ErrOddTree), errors.Is(listing, git.ErrTooLarge):
		return nil, fmt.Errorf("%w: %w", errParcel, listing), nil
	case listing != nil:
		return nil, nil, notHere(listing)
	}
	parts, wrong = findParts(objects)
	return parts, wrong, nil
}

func findParts(objects []git.Object) ([]layout, error) {
	if len(objects) > MaxParcelFiles {
		return nil, fmt.Errorf("%d files, at most %d: %w", len(objects), MaxParcelFiles, ErrTooLarge)
	}
	files := map[string]git.Object{}
	total := int64(0)
	for _, o := range objects {
		files[o.Path] = o
		if total += o.Size; o.Size > MaxParcel || total > MaxParcel {
			return nil, fmt.Errorf("over %d bytes: %w", MaxParcel, ErrTooLarge)
		}
	}
	var all []layout
	used := 0
	for i := range MaxParcelLeaves {
		n := strconv.Itoa(i)
		leaf, is := files[n+"/leaf"]
		body, has := files[n+"/body"]
		if !is || !has {
			break
		}
		l := layout{leaf: leaf, body: body}
		for j := range MaxBlobs {
			blob, ok := files[n+"/blob/"+strconv.Itoa(j)]
			if !ok {
				break
			}
			l.blobs = append(l.blobs, blob)
		}
		if leaf.Size == 0 || leaf.Size > maxEntry || body.Size > MaxBody {
			return nil, fmt.Errorf("leaf %d has %d bytes and a body of %d, at most %d and %d: %w", i, leaf.Size, body.Size, maxEntry, MaxBody, ErrTooLarge)
		}
		used += 2 + len(l.blobs)
		all = append(all, l)
	}
	if used != len(objects) || used == 0 {
		return nil, fmt.Errorf("%w: %d of its %d files are no part of one", errParcel, len(objects)-used, len(objects))
	}
	return all, nil
}

func (l layout) size() (sum int64) {
	for _, o := range l.objects() {
		sum += o.Size
	}
	return sum
}

// objects are the files of a leaf in one list.
func (l layout) objects() []git.Object {
	return append([]git.Object{l.leaf, l.body}, l.blobs...)
}

// readParcels fills in the leaves of parcels, or why there are none, of as
// many as may be held at once, and says how many those are. An error is one
// of reading, not of any parcel.
func (g *gitLedger) readParcels(ctx context.Context, parcels []Parcel) (read int, err error) {
	if g.inbox.read == nil {
		g.inbox.read = map[string]Parcel{}
	}
	layouts := make([][]layout, len(parcels))
	var unread []int
	var commits []string
	for i := range parcels {
		p := &parcels[i]
		if known, ok := g.inbox.read[p.key()]; ok {
			p.Leaves, p.Err = known.Leaves, known.Err
			continue
		}
		unread, commits = append(unread, i), append(commits, p.Commit)
	}
	err = g.store.git().FilesOf(ctx, commits, func(n int, objects []git.Object, wrong error) (err error) {
		i := unread[n]
		layouts[i], parcels[i].Err, err = layOut(objects, wrong)
		return err
	})
	if err != nil {
		return 0, err
	}
	for total := int64(0); len(unread) > 0; {
		count, size, err := g.loadParcels(parcels, layouts, unread)
		if err != nil {
			return 0, err
		}
		for _, i := range unread[:count] {
			g.inbox.read[parcels[i].key()] = parcels[i]
		}
		unread = unread[count:]
		if total += size; total > g.maxHeld && len(unread) > 0 {
			return unread[0], nil
		}
	}
	return len(parcels), nil
}

// loadParcels reads the first of unread, as many as may be asked for at once,
// and says how many those were, and of how many bytes.
func (g *gitLedger) loadParcels(parcels []Parcel, layouts [][]layout, unread []int) (count int, size int64, err error) {
	var objects []git.Object
	for _, i := range unread {
		if size > min(maxReadParcels, g.maxHeld) {
			break
		}
		for _, l := range layouts[i] {
			objects = append(objects, l.objects()...)
			size += l.size()
		}
		count++
	}
	blobs, err := g.store.load(objects)
	if err != nil {
		return 0, 0, err
	}
	for _, i := range unread[:count] {
		p := &parcels[i]
		for _, l := range layouts[i] {
			n := 2 + len(l.blobs)
			p.Leaves = append(p.Leaves, Leaf{ID: ID(blobs[0]), Data: blobs[0], Body: blobs[1], Blobs: slices.Clone(blobs[2:n])})
			blobs = blobs[n:]
		}
		if p.Err == nil && p.Name != parcelName(p.Leaves) && p.Name != p.secondName() {
			p.Err = fmt.Errorf("%w: its name is not the hash of its leaves", errParcel)
		}
		if p.Err != nil {
			p.Leaves = nil
		}
	}
	return count, size, nil
}
