// SPDX-License-Identifier: Apache-2.0

package draft7

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// check reports whether a value is as the schema says, and tells the reporter
// why it is not.
func (n *node) check(v any, r *reporter) bool {
	if n.ref != nil {
		return n.ref.check(v, r)
	}
	if n.never {
		return r.find("may not stand here")
	}
	if n.types != nil && !slices.ContainsFunc(n.types, func(t string) bool { return isOf(t, v) }) {
		return r.find("got %s, want %s", typeOf(v), strings.Join(n.types, " or "))
	}
	if n.values != nil && !slices.ContainsFunc(n.values, func(x any) bool { return isPlain(v) && v == x }) {
		return r.find("%s; it is %s", n.wanted(), shown(v))
	}
	ok := true
	switch v := v.(type) {
	case string:
		ok = n.text(v, r)
	case json.Number:
		ok = n.number(v, r)
	case []any:
		ok = n.list(v, r)
	case map[string]any:
		ok = n.object(v, r)
	}
	if !ok && r.done() {
		return false
	}
	return n.combined(v, r) && ok
}

// isPlain reports whether a value can be one of an enumeration.
func isPlain(v any) bool {
	switch v.(type) {
	case string, bool, nil:
		return true
	}
	return false
}

// maxWanted is how many values are told of those that it could have been.
const maxWanted = 12

func (n *node) wanted() string {
	var names []string
	for _, v := range n.values {
		names = append(names, shown(v))
	}
	if len(names) > maxWanted {
		return fmt.Sprintf("value must be one of the %d that there are", len(names))
	}
	return "value must be one of " + strings.Join(names, ", ")
}

// shown is a value for people, who need not see all of it.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%.60q", v)
	case bool, nil:
		return fmt.Sprint(v)
	}
	return typeOf(v)
}

func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case nil:
		return "null"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}

func isOf(name string, v any) bool {
	if number, ok := v.(json.Number); ok && name == "integer" {
		return parseDecimal(string(number)).isInteger()
	}
	return typeOf(v) == name
}

func (n *node) text(s string, r *reporter) bool {
	switch {
	case n.shortest > 0 && utf8.RuneCountInString(s) < n.shortest:
		return r.find("shorter than %d characters", n.shortest)
	case n.longest >= 0 && utf8.RuneCountInString(s) > n.longest:
		return r.find("longer than %d characters", n.longest)
	case n.pattern != nil && !n.pattern.MatchString(s):
		return r.find("%s does not match pattern %s", shown(s), n.pattern)
	case n.valid != nil && !n.valid(s):
		return r.find("%s is not valid %s", shown(s), n.format)
	}
	return true
}

func (n *node) number(v json.Number, r *reporter) bool {
	if n.minimum == nil && n.maximum == nil {
		return true
	}
	d := parseDecimal(string(v))
	switch {
	case n.minimum != nil && d.compare(*n.minimum) < 0:
		return r.find("less than it may be")
	case n.maximum != nil && d.compare(*n.maximum) > 0:
		return r.find("more than it may be")
	}
	return true
}

func (n *node) list(list []any, r *reporter) bool {
	switch {
	case n.least >= 0 && len(list) < n.least:
		return r.find("fewer than %d items", n.least)
	case n.most >= 0 && len(list) > n.most:
		return r.find("more than %d items", n.most)
	}
	ok := true
	if n.unique {
		if i, j, twice := duplicates(list); twice {
			if ok = r.find("items %d and %d are equal", i, j); r.done() {
				return false
			}
		}
	}
	for i, v := range list {
		of := n.items
		if n.tuple != nil {
			if of = n.rest; i < len(n.tuple) {
				of = n.tuple[i]
			}
		}
		if of == nil {
			continue
		}
		step := ""
		if r != nil {
			step = strconv.Itoa(i)
		}
		if !r.in(step, of, v) {
			if ok = false; r.done() {
				return false
			}
		}
	}
	return ok
}

func (n *node) object(members map[string]any, r *reporter) bool {
	ok := true
	for _, name := range n.required {
		if _, is := members[name]; !is {
			if ok = r.find("missing property %q", name); r.done() {
				return false
			}
		}
	}
	if r == nil {
		for name, v := range members {
			if of := n.property(name); of != nil && !of.check(v, nil) {
				return false
			}
		}
		return ok
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		of := n.property(name)
		switch {
		case of == nil:
		case of.never:
			ok = r.find("additional property %.60q is not allowed", name)
		case !r.in(name, of, members[name]):
			ok = false
		}
		if !ok && r.done() {
			return false
		}
	}
	return ok
}

// property is the schema of a property; nil: it may be anything.
func (n *node) property(name string) *node {
	if of := n.properties[name]; of != nil {
		return of
	}
	return n.additional
}

// combined asks the schemas that are put together here.
func (n *node) combined(v any, r *reporter) bool {
	ok := true
	for _, of := range n.all {
		if !of.check(v, r) {
			if ok = false; r.done() {
				return false
			}
		}
	}
	if n.any != nil && count1(n.any, v) == 0 {
		ok = closest(n.any, v, r)
	}
	if n.one != nil {
		switch count1(n.one, v) {
		case 1:
		case 0:
			ok = closest(n.one, v, r)
		default:
			ok = r.find("it is more than one of the things of which it must be one")
		}
	}
	if n.not != nil && n.not.check(v, nil) {
		ok = r.find("it is what it must not be")
	}
	if n.when != nil {
		then := n.els
		if n.when.check(v, nil) {
			then = n.then
		}
		ok = (then == nil || then.check(v, r)) && ok
	}
	return ok
}

// count1 is of how many schemas a value is, where more than one is two.
func count1(of []*node, v any) int {
	n := 0
	for _, x := range of {
		if x.check(v, nil) {
			if n++; n == 2 {
				break
			}
		}
	}
	return n
}

// closest tells why a value is none of several things: what is wrong with it
// as the one that it comes nearest to, which is the one whose fault lies
// deepest.
func closest(of []*node, v any, r *reporter) bool {
	if r == nil {
		return false
	}
	var best []Problem
	for _, n := range of {
		try := reporter{limit: r.limit - len(r.problems), path: r.path}
		n.check(v, &try)
		if best == nil || len(try.problems) > 0 && depth(try.problems) > depth(best) {
			best = try.problems
		}
	}
	r.problems = append(r.problems, best...)
	return false
}

// depth is how deep the deepest of some problems lies.
func depth(problems []Problem) int {
	deepest := 0
	for _, p := range problems {
		deepest = max(deepest, strings.Count(p.Where, "/"))
	}
	return deepest
}
