// SPDX-License-Identifier: Apache-2.0

package remote

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

	"github.com/gateledger/gateledger/internal/cli"
)

func newAsker(t *testing.T, h http.HandlerFunc) (*asker, *http.Request) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	return &asker{ctx: t.Context(), who: "it", timeout: time.Minute, limit: 100, wire: wire{network().base, time.Millisecond}}, req
}

func TestAskerSendsTheWholeQuestionAgain(t *testing.T) {
	var heard []string
	a, req := newAsker(t, func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard = append(heard, string(body))
		if len(heard) < tries {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	resp, err := a.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := strings.Join(heard, ","); got != "question,question,question" {
		t.Errorf("heard %s", got)
	}
}

func TestAskerEndsWithTheVerb(t *testing.T) {
	a, req := newAsker(t, hangs)
	why := errors.New("interrupted by hand")
	ctx, cancel := context.WithCancelCause(t.Context())
	a.ctx = ctx
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, err := a.RoundTrip(req); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	a, req = newAsker(t, says(503, ""))
	a.ctx, a.wire.pause = ctx, time.Hour
	if _, err := a.RoundTrip(req); err == nil {
		t.Error("waited for a second try")
	}
}

func TestAskerTakesJustTheLimit(t *testing.T) {
	for size, ok := range map[int]bool{99: true, 100: true, 101: false} {
		a, req := newAsker(t, says(200, strings.Repeat("x", size)))
		resp, err := a.RoundTrip(req)
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
		if err == nil {
			body, err := io.ReadAll(resp.Body)
			if len(body) != size || err != nil || resp.ContentLength != int64(size) {
				t.Errorf("%d bytes: got %d, %v", size, len(body), err)
			}
			resp.Body.Close()
		}
	}
}

func TestAskerExcerpt(t *testing.T) {
	a := &asker{secrets: []string{"hunter2", ""}}
	for body, want := range map[string]string{
		"plain":                             "plain",
		"your hunter2 is wrong":             "your [secret] is wrong",
		"got eyJhbGciOiJSUzI1NiJ9.e30.c2ln": "got [token]",
		"half eyJhbGciOiJSUzI1NiJ9":         "half [token]",
		"a\nb\r\n\tc":                       "a b c",
		"\x1b[31mred":                       `\x1b[31mred`,
		strings.Repeat("y", 300):            strings.Repeat("y", maxExcerpt) + "…",
		"":                                  "",
	} {
		if got := a.excerpt([]byte(body)); got != want {
			t.Errorf("%q is shown as %q, want %q", body, got, want)
		}
	}
}

func TestRefusalThatNobodyExplainsExitsWithNo(t *testing.T) {
	exit := (*cli.Exit)(nil)
	if err := error(&refused{"no"}); !errors.As(err, &exit) || exit.Code != cli.No || exit.Error() != "no" {
		t.Errorf("%+v", exit)
	}
}

func TestLogIsOnlyAskedAgainIfItDidNotHear(t *testing.T) {
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		want  int
	}{
		"fails inside": {says(500, ""), 1},
		"bad gateway":  {says(502, ""), 1},
		"out of time":  {says(504, ""), 1},
		"hangs up":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 1},
		"overloaded":   {says(503, ""), tries},
		"too many":     {says(429, ""), tries},
		"refuses":      {says(403, ""), 1},
	} {
		var asked atomic.Int64
		a, req := newAsker(t, func(rw http.ResponseWriter, r *http.Request) { asked.Add(1); c.fault(rw, r) })
		a.once = true
		if _, err := a.RoundTrip(req); err == nil || asked.Load() != int64(c.want) {
			t.Errorf("%s: asked %d times, want %d (%v)", name, asked.Load(), c.want, err)
		}
	}
}
