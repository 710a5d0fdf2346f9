// SPDX-License-Identifier: Apache-2.0

// Package codeowners reads a CODEOWNERS file and says who owns a path
// (https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners,
// https://docs.gitlab.com/user/project/codeowners/reference/). It asks nobody
// who the owners are.
//
// A forge passes over a line that it does not understand, and the paths of that
// line are then somebody else's or nobody's. Here such a file is refused whole:
// what it means could not be found out.
package codeowners

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A Syntax is how a forge reads the file.
type Syntax int

// The syntaxes. Patterns mean different things in them: on GitHub what matches
// a folder matches all in it, on GitLab only with a slash at its end.
const (
	GitHub Syntax = iota
	GitLab
)

// The limits of a file.
const (
	MaxSize   = 3 << 20 // bytes: GitHub reads no larger one
	maxRules  = 20_000
	maxOwners = 100 // of one line
	maxLine   = 8 << 10
)

// Places are where a forge looks for the file; the first one that is there
// counts.
func (s Syntax) Places() []string {
	if s == GitLab {
		return []string{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}
	}
	return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
}

// A Rule is one line that gives paths to owners.
type Rule struct {
	Line    int
	Pattern string
	Owners  []string // as the file writes them: @user, @org/team or an address; none: the paths are nobody's
	Section string   // GitLab's, in lower case; empty outside of one
	Need    int      // how many owners have to approve; 0: none has to, in an optional section

	glob glob
}

// A File is a CODEOWNERS file that was read whole.
type File struct {
	syntax   Syntax
	rules    []Rule
	sections []string // by name, in the file's order
}

// Parse reads a file. Every error names the line.
func Parse(data []byte, syntax Syntax) (*File, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("CODEOWNERS has %d bytes, over the limit of %d", len(data), MaxSize)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("CODEOWNERS is no UTF-8")
	}
	p := &parser{File: File{syntax: syntax}, need: 1, needs: map[string]int{}}
	p.section("")
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if err := p.line(n, line); err != nil {
			return nil, fmt.Errorf("CODEOWNERS line %d: %w", n, err)
		}
		if len(p.rules) > maxRules {
			return nil, fmt.Errorf("CODEOWNERS line %d: over the limit of %d rules", n, maxRules)
		}
	}
	for i := range p.rules {
		p.rules[i].Need = p.needs[p.rules[i].Section]
	}
	return &p.File, nil
}

// Of returns the rules that a path is under: on GitHub the last that matches,
// on GitLab the last of each section. A rule without owners is not among them.
func (f *File) Of(path string) []Rule {
	parts := strings.Split(path, "/")
	var found []Rule
	for _, section := range f.sections {
		for _, r := range slices.Backward(f.rules) {
			if r.Section != section || !r.glob.match(parts) {
				continue
			}
			if len(r.Owners) > 0 {
				found = append(found, r)
			}
			break
		}
	}
	return found
}

// Rules lists every rule, in the file's order.
func (f *File) Rules() []Rule { return slices.Clone(f.rules) }

type parser struct {
	File
	in       string // section
	need     int
	defaults []string // owners of the section
	needs    map[string]int
}

// section begins one. Of two with one name the stricter word counts.
func (p *parser) section(name string) {
	p.in = name
	if !slices.Contains(p.sections, name) {
		p.sections = append(p.sections, name)
	}
	p.needs[name] = max(p.needs[name], p.need)
}

func (p *parser) line(n int, line string) error {
	if len(line) > maxLine {
		return fmt.Errorf("over the limit of %d bytes", maxLine)
	}
	line = strings.Trim(line, " \t")
	switch {
	case line == "" || line[0] == '#':
		return nil
	case p.syntax == GitLab && (line[0] == '[' || strings.HasPrefix(line, "^[")):
		return p.header(line)
	}
	path, rest := cut(line)
	owners, err := p.owners(rest)
	if err != nil {
		return err
	}
	if len(owners) == 0 {
		owners = p.defaults
	}
	glob, err := compile(path, p.syntax)
	if err != nil {
		return fmt.Errorf("pattern %.80q: %w", path, err)
	}
	p.rules = append(p.rules, Rule{Line: n, Pattern: path, Owners: owners, Section: p.in, glob: glob})
	return nil
}

var headerPattern = pattern.New(`^(\^?)\[([^\[\]]*)\](?:\[([0-9]+)\])?([ \t].*)?$`)

// header reads the head of a GitLab section.
func (p *parser) header(line string) error {
	m := headerPattern.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%.80q is no head of a section", line)
	}
	name := strings.ToLower(strings.TrimSpace(m[2]))
	if name == "" {
		return fmt.Errorf("a section without a name")
	}
	owners, err := p.owners(m[4])
	if err != nil {
		return err
	}
	p.defaults, p.need = owners, 1
	if m[3] != "" {
		if p.need, err = strconv.Atoi(m[3]); err != nil || p.need < 1 || p.need > maxOwners {
			return fmt.Errorf("a section asks for 1 to %d approvals, not %.20s", maxOwners, m[3])
		}
	}
	if m[1] != "" {
		p.need = 0
	}
	p.section(name)
	return nil
}

// cut takes the pattern from a line: up to the first space that has no
// backslash before it.
func cut(line string) (path, rest string) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case ' ', '\t':
			return line[:i], line[i:]
		}
	}
	return line, ""
}

var (
	userPattern  = pattern.New(`^@[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,99})$`)
	teamPattern  = pattern.New(`^@[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})+$`)
	emailPattern = pattern.New(`^[!-?A-~]{1,64}@[!-?A-~]{1,190}$`)
)

// owners reads what stands after a pattern, up to a comment.
func (p *parser) owners(rest string) ([]string, error) {
	var all []string
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\t' }) {
		if word[0] == '#' {
			if p.syntax == GitLab {
				return nil, fmt.Errorf("GitLab has no comments behind a pattern, and takes the owners in one for owners")
			}
			break
		}
		team := teamPattern.MatchString(word) && (p.syntax == GitLab || strings.Count(word, "/") == 1)
		if !userPattern.MatchString(word) && !team && !emailPattern.MatchString(word) {
			return nil, fmt.Errorf("%.80q is no owner: want @user, @org/team or an e-mail address", word)
		}
		all = append(all, word)
	}
	if len(all) > maxOwners {
		return nil, fmt.Errorf("%d owners, over the limit of %d", len(all), maxOwners)
	}
	return all, nil
}

// IsUser reports whether an owner is written as one account; on GitLab it can
// be a group without a parent as well.
func IsUser(owner string) bool { return userPattern.MatchString(owner) }

// IsTeam reports whether an owner is written as a team or a group.
func IsTeam(owner string) bool { return teamPattern.MatchString(owner) }
