// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/gateledger/gateledger/internal/canon"
)

// path1 is where entries are in
// https://github.com/sigstore/rekor/blob/main/openapi.yaml.
const path1 = "api/v1/log/entries"

// uuid1 names an entry: the hash of its leaf, after the id of its tree where
// there are several.
var uuid1 = regexp.MustCompile(`^([0-9a-f]{16})?[0-9a-f]{64}$`)

// duplicate1 is how a log says in words which entry it has already, where nobody on
// the way lets its header through.
var duplicate1 = regexp.MustCompile(`already exists in the transparency log with UUID ([0-9a-f]{64,80})`)

// add1 logs e in a log of version 1, which waits until it is in the tree. One
// that it has already it names, and it is brought from there.
func (l *log) add1(ctx context.Context, e entry) (*protorekor.TransparencyLogEntry, error) {
	type object = map[string]any
	body, err := canon.Marshal(object{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": object{
		"data":      object{"hash": object{"algorithm": "sha256", "value": hex.EncodeToString(e.digest[:])}},
		"signature": object{"content": e.signature, "publicKey": object{"content": e.pem()}},
	}})
	if err != nil {
		return nil, fmt.Errorf("write log entry: %w", err)
	}
	a, err := l.ask(ctx, path1, body)
	if err == nil && a.status == http.StatusConflict {
		a, err = l.find1(ctx, a)
	}
	switch {
	case err != nil:
		return nil, err
	case a.status/100 != 2:
		return nil, l.refused(a)
	}
	logged, err := read1(a.body)
	if err != nil {
		return nil, l.garbled("its answer is no log entry: %w", err)
	}
	return logged, nil
}

// find1 brings the entry that a log says it has already. The log knows an entry
// as soon as it is queued, and finds it only once it is in the tree: another job
// may have brought it a moment ago, or what builds the tree may stand still.
func (l *log) find1(ctx context.Context, conflict answer) (answer, error) {
	uuid := path.Base(conflict.header.Get("Location"))
	if m := duplicate1.FindSubmatch(conflict.body); m != nil && !uuid1.MatchString(uuid) {
		uuid = string(m[1])
	}
	if !uuid1.MatchString(uuid) {
		return answer{}, l.garbled("it has the entry already, and does not say where")
	}
	for wait := 0; ; wait++ {
		a, err := l.ask(ctx, path1+"/"+uuid, nil)
		switch {
		case err != nil || a.status != http.StatusNotFound:
			return a, err
		case wait == waits:
			return answer{}, l.garbled("it has the entry already, and has not put it into its tree")
		}
		if err := l.rest(ctx); err != nil {
			return answer{}, err
		}
	}
}

// An entry1 is a log entry as version 1 writes it.
type entry1 struct {
	Body           []byte `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
	Verification   struct {
		Promise []byte `json:"signedEntryTimestamp"`
		Proof   struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   int64    `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize"`
		} `json:"inclusionProof"`
	} `json:"verification"`
}

// read1 reads an answer with one entry by its name.
func read1(data []byte) (*protorekor.TransparencyLogEntry, error) {
	var all map[string]entry1
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("%d entries, want 1", len(all))
	}
	var e entry1
	for _, e = range all {
	}
	id, err := hex.DecodeString(e.LogID)
	if err != nil || len(id) == 0 {
		return nil, errors.New("no id of the log")
	}
	p := e.Verification.Proof
	root, err := hex.DecodeString(p.RootHash)
	if err != nil {
		return nil, errors.New("no root hash")
	}
	logged := &protorekor.TransparencyLogEntry{
		LogIndex: e.LogIndex, LogId: &protocommon.LogId{KeyId: id}, IntegratedTime: e.IntegratedTime, CanonicalizedBody: e.Body,
		KindVersion:      &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.1"},
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: e.Verification.Promise},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: p.LogIndex, RootHash: root, TreeSize: p.TreeSize, Checkpoint: &protorekor.Checkpoint{Envelope: p.Checkpoint},
		},
	}
	for _, text := range p.Hashes {
		hash, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%.80q is no hash", text)
		}
		logged.InclusionProof.Hashes = append(logged.InclusionProof.Hashes, hash)
	}
	return logged, nil
}
