// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

const (
	project = 6
	number  = 7
	commit  = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
)

func open(t *testing.T) (*gitlabtest.Server, *Client) {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(project, number, commit)
	c, err := New(Options{API: s.API, JobToken: gitlabtest.JobToken, Base: http.DefaultTransport, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func fill(s *gitlabtest.Server, n int) (ids []int64) {
	for i := range n {
		ids = append(ids, s.Note(project, number, 42, "ana", fmt.Sprint("note ", i)))
	}
	return ids
}

func TestNotesAreRead(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 200, 1234} {
		s, c := open(t)
		ids := fill(s, n)
		notes, err := c.Notes(t.Context(), project, number)
		if err != nil {
			t.Fatal(err)
		}
		if len(notes) != n {
			t.Fatalf("%d notes of %d", len(notes), n)
		}
		for i, note := range notes {
			if note.ID != ids[i] || note.Body != fmt.Sprint("note ", i) || note.AuthorID != 42 || note.Login != "ana" || note.Bot || note.Created.IsZero() {
				t.Fatalf("note %d is %+v", i, note)
			}
		}
		for _, r := range s.Asked() {
			if r.Header.Get("Job-Token") != gitlabtest.JobToken || strings.Contains(r.URL.String(), gitlabtest.JobToken) || r.Header.Get("Private-Token") != "" {
				t.Errorf("asked %s with %v", r.URL, r.Header)
			}
		}
	}
}

// Faults of the forge: each is an error, unless another try mends it.
func TestFaults(t *testing.T) {
	header := func(name, value string) func(http.ResponseWriter, *http.Request) bool {
		return gitlabtest.Status(200, "[]", name, value)
	}
	note := func(edit ...string) func(http.ResponseWriter, *http.Request) bool {
		body := `{"id":1,"body":"x","noteable_type":"MergeRequest","noteable_iid":7,"created_at":"2026-03-02T09:00:00Z","updated_at":"2026-03-02T09:00:00Z","author":{"id":1,"username":"a"}}`
		return gitlabtest.Status(200, "["+strings.NewReplacer(edit...).Replace(body)+"]", "X-Next-Page", "")
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		times  int
		want   string // of the error; empty: none
	}{
		"502 once":                   {gitlabtest.Status(502, ""), 1, ""},
		"429 once":                   {gitlabtest.Status(429, "", "Retry-After", "0"), 1, ""},
		"429 by another header":      {gitlabtest.Status(429, "", "RateLimit-Reset", "99999999999"), 1, ""},
		"502 for ever":               {gitlabtest.Status(502, ""), 0, "502"},
		"429 for ever":               {gitlabtest.Status(429, "", "Retry-After", "0"), 0, "429"},
		"429 for a day":              {gitlabtest.Status(429, "", "Retry-After", "86400"), 0, "too late"},
		"empty":                      {gitlabtest.Status(200, ""), 0, "no JSON"},
		"null":                       {gitlabtest.Status(200, "null", "X-Next-Page", ""), 0, "null"},
		"an object":                  {gitlabtest.Status(200, `{"message":"ok"}`, "X-Next-Page", ""), 0, "no list"},
		"a list of nothing":          {gitlabtest.Status(200, "[null]", "X-Next-Page", ""), 0, "is none"},
		"a list of numbers":          {gitlabtest.Status(200, "[1]", "X-Next-Page", ""), 0, "no list"},
		"a sign-in page":             {gitlabtest.Status(200, "<html>"), 0, "no JSON"},
		"a redirect":                 {gitlabtest.Status(302, "", "Location", "https://evil.example/"), 0, "redirects"},
		"a redirect to itself":       {gitlabtest.Status(301, "", "Location", "/api/v4/user"), 0, "redirects"},
		"no content":                 {gitlabtest.Status(204, ""), 0, "204"},
		"not modified":               {gitlabtest.Status(304, ""), 0, "304"},
		"403":                        {gitlabtest.Status(403, `{"message":"403 Forbidden"}`), 0, "403"},
		"404":                        {gitlabtest.Status(404, `{"message":"404 Not found"}`), 0, "404"},
		"no word of more pages":      {gitlabtest.Status(200, "[]"), 0, "whether pages follow"},
		"a next page that is none":   {header("X-Next-Page", "two"), 0, "whether pages follow"},
		"a next page that is behind": {header("X-Next-Page", "1"), 0, "whether pages follow"},
		"a next page that jumps":     {header("X-Next-Page", "3"), 0, "whether pages follow"},
		"pages that are none":        {header("X-Total-Pages", "many"), 0, "whether pages follow"},
		"pages without end":          {header("Link", `<https://x/>; rel="next"`), 0, "over the limit of 100 pages"},
		"by the number of pages":     {header("X-Total-Pages", "1"), 0, ""},

		"a note":                               {note(), 0, ""},
		"a note without a text":                {note(`"body":"x",`, ""), 0, "is none"},
		"a note whose text is null":            {note(`"x"`, "null"), 0, "is none"},
		"a note without a number":              {note(`"id":1,"body"`, `"body"`), 0, "is none"},
		"a note of another request":            {note(`"noteable_iid":7`, `"noteable_iid":8`), 0, "is none"},
		"a note of an issue":                   {note("MergeRequest", "Issue"), 0, "is none"},
		"a note at no time":                    {note("2026-03-02T09:00:00Z", "yesterday"), 0, "no list"},
		"a note with a number that is text":    {note(`"id":1,"body"`, `"id":"1","body"`), 0, "no list"},
		"a note with a number that is too big": {note(`"id":1,"body"`, `"id":99999999999999999999,"body"`), 0, "no list"},
		"a note by nobody":                     {note(`{"id":1,"username":"a"}`, "null"), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := open(t)
			s.Fault(gitlabtest.Fault{In: "/notes", Times: c.times, Answer: c.answer})
			notes, err := client.Notes(t.Context(), project, number)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || notes != nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			case err != nil && !errors.Is(err, ask.ErrRefused) && !errors.Is(err, ask.ErrUnavailable):
				t.Errorf("%v is no error of ours", err)
			}
			if err != nil && (strings.Contains(err.Error(), gitlabtest.JobToken) || !strings.Contains(err.Error(), "merge request 7")) {
				t.Error(err)
			}
		})
	}
}

// A redirect is not followed, to wherever: nobody else gets the token.
func TestARedirectCarriesNoToken(t *testing.T) {
	thief := gitlabtest.New()
	t.Cleanup(thief.Close)
	thief.MergeRequest(project, number)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s, c := open(t)
		s.Fault(gitlabtest.Fault{In: "/notes", Answer: gitlabtest.Status(status, "", "Location", thief.API+"/projects/6/merge_requests/7/notes?sort=asc&order_by=created_at")})
		if notes, err := c.Notes(t.Context(), project, number); !errors.Is(err, ask.ErrUnavailable) || notes != nil {
			t.Errorf("%d: %d notes, %v", status, len(notes), err)
		}
	}
	if n := len(thief.Asked()); n != 0 {
		t.Errorf("the thief was asked %d times", n)
	}
}

// A page that holds less than it could is not the last one for that: GitLab
// leaves out what the reader may not see.
func TestAShortPageIsNotTheLast(t *testing.T) {
	s, c := open(t)
	fill(s, 150)
	s.Fault(gitlabtest.Fault{In: "page=1&", Answer: gitlabtest.Status(200, "[]", "X-Next-Page", "2")})
	notes, err := c.Notes(t.Context(), project, number)
	if err != nil || len(notes) != 50 {
		t.Errorf("%d notes, %v", len(notes), err)
	}
}

// What moves between two pages is seen all the same.
func TestAListThatMovesIsReadAgain(t *testing.T) {
	for name, c := range map[string]struct {
		moves int
		want  int // notes; 0: an error
	}{"once": {1, 249}, "twice": {2, 248}, "always": {99, 0}} {
		t.Run(name, func(t *testing.T) {
			s, client := open(t)
			ids := fill(s, 250)
			moved := 0
			s.Fault(gitlabtest.Fault{In: "page=2&", Answer: func(http.ResponseWriter, *http.Request) bool {
				if moved < c.moves {
					s.Delete(ids[moved]) // of page 1: what was first on page 2 is now last on page 1
					moved++
				}
				return false
			}})
			notes, err := client.Notes(t.Context(), project, number)
			if c.want == 0 {
				if !errors.Is(err, ask.ErrUnavailable) || notes != nil || !strings.Contains(err.Error(), "did not stay the same") {
					t.Errorf("%d notes, %v", len(notes), err)
				}
				return
			}
			if err != nil || len(notes) != c.want {
				t.Fatalf("%d notes, %v", len(notes), err)
			}
			for i, n := range notes {
				if n.ID != ids[moved+i] {
					t.Fatalf("note %d is %d, want %d", i, n.ID, ids[moved+i])
				}
			}
		})
	}
}

func TestBots(t *testing.T) {
	s, c := open(t)
	s.Note(project, number, 42, "ana", "")
	s.SystemNote(project, number, "changed the title")
	for login, bot := range map[string]bool{
		"ana": false, "project_6_bot_1f2e": true, "group_12_bot": true, "project_bot": false, "my-project_6_bot": false,
	} {
		s.Rename(42, login)
		notes, err := c.Notes(t.Context(), project, number)
		if err != nil || len(notes) != 2 {
			t.Fatalf("%d notes, %v", len(notes), err)
		}
		if notes[0].Bot != bot || !notes[1].Bot {
			t.Errorf("%s: bot %t; system note: bot %t", login, notes[0].Bot, notes[1].Bot)
		}
	}
}

func TestMergeRequestsOfACommit(t *testing.T) {
	const other = "1111111111111111111111111111111111111111"
	s, c := open(t)
	s.MergeRequest(project, 9, other, commit)
	s.MergeRequest(project, 10, other)
	s.MergeRequest(8, 11, commit)
	for _, q := range []struct {
		project int64
		commit  string
		want    string
	}{{project, commit, "[7 9]"}, {project, other, "[9 10]"}, {8, commit, "[11]"}, {8, other, "[]"}} {
		found, err := c.MergeRequestsOf(t.Context(), q.project, q.commit)
		got := []int64{}
		for _, m := range found {
			got = append(got, m.IID)
		}
		if err != nil || fmt.Sprint(got) != q.want {
			t.Errorf("%d %s: %v, %v; want %s", q.project, q.commit, got, err, q.want)
		}
	}
	for body, want := range map[string]string{
		`[{"iid":7,"project_id":8}]`: "is none", `[{"project_id":6}]`: "is none", `[{"iid":7}]`: "is none", `[7]`: "no list", "null": "null",
	} {
		s.Fault(gitlabtest.Fault{In: "/commits/", Answer: gitlabtest.Status(200, body, "X-Next-Page", "")})
		if got, err := c.MergeRequestsOf(t.Context(), project, commit); !errors.Is(err, ask.ErrUnavailable) || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	for i := range int64(250) {
		s.MergeRequest(20, 1+i, commit)
	}
	s.Mend()
	if got, err := c.MergeRequestsOf(t.Context(), 20, commit); err != nil || len(got) != 250 {
		t.Errorf("%d of 250, %v", len(got), err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want error
	}{
		"no token":          {Options{API: "https://gitlab.example.com/api/v4"}, ErrToken},
		"a token in pieces": {Options{API: "https://gitlab.example.com/api/v4", Token: "a b"}, ErrToken},
		"a huge token":      {Options{API: "https://gitlab.example.com/api/v4", JobToken: strings.Repeat("a", maxToken+1)}, ErrToken},
		"no address":        {Options{Token: "t"}, ErrAddress},
		"another version":   {Options{API: "https://gitlab.example.com/api/v5", Token: "t"}, ErrAddress},
		"not encrypted":     {Options{API: "http://gitlab.example.com/api/v4", Token: "t"}, ErrAddress},
	} {
		if got, err := New(c.o); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	c, err := New(Options{API: "https://gitlab.example.com/sub/api/v4/", Token: "t", Base: http.DefaultTransport})
	if err != nil || c.Host != "gitlab.example.com" || c.api.BaseURL().String() != "https://gitlab.example.com/sub/api/v4/" {
		t.Errorf("%+v, %v", c, err)
	}
}

// says answers anything with one body and header.
type says struct{ body, next string }

func (a says) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"X-Next-Page": {a.next}}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// Whatever a forge answers is an error or a list of whole notes.
func FuzzNotes(f *testing.F) {
	f.Add(`[{"id":1,"body":"x","noteable_type":"MergeRequest","noteable_iid":7,"created_at":"2026-03-02T09:00:00Z","updated_at":"2026-03-02T09:00:00Z","author":{"id":1,"username":"a"}}]`, "")
	f.Add(`[{"id":1,"body":null,"noteable_type":"MergeRequest","noteable_iid":7}]`, "")
	f.Add("[null]", "")
	f.Add("null", "2")
	f.Add(`{"message":"401 Unauthorized"}`, "x")
	f.Fuzz(func(t *testing.T, body, next string) {
		c, err := New(Options{API: "https://gitlab.example.com/api/v4", Token: "t", Base: says{body, next}})
		if err != nil {
			t.Fatal(err)
		}
		notes, err := c.Notes(t.Context(), project, number)
		if err != nil && notes != nil {
			t.Error("a list and an error")
		}
		if err == nil && next != "" {
			t.Errorf("it said that page %q follows", next)
		}
		for _, n := range notes {
			if n.ID <= 0 {
				t.Errorf("%+v", n)
			}
		}
	})
}
