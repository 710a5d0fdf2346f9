// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// query is a question by POST, and what the forge was told each time.
func query(t *testing.T, steps ...http.HandlerFunc) (*Transport, *http.Request, *[]string) {
	t.Helper()
	heard := &[]string{}
	for i, step := range steps {
		steps[i] = func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			*heard = append(*heard, string(body))
			step(w, r)
		}
	}
	tr, get, _ := forge(t, steps...)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+get.URL.Host+"/api/graphql", strings.NewReader(`{"query":"{a}"}`))
	if err != nil {
		t.Fatal(err)
	}
	tr.Queries, tr.Cache = "/api/graphql", new(Cache)
	return tr, req, heard
}

// A question that changes nothing is put again as it was, and no answer to it is
// kept: the next question may be another one.
func TestQueries(t *testing.T) {
	const asked = `{"query":"{a}"}`
	tr, req, heard := query(t, answer(502, ""), hangUp, answer(200, `{"data":1}`, "ETag", `"a"`), answer(200, `{"data":2}`))
	get := req.Clone(t.Context())
	get.Method = http.MethodGet
	tr.Cache.put(get, http.Header{"Etag": {`"a"`}}, []byte(`{"data":0}`))
	if _, ok := tr.Cache.get(req); ok {
		t.Error("a question gets what was kept of its address")
	}
	for _, want := range []string{`{"data":1}`, `{"data":2}`} {
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != want {
			t.Errorf("%s, want %s", body, want)
		}
	}
	if strings.Join(*heard, " ") != strings.Join([]string{asked, asked, asked, asked}, " ") || len(tr.Cache.answers) != 1 {
		t.Errorf("heard %q, and keeps %d answers", *heard, len(tr.Cache.answers))
	}
}

// Only a question is asked, only where questions are, and nowhere else.
func TestQueriesThatAreNone(t *testing.T) {
	for name, change := range map[string]func(*Transport, *http.Request){
		"there is no such path":    func(tr *Transport, _ *http.Request) { tr.Queries = "" },
		"another path":             func(_ *Transport, r *http.Request) { r.URL.Path = "/api/v3/repos/acme/app/issues" },
		"a longer path":            func(_ *Transport, r *http.Request) { r.URL.Path += "/x" },
		"another host":             func(_ *Transport, r *http.Request) { r.URL.Host = "evil.example" },
		"more in the address":      func(_ *Transport, r *http.Request) { r.URL.RawQuery = "a=b" },
		"what can't be said again": func(_ *Transport, r *http.Request) { r.GetBody = nil },
		"another method":           func(_ *Transport, r *http.Request) { r.Method = http.MethodPut },
		"what is deleted":          func(_ *Transport, r *http.Request) { r.Method = http.MethodDelete },
		"its words are gone": func(_ *Transport, r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
		},
	} {
		tr, req, heard := query(t, answer(200, "{}"))
		change(tr, req)
		if _, err := tr.RoundTrip(req); !errors.Is(err, ErrUnavailable) || len(*heard) != 0 {
			t.Errorf("%s: %v, heard %q", name, err, *heard)
		}
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		tr, req, heard := query(t, answer(status, "{}", "Location", "/api/graphql"))
		if _, err := tr.RoundTrip(req); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "not followed") || len(*heard) != 1 {
			t.Errorf("%d: %v, heard %q", status, err, *heard)
		}
	}
}

func TestFacts(t *testing.T) {
	c := new(Cache)
	c.Note("a", "b")
	if !c.Noted("a", "b") || c.Noted("ab") || c.Noted("a", "b", "") || c.Noted("b", "a") || new(Cache).Noted("a", "b") {
		t.Error("a fact is taken for another one")
	}
	for i := range maxFacts + 10 {
		c.Note("c", string(rune(i)))
	}
	if len(c.facts) != maxFacts || !c.Noted("a", "b") {
		t.Errorf("%d facts", len(c.facts))
	}
	var none *Cache
	if none.Note("a"); none.Noted("a") {
		t.Error("noted nowhere")
	}
}
