// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/demo"
)

// Demo is the verb that shows the main job from end to end.
func Demo(env *cli.Env) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch the whole job on a throw-away repository, and the attacks on it",
		Long: `Demo builds and tests a small Go program in a throw-away repository, logs what
happened, lets two people approve it, opens the gate once, and then cheats in
six ways to show that each is caught. It needs go and git, under a minute, and
leaves nothing behind.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return onStage(cmd.Context(), env, keep, demo.Play)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the throw-away folders, and say where they are")
	return cmd
}

// Try is the verb that does the same with a file of the user's.
func Try(env *cli.Env) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:     "try FILE",
		Short:   "Walk the same steps on a file of yours, with throw-away voters",
		Example: `  gateledger try dist/app`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := os.Stat(args[0])
			if err != nil {
				return cli.Fail(cli.Usage, "", "%w", err)
			}
			if !info.Mode().IsRegular() || info.Size() == 0 {
				return cli.Fail(cli.Usage, "give a file, such as the binary you would deploy", "%s is no regular file with something in it", args[0])
			}
			return onStage(cmd.Context(), env, keep, func(ctx context.Context, s *demo.Stage) error {
				if err := s.Copy(args[0], s.Path(filepath.Base(args[0]))); err != nil {
					return err
				}
				return demo.Try(ctx, s, args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the throw-away folders, and say where they are")
	return cmd
}

// onStage plays in a folder that is gone afterwards.
func onStage(ctx context.Context, env *cli.Env, keep bool, play func(context.Context, *demo.Stage) error) (err error) {
	self, err := ownBinary(env)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gateledger-")
	if err != nil {
		return fmt.Errorf("make a throw-away folder: %w", err)
	}
	if keep {
		defer fmt.Fprintf(env.Stderr, "kept: %s\n", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	stage, err := demo.NewStage(self, dir, env.Getenv, env.Rand, env.Stdout)
	if err != nil {
		return err
	}
	if err := play(ctx, stage); err != nil {
		return cli.Fail(cli.Unknown, "this should not happen: please report it with the output above", "the play stopped: %w", err)
	}
	return nil
}

// ownBinary finds the program that runs, by the name it was called.
func ownBinary(env *cli.Env) (string, error) {
	self, err := exec.LookPath(env.Args[0])
	if err != nil {
		return "", fmt.Errorf("find the gateledger binary: %w", err)
	}
	return filepath.Abs(self)
}
