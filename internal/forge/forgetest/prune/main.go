// SPDX-License-Identifier: Apache-2.0

// Prune cuts an OpenAPI description down to some operations, what these refer
// to and nothing else: prune OPERATIONS DESCRIPTION OUT. OPERATIONS has one
// operationId a line. OUT is gzipped JSON with sorted keys, so that the same
// input gives the same bytes. Where DESCRIPTION ends with .graphql it is a
// GraphQL schema, OPERATIONS has one TYPE.FIELD a line, and OUT is a schema too.
// See ../testdata/README.md.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "prune:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("three arguments, please: OPERATIONS DESCRIPTION OUT")
	}
	operations, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("read the operations: %w", err)
	}
	description, err := os.ReadFile(args[1])
	if err != nil {
		return fmt.Errorf("read the description: %w", err)
	}
	text, err := cutDown(args[1], description, strings.Fields(string(operations)))
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[2], text, 0o644); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// cutDown returns what is written of a description of that name.
func cutDown(name string, description []byte, wanted []string) ([]byte, error) {
	if strings.HasSuffix(name, ".graphql") {
		return pruneGraph(description, wanted)
	}
	pruned, err := prune(description, wanted)
	if err != nil {
		return nil, err
	}
	return pack(pruned)
}

// pack gzips data, with nothing of the day in the header.
func pack(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return b.Bytes(), nil
}

type object = map[string]any

// prune returns the description with these operations only, all of which it
// must have.
func prune(description []byte, operations []string) ([]byte, error) {
	var doc object
	d := json.NewDecoder(bytes.NewReader(description))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("parse the description: %w", err)
	}
	paths, missing := pick(doc, operations)
	if len(missing) > 0 {
		return nil, fmt.Errorf("the description lacks %s", strings.Join(missing, ", "))
	}
	components, err := need(doc, paths)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err = e.Encode(object{"openapi": doc["openapi"], "info": doc["info"], "servers": doc["servers"], "paths": paths, "components": components})
	if err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	return out.Bytes(), nil
}

// pick returns the paths with the wanted operations, without prose, and which
// of these there are not.
func pick(doc object, operations []string) (paths object, missing []string) {
	paths, missing = object{}, slices.Clone(operations)
	all, _ := doc["paths"].(object)
	for path, item := range all {
		item, _ := item.(object)
		kept := object{}
		for method, operation := range item {
			operation, _ := operation.(object)
			id, _ := operation["operationId"].(string)
			if slices.Contains(operations, id) {
				kept[method] = strip(operation, "")
				missing = slices.DeleteFunc(missing, func(m string) bool { return m == id })
			}
		}
		if len(kept) == 0 {
			continue
		}
		if shared, ok := item["parameters"]; ok {
			kept["parameters"] = strip(shared, "parameters")
		}
		paths[path] = kept
	}
	return paths, missing
}

// need returns the components that v refers to, and those that these refer to.
func need(doc object, v any) (object, error) {
	components := object{}
	for left := refs(v, ""); len(left) > 0; {
		ref := left[0]
		left = left[1:]
		kind, name, ok := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		from, _ := dig(doc, "components", kind)
		what, there := from[name]
		if !ok || !there {
			return nil, fmt.Errorf("the description lacks %s", ref)
		}
		kept, _ := components[kind].(object)
		if kept == nil {
			kept = object{}
			components[kind] = kept
		}
		if _, done := kept[name]; done {
			continue
		}
		within := ""
		if kind == "responses" {
			within = response
		}
		kept[name] = strip(what, within)
		left = append(left, refs(kept[name], "")...)
	}
	return components, nil
}

func dig(v object, keys ...string) (object, bool) {
	for _, k := range keys {
		next, ok := v[k].(object)
		if !ok {
			return nil, false
		}
		v = next
	}
	return v, true
}

var (
	// prose is for people, and a validator has no use for it.
	prose = []string{"description", "summary", "externalDocs", "tags", "example", "x-github", "x-octokit", "x-github-breaking-changes"}

	// named are the objects whose keys are names somebody chose.
	named = []string{"properties", "patternProperties", "responses", "headers", "examples", "content"}

	// literal are what is data and no description.
	literal = []string{"enum", "default", "value", "required"}
)

// response is what strip says that one of the responses stands under.
const response = "responses member"

// strip returns v without prose. Within says which keyword v stands under; the
// description of a response stays, as OpenAPI requires it.
func strip(v any, within string) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = strip(e, "")
		}
		return out
	case object:
		out := object{}
		for key, e := range v {
			switch {
			case slices.Contains(named, within):
				out[key] = strip(e, within+" member")
			case slices.Contains(literal, key):
				out[key] = e
			case !slices.Contains(prose, key) || key == "description" && within == response:
				out[key] = strip(e, key)
			}
		}
		return out
	default:
		return v
	}
}

// refs returns what v, which stands under the keyword within, refers to, in
// the order of the keys.
func refs(v any, within string) []string {
	var found []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, refs(e, "")...)
		}
	case object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			ref, isRef := v[key].(string)
			switch {
			case slices.Contains(named, within):
				found = append(found, refs(v[key], "")...)
			case isRef && key == "$ref":
				found = append(found, ref)
			case !slices.Contains(literal, key):
				found = append(found, refs(v[key], key)...)
			}
		}
	}
	return found
}
