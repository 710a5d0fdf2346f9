// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/git"
)

// maxValue is the longest value taken from a variable, in bytes.
const maxValue = 1024

// variables reads a host's environment and collects everything wrong with it,
// so that one message names all of it.
type variables struct {
	getenv   func(string) string
	problems []string
}

func (v *variables) problem(format string, args ...any) string {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
	return ""
}

// optional returns a variable's value, which may be empty.
func (v *variables) optional(name string) string {
	value := v.getenv(name)
	switch {
	case len(value) > maxValue:
		return v.problem("%s is over %d bytes", name, maxValue)
	case !printable(value):
		return v.problem("%s holds characters that can't be printed", name)
	}
	return value
}

// text returns a variable's value, which must not be empty.
func (v *variables) text(name string) string {
	value := v.getenv(name)
	if value == "" {
		return v.problem("%s is not set", name)
	}
	return v.optional(name)
}

// word is text without white space: a login, a path, a name of a ref.
func (v *variables) word(name string) string {
	value := v.text(name)
	if strings.ContainsFunc(value, unicode.IsSpace) {
		return v.problem("%s holds white space: %q", name, value)
	}
	return value
}

// number is a decimal number of at most 20 digits, without a leading zero.
func (v *variables) number(name string) string {
	value := v.text(name)
	if value == "" {
		return ""
	}
	if len(value) > 20 || value[0] == '0' || strings.Trim(value, "0123456789") != "" {
		return v.problem("%s is no number: %.40q", name, value)
	}
	return value
}

// commit is a full object id.
func (v *variables) commit(name string) string {
	value := v.text(name)
	if value != "" && !git.IsID(value) {
		return v.problem("%s is no full commit id: %.80q", name, value)
	}
	return value
}

// host is the host[:port] of a URL variable.
func (v *variables) host(name string) string {
	value := v.text(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return v.problem("%s is no https URL of a host", name)
	}
	return strings.ToLower(u.Host)
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
