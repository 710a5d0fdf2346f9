// SPDX-License-Identifier: Apache-2.0

package canon

import (
	"errors"
	"fmt"
	"strconv"
)

// MaxDepth is how deep a document may nest. Ours nest ten deep; a reader that
// follows a document down must not be led down for ever.
const MaxDepth = 128

const (
	maxExactDigits = 16 // of 2^53: a double holds every integer with fewer
	maxPlainDigits = 21 // from 1e21 on, canonical form writes an exponent
)

// exact and anyNumber say whether numbers that a double can't hold are refused.
const (
	exact     = true
	anyNumber = false
)

// check looks for what the decoder lets pass. It knows only enough JSON for
// that: whether data is JSON at all, the decoder says.
func check(data []byte, exact bool) error {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("JSON nests deeper than the limit of %d", MaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		case c == '"':
			i = stringEnd(data, i)
		case c >= '0' && c <= '9':
			end := numberEnd(data, i)
			if exact && !isExact(data[i:end]) {
				return fmt.Errorf("JSON number %.40s: past 2^53, canonical form (RFC 8785) would change it", data[i:end])
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd returns where the closing quote is, or the end of data.
func stringEnd(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(data)
}

func numberEnd(data []byte, start int) int {
	for i := start; i < len(data); i++ {
		switch c := data[i]; {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
		default:
			return i
		}
	}
	return len(data)
}

// isExact reports whether a number is no integer, or one that a double holds.
// Fractions are doubles by intent, but even they must not overflow to another
// number.
func isExact(number []byte) bool {
	for _, c := range number {
		if c < '0' || c > '9' {
			_, err := strconv.ParseFloat(string(number), 64)
			return err == nil || !errors.Is(err, strconv.ErrRange)
		}
	}
	if len(number) < maxExactDigits {
		return true
	}
	// Past 2^53 some integers still have a double that is written as they
	// are: 8e19 has this form, and canonical form must be stable.
	f, err := strconv.ParseFloat(string(number), 64)
	return err == nil && len(number) <= maxPlainDigits && strconv.FormatFloat(f, 'f', -1, 64) == string(number)
}
