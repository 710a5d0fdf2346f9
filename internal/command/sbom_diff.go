// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom/diff"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
)

func sbomDiff(env *cli.Env) *cobra.Command {
	var out output
	var failOn []string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changed between two SBOMs",
		Long: `Diff compares two CycloneDX documents, of any tool and in any order. A component
is the same if its package URL is, without the version: so it came, went, went
up or down, or has another licence or scope. A version whose place in the order
of its ecosystem is not known is "changed", never guessed.

The alarm is a version that had one digest and has another now: the exit code
is 1. --fail-on adds kinds of change that give exit code 1 too; a change whose
direction is not known counts as down.

One of OLD and NEW may be -, which is standard input.`,
		Example: `  gateledger sbom diff released.cdx.json sbom.cdx.json
  gateledger sbom | gateledger sbom diff released.cdx.json -
  gateledger sbom diff old.json new.json --format markdown --fail-on added,licence`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			kinds, err := diffKinds(failOn)
			if err != nil {
				return err
			}
			return runDiff(env, args[0], args[1], kinds, out)
		},
	}
	out.flags(cmd)
	cmd.Flags().StringSliceVar(&failOn, "fail-on", nil, "exit 1 for `KIND` of change too: "+kindNames()+"; repeatable")
	return cmd
}

func kindNames() string {
	var names []string
	for _, k := range diff.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func diffKinds(names []string) ([]diff.Kind, error) {
	var kinds []diff.Kind
	for _, n := range names {
		if !slices.Contains(diff.Kinds(), diff.Kind(n)) {
			return nil, cli.Fail(cli.Usage, "", "unknown kind of change %q; have %s", n, kindNames())
		}
		kinds = append(kinds, diff.Kind(n))
	}
	return kinds, nil
}

func runDiff(env *cli.Env, before, after string, kinds []diff.Kind, out output) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcWritePercent))
	if before == "-" && after == "-" {
		return cli.Fail(cli.Usage, "name a file for one of them", "both SBOMs from standard input")
	}
	o, err := openSBOM(env, before)
	if err != nil {
		return err
	}
	n, err := openSBOM(env, after)
	if err != nil {
		return err
	}
	d := diff.Compare(o, n)
	if err := out.write(env, report.SBOMDiff{Diff: d, Fails: kinds}); err != nil {
		return err
	}
	alarms := len(d.Of(diff.Hash))
	if alarms > 0 {
		return cli.Fail(cli.No, "find out who changed what is behind that version before it goes anywhere",
			"ALARM: %d versions have other bytes than before", alarms)
	}
	if stops := d.Failing(kinds); len(stops) > 0 {
		return cli.Fail(cli.No, "", "%d changes of a kind that --fail-on names", len(stops))
	}
	return nil
}

// openSBOM reads a document and says on standard error what was done to it.
func openSBOM(env *cli.Env, name string) (*raw.Document, error) {
	data, err := readSBOM(env, name)
	if err != nil {
		return nil, err
	}
	d, err := raw.Read(data)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "give a CycloneDX document of version 1.4 to 1.7, JSON or XML", "read %s: %w", name, err)
	}
	if d.XML {
		fmt.Fprintf(env.Stderr, "note: %s is XML: what cyclonedx-go does not know of it is not looked at\n", name)
	}
	return d, nil
}

// readSBOM reads a file, or standard input, that may be as large as a document
// may be, and no larger.
func readSBOM(env *cli.Env, name string) ([]byte, error) {
	if name != "-" {
		// Of a file the size is known: no room is made for more.
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Size() <= raw.MaxBytes {
			if data, err := os.ReadFile(name); err == nil && len(data) <= raw.MaxBytes {
				return data, nil
			}
		}
		return readLimited(name, raw.MaxBytes)
	}
	data, err := io.ReadAll(io.LimitReader(env.Stdin, raw.MaxBytes+1))
	if err != nil {
		return nil, cli.Fail(cli.Unknown, "", "read an SBOM from standard input: %w", err)
	}
	return data, nil
}
