// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/go-openapi/runtime"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	tiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/canon"
)

// stamp is a timestamp authority.
func (w *world) stamp(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.check(err)
	q, err := timestamp.ParseRequest(body)
	w.check(err)
	ts := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce, Time: time.Now(), Policy: []int{1, 3, 6, 1, 4, 1, 57264, 2}}
	w.sendStamp(rw, ts)
}

func (w *world) sendStamp(rw http.ResponseWriter, ts timestamp.Timestamp) {
	response, err := ts.CreateResponseWithOpts(w.tsaCert, w.tsaKey, crypto.SHA256)
	w.check(err)
	if w.tsaOut != nil {
		response = w.tsaOut(response)
	}
	rw.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = rw.Write(response)
}

// log2 is a Rekor v2 log in which every entry is the first.
func (w *world) log2(rw http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	w.check(err)
	var q tiles.CreateEntryRequest
	w.check(protojson.Unmarshal(data, &q))
	h := q.GetHashedRekordRequestV002()
	entry := &tiles.Entry{Kind: "hashedrekord", ApiVersion: "0.0.2", Spec: &tiles.Spec{Spec: &tiles.Spec_HashedRekordV002{HashedRekordV002: &tiles.HashedRekordLogEntryV002{
		Signature: h.Signature, Data: &protocommon.HashOutput{Digest: h.Digest, Algorithm: protocommon.HashAlgorithm_SHA2_256},
	}}}}
	body, err := canonical(protojson.Marshal(entry))
	w.check(err)
	leaf := sha256.Sum256(append([]byte{0}, body...))
	_, id, err := rekornote.KeyHash("127.0.0.1", w.v2.Public())
	w.check(err)
	logged := &protorekor.TransparencyLogEntry{
		LogId: &protocommon.LogId{KeyId: id}, KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"}, CanonicalizedBody: body,
		InclusionProof: &protorekor.InclusionProof{TreeSize: 1, RootHash: leaf[:], Checkpoint: &protorekor.Checkpoint{Envelope: w.checkpoint(leaf[:])}},
	}
	answer, err := protojson.Marshal(logged)
	w.check(err)
	if w.logOut != nil {
		answer = w.logOut(answer)
	}
	rw.WriteHeader(http.StatusCreated)
	_, _ = rw.Write(answer)
}

func (w *world) checkpoint(hash []byte) string {
	enc := base64.StdEncoding.EncodeToString
	public, err := note.NewEd25519VerifierKey("127.0.0.1", w.v2.Public().(ed25519.PublicKey))
	w.check(err)
	v, err := note.NewVerifier(public)
	w.check(err)
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+127.0.0.1+%08x+%s", v.KeyHash(), enc(append([]byte{1}, w.v2.Seed()...))))
	w.check(err)
	signed, err := note.Sign(&note.Note{Text: "127.0.0.1\n1\n" + enc(hash) + "\n"}, s)
	w.check(err)
	return string(signed)
}

// log1 is a Rekor v1 log, made by hand: a real one needs a database and two
// more servers.
func (w *world) log1(rw http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	w.check(err)
	if r.Method == http.MethodGet {
		w.mu.Lock()
		answer := w.env["log1 has"]
		w.mu.Unlock()
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, answer)
		return
	}
	proposed, err := models.UnmarshalProposedEntry(bytes.NewReader(data), runtime.JSONConsumer())
	w.check(err)
	impl, err := types.UnmarshalEntry(proposed)
	w.check(err)
	body, err := types.CanonicalizeEntry(r.Context(), impl)
	w.check(err)
	id, at := hex.EncodeToString(w.v1ID()), time.Now().Unix()
	payload, err := canon.Marshal(map[string]any{"body": base64.StdEncoding.EncodeToString(body), "integratedTime": at, "logIndex": 0, "logID": id})
	w.check(err)
	digest := sha256.Sum256(payload)
	set, err := ecdsa.SignASN1(rand.Reader, w.v1, digest[:])
	w.check(err)
	leaf := sha256.Sum256(append([]byte{0}, body...))
	signer, err := signature.LoadECDSASigner(w.v1, crypto.SHA256)
	w.check(err)
	head, err := util.CreateAndSignCheckpoint(r.Context(), "rekor.example", 123, 1, leaf[:], signer)
	w.check(err)
	proof := map[string]any{"treeSize": 1, "rootHash": hex.EncodeToString(leaf[:]), "logIndex": 0, "hashes": []string{}, "checkpoint": string(head)}
	const uuid = "24296fb24b8ad77a0000000000000000000000000000000000000000000000000000000000000000"
	answer := map[string]any{uuid: map[string]any{
		"body": base64.StdEncoding.EncodeToString(body), "integratedTime": at, "logID": id, "logIndex": 0,
		"verification": map[string]any{"signedEntryTimestamp": set, "inclusionProof": proof},
	}}
	raw, err := json.Marshal(answer)
	w.check(err)
	if w.logOut != nil {
		raw = w.logOut(raw)
	}
	rw.Header().Set("ETag", uuid)
	rw.Header().Set("Location", "/api/v1/log/entries/"+uuid)
	rw.Header().Set("Content-Type", "application/json")
	w.mu.Lock()
	again := w.env["log1 has"] == "soon"
	if again {
		w.env["log1 has"] = string(raw)
	}
	w.mu.Unlock()
	if again { // it is there already
		reply(rw, http.StatusConflict, map[string]any{"code": 409, "message": "an equivalent entry already exists"})
		return
	}
	rw.WriteHeader(http.StatusCreated)
	_, _ = rw.Write(raw)
}

func (w *world) discover(rw http.ResponseWriter, _ *http.Request) {
	issuer := w.server.URL + "/people"
	reply(rw, http.StatusOK, map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token", "code_challenge_methods_supported": []string{"plain", "S256"}})
}

// authorize is the page where a person logs in; this one is quick.
func (w *world) authorize(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.login = r.URL.Query()
	w.mu.Unlock()
	http.Redirect(rw, r, r.URL.Query().Get("redirect_uri")+"?"+url.Values{"code": {"the-code"}, "state": {r.URL.Query().Get("state")}}.Encode(), http.StatusFound)
}

func (w *world) exchange(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	asked := w.login
	w.mu.Unlock()
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if r.PostFormValue("code") != "the-code" || base64.RawURLEncoding.EncodeToString(verifier[:]) != asked.Get("code_challenge") || asked.Get("code_challenge_method") != "S256" {
		reply(rw, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "you sent": r.PostFormValue("code_verifier")})
		return
	}
	answer, err := json.Marshal(map[string]any{"id_token": token(map[string]any{"iss": w.server.URL + "/people", "nonce": asked.Get("nonce"), "aud": asked.Get("client_id")})})
	w.check(err)
	if w.peopleOut != nil {
		answer = w.peopleOut(answer)
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(answer)
}

// edited returns a spoiler that changes one member of a JSON object, by path.
func edited(value any, path ...string) func([]byte) []byte {
	return func(data []byte) []byte {
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			panic(err)
		}
		at := all
		for _, name := range path[:len(path)-1] {
			at = at[name].(map[string]any)
		}
		at[path[len(path)-1]] = value
		out, err := canon.Marshal(all)
		if err != nil {
			panic(err)
		}
		return out
	}
}
