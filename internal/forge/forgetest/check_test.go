// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func schema(t *testing.T, text string) *openapi3.Schema {
	t.Helper()
	var s openapi3.SchemaRef
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s.Value
}

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestStrangers(t *testing.T) {
	for _, c := range []struct {
		name, schema, value string
		want                []string
	}{
		{"all known", `{"properties":{"a":{},"b":{}}}`, `{"a":1,"b":{}}`, nil},
		{"one not", `{"properties":{"a":{}}}`, `{"a":1,"b":2,"c":3}`, []string{"/b", "/c"}},
		{"nothing said about fields", `{"type":"object"}`, `{"a":{"b":1}}`, nil},
		{"more is welcome", `{"properties":{"a":{}},"additionalProperties":true}`, `{"b":{"c":1}}`, nil},
		{"more is not", `{"properties":{"a":{}},"additionalProperties":false}`, `{"b":1}`, []string{"/b"}},
		{"more of one kind", `{"additionalProperties":{"properties":{"a":{}}}}`, `{"x":{"a":1},"y":{"b":1}}`, []string{"/y/b"}},
		{"in a list", `{"items":{"properties":{"a":{}}}}`, `[{"a":1},{"b":1}]`, []string{"/1/b"}},
		{"in a part of allOf", `{"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}`, `{"a":1,"b":1,"c":1}`, []string{"/c"}},
		{"in an alternative", `{"anyOf":[{"properties":{"a":{"properties":{"x":{}}}}},{"properties":{"a":{"properties":{"y":{}}}}}]}`, `{"a":{"x":1,"y":1,"z":1}}`, []string{"/a/z"}},
		{"beside an alternative", `{"properties":{"a":{}},"oneOf":[{"properties":{"b":{}}}]}`, `{"a":1,"b":1,"c":1}`, []string{"/c"}},
		{"no object", `{"properties":{"a":{}}}`, `7`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strangers([]*openapi3.Schema{schema(t, c.schema)}, value(t, c.value), "")
			for i := range c.want {
				c.want[i] += ": no such field is described"
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSayTellsWhyNothingFits(t *testing.T) {
	for _, c := range []struct {
		name, schema, value string
		want                []string
	}{
		{"a field", `{"type":"object","properties":{"a":{"type":"string"}}}`, `{"a":1}`, []string{"/a: value must be a string"}},
		{"two faults", `{"type":"object","required":["a","b"]}`, `{}`, []string{`/a: property "a" is missing`, `/b: property "b" is missing`}},
		{
			"the nearest of anyOf", `{"anyOf":[{"type":"object","required":["a","b"]},{"type":"object","required":["c"]}]}`, `{}`,
			[]string{`/: doesn't match any schema from "anyOf" (/c: property "c" is missing)`},
		},
		{
			"the nearest of oneOf", `{"oneOf":[{"type":"object","required":["a","b"]},{"type":"object","required":["c"]}]}`, `{}`,
			[]string{`/: value doesn't match any schema from "oneOf" (/c: property "c" is missing)`},
		},
		{
			"all of allOf", `{"allOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]}`, `{}`,
			[]string{`/: doesn't match all schemas from "allOf" (/a: property "a" is missing; /b: property "b" is missing)`},
		},
		{"more than one", `{"oneOf":[{"type":"object"},{"type":"object"}]}`, `{}`, []string{`/: value matches more than one schema from "oneOf" (matches schemas at indices [0 1])`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := schema(t, c.schema).VisitJSON(value(t, c.value), openapi3.MultiErrors())
			if err == nil {
				t.Fatal("no error")
			}
			if got := say(err); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
