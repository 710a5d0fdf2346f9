// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Problem is one thing that is not as the schema says.
type Problem struct {
	Line int
	Path string // the elements that it stands in, from the outside: /bom/components
	Text string
}

func (p Problem) String() string { return fmt.Sprintf("line %d: %s: %s", p.Line, p.Path, p.Text) }

// Validate returns what in a document is not as the schema says, at most limit
// Problems of it; a document without any is valid. What is no XML fails with
// ErrXML.
func (s *Schema) Validate(text []byte, limit int) ([]Problem, error) {
	v := validator{schema: s, limit: limit}
	if err := parse(text, &v); err != nil {
		return nil, err
	}
	return v.problems, nil
}

// A validator compares a document with a schema as it is read.
type validator struct {
	schema   *Schema
	limit    int
	problems []Problem
	open     []frame
	keys     []keys
}

// A frame is an element that has begun.
type frame struct {
	tag
	declared *element // nil: it may be anything
	skip     bool     // nothing is asked of what stands in it: its own fault is told
	place    place
	text     []byte
	children int
	stray    bool // there was text where none may be
}

// keys are the values of one attribute that stand in one element.
type keys struct {
	attribute string
	depth     int            // of the element
	seen      map[string]int // line by value
}

// find keeps a problem of the element that is open.
func (v *validator) find(line int, format string, args ...any) {
	if len(v.problems) == v.limit {
		return
	}
	var path strings.Builder
	for _, f := range v.open {
		path.WriteString("/" + f.local)
	}
	v.problems = append(v.problems, Problem{line, path.String(), fmt.Sprintf(format, args...)})
}

func (v *validator) begin(t tag) {
	f := frame{tag: t}
	f.declared, f.skip = v.declaration(t)
	if f.declared != nil && f.declared.typed == (typed{}) {
		f.declared = nil
	}
	v.open = append(v.open, f)
	v.key(t)
	if f.skip {
		return
	}
	for _, a := range t.attributes {
		if a.space == instanceSpace && (a.local == "type" || a.local == "nil") {
			v.find(t.line, "xsi:%s is not read", a.local)
		}
	}
	if f.declared == nil {
		return
	}
	for _, u := range f.declared.unique {
		v.keys = append(v.keys, keys{u, len(v.open), map[string]int{}})
	}
	v.attributes(t, f.declared.typed)
	if c := f.declared.complex; c != nil {
		v.open[len(v.open)-1].place = place{of: c.content}
	}
}

// declaration is what declares an element that begins.
func (v *validator) declaration(t tag) (declared *element, skip bool) {
	if len(v.open) == 0 {
		declared = v.schema.elements[t.name]
		if declared == nil {
			v.find(t.line, "no document begins with %s", t.name)
		}
		return declared, declared == nil
	}
	parent := &v.open[len(v.open)-1]
	parent.children++
	switch {
	case parent.skip:
		return nil, true
	case parent.declared == nil:
		return v.schema.elements[t.name], false
	case parent.declared.complex == nil:
		v.find(t.line, "<%s> in a text", t.local)
		return nil, true
	}
	declared, w, ok := parent.place.step(t.name)
	if !ok {
		v.find(t.line, "<%s> may not stand here%s", shortName(t.name, parent.name), v.wanted(&parent.place))
		return nil, true
	}
	if w != nil && declared == nil {
		return v.schema.elements[t.name], false
	}
	return declared, false
}

// shortName is a name without its namespace where that is its parent's.
func shortName(n, parent name) string {
	if n.space == parent.space {
		return n.local
	}
	return n.String()
}

// maxWanted is how many names are told that could have come.
const maxWanted = 8

func (v *validator) wanted(p *place) string {
	names := p.expected()
	switch {
	case len(names) == 0:
		return ""
	case len(names) > maxWanted:
		names = append(names[:maxWanted:maxWanted], "…")
	}
	return "; it could be " + strings.Join(names, ", ")
}

// key looks at the attributes that must not have one value twice.
func (v *validator) key(t tag) {
	for _, k := range v.keys {
		for _, a := range t.attributes {
			if a.name != (name{"", k.attribute}) {
				continue
			}
			if line, twice := k.seen[a.value]; twice {
				v.find(t.line, "%s %s stands in line %d too", k.attribute, shown(a.value), line)
			}
			k.seen[a.value] = t.line
		}
	}
}

func (v *validator) attributes(t tag, typ typed) {
	var uses map[name]use
	var foreign *wildcard
	if typ.complex != nil {
		uses, foreign = typ.complex.uses, typ.complex.foreign
	}
	for _, a := range t.attributes {
		u, known := uses[a.name]
		switch {
		case known:
			if err := u.typ.check(a.value); err != nil {
				v.find(t.line, "attribute %s: %v", a.local, err)
			}
		case a.space == instanceSpace, foreign != nil && foreign.matches(a.name):
		default:
			v.find(t.line, "the attribute %s may not stand here", a.name)
		}
	}
	for _, n := range required(uses) {
		if !slices.ContainsFunc(t.attributes, func(a attribute) bool { return a.name == n }) {
			v.find(t.line, "the attribute %s is missing", n.local)
		}
	}
}

func required(uses map[name]use) (out []name) {
	for n, u := range uses {
		if u.required {
			out = append(out, n)
		}
	}
	arrange.By(out, func(a, b name) int { return strings.Compare(a.local, b.local) })
	return out
}

func (v *validator) text(data []byte) {
	f := &v.open[len(v.open)-1]
	if f.skip || f.declared == nil {
		return
	}
	c := f.declared.complex
	if c != nil && c.simple == nil {
		if !c.mixed && !f.stray && len(bytes.Trim(data, spaceCharacters)) > 0 {
			f.stray = true
			v.find(f.line, "text where only elements may stand")
		}
		return
	}
	f.text = append(f.text, data...)
}

func (v *validator) end() {
	f := &v.open[len(v.open)-1]
	if !f.skip && f.declared != nil {
		v.close(f)
	}
	v.keys = slices.DeleteFunc(v.keys, func(k keys) bool { return k.depth == len(v.open) })
	v.open = v.open[:len(v.open)-1]
}

// close looks at what can only be known at the end of an element.
func (v *validator) close(f *frame) {
	s := f.declared.simple
	if c := f.declared.complex; c != nil {
		if s = c.simple; s == nil {
			if !f.place.done() {
				v.find(f.line, "something is missing in <%s>%s", f.local, v.wanted(&f.place))
			}
			return
		}
	}
	text := string(f.text)
	if text == "" && f.children == 0 {
		text = f.declared.fallback
	}
	if err := s.check(text); err != nil {
		v.find(f.line, "%v", err)
	}
}
