// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
)

// A verb is a command and the group of the help it stands in.
type verb struct {
	group string
	make  func(*cli.Env) *cobra.Command
}

// The groups of the help, in its order.
const (
	setUp   = "Set up"
	mainJob = "The main job, in its order"
	keepLog = "Keep a shared log"
	learn   = "See it work"
)

// verbs is every verb, in the order of the help.
func verbs() []verb {
	return []verb{
		{setUp, Init},
		{setUp, Policy},
		{setUp, Trust},
		{setUp, Doctor},
		{mainJob, SBOM},
		{mainJob, Record},
		{mainJob, Request},
		{mainJob, Approve},
		{mainJob, Gate},
		{mainJob, Verify},
		{mainJob, Export},
		{keepLog, Integrate},
		{keepLog, Anchor},
		{keepLog, Repair},
		{keepLog, Witness},
		{learn, Demo},
		{learn, Try},
		{"", Version},
	}
}

// Root is the command that has every verb.
func Root(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   product.Name,
		Short: "Let a release out only with evidence: signed, logged, and about the same bytes",
		Example: `  gateledger demo                      # watch the main job, nothing set up
  gateledger init                      # start in this repository
  gateledger doctor                    # what is there, what is missing, what is next`,
		Version: thisBuild().Version,
	}
	for _, id := range []string{setUp, mainJob, keepLog, learn} {
		root.AddGroup(&cobra.Group{ID: id, Title: id})
	}
	for i, v := range verbs() {
		cmd := v.make(env)
		cmd.GroupID = v.group
		annotate(cmd, cli.Order, fmt.Sprintf("%02d", i))
		root.AddCommand(cmd)
	}
	return classified(root)
}

// Alone makes one verb a program of its own, for a job that should be able to
// do nothing else: gateledger-gate is 'gateledger gate'.
func Alone(make func(*cli.Env) *cobra.Command) func(*cli.Env) *cobra.Command {
	return func(env *cli.Env) *cobra.Command {
		cmd := make(env)
		rename(cmd, product.Name+" "+cmd.Name(), product.Name+"-"+cmd.Name())
		cmd.Use = product.Name + "-" + cmd.Use
		cmd.Version = thisBuild().Version
		cmd.CompletionOptions.DisableDefaultCmd = true
		return classified(cmd)
	}
}

// rename makes the help of cmd and all below it call it by another name.
func rename(cmd *cobra.Command, from, to string) {
	for _, c := range cmd.Commands() {
		rename(c, from, to)
	}
	cmd.Long = strings.ReplaceAll(cmd.Long, from, to)
	cmd.Example = strings.ReplaceAll(cmd.Example, from, to)
}

// withoutTwins keeps the environment out of a verb that judges.
func withoutTwins(cmd *cobra.Command) *cobra.Command {
	annotate(cmd, cli.NoTwins, "true")
	return cmd
}

func annotate(cmd *cobra.Command, key, value string) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[key] = value
}
