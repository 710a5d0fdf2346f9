// SPDX-License-Identifier: Apache-2.0

// Command gateledger-sbom only lists what software is made of.
package main

import (
	"os"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
)

func main() { os.Exit(cli.Main(command.Alone(command.SBOMFiles))) }
