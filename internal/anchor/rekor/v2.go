// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	tiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/proof"
)

// path2 begins the paths of
// https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor_service.proto.
const path2 = "api/v2/"

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// add2 logs e in a log of version 2, which waits until it is in the tree. One
// that it has already it numbers, and the proof is computed from the tiles.
func (l *log) add2(ctx context.Context, e entry) (*protorekor.TransparencyLogEntry, error) {
	body, err := protojson.Marshal(&tiles.CreateEntryRequest{Spec: &tiles.CreateEntryRequest_HashedRekordRequestV002{
		HashedRekordRequestV002: &tiles.HashedRekordRequestV002{Digest: e.digest[:], Signature: e.proto()},
	}})
	if err != nil {
		return nil, fmt.Errorf("write log entry: %w", err)
	}
	a, err := l.ask(ctx, path2+"log/entries", body)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusConflict:
		return l.find2(ctx, a)
	case a.status/100 != 2:
		return nil, l.refused(a)
	}
	logged := new(protorekor.TransparencyLogEntry)
	if err := protojson.Unmarshal(a.body, logged); err != nil {
		return nil, l.garbled("its answer is no log entry: %w", err)
	}
	return logged, nil
}

// duplicate2 is how a log that sends no header names the entry it has.
var duplicate2 = regexp.MustCompile(`already exists in the transparency log with index ([0-9]{1,15})`)

// find2 is the entry that a log says it has already.
func (l *log) find2(ctx context.Context, a answer) (*protorekor.TransparencyLogEntry, error) {
	number := a.header.Get("X-Log-Index")
	if m := duplicate2.FindSubmatch(a.body); number == "" && m != nil {
		number = string(m[1])
	}
	index, err := strconv.ParseUint(number, 10, 48)
	if err != nil {
		return nil, l.garbled("it has the entry already, and does not say where")
	}
	for wait := 0; ; wait++ {
		head, err := l.head2(ctx)
		switch {
		case err != nil:
			return nil, err
		case index < head.size:
			return l.prove2(ctx, index, head)
		case wait == waits:
			return nil, l.garbled("it has the entry as number %d, and published only %d", index, head.size)
		}
		if err := l.rest(ctx); err != nil {
			return nil, err
		}
	}
}

// A head2 is a checkpoint of the log, whose signature nobody checked.
type head2 struct {
	size     uint64
	root     tlog.Hash
	envelope string
	keyHash  []byte // of its first signature
}

// signature2 is the first signature line of a signed note.
var signature2 = regexp.MustCompile(`\n\n— \S+ ([A-Za-z0-9+/]+=*)\n`)

func (l *log) head2(ctx context.Context) (head2, error) {
	a, err := l.ask(ctx, path2+"checkpoint", nil)
	switch {
	case err != nil:
		return head2{}, err
	case a.status/100 != 2:
		return head2{}, l.garbled("it has the entry already, and its checkpoint is not there to be read: %s", anchor.Said(a.status, nil))
	}
	h := head2{envelope: string(a.body)}
	lines := strings.Split(h.envelope, "\n")
	m := signature2.FindStringSubmatch(h.envelope)
	if len(lines) < 4 || m == nil {
		return head2{}, l.garbled("its checkpoint is none")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	signature, signatureErr := base64.StdEncoding.DecodeString(m[1])
	if err := errors.Join(err, rootErr, signatureErr); err != nil || len(root) != tlog.HashSize || len(signature) < 4 || size > proof.MaxSize {
		return head2{}, l.garbled("its checkpoint is none")
	}
	h.size, h.root, h.keyHash = size, tlog.Hash(root), signature[:4]
	return h, nil
}

// prove2 is the entry at index, with a proof that leads to head. What is read
// for the proof is held against head's root.
func (l *log) prove2(ctx context.Context, index uint64, head head2) (*protorekor.TransparencyLogEntry, error) {
	body, err := l.read2(ctx, index, head.size)
	if err != nil {
		return nil, err
	}
	tree := tlog.Tree{N: int64(head.size), Hash: head.root}
	hashes, err := tlog.ProveRecord(tree.N, int64(index), tlog.TileHashReader(tree, &tileReader{l, ctx}))
	if err != nil {
		return nil, l.garbled("its tiles do not lead to its checkpoint: %w", err)
	}
	logged := &protorekor.TransparencyLogEntry{
		LogIndex: int64(index), LogId: &protocommon.LogId{KeyId: head.keyHash}, CanonicalizedBody: body,
		KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: int64(index), RootHash: head.root[:], TreeSize: tree.N, Checkpoint: &protorekor.Checkpoint{Envelope: head.envelope},
		},
	}
	for _, id := range l.world.LogIDs {
		if bytes.HasPrefix(id, head.keyHash) {
			logged.LogId.KeyId = id
		}
	}
	for _, h := range hashes {
		logged.InclusionProof.Hashes = append(logged.InclusionProof.Hashes, h[:])
	}
	return logged, nil
}

// read2 reads one entry out of its bundle, by C2SP tlog-tiles.
func (l *log) read2(ctx context.Context, index, size uint64) ([]byte, error) {
	n := index / tileWidth
	t := tlog.Tile{H: tileHeight, L: 0, N: int64(n), W: int(min(size-n*tileWidth, tileWidth))}
	data, err := l.tile2(ctx, t, "tile/entries/")
	for at := uint64(0); err == nil; at++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, l.garbled("entry %d is not in its bundle", index)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if at == index%tileWidth {
			return data[2:end], nil
		}
		data = data[end:]
	}
	return nil, err
}

// tile2 brings a tile. A log may take a partial one away once it has the full
// one, which begins with it.
func (l *log) tile2(ctx context.Context, t tlog.Tile, folder string) ([]byte, error) {
	path := func(t tlog.Tile) string {
		rest := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/%d/", t.H, t.L))
		return path2 + folder + rest
	}
	a, err := l.ask(ctx, path(t), nil)
	if err == nil && a.status == http.StatusNotFound && t.W < tileWidth {
		full := t
		full.W = tileWidth
		a, err = l.ask(ctx, path(full), nil)
	}
	switch {
	case err != nil:
		return nil, err
	case a.status/100 != 2:
		return nil, l.garbled("it has the entry already, and a tile is not there to be read: %s", anchor.Said(a.status, nil))
	}
	return a.body, nil
}

// A tileReader reads hash tiles for package tlog, which checks them.
type tileReader struct {
	*log
	ctx context.Context
}

// Height is that of every log that speaks tlog-tiles.
func (tileReader) Height() int { return tileHeight }

// ReadTiles brings tiles, one by one.
func (r tileReader) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range want {
		data, err := r.tile2(r.ctx, t, fmt.Sprintf("tile/%d/", t.L))
		if err != nil {
			return nil, err
		}
		if len(data) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("a tile of %d bytes, want %d", len(data), t.W*tlog.HashSize)
		}
		all = append(all, data[:t.W*tlog.HashSize])
	}
	return all, nil
}

// SaveTiles keeps nothing.
func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
