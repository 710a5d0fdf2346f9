// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/tools/txtar"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
)

func worldOf(out, errs *bytes.Buffer, args ...string) *cli.Env {
	return &cli.Env{
		Args: append([]string{"gateledger"}, args...), Getenv: func(string) string { return "" },
		Stdin: strings.NewReader(""), Stdout: out, Stderr: errs,
	}
}

// every visits root and each command below it.
func every(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, c := range cmd.Commands() {
		every(c, visit)
	}
}

func testRoot() *cobra.Command { return Root(worldOf(&bytes.Buffer{}, &bytes.Buffer{})) }

func TestEveryVerbSaysWhatItDoes(t *testing.T) {
	every(testRoot(), func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: short %q", cmd.CommandPath(), cmd.Short)
		}
		if cmd.Run != nil {
			t.Errorf("%s: runs without an error to return", cmd.CommandPath())
		}
		if cmd.Runnable() && cmd.Args == nil {
			t.Errorf("%s: takes any arguments without a word", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: flag --%s says nothing", cmd.CommandPath(), f.Name)
			}
		})
	})
}

// TestVerbsThatJudgeIgnoreTheEnvironment: a job's variables must not move a
// verdict.
func TestVerbsThatJudgeIgnoreTheEnvironment(t *testing.T) {
	judges := map[string]bool{"gate": true, "verify": true, "integrate": true, "anchor": true}
	every(testRoot(), func(cmd *cobra.Command) {
		verb, _, _ := strings.Cut(strings.TrimPrefix(cmd.CommandPath(), "gateledger "), " ")
		if got := !cli.HasTwins(cmd); got != judges[verb] {
			t.Errorf("%s ignores the environment: %v", cmd.CommandPath(), got)
		}
	})
}

func TestAloneIsTheSameVerbByAnotherName(t *testing.T) {
	for name, make := range map[string]func(*cli.Env) *cobra.Command{"sbom": SBOM, "record": Record, "gate": Gate, "verify": Verify} {
		env := worldOf(&bytes.Buffer{}, &bytes.Buffer{})
		alone, whole := Alone(make)(env), make(env)
		if alone.Name() != "gateledger-"+name || whole.Name() != name {
			t.Errorf("%s alone is %s", name, alone.Name())
		}
		if flagNames(alone) != flagNames(whole) || len(alone.Commands()) != len(whole.Commands()) {
			t.Errorf("%s alone has other flags or commands", name)
		}
		if cli.HasTwins(alone) != cli.HasTwins(whole) {
			t.Errorf("%s alone differs in what it takes from the environment", name)
		}
	}
}

func flagNames(cmd *cobra.Command) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestHelpIsGolden holds the help of every verb to a file, so that a change
// to the command line is seen by whoever reviews it. GATELEDGER_UPDATE=1
// rewrites it.
func TestHelpIsGolden(t *testing.T) {
	file := filepath.Join("..", "..", "testdata", "golden", "help.txtar")
	var archive txtar.Archive
	every(testRoot(), func(cmd *cobra.Command) {
		archive.Files = append(archive.Files, txtar.File{Name: cmd.CommandPath(), Data: []byte(help(t, cmd))})
	})
	got := txtar.Format(&archive)
	if os.Getenv("GATELEDGER_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the help has changed; look at it, then run the tests with GATELEDGER_UPDATE=1\n%s", firstChange(string(want), string(got)))
	}
}

func help(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var out, errs bytes.Buffer
	args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
	if code := cli.Run(t.Context(), worldOf(&out, &errs, args...), Root); code != cli.OK || errs.Len() > 0 {
		t.Errorf("%s: exit %d, %s", args, code, &errs)
	}
	return out.String()
}

func firstChange(want, got string) string {
	old, now := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(old), len(now)) {
		if old[i] != now[i] {
			return fmt.Sprintf("line %d was\n\t%s\nand is\n\t%s", i+1, old[i], now[i])
		}
	}
	return fmt.Sprintf("it had %d lines and has %d", len(old), len(now))
}

func TestClassify(t *testing.T) {
	wrap := func(errs ...error) error { return fmt.Errorf("do it: %w", errors.Join(errs...)) }
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"a tampered ledger":                   {wrap(ledger.ErrTampered), cli.Integrity},
		"a ledger put back":                   {wrap(ledger.ErrRollback), cli.Integrity},
		"a leaf of another body":              {wrap(event.ErrMismatch), cli.Integrity},
		"missing and tampered":                {wrap(ledger.ErrMissing, ledger.ErrTampered), cli.Integrity},
		"a missing body":                      {wrap(ledger.ErrMissing), cli.Unknown},
		"not a ledger":                        {wrap(ledger.ErrNotLedger), cli.Usage},
		"a policy that is not sound":          {wrap(policy.Errors{{Line: 1, Column: 1, Text: "x"}}), cli.Usage},
		"one failed, the other was cancelled": {wrap(context.Canceled, git.ErrNoCommit), cli.Usage},
		"interrupted":                         {wrap(context.Canceled), cli.Unknown},
		"who knew more has said it":           {cli.Fail(cli.No, "", "no: %w", ledger.ErrTampered), cli.No},
		"something nobody thought of":         {errors.New("disk on fire"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, exit := 0, (*cli.Exit)(nil)
			err := classify(c.err)
			if errors.As(err, &exit) {
				got = exit.Code
			}
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%v: code %d, want %d", err, got, c.want)
			}
		})
	}
	if classify(nil) != nil {
		t.Error("no error became one")
	}
}
