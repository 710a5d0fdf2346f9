// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A decoder walks the YAML tree, and goes on after an error so that one run
// tells all of them.
type decoder struct {
	p     *Policy
	errs  Errors
	where map[string]*yaml.Node // every key path that was read, for checks that come after
}

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	d.errs = append(d.errs, errorAt(n, path, format, args...))
}

func errorAt(n *yaml.Node, path, format string, args ...any) *Error {
	return &Error{Line: n.Line, Column: n.Column, Key: path, Text: fmt.Sprintf(format, args...)}
}

// errorAtPath is errorAt for a check that runs once the tree is read. What
// does not stand in the file is looked for where it should: in its parent.
func (d *decoder) errorAtPath(path, format string, args ...any) *Error {
	at := path
	for d.where[at] == nil {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	return errorAt(d.where[at], path, format, args...)
}

func (d *decoder) failAt(path, format string, args ...any) {
	d.errs = append(d.errs, d.errorAtPath(path, format, args...))
}

// object reads a mapping whose keys grammar lists under shape. It calls read
// for each key that is known, and no key twice.
func (d *decoder) object(n *yaml.Node, path, shape string, read func(key string, v *yaml.Node, path string)) {
	keys := grammar[shape]
	seen := map[string]bool{}
	d.pairs(n, path, func(key, v *yaml.Node, path string) {
		i := slices.IndexFunc(keys, func(k keyword) bool { return k.name == key.Value })
		switch {
		case i < 0:
			d.fail(key, path, "unknown key%s", have(key.Value, known(keys)))
		default:
			seen[key.Value] = true
			read(key.Value, v, path)
		}
	})
	for _, k := range keys {
		if k.required && !seen[k.name] && n.Kind == yaml.MappingNode {
			d.fail(n, join(path, k.name), "is missing")
		}
	}
}

func known(keys []keyword) []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// named reads a mapping from names that the author chooses.
func (d *decoder) named(n *yaml.Node, path string, limit int, read func(name string, v *yaml.Node, path string)) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // "principals:" with nothing under it yet
	}
	if len(n.Content)/2 > limit {
		d.fail(n, path, "has %d entries; at most %d are read", len(n.Content)/2, limit)
		return
	}
	d.pairs(n, path, func(key, v *yaml.Node, path string) {
		if !namePattern.MatchString(key.Value) {
			d.fail(key, path, "%s", badName(key.Value))
			return
		}
		read(key.Value, v, path)
	})
}

func badName(name string) string {
	for _, r := range name {
		if r > '~' {
			return fmt.Sprintf("the name holds the character U+%04X, which can pass for another; names are of a-z, 0-9, '.', '_' and '-'", r)
		}
	}
	return "a name is of a-z, 0-9, '.', '_' and '-', starts with a letter or digit, and has at most 64 of them"
}

// pairs calls read for each key of a mapping, and for no key twice.
func (d *decoder) pairs(n *yaml.Node, path string, read func(key, v *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "must be a mapping (key: value), not %s", what(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
			d.fail(key, path, "a key must be a text, not %s; put it in quotes", what(key))
			continue
		}
		at := join(path, key.Value)
		if line, twice := seen[key.Value]; twice {
			d.fail(key, at, "stands twice, first on line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		d.where[at] = key
		if v.Kind == yaml.ScalarNode {
			d.where[at] = v
		}
		read(key, v, at)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// list reads a sequence.
func (d *decoder) list(n *yaml.Node, path string, read func(v *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "must be a list, not %s", what(n))
		return
	}
	if len(n.Content) > maxList {
		d.fail(n, path, "has %d entries; at most %d are read", len(n.Content), maxList)
		return
	}
	for i, v := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		d.where[at] = v
		read(v, at)
	}
}

// texts reads a list of texts with no text twice.
func (d *decoder) texts(n *yaml.Node, path string, check func(v *yaml.Node, path, text string) bool) []string {
	var all []string
	d.list(n, path, func(v *yaml.Node, path string) {
		text, ok := d.text(v, path)
		if !ok || !check(v, path, text) {
			return
		}
		if slices.Contains(all, text) {
			d.fail(v, path, "%q stands twice", text)
			return
		}
		all = append(all, text)
	})
	return all
}

// names reads a list of names, or one name.
func (d *decoder) names(n *yaml.Node, path string) []string {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		if name, ok := d.name(n, path); ok {
			return []string{name}
		}
		return nil
	}
	return d.nameList(n, path)
}

func (d *decoder) nameList(n *yaml.Node, path string) []string {
	return d.texts(n, path, func(v *yaml.Node, path, text string) bool {
		if !namePattern.MatchString(text) {
			d.fail(v, path, "%q: %s", text, badName(text))
			return false
		}
		return true
	})
}

func (d *decoder) name(n *yaml.Node, path string) (string, bool) {
	text, ok := d.text(n, path)
	if ok && !namePattern.MatchString(text) {
		d.fail(n, path, "%q: %s", text, badName(text))
		return "", false
	}
	return text, ok
}

// text reads a text that is not empty. A number, date or truth value is not
// turned into one: 1.10 and 1.1 are the same number.
func (d *decoder) text(n *yaml.Node, path string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		d.fail(n, path, "must be a text, not %s", what(n))
	case n.ShortTag() != "!!str":
		d.fail(n, path, "must be a text, not %s; put it in quotes", what(n))
	case strings.TrimSpace(n.Value) == "":
		d.fail(n, path, "is empty")
	case len(n.Value) > maxText:
		d.fail(n, path, "has %d bytes; at most %d are read", len(n.Value), maxText)
	case strings.ContainsFunc(n.Value, unseen):
		r, _ := utf8.DecodeRuneInString(n.Value[strings.IndexFunc(n.Value, unseen):])
		d.fail(n, path, "holds the character U+%04X, which does not show", r) // not the text: it may be a private key
	default:
		return n.Value, true
	}
	return "", false
}

// unseen says whether a character could make a text look like another one.
func unseen(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune(hidden, r) }

// pattern is text that looks as it must.
func (d *decoder) pattern(n *yaml.Node, path string, p pattern.Pattern, want string) (string, bool) {
	text, ok := d.text(n, path)
	if ok && !p.MatchString(text) {
		d.fail(n, path, "%q is not %s", text, want)
		return "", false
	}
	return text, ok
}

// number reads a whole number written in plain decimal.
func (d *decoder) number(n *yaml.Node, path string, p pattern.Pattern, want string) (int64, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || !p.MatchString(n.Value) {
		d.fail(n, path, "must be %s, not %s", want, what(n))
		return 0, false
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		d.fail(n, path, "must be %s, not %s", want, what(n))
	}
	return v, err == nil
}

// maxDuration bounds every duration of a policy.
const maxDuration = 366 * 24 * time.Hour

// duration reads 90m, 24h or 7d.
func (d *decoder) duration(n *yaml.Node, path string) time.Duration {
	const want = "a duration such as 90m, 24h or 7d, over zero and at most 366d"
	text, ok := d.pattern(n, path, durationPattern, want)
	if !ok {
		return 0
	}
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	v, _ := strconv.Atoi(text[:len(text)-1]) // at most six digits, says the pattern
	unit := units[text[len(text)-1]]
	if v > int(maxDuration/unit) { // before multiplying, which could overflow
		d.fail(n, path, "%q is not %s", text, want)
		return 0
	}
	return time.Duration(v) * unit
}

// date reads a day, which begins at midnight UTC, or an RFC 3339 time.
func (d *decoder) date(n *yaml.Node, path string) time.Time {
	if n.Kind == yaml.ScalarNode && datePattern.MatchString(n.Value) {
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, n.Value); err == nil {
				return t.UTC()
			}
		}
	}
	d.fail(n, path, "must be a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z, not %s", what(n))
	return time.Time{}
}

// what names a node's value for a message.
func what(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	text := n.Value
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return "the text " + strconv.Quote(text)
	case "!!bool":
		return "the truth value " + text
	case "!!timestamp":
		return "the date " + text
	}
	return "the number " + text
}
