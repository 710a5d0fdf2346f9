// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A pyVersion is a version as it is compared with others
// (https://packaging.python.org/specifications/version-specifiers).
type pyVersion struct {
	epoch   int
	release []int
	rank    [4]int // development, alpha to candidate, its number, post
}

var pyVersionForm = pattern.New(`^v?(?:(\d{1,9})!)?(\d{1,18}(?:\.\d{1,18})*)[-_.]?(?:(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d{0,9}))?(?:-(\d{1,9})|[-_.]?(post|rev|r)[-_.]?(\d{0,9}))?(?:[-_.]?(dev)[-_.]?(\d{0,9}))?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$`)

const (
	never  = -1 << 40 // before every number
	always = 1 << 40  // after every number
)

func parsePyVersion(text string) (pyVersion, bool) {
	m := pyVersionForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return pyVersion{}, false
	}
	v := pyVersion{epoch: number(m[1]), rank: [4]int{3, 0, never, always}}
	for part := range strings.SplitSeq(m[2], ".") {
		v.release = append(v.release, number(part))
	}
	for len(v.release) > 1 && v.release[len(v.release)-1] == 0 {
		v.release = v.release[:len(v.release)-1]
	}
	stages := map[string]int{"a": 0, "alpha": 0, "b": 1, "beta": 1}
	switch {
	case m[3] != "":
		stage, ok := stages[m[3]]
		if !ok {
			stage = 2
		}
		v.rank[0], v.rank[1] = stage, number(m[4])
	case m[8] != "" && m[5] == "" && m[6] == "":
		v.rank[0] = never // 1.0.dev1 stands before 1.0a1
	}
	if m[5] != "" {
		v.rank[2] = number(m[5])
	} else if m[6] != "" {
		v.rank[2] = number(m[7])
	}
	if m[8] != "" {
		v.rank[3] = number(m[9])
	}
	return v, true
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func (v pyVersion) compare(w pyVersion) int {
	if c := cmp.Compare(v.epoch, w.epoch); c != 0 {
		return c
	}
	for i := range max(len(v.release), len(w.release)) {
		if c := cmp.Compare(v.part(i), w.part(i)); c != 0 {
			return c
		}
	}
	for i := range v.rank {
		if c := cmp.Compare(v.rank[i], w.rank[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (v pyVersion) part(i int) int {
	if i < len(v.release) {
		return v.release[i]
	}
	return 0
}

// satisfies reports whether a version is one of those that a specification
// allows: comparisons joined by commas, alternatives by ||, Poetry's ^ and ~
// among them. understood is false if either cannot be read.
func satisfies(version, spec string) (ok, understood bool) {
	v, valid := parsePyVersion(version)
	if !valid {
		return false, false
	}
	for alternative := range strings.SplitSeq(spec, "||") {
		all := true
		for clause := range strings.SplitSeq(alternative, ",") {
			one, known := v.allowedBy(strings.TrimSpace(clause))
			if !known {
				return false, false
			}
			all = all && one
		}
		if all {
			return true, true
		}
	}
	return false, true
}

// allowedBy compares a version with one clause.
func (v pyVersion) allowedBy(clause string) (ok, understood bool) {
	if clause == "" || clause == "*" {
		return true, true
	}
	n := 0
	for n < len(clause) && strings.IndexByte("=!<>~^", clause[n]) >= 0 {
		n++
	}
	op, text := clause[:n], strings.TrimSpace(clause[n:])
	if stem, wild := strings.CutSuffix(text, ".*"); wild {
		w, valid := parsePyVersion(stem)
		same := v.epoch == w.epoch && v.samePrefix(w, 1+strings.Count(stem, "."))
		switch op {
		case "", "==":
			return same, valid
		case "!=":
			return !same, valid
		}
		return false, false
	}
	w, valid := parsePyVersion(text)
	if !valid {
		return false, false
	}
	c := v.compare(w)
	parts := 1 + strings.Count(text, ".")
	switch op {
	case "", "==", "===":
		return c == 0, true
	case "!=":
		return c != 0, true
	case "<":
		return c < 0, true
	case "<=":
		return c <= 0, true
	case ">":
		return c > 0, true
	case ">=":
		return c >= 0, true
	case "~=":
		return c >= 0 && v.samePrefix(w, max(1, parts-1)), parts > 1
	case "~":
		return c >= 0 && v.samePrefix(w, min(2, parts)), true
	case "^":
		first := 0 // the first number that is not zero may not change
		for first < parts-1 && w.part(first) == 0 {
			first++
		}
		return c >= 0 && v.samePrefix(w, first+1), true
	}
	return false, false
}

// samePrefix reports whether the first n numbers of two versions are the same.
func (v pyVersion) samePrefix(w pyVersion, n int) bool {
	for i := range n {
		if v.part(i) != w.part(i) {
			return false
		}
	}
	return v.epoch == w.epoch
}
