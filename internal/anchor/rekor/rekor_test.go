// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/anchortest"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	for _, version := range []int{1, 2} {
		for _, others := range []int{0, 600} {
			t.Run(fmt.Sprintf("version %d after %d others", version, others), func(t *testing.T) {
				t.Parallel()
				anchortest.Run(t, func(t *testing.T, l *anchortest.Log) anchortest.Service {
					f := newFake(t, version, others)
					spec := anchored.Spec{Kind: "rekor", Name: "public", Version: version}
					return anchortest.Service{
						Kind: Kind(), Spec: spec, Handler: f, Taken: f.taken, LogIDs: [][]byte{{1, 2, 3, 4, 5}, f.logID()},
						Check: func(r anchored.Receipt) error {
							p, err := anchored.Check(f.trust(t, l.VerifierKey, spec), r)
							if err == nil && (p.Unique || p.Dated != (version == 1)) {
								err = fmt.Errorf("it proves %+v", p)
							}
							return err
						},
					}
				})
			})
		}
	}
}

// submit shows a checkpoint to a log.
func submit(t *testing.T, version int, h http.Handler, c proof.Checkpoint) (anchored.Receipt, error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	a, err := Kind().Open(anchored.Spec{Kind: "rekor", Name: "public", URL: server.URL, Version: version}, anchortest.World(t, anchortest.Service{}))
	if err != nil {
		t.Fatal(err)
	}
	return a.Submit(t.Context(), anchor.Submission{Checkpoint: c})
}

// The entry of a checkpoint is the same whoever makes it, and another for
// another checkpoint.
func TestEntryDependsOnTheTextAlone(t *testing.T) {
	t.Parallel()
	one, err := entryOf([]byte("log.example\n3\nAAAA\n"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := entryOf([]byte("log.example\n3\nAAAA\n"))
	if err != nil || !bytes.Equal(one.body, again.body) || !bytes.Equal(one.signature, again.signature) {
		t.Errorf("another entry of the same text: %v", err)
	}
	other, err := entryOf([]byte("log.example\n4\nAAAA\n"))
	if err != nil || bytes.Equal(one.key, other.key) {
		t.Errorf("the same key for another text: %v", err)
	}
	key, err := x509.ParsePKIXPublicKey(one.key)
	if err != nil || !ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), one.digest[:], one.signature) {
		t.Errorf("the signature does not hold: %v", err)
	}
}

// A log of version 2 that has the entry, and does not let its tiles be read
// here, is one that can't be asked; with the number in the text alone it can.
func TestDuplicateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := newFake(t, 2, 3)
	c := anchortest.NewLog(t).Grow(t, 5)
	if _, err := submit(t, 2, f, c); err != nil {
		t.Fatal(err)
	}
	f.noReads = true
	if _, err := submit(t, 2, f, c); !errors.Is(err, anchor.ErrUnavailable) || !strings.Contains(err.Error(), "has the entry already") {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	f.noReads, f.noIndex = false, true
	if _, err := submit(t, 2, f, c); err != nil {
		t.Errorf("with the number in the text: %v", err)
	}
	if f.taken() != 1 {
		t.Errorf("it stands there %d times", f.taken())
	}
}

// A log of version 1 that has the entry is believed to say which in words, and
// else can't be asked.
func TestDuplicateNamedInWords(t *testing.T) {
	t.Parallel()
	f := newFake(t, 1, 3)
	f.noIndex = true
	c := anchortest.NewLog(t).Grow(t, 5)
	for range 2 {
		if _, err := submit(t, 1, f, c); err != nil {
			t.Fatal(err)
		}
	}
	if f.taken() != 1 {
		t.Errorf("it stands there %d times", f.taken())
	}
	for _, said := range []string{"", "it already exists in the transparency log with UUID 24296f", "with UUID " + strings.Repeat("0", 70)} {
		mute := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, said, http.StatusConflict) })
		if _, err := submit(t, 1, mute, c); !errors.Is(err, anchor.ErrUnavailable) || !strings.Contains(err.Error(), "does not say where") {
			t.Errorf("%q: %v, want ErrUnavailable", said, err)
		}
	}
}

// A log of version 1 knows an entry that is queued, and does not find it before
// it is in the tree. That is no refusal.
func TestEntryThatIsQueued(t *testing.T) {
	t.Parallel()
	f := newFake(t, 1, 3)
	c := anchortest.NewLog(t).Grow(t, 5)
	if _, err := submit(t, 1, f, c); err != nil {
		t.Fatal(err)
	}
	f.queued = waits
	if _, err := submit(t, 1, f, c); err != nil {
		t.Errorf("for a moment: %v", err)
	}
	f.queued = waits + 1
	_, err := submit(t, 1, f, c)
	if !errors.Is(err, anchor.ErrUnavailable) || errors.Is(err, anchor.ErrRefused) || !strings.Contains(err.Error(), "has not put it into its tree") {
		t.Errorf("for long: %v, want ErrUnavailable", err)
	}
	if f.taken() != 1 {
		t.Errorf("it stands there %d times", f.taken())
	}
}

// Whoever is told to stop does not wait for a queue.
func TestQueueIsLeft(t *testing.T) {
	t.Parallel()
	f := newFake(t, 1, 0)
	c := anchortest.NewLog(t).Grow(t, 5)
	if _, err := submit(t, 1, f, c); err != nil {
		t.Fatal(err)
	}
	f.queued = 1 << 30
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		f.ServeHTTP(rw, req)
		if req.Method == http.MethodGet {
			cancel()
		}
	}))
	t.Cleanup(server.Close)
	w := anchortest.World(t, anchortest.Service{})
	w.Pause = time.Hour
	a, err := Kind().Open(anchored.Spec{Kind: "rekor", Name: "public", URL: server.URL, Version: 1}, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Submit(ctx, anchor.Submission{Checkpoint: c}); !errors.Is(err, anchor.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want ErrUnavailable and context.Canceled", err)
	}
}

// What a log answers that does not hold together is no receipt.
func TestLogThatLies(t *testing.T) {
	t.Parallel()
	for version, changes := range map[int]map[string][2]string{
		1: {
			"another root":     {`"rootHash":"`, `"rootHash":"00`},
			"another size":     {`"treeSize":2`, `"treeSize":3`},
			"another place":    {`"logIndex":1,"rootHash"`, `"logIndex":0,"rootHash"`},
			"no promise":       {`"signedEntryTimestamp":"`, `"x":"`},
			"no time":          {`"integratedTime":`, `"x":`},
			"an entry too few": {`{"`, `{"x":{},"`},
		},
		2: {
			"another size":    {`"treeSize":"2"`, `"treeSize":"3"`},
			"another place":   {`"logIndex":"1"`, `"logIndex":"0"`},
			"another kind":    {`"kind":"hashedrekord"`, `"kind":"dsse"`},
			"another version": {`"version":"0.0.2"`, `"version":"0.0.1"`},
			"no proof":        {`"inclusionProof":`, `"inclusionPromise":{},"x":`},
		},
	} {
		for name, change := range changes {
			f := newFake(t, version, 1)
			lying := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
				w := httptest.NewRecorder()
				f.ServeHTTP(w, req)
				text := strings.ReplaceAll(w.Body.String(), `": "`, `":"`)
				text = strings.ReplaceAll(strings.ReplaceAll(text, `":  "`, `":"`), `": {`, `":{`)
				text = strings.ReplaceAll(text, `":  {`, `":{`)
				spoiled := strings.Replace(text, change[0], change[1], 1)
				if spoiled == text {
					t.Errorf("version %d, %s: nothing to change in %s", version, name, text)
				}
				rw.WriteHeader(w.Code)
				_, _ = io.WriteString(rw, spoiled)
			})
			_, err := submit(t, version, lying, anchortest.NewLog(t).Grow(t, 5))
			if !errors.Is(err, anchor.ErrUnverified) && !errors.Is(err, anchor.ErrUnavailable) {
				t.Errorf("version %d, %s: %v", version, name, err)
			}
		}
	}
}

// A log that gives another's entry is caught.
func TestLogThatGivesAnothersEntry(t *testing.T) {
	t.Parallel()
	for _, version := range []int{1, 2} {
		f := newFake(t, version, 0)
		var first []byte
		yesterday := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			w := httptest.NewRecorder()
			f.ServeHTTP(w, req)
			if first == nil {
				first = w.Body.Bytes()
			}
			rw.WriteHeader(http.StatusCreated)
			_, _ = rw.Write(first)
		})
		l := anchortest.NewLog(t)
		if _, err := submit(t, version, yesterday, l.Grow(t, 5)); err != nil {
			t.Fatal(err)
		}
		if _, err := submit(t, version, yesterday, l.Grow(t, 5)); !errors.Is(err, anchor.ErrUnverified) {
			t.Errorf("version %d: %v, want ErrUnverified", version, err)
		}
	}
}

func TestVersionsThatThereAreNot(t *testing.T) {
	t.Parallel()
	for _, version := range []int{0, 3, -1} {
		_, err := Kind().Open(anchored.Spec{Kind: "rekor", URL: "https://rekor.example", Version: version}, anchortest.World(t, anchortest.Service{}))
		if !errors.Is(err, anchor.ErrSetup) {
			t.Errorf("version %d: %v, want ErrSetup", version, err)
		}
	}
}

func FuzzRead1(f *testing.F) {
	f.Add([]byte(`{"24296f":{"body":"e30=","integratedTime":1,"logID":"00","logIndex":0,"verification":{"inclusionProof":{"hashes":["00"]}}}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		logged, err := read1(data)
		if err != nil {
			return
		}
		e, err := entryOf([]byte("log.example\n3\nAAAA\n"))
		if err != nil {
			t.Fatal(err)
		}
		if e.check(logged, 1) == nil {
			t.Error("an entry was taken that no log made")
		}
	})
}
