// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
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

// Clean returns text from outside in a form that is safe to print on a
// terminal or into a log, on one line: whatever takes no ink or moves the
// cursor (line breaks, escape sequences, bidirectional overrides, zero-width
// characters, broken UTF-8) stands as its Go escape. Text without any of it
// comes back as it is.
func Clean(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		b.WriteString(visible(r, text[i:i+size]))
		i += size
	}
	return b.String()
}

// visible is the character that is spelled raw, or its escape.
func visible(r rune, raw string) string {
	if r == utf8.RuneError && len(raw) == 1 {
		return fmt.Sprintf(`\x%02x`, raw[0])
	}
	if !hidden(r) {
		return raw
	}
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}

// hidden says whether r takes no ink. IsPrint excludes control and format
// characters; the others are letters, marks and a symbol that are blank.
func hidden(r rune) bool {
	const brailleBlank = '\u2800'
	return !unicode.IsPrint(r) || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Passphrase asks for a secret on the terminal without echo. It is nil where
// there is nobody to ask.
func Passphrase(env *Env) func(prompt string) ([]byte, error) {
	if !IsTerminal(env.Stdin) {
		return nil
	}
	return func(prompt string) ([]byte, error) {
		fmt.Fprintf(env.Stderr, "%s: ", Clean(prompt))
		secret, err := term.ReadPassword(int(descriptor(env.Stdin)))
		fmt.Fprintln(env.Stderr)
		return secret, err
	}
}
