// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
)

// findDockerfiles reads every Dockerfile for the images that it builds on.
func findDockerfiles(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		if slices.Contains(notDockerfiles, path.Ext(p)) {
			continue
		}
		s, err := readDockerfile(t, p)
		if err != nil {
			s = unreadable(p, "docker", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// notDockerfiles are the ends of names that begin like a Dockerfile's.
var notDockerfiles = []string{".dockerignore", ".md", ".txt", ".tmpl", ".template", ".j2", ".erb", ".in", ".sh"}

// A stage is one of the images that a Dockerfile builds.
type stage struct {
	name   string
	image  string // what it begins with: an image, or an earlier stage
	line   int
	copies []stageCopy
	runs   bool // something in it, so that what is copied from it need not be the image's
}

// A stageCopy is what COPY --from names.
type stageCopy struct {
	from  string
	line  int
	mount bool // only while one instruction runs
}

// maxDockerfile is how long a Dockerfile may be, in bytes.
const maxDockerfile = 2 << 20

func readDockerfile(t *tree, p string) (bom.Source, error) {
	data, err := readFile(t.root, p, min(maxDockerfile, t.limits.File))
	if err != nil {
		return bom.Source{}, err
	}
	if data, err = plainText(data); err != nil {
		return bom.Source{}, err
	}
	if !utf8.Valid(data) {
		return bom.Source{}, errors.New("the file is not UTF-8")
	}
	r := &dockerReader{toolGraph: newToolGraph(t, p, "docker"), file: p, args: map[string]string{}, limit: t.limits.Packages}
	if err := r.read(string(data)); err != nil {
		return bom.Source{}, err
	}
	if len(r.stages) == 0 && len(r.reasons) == 0 {
		return bom.Source{}, errors.New("no FROM instruction")
	}
	r.addStages()
	if len(r.out.Components) > 0 {
		r.because("what the images hold does not stand in the file", "")
	}
	return r.stated(r.scopes), nil
}

// A dockerReader reads a Dockerfile
// (https://docs.docker.com/reference/dockerfile), as far as it names images.
type dockerReader struct {
	*toolGraph
	file   string
	args   map[string]string // what ARG before the first FROM sets
	stages []stage
	limit  int
}

// heredoc matches where lines begin that belong to an instruction.
var heredoc = pattern.New(`<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)(["']?)`)

// read goes through the instructions, each joined with the lines it goes on in.
func (r *dockerReader) read(text string) error {
	escape, head := `\`, true
	open, begun, until := "", 0, ""
	n := 0
	for line := range strings.Lines(text) {
		n++
		bare := strings.TrimSpace(line)
		if until != "" {
			if bare == until {
				until = ""
			}
			continue
		}
		if comment, ok := strings.CutPrefix(bare, "#"); ok {
			name, value, directive := strings.Cut(comment, "=")
			if head && directive && strings.EqualFold(strings.TrimSpace(name), "escape") && strings.TrimSpace(value) == "`" {
				escape = "`"
			}
			continue
		}
		if bare == "" {
			continue
		}
		head = false
		if open == "" {
			begun = n
		}
		part, more := strings.CutSuffix(bare, escape)
		if open += part + " "; more {
			continue
		}
		if m := heredoc.FindStringSubmatch(open); m != nil && m[1] == m[3] && takesHeredoc(open) {
			until = m[2]
		}
		if err := r.instruction(strings.TrimSpace(open), begun); err != nil {
			return fmt.Errorf("line %d: %w", begun, err)
		}
		open = ""
	}
	return r.instruction(strings.TrimSpace(open), begun)
}

func takesHeredoc(instruction string) bool {
	word, _, _ := strings.Cut(instruction, " ")
	switch strings.ToUpper(word) {
	case "RUN", "COPY", "ADD":
		return true
	}
	return false
}

func (r *dockerReader) instruction(text string, line int) error {
	word, rest, _ := strings.Cut(text, " ")
	switch strings.ToUpper(word) {
	case "ARG":
		r.arg(rest)
	case "FROM":
		return r.from(strings.Fields(rest), line)
	case "COPY", "RUN":
		if n := len(r.stages); n > 0 && strings.EqualFold(word, "RUN") {
			r.stages[n-1].runs = true
		}
		r.copies(rest, line)
	}
	return nil
}

// arg reads the arguments that FROM may use: those before the first one.
func (r *dockerReader) arg(rest string) {
	if len(r.stages) > 0 {
		return
	}
	for _, word := range strings.Fields(rest) {
		if name, value, ok := strings.Cut(word, "="); ok {
			r.args[name], _ = r.expand(unquoted(value))
		}
	}
}

func unquoted(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

func (r *dockerReader) from(words []string, line int) error {
	s := stage{line: line}
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		words = words[1:]
	}
	if isVariable(strings.Join(words, " ")) && strings.Contains(strings.Join(words, ""), "{{") {
		r.because("images that only a variable names", strings.Join(words, " "))
		return nil
	}
	if len(words) == 0 || len(words) != 1 && (len(words) != 3 || !strings.EqualFold(words[1], "AS")) {
		return errors.New("FROM without an image, or with more than its name")
	}
	if len(words) == 3 {
		s.name = strings.ToLower(words[2])
	}
	if len(r.stages) >= r.limit {
		return fmt.Errorf("more than %d stages", r.limit)
	}
	s.image, _ = r.expand(unquoted(words[0]))
	r.stages = append(r.stages, s)
	return nil
}

// copies notes the stages and images that files are taken from.
func (r *dockerReader) copies(rest string, line int) {
	if len(r.stages) == 0 {
		return
	}
	last := &r.stages[len(r.stages)-1]
	for _, word := range strings.Fields(rest) {
		if !strings.HasPrefix(word, "--") {
			return
		}
		if from, ok := strings.CutPrefix(word, "--from="); ok {
			last.copies = append(last.copies, stageCopy{unquoted(from), line, false})
		}
		if options, ok := strings.CutPrefix(word, "--mount="); ok {
			for option := range strings.SplitSeq(options, ",") {
				if from, ok := strings.CutPrefix(option, "from="); ok {
					last.copies = append(last.copies, stageCopy{unquoted(from), line, true})
				}
			}
		}
	}
}

// ends marks the stages whose images are part of the result: what the last one
// is built on, and what is copied into it from one in which nothing runs.
func (r *dockerReader) ends(ends map[int]bool, i int) {
	for ok := true; ok && !ends[i]; i, ok = r.stageOf(r.stages[i].image, i) {
		ends[i] = true
		for _, c := range r.stages[i].copies {
			if from, ok := r.stageOf(c.from, i); ok && !c.mount && !r.stages[from].runs {
				r.ends(ends, from)
			}
		}
	}
}

// addStages adds the images. Those of stages that only help to build the result
// are not part of it.
func (r *dockerReader) addStages() {
	ends := map[int]bool{}
	if len(r.stages) > 0 {
		r.ends(ends, len(r.stages)-1)
	}
	for i := range r.stages {
		s := &r.stages[i]
		scope := bom.Excluded
		if ends[i] {
			scope = bom.Required
		}
		if _, ok := r.stageOf(s.image, i); !ok && s.image != "scratch" {
			r.image(s.image, scope, r.file, s.line)
		}
		for _, c := range s.copies {
			use := scope
			if c.mount {
				use = bom.Excluded
			}
			if _, ok := r.stageOf(c.from, i); !ok && strings.Trim(c.from, "0123456789") != "" {
				r.image(c.from, use, r.file, c.line)
			}
		}
	}
}

// stageOf returns the stage before another that a name or number means.
func (r *dockerReader) stageOf(name string, before int) (int, bool) {
	for i := before - 1; i >= 0; i-- {
		if r.stages[i].name != "" && r.stages[i].name == strings.ToLower(name) {
			return i, true
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < before {
		return n, true
	}
	return 0, false
}

// maxExpanded is how long a reference may become, in bytes.
const maxExpanded = 4096

// expand puts in what variables stand for: $NAME, ${NAME}, ${NAME:-default}
// and ${NAME:+instead}. One that is not known is left as it is.
func (r *dockerReader) expand(text string) (string, bool) {
	var b strings.Builder
	for len(text) > 0 && b.Len() < maxExpanded {
		before, rest, ok := strings.Cut(text, "$")
		b.WriteString(before)
		if !ok {
			return b.String(), true
		}
		name, text2 := variableName(rest)
		inner, after, braces := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
		if !strings.HasPrefix(rest, "{") {
			inner, after, braces = name, text2, name != ""
		}
		value, known := r.variable(inner)
		if !braces || !known {
			b.WriteString("$" + rest)
			return b.String(), false
		}
		b.WriteString(value)
		text = after
	}
	return b.String(), len(text) == 0
}

// variableName takes a name off the front of a text.
func variableName(s string) (name, rest string) {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'A' && s[n] <= 'Z' || s[n] >= 'a' && s[n] <= 'z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return s[:n], s[n:]
}

// variable returns what stands in braces comes to.
func (r *dockerReader) variable(inner string) (string, bool) {
	name, rest := variableName(inner)
	value := r.args[name]
	switch {
	case name == "":
		return "", false
	case rest == "":
		return value, value != ""
	case strings.HasPrefix(rest, ":-"):
		if value == "" {
			value = rest[2:]
		}
		return value, value != "" && !isVariable(value)
	case strings.HasPrefix(rest, ":+"):
		if value != "" {
			value = rest[2:]
		}
		return value, !isVariable(value)
	}
	return "", false
}
