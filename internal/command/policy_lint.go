// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

func policyLint(env *cli.Env) *cobra.Command {
	var asJSON, strict, debts bool
	cmd := &cobra.Command{
		Use:   "lint [FILE]",
		Short: "Check a policy: every finding with line and column",
		Long: `Lint reads a policy as strictly as the gate does, and also says which seats
nobody could ever fill. It warns of what is sound and may not be meant: one
human alone, no veto, no evidence, times that nobody proves, long ages. The
conditions (when:) are read by gateledger-remote, without the network; one that
always comes to the same is warned of. With --debts the ledger is read too, and
warned is of break-glasses that nobody has settled in environments that the file
does not have: they stay owed.

It exits 0 for a sound policy and 2 for any other, and 3 where nobody could read
its conditions. With --strict it exits 1 for a sound policy with a warning.`,
		Example: "  gateledger policy lint\n  gateledger policy lint next.yml --json\n  gateledger policy lint --strict",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := policyArgument(cmd, env, args)
			if err != nil {
				return err
			}
			return lintPolicy(cmd.Context(), env, file, lintFlags{asJSON, strict, debts})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&strict, "strict", false, "end with 1 where there is a warning")
	cmd.Flags().BoolVar(&debts, "debts", false, "also warn of unsettled break-glasses in environments that the file does not have")
	return cmd
}

type lintFlags struct{ asJSON, strict, debts bool }

// A lintReport is what lint found: errors, and then warnings, each in the
// file's order.
type lintReport struct {
	Schema   string        `json:"schema"`
	File     string        `json:"file"`
	Sound    bool          `json:"sound"`
	Digest   string        `json:"digest,omitempty"`
	Findings []lintFinding `json:"findings"`

	unread error // why nobody could read the conditions
}

type lintFinding struct {
	Level  string `json:"level"`          // "error" or "warning"
	Code   string `json:"code,omitempty"` // of a warning
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Key    string `json:"key,omitempty"`
	Text   string `json:"text"`
}

const (
	lintError   = "error"
	lintWarning = "warning"
)

func lintPolicy(ctx context.Context, env *cli.Env, file string, f lintFlags) error {
	data, err := readPolicyFile(file)
	if err != nil {
		return err
	}
	r := lintReport{Schema: product.PredicateBase + "policy-lint/v1", File: shown(env, file), Findings: []lintFinding{}}
	p, err := policy.Parse(data)
	if err == nil {
		r.Digest = "sha256:" + p.Digest
		err = p.Lint()
	}
	all := policy.Errors(nil)
	if err != nil && !errors.As(err, &all) {
		return err
	}
	for _, e := range all {
		r.add(lintError, "", e)
	}
	if p != nil {
		r.hosting(p)
		r.readConditions(ctx, &workspace{env: env}, p)
		for _, w := range p.Warnings() {
			r.add(lintWarning, w.Code, w.Error)
		}
	}
	if p != nil && f.debts {
		if err := r.debts(ctx, env, p); err != nil {
			return err
		}
	}
	r.Sound = r.count(lintError) == 0
	return r.answer(env, f.asJSON, f.strict)
}

// debts looks in the ledger, by the policy in force, for what this one would leave
// behind.
func (r *lintReport) debts(ctx context.Context, env *cli.Env, p *policy.Policy) error {
	w, err := openWorkspace(ctx, env, where{}, trustedPolicy, reading)
	if err != nil {
		return err
	}
	head, events, err := w.read(ctx)
	if err != nil {
		return err
	}
	left, err := w.leftBehind(head, events, p)
	for _, d := range left {
		r.add(lintWarning, "debt-left-behind", p.Where("environments", "%s", clean.Field(staysOwed(d))))
	}
	return err
}

func (r *lintReport) add(level, code string, e *policy.Error) {
	r.Findings = append(r.Findings, lintFinding{level, code, e.Line, e.Column, e.Key, e.Text})
}

func (r *lintReport) count(level string) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// hosting holds ledger.hosting to the table of plans, which package policy
// does not know.
func (r *lintReport) hosting(p *policy.Policy) {
	const key = "ledger.hosting"
	if p.Ledger.Hosting == "" {
		if isGit(p.Ledger.URL) {
			r.add(lintWarning, "no-hosting-plan", p.Where(key, "left out: nobody can tell who could rewrite the log"))
		}
		return
	}
	plan, err := hosting.Find(p.Ledger.Hosting)
	if err != nil {
		r.add(lintError, "", p.Where(key, "%v", err))
		return
	}
	if plan.Key == hosting.NoProtection {
		r.add(lintWarning, "log-key-unprotected", p.Where(key, "%s keeps the log key from nobody who may push: could rewrite the log: %s", plan.Name, plan.Rewrite))
	}
	if plan.Gate == hosting.Advisory {
		r.add(lintWarning, "gate-advisory", p.Where(key, "on %s the gate's answer stops nobody by itself: let the target ask with 'verify decision'", plan.Name))
	}
}

// answer prints the findings and turns them into an exit code.
func (r *lintReport) answer(env *cli.Env, asJSON, strict bool) error {
	if asJSON {
		if err := printJSON(env.Stdout, r); err != nil {
			return err
		}
	} else {
		r.print(env)
	}
	bad, odd := r.count(lintError), r.count(lintWarning)
	switch {
	case bad > 0:
		return cli.Fail(cli.Usage, "each line above says where and what; nothing was changed", "%s in %s", counted(bad, "finding"), r.File)
	case r.unread != nil:
		return unreadExit(r.unread)
	case odd > 0 && strict:
		return cli.Fail(cli.No, "each line above says where and what; leave --strict out to let warnings pass", "%d warnings in %s", odd, r.File)
	}
	return nil
}

func (r *lintReport) print(env *cli.Env) {
	for _, f := range r.Findings {
		e := policy.Error{Line: f.Line, Column: f.Column, Key: f.Key, Text: f.Text}
		text := e.Error()
		if f.Level == lintWarning {
			e.Key, e.Text = "", "warning: "+f.Key+": "+f.Text+" ["+f.Code+"]"
			text = e.Error()
		}
		fmt.Fprintf(env.Stdout, "%s:%s\n", clean.Text(r.File), clean.Text(text))
	}
	if r.Sound {
		fmt.Fprintf(env.Stdout, "%s: sound, %s\n", r.File, r.Digest)
	}
}
