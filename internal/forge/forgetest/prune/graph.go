// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// pruneGraph returns a GraphQL schema with these fields only, each TYPE.FIELD,
// all of which it must have: without prose, in the order of the schema. A type
// keeps what the interfaces that are kept ask of it, too. Scalars, enums and
// inputs that a field needs are kept whole.
func pruneGraph(schema []byte, fields []string) ([]byte, error) {
	doc, err := parser.ParseSchema(&ast.Source{Name: "the schema", Input: string(schema)})
	if err != nil {
		return nil, fmt.Errorf("parse the schema: %w", err)
	}
	wanted := map[string][]string{}
	for _, f := range fields {
		name, field, _ := strings.Cut(f, ".")
		def := doc.Definitions.ForName(name)
		if def == nil || def.Fields.ForName(field) == nil {
			return nil, fmt.Errorf("the schema lacks %s", f)
		}
		wanted[name] = append(wanted[name], field)
	}
	kept := map[string]*ast.Definition{}
	for name := range wanted {
		kept[name] = cut(doc.Definitions.ForName(name), wanted)
	}
	if err := leaves(doc, kept); err != nil {
		return nil, err
	}
	out := &ast.SchemaDocument{}
	for _, def := range doc.Definitions {
		if kept[def.Name] != nil {
			out.Definitions = append(out.Definitions, kept[def.Name])
		}
	}
	var b bytes.Buffer
	formatter.NewFormatter(&b, formatter.WithoutDescription(), formatter.WithIndent("  ")).FormatSchemaDocument(out)
	return b.Bytes(), nil
}

// cut returns a type with the fields that are wanted of it, and of the
// interfaces that it has among those that are kept.
func cut(def *ast.Definition, wanted map[string][]string) *ast.Definition {
	small := *def
	names := slices.Clone(wanted[def.Name])
	small.Interfaces = nil
	for _, i := range def.Interfaces {
		if wanted[i] != nil {
			small.Interfaces = append(small.Interfaces, i)
			names = append(names, wanted[i]...)
		}
	}
	small.Directives, small.Fields = nil, nil
	for _, f := range def.Fields {
		if slices.Contains(names, f.Name) {
			field := *f
			field.Directives = deprecated(f.Directives)
			small.Fields = append(small.Fields, &field)
		}
	}
	return &small
}

// deprecated is all that is kept of directives: the rest is GitHub's own.
func deprecated(all ast.DirectiveList) ast.DirectiveList {
	if d := all.ForName("deprecated"); d != nil {
		return ast.DirectiveList{d}
	}
	return nil
}

// leaves adds what fields and arguments are made of. Of an object there must be
// a field that is wanted.
func leaves(doc *ast.SchemaDocument, kept map[string]*ast.Definition) error {
	var left []string
	add := func(def *ast.Definition) {
		for _, f := range def.Fields {
			left = append(left, f.Type.Name())
			for _, a := range f.Arguments {
				left = append(left, a.Type.Name())
			}
		}
	}
	for _, def := range kept {
		add(def)
	}
	for ; len(left) > 0; left = left[1:] {
		name := left[0]
		if kept[name] != nil || slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, name) {
			continue
		}
		def := doc.Definitions.ForName(name)
		if def == nil || def.Kind == ast.Object || def.Kind == ast.Interface || def.Kind == ast.Union {
			return fmt.Errorf("no field of %s is wanted, and one is of that type", name)
		}
		small := *def
		small.Directives = nil
		kept[name] = &small
		add(&small)
	}
	return nil
}
