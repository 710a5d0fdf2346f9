// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/policy"
)

// Conditions of environments are evaluated by gateledger-remote, which alone
// links a reader of their language. Nothing of it uses the network. Whoever
// decides or decides again has it done by the child beside their own program;
// what could not be evaluated is not known, and never a yes.

// conditions has questions answered. What goes wrong is an answer too: that
// nobody knows, and why.
func (w *workspace) conditions(ctx context.Context, asks []condition.Question) condition.Answers {
	if len(asks) == 0 {
		return nil
	}
	answers := condition.Answers{}
	remote, err := w.remote()
	for some := range slices.Chunk(asks, child.MaxConditions) {
		answer := child.WhenAnswer{}
		if err == nil {
			answer, err = remote.When(ctx, child.WhenQuestion{Questions: some})
		}
		for i, q := range some {
			if err != nil {
				answers[q.ID()] = condition.Answer{Why: withHint(err)}
				continue
			}
			answers[q.ID()] = answer.Answers[i]
		}
	}
	delete(answers, "") // a question that can't be written down has no answer
	return answers
}

// withHint is an error in one line, with what to do about it.
func withHint(err error) string {
	text := err.Error()
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) && exit.Hint != "" {
		text += " (" + exit.Hint + ")"
	}
	return clean.Field(text)
}

// weigh has the conditions of requests answered for a decision that is to be
// made from in; without any, of the one that in names.
func (w *workspace) weigh(ctx context.Context, in *policy.Input, requests ...string) {
	if len(requests) == 0 {
		requests = []string{in.Request}
	}
	var asks []condition.Question
	one := *in
	for _, one.Request = range requests {
		asks = append(asks, policy.Questions(one)...)
	}
	in.Conditions = w.conditions(ctx, asks)
}

// idsOf names requests.
func idsOf(all []openRequest) []string {
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.id
	}
	return ids
}

// weigh has the condition of the gate's own environment answered, and fails
// where it is none: no gate could ever go by such a policy.
func (g *gate) weigh(ctx context.Context, in *policy.Input) error {
	g.workspace.weigh(ctx, in)
	return wrongCondition(in.Conditions, "environments."+g.rules.Name+".when")
}

// wrongCondition says that an expression is no condition.
func wrongCondition(answers condition.Answers, key string) error {
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		if a := answers[id]; a.Outcome == condition.Wrong {
			return cli.Fail(cli.Usage, "see where with 'gateledger policy lint'", "%s is no condition: %s", key, clean.Text(a.Why))
		}
	}
	return nil
}

// mostRounds is how often a story is told again because it asks about more
// conditions than before.
const mostRounds = 8

// retold asks for a chain of custody until nothing in it waits for the answer
// about a condition: a decision that could be made again may lead to others.
func (v *verifier) retold(ctx context.Context, ask func() (custody.Chain, error)) (custody.Chain, error) {
	chain, err := ask()
	for range mostRounds {
		asks := slices.DeleteFunc(slices.Clone(chain.Asks), func(q condition.Question) bool {
			_, known := v.answers[q.ID()]
			return known
		})
		if err != nil || len(asks) == 0 {
			break
		}
		v.judges = true // what opens something takes no program from PATH
		answers := v.conditions(ctx, asks)
		if len(answers) == 0 {
			break
		}
		maps.Copy(answers, v.answers)
		v.answers = answers
		chain, err = ask()
	}
	return chain, err
}

// readConditions has the conditions of a policy read, and adds what is wrong or
// odd about them, by where it stands in the file.
func (r *lintReport) readConditions(ctx context.Context, w *workspace, p *policy.Policy) {
	var names, expressions []string
	for _, name := range sortedKeys(p.Environments) {
		if e := p.Environments[name]; e.When != "" {
			names, expressions = append(names, name), append(expressions, e.When)
		}
	}
	if len(names) == 0 {
		return
	}
	remote, err := w.remote()
	answer := child.WhenAnswer{}
	if err == nil {
		answer, err = remote.When(ctx, child.WhenQuestion{Check: expressions})
	}
	for i, name := range names {
		key := "environments." + name + ".when"
		if err != nil {
			r.unread = err
			r.add(lintWarning, "condition-unread", p.Where(key, "it could not be read: %s", clean.Field(err.Error())))
			continue
		}
		check := answer.Checks[i]
		for _, problem := range check.Problems {
			r.add(lintError, "", p.WhereInText(key, expressions[i], problem.Column, "%s", clean.Text(problem.Text)))
		}
		switch check.Always {
		case "true":
			r.add(lintWarning, "constant-condition", p.Where(key, "it holds whatever is deployed: leave it out, or say what it should ask"))
		case "false":
			r.add(lintWarning, "constant-condition", p.Where(key, "it never holds: nothing could ever be let in"))
		case "error":
			r.add(lintWarning, "constant-condition", p.Where(key, "it can never be evaluated: nothing could ever be let in"))
		}
	}
}

// unreadExit is how a lint ends that could not read the conditions of a policy.
func unreadExit(err error) error {
	hint := ""
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		hint = exit.Hint
	}
	return cli.Fail(cli.Unknown, hint, "could not find out whether the policy's conditions can be read: %w", bare(err))
}

// bare is an error without the exit code it would have.
func bare(err error) error { return fmt.Errorf("%s", err.Error()) }
