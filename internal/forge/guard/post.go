// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/product"
)

// What is said to GitHub is said once. Whether it was heard is one of three:
// yes, no, or unsure.
var (
	errUnsure   = errors.New("it is not known whether it was heard") // 5xx, silence: perhaps
	errAnswered = errors.New("it takes no such answer now")          // 422: it may have been answered before
)

// maxWords is how much is read of what GitHub says to an answer, in bytes.
const maxWords = 64 << 10

// post gives an answer to a run
// (https://docs.github.com/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run).
func (g *Guard) post(ctx context.Context, s session, w wait, a Answer) error {
	body := map[string]string{"environment_name": w.environment, "comment": a.Comment}
	if a.State != Waiting {
		body["state"] = a.State
	}
	path := fmt.Sprintf("/repos/%s/actions/runs/%d/deployment_protection_rule", g.o.Repository, w.run)
	_, err := g.o.caller().send(ctx, path, s.token, body, http.StatusNoContent)
	return err
}

// asGitHub is how GitHub is spoken to.
func asGitHub(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
}

// asGitLab is how GitLab is spoken to.
func asGitLab(token string) map[string]string {
	return map[string]string{"Private-Token": token, "Accept": "application/json"}
}

func (o Options) caller() caller {
	return caller{api: o.API, base: o.Base, timeout: o.Timeout, as: asGitHub}
}

// A caller sends what is to be written to an API.
type caller struct {
	api     string
	base    http.RoundTripper
	timeout time.Duration
	as      func(token string) map[string]string // headers
}

// send posts v, once, and returns what was answered with the wanted status.
func (c caller) send(ctx context.Context, path, token string, v any, want int) ([]byte, error) {
	at, err := ask.Address(c.api)
	if err != nil {
		return nil, err
	}
	body, err := canon.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	if c.timeout <= 0 {
		c.timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	at.Path = strings.TrimSuffix(at.Path, "/") + path
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("make a request") // its text holds the address
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", product.Name)
	for name, value := range c.as(token) {
		req.Header.Set(name, value)
	}
	resp, err := c.base.RoundTrip(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: nothing listens at %s", ask.ErrUnavailable, at.Host)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %s", errUnsure, at.Host, words(err.Error(), token))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxWords+1))
	if err == nil && len(answer) > maxWords {
		err = fmt.Errorf("over the limit of %d bytes", maxWords)
	}
	if resp.StatusCode == want && err == nil {
		return answer, nil
	}
	return nil, refusal(at.Host, resp, answer, token)
}

// refusal is an answer that is no success. What comes with one that looks like it
// is not repeated: it may be a token.
func refusal(host string, resp *http.Response, body []byte, token string) error {
	text := fmt.Sprintf("%s answered %d %s", host, resp.StatusCode, http.StatusText(resp.StatusCode))
	if said := words(string(body), token); said != "" && resp.StatusCode/100 != 2 {
		text += ": " + said
	}
	switch status := resp.StatusCode; {
	case status == 422 || status == 409:
		return fmt.Errorf("%w: %s", errAnswered, text)
	case status == 429 || status == 403 && (resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-Ratelimit-Remaining") == "0"):
		return fmt.Errorf("%w: %s", ask.ErrUnavailable, text) // not done; the next round comes later
	case status == 401 || status == 403 || status == 404 || status == 410:
		return fmt.Errorf("%w: %s", ask.ErrRefused, text)
	case status/100 == 3:
		return fmt.Errorf("%w: %s; redirects are not followed", ask.ErrUnavailable, text)
	}
	return fmt.Errorf("%w: %s", errUnsure, text)
}

const maxExcerpt = 200 // runes of what was said

// words are the part of what was said that is shown, without our token.
func words(said, token string) string {
	text := clean.Field(strings.ReplaceAll(said, token, "[secret]"))
	if runes := []rune(text); len(runes) > maxExcerpt {
		text = string(runes[:maxExcerpt]) + "…"
	}
	return text
}
