// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// stampFor runs the verb timestamp on "hello".
func (w *world) stampFor(args ...string) outcome {
	w.t.Helper()
	if w.stdin == "" {
		w.ask(child.TimestampQuestion{Message: []byte("hello")})
	}
	return w.run(append([]string{"timestamp", "--url", w.server.URL + "/tsa"}, args...)...)
}

func TestTimestamp(t *testing.T) {
	w := newWorld(t)
	rootFile, _ := w.files()
	for verified, args := range map[bool][]string{false: nil, true: {"--trusted-root", rootFile}} {
		o := w.stampFor(args...)
		if o.code != cli.OK {
			t.Fatalf("exit %d: %s", o.code, o.stderr)
		}
		var a child.TimestampAnswer
		if err := canon.Decode([]byte(o.stdout), &a); err != nil {
			t.Fatal(err)
		}
		ts, err := timestamp.ParseResponse(a.Token)
		if err != nil || ts.HashAlgorithm != crypto.SHA256 || sha256.Sum256([]byte("hello")) != [32]byte(ts.HashedMessage) {
			t.Errorf("token %+v: %v", ts, err)
		}
		if a.Verified != verified || !a.Time.Equal(ts.Time) || a.Schema != child.TimestampSchema || a.Time.Location() != time.UTC {
			t.Errorf("answer %+v", a)
		}
	}
}

func TestTimestampNonceIsNew(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	w.faults["tsa"] = []http.HandlerFunc{func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.check(err)
		q, err := timestamp.ParseRequest(body)
		w.check(err)
		if q.Nonce.BitLen() != 64 || q.Certificates {
			t.Errorf("nonce of %d bits, certificates %t", q.Nonce.BitLen(), q.Certificates)
		}
		seen[q.Nonce.String()] = true
		says(503, "")(rw, r)
	}}
	for range 4 {
		w.failed(w.stampFor(), cli.Unknown, "503")
	}
	if len(seen) != 4 {
		t.Errorf("%d nonces in four runs of three tries each: a try more asks the same", len(seen))
	}
}

func TestTimestampRefusesAnswers(t *testing.T) {
	right := func(q *timestamp.Request) timestamp.Timestamp {
		return timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce, Time: time.Now(), Policy: []int{1, 2, 3}}
	}
	for name, c := range map[string]struct {
		spoil func(*timestamp.Timestamp)
		why   string
	}{
		"of another message": {func(ts *timestamp.Timestamp) { ts.HashedMessage = make([]byte, 32) }, "about something else"},
		"by another hash": {func(ts *timestamp.Timestamp) {
			ts.HashAlgorithm, ts.HashedMessage = crypto.SHA512, make([]byte, 64)
		}, "about something else"},
		"without our nonce":  {func(ts *timestamp.Timestamp) { ts.Nonce = nil }, "nonce"},
		"with another nonce": {func(ts *timestamp.Timestamp) { ts.Nonce = big.NewInt(7) }, "nonce"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.faults["tsa"] = []http.HandlerFunc{func(rw http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				w.check(err)
				q, err := timestamp.ParseRequest(body)
				w.check(err)
				ts := right(q)
				c.spoil(&ts)
				w.sendStamp(rw, ts)
			}}
			w.failed(w.stampFor(), cli.Integrity, c.why)
		})
	}
}

// TestOldTimestampIsNotTakenForANewOne has an authority, or somebody between,
// that gives its first answer for ever.
func TestOldTimestampIsNotTakenForANewOne(t *testing.T) {
	w := newWorld(t)
	var first []byte
	w.tsaOut = func(response []byte) []byte {
		if first == nil {
			first = response
		}
		return first
	}
	if o := w.stampFor(); o.code != cli.OK {
		t.Fatal(o)
	}
	w.failed(w.stampFor(), cli.Integrity, "may be an old one")
}

func TestTimestampWithoutAToken(t *testing.T) {
	rejected := func(status int) string {
		der, err := asn1.Marshal(struct {
			Info struct {
				Status int
				Text   []string
			}
		}{struct {
			Status int
			Text   []string
		}{status, []string{"no"}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(der)
	}
	for name, c := range map[string]struct {
		answer string
		code   int
	}{
		"rejection":           {rejected(2), cli.No},
		"waiting":             {rejected(3), cli.No},
		"granted, but none":   {rejected(0), cli.Integrity},
		"a web page":          {"<html>", cli.Unknown},
		"nothing":             {"", cli.Unknown},
		"an empty sequence":   {"\x30\x00", cli.Unknown},
		"an answer, and more": {rejected(0) + "x", cli.Unknown},
	} {
		w := newWorld(t)
		w.faults["tsa"] = []http.HandlerFunc{says(200, c.answer)}
		if o := w.stampFor(); o.code != c.code {
			t.Errorf("%s: exit %d, want %d: %s", name, o.code, c.code, o.stderr)
		}
	}
}

func TestTimestampOfAStranger(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	rootFile, _ := other.files()
	w.failed(w.stampFor("--trusted-root", rootFile), cli.Integrity, "no authority of the trusted root")
}

func TestTimestampRefusesQuestions(t *testing.T) {
	w := newWorld(t)
	for stdin, why := range map[string]string{
		`{}`:                          "empty",
		`{"message":""}`:              "empty",
		`{"message":"%"}`:             "standard input",
		`{"message":"aGk=","more":1}`: "standard input",
		`{"message":"` + strings.Repeat("aGk9", child.MaxMessage/3+1) + `"}`: "limit of 1048576",
	} {
		w.stdin = stdin
		w.failed(w.stampFor(), cli.Usage, why)
	}
	w.stdin = `{"message":"aGk="}`
	for why, args := range map[string][]string{
		"required flag":        {"timestamp"},
		"no file":              {"timestamp", "--url", w.server.URL, "--trusted-root", w.dir + "/no"},
		"user name":            {"timestamp", "--url", "https://me:s3cret@tsa.example"},
		"not an address":       {"timestamp", "--url", "tsa.example"},
		"want https":           {"timestamp", "--url", "file://host/etc/passwd"},
		"must be over 0":       {"timestamp", "--url", w.server.URL, "--timeout", "-1s"},
		"accepts no arguments": {"timestamp", "--url", w.server.URL, "more"},
	} {
		o := w.run(args...)
		if why == "accepts no arguments" {
			why = "unknown command"
		}
		w.failed(o, cli.Usage, why)
		if strings.Contains(o.stderr, "s3cret") {
			t.Error("shows a password")
		}
	}
	if len(w.asked) > 0 {
		t.Error("somebody was asked")
	}
}
