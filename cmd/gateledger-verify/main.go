// SPDX-License-Identifier: Apache-2.0

// Command gateledger-verify only checks: it writes to no ledger and holds no key.
package main

import (
	"os"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
)

func main() { os.Exit(cli.Main(command.Alone(command.Verify))) }
