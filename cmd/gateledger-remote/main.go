// SPDX-License-Identifier: Apache-2.0

// Command gateledger-remote speaks with services: it is the only program of
// this product that links a network client, and runs as a child of the others.
package main

import (
	"os"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/remote"
)

func main() { os.Exit(cli.Main(remote.Root)) }
