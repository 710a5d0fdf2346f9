// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A Text is a comment, or what is written in a review, that somebody may have
// edited.
type Text struct {
	Node   string // its name in GraphQL
	ID     int64  // its number
	Review bool   // it is a review's
	Author int64  // the number of a user's account
	Posted time.Time
	Body   string
}

// An Edit is the last one of a text. The zero Edit is that of a text that nobody
// has ever edited.
type Edit struct {
	At time.Time
	By string // login; empty: of an account that is gone
}

// The limits of a question about edits.
const (
	maxNodes = 100 // texts in one question, GitHub's own limit
	maxNode  = 200 // bytes of a name in GraphQL

	// settled is how long ago a text was posted for which an answer "never edited"
	// is kept. What GitHub answers may be older than its Date.
	settled = time.Minute
)

// editsQuery asks by whom and when texts were edited, and whose they are
// (https://docs.github.com/graphql/reference/interfaces#comment). GitHub's other
// API has only the second of the last change: an edit within the second in which a text was posted
// leaves no trace there, and one of a review none at all.
const editsQuery = `query($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on Comment { author { __typename ... on User { databaseId } } editor { __typename login } lastEditedAt includesCreatedEdit }
    ... on IssueComment { fullDatabaseId }
    ... on PullRequestReview { fullDatabaseId }
  }
}`

// Edits asks when and by whom texts were edited last, and returns an Edit for
// each. It says so of all of them or is an error: a text that GitHub does not
// show, that it says is another's, or of which it says two things.
//
// That a text was never edited is remembered with its words, in the client's
// cache. What is asked about then has the words that its author wrote,
// whatever has happened since, and GitHub is not asked again.
func (c *Client) Edits(ctx context.Context, texts []Text) ([]Edit, error) {
	edits := make([]Edit, len(texts))
	var unknown []int
	for i, t := range texts {
		if t.Node == "" || len(t.Node) > maxNode || t.ID <= 0 || t.Author <= 0 {
			return nil, fmt.Errorf("read whether %s was edited: %w: GitHub gives it no name to ask by", t, ask.ErrUnavailable)
		}
		if !c.transport.Cache.Noted(c.untouched(t)...) {
			unknown = append(unknown, i)
		}
	}
	for len(unknown) > 0 {
		n := min(len(unknown), maxNodes)
		if err := c.askEdits(ctx, texts, edits, unknown[:n]); err != nil {
			return nil, fmt.Errorf("read whether %d texts were edited: %w", n, err)
		}
		unknown = unknown[n:]
	}
	return edits, nil
}

// askEdits asks about some of the texts.
func (c *Client) askEdits(ctx context.Context, texts []Text, edits []Edit, which []int) error {
	ids := make([]string, len(which))
	for i, n := range which {
		ids[i] = texts[n].Node
	}
	var data struct {
		Nodes []*editWire `json:"nodes"`
	}
	now, err := c.query(ctx, editsQuery, map[string]any{"ids": ids}, &data)
	if err != nil {
		return err
	}
	if len(data.Nodes) != len(which) {
		return fmt.Errorf("%w: asked about %d texts, it speaks of %d", ask.ErrUnavailable, len(which), len(data.Nodes))
	}
	for i, n := range which {
		if edits[n], err = data.Nodes[i].edit(texts[n]); err != nil {
			return fmt.Errorf("%w: %s: %w", ask.ErrUnavailable, texts[n], err)
		}
	}
	for _, n := range which {
		if edits[n].At.IsZero() && !now.Before(texts[n].Posted.Add(settled)) {
			c.transport.Cache.Note(c.untouched(texts[n])...)
		}
	}
	return nil
}

// untouched is the fact that a text is as its author wrote it.
func (c *Client) untouched(t Text) []string {
	sum := sha256.Sum256([]byte(t.Body))
	return []string{
		"never edited", c.Host, c.transport.Secrets[0], t.String(), t.Node, strconv.FormatInt(t.Author, 10), t.Posted.UTC().Format(time.RFC3339Nano), hex.EncodeToString(sum[:]),
	}
}

func (t Text) String() string {
	if t.Review {
		return fmt.Sprintf("review %d", t.ID)
	}
	return fmt.Sprintf("comment %d", t.ID)
}

// editWire is a node as GitHub has it. What has to be there is told from what
// is null.
type editWire struct {
	Type   string `json:"__typename"`
	ID     string `json:"fullDatabaseId"`
	Author *struct {
		Type string `json:"__typename"`
		ID   int64  `json:"databaseId"`
	} `json:"author"`
	Editor   canon.Raw `json:"editor"`
	Edited   canon.Raw `json:"lastEditedAt"`
	Includes *bool     `json:"includesCreatedEdit"`
}

// edit is what the node says of a text, which it has to be about.
func (w *editWire) edit(t Text) (Edit, error) {
	kind := "IssueComment"
	if t.Review {
		kind = "PullRequestReview"
	}
	switch {
	case w == nil:
		return Edit{}, errors.New("GitHub does not show it")
	case w.Type != kind || w.ID != strconv.FormatInt(t.ID, 10):
		return Edit{}, errors.New("GitHub shows something else in its place")
	case w.Author == nil || w.Author.Type != "User" || w.Author.ID != t.Author:
		return Edit{}, errors.New("GitHub does not say twice whose it is")
	case len(w.Editor) == 0 || len(w.Edited) == 0 || w.Includes == nil:
		return Edit{}, errors.New("GitHub does not say whether it was edited")
	}
	never, nobody := w.Edited.Kind() == 'n', w.Editor.Kind() == 'n'
	if never {
		if !nobody || *w.Includes {
			return Edit{}, errors.New("GitHub says that it was edited, and not when")
		}
		return Edit{}, nil
	}
	var e Edit
	var by struct {
		Login string `json:"login"`
	}
	if err := canon.DecodeOpen(w.Edited, &e.At); err != nil || e.At.IsZero() {
		return Edit{}, errors.New("GitHub says that it was edited, and not when")
	}
	if err := canon.DecodeOpen(w.Editor, &by); err != nil && !nobody {
		return Edit{}, errors.New("GitHub says that it was edited, and not by whom")
	}
	return Edit{e.At.UTC(), clean.Field(by.Login)}, nil
}

// graphPath is the path of the API's GraphQL: /graphql at api.github.com, and
// /api/graphql beside /api/v3 of a server of one's own.
func graphPath(base *url.URL) string {
	if root, ok := strings.CutSuffix(strings.TrimSuffix(base.Path, "/"), "/v3"); ok {
		return root + "/graphql"
	}
	return "/graphql"
}

// errorType is what GitHub calls a kind of error.
var errorType = pattern.New(`^[A-Z][A-Z_]{0,40}$`)

// query asks in GraphQL, and returns when GitHub answered by its own clock, zero
// if it does not say. Whatever GitHub says of an error is the whole answer, also
// where it shows a part of what was asked for.
func (c *Client) query(ctx context.Context, query string, variables map[string]any, data any) (now time.Time, err error) {
	at := *c.api.BaseURL
	at.Path = graphPath(c.api.BaseURL)
	req, err := c.api.NewRequest(http.MethodPost, at.String(), map[string]any{"query": query, "variables": variables})
	if err != nil {
		return now, fmt.Errorf("%w: %w", ask.ErrUnavailable, err)
	}
	resp, err := c.api.Client().Do(req.WithContext(ctx)) // api.Do counts it to another limit
	if err != nil {
		return now, ask.Plain(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return now, ask.Plain(err)
	}
	var answer struct {
		Data   canon.Raw `json:"data"`
		Errors canon.Raw `json:"errors"`
	}
	if err := canon.DecodeOpen(body, &answer); err != nil {
		return now, fmt.Errorf("%w: its answer is not what was asked for: %w", ask.ErrUnavailable, err)
	}
	if len(answer.Errors) > 0 {
		return now, graphError(answer.Errors)
	}
	if len(answer.Data) == 0 || answer.Data.Kind() != '{' {
		return now, fmt.Errorf("%w: its answer holds nothing", ask.ErrUnavailable)
	}
	if err := canon.DecodeOpen(answer.Data, data); err != nil {
		return now, fmt.Errorf("%w: its answer is not what was asked for: %w", ask.ErrUnavailable, err)
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = at
	}
	return now, nil
}

// graphError is the error of an answer that has some. GitHub says so, too, where
// its limit is reached (https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api).
func graphError(said canon.Raw) error {
	var list []struct {
		Type string `json:"type"`
	}
	kind := ""
	if err := canon.DecodeOpen(said, &list); err == nil && len(list) > 0 && errorType.MatchString(list[0].Type) {
		kind = list[0].Type
	}
	switch kind {
	case "":
		return fmt.Errorf("%w: it answers with an error", ask.ErrUnavailable)
	case "RATE_LIMITED":
		return fmt.Errorf("%w: %s: %w", ask.ErrUnavailable, kind, &ask.Later{Wait: time.Minute})
	}
	return fmt.Errorf("%w: it answers with an error: %s", ask.ErrUnavailable, kind)
}
