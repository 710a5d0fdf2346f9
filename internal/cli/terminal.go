// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"

	"golang.org/x/term"

	"github.com/gateledger/gateledger/internal/clean"
)

// IsTerminal says whether stream, a reader or writer, is a terminal.
func IsTerminal(stream any) bool {
	fd := descriptor(stream)
	return fd != noDescriptor && term.IsTerminal(int(fd))
}

const noDescriptor = ^uintptr(0)

func descriptor(stream any) uintptr {
	if f, ok := stream.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return noDescriptor
}

// Color says whether text written to w may be coloured: w is a terminal that
// can, and nobody set NO_COLOR. Colour is never the only sign of anything.
func Color(env *Env, w io.Writer) bool {
	return env.Getenv("NO_COLOR") == "" && env.Getenv("TERM") != "dumb" && IsTerminal(w)
}

// Passphrase asks for a secret on the terminal without echo. It is nil where
// there is nobody to ask.
func Passphrase(env *Env) func(prompt string) ([]byte, error) {
	if !IsTerminal(env.Stdin) {
		return nil
	}
	return func(prompt string) ([]byte, error) {
		fmt.Fprintf(env.Stderr, "%s: ", clean.Text(prompt))
		secret, err := term.ReadPassword(int(descriptor(env.Stdin)))
		fmt.Fprintln(env.Stderr)
		return secret, err
	}
}
