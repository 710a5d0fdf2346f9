// SPDX-License-Identifier: Apache-2.0

// Package typo guesses what a person meant to write.
package typo

import "strings"

// farthest is how long a word is looked at. Nobody means a longer one, and the
// comparison stays cheap.
const farthest = 64

// Nearest returns the word of have that word is most likely a typo of, or ""
// when none is near: at most two letters, and not half of the word, are other
// ones. The first of equals wins, and case does not matter.
func Nearest(word string, have []string) string {
	if len(word) > farthest {
		return ""
	}
	best, least := "", 1+min(2, len(word)/2)
	for _, h := range have {
		if len(h) > farthest {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(h)); d < least {
			best, least = h, d
		}
	}
	return best
}

// distance is how many single-byte edits turn a into b (Levenshtein).
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
