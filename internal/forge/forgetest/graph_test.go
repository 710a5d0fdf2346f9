// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// told is a question and an answer about two texts, of which one is not shown.
const (
	asked = `query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Comment { author { __typename login ... on User { databaseId } } lastEditedAt includesCreatedEdit } ... on IssueComment { number: fullDatabaseId } } }`
	told  = `{"data":{"nodes":[{"__typename":"IssueComment","id":"IC_1","author":{"__typename":"User","login":"ana","databaseId":1},"lastEditedAt":null,"includesCreatedEdit":false,"number":"5"},null]},` +
		`"errors":[{"type":"NOT_FOUND","path":["nodes",1],"message":"Could not resolve"}]}`
)

// body is a question about texts.
func body(query string, variables map[string]any) string {
	text, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err)
	}
	return string(text)
}

var twoTexts = map[string]any{"ids": []string{"IC_1", "IC_2"}}

func changed(old, to string) string {
	if strings.Count(told, old) != 1 {
		panic(old)
	}
	return strings.Replace(told, old, to, 1)
}

// TestTheSchema lists what GitHub says about who changed a text.
func TestTheSchema(t *testing.T) {
	s, err := graph()
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"Query.nodes": "[Node]!", "Comment.author": "Actor", "Comment.editor": "Actor", "Comment.lastEditedAt": "DateTime", "Comment.includesCreatedEdit": "Boolean!",
		"IssueComment.fullDatabaseId": "BigInt", "PullRequestReview.fullDatabaseId": "BigInt", "User.databaseId": "Int", "Query.viewer": "User!",
	} {
		of, name, _ := strings.Cut(field, ".")
		if got := s.Types[of].Fields.ForName(name).Type.String(); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	if s.Mutation != nil {
		t.Error("something can be changed")
	}
}

// TestQuestions says what may be asked, and where.
func TestQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		target, body string
		header       http.Header
		want         string
	}{
		"two texts":                {"/graphql", body(asked, twoTexts), nil, ""},
		"at an Enterprise Server":  {"/api/graphql", body(asked, twoTexts), nil, ""},
		"with more in the address": {"/graphql?a=b", body(asked, twoTexts), nil, "has a query"},
		"no JSON":                  {"/graphql", body(asked, twoTexts), http.Header{"Content-Type": {"text/plain"}}, `Content-Type is "text/plain"`},
		"broken":                   {"/graphql", `{`, nil, "unexpected EOF"},
		"two questions":            {"/graphql", body(asked, twoTexts) + "{}", nil, "more than one document"},
		"something else beside":    {"/graphql", `{"query":"{viewer{login}}","token":"x"}`, nil, "unknown field"},
		"no query":                 {"/graphql", `{}`, nil, "no operation"},
		"not a query":              {"/graphql", body(`{ nodes(`, nil), nil, "query: "},
		"a change":                 {"/graphql", body(`mutation { deleteIssueComment(input: {id: "IC_1"}) { clientMutationId } }`, nil), nil, "query: "},
		"a field that is not":      {"/graphql", body(`{ viewer { password } }`, nil), nil, `Cannot query field "password"`},
		"of another type":          {"/graphql", body(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Cat { id } } }`, twoTexts), nil, "Cat"},
		"nothing of an object":     {"/graphql", body(`{ viewer }`, nil), nil, "viewer"},
		"without its argument":     {"/graphql", body(`{ nodes { id } }`, nil), nil, "ids"},
		"without its variable":     {"/graphql", body(asked, nil), nil, "ids must be defined"},
		"with a null in it":        {"/graphql", body(asked, map[string]any{"ids": []any{nil}}), nil, "variables: "},
		"with another variable":    {"/graphql", body(asked, map[string]any{"ids": []string{"a", "b"}, "more": 1}), nil, "knows no $more"},
		"of two operations":        {"/graphql", body(`query A { viewer { login } } query B { viewer { id } }`, nil), nil, "no operation"},
	} {
		wrong := strings.Join(passes("POST", c.target, c.body, c.header, says(200, jsonType, []byte(told))), "\n")
		if (c.want == "") != (wrong == "") || !strings.Contains(wrong, c.want) {
			t.Errorf("%s: %s, want %q", name, wrong, c.want)
		}
	}
	if wrong := passes("GET", "/graphql", "", nil, says(200, jsonType, []byte(told))); len(wrong) == 0 || !strings.Contains(strings.Join(wrong, "\n"), "come by POST") {
		t.Error(wrong)
	}
}

// TestAnswersInGraphQL says what GitHub can't have answered.
func TestAnswersInGraphQL(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want string
	}{
		"as it is":                    {told, ""},
		"errors alone":                {`{"errors":[{"message":"no"}]}`, ""},
		"errors and null":             {`{"data":null,"errors":[{"message":"no"}]}`, ""},
		"null":                        {`{"data":null}`, "neither data nor errors"},
		"no errors in the list":       {`{"data":null,"errors":[]}`, "/errors"},
		"an error without a word":     {`{"errors":[{"type":"NOT_FOUND"}]}`, "/errors"},
		"something beside":            {`{"data":null,"errors":[{"message":"no"}],"x":1}`, "unknown field"},
		"no JSON":                     {`Unicorn!`, "body: "},
		"a field that is missing":     {changed(`"id":"IC_1",`, ``), "/data/nodes/0/id: it was asked for"},
		"one that nobody asked for":   {changed(`"id":"IC_1",`, `"id":"IC_1","body":"x",`), "/data/nodes/0/body: nobody asked"},
		"by its own name":             {changed(`"number"`, `"fullDatabaseId"`), "/data/nodes/0/fullDatabaseId: nobody asked"},
		"null where it can't be":      {changed(`false`, `null`), "includesCreatedEdit: null, and its type is Boolean!"},
		"a word that is no truth":     {changed(`false`, `"no"`), "no is no Boolean"},
		"a number as a number":        {changed(`"5"`, `5`), "5 is no BigInt"},
		"a number that is none":       {changed(`"5"`, `"five"`), "five is no BigInt"},
		"too great a number":          {changed(`"databaseId":1`, `"databaseId":2147483648`), "is no Int"},
		"a fraction":                  {changed(`"databaseId":1`, `"databaseId":1.5`), "is no Int"},
		"a time":                      {changed(`"lastEditedAt":null`, `"lastEditedAt":"2026-03-02T08:00:00Z"`), ""},
		"a day":                       {changed(`"lastEditedAt":null`, `"lastEditedAt":"2026-03-02"`), "is no DateTime"},
		"a time of somewhere":         {changed(`"lastEditedAt":null`, `"lastEditedAt":"2026-03-02T08:00:00+01:00"`), "is no DateTime"},
		"no author":                   {changed(`{"__typename":"User","login":"ana","databaseId":1}`, `null`), ""},
		"an author in a word":         {changed(`{"__typename":"User","login":"ana","databaseId":1}`, `"ana"`), "no object"},
		"a bot has no such field":     {changed(`"__typename":"User"`, `"__typename":"Bot"`), "databaseId: nobody asked"},
		"a bot":                       {changed(`"__typename":"User","login":"ana","databaseId":1`, `"__typename":"Bot","login":"ana"`), ""},
		"an author that is a text":    {changed(`"__typename":"User"`, `"__typename":"IssueComment"`), "which is no Actor"},
		"an author of what type":      {changed(`"__typename":"User"`, `"__typename":"Actor"`), "which is no Actor"},
		"what type it is":             {changed(`"__typename":"IssueComment",`, ``), "a question has to ask for it"},
		"one where there are many":    {`{"data":{"nodes":{}}}`, "no list"},
		"a review has no alias of it": {changed(`"__typename":"IssueComment"`, `"__typename":"PullRequestReview"`), "number: nobody asked"},
	} {
		wrong := strings.Join(passes("POST", "/graphql", body(asked, twoTexts), nil, says(200, jsonType, []byte(c.body))), "\n")
		if (c.want == "") != (wrong == "") || !strings.Contains(wrong, c.want) {
			t.Errorf("%s: %s, want %q", name, wrong, c.want)
		}
	}
	for status, ok := range map[int]bool{401: true, 403: true, 502: true, 201: false, 304: false, 418: false} {
		if wrong := passes("POST", "/graphql", body(asked, twoTexts), nil, says(status, jsonType, []byte(`{"message":"no"}`))); (len(wrong) == 0) != ok {
			t.Errorf("%d: %s", status, wrong)
		}
	}
	tagged := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"a"`)
		says(200, jsonType, []byte(told))(w, nil)
	})
	for _, h := range []http.Handler{tagged, says(200, "text/html", []byte(told))} {
		if wrong := passes("POST", "/graphql", body(asked, twoTexts), nil, h); len(wrong) == 0 {
			t.Error("an ETag, or a page for people")
		}
	}
}

// TestAnswer: what roots say is answered as it was asked for.
func TestAnswer(t *testing.T) {
	ana := map[string]any{"__typename": "User", "id": "U_1", "login": "ana", "databaseId": 1}
	text := map[string]any{
		"__typename": "IssueComment", "id": "IC_1", "fullDatabaseId": "5", "author": ana, "editor": nil, "lastEditedAt": nil, "includesCreatedEdit": false,
	}
	roots := map[string]Root{
		"viewer": func(map[string]any) any { return ana },
		"nodes": func(arguments map[string]any) any {
			ids := arguments["ids"].([]any)
			if len(ids) > 2 {
				return Missing{"ARGUMENT_LIMIT", "too many"}
			}
			return []any{text, Missing{"NOT_FOUND", "Could not resolve"}}[:len(ids)]
		},
	}
	for name, c := range map[string]struct{ body, want string }{
		"two texts": {body(asked, twoTexts), `{"data":{"nodes":[{"__typename":"IssueComment","author":{"__typename":"User","databaseId":1,"login":"ana"},"id":"IC_1","includesCreatedEdit":false,"lastEditedAt":null,"number":"5"},null]},` +
			`"errors":[{"type":"NOT_FOUND","path":["nodes",1],"locations":[{"column":1,"line":1}],"message":"Could not resolve"}]}`},
		"too many": {body(asked, map[string]any{"ids": []string{"a", "b", "c"}}), `{"data":null,"errors":[{"type":"ARGUMENT_LIMIT","path":["nodes"],"locations":[{"column":1,"line":1}],"message":"too many"}]}`},
		"twice, by a fragment and by other names": {body(`query { me: viewer { ...Who } viewer { ...Who id } } fragment Who on Actor { who: login }`, nil),
			`{"data":{"me":{"who":"ana"},"viewer":{"id":"U_1","who":"ana"}}}`},
		"no sense": {body(`{ sesquipedalian }`, nil), `{"errors":[{"locations":[{"column":1,"line":1}],"extensions":{"code":"undefinedField"},"message":"query: Cannot query field \"sesquipedalian\" on type \"Query\"."}]}`},
	} {
		if got := string(Answer([]byte(c.body), roots)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	for name, v := range map[string]any{
		"nothing of a field": map[string]any{"__typename": "User", "id": "U_1"},
		"another type":       map[string]any{"__typename": "User", "login": 5},
		"nobody":             nil,
	} {
		panics(t, name, func() {
			Answer([]byte(`{"query":"{viewer{login}}"}`), map[string]Root{"viewer": func(map[string]any) any { return v }})
		})
	}
	panics(t, "nothing answers", func() { Answer([]byte(`{"query":"{viewer{login}}"}`), nil) })
}

func panics(t *testing.T, name string, do func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: answered", name)
		}
	}()
	do()
}

// TestQuestionsAreLogged, and faults answer them too.
func TestQuestionsAreLogged(t *testing.T) {
	v := Validate(&witness{}, says(200, jsonType, []byte(told)))
	v.Fault(Fault{Operation: GraphQL, Skip: 1, Status: 502})
	for range 2 {
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(body(asked, twoTexts)))
		r.Header.Set("Content-Type", "application/json")
		v.ServeHTTP(httptest.NewRecorder(), r)
	}
	calls := v.Calls(GraphQL)
	if len(calls) != 2 || calls[0].Status != 200 || calls[0].Faulted || calls[1].Status != 502 || !calls[1].Faulted || string(calls[0].Body) != body(asked, twoTexts) {
		t.Errorf("%+v", calls)
	}
}
