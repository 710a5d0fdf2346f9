// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

// maxCheckpoint is the longest signed checkpoint that is read, in bytes.
const maxCheckpoint = 64 << 10

type inclusionProof struct {
	Index      uint64   `json:"logIndex,string"`
	Root       octets   `json:"rootHash"`
	Size       uint64   `json:"treeSize,string"`
	Hashes     []octets `json:"hashes"`
	Checkpoint struct {
		Envelope string `json:"envelope"`
	} `json:"checkpoint"`
}

// included checks the inclusion proof of an entry, where it has one, and that
// its log was believed at that time. Only an entry with a promise may come
// without.
//
// Root hash and tree size of the proof must be those of the checkpoint, and
// for a Rekor v2 log, whose checkpoint names it, the origin must be the host
// of the log's base URL.
func (e *logEntry) included(log *logKey, at time.Time) error {
	if e.Proof == nil {
		return nil
	}
	if !log.valid.holds(at) {
		return fmt.Errorf("its key is believed from %s, not at %s", log.valid, stamp(at))
	}
	r, err := e.Proof.receipt()
	if err != nil {
		return err
	}
	if len(r.Checkpoint.Raw) > maxCheckpoint {
		return fmt.Errorf("checkpoint of %d bytes, over the limit of %d", len(r.Checkpoint.Raw), maxCheckpoint)
	}
	if kinds[e.Kind].second {
		return e.included2(log, r)
	}
	size, root, err := openCheckpoint1(r.Checkpoint.Raw, log)
	if err != nil {
		return err
	}
	if size != r.Checkpoint.Size || root != r.Checkpoint.Root {
		return errors.New("treeSize and rootHash are not those of the checkpoint")
	}
	return proof.Inclusion(r.Proof, tlog.RecordHash(e.Body), r.Index, size, root)
}

// included2 is included for a Rekor v2 log.
func (e *logEntry) included2(log *logKey, r proof.Receipt) error {
	if e.Index != r.Index {
		return fmt.Errorf("logIndex is %d in the entry and %d in its proof", e.Index, r.Index)
	}
	if log.host == "" {
		return errors.New("the trusted root has no baseUrl for it, whose host is its origin")
	}
	r.Checkpoint.Origin = log.host
	return r.Verify(e.Body, proof.Keys{Origin: log.host, Verifiers: []note.Verifier{newNoteKey(log, log.host)}})
}

// receipt reads the proof's fields. The checkpoint's are as claimed.
func (p *inclusionProof) receipt() (proof.Receipt, error) {
	r := proof.Receipt{Index: p.Index}
	if len(p.Hashes) > proof.MaxProof {
		return r, fmt.Errorf("inclusion proof of %d hashes, over the limit of %d", len(p.Hashes), proof.MaxProof)
	}
	for i, h := range p.Hashes {
		if len(h) != tlog.HashSize {
			return r, fmt.Errorf("inclusion proof: hash %d has %d bytes", i, len(h))
		}
		r.Proof = append(r.Proof, tlog.Hash(h))
	}
	if len(p.Root) != tlog.HashSize {
		return r, fmt.Errorf("rootHash has %d bytes", len(p.Root))
	}
	r.Checkpoint = proof.Checkpoint{Size: p.Size, Root: tlog.Hash(p.Root), Raw: []byte(p.Checkpoint.Envelope)}
	return r, nil
}

// anyName finds a log's key by its hash alone: a Rekor v1 log does not sign
// under the host of its base URL.
type anyName struct{ log *logKey }

// Verifier returns the log's key under that name.
func (a anyName) Verifier(name string, hash uint32) (note.Verifier, error) {
	if key := newNoteKey1(a.log, name); key.hash == hash {
		return key, nil
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// openCheckpoint1 opens the checkpoint of a Rekor v1 log: its first line is
// the name that it signs under and the id of its tree, and lines may follow
// the third.
func openCheckpoint1(raw []byte, log *logKey) (size uint64, root tlog.Hash, err error) {
	n, err := note.Open(raw, anyName{log})
	if err != nil {
		return 0, root, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return 0, root, errors.New("checkpoint has fewer than three lines")
	}
	name, tree, ok := strings.Cut(lines[0], " - ")
	if _, err := strconv.ParseUint(tree, 10, 64); !ok || err != nil || name != n.Sigs[0].Name {
		return 0, root, fmt.Errorf("checkpoint of %.80q, want the name of the log and its tree", lines[0])
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil {
		return 0, root, fmt.Errorf("checkpoint's signature: %w", err)
	}
	if size, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		return 0, root, fmt.Errorf("checkpoint's size: %w", err)
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(hash) != tlog.HashSize {
		return 0, root, fmt.Errorf("checkpoint's root %.60q is no hash", lines[2])
	}
	return size, tlog.Hash(hash), nil
}
