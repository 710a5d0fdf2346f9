// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// queries are how often a hub was asked in GraphQL.
func (h *hub) queries() (n int) {
	for _, r := range h.Asked() {
		if r.URL.Path == "/api/graphql" {
			n++
		}
	}
	return n
}

// TestWhenEditsAreAskedFor: only about what would count, and all of that at once.
func TestWhenEditsAreAskedFor(t *testing.T) {
	yes, no, back := "/approve "+request, "/deny "+request, "/revoke "+request
	for name, c := range map[string]struct {
		set  func(*hub)
		want int
	}{
		"talk":                        {func(h *hub) { h.Comment(number, ana.id, "hm") }, 0},
		"an approval":                 {func(h *hub) { h.Comment(number, ana.id, yes) }, 1},
		"a revocation":                {func(h *hub) { h.Comment(number, ana.id, back) }, 1},
		"a revocation of another":     {func(h *hub) { h.Comment(number, ana.id, "/revoke "+strings.Repeat("ee", 32)) }, 1},
		"an approval of another":      {func(h *hub) { h.Comment(number, ana.id, "/approve "+strings.Repeat("ee", 32)) }, 0},
		"a veto":                      {func(h *hub) { h.Comment(number, ana.id, no) }, 0},
		"a veto in a review":          {func(h *hub) { h.Review(number, ana.id, "COMMENTED", commit, no) }, 1},
		"an approval in a review":     {func(h *hub) { h.Review(number, ana.id, "COMMENTED", commit, yes) }, 1},
		"both":                        {func(h *hub) { h.Review(number, ana.id, "COMMENTED", commit, yes); h.Comment(number, ana.id, yes) }, 1},
		"a review without words":      {func(h *hub) { h.Review(number, ana.id, "APPROVED", commit, "") }, 0},
		"an approval that was edited": {func(h *hub) { h.Edit(h.Comment(number, ana.id, yes), yes) }, 0},
		"a bot's":                     {func(h *hub) { h.Comment(number, bot.id, yes) }, 0},
		"a stranger's":                {func(h *hub) { h.Comment(number, olga.id, yes) }, 0},
		"a signed one":                {func(h *hub) { h.Comment(number, ana.id, armoured(h.t, ana, ballot{choice: "approve"})) }, 0},
		"without a request":           {func(h *hub) { h.Comment(number, ana.id, yes); h.q.Request = "" }, 0},
		"a hundred": {func(h *hub) {
			for range 100 {
				h.Comment(number, ana.id, yes)
			}
		}, 1},
		"one more": {func(h *hub) {
			for range 101 {
				h.Comment(number, ana.id, yes)
			}
		}, 2},
	} {
		h := newHub(t)
		c.set(h)
		if _, err := Read(t.Context(), "github-comment", h.q); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := h.queries(); got != c.want {
			t.Errorf("%s: asked %d times, want %d", name, got, c.want)
		}
	}
}

// Who edited, and that somebody did, is said with the vote; a veto is as young
// as that.
func TestWhoEdited(t *testing.T) {
	h := newHub(t)
	h.EditAtOnce(h.Comment(number, ana.id, "hm"), mallory.id, "/approve "+request)
	h.EditAtOnce(h.Comment(number, ana.id, "hm"), 5, "/approve "+request)
	votes := h.snapshot("github-comment").Votes
	for i, want := range []string{"edited after it was posted, by mallory; post it anew", "edited after it was posted, by an account that is gone; post it anew"} {
		if votes[i].Reject != want || votes[i].Time != "" || votes[i].Account.ID != ana.id {
			t.Errorf("%+v", votes[i])
		}
	}
}

// So many that no snapshot holds them: GitHub is not asked about any.
func TestMoreTextsThanAreAskedAbout(t *testing.T) {
	h := newHub(t)
	for range maxEdits + 1 {
		h.Comment(number, ana.id, "/approve "+request)
	}
	if found, err := Read(t.Context(), "github-comment", h.q); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "over the limit of 1000 texts") || found.Snapshot != nil {
		t.Error(err)
	}
	if h.queries() != 0 {
		t.Errorf("asked %d times", h.queries())
	}
}

// A repeat costs conditional requests only, once what counts is a minute old: the
// words of before are not asked about again.
func TestRepeatAsksNothingNew(t *testing.T) {
	h := newHub(t)
	h.q.Cache = new(ask.Cache)
	h.Comment(number, ana.id, "/approve "+request)
	h.Review(number, mallory.id, "COMMENTED", commit, "/approve "+request)
	first := told(t, Found{Snapshot: h.snapshot("github-comment")})
	h.snapshot("github-comment")
	if h.queries() != 2 {
		t.Errorf("asked %d times within the minute", h.queries())
	}
	h.At(h.Now().Add(2 * time.Minute))
	h.snapshot("github-comment")
	before := len(h.Asked())
	if again := told(t, Found{Snapshot: h.snapshot("github-comment")}); again != first {
		t.Errorf("%s, and %s before", again, first)
	}
	for _, r := range h.Asked()[before:] {
		if r.Method != http.MethodGet || r.Header.Get("If-None-Match") == "" {
			t.Errorf("%s %s is asked as if for the first time", r.Method, r.URL)
		}
	}
	h.EditReviewBy(h.Review(number, ana.id, "COMMENTED", commit, "hm"), mallory.id, "/approve "+request)
	if got := told(t, Found{Snapshot: h.snapshot("github-comment")}); !strings.HasSuffix(got, "583231 approve 00 edited") {
		t.Errorf("saw %s", got)
	}
}

// What can't be asked is an error of ours, tells no token, and waits as long as
// GitHub says.
func TestEditsThatCannotBeAsked(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   error
		says   string
	}{
		"refused":           {githubtest.Status(401, `{"message":"Bad credentials"}`), ErrRefused, "401"},
		"not allowed":       {githubtest.Status(403, `{"message":"Resource not accessible by integration"}`), ErrRefused, "403"},
		"no such address":   {githubtest.Status(404, `{"message":"Not Found"}`), ErrRefused, "404"},
		"broken":            {githubtest.Status(502, `<html>Unicorn!</html>`), ErrUnavailable, "502"},
		"moved":             {githubtest.Status(308, `{}`, "Location", "/api/v3/graphql"), ErrUnavailable, "not followed"},
		"a page for people": {githubtest.Status(200, `<html>Unicorn!</html>`), ErrUnavailable, "no JSON"},
		"the limit":         {githubtest.Status(200, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`), ErrUnavailable, "RATE_LIMITED"},
		"it ran out of time": {githubtest.Status(200, `{"data":null,"errors":[{"message":"Something went wrong while executing your query. `+githubtest.JobToken+`"}]}`),
			ErrUnavailable, "with an error"},
	} {
		h := newHub(t)
		h.Comment(number, ana.id, "/approve "+request)
		h.Fault(githubtest.Fault{In: "/api/graphql", Answer: c.answer})
		found, err := Read(t.Context(), "github-comment", h.q)
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) || strings.Contains(fmt.Sprint(err), githubtest.JobToken) || found.Snapshot != nil {
			t.Errorf("%s: %v", name, err)
		}
		if later := (*ask.Later)(nil); errors.As(err, &later) != (name == "the limit") {
			t.Errorf("%s: %v", name, err)
		}
		h.Mend()
		h.Fault(githubtest.Fault{In: "/api/graphql", Times: 1, Answer: githubtest.Status(502, "")})
		if s := h.snapshot("github-comment"); len(s.Votes) != 1 || s.Votes[0].Decision != event.ForgeApprove || s.Votes[0].Reject != "" {
			t.Errorf("%s, after one try: %+v", name, s.Votes)
		}
	}
}
