// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	if near := Nearest(word, have); near != "" {
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

// Nearest returns the word of have that word is most likely a typo of, or ""
// when none is near. The first of equals wins.
func Nearest(word string, have []string) string {
	const farthest = 64 // nobody mistypes more; keeps the comparison cheap
	if word == "" || len(word) > farthest {
		return ""
	}
	best, least := "", len(word)/3+2
	for _, h := range have {
		if d := distance(strings.ToLower(word), strings.ToLower(h)); d < least {
			best, least = h, d
		}
	}
	return best
}

// distance is how many single-character edits turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
