// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-openapi/runtime"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	tiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1" // a log knows its kinds by import
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/proof"
)

// A fake is a transparency log that keeps its rules: an entry stands there
// once. Others have logged before.
type fake struct {
	version int
	host    string
	v1      *ecdsa.PrivateKey
	v2      ed25519.PrivateKey
	noReads bool // the tiles are served elsewhere
	noIndex bool // a duplicate is named in the text alone
	queued  int  // so often is an entry not found that it took: it is not in the tree yet

	mu     sync.Mutex
	bodies [][]byte
	hashes []tlog.Hash
	others int
}

func newFake(t *testing.T, version, others int) *fake {
	t.Helper()
	f := &fake{version: version, host: "127.0.0.1", others: others}
	var err error
	if f.v1, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
		_, f.v2, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range others {
		f.add(fmt.Appendf(nil, "entry %d of somebody else", i))
	}
	return f
}

// add logs a body and says where it stands, and whether it did before.
func (f *fake) add(body []byte) (index int, before bool) {
	for i, b := range f.bodies {
		if string(b) == string(body) {
			return i, true
		}
	}
	more, err := tlog.StoredHashes(int64(len(f.bodies)), body, f)
	if err != nil {
		panic(err)
	}
	f.hashes, f.bodies = append(f.hashes, more...), append(f.bodies, body)
	return len(f.bodies) - 1, false
}

// ReadHashes makes a fake a tlog.HashReader.
func (f *fake) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, i := range indexes {
		all = append(all, f.hashes[i])
	}
	return all, nil
}

func (f *fake) taken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.bodies) - f.others
}

func (f *fake) root() tlog.Hash {
	h, err := tlog.TreeHash(int64(len(f.bodies)), f)
	if err != nil {
		panic(err)
	}
	return h
}

// logID is how a trusted root names the log.
func (f *fake) logID() []byte {
	if f.version == 2 {
		_, id, err := rekornote.KeyHash(f.host, f.v2.Public())
		if err != nil {
			panic(err)
		}
		return id
	}
	der, err := x509.MarshalPKIXPublicKey(f.v1.Public())
	if err != nil {
		panic(err)
	}
	id := sha256.Sum256(der)
	return id[:]
}

func (f *fake) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	switch {
	case err != nil:
		http.Error(rw, "what?", http.StatusBadRequest)
	case f.version == 1:
		f.serve1(rw, req, body)
	case req.Method == http.MethodPost && req.URL.Path == "/api/v2/log/entries":
		f.add2(rw, body)
	case f.noReads:
		http.NotFound(rw, req)
	case req.URL.Path == "/api/v2/checkpoint":
		_, _ = io.WriteString(rw, f.checkpoint2())
	default:
		f.tile2(rw, strings.TrimPrefix(req.URL.Path, "/api/v2/tile/"))
	}
}

func (f *fake) add2(rw http.ResponseWriter, data []byte) {
	var q tiles.CreateEntryRequest
	if err := protojson.Unmarshal(data, &q); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	h := q.GetHashedRekordRequestV002()
	key, err := x509.ParsePKIXPublicKey(h.GetSignature().GetVerifier().GetPublicKey().GetRawBytes())
	public, ok := key.(*ecdsa.PublicKey)
	if err != nil || !ok || !ecdsa.VerifyASN1(public, h.GetDigest(), h.GetSignature().GetContent()) {
		http.Error(rw, "invalid hashedrekord request", http.StatusBadRequest)
		return
	}
	raw, err := protojson.Marshal(&tiles.Entry{Kind: "hashedrekord", ApiVersion: "0.0.2", Spec: &tiles.Spec{Spec: &tiles.Spec_HashedRekordV002{
		HashedRekordV002: &tiles.HashedRekordLogEntryV002{Signature: h.Signature, Data: &protocommon.HashOutput{Digest: h.Digest, Algorithm: protocommon.HashAlgorithm_SHA2_256}},
	}}})
	if err == nil {
		raw, err = canon.Transform(raw)
	}
	if err != nil {
		panic(err)
	}
	index, before := f.add(raw)
	if before {
		text := fmt.Sprintf(`{"code":6,"message":"an equivalent entry already exists in the transparency log with index %d"}`, index)
		if !f.noIndex {
			rw.Header().Set("x-log-index", fmt.Sprint(index))
			text = "{}"
		}
		rw.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(rw, text)
		return
	}
	root := f.root()
	logged := &protorekor.TransparencyLogEntry{
		LogIndex: int64(index), LogId: &protocommon.LogId{KeyId: f.logID()}, CanonicalizedBody: raw,
		KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: int64(index), TreeSize: int64(len(f.bodies)), RootHash: root[:], Hashes: f.prove(index), Checkpoint: &protorekor.Checkpoint{Envelope: f.checkpoint2()},
		},
	}
	answer, err := protojson.Marshal(logged)
	if err != nil {
		panic(err)
	}
	rw.WriteHeader(http.StatusCreated)
	_, _ = rw.Write(answer)
}

func (f *fake) prove(index int) [][]byte {
	p, err := tlog.ProveRecord(int64(len(f.bodies)), int64(index), f)
	if err != nil {
		panic(err)
	}
	var all [][]byte
	for _, h := range p {
		all = append(all, h[:])
	}
	return all
}

func (f *fake) checkpoint2() string {
	enc := base64.StdEncoding.EncodeToString
	public, err := note.NewEd25519VerifierKey(f.host, f.v2.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		panic(err)
	}
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", f.host, v.KeyHash(), enc(append([]byte{1}, f.v2.Seed()...))))
	if err != nil {
		panic(err)
	}
	root := f.root()
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", f.host, len(f.bodies), enc(root[:]))}, s)
	if err != nil {
		panic(err)
	}
	return string(signed)
}

// tile2 serves tiles as tlog-tiles has them: partial ones only until they are
// full.
func (f *fake) tile2(rw http.ResponseWriter, path string) {
	entries, isEntries := strings.CutPrefix(path, "entries/")
	if isEntries {
		path = "0/" + entries
	}
	t, err := tlog.ParseTilePath("tile/8/" + path)
	size := int64(len(f.bodies)) >> (8 * t.L)
	if err != nil || t.N<<8+int64(t.W) > size || t.W < 256 && (t.N+1)<<8 <= size {
		http.Error(rw, "no such tile", http.StatusNotFound)
		return
	}
	if !isEntries {
		data, err := tlog.ReadTileData(t, f)
		if err != nil {
			panic(err)
		}
		_, _ = rw.Write(data)
		return
	}
	for i := t.N << 8; i < t.N<<8+int64(t.W); i++ {
		_, _ = rw.Write(binary.BigEndian.AppendUint16(nil, uint16(len(f.bodies[i]))))
		_, _ = rw.Write(f.bodies[i])
	}
}

func (f *fake) serve1(rw http.ResponseWriter, req *http.Request, data []byte) {
	if uuid, ok := strings.CutPrefix(req.URL.Path, "/api/v1/log/entries/"); ok && req.Method == http.MethodGet {
		if f.queued > 0 {
			f.queued--
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		for i, body := range f.bodies {
			if hash := tlog.RecordHash(body); hex.EncodeToString(hash[:]) == uuid {
				f.entry1(rw, http.StatusOK, i)
				return
			}
		}
		http.NotFound(rw, req)
		return
	}
	body, err := canonical1(req.Context(), data)
	if err != nil || req.URL.Path != "/api/v1/log/entries" {
		http.Error(rw, fmt.Sprintf(`{"code":400,"message":%q}`, err), http.StatusBadRequest)
		return
	}
	index, before := f.add(body)
	if before {
		hash := tlog.RecordHash(body)
		text := "an equivalent entry already exists in the transparency log with UUID " + hex.EncodeToString(hash[:])
		if !f.noIndex {
			rw.Header().Set("Location", "/api/v1/log/entries/"+hex.EncodeToString(hash[:]))
			text = "an equivalent entry already exists"
		}
		http.Error(rw, fmt.Sprintf(`{"code":409,"message":%q}`, text), http.StatusConflict)
		return
	}
	f.entry1(rw, http.StatusCreated, index)
}

// canonical1 reads, checks and writes a proposed entry by the server's own code.
func canonical1(ctx context.Context, data []byte) ([]byte, error) {
	proposed, err := models.UnmarshalProposedEntry(bytes.NewReader(data), runtime.JSONConsumer())
	if err != nil {
		return nil, err
	}
	impl, err := types.UnmarshalEntry(proposed)
	if err != nil {
		return nil, err
	}
	return types.CanonicalizeEntry(ctx, impl)
}

func (f *fake) entry1(rw http.ResponseWriter, status, index int) {
	body, id, at := base64.StdEncoding.EncodeToString(f.bodies[index]), hex.EncodeToString(f.logID()), time.Now().Unix()
	payload, err := canon.Marshal(map[string]any{"body": body, "integratedTime": at, "logIndex": index, "logID": id})
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256(payload)
	promise, err := ecdsa.SignASN1(rand.Reader, f.v1, digest[:])
	if err != nil {
		panic(err)
	}
	signer, err := signature.LoadECDSASigner(f.v1, crypto.SHA256)
	if err != nil {
		panic(err)
	}
	root := f.root()
	head, err := util.CreateAndSignCheckpoint(context.Background(), "rekor.example", 123, uint64(len(f.bodies)), root[:], signer)
	if err != nil {
		panic(err)
	}
	hashes := []string{}
	for _, h := range f.prove(index) {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	hash := tlog.RecordHash(f.bodies[index])
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]any{hex.EncodeToString(hash[:]): map[string]any{
		"body": body, "integratedTime": at, "logID": id, "logIndex": index,
		"verification": map[string]any{"signedEntryTimestamp": promise, "inclusionProof": map[string]any{
			"treeSize": len(f.bodies), "rootHash": hex.EncodeToString(root[:]), "logIndex": index, "hashes": hashes, "checkpoint": string(head),
		}},
	}})
}

// trust is a trusted root that knows the log, and the log's own key.
func (f *fake) trust(t *testing.T, verifierKey string, spec anchored.Spec) anchored.Trust {
	t.Helper()
	public := f.v1.Public()
	if f.version == 2 {
		public = f.v2.Public()
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, nil, nil, nil, map[string]*root.TransparencyLog{hex.EncodeToString(f.logID()): {
		BaseURL: "http://" + f.host, ID: f.logID(), ValidityPeriodStart: time.Now().Add(-time.Hour), HashFunc: crypto.SHA256, PublicKey: public, SignatureHashFunc: crypto.SHA256,
	}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(trusted)
	if err != nil {
		t.Fatal(err)
	}
	known, err := keyless.ParseRoot(data)
	if err != nil {
		t.Fatal(err)
	}
	origin, _, _ := strings.Cut(verifierKey, "+")
	keys, err := proof.NewKeys(origin, []string{verifierKey})
	if err != nil {
		t.Fatal(err)
	}
	return anchored.Trust{Keys: keys, Specs: []anchored.Spec{spec}, Roots: []*keyless.Root{known}, Now: time.Now()}
}
