// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// supposing is which request is asked about, and who is supposed to vote.
type supposing struct {
	request     string
	environment string
	approve     []string
	deny        []string
	source      string
}

func (s *supposing) votingFlags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.approve, "approve", nil, "suppose that `NAME` of the policy approves; repeatable, and a list with commas")
	cmd.Flags().StringSliceVar(&s.deny, "deny", nil, "suppose that `NAME` denies; as --approve")
	cmd.Flags().StringVar(&s.source, "source", policy.SignedSource, "how they are supposed to vote: a `SOURCE` as the policy's seats name it")
	cmd.Flags().StringVar(&s.request, "request", "", "open request to ask about, by the start of its `ID`")
	cmd.Flags().StringVar(&s.environment, "environment", "", "the `ENVIRONMENT` whose only open request is meant; default: the only open one")
}

// asks reports whether an open request is asked about.
func (s *supposing) asks() bool {
	return len(s.approve)+len(s.deny) > 0 || s.request != "" || s.environment != ""
}

func (s *supposing) votes() []policy.Supposed {
	all := []policy.Supposed{}
	for _, name := range s.approve {
		all = append(all, policy.Supposed{Who: strings.TrimSpace(name), Choice: event.ForgeApprove, Source: s.source})
	}
	for _, name := range s.deny {
		all = append(all, policy.Supposed{Who: strings.TrimSpace(name), Choice: event.ForgeDeny, Source: s.source})
	}
	return all
}

// supposed is a request as it stands, and as it would.
type supposed struct {
	Request     string            `json:"request"`
	Environment string            `json:"environment"`
	Subjects    []event.Subject   `json:"subjects"`
	Votes       []policy.Supposed `json:"votes"`
	Before      policy.Decision   `json:"before"`
	After       policy.Decision   `json:"after"`
}

// suppose evaluates the request as it stands under the policy in force, and
// with the votes under the one to try.
func (w *workspace) suppose(ctx context.Context, f supposing, before, after policy.Input) (*supposed, error) {
	r, err := w.openOne(ctx, f, before)
	if err != nil {
		return nil, err
	}
	s := &supposed{Request: r.id, Environment: r.predicate.Environment, Subjects: r.predicate.Subjects, Votes: f.votes()}
	before.Request, after.Request = r.id, r.id
	w.weigh(ctx, &before)
	w.weigh(ctx, &after)
	if err := wrongCondition(after.Conditions, "environments."+s.Environment+".when"); err != nil {
		return nil, err
	}
	if s.Before, err = policy.Suppose(before, policy.Supposition{}); err == nil {
		s.After, err = policy.Suppose(after, policy.Supposition{Votes: s.Votes, AnyPolicy: after.Policy != before.Policy})
	}
	switch {
	case errors.Is(err, policy.ErrSupposition):
		return nil, cli.Fail(cli.Usage, "name people of the policy, as under 'principals:'", "%w", err)
	case err != nil:
		return nil, cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
	}
	return s, nil
}

// openOne is the request that is asked about: the one of this id, else the only
// open one.
func (w *workspace) openOne(ctx context.Context, f supposing, in policy.Input) (openRequest, error) {
	if f.request != "" {
		r, err := w.findRequest(in.Events, f.request)
		if err == nil && f.environment != "" && r.predicate.Environment != f.environment {
			err = cli.Fail(cli.Usage, "leave --environment out", "request %.12s is for %s", r.id, r.predicate.Environment)
		}
		return r, err
	}
	if _, ok := w.policy.Environment(f.environment); f.environment != "" && !ok {
		return openRequest{}, cli.Fail(cli.Usage, "have "+strings.Join(sortedKeys(w.policy.Environments), ", "), "unknown environment %q in %s", f.environment, w.source)
	}
	open := map[string]openRequest{}
	w.weigh(ctx, &in, idsOf(w.requests(in.Events))...)
	for _, r := range w.requests(in.Events) {
		if f.environment != "" && r.predicate.Environment != f.environment {
			continue
		}
		in.Request = r.id
		d, err := policy.Suppose(in, policy.Supposition{})
		if err != nil {
			return openRequest{}, cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
		}
		if d.Verdict != policy.Denied && d.UsedBy == "" {
			open[r.id] = r
		}
	}
	switch len(open) {
	case 0:
		return openRequest{}, cli.Fail(cli.No, "name one with --request: see 'gateledger request list --all'", "no request is open")
	case 1:
		for _, r := range open {
			return r, nil
		}
	}
	return openRequest{}, cli.Fail(cli.Usage, "name one with --request: "+strings.Join(sortedKeys(open), ", "), "%d requests are open", len(open))
}

func (s *supposed) differs() bool { return verdictWord(s.Before) != verdictWord(s.After) }

// verdictWord is the answer in a word; what could not be found out is no
// pending.
func verdictWord(d policy.Decision) string {
	if len(d.Unknown) > 0 && d.Verdict == policy.Pending {
		return "unknown"
	}
	return d.Verdict.String()
}

func (s *supposed) print(env *cli.Env) {
	line := func(format string, args ...any) {
		fmt.Fprintln(env.Stdout, clean.Text(fmt.Sprintf(format, args...)))
	}
	line("request %.12s  %s  %s", s.Request, s.Environment, subjectNames(s.Subjects))
	for _, v := range s.Votes {
		line("suppose %s says %s, by %s", v.Who, v.Choice, v.Source)
	}
	line("%s -> %s", verdictWord(s.Before), verdictWord(s.After))
	line("before  %s", s.Before.Why)
	line("after   %s", s.After.Why)
	for _, v := range s.After.Votes {
		where, who := fmt.Sprintf("#%d", v.Index), v.Principal
		if v.Index >= s.After.Head.Size {
			where = "supposed"
		}
		if who == "" {
			who = "somebody"
		}
		if v.Source != "" {
			where += " " + v.Source
		}
		line("vote    %s: %s %s: %s", where, who, v.Choice, v.Why)
	}
	for _, m := range s.After.Missing {
		ask := ""
		if len(m.Who) > 0 {
			ask = ": " + strings.Join(m.Who, ", ")
		}
		line("missing %s%s", m.What, ask)
	}
	for _, u := range s.After.Unknown {
		line("unknown %s", u)
	}
}
