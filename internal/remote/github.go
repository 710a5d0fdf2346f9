// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"net/http"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
)

// What a GitHub job that has 'permissions: id-token: write' finds in its
// environment, by
// https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token.
const (
	githubURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	githubToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

const githubHint = "give the job 'permissions: id-token: write'; a pull request from a fork can't have it"

func (t *tokens) onGitHub() bool {
	return t.env.Getenv(githubURL) != "" && t.env.Getenv(githubToken) != ""
}

// fromGitHub asks the runner's service for a token. The bearer goes to the
// address that the runner named and nowhere else.
func (t *tokens) fromGitHub(ctx context.Context) (string, error) {
	if !t.onGitHub() {
		return "", cli.Fail(cli.Usage, githubHint, "%s and %s are not both set", githubURL, githubToken)
	}
	u, err := address("GitHub's token service", t.env.Getenv(githubURL), false)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("audience", t.audience)
	u.RawQuery = query.Encode()
	req, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return "", errors.New("ask GitHub's token service: not an address")
	}
	bearer := t.env.Getenv(githubToken)
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Accept", "application/json; api-version=2.0")
	ask := t.asker(ctx, "GitHub's token service", bearer)
	var answer struct {
		Value string `json:"value"`
	}
	if err := ask.json(req, &answer); err != nil {
		return "", explainRefusal(err, githubHint)
	}
	if answer.Value == "" {
		return "", cli.Fail(cli.Unknown, "", "ask GitHub's token service at %s: its answer holds no token", u.Host)
	}
	return answer.Value, nil
}

// asker is how token services are asked.
func (t *tokens) asker(ctx context.Context, who string, secrets ...string) *asker {
	return &asker{ctx: ctx, who: who, timeout: t.timeout, limit: 128 << 10, secrets: secrets, wire: t.wire}
}

// json sends req and reads the answer, one JSON object, into answer. The text
// of what is odd about it is not repeated: it may hold a token.
func (a *asker) json(req *http.Request, answer any) error {
	resp, err := a.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body, a.limit)
	if err != nil {
		return a.silent(req, err)
	}
	if err := canon.DecodeOpen(body, answer); err != nil {
		return cli.Fail(cli.Unknown, "", "ask %s at %s: its answer is not one JSON object of the expected form", a.who, req.URL.Host)
	}
	return nil
}

// explainRefusal gives a refusal somewhere in err a hint; other errors stay.
func explainRefusal(err error, hint string) error {
	if no := (*refused)(nil); errors.As(err, &no) {
		return &cli.Exit{Code: cli.No, Hint: hint, Err: no}
	}
	return err
}
