// SPDX-License-Identifier: Apache-2.0

package child

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/product"
)

// WhenSchema names the answer to 'when', so that one of another version is not
// taken for ours.
const WhenSchema = product.PredicateBase + "remote-when/v1"

// MaxConditions is how many questions, and how many expressions, go into one
// call.
const MaxConditions = 500

// whenTimeout is how long a call may take where none is set. Nothing is asked of
// the network, and each question has a limit of its own.
const whenTimeout = time.Minute

// A WhenQuestion is what 'when' reads: expressions to read, and questions to
// answer.
type WhenQuestion struct {
	Check     []string             `json:"check,omitempty"`
	Questions []condition.Question `json:"questions,omitempty"`
}

// A WhenAnswer is what 'when' writes, each in the order of the question.
type WhenAnswer struct {
	Schema  string             `json:"schema"`
	Engine  string             `json:"engine"` // what read and evaluated them, with its version
	Checks  []condition.Check  `json:"checks,omitempty"`
	Answers []condition.Answer `json:"answers,omitempty"`
}

// When has conditions read and evaluated. The child needs no network for it, no
// secret and no variable. An error says that it could not be found out.
func (r Remote) When(ctx context.Context, q WhenQuestion) (WhenAnswer, error) {
	fail := func(err error) (WhenAnswer, error) {
		return WhenAnswer{}, fmt.Errorf("evaluate conditions: %w", err)
	}
	if len(q.Check) > MaxConditions || len(q.Questions) > MaxConditions {
		return fail(fmt.Errorf("%w: %d expressions and %d questions, over the limit of %d each", ErrUsage, len(q.Check), len(q.Questions), MaxConditions))
	}
	r.Timeout = cmp.Or(r.Timeout, whenTimeout)
	var answer WhenAnswer
	if err := r.call(ctx, []string{"when"}, nil, q, &answer); err != nil {
		return fail(err)
	}
	switch {
	case answer.Schema != WhenSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, answer.Schema, WhenSchema))
	case answer.Engine == "":
		return fail(fmt.Errorf("%w: it does not say by what", errOdd))
	case len(answer.Checks) != len(q.Check) || len(answer.Answers) != len(q.Questions):
		return fail(fmt.Errorf("%w: %d of %d expressions and %d of %d questions", errOdd, len(answer.Checks), len(q.Check), len(answer.Answers), len(q.Questions)))
	case slices.ContainsFunc(answer.Answers, func(a condition.Answer) bool { return a.By != answer.Engine }):
		return fail(fmt.Errorf("%w: an answer by something else", errOdd))
	}
	return answer, nil
}
