// SPDX-License-Identifier: Apache-2.0

package bom

import (
	_ "embed" // the list of SPDX identifiers
	"strings"
	"sync"
)

// A Licence is an SPDX identifier, an SPDX expression, or whatever else the
// package calls its licence: exactly one of ID, Expression and Name is set.
type Licence struct {
	ID         string
	Expression string
	Name       string
	File       string // where it was read; empty: in the lockfile
}

// spdxList is the enumeration of CycloneDX's spdx.schema.json (SPDX licence
// list 3.17, licences and exceptions), one a line. An identifier that is not
// in it is written as a name, because the schema refuses it as an id.
//
//go:embed spdx.txt
var spdxList string

// spdx maps each identifier in lower case to its own spelling: SPDX compares
// without case.
var spdx = sync.OnceValue(func() map[string]string {
	ids := make(map[string]string, 600)
	for id := range strings.Lines(spdxList) {
		id = strings.TrimSpace(id)
		ids[strings.ToLower(id)] = id
	}
	return ids
})

// ParseLicence reads what a package says of its licence. Nothing is guessed:
// "Apache 2" stays a name.
func ParseLicence(text string) Licence {
	text = strings.TrimSpace(text)
	if id, ok := spdx()[strings.ToLower(text)]; ok && !isException(id) {
		return Licence{ID: id}
	}
	if expression, ok := parseExpression(text); ok {
		return Licence{Expression: expression}
	}
	return Licence{Name: scrubText(text)}
}

func isException(id string) bool {
	return strings.Contains(id, "exception") || id == "Linux-syscall-note"
}

// An expression reads an SPDX licence expression, word by word.
type expression struct {
	words []string
	out   []string
}

// maxExpression bounds the words of a licence expression.
const maxExpression = 200

// parseExpression returns an SPDX licence expression with each identifier in
// its own spelling, and whether every part of it is known.
func parseExpression(text string) (string, bool) {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	e := expression{words: strings.Fields(text)}
	if len(e.words) < 2 || len(e.words) > maxExpression || !e.or() || len(e.words) > 0 {
		return "", false
	}
	out := strings.Join(e.out, " ")
	return strings.NewReplacer("( ", "(", " )", ")").Replace(out), true
}

// or reads terms joined by AND and OR. The two are not told apart: nothing is
// evaluated here.
func (e *expression) or() bool {
	for {
		if !e.term() {
			return false
		}
		if !e.accept("AND") && !e.accept("OR") {
			return true
		}
	}
}

func (e *expression) term() bool {
	if e.accept("(") {
		return e.or() && e.accept(")")
	}
	if !e.id(false) {
		return false
	}
	return !e.accept("WITH") || e.id(true)
}

func (e *expression) accept(word string) bool {
	if len(e.words) == 0 || !strings.EqualFold(e.words[0], word) {
		return false
	}
	e.out, e.words = append(e.out, word), e.words[1:]
	return true
}

func (e *expression) id(exception bool) bool {
	if len(e.words) == 0 {
		return false
	}
	word, plus := strings.CutSuffix(e.words[0], "+")
	id, ok := spdx()[strings.ToLower(word)]
	if !ok {
		id, ok = spdx()[strings.ToLower(e.words[0])] // "GPL-2.0+" is an identifier
		plus = false
	}
	if !ok || isException(id) != exception {
		return false
	}
	if plus {
		id += "+"
	}
	e.out, e.words = append(e.out, id), e.words[1:]
	return true
}
