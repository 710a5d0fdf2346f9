// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

// shortestPrefix is how much of a request's id one must give.
const shortestPrefix = 4

// Request is the verb that shows what waits for approval.
func Request(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "request",
		Short: "Show what is asked for, and how it stands",
		Example: `  gateledger request list
  gateledger request show 4f1c`,
	}
	cmd.AddCommand(requestList(env), requestShow(env))
	return cmd
}

func requestList(env *cli.Env) *cobra.Command {
	var f where
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the requests that are open",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := openWorkspace(cmd.Context(), env, f, trustedPolicy, reading)
			if err != nil {
				return err
			}
			return w.listRequests(cmd.Context(), all, asJSON)
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "also those that are used up, denied or expired")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// A requestLine is one request in a list.
type requestLine struct {
	Request     string          `json:"request"`
	Index       uint64          `json:"index"`
	Environment string          `json:"environment"`
	Subjects    []event.Subject `json:"subjects"`
	Commit      string          `json:"commit"`
	Expires     string          `json:"expires"`
	Verdict     policy.Verdict  `json:"verdict"`
	Why         string          `json:"why"`
	UsedBy      string          `json:"used_by,omitempty"`

	BreakGlass *event.BreakGlass `json:"break_glass,omitempty"`
}

func (w *workspace) listRequests(ctx context.Context, all, asJSON bool) error {
	head, events, err := w.read(ctx)
	if err != nil {
		return err
	}
	lines := []requestLine{}
	in := policy.Input{Policy: w.policy, Root: w.believes, Events: events, Head: checkpointOf(head), Now: w.env.Now().UTC()}
	w.weigh(ctx, &in, idsOf(w.requests(events))...)
	for _, r := range w.requests(events) {
		in.Request = r.id
		d, err := policy.Evaluate(in)
		if err != nil {
			return cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
		}
		if !all && (d.Verdict == policy.Denied || d.UsedBy != "") {
			continue
		}
		p := r.predicate
		lines = append(lines, requestLine{
			Request: r.id, Index: r.index, Environment: p.Environment, Subjects: p.Subjects,
			Commit: p.Commit, Expires: p.Expires, Verdict: d.Verdict, Why: d.Why, UsedBy: d.UsedBy, BreakGlass: p.BreakGlass,
		})
	}
	owed, err := w.debts(head, events)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(w.env.Stdout, struct {
			Schema   string        `json:"schema"`
			Requests []requestLine `json:"requests"`
			Debts    []policy.Debt `json:"debts,omitempty"`
		}{product.PredicateBase + "requests/v1", lines, owed})
	}
	w.noteTrust()
	if len(lines) == 0 {
		fmt.Fprintln(w.env.Stderr, "no open request")
	}
	printDebts(w.env.Stdout, owed)
	for _, l := range lines {
		glass := ""
		if l.BreakGlass != nil {
			glass = "BREAK GLASS  "
		}
		fmt.Fprintf(w.env.Stdout, "%.12s  %-10s  %-8s  %s%s  %s\n", l.Request, l.Environment, l.Verdict, glass, subjectNames(l.Subjects), clean.Text(l.Why))
	}
	return nil
}

func subjectNames(subjects []event.Subject) string {
	names := make([]string, len(subjects))
	for i, s := range subjects {
		names[i] = clean.Text(s.Name)
	}
	return strings.Join(names, ", ")
}

// requests returns every request in the ledger that a gate signer of its
// environment signed, in order.
func (w *workspace) requests(events []*event.Event) []openRequest {
	return w.requestsBy(events, w.policy.Environment)
}

// votable are requests, and those to break the glass in an environment that the
// policy has no more, which any signer signed: they may be owed.
func (w *workspace) votable(events []*event.Event) []openRequest {
	gone := func(name string) (policy.Environment, bool) {
		_, there := w.policy.Environment(name)
		return policy.Environment{Name: name, Gate: sortedKeys(w.policy.Signers)}, !there
	}
	glasses := slices.DeleteFunc(w.requestsBy(events, gone), func(r openRequest) bool { return r.predicate.BreakGlass == nil })
	return append(w.requests(events), glasses...)
}

func (w *workspace) requestsBy(events []*event.Event, environment func(name string) (policy.Environment, bool)) []openRequest {
	var out []openRequest
	for _, e := range events {
		if !e.Is("request") {
			continue
		}
		p, err := event.DecodePredicate[event.RequestPredicate](e)
		if err != nil {
			continue
		}
		rules, ok := environment(p.Environment)
		if !ok || !w.gates(rules, e) {
			continue
		}
		if id, err := event.RequestID(p); err == nil {
			out = append(out, openRequest{id: id, predicate: p, index: e.Index})
		}
	}
	return out
}

// findRequest returns the only request whose id starts with prefix.
func (w *workspace) findRequest(events []*event.Event, prefix string) (openRequest, error) {
	prefix = strings.TrimPrefix(strings.ToLower(prefix), "sha256:")
	if len(prefix) < shortestPrefix || strings.Trim(prefix, "0123456789abcdef") != "" {
		return openRequest{}, cli.Fail(cli.Usage, "see 'gateledger request list'", "%q is no request id: give at least %d hex digits", prefix, shortestPrefix)
	}
	matches := map[string]openRequest{}
	for _, r := range w.votable(events) {
		if strings.HasPrefix(r.id, prefix) {
			matches[r.id] = r
		}
	}
	switch len(matches) {
	case 0:
		return openRequest{}, cli.Fail(cli.No, "see 'gateledger request list --all'", "no request %s in the ledger by a signer of the policy", prefix)
	case 1:
		for _, r := range matches {
			return r, nil
		}
	}
	return openRequest{}, cli.Fail(cli.Usage, "give more digits: "+strings.Join(sortedKeys(matches), ", "), "%d requests start with %s", len(matches), prefix)
}

func requestShow(env *cli.Env) *cobra.Command {
	var f where
	var out output
	cmd := &cobra.Command{
		Use:   "show REQUEST",
		Short: "Show one request, its votes and what is missing",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := openWorkspace(cmd.Context(), env, f, trustedPolicy, reading)
			if err != nil {
				return err
			}
			return w.showOne(cmd.Context(), args[0], out)
		},
	}
	f.flags(cmd)
	out.flags(cmd)
	return cmd
}

func (w *workspace) showOne(ctx context.Context, prefix string, out output) error {
	head, events, err := w.read(ctx)
	if err != nil {
		return err
	}
	r, err := w.findRequest(events, prefix)
	if err != nil {
		return err
	}
	in := policy.Input{
		Policy: w.policy, Root: w.believes, Request: r.id, Events: events, Head: checkpointOf(head), Now: w.env.Now().UTC(),
	}
	w.weigh(ctx, &in)
	d, err := policy.Evaluate(in)
	if err != nil {
		return cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
	}
	if out.format == "text" {
		if err := w.showRequest(ctx, w.env.Stdout, head, events, report.Request{ID: r.id, Asked: r.predicate}); err != nil {
			return err
		}
		fmt.Fprintln(w.env.Stdout)
	}
	w.noteTrust()
	return out.write(w.env, report.Decision{Decision: d, Request: &r.predicate})
}

// noteTrust says so where the policy is nobody's but the ledger's own.
func (w *workspace) noteTrust() {
	if !w.pinned {
		fmt.Fprintf(w.env.Stderr, "note: you have not trusted this policy (%s); run 'gateledger trust'\n", w.source)
	}
}

// showRequest prints what is asked for, with what the ledger and this
// checkout know of the change.
func (w *workspace) showRequest(ctx context.Context, to io.Writer, head proof.Checkpoint, events []*event.Event, r report.Request) error {
	r.Now = w.env.Now()
	r.Commits = w.commitsSince(ctx, events, r.Asked)
	r.SBOM = w.sbomChange(ctx, events, r.Asked)
	var err error
	if r.Debts, err = w.debtsOf(head, events, openRequest{id: r.ID, predicate: r.Asked}); err != nil {
		return err
	}
	if err := report.Text(to, r, textOptions(w.env, to)); err != nil {
		return err
	}
	if r.Asked.Environment == policy.ChangeEnvironment {
		return w.showPolicyChange(ctx, to, head, events, r.Asked)
	}
	return nil
}
