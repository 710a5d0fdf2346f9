// SPDX-License-Identifier: Apache-2.0

// Command gateledger-gate only says whether a deployment may start.
package main

import (
	"os"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
)

func main() { os.Exit(cli.Main(command.Alone(command.Gate))) }
