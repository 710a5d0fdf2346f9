// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A yamlReader reads plain YAML, line by line: block mappings and lists of
// texts, and flow ones that end on their line. Whatever else it meets is
// errOddYAML.
type yamlReader struct {
	text   string
	stream string
	sink   yamlSink

	pos    int    // of the line after the current one
	line   int    // number of the current line
	indent int    // its white space
	rest   string // and what stands after that
	more   bool   // there is a current line
}

// load makes the next line that says something the current one.
func (r *yamlReader) load() error {
	for r.pos < len(r.text) {
		line := r.raw()
		rest := strings.TrimLeft(line, " ")
		r.indent = len(line) - len(rest)
		if rest = strings.TrimRight(rest, " \t\r"); rest == "" || rest[0] == '#' {
			continue
		}
		if rest[0] == '\t' {
			return errOddYAML
		}
		r.rest, r.more = rest, true
		return nil
	}
	r.more = false
	return nil
}

// raw takes one line, without its end.
func (r *yamlReader) raw() string {
	r.line++
	line := r.text[r.pos:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	r.pos += len(line) + 1
	return line
}

// documents reads the whole file.
func (r *yamlReader) documents() error {
	if err := r.load(); err != nil {
		return err
	}
	if !r.more {
		return errors.New("the file is empty")
	}
	seen := map[string]bool{}
	for r.more {
		if r.indent > 0 {
			return errOddYAML
		}
		if r.rest == "---" {
			clear(seen)
			if err := r.load(); err != nil {
				return err
			}
			continue
		}
		if err := r.section(seen); err != nil {
			return err
		}
	}
	return nil
}

// section reads one member of a document.
func (r *yamlReader) section(seen map[string]bool) error {
	line := r.line
	key, rest, err := r.key()
	if err != nil {
		return err
	}
	if seen[key] {
		return twice(key, line)
	}
	seen[key] = true
	if rest == "" && isStreamed(r.stream, key) {
		if err := r.load(); err != nil {
			return err
		}
		if !r.more || r.indent == 0 {
			if r.more && isItem(r.rest) {
				return errOddYAML
			}
			return r.sink("", &yamlValue{key: key, line: line})
		}
		return r.each(r.indent, 1, func(v *yamlValue) error { return r.sink(key, v) })
	}
	v := yamlValue{key: key, line: line}
	if err := r.value(&v, rest, 0, 0); err != nil {
		return err
	}
	if isStreamed(r.stream, key) && v.kind == yaml.MappingNode {
		for i := range v.list {
			if err := r.sink(key, &v.list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return r.sink("", &v)
}

// each reads a block mapping, from the current line on, and tells its members
// one by one.
func (r *yamlReader) each(indent, depth int, tell func(*yamlValue) error) error {
	if depth > maxDepth {
		return fmt.Errorf("line %d: YAML nested more than %d deep", r.line, maxDepth)
	}
	seen := map[string]bool{}
	for r.more && r.indent == indent {
		v, err := r.member(indent, depth)
		if err != nil {
			return err
		}
		if seen[v.key] {
			return twice(v.key, v.line)
		}
		seen[v.key] = true
		if err := tell(&v); err != nil {
			return err
		}
	}
	if r.more && r.indent > indent {
		return errOddYAML
	}
	return nil
}

// mapping reads a block mapping whole.
func (r *yamlReader) mapping(v *yamlValue, indent, depth int) error {
	v.kind = yaml.MappingNode
	if depth > maxDepth {
		return fmt.Errorf("line %d: YAML nested more than %d deep", r.line, maxDepth)
	}
	for r.more && r.indent == indent {
		w, err := r.member(indent, depth)
		if err != nil {
			return err
		}
		v.list = append(v.list, w)
	}
	if r.more && r.indent > indent {
		return errOddYAML
	}
	return v.unique()
}

func (r *yamlReader) member(indent, depth int) (yamlValue, error) {
	v := yamlValue{line: r.line}
	if isItem(r.rest) {
		return v, errOddYAML
	}
	key, rest, err := r.key()
	if err != nil {
		return v, err
	}
	v.key = key
	return v, r.value(&v, rest, indent, depth)
}

// isItem reports whether a line begins an item of a list.
func isItem(line string) bool { return line == "-" || strings.HasPrefix(line, "- ") }

// key takes the key off the current line and returns what stands after it.
func (r *yamlReader) key() (key, rest string, err error) {
	s := r.rest
	if strings.HasPrefix(s, "? ") {
		return r.longKey(strings.TrimLeft(s[2:], " "))
	}
	if s[0] == '"' || s[0] == '\'' {
		key, rest, err = quoted(s)
		if err != nil || rest == "" || rest[0] != ':' || len(rest) > 1 && rest[1] != ' ' {
			return "", "", errOddYAML
		}
		return key, strings.TrimLeft(rest[1:], " "), nil
	}
	if !beginsPlain(s) {
		return "", "", errOddYAML
	}
	if i := strings.Index(s, ": "); i >= 0 {
		key, rest = s[:i], strings.TrimLeft(s[i+2:], " ")
	} else if strings.HasSuffix(s, ":") {
		key = s[:len(s)-1]
	}
	if key == "" || key == "<<" || isNull(key) || strings.HasSuffix(key, " ") || strings.Contains(key, " #") || strings.ContainsRune(key, '\t') {
		return "", "", errOddYAML
	}
	return key, rest, nil
}

// longKey reads a key that is marked as one, as those of over 1024 characters
// are; its value begins on the next line with a colon.
func (r *yamlReader) longKey(s string) (key, rest string, err error) {
	indent := r.indent
	if s == "" || s[0] != '"' {
		return "", "", errOddYAML
	}
	key, rest, err = quoted(s)
	if err != nil || rest != "" {
		return "", "", errOddYAML
	}
	if err := r.load(); err != nil {
		return "", "", err
	}
	if !r.more || r.indent != indent || r.rest != ":" {
		return "", "", errOddYAML
	}
	return key, "", nil
}

// value reads what stands after a key, and the lines below that belong to it.
// It leaves the line after as the current one.
func (r *yamlReader) value(v *yamlValue, rest string, indent, depth int) error {
	if rest != "" && (rest[0] == '|' || rest[0] == '>') {
		return r.block(v, rest, indent)
	}
	if rest != "" && rest[0] != '#' {
		left, err := scalar(v, rest, "", depth)
		if err != nil {
			return err
		}
		if left = strings.TrimLeft(left, " "); left != "" && left[0] != '#' {
			return errOddYAML
		}
		if err := r.load(); err != nil {
			return err
		}
		if r.more && r.indent > indent {
			return errOddYAML // it goes on
		}
		return nil
	}
	if err := r.load(); err != nil {
		return err
	}
	switch {
	case !r.more:
		return nil
	case isItem(r.rest) && r.indent >= indent:
		return r.items(v, r.indent, depth+1)
	case r.indent > indent:
		return r.mapping(v, r.indent, depth+1)
	}
	return nil
}

// items reads a list of texts.
func (r *yamlReader) items(v *yamlValue, indent, depth int) error {
	v.kind = yaml.SequenceNode
	for r.more && r.indent == indent && isItem(r.rest) {
		w := yamlValue{line: r.line}
		rest := strings.TrimLeft(r.rest[1:], " ")
		if rest == "" || strings.ContainsAny(rest[:1], "|>#") || isItem(rest) || strings.HasPrefix(rest, "? ") {
			return errOddYAML
		}
		left, err := scalar(&w, rest, "", depth)
		if err != nil {
			return err
		}
		if left = strings.TrimLeft(left, " "); left != "" && left[0] != '#' {
			return errOddYAML
		}
		v.list = append(v.list, w)
		if err := r.load(); err != nil {
			return err
		}
	}
	if r.more && r.indent > indent {
		return errOddYAML
	}
	return nil
}

// block reads a text of several lines, with the library: there are few.
func (r *yamlReader) block(v *yamlValue, head string, indent int) error {
	first := r.pos
	for r.pos < len(r.text) {
		pos, line := r.pos, r.line
		raw := r.raw()
		rest := strings.TrimLeft(raw, " ")
		if strings.TrimRight(rest, "\r") != "" && len(raw)-len(rest) <= indent {
			r.pos, r.line = pos, line
			break
		}
	}
	var doc map[string]string
	if err := yaml.Unmarshal([]byte("k: "+head+"\n"+r.text[min(first, len(r.text)):min(r.pos, len(r.text))]), &doc); err != nil {
		return errOddYAML
	}
	v.kind, v.text = yaml.ScalarNode, doc["k"]
	return r.load()
}
