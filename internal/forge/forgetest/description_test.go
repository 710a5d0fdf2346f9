// SPDX-License-Identifier: Apache-2.0

package forgetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func description(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDescriptionHasTheOperationsOfTheList(t *testing.T) {
	list, err := os.ReadFile("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(list))
	got := slices.Sorted(maps.Keys(operations(description(t))))
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v, sorted", got, want)
	}
}

func TestDescriptionIsValid(t *testing.T) {
	err := description(t).Validate(context.Background(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		t.Error(err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", "{", "read the description"},
		{"a reference to nothing", `{"openapi":"3.0.3","paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/r"}}}}}}`, "read the description"},
	} {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(c.text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := load(b.Bytes()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	for _, data := range [][]byte{nil, packed[:20]} {
		if _, err := load(data); err == nil || !strings.Contains(err.Error(), "unpack the description") {
			t.Errorf("%d bytes: got %v", len(data), err)
		}
	}
}

func TestExampleIsACopy(t *testing.T) {
	first := Example("pulls/list-reviews").([]any)[0].(map[string]any)
	first["user"].(map[string]any)["login"] = "somebody"
	again := Example("pulls/list-reviews").([]any)[0].(map[string]any)
	if got := again["user"].(map[string]any)["login"]; got != "octocat" {
		t.Errorf("got %v", got)
	}
}

func TestExamplePanics(t *testing.T) {
	for _, operation := range []string{"pulls/merge", "actions/review-custom-gates-for-run"} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), operation) {
					t.Errorf("%s: %v", operation, r)
				}
			}()
			Example(operation)
		}()
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		method, path, operation string
		params                  map[string]string
	}{
		{"GET", "/repos/o/r", "repos/get", map[string]string{"owner": "o", "repo": "r"}},
		{"GET", "/api/v3/repos/o/r", "repos/get", map[string]string{"owner": "o", "repo": "r"}},
		{"GET", "/repos/o/r/pulls/7/reviews", "pulls/list-reviews", map[string]string{"owner": "o", "repo": "r", "pull_number": "7"}},
		{"PATCH", "/repos/o/r/issues/comments/7", "issues/update-comment", map[string]string{"owner": "o", "repo": "r", "comment_id": "7"}},
		{"GET", "/repos/o/r/issues/7/comments", "issues/list-comments", map[string]string{"owner": "o", "repo": "r", "issue_number": "7"}},
		{"GET", "/repos/o/r/contents/.github/CODEOWNERS", "repos/get-content", map[string]string{"owner": "o", "repo": "r", "path": ".github/CODEOWNERS"}},
		{"GET", "/repos/o/r/branches/release%2F1/protection", "repos/get-branch-protection", map[string]string{"owner": "o", "repo": "r", "branch": "release/1"}},
		{"GET", "/repos/o/r/environments/a%20b", "repos/get-environment", map[string]string{"owner": "o", "repo": "r", "environment_name": "a b"}},
		{"GET", "/repos/o/r/branches/release/1/protection", "repos/get-branch", map[string]string{"owner": "o", "repo": "r", "branch": "release/1/protection"}},

		{"GET", "/repos/o/r/contents", "", nil},
		{"GET", "/repos/o/r/contents/", "", nil},
		{"GET", "/repos/o/r/", "", nil},
		{"GET", "/repos//r", "", nil},
		{"GET", "/repos/o", "", nil},
		{"GET", "/", "", nil},
		{"HEAD", "/repos/o/r", "", nil},
		{"DELETE", "/repos/o/r", "", nil},
		{"GET", "/Repos/o/r", "", nil},
	} {
		route, params, err := find(description(t), httptest.NewRequest(c.method, c.path, nil))
		switch {
		case c.operation == "" && err == nil:
			t.Errorf("%s %s is %s", c.method, c.path, route.Operation.OperationID)
		case c.operation != "" && err != nil:
			t.Errorf("%s %s: %v", c.method, c.path, err)
		case c.operation != "" && (route.Operation.OperationID != c.operation || !maps.Equal(params, c.params)):
			t.Errorf("%s %s is %s %v", c.method, c.path, route.Operation.OperationID, params)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, path := range []string{"/repos/o/r", "/repos/o/r/contents/a/b", "/api/v3/repos/o/r", "/repos/o/r/branches/a%2Fb/protection", "/%", "//", ""} {
		f.Add(path)
	}
	doc, err := described()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		route, params, err := find(doc, &http.Request{Method: "GET", URL: &url.URL{Path: path}})
		if err != nil {
			return
		}
		for name, value := range params {
			if value == "" || !strings.Contains(route.Path, "{"+name+"}") {
				t.Errorf("%q: %s has the parameter %s=%q", path, route.Operation.OperationID, name, value)
			}
		}
	})
}

// No binary links this package, nor what it reads descriptions with.
func TestOnlyTestsImportThis(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Deps", "../../../cmd/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); n++ {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "github.com/getkin/") || strings.HasSuffix(dep, "/internal/forge/forgetest") {
				t.Errorf("%s links %s", p.ImportPath, dep)
			}
		}
	}
	if n == 0 {
		t.Error("found no binary")
	}
}
