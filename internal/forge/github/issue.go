// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// An Issue is one of the client's repository, and no pull request.
type Issue struct {
	Number int64
	URL    string
	Body   string
}

// issueWire is an issue as GitHub has it
// (https://docs.github.com/rest/issues/issues#list-repository-issues).
type issueWire struct {
	Number  int64     `json:"number"`
	HTMLURL string    `json:"html_url"`
	Body    *string   `json:"body"`
	Updated string    `json:"updated_at"`
	Pull    *struct{} `json:"pull_request"`
}

func (w issueWire) Version() string { return fmt.Sprint(w.Number, " ", w.Updated) }

func (w issueWire) check() error {
	if w.Number <= 0 {
		return errors.New("it is no issue")
	}
	return nil
}

// IssuesLabelled returns every issue with a label, open or closed, the oldest
// first. A repository that has its issues turned off has none.
func (c *Client) IssuesLabelled(ctx context.Context, label string) ([]Issue, error) {
	query := url.Values{"state": {"all"}, "labels": {label}, "sort": {"created"}, "direction": {"asc"}}
	wires, err := all[issueWire](ctx, c, c.path+"/issues", query)
	if errors.Is(err, ask.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the issues with the label %s: %w", label, err)
	}
	var list []Issue
	for _, w := range wires {
		if w.Pull == nil {
			list = append(list, Issue{Number: w.Number, URL: w.HTMLURL, Body: text(w.Body)})
		}
	}
	return list, nil
}
