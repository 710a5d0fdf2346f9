// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/arrange"
)

const helpWidth = 80 // of flag descriptions; the same everywhere, so that help can be tested

// printHelp writes the help of cmd: what it does, examples, then the rest.
func printHelp(w io.Writer, cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s.\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, "."))
	section(&b, "Examples", strings.Trim(cmd.Example, "\n"))
	section(&b, "Usage", "  "+useLine(cmd))
	if cmd.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(cmd.Long))
	}
	commandLists(&b, cmd)
	section(&b, "Flags", cmd.LocalFlags().FlagUsagesWrapped(helpWidth))
	section(&b, "Flags of every command", cmd.InheritedFlags().FlagUsagesWrapped(helpWidth))
	if end := footer(cmd); end != "" {
		fmt.Fprintf(&b, "\n%s\n", end)
	}
	io.WriteString(w, b.String())
}

func section(b *strings.Builder, title, text string) {
	if text = strings.TrimRight(text, " \n"); text != "" {
		fmt.Fprintf(b, "\n%s:\n%s\n", title, text)
	}
}

// useLine is how to call cmd.
func useLine(cmd *cobra.Command) string {
	if holdsOnly(cmd) {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}

func holdsOnly(cmd *cobra.Command) bool { return cmd.Annotations[holder] != "" }

// commandLists writes the commands below cmd, by group; those of no group
// come last.
func commandLists(b *strings.Builder, cmd *cobra.Command) {
	for _, g := range cmd.Groups() {
		section(b, g.Title, commandList(cmd, g.ID))
	}
	title := "Commands"
	if len(cmd.Groups()) > 0 {
		title = "Also"
	}
	section(b, title, commandList(cmd, ""))
}

func commandList(cmd *cobra.Command, group string) string {
	below := slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool {
		return c.GroupID != group || !c.IsAvailableCommand()
	})
	arrange.Stably(below, func(a, b *cobra.Command) int {
		return strings.Compare(a.Annotations[Order], b.Annotations[Order])
	})
	var out strings.Builder
	for _, c := range below {
		fmt.Fprintf(&out, "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
	}
	return out.String()
}

func footer(cmd *cobra.Command) string {
	switch {
	case holdsOnly(cmd):
		return fmt.Sprintf("More about one: '%s COMMAND --help'.", cmd.CommandPath())
	case !HasTwins(cmd):
		return "Takes no flag from the environment, so that a job's variables can't move a verdict."
	case cmd.LocalFlags().HasAvailableFlags():
		return fmt.Sprintf("Each flag may be set in the environment too: --some-flag is %s.", Twin("some-flag"))
	}
	return ""
}

// helpCommand is 'help [COMMAND]'. Unlike cobra's own, it fails for a command
// that does not exist.
func helpCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Short:  "show how to use a command",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			at, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 && holdsOnly(at) {
				return Fail(Usage, fmt.Sprintf("see '%s --help'", cmd.Root().CommandPath()), "no help for %q", strings.Join(args, " "))
			}
			printHelp(env.Stdout, at)
			return nil
		},
	}
}
