// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const secret = "glcbt-64_do-not-repeat"

// forge answers by steps, the last of them for ever.
func forge(t *testing.T, steps ...http.HandlerFunc) (*Transport, *http.Request, *atomic.Int64) {
	t.Helper()
	asked := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		step := steps[min(int(asked.Add(1)), len(steps))-1]
		step(w, r)
	}))
	t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/v4/x?page=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Job-Token", secret)
	return &Transport{Base: http.DefaultTransport, Host: req.URL.Host, Secrets: []string{secret}, Pause: time.Millisecond}, req, asked
}

func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp ends the connection in the middle of an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `[{"id":1}`)
	panic(http.ErrAbortHandler)
}

func TestOnlyAWholeAnswerIsOne(t *testing.T) {
	const list = `[{"id":1}]`
	late := "Mon, 02 Mar 2026 10:00:00 GMT"
	for name, c := range map[string]struct {
		steps []http.HandlerFunc
		asks  int64
		want  error // nil: the list
		says  string
	}{
		"a list":                      {[]http.HandlerFunc{answer(200, list)}, 1, nil, ""},
		"busy once":                   {[]http.HandlerFunc{answer(502, ""), answer(200, list)}, 2, nil, ""},
		"too many requests once":      {[]http.HandlerFunc{answer(429, "", "Retry-After", "0"), answer(200, list)}, 2, nil, ""},
		"secondary limit once":        {[]http.HandlerFunc{answer(403, "", "Retry-After", "0"), answer(200, list)}, 2, nil, ""},
		"hung up on once":             {[]http.HandlerFunc{hangUp, answer(200, list)}, 2, nil, ""},
		"a time that nobody can read": {[]http.HandlerFunc{answer(429, "", "Retry-After", "soon"), answer(200, list)}, 2, nil, ""},
		"a time that has come":        {[]http.HandlerFunc{answer(429, "", "Retry-After", late, "Date", late), answer(200, list)}, 2, nil, ""},

		"busy for ever":             {[]http.HandlerFunc{answer(503, "")}, 4, ErrUnavailable, "503"},
		"too many for ever":         {[]http.HandlerFunc{answer(429, "")}, 4, ErrUnavailable, "429"},
		"come back tomorrow":        {[]http.HandlerFunc{answer(429, "", "Retry-After", "86400")}, 1, ErrUnavailable, "come back too late"},
		"come back at a far time":   {[]http.HandlerFunc{answer(429, "", "Retry-After", late, "Date", "Mon, 02 Mar 2026 09:00:00 GMT")}, 1, ErrUnavailable, "come back too late"},
		"hung up on for ever":       {[]http.HandlerFunc{hangUp}, 4, ErrUnavailable, "EOF"},
		"an empty answer":           {[]http.HandlerFunc{answer(200, "")}, 1, ErrUnavailable, "no JSON"},
		"null":                      {[]http.HandlerFunc{answer(200, "null")}, 1, ErrUnavailable, "null"},
		"null with white space":     {[]http.HandlerFunc{answer(200, " null\n")}, 1, ErrUnavailable, "null"},
		"a page for people":         {[]http.HandlerFunc{answer(200, "<html>sign in</html>")}, 1, ErrUnavailable, "no JSON"},
		"two documents":             {[]http.HandlerFunc{answer(200, "[][]")}, 1, ErrUnavailable, "no JSON"},
		"a list cut short":          {[]http.HandlerFunc{answer(200, `[{"id":1}`)}, 1, ErrUnavailable, "no JSON"},
		"a name twice":              {[]http.HandlerFunc{answer(200, `[{"id":1,"id":2}]`)}, 1, ErrUnavailable, "no JSON"},
		"created":                   {[]http.HandlerFunc{answer(201, list)}, 1, ErrUnavailable, "201"},
		"no content":                {[]http.HandlerFunc{answer(204, "")}, 1, ErrUnavailable, "204"},
		"not modified":              {[]http.HandlerFunc{answer(304, "")}, 1, ErrUnavailable, "304"},
		"a redirect":                {[]http.HandlerFunc{answer(302, list, "Location", "https://evil.example/")}, 1, ErrUnavailable, "redirects are not followed"},
		"a redirect for good":       {[]http.HandlerFunc{answer(308, list, "Location", "/api/v4/y")}, 1, ErrUnavailable, "redirects are not followed"},
		"not logged in":             {[]http.HandlerFunc{answer(401, `{"message":"401 Unauthorized"}`)}, 1, ErrRefused, "401 Unauthorized"},
		"not allowed":               {[]http.HandlerFunc{answer(403, "")}, 1, ErrRefused, "403"},
		"not there":                 {[]http.HandlerFunc{answer(404, "")}, 1, ErrRefused, "404"},
		"gone":                      {[]http.HandlerFunc{answer(410, "")}, 1, ErrRefused, "410"},
		"a teapot":                  {[]http.HandlerFunc{answer(418, "")}, 1, ErrUnavailable, "418"},
		"a secret in what it says":  {[]http.HandlerFunc{answer(404, "no "+secret)}, 1, ErrRefused, "no [secret]"},
		"a cursor in what it says":  {[]http.HandlerFunc{answer(404, "a\x1b[2Jb")}, 1, ErrRefused, `a\x1b[2Jb`},
		"much in what it says":      {[]http.HandlerFunc{answer(404, strings.Repeat("a", 1000))}, 1, ErrRefused, strings.Repeat("a", 200) + "…"},
		"more than is read":         {[]http.HandlerFunc{answer(200, `["`+strings.Repeat("a", 2<<10)+`"]`)}, 1, ErrUnavailable, "limit of 1024 bytes"},
		"a gigabyte in a few bytes": {[]http.HandlerFunc{bomb}, 1, ErrUnavailable, "limit of 1024 bytes"},
		"no sense in what we ask":   {[]http.HandlerFunc{answer(422, "{}")}, 1, ErrSenseless, "422"},
		"more than is read, no end": {[]http.HandlerFunc{flood}, 1, ErrUnavailable, "limit of 1024 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			tr, req, asked := forge(t, c.steps...)
			tr.Limit = 1 << 10
			resp, err := tr.RoundTrip(req)
			if n := asked.Load(); n != c.asks {
				t.Errorf("asked %d times, want %d", n, c.asks)
			}
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if body, _ := io.ReadAll(resp.Body); string(body) != list {
					t.Errorf("%s", body)
				}
				return
			}
			if !errors.Is(err, c.want) || resp != nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %v with %q", err, c.want, c.says)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

// bomb is short on the wire and long once it is unpacked.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	for chunk := make([]byte, 1<<20); ; {
		if _, err := z.Write(chunk); err != nil {
			return
		}
	}
}

func flood(w http.ResponseWriter, r *http.Request) {
	for chunk := []byte(strings.Repeat("[", 1<<10)); r.Context().Err() == nil; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func TestNothingElseIsAsked(t *testing.T) {
	tr, req, asked := forge(t, answer(200, "[]"))
	other := req.Clone(t.Context())
	other.URL.Host = "evil.example"
	write := req.Clone(t.Context())
	write.Method = http.MethodPost
	for _, r := range []*http.Request{other, write} {
		if _, err := tr.RoundTrip(r); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestSilenceEnds(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tr, req, asked := forge(t, hang)
	tr.Timeout = 20 * time.Millisecond
	if _, err := tr.RoundTrip(req); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 20ms") || asked.Load() != 1 {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tr, req, asked = forge(t, func(http.ResponseWriter, *http.Request) { cancel(); panic(http.ErrAbortHandler) })
	if _, err := tr.RoundTrip(req.WithContext(ctx)); !errors.Is(err, ErrUnavailable) || asked.Load() != 1 {
		t.Errorf("cancelled: asked %d times, %v", asked.Load(), err)
	}
}

// The forge's word on when to come back is kept.
func TestRetryAfter(t *testing.T) {
	date := "Mon, 02 Mar 2026 09:00:00 GMT"
	for name, c := range map[string]struct {
		after string
		want  time.Duration
		ok    bool
	}{
		"nothing said":     {"", time.Second, true},
		"seconds":          {"7", 7 * time.Second, true},
		"fewer than usual": {"0", time.Second, true},
		"a minute":         {"60", time.Minute, true},
		"longer":           {"61", 61 * time.Second, false},
		"for ever":         {"4294967295", 24 * time.Hour, false},
		"over for ever":    {"99999999999999999999", time.Second, true},
		"a time":           {"Mon, 02 Mar 2026 09:00:05 GMT", 5 * time.Second, true},
		"a time gone by":   {"Mon, 02 Mar 2026 08:00:05 GMT", time.Second, true},
		"a far time":       {"Mon, 02 Mar 2026 09:02:00 GMT", 2 * time.Minute, false},
		"a negative one":   {"-5", time.Second, true},
	} {
		h := http.Header{}
		h.Set("Date", date)
		h.Set("Retry-After", c.after)
		if wait, ok := retryAfter(h, time.Second); wait != c.want || ok != c.ok {
			t.Errorf("%s: %s, %t; want %s, %t", name, wait, ok, c.want, c.ok)
		}
	}
}

func TestAddress(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://gitlab.example.com/api/v4":       true,
		"https://gitlab.example.com:8443/x/v4":    true,
		"http://127.0.0.1:8080/api/v4":            true,
		"http://localhost/api/v4":                 true,
		"http://gitlab.example.com/api/v4":        false,
		"https://me:pw@gitlab.example.com/":       false,
		"https://gitlab.example.com/#x":           false,
		"https://gitlab.example.com/?token=x":     false,
		"https:gitlab":                            false,
		"ftp://gitlab.example.com":                false,
		"gitlab.example.com":                      false,
		"http://127.0.0.1.evil.example/api/v4":    false,
		"http://localhost.evil.example/api/v4":    false,
		"https://\x00":                            false,
		"":                                        false,
		"http://[::1]:80/api/v4":                  true,
		"https://gitlab.example.com/api/v4?x=%zz": false,
	} {
		if _, err := Address(raw); (err == nil) != want {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
