// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gateledger/gateledger/internal/typo"
)

// suggest says what the person may have meant by a command or flag that does
// not exist, as the first half of a hint; or nothing.
func suggest(at *cobra.Command, err error) string {
	text := err.Error()
	word, have := "", []string(nil)
	switch {
	case strings.HasPrefix(text, "unknown command "):
		fmt.Sscanf(strings.TrimPrefix(text, "unknown command "), "%q", &word)
		have = names(at)
	case strings.HasPrefix(text, "unknown flag: "):
		word = strings.TrimPrefix(text, "unknown flag: ")
		have = flags(at)
	}
	if near := typo.Nearest(word, have); near != "" {
		return fmt.Sprintf("did you mean '%s'? ", near)
	}
	return ""
}

func names(at *cobra.Command) (out []string) {
	for _, c := range at.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return out
}

func flags(at *cobra.Command) (out []string) {
	at.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			out = append(out, "--"+f.Name)
		}
	})
	return out
}
