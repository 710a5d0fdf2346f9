// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// Policy is the verb that edits and checks the policy.
func Policy(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Add a person to the policy, or check it",
		Example: `  gateledger policy add ana --ssh ~/.ssh/id_ed25519.pub --email ana@example.org --role lead
  gateledger policy lint`,
	}
	cmd.AddCommand(policyAdd(env), policyLint(env))
	return cmd
}

func policyLint(env *cli.Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint [FILE]",
		Short: "Check a policy: every finding with line and column",
		Long: `Lint reads a policy as strictly as the gate does, and also says which seats
nobody could ever fill. It exits 0 for a sound policy and 2 for any other.`,
		Example: "  gateledger policy lint\n  gateledger policy lint next.yml --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := policyArgument(cmd, env, args)
			if err != nil {
				return err
			}
			return lintPolicy(env, file, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// A lintReport is what lint found.
type lintReport struct {
	Schema   string        `json:"schema"`
	File     string        `json:"file"`
	Sound    bool          `json:"sound"`
	Digest   string        `json:"digest,omitempty"`
	Findings []lintFinding `json:"findings"`
}

type lintFinding struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Key    string `json:"key,omitempty"`
	Text   string `json:"text"`
}

func lintPolicy(env *cli.Env, file string, asJSON bool) error {
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
		r.Findings = append(r.Findings, lintFinding{e.Line, e.Column, e.Key, e.Text})
	}
	r.Sound = err == nil
	return r.answer(env, asJSON, all)
}

func (r lintReport) answer(env *cli.Env, asJSON bool, all policy.Errors) error {
	switch {
	case asJSON:
		if err := printJSON(env.Stdout, r); err != nil {
			return err
		}
	case r.Sound:
		fmt.Fprintf(env.Stdout, "%s: sound, %s\n", r.File, r.Digest)
	default:
		for _, e := range all {
			fmt.Fprintf(env.Stdout, "%s:%s\n", clean.Text(r.File), clean.Text(e.Error()))
		}
	}
	if r.Sound {
		return nil
	}
	return cli.Fail(cli.Usage, "each line above says where and what; nothing was changed", "%d findings in %s", len(all), r.File)
}
