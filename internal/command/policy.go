// SPDX-License-Identifier: Apache-2.0

package command

import (
	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
)

// Policy is the verb that edits, checks and tries the policy.
func Policy(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Add a person to the policy, check it, or try another",
		Example: `  gateledger policy add ana --ssh ~/.ssh/id_ed25519.pub --email ana@example.org --role lead
  gateledger policy lint
  gateledger policy simulate --next next.yml`,
	}
	cmd.AddCommand(policyAdd(env), policyLint(env), policySimulate(env))
	return cmd
}
