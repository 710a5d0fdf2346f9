// SPDX-License-Identifier: Apache-2.0

package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

var update = flag.Bool("update", false, "write the golden file anew")

// answering is a client of a GitHub that gives one answer to everything.
func answering(t testing.TB, id int64, status int, body []byte, header ...string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	c, err := New(Options{API: s.URL + "/api/v3", Repository: "acme/app", ID: id, Token: "t", Base: http.DefaultTransport, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// payload reads a list of published payloads.
func payload(t testing.TB, name string) (whole []byte, list []map[string]any) {
	t.Helper()
	whole, err := os.ReadFile(filepath.Join("testdata/payloads", name))
	if err == nil {
		err = json.Unmarshal(whole, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return whole, list
}

// TestPublishedPayloads runs what GitHub sends through our readers. A webhook
// writes the state of a review in lower case, the API in capitals: only that is
// changed, and as it is sent it is refused.
func TestPublishedPayloads(t *testing.T) {
	var got bytes.Buffer
	raw, list := payload(t, "reviews.json")
	if _, err := answering(t, 1, 200, raw).Reviews(t.Context(), 2); !errors.Is(err, ask.ErrUnavailable) {
		t.Errorf("states in lower case: %v", err)
	}
	for _, r := range list {
		r["state"] = strings.ToUpper(r["state"].(string))
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	reviews, err := answering(t, 1, 200, raw).Reviews(t.Context(), 2)
	for _, r := range reviews {
		fmt.Fprintf(&got, "review %+v, %v\n", r, err)
	}
	raw, _ = payload(t, "comments.json")
	comments, err := answering(t, 1, 200, raw).Comments(t.Context(), 2)
	for _, c := range comments {
		fmt.Fprintf(&got, "comment %+v, %v\n", c, err)
	}
	raw, _ = payload(t, "pulls.json")
	pulls, foreign, err := answering(t, 186853002, 200, raw).PullRequestsOf(t.Context(), strings.Repeat("a", 40))
	for _, p := range pulls {
		fmt.Fprintf(&got, "pull %+v, %v\n", p, err)
	}
	fmt.Fprintf(&got, "%d pulls of other repositories\n", foreign)
	_, list = payload(t, "runs.json")
	for _, r := range list {
		one, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		repository := int64(r["repository"].(map[string]any)["id"].(float64))
		run, err := answering(t, repository, 200, one).RunAttempt(t.Context(), int64(r["id"].(float64)), 1)
		fmt.Fprintf(&got, "run %+v, %v\n", run, err)
	}
	golden := "testdata/payloads/golden.txt"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("%v\n%s", err, got.String())
	}
}

// TestPublishedRefusals are answers that a recording of GitHub has.
func TestPublishedRefusals(t *testing.T) {
	for name, want := range map[string]error{"moved.json": ask.ErrUnavailable, "unprocessable.json": ask.ErrAbsent} {
		raw, err := os.ReadFile(filepath.Join("testdata/payloads", name))
		var a struct {
			Status   int
			Location string
			Response json.RawMessage
		}
		if err == nil {
			err = json.Unmarshal(raw, &a)
		}
		if err != nil {
			t.Fatal(err)
		}
		c := answering(t, 1, a.Status, a.Response, "Location", a.Location)
		if _, _, err := c.PullRequestsOf(t.Context(), strings.Repeat("a", 40)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// Whatever GitHub answers, it is read whole or is an error of ours; no account
// is somebody's that has no number, and nothing has a commit that is none.
func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"reviews.json", "comments.json", "pulls.json", "runs.json"} {
		_, list := payload(f, name)
		for _, one := range list {
			if s, ok := one["state"].(string); ok && name == "reviews.json" {
				one["state"] = strings.ToUpper(s)
			}
			body, err := json.Marshal([]any{one})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body)
			f.Add(body[1 : len(body)-1])
		}
	}
	f.Add([]byte(`[{"id":1,"event":"review_dismissed","created_at":"2026-03-02T08:00:00Z","dismissed_review":{"review_id":1,"state":"approved"}}]`))
	f.Add([]byte(`[{"id":9007199254740993,"state":"APPROVED","submitted_at":"2026-03-02T08:00:00Z","user":{"id":9007199254740993}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := answering(t, 186853002, 200, body)
		ctx := t.Context()
		reviews, e1 := c.Reviews(ctx, 2)
		for _, r := range reviews {
			if r.Commit != "" && !shaPattern.MatchString(r.Commit) || r.Submitted.IsZero() || r.Author.ID < 0 {
				t.Errorf("%+v", r)
			}
		}
		_, e2 := c.Comments(ctx, 2)
		pulls, _, e3 := c.PullRequestsOf(ctx, shaOf(1))
		for _, p := range pulls {
			if !shaPattern.MatchString(p.Head) || p.Number <= 0 {
				t.Errorf("%+v", p)
			}
		}
		_, e4 := c.Dismissals(ctx, 2)
		_, e5 := c.RunAttempt(ctx, 1589141559, 1)
		_, e6 := c.RunApprovals(ctx, 1)
		_, e7 := c.Commits(ctx, 2)
		_, e8 := c.Permission(ctx, Account{ID: 1, Login: "ana"})
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8} {
			if err != nil && !errors.Is(err, ask.ErrUnavailable) && !errors.Is(err, ask.ErrRefused) {
				t.Errorf("%d: %v is no error of ours", i, err)
			}
		}
	})
}

func shaOf(n int) string { return fmt.Sprintf("%040x", n) }
