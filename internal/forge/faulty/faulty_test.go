// SPDX-License-Identifier: Apache-2.0

package faulty

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answers are the statuses of a server with faults, for each path; 200 is its own.
func answers(f *Front, paths ...string) string {
	var got []string
	for _, p := range paths {
		w := httptest.NewRecorder()
		if !f.Intercepts(w, httptest.NewRequest("GET", p, nil)) {
			w.WriteHeader(http.StatusOK)
		}
		got = append(got, fmt.Sprint(w.Code))
	}
	return strings.Join(got, " ")
}

func TestFaults(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) bool { return Status(code, "{}") }
	for name, c := range map[string]struct {
		faults []Fault
		want   string // for /a, /b?c, /a, /a
	}{
		"none":                {nil, "200 200 200 200"},
		"of everything":       {[]Fault{{Answer: status(502)}}, "502 502 502 502"},
		"of a path":           {[]Fault{{In: "/a", Answer: status(502)}}, "502 200 502 502"},
		"of a query":          {[]Fault{{In: "?c", Answer: status(502)}}, "200 502 200 200"},
		"once":                {[]Fault{{In: "/a", Times: 1, Answer: status(502)}}, "502 200 200 200"},
		"twice":               {[]Fault{{In: "/a", Times: 2, Answer: status(502)}}, "502 200 502 200"},
		"after the first":     {[]Fault{{In: "/a", Skip: 1, Answer: status(502)}}, "200 200 502 502"},
		"the second":          {[]Fault{{In: "/a", Skip: 1, Times: 1, Answer: status(502)}}, "200 200 502 200"},
		"the newest first":    {[]Fault{{Answer: status(502)}, {Times: 1, Answer: status(404)}}, "404 502 502 502"},
		"one that lets it be": {[]Fault{{Answer: func(http.ResponseWriter, *http.Request) bool { return false }}}, "200 200 200 200"},
	} {
		f := new(Front)
		for _, one := range c.faults {
			f.Fault(one)
		}
		if got := answers(f, "/a", "/b?c", "/a", "/a"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if n := len(f.Asked()); n != 4 || f.Asked()[1].URL.Path != "/b" {
			t.Errorf("%s: %d were noted", name, n)
		}
		if f.Mend(); answers(f, "/a") != "200" {
			t.Errorf("%s: mended, and still at fault", name)
		}
	}
}

func TestStatus(t *testing.T) {
	w := httptest.NewRecorder()
	if !Status(429, "slow", "Retry-After", "5", "left")(w, nil) || w.Code != 429 || w.Body.String() != "slow" || w.Header().Get("Retry-After") != "5" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
