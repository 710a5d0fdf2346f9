// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
)

// quote is s as one word of a POSIX shell, so that a command we propose does
// what it looks like whatever a file is called.
func quote(s string) string {
	s = clean.Field(s)
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool { return !isWordRune(r) }) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func isWordRune(r rune) bool {
	return isAlnum(r) || strings.ContainsRune("._/@:+-", r)
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// short is the start of a long hex id, enough to find it by. A digest keeps
// its algorithm.
func short(id string) string {
	alg, hex, found := strings.Cut(id, ":")
	if !found {
		alg, hex = "", id
	}
	if strings.IndexFunc(hex, func(r rune) bool { return !isAlnum(r) }) >= 0 || len(hex) <= 12 {
		return id
	}
	if found {
		return alg + ":" + hex[:12]
	}
	return hex[:12]
}
