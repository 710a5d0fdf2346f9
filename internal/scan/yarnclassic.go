// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A yarnParser reads a Yarn 1 lockfile line by line.
type yarnParser struct {
	limit   int
	line    int
	entries []yarnEntry
	list    string // the list that is open: "dependencies", …
	seen    map[string]bool
}

// take reads one line.
func (p *yarnParser) take(indent int, text string) error {
	if !utf8.ValidString(text) {
		return errors.New("not UTF-8")
	}
	if strings.HasPrefix(text, "\t") {
		return errors.New("indented by a tab")
	}
	switch {
	case indent == 0:
		return p.entry(text)
	case len(p.entries) == 0:
		return errors.New("indented, under nothing")
	case indent == 2:
		return p.field(&p.entries[len(p.entries)-1], text)
	case indent == 4 && p.list != "":
		return p.item(&p.entries[len(p.entries)-1], text)
	}
	return fmt.Errorf("indented by %d spaces", indent)
}

// entry begins an entry: its descriptors, with commas between and a colon at
// the end.
func (p *yarnParser) entry(text string) error {
	if err := p.complete(); err != nil {
		return err
	}
	if len(p.entries) >= p.limit {
		return fmt.Errorf("more than %d packages", p.limit)
	}
	e := yarnEntry{line: p.line}
	for rest := text; ; {
		var word string
		var err error
		if word, rest, err = yarnWord(rest, ",:"); err != nil {
			return err
		}
		e.descriptors = append(e.descriptors, word)
		if rest == ":" {
			break
		}
		if !strings.HasPrefix(rest, ", ") {
			return errors.New("a descriptor should be followed by a comma or a colon")
		}
		rest = strings.TrimLeft(rest[1:], " ")
	}
	p.list, p.seen = "", map[string]bool{}
	p.entries = append(p.entries, e)
	return nil
}

// complete checks the last entry.
func (p *yarnParser) complete() error {
	if n := len(p.entries); n > 0 && p.entries[n-1].version == "" {
		return fmt.Errorf("the entry of line %d has no version", p.entries[n-1].line)
	}
	return nil
}

// field reads NAME VALUE, or NAME: before a list.
func (p *yarnParser) field(e *yarnEntry, text string) error {
	name, rest, err := yarnWord(text, ": ")
	if err != nil {
		return err
	}
	if p.seen[name] {
		return fmt.Errorf("%q stands twice", shown(name))
	}
	p.seen[name], p.list = true, ""
	if rest == ":" {
		p.list = name
		return nil
	}
	value, rest, err := yarnWord(strings.TrimLeft(rest, " "), " ")
	if err != nil {
		return err
	}
	// Several digests may stand in one field, and then without quotes.
	for rest != "" && name == "integrity" {
		var more string
		if more, rest, err = yarnWord(strings.TrimLeft(rest, " "), " "); err != nil {
			return err
		}
		value += " " + more
	}
	if rest != "" {
		return errors.New("more than one value")
	}
	switch name {
	case "version":
		e.version = value
	case "resolved":
		e.resolved = value
	case "integrity":
		e.integrity = value
	}
	return nil
}

// item reads one dependency.
func (p *yarnParser) item(e *yarnEntry, text string) error {
	name, rest, err := yarnWord(text, " ")
	if err != nil {
		return err
	}
	value, rest, err := yarnWord(strings.TrimLeft(rest, " "), " ")
	if err != nil {
		return err
	}
	if rest != "" {
		return errors.New("more than one value")
	}
	key := p.list + "\x00" + name
	if p.seen[key] {
		return fmt.Errorf("%q stands twice", shown(name))
	}
	p.seen[key] = true
	switch p.list {
	case "dependencies":
		e.deps = append(e.deps, yarnDep{name, value, needed})
	case "optionalDependencies":
		e.deps = append(e.deps, yarnDep{name, value, optional})
	}
	return nil
}

// yarnWord reads a word, in quotes or up to one of the characters of ends.
func yarnWord(s, ends string) (word, rest string, err error) {
	if s == "" {
		return "", "", errors.New("something is missing at its end")
	}
	if s[0] == '"' {
		if word, rest, err = quoted(s); err != nil {
			return "", "", errors.New("a text in quotes that does not end")
		}
		return word, rest, nil
	}
	n := strings.IndexAny(s, ends)
	if n == 0 {
		return "", "", fmt.Errorf("%q where a word should be", s[:1])
	}
	if n < 0 {
		return s, "", nil
	}
	return s[:n], s[n:], nil
}

// hexSRI writes a digest in hexadecimal as Subresource Integrity.
func hexSRI(alg, digest string) string {
	sum, err := hex.DecodeString(digest)
	if err != nil {
		return ""
	}
	return alg + "-" + base64.StdEncoding.EncodeToString(sum)
}

// hexDigest returns a digest of size bytes in hexadecimal as it is written: in
// lower case.
func hexDigest(digest string, size int) (string, bool) {
	sum, err := hex.DecodeString(digest)
	if err != nil || len(sum) != size {
		return "", false
	}
	return hex.EncodeToString(sum), true
}
