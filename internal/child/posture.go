// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// PostureSchema names the answer to 'posture', so that one of another version
// is not taken for ours.
const PostureSchema = product.PredicateBase + "remote-posture/v1"

// postureTimeout is how long reading the settings around a gate may take: each
// workflow is a call, and a busy forge may ask us to wait.
const postureTimeout = 5 * time.Minute

// PostureToken is the variable with a token that may read settings.
const PostureToken = "GATELEDGER_POSTURE_TOKEN"

// postureVariables are those of the environment that a reader of a forge's
// settings needs, and the only ones that it is given.
var postureVariables = map[string][]string{
	"github": {"GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_ID", PostureToken, "GATELEDGER_GITHUB_TOKEN", GitHubToken},
	"gitlab": {"CI_API_V4_URL", "CI_PROJECT_ID", PostureToken, "GATELEDGER_GITLAB_TOKEN", "CI_JOB_TOKEN"},
}

// A PostureQuestion is what 'posture' reads.
type PostureQuestion struct {
	Forge        string   `json:"forge"` // github or gitlab
	Environments []string `json:"environments"`
	Policy       string   `json:"policy"`                  // hex SHA-256 of the policy that is gone by
	LedgerBranch string   `json:"ledger_branch,omitempty"` // of this repository; empty: the ledger is elsewhere
	Token        string   `json:"token,omitempty"`         // that may read settings, instead of those of the variables
}

// A PostureAnswer is what 'posture' writes: one posture for each environment,
// in the question's order, without Context.
type PostureAnswer struct {
	Schema   string                   `json:"schema"`
	Postures []event.PosturePredicate `json:"postures"`
}

// Posture reads the settings of a forge around some environments. What could
// not be seen is unknown in the answer, fact by fact.
func (r Remote) Posture(ctx context.Context, q PostureQuestion) ([]event.PosturePredicate, error) {
	fail := func(err error) ([]event.PosturePredicate, error) {
		return nil, fmt.Errorf("read the posture on %s: %w", q.Forge, err)
	}
	variables := postureVariables[q.Forge]
	if variables == nil {
		return fail(fmt.Errorf("%w: there is no such forge", ErrUsage))
	}
	if r.Timeout == 0 {
		r.Timeout = postureTimeout
	}
	var answer PostureAnswer
	if err := r.call(ctx, []string{"posture"}, variables, q, &answer); err != nil {
		return fail(err)
	}
	switch {
	case answer.Schema != PostureSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, answer.Schema, PostureSchema))
	case len(answer.Postures) != len(q.Environments):
		return fail(fmt.Errorf("%w: %d postures of %d environments", errOdd, len(answer.Postures), len(q.Environments)))
	}
	for i, p := range answer.Postures {
		if p.Environment != q.Environments[i] || p.Provider != q.Forge {
			return fail(fmt.Errorf("%w: it is of something else", errOdd))
		}
		if err := p.Check(); err != nil {
			return fail(fmt.Errorf("%w: %w", errOdd, err))
		}
	}
	return answer.Postures, nil
}
