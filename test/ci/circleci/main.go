// SPDX-License-Identifier: Apache-2.0

// Command circleci does with our orb what CircleCI does, as far as tests need
// it:
//
//	circleci check SCHEMA ORB            orb and examples, by CircleCI's JSON schema
//	circleci run ORB COMMAND [NAME=VALUE]…   run a command's steps, here and now
//
// In run, parameters are put in as CircleCI documents: a boolean that stands in
// text is 1 or 0, and what a step's environment holds is not expanded. A step is
// run by bash -eo pipefail. It ends with the exit code of the first that fails.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	err := run(os.Args[1:])
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "circleci:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "check":
		o, err := readOrb(args[2])
		if err != nil {
			return err
		}
		return check(args[1], o)
	case len(args) >= 3 && args[0] == "run":
		o, err := readOrb(args[1])
		if err != nil {
			return err
		}
		steps, err := o.expand(args[2], args[3:])
		if err != nil {
			return err
		}
		for _, s := range steps {
			if err := s.run(); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("usage: circleci check SCHEMA ORB | run ORB COMMAND [NAME=VALUE]…")
}
