// SPDX-License-Identifier: Apache-2.0

// Command gateledger has every verb: for people, and the demo.
package main

import (
	"os"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
)

func main() { os.Exit(cli.Main(command.Root)) }
