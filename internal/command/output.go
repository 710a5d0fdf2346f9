// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
)

// output is how a verb prints its answer.
type output struct {
	format string
	json   bool
}

func (o *output) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "format", "text", "`FORMAT` of the answer: "+strings.Join(report.Formats(), ", "))
	cmd.Flags().BoolVar(&o.json, "json", false, "the same as --format json")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if o.json {
			o.format = "json"
		}
		if !slices.Contains(report.Formats(), o.format) {
			return cli.Fail(cli.Usage, "", "unknown format %q; have %s", o.format, strings.Join(report.Formats(), ", "))
		}
		return nil
	}
}

// write prints r in the format asked for.
func (o *output) write(env *cli.Env, r report.Report) error {
	switch o.format {
	case "json":
		return report.JSON(env.Stdout, r)
	case "markdown":
		return report.Markdown(env.Stdout, r, report.Options{})
	case "mermaid":
		return report.Mermaid(env.Stdout, r)
	default:
		return report.Text(env.Stdout, r, textOptions(env, env.Stdout))
	}
}

func textOptions(env *cli.Env, w io.Writer) report.Options {
	return report.Options{Color: cli.Color(env, w)}
}

// printJSON writes one canonical JSON document and a newline.
func printJSON(w io.Writer, v any) error {
	data, err := canon.Marshal(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
