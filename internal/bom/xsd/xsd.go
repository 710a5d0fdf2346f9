// SPDX-License-Identifier: Apache-2.0

// Package xsd says whether an XML document is what an XML schema says it must
// be (https://www.w3.org/TR/xmlschema-1/, version 1.0). It knows the part of
// that language that the schemas of CycloneDX are written in. A schema that
// uses more is refused, so that nothing in it goes unchecked.
//
// A document needs nothing from elsewhere: document types, entities of its own
// and types named by the document (xsi:type) are refused.
package xsd

import (
	"errors"
	"fmt"
)

// ErrSchema says that a text is no schema, or one that uses what is not known
// here. The text says what.
var ErrSchema = errors.New("not a schema that is understood")

// A Schema is what documents are held against. It is safe for concurrent use.
type Schema struct {
	elements map[name]*element // that a document can begin with
	types    map[name]typed
	groups   map[name]map[name]use // of attributes
}

// Compile reads a schema: the files that it is made of, which may refer to each
// other.
func Compile(files ...[]byte) (*Schema, error) {
	c := compiler{
		schema: &Schema{elements: map[name]*element{}, types: builtinTypes(), groups: map[name]map[name]use{}},
		nodes:  map[name]*node{},
	}
	for i, text := range files {
		if err := c.file(text); err != nil {
			return nil, fmt.Errorf("%w: file %d: %w", ErrSchema, i+1, err)
		}
	}
	if err := c.all(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return c.schema, nil
}

// An element is what stands under a name.
type element struct {
	name
	typed
	fallback string   // the value of one that is empty
	unique   []string // attributes that may not have one value twice in all that stands in it
}

// A typed thing has a simple type, or a complex one. Without either it may be
// anything (xs:anyType).
type typed struct {
	simple  *simple
	complex *complex
}

// A complex type is one with attributes or elements.
type complex struct {
	uses    map[name]use
	foreign *wildcard // attributes beside those; nil: none
	simple  *simple   // of the text; nil: see mixed
	mixed   bool      // text may stand between the elements
	content *automaton
}

// A use is how an attribute may be used.
type use struct {
	typ      *simple
	required bool
}

// A wildcard stands for elements or attributes of other schemas. Those that
// are known are checked (processContents="lax").
type wildcard struct {
	any    bool   // of every namespace, else of all
	except string // but this one and none
}

func (w *wildcard) matches(n name) bool {
	return w.any || n.space != "" && n.space != w.except
}
