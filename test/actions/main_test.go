// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
)

// beOurs is the variable that makes this test's binary one of our programs.
const beOurs = "ACTIONS_TEST_PROGRAM"

// verbs are the programs that a test can be.
func verbs() map[string]func(*cli.Env) *cobra.Command {
	return map[string]func(*cli.Env) *cobra.Command{
		"gateledger":        command.Root,
		"gateledger-sbom":   command.Alone(command.SBOMFiles),
		"gateledger-record": command.Alone(command.Record),
		"gateledger-gate":   command.Alone(command.Gate),
		"gateledger-verify": command.Alone(command.Verify),
	}
}

func TestMain(m *testing.M) {
	if name := os.Getenv(beOurs); name != "" {
		os.Exit(cli.Main(verbs()[name]))
	}
	os.Exit(m.Run())
}
