// SPDX-License-Identifier: Apache-2.0

// Package draft7 says whether a JSON document is what a JSON Schema says it
// must be (https://json-schema.org/draft-07). It knows the part of that
// language that the schemas of CycloneDX are written in, formats included. A
// schema that uses more is refused, so that nothing in it goes unchecked.
//
// A library for all drafts made each program 700 kB larger. In the tests it is
// the other side.
package draft7

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrSchema says that a text is no schema, or one that uses what is not known
// here. The text says what.
var ErrSchema = errors.New("not a schema that is understood")

// A Problem is one thing that is not as the schema says.
type Problem struct {
	Where string // JSON pointer; "/" for the document itself
	Text  string
}

func (p Problem) String() string { return p.Where + ": " + p.Text }

// Decode reads a document as Validate wants it: objects are map[string]any,
// lists []any, and numbers json.Number, so that none is changed.
func Decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode JSON: there is something behind the document")
	}
	return document, nil
}

// A Schema is what documents are held against. It is safe for concurrent use.
type Schema struct{ root *node }

// Compile reads a schema and those that it refers to, which load returns by the
// last part of their address.
func Compile(name string, load func(name string) ([]byte, error)) (*Schema, error) {
	c := compiler{load: load, files: map[string]map[string]any{}, nodes: map[string]*node{}}
	root, err := c.reference(name, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return &Schema{root}, nil
}

// Validate returns what in a document is not as the schema says, at most limit
// Problems of it, in the order of the document's names. A document without any
// is valid.
func (s *Schema) Validate(document any, limit int) []Problem {
	r := reporter{limit: limit}
	if !s.root.check(document, &r) && len(r.problems) == 0 {
		r.find("not valid")
	}
	return r.problems
}

// A reporter keeps problems with where they are. Nil: only yes or no is asked.
type reporter struct {
	limit    int
	path     []string
	problems []Problem
}

// find keeps a problem, and returns false.
func (r *reporter) find(format string, args ...any) bool {
	if r != nil && len(r.problems) < r.limit {
		where := "/"
		if len(r.path) > 0 {
			where = ""
		}
		for _, step := range r.path {
			where += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
		}
		r.problems = append(r.problems, Problem{where, fmt.Sprintf(format, args...)})
	}
	return false
}

// in looks at a part of what is looked at.
func (r *reporter) in(step string, n *node, v any) bool {
	if r == nil {
		return n.check(v, nil)
	}
	r.path = append(r.path, step)
	ok := n.check(v, r)
	r.path = r.path[:len(r.path)-1]
	return ok
}

// done reports whether nothing more needs to be looked at once something is
// wrong.
func (r *reporter) done() bool { return r == nil || len(r.problems) >= r.limit }
