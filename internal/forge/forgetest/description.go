// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the description
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// packed is GitHub's description, cut down by prune. See testdata/README.md.
//
//go:embed testdata/github.json.gz
var packed []byte

// enterprise is what the paths of a GitHub Enterprise Server begin with.
const enterprise = "/api/v3"

// errNotDescribed is what a request gets that GitHub has no operation for.
var errNotDescribed = errors.New("GitHub's description has no such operation, or ours was cut too short: see testdata/operations.txt")

// described is GitHub's description, read once a process.
var described = sync.OnceValues(func() (*openapi3.T, error) { return load(packed) })

// load reads a gzipped description.
func load(packed []byte) (*openapi3.T, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the description: %w", err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack the description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	for _, o := range operations(doc) {
		for _, answer := range o.Operation.Responses.Map() {
			for _, m := range answer.Value.Content {
				// A folder's content is a list, and a list has no discriminator.
				if m.Schema != nil && m.Schema.Value.Discriminator != nil {
					m.Schema.Value.Discriminator = nil
				}
			}
		}
	}
	return doc, nil
}

// operations returns every operation of doc, by its operationId.
func operations(doc *openapi3.T) map[string]*routers.Route {
	all := map[string]*routers.Route{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			all[operation.OperationID] = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: operation}
		}
	}
	return all
}

// Example returns a copy of the example that GitHub publishes of what an
// operation answers when all is well; of several, the first by name. It is what
// json.Unmarshal makes of it. Some are not whole: see TestGitHubsExamples.
// It panics if there is none, as only a test can ask for the wrong one.
func Example(operation string) any {
	doc, err := described()
	if err != nil {
		panic(err)
	}
	route := operations(doc)[operation]
	if route == nil {
		panic("forgetest: no operation " + operation)
	}
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		answer := route.Operation.Responses.Status(status)
		if answer == nil || answer.Value.Content["application/json"] == nil {
			continue
		}
		examples := answer.Value.Content["application/json"].Examples
		if names := slices.Sorted(maps.Keys(examples)); len(names) > 0 {
			return clone(examples[names[0]].Value.Value)
		}
	}
	panic("forgetest: no example of " + operation)
}

// Like returns the example that GitHub publishes of what an operation answers,
// of a list its first entry, with our fields in the place of its own. So what
// we have no word on is there too, as it is at GitHub. Objects are merged, lists
// replaced.
func Like(operation string, ours map[string]any) map[string]any {
	v := Example(operation)
	if list, ok := v.([]any); ok {
		v = list[0]
	}
	whole := v.(map[string]any)
	merge(whole, ours)
	return whole
}

// merge puts the fields of ours into whole.
func merge(whole, ours map[string]any) {
	for k, v := range ours {
		a, isObject := whole[k].(map[string]any)
		b, areObjects := v.(map[string]any)
		if isObject && areObjects {
			merge(a, b)
			continue
		}
		whole[k] = v
	}
}

func clone(v any) (made any) {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &made)
	}
	if err != nil {
		panic(err) // it came from JSON
	}
	return made
}

// find returns the operation that r asks for and the parameters in its path,
// or errNotDescribed.
func find(doc *openapi3.T, r *http.Request) (*routers.Route, map[string]string, error) {
	asked, err := segments(strings.TrimPrefix(r.URL.EscapedPath(), enterprise))
	if err != nil {
		return nil, nil, err
	}
	var (
		best     *routers.Route
		params   map[string]string
		literals int
	)
	for _, route := range operations(doc) {
		if route.Method != r.Method {
			continue
		}
		found, n, ok := match(route, asked)
		if ok && (best == nil || n > literals) {
			best, params, literals = route, found, n
		}
	}
	if best == nil {
		return nil, nil, errNotDescribed
	}
	return best, params, nil
}

// segments splits an escaped path, so that an escaped slash divides nothing.
func segments(path string) ([]string, error) {
	all := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range all {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return nil, fmt.Errorf("unescape the path: %w", err)
		}
		all[i] = plain
	}
	return all, nil
}

// match returns the parameters that the path of the route finds in asked, and
// how many segments are literally the same.
func match(route *routers.Route, asked []string) (params map[string]string, literals int, ok bool) {
	params = map[string]string{}
	want := strings.Split(strings.TrimPrefix(route.Path, "/"), "/")
	for i, w := range want {
		if i >= len(asked) || asked[i] == "" {
			return nil, 0, false
		}
		name, variable := strings.CutPrefix(w, "{")
		name = strings.TrimSuffix(name, "}")
		switch {
		case !variable && w != asked[i]:
			return nil, 0, false
		case !variable:
			literals++
		case i == len(want)-1 && multi(route, name):
			params[name] = strings.Join(asked[i:], "/")
			return params, literals, true
		default:
			params[name] = asked[i]
		}
	}
	return params, literals, len(asked) == len(want)
}

// multi reports whether the parameter takes the rest of the path.
func multi(route *routers.Route, name string) bool {
	p := route.Operation.Parameters.GetByInAndName(openapi3.ParameterInPath, name)
	return p != nil && p.Extensions["x-multi-segment"] == true
}
