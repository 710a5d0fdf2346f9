// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// serve is a rig behind real HTTP on this machine.
func serve(tb testing.TB, handler http.Handler) string {
	tb.Helper()
	s := httptest.NewServer(handler)
	tb.Cleanup(s.Close)
	return s.URL
}

func ask(tb testing.TB, key, url string, c *clock) anchor.Anchor {
	tb.Helper()
	base := &http.Transport{}
	tb.Cleanup(base.CloseIdleConnections)
	a, err := Kind().Open(anchored.Spec{Kind: "witness", Name: "w1", URL: url, Key: key},
		anchor.World{Base: base, Timeout: 10 * time.Second, Pause: time.Millisecond, Now: c.Now})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func (h *history) submission(tb testing.TB, old, new uint64) anchor.Submission {
	tb.Helper()
	return anchor.Submission{Checkpoint: h.sizes[new], Old: old, Since: h.since(tb, old, new)}
}

func TestClientGetsReceipts(t *testing.T) {
	h := newHistory(t, origin, 9)
	r := newRig(t, h)
	a := ask(t, r.options.Key.String(), serve(t, r.Handler())+"/", r.clock)
	for _, step := range [][2]uint64{{0, 5}, {5, 5}, {5, 8}, {8, 9}} {
		receipt, err := a.Submit(t.Context(), h.submission(t, step[0], step[1]))
		if err != nil {
			t.Fatal(err)
		}
		data, err := receipt.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		back, err := anchored.ParseReceipt(data)
		if err != nil || back.Kind != "witness" || back.Name != "w1" || string(back.Checkpoint) != string(h.sizes[step[1]].Raw) {
			t.Fatalf("receipt %s: %v", data, err)
		}
		var p anchored.WitnessProof
		if err := canon.Decode(back.Proof, &p); err != nil {
			t.Fatal(err)
		}
		r.cosigned(t, answer{status: 200, body: p.Cosignature + "\n"}, h.sizes[step[1]])
	}
}

func TestClientErrors(t *testing.T) {
	h, stranger := newHistory(t, origin, 9), newHistory(t, "other.example", 2)
	fork, imposter := h.fork(t, 5), newHistory(t, origin, 9)
	r := newRig(t, h)
	a := ask(t, r.options.Key.String(), serve(t, r.Handler()), r.clock)
	if _, err := a.Submit(t.Context(), h.submission(t, 0, 7)); err != nil {
		t.Fatal(err)
	}
	for fact, c := range map[string]struct {
		s    anchor.Submission
		want error
		text string
	}{
		"a fork":                 {fork.submission(t, 7, 7), anchor.ErrForked, "two logs were shown|another log than us"},
		"a fork, grown":          {fork.submission(t, 7, 9), anchor.ErrForked, "does not follow from the 7"},
		"a rollback":             {h.submission(t, 0, 5), anchor.ErrRefused, "it has cosigned 7 entries of the log log.example/one, and we have 5"},
		"a log it does not know": {stranger.submission(t, 0, 2), anchor.ErrRefused, "does not know the log other.example"},
		"another key of the log": {imposter.submission(t, 7, 8), anchor.ErrRefused, "another key of the log"},
	} {
		_, err := a.Submit(t.Context(), c.s)
		if !errors.Is(err, c.want) || !slices.ContainsFunc(strings.Split(c.text, "|"), func(s string) bool { return strings.Contains(err.Error(), s) }) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	behind := (*anchor.Behind)(nil)
	if _, err := a.Submit(t.Context(), h.submission(t, 3, 9)); !errors.As(err, &behind) || behind.Size != 7 {
		t.Errorf("behind: %v", err)
	}
	if _, err := a.Submit(t.Context(), fork.submission(t, 0, 7)); !errors.As(err, &behind) || behind.Size != 7 {
		t.Errorf("a fork, not knowing what the witness has: %v", err)
	}
}

// What a witness, or somebody between, may answer: only a cosignature of its
// key over just this checkpoint is one.
func TestClientBelievesNothing(t *testing.T) {
	h := newHistory(t, origin, 9)
	key, other, c := newKey(t), newKey(t), newClock()
	text := func(size int) []byte {
		s, _, _ := strings.Cut(string(h.sizes[size].Raw), "\n\n")
		return []byte(s + "\n")
	}
	line := func(k proof.CosignerKey, size int, after time.Duration) string {
		s, err := k.Cosign(text(size), c.Now().Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return s + "\n"
	}
	good := line(key, 7, 0)
	for fact, x := range map[string]struct {
		status     int
		kind, body string
		want       error
	}{
		"good":                           {200, plainText, good, nil},
		"among others":                   {200, plainText, line(other, 7, 0) + "— stranger AAAABBBB\n" + good, nil},
		"a bad one before it":            {200, plainText, line(key, 8, 0) + good, nil},
		"a little ahead":                 {200, plainText, line(key, 7, time.Minute), nil},
		"nothing":                        {200, plainText, "", anchor.ErrUnverified},
		"another key":                    {200, plainText, line(other, 7, 0), anchor.ErrUnverified},
		"another checkpoint":             {200, plainText, line(key, 8, 0), anchor.ErrUnverified},
		"from the future":                {200, plainText, line(key, 7, time.Hour), anchor.ErrUnverified},
		"garbage":                        {200, "text/html", "<html>", anchor.ErrUnverified},
		"too much":                       {200, plainText, strings.Repeat(good, 1+maxAnswer/len(good)), anchor.ErrUnavailable},
		"a redirect":                     {302, plainText, good, anchor.ErrUnavailable},
		"a 409 with its own old size":    {409, sizeText, "3\n", anchor.ErrUnavailable},
		"a 409 without a size":           {409, sizeText, "\n", anchor.ErrUnavailable},
		"a 409 with a leading zero":      {409, sizeText, "05\n", anchor.ErrUnavailable},
		"a 409 of another kind":          {409, plainText, "5\n", anchor.ErrUnavailable},
		"a 409 with all that there ever": {409, sizeText, "18446744073709551615\n", anchor.ErrRefused},
		"a broken server":                {500, plainText, good, anchor.ErrUnavailable},
		"busy":                           {429, plainText, good, anchor.ErrUnavailable},
		"not understood":                 {400, plainText, "", anchor.ErrRefused},
		"a teapot":                       {418, plainText, good, anchor.ErrUnavailable},
	} {
		url := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", x.kind)
			if x.status == 302 {
				rw.Header().Set("Location", "/elsewhere")
			}
			rw.WriteHeader(x.status)
			_, _ = io.WriteString(rw, x.body)
		}))
		receipt, err := ask(t, key.String(), url, c).Submit(t.Context(), h.submission(t, 3, 7))
		if !errors.Is(err, x.want) || (err == nil) != (x.want == nil) || (err == nil) != (len(receipt.Proof) > 0) {
			t.Errorf("%s: %v", fact, err)
		}
	}
}

func TestClientOfNobody(t *testing.T) {
	h, c := newHistory(t, origin, 2), newClock()
	gone := httptest.NewServer(nil)
	gone.Close()
	if _, err := ask(t, newKey(t).String(), gone.URL, c).Submit(t.Context(), h.submission(t, 0, 2)); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("nobody is there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ask(t, newKey(t).String(), gone.URL, c).Submit(ctx, h.submission(t, 0, 2)); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("cancelled: %v", err)
	}
	for fact, s := range map[string]anchored.Spec{
		"no key":       {URL: gone.URL},
		"a log's key":  {URL: gone.URL, Key: h.vkey},
		"no address":   {Key: newKey(t).String()},
		"a password":   {Key: newKey(t).String(), URL: "https://ana:secret@w.example"},
		"another kind": {Key: newKey(t).String(), URL: "file:///etc/passwd"},
	} {
		_, err := Kind().Open(s, anchor.World{Now: c.Now})
		if !errors.Is(err, anchor.ErrSetup) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", fact, err)
		}
	}
	if _, err := Kind().Open(anchored.Spec{Key: newKey(t).String(), URL: gone.URL}, anchor.World{}); !errors.Is(err, anchor.ErrSetup) {
		t.Errorf("no clock: %v", err)
	}
}

func TestHTTP(t *testing.T) {
	h := newHistory(t, origin, 9)
	r := newRig(t, h)
	url := serve(t, r.Handler())
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(data)
	}
	post := func(body io.Reader) int {
		t.Helper()
		resp, err := http.Post(url+"/add-checkpoint", "", body)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	at := "/" + OriginHash(origin) + "/checkpoint"
	if status, _ := get(at); status != 404 {
		t.Errorf("before anything was cosigned: %d", status)
	}
	if status := post(strings.NewReader(string(h.request(t, 0, 7)))); status != 200 {
		t.Errorf("posted: %d", status)
	}
	status, served := get(at)
	want := string(h.sizes[7].Raw) + r.logs[origin].last.line + "\n"
	if status != 200 || served != want {
		t.Errorf("%d %q, want %q", status, served, want)
	}
	for path, want := range map[string]int{
		"/" + OriginHash("other.example") + "/checkpoint": 404, "/x/checkpoint": 404, "/": 404, "/add-checkpoint": 405, "/healthz": 200,
		"/" + strings.ToUpper(OriginHash(origin)) + "/checkpoint": 404, at + "/": 404,
	} {
		if status, _ := get(path); status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
	if status := post(strings.NewReader(strings.Repeat("x", MaxRequest+1))); status != 413 {
		t.Errorf("too much: %d", status)
	}
	if m := string(r.Metrics()); !strings.Contains(m, "gateledger_witness_answers_total{status=\"200\"} 1\n") || !strings.Contains(m, fmt.Sprintf("gateledger_witness_size{origin=%q} 7\n", origin)) {
		t.Errorf("metrics:\n%s", m)
	}
}

func TestNewest(t *testing.T) {
	h := newHistory(t, origin, 9)
	r := newRig(t, h)
	url := serve(t, r.Handler())
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	world := anchor.World{Base: base, Timeout: 10 * time.Second, Pause: time.Millisecond, Now: r.clock.Now}
	newest := func(url, origin string) (string, error) {
		raw, err := Newest(t.Context(), anchored.Spec{Name: "w1", URL: url}, world, origin)
		return string(raw), err
	}
	if raw, err := newest(url+"/", origin); raw != "" || err != nil {
		t.Errorf("before anything was cosigned: %q, %v", raw, err)
	}
	a := r.add(h.request(t, 0, 7))
	if raw, err := newest(url, origin); raw != string(h.sizes[7].Raw)+a.body || err != nil {
		t.Errorf("%q, %v", raw, err)
	}
	if raw, err := newest(url, "other.example"); raw != "" || err != nil {
		t.Errorf("another log: %q, %v", raw, err)
	}
	for _, status := range []int{200, 302, 403, 500} {
		odd := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }))
		if raw, err := newest(odd, origin); raw != "" || !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%d: %q, %v", status, raw, err)
		}
	}
	if _, err := newest("ftp://w.example", origin); !errors.Is(err, anchor.ErrSetup) {
		t.Errorf("no address: %v", err)
	}
}
