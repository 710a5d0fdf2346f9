// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// GraphQL is what Call.Operation says of a question in GraphQL. GitHub has it at
// /graphql, an Enterprise Server at /api/graphql.
const GraphQL = "graphql"

// graphText is GitHub's GraphQL schema, cut down by prune. See
// testdata/README.md.
//
//go:embed testdata/github.graphql
var graphText string

// graph is GitHub's schema, read once a process.
var graph = sync.OnceValues(func() (*ast.Schema, error) {
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "github.graphql", Input: graphText})
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	return s, nil
})

func isGraph(r *http.Request) bool {
	return r.URL.Path == "/graphql" || r.URL.Path == "/api/graphql"
}

// A question is a query that the schema allows, with its variables.
type question struct {
	schema *ast.Schema
	op     *ast.OperationDefinition
	vars   map[string]any
}

// readQuestion reads the body of a request, or says all that is wrong with it.
func readQuestion(body []byte) (*question, []string) {
	schema, err := graph()
	if err != nil {
		return nil, []string{err.Error()}
	}
	var in struct {
		Query         string         `json:"query"`
		Variables     map[string]any `json:"variables"`
		OperationName string         `json:"operationName"`
	}
	if err := decode(body, &in, true); err != nil {
		return nil, []string{"body: " + err.Error()}
	}
	doc, bad := gqlparser.LoadQueryWithRules(schema, in.Query, rules.NewDefaultRules())
	var wrong []string
	for _, e := range bad {
		wrong = append(wrong, "query: "+e.Message)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	op := doc.Operations.ForName(in.OperationName)
	if op == nil {
		return nil, []string{fmt.Sprintf("query: it has no operation %q", in.OperationName)}
	}
	for name := range in.Variables {
		if op.VariableDefinitions.ForName(name) == nil {
			wrong = append(wrong, "variables: the query knows no $"+name)
		}
	}
	vars, err := validator.VariableValues(schema, op, in.Variables)
	if err != nil {
		wrong = append(wrong, "variables: "+err.Error())
	}
	return &question{schema, op, vars}, wrong
}

// decode reads one JSON document, and the numbers in it as they are written.
func decode(data []byte, v any, closed bool) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if closed {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one document")
	}
	return nil
}

// serveGraph is ServeHTTP of questions in GraphQL.
func (v *Validator) serveGraph(w http.ResponseWriter, r *http.Request, log *Call) {
	v.t.Helper()
	log.Operation = GraphQL
	say := func(part string, wrong []string) {
		v.t.Helper()
		for _, line := range wrong {
			v.t.Errorf("forgetest: graphql: %s %s: %s: %s", r.Method, r.URL.RequestURI(), part, line)
		}
	}
	q, wrong := readQuestion(log.Body)
	say("request", append(wrong, graphHeader(r)...))
	if v.faulted(w, r, log) {
		return
	}
	a := record(v.handler, r)
	log.Status = a.status
	if q != nil {
		say(fmt.Sprintf("answer %d", a.status), q.checkAnswer(a))
	}
	send(w, a)
}

// graphHeader says what is wrong with a request beside its body.
func graphHeader(r *http.Request) []string {
	var wrong []string
	if r.Method != http.MethodPost {
		wrong = append(wrong, "questions come by POST")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		wrong = append(wrong, fmt.Sprintf("Content-Type is %q", r.Header.Get("Content-Type")))
	}
	if r.URL.RawQuery != "" {
		wrong = append(wrong, "the address has a query")
	}
	return wrong
}

// checkAnswer returns all that is wrong with an answer. What is no success has
// no form of GraphQL's.
func (q *question) checkAnswer(a answer) []string {
	if a.status != http.StatusOK {
		if slices.Contains(everywhere, a.status) {
			return nil
		}
		return []string{"no such status is GraphQL's"}
	}
	if wrong := checkJSONType(a); wrong != nil {
		return wrong
	}
	if a.header.Get("ETag") != "" {
		return []string{"GitHub gives such an answer no ETag"}
	}
	return q.check(a.body)
}

// A graphError is an entry of an answer's list of errors, as GitHub has it.
type graphError struct {
	Type       string           `json:"type,omitempty"`
	Path       []any            `json:"path,omitempty"`
	Locations  []map[string]int `json:"locations,omitempty"`
	Extensions map[string]any   `json:"extensions,omitempty"`
	Message    string           `json:"message"`
}

// check holds an answer to the schema and the question.
func (q *question) check(body []byte) []string {
	var out struct {
		Data       map[string]any `json:"data"`
		Errors     *[]graphError  `json:"errors"`
		Extensions map[string]any `json:"extensions"`
	}
	if err := decode(body, &out, true); err != nil {
		return []string{"body: " + err.Error()}
	}
	if out.Errors != nil && (len(*out.Errors) == 0 || slices.ContainsFunc(*out.Errors, func(e graphError) bool { return e.Message == "" })) {
		return []string{"/errors: a list that has any, each with its message"}
	}
	if out.Data == nil {
		if out.Errors == nil {
			return []string{"neither data nor errors"}
		}
		return nil
	}
	return q.object(q.schema.Query, out.Data, q.op.SelectionSet, "/data")
}

// A slot is a name in an answer, and the fields of the question that ask for it.
type slot struct {
	name   string
	fields []*ast.Field
}

// below is what is asked of what stands in the slot.
func (s slot) below() ast.SelectionSet {
	var all ast.SelectionSet
	for _, f := range s.fields {
		all = append(all, f.SelectionSet...)
	}
	return all
}

// slots are what a selection asks of an object of a type.
func (q *question) slots(set ast.SelectionSet, of string) []slot {
	var list []slot
	for _, s := range set {
		var more []slot
		switch s := s.(type) {
		case *ast.Field:
			more = []slot{{s.Alias, []*ast.Field{s}}}
		case *ast.InlineFragment:
			if q.is(of, s.TypeCondition) {
				more = q.slots(s.SelectionSet, of)
			}
		case *ast.FragmentSpread:
			if q.is(of, s.Definition.TypeCondition) {
				more = q.slots(s.Definition.SelectionSet, of)
			}
		}
		for _, m := range more {
			if i := slices.IndexFunc(list, func(o slot) bool { return o.name == m.name }); i >= 0 {
				list[i].fields = append(list[i].fields, m.fields...)
				continue
			}
			list = append(list, m)
		}
	}
	return list
}

// is reports whether what is of a type is of another one too.
func (q *question) is(of, condition string) bool {
	return condition == "" || of == condition || slices.ContainsFunc(q.schema.PossibleTypes[condition], func(d *ast.Definition) bool { return d.Name == of })
}

// object holds an object to its type: it has what was asked for, and nothing
// else. What type it is of its __typename has to say, where there are several.
func (q *question) object(def *ast.Definition, v map[string]any, set ast.SelectionSet, at string) []string {
	name := def.Name
	if def.IsAbstractType() {
		told, _ := v["__typename"].(string)
		if name = told; !q.is(told, def.Name) || told == def.Name {
			return []string{fmt.Sprintf("%s: __typename is %q, which is no %s; a question has to ask for it", at, told, def.Name)}
		}
	}
	var wrong []string
	slots := q.slots(set, name)
	for key := range v {
		if !slices.ContainsFunc(slots, func(s slot) bool { return s.name == key }) {
			wrong = append(wrong, at+"/"+key+": nobody asked for it")
		}
	}
	for _, s := range slots {
		below := at + "/" + s.name
		one, ok := v[s.name]
		switch {
		case !ok:
			wrong = append(wrong, below+": it was asked for, and is not there")
		case s.fields[0].Name == "__typename":
			if one != name {
				wrong = append(wrong, fmt.Sprintf("%s: %v, and it is of type %s", below, one, name))
			}
		default:
			wrong = append(wrong, q.value(s.fields[0].Definition.Type, one, s.below(), below)...)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// value holds a value to its type.
func (q *question) value(t *ast.Type, v any, set ast.SelectionSet, at string) []string {
	if v == nil {
		if t.NonNull {
			return []string{at + ": null, and its type is " + t.String()}
		}
		return nil
	}
	if t.Elem != nil {
		list, ok := v.([]any)
		if !ok {
			return []string{at + ": no list, and its type is " + t.String()}
		}
		var wrong []string
		for i, one := range list {
			wrong = append(wrong, q.value(t.Elem, one, set, at+"/"+strconv.Itoa(i))...)
		}
		return wrong
	}
	def := q.schema.Types[t.NamedType]
	if !def.IsCompositeType() {
		if !isLeaf(def, v) {
			return []string{fmt.Sprintf("%s: %v is no %s", at, v, def.Name)}
		}
		return nil
	}
	o, ok := v.(map[string]any)
	if !ok {
		return []string{at + ": no object, and its type is " + t.String()}
	}
	return q.object(def, o, set, at)
}

// isLeaf reports whether v is one of a scalar or an enum. A scalar that it does
// not know has no values.
func isLeaf(def *ast.Definition, v any) bool {
	text, isText := v.(string)
	number, _ := v.(json.Number)
	if def.Kind == ast.Enum {
		return slices.ContainsFunc(def.EnumValues, func(e *ast.EnumValueDefinition) bool { return isText && e.Name == text })
	}
	switch def.Name {
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Int":
		_, err := strconv.ParseInt(string(number), 10, 32)
		return err == nil
	case "BigInt": // "it's encoded as a string"
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	case "DateTime":
		_, err := time.Parse(time.RFC3339, text)
		return err == nil && strings.HasSuffix(text, "Z")
	case "ID", "String":
		return isText
	}
	return false
}
