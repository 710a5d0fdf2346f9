// SPDX-License-Identifier: Apache-2.0

package anchor

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestAddress(t *testing.T) {
	for raw, want := range map[string]struct{ strict, plain bool }{
		"https://anchor.example/x?y=z":   {true, true},
		"http://127.0.0.1:7/x":           {true, true},
		"http://localhost":               {true, true},
		"http://[::1]:7":                 {true, true},
		"http://anchor.example":          {false, true},
		"http://127.0.0.1.evil.example":  {false, true},
		"https://me:s3cret@host.example": {},
		"https://host.example#s3cret":    {},
		"https:host.example":             {},
		"ftp://host.example":             {},
		"s3cret":                         {},
		"":                               {},
		"\x00":                           {},
	} {
		for plain, ok := range map[bool]bool{false: want.strict, true: want.plain} {
			u, err := Address(raw, plain)
			if ok != (err == nil) || ok != (u != nil) {
				t.Errorf("%q, plain %t: %v", raw, plain, err)
			}
			if err != nil && (!errors.Is(err, ErrSetup) || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("%q: %v", raw, err)
			}
		}
	}
}

// ask sends a question with a secret in its address, and returns what came of
// it and how often the server was asked.
func ask(t *testing.T, serve http.HandlerFunc) (*http.Response, int, error) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		body, err := io.ReadAll(req.Body)
		if err != nil || string(body) != "question" {
			t.Errorf("asked %q: %v", body, err)
		}
		serve(rw, req)
	}))
	defer server.Close()
	base := &http.Transport{DisableKeepAlives: true}
	defer base.CloseIdleConnections()
	w := World{Base: base, Timeout: 100 * time.Millisecond, Pause: time.Millisecond}
	req, err := http.NewRequest(http.MethodPost, server.URL+"/s3cret", strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.Ask(t.Context(), "anchor x", 10).RoundTrip(req)
	return resp, int(asked.Load()), err
}

func TestAsk(t *testing.T) {
	says := func(status int, body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Location", "/elsewhere")
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, body)
		}
	}
	twice := 0
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		asked int
		want  string // of the error; empty: an answer
	}{
		"an answer":          {says(200, "0123456789"), 1, ""},
		"created":            {says(201, "x"), 1, ""},
		"no, for the caller": {says(409, "x"), 1, ""},
		"one byte too much":  {says(200, "0123456789a"), 1, "limit of 10 bytes"},
		"a redirect":         {says(302, ""), 1, "redirects are not followed"},
		"not modified":       {says(304, ""), 1, "redirects are not followed"},
		"busy":               {says(429, ""), 3, "429 Too Many Requests"},
		"broken":             {says(500, "dead\x1b[31m"), 3, "it answered 500 Internal Server Error: dead"},
		"cut off":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 3, "EOF"},
		"slow":               {func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, 1, "no answer within 100ms"},
		"well again": {func(rw http.ResponseWriter, req *http.Request) {
			twice++
			says(map[bool]int{true: 200, false: 503}[twice == 3], "x")(rw, req)
		}, 3, ""},
	} {
		resp, asked, err := ask(t, c.serve)
		if asked != c.asked {
			t.Errorf("%s: asked %d times, want %d", name, asked, c.asked)
		}
		if (err == nil) != (c.want == "") || (resp == nil) != (err != nil) {
			t.Errorf("%s: %v, %v", name, resp, err)
			continue
		}
		if err != nil && (!errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "ask anchor x at 127.0.0.1")) {
			t.Errorf("%s: %q, want %q", name, err, c.want)
		}
	}
}

func TestAskWithoutANetworkOrTime(t *testing.T) {
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (World{}).Ask(t.Context(), "x", 1).RoundTrip(req); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the zero world: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := World{Base: &http.Transport{}, Timeout: time.Minute, Pause: time.Hour}
	if _, err := w.Ask(ctx, "x", 1).RoundTrip(req); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTextIsWhatTheLogSigned(t *testing.T) {
	for raw, want := range map[string]string{
		"a\n3\nAAAA\n\n— a x\n":        "a\n3\nAAAA\n",
		"a\n3\nAAAA\n\n— a x\n— b y\n": "a\n3\nAAAA\n",
		"a\n3\nAAAA\nmore\n\n— a x\n":  "",
		"a\n3\n\n— a x\n":              "",
		"a\n3\nAAAA\n":                 "",
		"":                             "",
	} {
		got, err := Text(proof.Checkpoint{Raw: []byte(raw)})
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
	}
}

func TestReceiptHasALimit(t *testing.T) {
	spec := anchored.Spec{Kind: "tsa", Name: "stamp"}
	r, err := Receipt(spec, proof.Checkpoint{Raw: []byte("c")}, anchored.TSAProof{Token: []byte("t")})
	if err != nil || r.Kind != "tsa" || r.Name != "stamp" || string(r.Checkpoint) != "c" || string(r.Proof) != `{"token":"dA=="}` {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Receipt(spec, proof.Checkpoint{}, anchored.TSAProof{Token: make([]byte, anchored.MaxReceipt)}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("too large: %v", err)
	}
	if _, err := Receipt(spec, proof.Checkpoint{}, canon.Raw("{")); err == nil {
		t.Error("no JSON")
	}
}
