// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gateledger/gateledger/internal/product"
)

// The annotations that a command may carry.
const (
	// NoTwins on a command says that it and the commands below it take no
	// flag from the environment: a job's variables must not move a verdict. On
	// a flag it says that of this flag alone.
	NoTwins = "no-environment-twins"

	// Order on a command is where it stands in its parent's help.
	Order = "order"

	holder = "holder" // set by dress on a command that only holds others
)

// dress gives every command below root what they have in common: silence,
// since Run prints the error; help; environment twins; and for one that only
// holds others, an answer to a name it does not know. The result turns true
// once a verb is entered.
func dress(env *Env, root *cobra.Command) (entered *bool) {
	entered = new(bool)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(env.Stdout, cmd) })
	if root.HasSubCommands() {
		root.SetHelpCommand(helpCommand(env))
		root.InitDefaultHelpCmd()
		root.InitDefaultCompletionCmd()
	}
	walk(root, func(cmd *cobra.Command) {
		if !cmd.Runnable() {
			holdOthers(cmd)
			return
		}
		twins(env, cmd)
		markEntry(cmd, entered)
	})
	return entered
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	for _, c := range cmd.Commands() {
		walk(c, visit)
	}
	visit(cmd)
}

func holdOthers(cmd *cobra.Command) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[holder] = "true"
	cmd.Args, cmd.RunE = cobra.ArbitraryArgs, group
}

// group runs a command that only holds others. Without a name it shows them
// and fails, because exit 0 means yes and nothing was asked.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	printHelp(cmd.ErrOrStderr(), cmd)
	return &Exit{Code: Usage, Quiet: true, Err: errors.New("no command given")}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	return fmt.Errorf("unknown command %q for %q", name, cmd.CommandPath())
}

// markEntry sets entered when cmd's own code starts.
func markEntry(cmd *cobra.Command, entered *bool) {
	run, runE := cmd.Run, cmd.RunE
	cmd.RunE = func(c *cobra.Command, args []string) error {
		*entered = true
		if runE != nil {
			return runE(c, args)
		}
		run(c, args)
		return nil
	}
}

// Twin is the environment variable that says what flag says.
func Twin(flag string) string {
	return strings.ToUpper(product.Name + "_" + strings.ReplaceAll(flag, "-", "_"))
}

// HasTwins says whether cmd takes flags from the environment.
func HasTwins(cmd *cobra.Command) bool {
	for c := cmd; c != nil; c = c.Parent() {
		if c.Annotations[NoTwins] != "" {
			return false
		}
	}
	return true
}

// twins lets cmd take flags that were not given from the environment. It runs
// before required flags are checked, so a twin satisfies them.
func twins(env *Env, cmd *cobra.Command) {
	before := cmd.PreRunE
	cmd.PreRunE = func(c *cobra.Command, args []string) error {
		if err := readTwins(env, c); err != nil {
			return err
		}
		if before != nil {
			return before(c, args)
		}
		return nil
	}
}

func readTwins(env *Env, cmd *cobra.Command) error {
	if !HasTwins(cmd) {
		return nil
	}
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := env.Getenv(Twin(f.Name))
		if f.Changed || value == "" || !twinned(f) {
			return
		}
		errs = append(errs, setFlag(cmd.Flags(), f, value))
	})
	return errors.Join(errs...)
}

// setFlag sets f from its twin. A flag that may be given more than once takes
// one value a line.
func setFlag(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	values := []string{value}
	if _, list := f.Value.(pflag.SliceValue); list {
		values = strings.Split(strings.TrimRight(value, "\r\n"), "\n")
	}
	for _, v := range values {
		if err := flags.Set(f.Name, strings.TrimSuffix(v, "\r")); err != nil {
			return fmt.Errorf("environment variable %s: %w", Twin(f.Name), err)
		}
	}
	return nil
}

func twinned(f *pflag.Flag) bool {
	_, without := f.Annotations[NoTwins]
	return f.Name != "help" && f.Name != "version" && !without
}
