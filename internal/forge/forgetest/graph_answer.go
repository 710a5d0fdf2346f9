// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// A Root answers a field of Query, by its arguments: with what JSON has, where
// objects are a map[string]any that has its type as __typename and every field
// that the type has in our schema, and a Missing is what could not be answered.
type Root func(arguments map[string]any) any

// Missing is what GitHub says in the place of something that is null: NOT_FOUND,
// and why.
type Missing struct{ Type, Message string }

// Answer answers the body of a question in GraphQL by roots, as GitHub does: also
// what it makes no sense of is answered, by errors alone. It panics where roots
// answer what the schema does not have, since only a fake of GitHub can be wrong
// there.
func Answer(body []byte, roots map[string]Root) []byte {
	q, wrong := readQuestion(body)
	if len(wrong) > 0 {
		var list []graphError
		for _, line := range wrong {
			list = append(list, graphError{Message: line, Locations: []map[string]int{{"line": 1, "column": 1}}, Extensions: map[string]any{"code": "undefinedField"}})
		}
		return marshal(map[string]any{"errors": list})
	}
	e := &execution{question: q}
	data := map[string]any{}
	for _, s := range q.slots(q.op.SelectionSet, q.schema.Query.Name) {
		f := s.fields[0]
		root := roots[f.Name]
		if root == nil {
			panic("forgetest: nothing answers Query." + f.Name)
		}
		v := root(f.ArgumentMap(q.vars))
		data[s.name] = e.whole(v, s.below(), []any{s.name})
		if _, missing := v.(Missing); missing && f.Definition.Type.NonNull {
			return marshal(map[string]any{"data": nil, "errors": e.errors})
		}
	}
	out := map[string]any{"data": data}
	if len(e.errors) > 0 {
		out["errors"] = e.errors
	}
	answer := marshal(out)
	if wrong := q.check(answer); len(wrong) > 0 {
		panic("forgetest: " + strings.Join(wrong, "; "))
	}
	return answer
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of what a fake answers
	}
	return data
}

// An execution is one answer in the making.
type execution struct {
	*question
	errors []graphError
}

// whole is what is shown of a value: what was asked for.
func (e *execution) whole(v any, set ast.SelectionSet, path []any) any {
	switch v := v.(type) {
	case Missing:
		e.errors = append(e.errors, graphError{Type: v.Type, Path: path, Locations: []map[string]int{{"line": 1, "column": 1}}, Message: v.Message})
		return nil
	case []any:
		list := []any{}
		for i, one := range v {
			list = append(list, e.whole(one, set, append(path[:len(path):len(path)], i)))
		}
		return list
	case map[string]any:
		of, _ := v["__typename"].(string)
		shown := map[string]any{}
		for _, s := range e.slots(set, of) {
			one, ok := v[s.fields[0].Name]
			if !ok {
				panic(fmt.Sprintf("forgetest: nothing says what %s.%s is", of, s.fields[0].Name))
			}
			shown[s.name] = e.whole(one, s.below(), append(path[:len(path):len(path)], s.name))
		}
		return shown
	}
	return v
}
