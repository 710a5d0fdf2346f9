// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar reads a text, or a flow mapping or list, that begins s, and returns
// what follows it. ends are the characters that end a text without quotes; if
// there are none, the line does, or a comment.
func scalar(v *yamlValue, s, ends string, depth int) (rest string, err error) {
	switch s[0] {
	case '{', '[':
		return flow(v, s, depth+1)
	case '"', '\'':
		v.kind = yaml.ScalarNode
		v.text, rest, err = quoted(s)
		return rest, err
	}
	text, rest, err := plain(s, ends)
	if err != nil {
		return "", err
	}
	if isNull(text) {
		return rest, nil
	}
	v.kind, v.text = yaml.ScalarNode, text
	return rest, nil
}

func isNull(s string) bool { return s == "~" || s == "null" || s == "Null" || s == "NULL" }

// beginsPlain reports whether a text without quotes may begin this way.
func beginsPlain(s string) bool {
	switch s[0] {
	case '-', '?', ':':
		return len(s) > 1 && s[1] != ' '
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\t', '=', '<':
		return false
	}
	return s != "..."
}

// plain reads a text without quotes. In a flow it holds nothing that could end
// it, and anywhere nothing that could make it a key.
func plain(s, ends string) (text, rest string, err error) {
	if !beginsPlain(s) {
		return "", "", errOddYAML
	}
	n := len(s)
	if ends != "" {
		if n = strings.IndexAny(s, ends); n < 0 {
			return "", "", errOddYAML
		}
		if strings.ContainsAny(s[:n], "[]{},") || s[0] == '-' || s[0] == ':' {
			return "", "", errOddYAML
		}
	}
	text = s[:n]
	if i := strings.Index(text, " #"); i >= 0 {
		if ends != "" {
			return "", "", errOddYAML
		}
		text, n = text[:i], len(s)
	}
	text = strings.TrimRight(text, " ")
	if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") || strings.ContainsRune(text, '\t') {
		return "", "", errOddYAML
	}
	return text, s[n:], nil
}

// quoted reads a text in quotes.
func quoted(s string) (text, rest string, err error) {
	for i := 1; i < len(s); i++ {
		switch {
		case s[0] == '"' && s[i] == '\\':
			i++
		case s[i] != s[0]:
		case s[0] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		case s[0] == '\'':
			return strings.ReplaceAll(s[1:i], "''", "'"), s[i+1:], nil
		default:
			text, err = unquote(s[:i+1])
			return text, s[i+1:], err
		}
	}
	return "", "", errOddYAML
}

// flow reads {a: b, …} or [a, …].
func flow(v *yamlValue, s string, depth int) (rest string, err error) {
	if depth > maxDepth {
		return "", fmt.Errorf("line %d: YAML nested more than %d deep", v.line, maxDepth)
	}
	v.kind = yaml.MappingNode
	end := byte('}')
	if s[0] == '[' {
		v.kind, end = yaml.SequenceNode, ']'
	}
	s = strings.TrimLeft(s[1:], " ")
	for first := true; ; first = false {
		if s == "" {
			return "", errOddYAML
		}
		if first && s[0] == end {
			return s[1:], nil
		}
		w := yamlValue{line: v.line}
		if s, err = flowItem(&w, s, end, depth); err != nil {
			return "", err
		}
		v.list = append(v.list, w)
		s = strings.TrimLeft(s, " ")
		if s == "" || s[0] != ',' && s[0] != end {
			return "", errOddYAML
		}
		closed := s[0] == end
		s = strings.TrimLeft(s[1:], " ")
		if closed && v.kind == yaml.MappingNode {
			return s, v.unique()
		} else if closed {
			return s, nil
		}
	}
}

// flowItem reads one item of a list, or one key of a mapping with its value.
func flowItem(w *yamlValue, s string, end byte, depth int) (rest string, err error) {
	if end == '}' {
		if w.key, s, err = flowKey(s); err != nil {
			return "", err
		}
		if s[0] == ',' || s[0] == end {
			return "", errOddYAML
		}
	}
	return scalar(w, s, ",}]", depth)
}

// flowKey takes a key off, and the colon.
func flowKey(s string) (key, rest string, err error) {
	if s[0] == '"' || s[0] == '\'' {
		key, rest, err = quoted(s)
		if err != nil || !strings.HasPrefix(rest, ": ") {
			return "", "", errOddYAML
		}
		rest = strings.TrimLeft(rest[2:], " ")
	} else {
		i := strings.Index(s, ": ")
		if i < 1 || !beginsPlain(s) || strings.ContainsAny(s[:i], "[]{},? \t\"'#") {
			return "", "", errOddYAML
		}
		key, rest = s[:i], strings.TrimLeft(s[i+2:], " ")
	}
	if rest == "" || key == "<<" || isNull(key) {
		return "", "", errOddYAML
	}
	return key, rest, nil
}
