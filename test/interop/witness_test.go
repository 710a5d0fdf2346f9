// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/anchor/witness"
	"github.com/gateledger/gateledger/internal/proof"
)

const cosignerName = "witness.example/w1"

func newCosigner(t *testing.T) proof.CosignerKey {
	t.Helper()
	key, err := proof.NewCosignerKey(cosignerName, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The stock signer and verifier of cosignatures read our keys, and each of the
// two believes what the other signed.
func TestStockCosignatures(t *testing.T) {
	key := newCosigner(t)
	signer, err := formats.NewSignerForCosignatureV1(key.Private())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := formats.NewVerifierForCosignatureV1(key.String())
	if err != nil {
		t.Fatal(err)
	}
	text := "log.example\n3\nAuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=\n"
	theirs, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(theirs), "\n\n")
	if at, err := key.Cosignature([]byte(text), lines); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("of the stock signer: %s, %v", at, err)
	}
	now := time.Now()
	ours, err := key.Cosign([]byte(text), now)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(text+"\n"+ours+"\n"), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if at, err := formats.CoSigV1Timestamp(n.Sigs[0]); err != nil || at.Unix() != now.Unix() {
		t.Errorf("of ours: %s, %v", at, err)
	}
	if n.Sigs[0].Hash != signer.KeyHash() || key.KeyHash() != signer.KeyHash() {
		t.Errorf("hashes %08x, %08x, %08x", n.Sigs[0].Hash, signer.KeyHash(), key.KeyHash())
	}
}

// A stock tessera log, with our server as the witness that its policy asks for,
// publishes checkpoints with our cosignature, from the first on and after both
// were started again.
func TestTesseraIsWitnessed(t *testing.T) {
	private, public, err := note.GenerateKey(rand.Reader, "tessera.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	key := newCosigner(t)
	verifier, err := formats.NewVerifierForCosignatureV1(key.String())
	if err != nil {
		t.Fatal(err)
	}
	state, folder := t.TempDir(), t.TempDir()
	entries := 0
	for round := range 2 {
		w, err := witness.Open(state, witness.Options{Key: key, Logs: []string{public}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(w.Handler())
		entries += 3
		if err := appendWitnessed(t, folder, signer, key, server.URL, 3); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		log, err := note.NewVerifier(public)
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open(data, note.VerifierList(log, verifier))
		if err != nil || len(n.Sigs) != 2 {
			t.Errorf("round %d: %v in\n%s", round, err, data)
		}
		seen, ok := w.Checkpoint(witness.OriginHash("tessera.example"))
		c, err := proof.ParseText(strings.SplitAfter(string(seen), "\n\n")[0][:strings.Index(string(seen), "\n\n")+1])
		if !ok || err != nil || c.Size != uint64(entries) {
			t.Errorf("round %d: the witness has %+v, want %d entries: %v", round, c, entries, err)
		}
		server.Close()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// appendWitnessed adds so many entries to a tessera log, and returns once a
// checkpoint with them is published.
func appendWitnessed(t *testing.T, folder string, signer note.Signer, key proof.CosignerKey, url string, count int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return err
	}
	group, err := tessera.NewWitnessGroupFromPolicy(fmt.Appendf(nil, "witness w1 %s %s\nquorum w1\n", key, url))
	if err != nil {
		return err
	}
	o := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithCheckpointInterval(100*time.Millisecond).
		WithBatching(1, 10*time.Millisecond).WithWitnesses(group, nil)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, o)
	if err != nil {
		return err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 20*time.Millisecond)
	for i := range count {
		if _, _, err = awaiter.Await(ctx, appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "%d of %d", i, time.Now().UnixNano())))); err != nil {
			return err
		}
	}
	return errors.Join(err, shutdown(ctx))
}
