// SPDX-License-Identifier: Apache-2.0

// Package pattern is a regular expression that is compiled when it is first
// used. Compiling every expression of a program at its start costs more than
// recording an event does, and most runs use few of them.
package pattern

import (
	"regexp"
	"sync"
)

// A Pattern is a regular expression. It is safe for concurrent use.
type Pattern struct{ lazy *lazy }

type lazy struct {
	expr     string
	once     sync.Once
	compiled *regexp.Regexp
}

// New returns the pattern for an expression in RE2 syntax. A wrong one panics
// at its first use, so every pattern needs a test that uses it. It holds no
// closure, so the compiler makes a pattern that is a variable of a package
// without any code.
func New(expr string) Pattern { return Pattern{&lazy{expr: expr}} }

// Regexp returns the compiled expression.
//
//go:noinline
func (p Pattern) Regexp() *regexp.Regexp {
	p.lazy.once.Do(p.lazy.compile)
	return p.lazy.compiled
}

func (l *lazy) compile() { l.compiled = regexp.MustCompile(l.expr) }

// MatchString reports whether s contains a match.
func (p Pattern) MatchString(s string) bool { return p.Regexp().MatchString(s) }

// FindStringSubmatch returns the first match in s and its groups, or nil.
func (p Pattern) FindStringSubmatch(s string) []string { return p.Regexp().FindStringSubmatch(s) }

// ReplaceAllString returns s with every match replaced.
func (p Pattern) ReplaceAllString(s, with string) string {
	return p.Regexp().ReplaceAllString(s, with)
}
