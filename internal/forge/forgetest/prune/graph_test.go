// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const wholeGraph = `
directive @preview(toggledBy: String!) on FIELD_DEFINITION | OBJECT
"""prose"""
type Query {
  """prose"""
  node("prose" id: ID!): Node @preview(toggledBy: "x")
  cats(by: Filter = {lives: NINE}, first: Int): [Cat!]!
  secret: Secret
}
"prose"
interface Node { id: ID! }
interface Named { name: String! nick: String }
type Secret { id: ID! }
type Cat implements Named & Node & Other {
  born: Date @deprecated(reason: "a cat does not say")
  id: ID!
  lives: Lives!
  name: String!
  nick: String
  owner: Person
}
interface Other { id: ID! }
type Person implements Named { name: String! nick: String }
enum Lives { "prose" ONE NINE }
input Filter { lives: Lives! since: Date and: [Filter!] }
scalar Date @preview(toggledBy: "x")
scalar Unused
`

const partGraph = `type Query {
  node(id: ID!): Node
  cats(by: Filter = {lives:NINE}, first: Int): [Cat!]!
}
interface Node {
  id: ID!
}
interface Named {
  name: String!
}
type Cat implements Named & Node {
  born: Date @deprecated(reason: "a cat does not say")
  id: ID!
  name: String!
}
enum Lives {
  ONE
  NINE
}
input Filter {
  lives: Lives!
  since: Date
  and: [Filter!]
}
scalar Date
`

var graphFields = []string{"Query.node", "Query.cats", "Node.id", "Named.name", "Cat.born"}

func TestPruneGraph(t *testing.T) {
	got, err := pruneGraph([]byte(wholeGraph), graphFields)
	if err != nil || string(got) != partGraph {
		t.Fatalf("%v\n%s", err, got)
	}
	if again, err := pruneGraph(got, graphFields); err != nil || string(again) != partGraph {
		t.Errorf("pruned again: %v\n%s", err, again)
	}
}

func TestPruneGraphRefuses(t *testing.T) {
	for _, c := range []struct{ name, schema, field, want string }{
		{"no schema", "type {", "Query.node", "parse the schema"},
		{"a type that is not there", wholeGraph, "Dog.name", "the schema lacks Dog.name"},
		{"a field that is not there", wholeGraph, "Cat.bark", "the schema lacks Cat.bark"},
		{"no field", wholeGraph, "Cat", "the schema lacks Cat"},
		{"an object that nothing is wanted of", wholeGraph, "Cat.owner", "no field of Person is wanted"},
		{"a type that nobody has", strings.Replace(wholeGraph, "scalar Date", "scalar Day", 1), "Cat.born", "no field of Date is wanted"},
	} {
		if _, err := pruneGraph([]byte(c.schema), []string{c.field}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestRunPrunesASchema(t *testing.T) {
	dir := t.TempDir()
	fields, schema, out := filepath.Join(dir, "fields.txt"), filepath.Join(dir, "schema.graphql"), filepath.Join(dir, "out")
	for file, text := range map[string]string{fields: strings.Join(graphFields, "\n"), schema: wholeGraph} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{fields, schema, out}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != partGraph {
		t.Errorf("%v\n%s", err, got)
	}
}
