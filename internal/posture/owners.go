// SPDX-License-Identifier: Apache-2.0

package posture

import (
	"path"
	"strings"
)

// MaxOwners is the largest CODEOWNERS file that is read, in bytes. GitHub reads
// none over it.
const MaxOwners = 3 << 20

// Owned reports whether a CODEOWNERS file gives a file owners: of the patterns
// that fit it, the last one counts, and one without owners takes them away. It
// reads what GitHub and GitLab have in common. A line that it does not
// understand owns nothing, and takes away what it might be about, so that in
// doubt nothing is owned. With sections (GitLab) the file is owned if a section
// owns it.
func Owned(owners []byte, name string) bool {
	owned, sectionDefault := map[string]bool{}, false
	section := ""
	for line := range strings.Lines(string(owners)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if head, rest, ok := sectionHead(line); ok {
			section, sectionDefault = strings.ToLower(head), len(ownersIn(rest)) > 0
			continue
		}
		pattern, rest := splitPattern(line)
		switch {
		case strings.HasPrefix(pattern, "!") || strings.ContainsAny(pattern, "[]"):
			owned[section] = false
		case fits(pattern, name) && !strings.HasPrefix(section, "^"):
			owned[section] = len(ownersIn(rest)) > 0 || sectionDefault
		}
	}
	for _, yes := range owned {
		if yes {
			return true
		}
	}
	return false
}

// sectionHead reads a line such as [Docs][2] @acme/docs. A section that is
// optional (^) is one whose owners need not approve, so it owns nothing.
func sectionHead(line string) (name, owners string, ok bool) {
	optional := strings.HasPrefix(line, "^[")
	text := strings.TrimPrefix(line, "^")
	if !strings.HasPrefix(text, "[") {
		return "", "", false
	}
	name, owners, ok = strings.Cut(text[1:], "]")
	if !ok {
		return "", "", false
	}
	if strings.HasPrefix(owners, "[") {
		_, owners, _ = strings.Cut(owners, "]")
	}
	if optional {
		return "^" + name, "", true
	}
	return name, owners, true
}

// splitPattern cuts a line at its first space that no backslash is before.
func splitPattern(line string) (pattern, rest string) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		case line[i] == ' ' || line[i] == '\t':
			return b.String(), line[i:]
		default:
			b.WriteByte(line[i])
		}
	}
	return b.String(), ""
}

// ownersIn are the owners of a line, up to a comment: accounts, teams and
// addresses.
func ownersIn(text string) []string {
	var all []string
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "#") {
			break
		}
		if strings.Contains(word, "@") {
			all = append(all, word)
		}
	}
	return all
}

// fits reports whether a pattern is about a file: as in .gitignore, without
// negation and character classes.
func fits(pattern, name string) bool {
	anchored := strings.Contains(strings.TrimSuffix(pattern, "/"), "/")
	pattern = strings.TrimPrefix(pattern, "/")
	folder := strings.HasSuffix(pattern, "/")
	want := strings.Split(strings.TrimSuffix(pattern, "/"), "/")
	if !anchored {
		want = append([]string{"**"}, want...)
	}
	have := strings.Split(name, "/")
	if folder || last(want) != "*" || !anchored {
		// what is in a folder that fits, fits; docs/* is about docs itself only
		if walk(append(append([]string{}, want...), "**", "*"), have) {
			return true
		}
	}
	return !folder && walk(want, have)
}

func last(list []string) string { return list[len(list)-1] }

// walk matches segments, with ** for any number of them, in a time that grows
// with the product of their numbers.
func walk(want, have []string) bool {
	reached := make([]bool, len(have)+1)
	reached[0] = true
	for _, w := range want {
		next := make([]bool, len(have)+1)
		for i := range reached {
			switch {
			case w == "**":
				next[i] = reached[i] || i > 0 && next[i-1]
			case i > 0 && reached[i-1]:
				ok, err := path.Match(w, have[i-1])
				next[i] = ok && err == nil
			}
		}
		reached = next
	}
	return reached[len(have)]
}
