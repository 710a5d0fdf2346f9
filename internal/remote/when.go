// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/condition/evaluator"
)

// whenVerb is the verb that reads and evaluates the conditions of a policy. It
// speaks with nobody: it is here because the reader of the expressions is large.
func whenVerb(env *cli.Env, _ wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "when",
		Short: "Evaluate the conditions of a policy; nothing is asked of the network",
		Long: `When reads {"check", "questions"} from standard input: expressions in CEL to read, and
questions to answer, each with its expression and all that it can see. It writes
{"schema", "engine", "checks", "answers"}: what is wrong with each expression, by column, or
whether it always comes to the same; and of each question whether its condition holds.

Only "holds" lets anything through. What takes too many steps or too long, or goes
wrong in any way, is "unknown"; what is no condition is "wrong".`,
		Example: `  gateledger-remote when < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runWhen(cmd.Context(), env, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

// runWhen gives all answers together the time of one.
func runWhen(ctx context.Context, env *cli.Env, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.WhenQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	if len(q.Check) > child.MaxConditions || len(q.Questions) > child.MaxConditions {
		return cli.Fail(cli.Usage, "", "%d expressions and %d questions, over the limit of %d each", len(q.Check), len(q.Questions), child.MaxConditions)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	v, err := evaluator.New()
	if err != nil {
		return fmt.Errorf("evaluate conditions: %w", err)
	}
	answer := child.WhenAnswer{Schema: child.WhenSchema, Engine: evaluator.Engine}
	for _, expression := range q.Check {
		answer.Checks = append(answer.Checks, v.Check(ctx, expression))
	}
	for _, question := range q.Questions {
		answer.Answers = append(answer.Answers, v.Answer(ctx, question))
	}
	return writeAnswer(env, answer)
}
