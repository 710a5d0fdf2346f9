// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/report"
)

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp ends the connection in the middle of an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `{"id":1`)
	panic(http.ErrAbortHandler)
}

// What the forge may have heard is sent once.
func TestAWriteIsNotRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		times  int // how often it answers so
		sent   int // how often it was sent, in all
		ok     bool
		say    string
	}{
		"taken":                         {nil, 0, 1, true, ""},
		"busy, and says when":           {status(503, "", "Retry-After", "0"), 1, 2, true, ""},
		"too many, and says when":       {status(429, "", "Retry-After", "0"), 2, 3, true, ""},
		"too many for ever":             {status(429, "", "Retry-After", "0"), 99, 4, false, "429"},
		"busy, and does not say when":   {status(503, ""), 1, 1, false, "503"},
		"too many, and no when":         {status(429, ""), 1, 1, false, "429"},
		"come back tomorrow":            {status(429, "", "Retry-After", "86400"), 1, 1, false, "429"},
		"come back at a time":           {status(503, "", "Retry-After", "Mon, 02 Mar 2026 09:00:05 GMT"), 1, 1, false, "503"},
		"a secondary limit":             {status(403, `{"message":"secondary rate limit"}`, "Retry-After", "0"), 1, 1, false, "secondary"},
		"broken":                        {status(500, ""), 1, 1, false, "500"},
		"broken, and says when":         {status(500, "", "Retry-After", "0"), 1, 1, false, "500"},
		"a bad gateway":                 {status(502, ""), 1, 1, false, "502"},
		"a gateway that waited":         {status(504, "", "Retry-After", "0"), 1, 1, false, "504"},
		"hung up on":                    {hangUp, 1, 1, false, "EOF"},
		"hung up on at once":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 1, 1, false, "EOF"},
		"a redirect to the same host":   {status(308, "{}", "Location", "/repos/acme/app/statuses/x"), 1, 1, false, "redirects are not followed"},
		"a redirect to see another":     {status(303, "{}", "Location", "https://evil.example/"), 1, 1, false, "redirects are not followed"},
		"a secret in what it says":      {status(422, "no "+secret+"\x1b[2J"), 1, 1, false, `no [secret]\x1b[2J`},
		"much in what it says":          {status(422, strings.Repeat("a", 1000)), 1, 1, false, strings.Repeat("a", 200) + "…"},
		"taken, and told of in no JSON": {status(201, "<html>"), 1, 1, false, "odd answer"},
		"no content":                    {status(204, ""), 1, 1, false, "204"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(t)
			left := c.times
			f.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if left--; left < 0 {
					return false
				}
				c.answer(w, r)
				return true
			}
			_, err := f.send("github-status", f.query(notice(report.NoticePending)))
			if len(f.heard()) != c.sent || (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), c.say) {
				t.Errorf("sent %d times, want %d: %v", len(f.heard()), c.sent, err)
			}
		})
	}
}

// roundTrip is a network in a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

func TestNobodyListens(t *testing.T) {
	f := newForge(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	q := f.query(notice(report.NoticePending))
	calls := 0
	q.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		if calls++; calls < 3 {
			r.URL.Host = gone
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	if _, err := f.send("github-status", q); err != nil || calls != 3 || len(f.heard()) != 1 {
		t.Errorf("%d calls, %q, %v", calls, f.heard(), err)
	}
}

func TestSilenceIsNotTriedAgain(t *testing.T) {
	f := newForge(t)
	q := f.query(notice(report.NoticePending))
	calls := 0
	q.Timeout = 10 * time.Millisecond
	q.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		calls++
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	if _, err := f.send("github-status", q); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 10ms") || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	q.Base = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("bad token " + secret) })
	if _, err := f.send("github-status", q); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "[secret]") {
		t.Error(err)
	}
}

func TestCancelEndsTheWait(t *testing.T) {
	f := newForge(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		status(503, "", "Retry-After", "30")(w, r)
		cancel()
		return true
	}
	if _, err := Send(ctx, "github-status", f.query(notice(report.NoticePending))); !errors.Is(err, ErrUnavailable) || len(f.heard()) != 1 {
		t.Errorf("%q, %v", f.heard(), err)
	}
}

func TestTheTokenGoesToOneHost(t *testing.T) {
	f := newForge(t)
	s, err := newService(f.query(notice(report.NoticePending)), "GITHUB_API_URL", secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.base = roundTrip(func(*http.Request) (*http.Response, error) { t.Error("asked"); return nil, io.EOF })
	if err := s.writeTo(t.Context(), "POST", "https://evil.example/x", nil, new(any)); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "not ours") {
		t.Error(err)
	}
}

func TestViewerAtAnEnterpriseServer(t *testing.T) {
	for api, want := range map[string]string{
		"https://api.github.com": "https://api.github.com/graphql", "https://ghe.example.com/api/v3": "https://ghe.example.com/api/graphql",
		"https://ghe.example.com/api/v3/": "https://ghe.example.com/api/graphql",
	} {
		env := map[string]string{"GITHUB_API_URL": api, "GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": secret}
		got := ""
		h, err := newHub(Query{Getenv: func(n string) string { return env[n] }, Base: roundTrip(func(r *http.Request) (*http.Response, error) {
			got = r.URL.String()
			return nil, io.EOF
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.viewer(t.Context()); err == nil || got != want {
			t.Errorf("%s, %v", got, err)
		}
	}
}
