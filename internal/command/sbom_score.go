// SPDX-License-Identifier: Apache-2.0

package command

import (
	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom/score"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
)

func sbomScore(env *cli.Env) *cobra.Command {
	var out output
	var atLeast int
	cmd := &cobra.Command{
		Use:   "score BOM",
		Short: "Count what standards ask for in an SBOM, and say what to fix first",
		Long: `Score counts what stands in a CycloneDX document of what two standards ask for:
the NTIA's minimum elements of 2021, and the BSI's TR-03183-2, version 2.1.
Each element is worth ten points, in proportion to the components that have it.
A score says what a document tells; 'gateledger sbom check' says whether it is
true.

With --at-least the exit code is 1 if a standard has fewer points of a hundred.`,
		Example: `  gateledger sbom score sbom.cdx.json
  gateledger sbom score sbom.cdx.json --at-least 80 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if atLeast < 0 || atLeast > 100 {
				return cli.Fail(cli.Usage, "", "--at-least %d: it is a percentage", atLeast)
			}
			d, err := openSBOM(env, args[0])
			if err != nil {
				return err
			}
			r := report.SBOMScore{Name: args[0], Scores: score.Document(d), AtLeast: atLeast}
			if err := out.write(env, r); err != nil {
				return err
			}
			if !r.Enough() {
				return cli.Fail(cli.No, "", "%s has fewer than %d of a hundred points", args[0], atLeast)
			}
			return nil
		},
	}
	out.flags(cmd)
	cmd.Flags().IntVar(&atLeast, "at-least", 0, "exit 1 below `PERCENT` of the points of a standard")
	return cmd
}
