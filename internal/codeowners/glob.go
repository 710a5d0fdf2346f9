// SPDX-License-Identifier: Apache-2.0

package codeowners

import (
	"errors"
	"strings"
)

// A glob is a pattern, compiled. Its parts are between slashes.
type glob struct {
	parts []part
	end   ending
}

// An ending says what may follow where the parts have matched.
type ending int

const (
	nothing  ending = iota // the path ends there
	anything               // it ends there, or goes on: a folder's name stands for all in it
	more                   // it goes on: only a folder matches
)

// A part matches one name, or any number of folders.
type part struct {
	folders bool
	name    []rune // with the wildcards below
}

// The wildcards of a name. No rune is negative.
const (
	any1 rune = -1 // one character
	star rune = -2 // any number of them
)

// The patterns that are refused, and why.
var (
	errEmpty   = errors.New("it is empty")
	errNegated = errors.New("a pattern can't be negated with '!'")
	errRange   = errors.New("ranges in brackets mean nothing here")
	errHash    = errors.New("GitHub takes it for a comment, with a backslash or without")
	errEscape  = errors.New("it ends with a backslash")
	errSlashes = errors.New("nothing stands between two slashes")
)

// compile reads a pattern.
func compile(text string, syntax Syntax) (glob, error) {
	switch {
	case strings.Trim(text, "/") == "":
		return glob{}, errEmpty
	case text[0] == '!':
		return glob{}, errNegated
	case strings.HasPrefix(text, `\#`) && syntax == GitHub:
		return glob{}, errHash
	}
	anchored := text[0] == '/'
	body := strings.TrimPrefix(text, "/")
	folder := strings.HasSuffix(body, "/")
	names := strings.Split(strings.TrimSuffix(body, "/"), "/")
	g := glob{}
	if !anchored && (len(names) == 1 || syntax == GitLab) {
		g.parts = append(g.parts, part{folders: true})
	}
	for _, name := range names {
		p, err := compileName(name, syntax)
		if err != nil {
			return glob{}, err
		}
		g.parts = append(g.parts, p)
	}
	last := len(g.parts) - 1
	switch {
	case folder:
		g.end = more
	case g.parts[last].folders && syntax == GitLab:
		g.parts[last] = part{name: []rune{star}} // with nothing behind it, it is a plain star there
	case g.parts[last].folders:
		g.parts, g.end = g.parts[:last], more
	case syntax == GitLab:
	case len(names) > 1 && names[len(names)-1] == "*": // the files of the folder, and of none below
	case anchored && names[0] == "*":
	default:
		g.end = anything
	}
	return g, nil
}

func compileName(name string, syntax Syntax) (part, error) {
	switch name {
	case "":
		return part{}, errSlashes
	case "**":
		return part{folders: true}, nil
	}
	var p part
	escaped := false
	for _, r := range name {
		switch {
		case escaped:
			p.name, escaped = append(p.name, r), false
		case r == '\\':
			escaped = true
		case r == '[' || r == ']' || syntax == GitLab && (r == '{' || r == '}'):
			return part{}, errRange
		case r == '*':
			p.name = append(p.name, star)
		case r == '?':
			p.name = append(p.name, any1)
		default:
			p.name = append(p.name, r)
		}
	}
	if escaped {
		return part{}, errEscape
	}
	return p, nil
}

// match says whether a path, cut at its slashes, matches. Of several folder
// wildcards only the last one is ever tried again: where an earlier one could
// reach further, the later one can too.
func (g glob) match(path []string) bool {
	i, j, retry, from := 0, 0, -1, 0
	for {
		switch {
		case i == len(g.parts) && g.ends(j, len(path)):
			return true
		case i < len(g.parts) && g.parts[i].folders:
			i, retry, from = i+1, i+1, j
			continue
		case i < len(g.parts) && j < len(path) && matchName(g.parts[i].name, []rune(path[j])):
			i, j = i+1, j+1
			continue
		}
		if retry < 0 || from >= len(path) {
			return false
		}
		from++
		i, j = retry, from
	}
}

// ends says whether a pattern that has matched the first of so many names
// matches the path.
func (g glob) ends(matched, names int) bool {
	switch g.end {
	case anything:
		return true
	case more:
		return matched < names
	}
	return matched == names
}

// matchName matches one name.
func matchName(p, name []rune) bool {
	i, j, retry, from := 0, 0, -1, 0
	for j < len(name) {
		switch {
		case i < len(p) && p[i] == star:
			i, retry, from = i+1, i+1, j
		case i < len(p) && (p[i] == any1 || p[i] == name[j]):
			i, j = i+1, j+1
		case retry >= 0:
			from++
			i, j = retry, from
		default:
			return false
		}
	}
	for i < len(p) && p[i] == star {
		i++
	}
	return i == len(p)
}
