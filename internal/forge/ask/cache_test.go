// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const monday = "Mon, 02 Mar 2026 09:00:00 GMT"

// tagged answers with a body that has a tag, and 304 to whoever has it.
func tagged(tag, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Link", `<https://api.example.com/x?page=2>; rel="next"`)
		if r.Header.Get("If-None-Match") == tag {
			w.Header().Del("Link")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, body)
	}
}

func read(t *testing.T, tr *Transport, req *http.Request) (string, http.Header) {
	t.Helper()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	return string(body), resp.Header
}

// What did not change is not sent again, and reads as it did.
func TestCacheKeepsAnswers(t *testing.T) {
	tr, req, asked := forge(t, tagged(`"a"`, "[1]"), tagged(`"a"`, "[1]"), tagged(`"b"`, "[2]"), answer(200, "[3]"))
	tr.Cache = new(Cache)
	for i, want := range []string{"[1]", "[1]", "[2]", "[3]"} {
		body, h := read(t, tr, req)
		if body != want || i < 3 && h.Get("Link") == "" {
			t.Errorf("reading %d: %s, %v", i, body, h)
		}
	}
	if _, calls := tr.Asked(); calls != 4 || asked.Load() != 4 {
		t.Errorf("%d calls", calls)
	}
}

// An answer is kept for who asked, for what was asked, and only if it was one.
func TestCacheKeepsApart(t *testing.T) {
	cache := new(Cache)
	tr, req, _ := forge(t, tagged(`"a"`, "[1]"))
	tr.Cache = cache
	read(t, tr, req)
	for name, change := range map[string]func(*http.Request){
		"another token":   func(r *http.Request) { r.Header.Set("Job-Token", "other") },
		"another bearer":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer other") },
		"another form":    func(r *http.Request) { r.Header.Set("Accept", "text/html") },
		"another address": func(r *http.Request) { r.URL.RawQuery = "page=2" },
	} {
		other := req.Clone(t.Context())
		change(other)
		if _, ok := cache.get(other); ok {
			t.Errorf("%s gets the same answer", name)
		}
	}
	for name, step := range map[string]http.HandlerFunc{
		"null":       tagged(`"a"`, "null"),
		"a refusal":  answer(404, "{}", "ETag", `"a"`),
		"without":    answer(200, "[]"),
		"a huge tag": tagged(`"`+strings.Repeat("a", maxTag)+`"`, "[]"),
	} {
		tr, req, _ := forge(t, step)
		tr.Cache = new(Cache)
		_, _ = tr.RoundTrip(req)
		if _, ok := tr.Cache.get(req); ok {
			t.Errorf("%s: kept", name)
		}
	}
}

// A forge that says "not modified" to whoever has nothing is not believed.
func TestNotModifiedWithoutCause(t *testing.T) {
	tr, req, _ := forge(t, answer(304, ""))
	tr.Cache = new(Cache)
	if _, err := tr.RoundTrip(req); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := new(Cache)
	_, req, _ := forge(t, answer(200, "[]"))
	h := http.Header{"Etag": {`"a"`}}
	for i := range maxCached + 10 {
		r := req.Clone(t.Context())
		r.URL.RawQuery = fmt.Sprint(i)
		c.put(r, h, []byte("[]"))
		c.put(r, h, []byte("[1]"))
	}
	if len(c.answers) != maxCached || c.size != 3*maxCached {
		t.Errorf("%d answers, %d bytes", len(c.answers), c.size)
	}
	c = new(Cache)
	if c.put(req, h, make([]byte, maxCachedSize+1)); len(c.answers) != 0 || c.size != 0 {
		t.Errorf("%d bytes", c.size)
	}
}

// The time of a reading is the forge's at its first answer, whatever that was.
func TestAsked(t *testing.T) {
	tr, req, _ := forge(t, answer(502, "", "Date", monday), answer(200, "[]", "Date", "Mon, 02 Mar 2026 10:00:00 GMT"))
	read(t, tr, req)
	if first, calls := tr.Asked(); calls != 2 || first.Format(time.RFC3339) != "2026-03-02T09:00:00Z" {
		t.Errorf("%s, %d calls", first, calls)
	}
	tr, req, _ = forge(t, answer(200, "[]", "Date", "noon"))
	read(t, tr, req)
	if first, calls := tr.Asked(); calls != 1 || !first.IsZero() {
		t.Errorf("%s, %d calls", first, calls)
	}
}

// GitHub's limits are no refusals: nobody said that we may not see it.
func TestLimits(t *testing.T) {
	soon, late := fmt.Sprint(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Unix()), fmt.Sprint(time.Date(2026, 3, 2, 9, 20, 0, 0, time.UTC).Unix())
	for name, c := range map[string]struct {
		step http.HandlerFunc
		asks int64
		want error
	}{
		"reached, until now":       {answer(403, "{}", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", soon, "Date", monday), 4, ErrUnavailable},
		"reached, too many":        {answer(429, "{}", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", soon, "Date", monday), 4, ErrUnavailable},
		"reached for long":         {answer(403, "{}", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", late, "Date", monday), 1, ErrUnavailable},
		"reached, who knows when":  {answer(403, "{}", "X-RateLimit-Remaining", "0"), 1, ErrUnavailable},
		"reached, an odd time":     {answer(403, "{}", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "-9", "Date", monday), 1, ErrUnavailable},
		"secondary":                {answer(403, "{}", "Retry-After", "0"), 4, ErrUnavailable},
		"secondary, at the limit":  {answer(403, "{}", "Retry-After", "0", "X-RateLimit-Remaining", "0"), 4, ErrUnavailable},
		"secondary, in words only": {answer(403, `{"message":"You have exceeded a secondary rate limit."}`), 1, ErrUnavailable},
		"not allowed":              {answer(403, "{}", "X-RateLimit-Remaining", "4999"), 1, ErrRefused},
	} {
		tr, req, asked := forge(t, c.step)
		if _, err := tr.RoundTrip(req); !errors.Is(err, c.want) || asked.Load() != c.asks {
			t.Errorf("%s: asked %d times, %v", name, asked.Load(), err)
		}
	}
}
