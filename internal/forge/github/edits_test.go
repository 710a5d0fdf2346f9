// SPDX-License-Identifier: Apache-2.0

package github

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

var comment301 = Text{Node: "IC_1", ID: 301, Author: 1, Posted: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Body: "/approve"}

// node is what GitHub says of comment 301, with one thing changed; a nil is
// taken out.
func node(change string, to any) string {
	n := map[string]any{
		"__typename": "IssueComment", "fullDatabaseId": "301", "author": map[string]any{"__typename": "User", "databaseId": 1},
		"editor": json.RawMessage("null"), "lastEditedAt": json.RawMessage("null"), "includesCreatedEdit": false,
	}
	if n[change] = to; to == nil || change == "" {
		delete(n, change)
	}
	text, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestEditsInDoubt: whatever GitHub does not say in so many words is no answer.
func TestEditsInDoubt(t *testing.T) {
	one := func(change string, to any) string { return `{"data":{"nodes":[` + node(change, to) + `]}}` }
	null := json.RawMessage("null")
	for name, c := range map[string]struct {
		body string
		want string // a part of the error; empty: it was never edited
	}{
		"never":                       {one("", nil), ""},
		"with something new beside":   {one("new", 1), ""},
		"no answer":                   {`{}`, "holds nothing"},
		"null":                        {`{"data":null}`, "holds nothing"},
		"a list":                      {`{"data":[]}`, "holds nothing"},
		"no nodes":                    {`{"data":{}}`, "speaks of 0"},
		"nodes that are none":         {`{"data":{"nodes":null}}`, "speaks of 0"},
		"none of them":                {`{"data":{"nodes":[]}}`, "speaks of 0"},
		"more than asked for":         {`{"data":{"nodes":[` + node("", nil) + `,` + node("", nil) + `]}}`, "speaks of 2"},
		"a missing node":              {`{"data":{"nodes":[null]}}`, "does not show it"},
		"an error beside the answer":  {`{"errors":[{"type":"NOT_FOUND","message":"x"}],` + one("", nil)[1:], "NOT_FOUND"},
		"an error and no answer":      {`{"data":null,"errors":[{"type":"FORBIDDEN"}]}`, "FORBIDDEN"},
		"errors that are none":        {`{"errors":[],` + one("", nil)[1:], "with an error"},
		"errors that are null":        {`{"errors":null,` + one("", nil)[1:], "with an error"},
		"an error in words":           {`{"errors":[{"type":"\u001b[2J","message":"x"}]}`, "with an error"},
		"the limit is reached":        {`{"errors":[{"type":"RATE_LIMITED"}]}`, "RATE_LIMITED"},
		"another comment":             {one("fullDatabaseId", "302"), "something else"},
		"a number, not a name":        {one("fullDatabaseId", 301), "not what was asked for"},
		"no number":                   {one("fullDatabaseId", nil), "something else"},
		"a review":                    {one("__typename", "PullRequestReview"), "something else"},
		"nothing":                     {`{"data":{"nodes":[{}]}}`, "something else"},
		"another author":              {one("author", map[string]any{"__typename": "User", "databaseId": 2}), "whose it is"},
		"no author":                   {one("author", null), "whose it is"},
		"an author without a number":  {one("author", map[string]any{"__typename": "User"}), "whose it is"},
		"a bot of the author's":       {one("author", map[string]any{"__typename": "Bot", "databaseId": 1}), "whose it is"},
		"not who edited":              {one("editor", nil), "whether it was edited"},
		"not when":                    {one("lastEditedAt", nil), "whether it was edited"},
		"not whether":                 {one("includesCreatedEdit", nil), "whether it was edited"},
		"by somebody, and never":      {one("editor", map[string]any{"login": "eve"}), "not when"},
		"an edit, and never":          {one("includesCreatedEdit", true), "not when"},
		"at no time":                  {one("lastEditedAt", "yesterday"), "not when"},
		"at the beginning of time":    {one("lastEditedAt", "0001-01-01T00:00:00Z"), "not when"},
		"true":                        {one("lastEditedAt", true), "not when"},
		"yes, where true is asked":    {one("includesCreatedEdit", "yes"), "not what was asked for"},
		"twice":                       {strings.Replace(one("", nil), `"editor"`, `"lastEditedAt":null,"editor"`, 1), "no JSON"},
		"the letters of other fields": {strings.Replace(one("", nil), `"lastEditedAt"`, `"LastEditedAt"`, 1), "whether it was edited"},
	} {
		edits, err := answering(t, 1, 200, []byte(c.body)).Edits(t.Context(), []Text{comment301})
		if c.want == "" {
			if err != nil || len(edits) != 1 || edits[0] != (Edit{}) {
				t.Errorf("%s: %v, %v", name, edits, err)
			}
			continue
		}
		if !errors.Is(err, ask.ErrUnavailable) || !strings.Contains(err.Error(), c.want) || edits != nil {
			t.Errorf("%s: %v, %v, want %q", name, edits, err, c.want)
		}
		if later := (*ask.Later)(nil); errors.As(err, &later) != (c.want == "RATE_LIMITED") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, status := range []int{201, 204, 301, 302, 307, 308, 401, 403, 404, 410, 422, 500, 503} {
		_, err := answering(t, 1, status, []byte(one("", nil)), "Location", "/api/graphql").Edits(t.Context(), []Text{comment301})
		if !errors.Is(err, ask.ErrUnavailable) && !errors.Is(err, ask.ErrRefused) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// A text that has no name, number or author is not asked about.
func TestNamelessTexts(t *testing.T) {
	for _, odd := range []Text{
		{Node: "", ID: 301, Author: 1}, {Node: strings.Repeat("a", maxNode+1), ID: 301, Author: 1}, {Node: "IC_1", Author: 1}, {Node: "IC_1", ID: 301},
	} {
		_, err := answering(t, 1, 200, []byte(`{"data":{"nodes":[`+node("", nil)+`]}}`)).Edits(t.Context(), []Text{odd})
		if !errors.Is(err, ask.ErrUnavailable) || !strings.Contains(err.Error(), "no name to ask by") {
			t.Errorf("%+v: %v", odd, err)
		}
	}
	c := answering(t, 1, 500, nil)
	if edits, err := c.Edits(t.Context(), nil); err != nil || len(edits) != 0 {
		t.Errorf("nothing: %v, %v", edits, err)
	}
	if _, calls := c.Asked(); calls != 0 {
		t.Errorf("%d calls about nothing", calls)
	}
}

func TestWhereQueriesGo(t *testing.T) {
	for address, want := range map[string]string{
		"https://api.github.com": "https://api.github.com/graphql", "https://api.github.com/": "https://api.github.com/graphql",
		"https://api.acme.ghe.com":       "https://api.acme.ghe.com/graphql",
		"https://ghe.example.com/api/v3": "https://ghe.example.com/api/graphql", "https://ghe.example.com/api/v3/": "https://ghe.example.com/api/graphql",
	} {
		var got *url.URL
		c, err := New(Options{API: address, Repository: "acme/app", ID: 1, Token: "t", Pause: time.Millisecond, Base: transport(func(r *http.Request) (*http.Response, error) {
			got = r.URL
			if r.Header.Get("Authorization") != "Bearer t" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", address, r.Header)
			}
			return nil, errors.New("nobody is there")
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Edits(t.Context(), []Text{comment301}); !errors.Is(err, ask.ErrUnavailable) || got.String() != want {
			t.Errorf("%s: %s, %v", address, got, err)
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestEdits asks a GitHub about many texts, held to its schema.
func TestEdits(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	fill(s)
	for range 50 {
		s.Comment(7, 2, "/approve")
	}
	mine := s.Comment(7, 1, "hm")
	s.EditAtOnce(mine, 2, "/approve")
	gone := s.Comment(7, 1, "hm")
	s.EditAtOnce(gone, 5, "/approve")
	reviewed := s.Review(7, 3, Commented, shaA, "hm")
	s.EditReview(reviewed, "/approve")
	v, c := described(t, s)
	comments, err := c.Comments(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	reviews, err := c.Reviews(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	var texts []Text
	for _, m := range comments {
		if m.Author.Type == "User" {
			texts = append(texts, Text{Node: m.Node, ID: m.ID, Author: m.Author.ID, Posted: m.Created, Body: m.Body})
		}
	}
	for _, r := range reviews {
		if r.Author.Type == "User" {
			texts = append(texts, Text{Node: r.Node, ID: r.ID, Review: true, Author: r.Author.ID, Posted: r.Submitted, Body: r.Body})
		}
	}
	changes := func() map[string]string {
		edits, err := c.Edits(t.Context(), texts)
		if err != nil {
			t.Fatal(err)
		}
		changed := map[string]string{}
		for i, e := range edits {
			if !e.At.IsZero() {
				changed[texts[i].String()] = e.By
			}
		}
		return changed
	}
	changed := changes()
	want := map[string]string{fmt.Sprint("comment ", mine): "bob", fmt.Sprint("comment ", gone): "", fmt.Sprint("review ", reviewed): "cyd"}
	for name, by := range want {
		if got, ok := changed[name]; !ok || got != by {
			t.Errorf("%s was changed by %q (%t), want %q", name, got, ok, by)
		}
	}
	if len(changed) != len(want)+1 { // and the one that fill edits
		t.Errorf("%v", changed)
	}
	asked := v.Counts(forgetest.GraphQL).Full
	if asked != (len(texts)+maxNodes-1)/maxNodes || asked < 2 {
		t.Errorf("%d questions about %d texts", asked, len(texts))
	}
	s.At(s.Now().Add(time.Hour))
	if again := changes(); len(again) != len(changed) {
		t.Errorf("%v", again)
	}
	asked = v.Counts(forgetest.GraphQL).Full
	if again := changes(); len(again) != len(changed) || v.Counts(forgetest.GraphQL).Full != asked+1 {
		t.Errorf("%v, asked %d times more", again, v.Counts(forgetest.GraphQL).Full-asked)
	}
	calls := v.Calls(forgetest.GraphQL)
	last := string(calls[len(calls)-1].Body)
	if n := strings.Count(last, `"IC_`) + strings.Count(last, `"PRR_`); n != len(changed) {
		t.Errorf("asked again about %d texts, though %d were edited: %s", n, len(changed), last)
	}
}

// What was found about one text is no word on another one, nor for another
// asker, and what was posted just now is not kept.
func TestWhatIsKeptOfEdits(t *testing.T) {
	never := []byte(`{"data":{"nodes":[` + node("", nil) + `]}}`)
	late, soon := comment301.Posted.Add(settled).Format(http.TimeFormat), comment301.Posted.Add(settled-time.Second).Format(http.TimeFormat)
	for name, c := range map[string]struct {
		date   string
		change func(*Client, *Text)
		kept   bool
	}{
		"the same":       {late, func(*Client, *Text) {}, true},
		"posted now":     {soon, func(*Client, *Text) {}, false},
		"no clock":       {"noon", func(*Client, *Text) {}, false},
		"other words":    {late, func(_ *Client, t *Text) { t.Body += "!" }, false},
		"another name":   {late, func(_ *Client, t *Text) { t.Node += "0" }, false},
		"another author": {late, func(_ *Client, t *Text) { t.Author++ }, false},
		"another time":   {late, func(_ *Client, t *Text) { t.Posted = t.Posted.Add(1) }, false},
		"a review":       {late, func(_ *Client, t *Text) { t.Review = true }, false},
		"another asker":  {late, func(c *Client, _ *Text) { c.transport.Secrets = []string{"u"} }, false},
		"another host":   {late, func(c *Client, _ *Text) { c.Host = "x" }, false},
	} {
		client, text := answering(t, 1, 200, never, "Date", c.date), comment301
		if _, err := client.Edits(t.Context(), []Text{text}); err != nil {
			t.Fatal(err)
		}
		c.change(client, &text)
		_, _ = client.Edits(t.Context(), []Text{text})
		if _, calls := client.Asked(); (calls == 1) != c.kept {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
	edited := answering(t, 1, 200, []byte(`{"data":{"nodes":[`+node("lastEditedAt", "2026-03-02T08:00:00Z")+`]}}`), "Date", late)
	for range 2 {
		edits, err := edited.Edits(t.Context(), []Text{comment301})
		if err != nil || !edits[0].At.Equal(comment301.Posted) {
			t.Errorf("%v, %v", edits, err)
		}
	}
	if _, calls := edited.Asked(); calls != 2 {
		t.Errorf("an edit was kept: %d calls", calls)
	}
}

// FuzzEdits: whatever GitHub answers, it is an error of ours or an Edit.
func FuzzEdits(f *testing.F) {
	f.Add([]byte(`{"data":{"nodes":[` + node("", nil) + `]}}`))
	f.Add([]byte(`{"data":{"nodes":[` + node("lastEditedAt", "2026-03-02T08:00:00Z") + `]}}`))
	f.Add([]byte(`{"data":{"nodes":[null]},"errors":[{"type":"NOT_FOUND","path":["nodes",0],"message":"x"}]}`))
	f.Add([]byte(`{"errors":[{"type":"RATE_LIMITED"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := New(Options{API: "https://api.github.com", Repository: "acme/app", ID: 1, Token: "t", Base: transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		edits, err := c.Edits(t.Context(), []Text{comment301})
		if err == nil && len(edits) != 1 || err != nil && !errors.Is(err, ask.ErrUnavailable) && !errors.Is(err, ask.ErrRefused) {
			t.Errorf("%v, %v", edits, err)
		}
		var said struct {
			Data struct {
				Nodes []map[string]any `json:"nodes"`
			} `json:"data"`
		}
		if err == nil && edits[0] == (Edit{}) && (canon.DecodeOpen(body, &said) != nil || len(said.Data.Nodes) != 1 || said.Data.Nodes[0]["lastEditedAt"] != nil) {
			t.Errorf("taken for never edited: %s", body)
		}
	})
}
