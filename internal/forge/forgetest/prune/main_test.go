// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const whole = `{
"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "servers": [{"url": "https://api.example"}],
"tags": [{"name": "none of ours"}], "x-webhooks": {"w": {"$ref": "#/components/schemas/unused"}},
"paths": {
  "/a/{id}": {
    "parameters": [{"$ref": "#/components/parameters/id"}],
    "get": {"operationId": "a/get", "summary": "prose", "tags": ["a"], "x-octokit": {"c": 1}, "x-github": {"d": 2},
      "responses": {"200": {"description": "Response", "content": {"application/json": {
        "description": "prose", "schema": {"$ref": "#/components/schemas/a"},
        "examples": {"default": {"$ref": "#/components/examples/a"}, "value": {"value": {"description": "data stays"}}}}}},
        "404": {"$ref": "#/components/responses/gone"}}},
    "delete": {"operationId": "a/delete", "responses": {"204": {"description": "Response"}}}},
  "/b": {"get": {"operationId": "b/get", "responses": {"200": {"$ref": "#/components/responses/unused"}}}}},
"components": {
  "parameters": {"id": {"name": "id", "in": "path", "required": true, "description": "prose", "x-multi-segment": true, "schema": {"type": "integer"}}},
  "examples": {"a": {"value": {"summary": "data stays", "n": 9007199254740993}}},
  "responses": {"gone": {"description": "Gone", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}}, "unused": {"description": "no"}},
  "schemas": {
    "a": {"type": "object", "description": "prose", "example": {"x": 1}, "required": ["description", "tags"], "properties": {
      "description": {"type": "string", "description": "prose"}, "tags": {"type": "array", "items": {"$ref": "#/components/schemas/tag"}},
      "properties": {"type": "object"}, "enum": {"$ref": "#/components/schemas/a"}}},
    "tag": {"type": "string", "enum": ["description", "x"], "default": "x"},
    "error": {"type": "object"}, "unused": {"type": "object"}}}}`

const part = `{
 "components": {
  "examples": {
   "a": {
    "value": {
     "n": 9007199254740993,
     "summary": "data stays"
    }
   }
  },
  "parameters": {
   "id": {
    "in": "path",
    "name": "id",
    "required": true,
    "schema": {
     "type": "integer"
    },
    "x-multi-segment": true
   }
  },
  "responses": {
   "gone": {
    "content": {
     "application/json": {
      "schema": {
       "$ref": "#/components/schemas/error"
      }
     }
    },
    "description": "Gone"
   }
  },
  "schemas": {
   "a": {
    "properties": {
     "description": {
      "type": "string"
     },
     "enum": {
      "$ref": "#/components/schemas/a"
     },
     "properties": {
      "type": "object"
     },
     "tags": {
      "items": {
       "$ref": "#/components/schemas/tag"
      },
      "type": "array"
     }
    },
    "required": [
     "description",
     "tags"
    ],
    "type": "object"
   },
   "error": {
    "type": "object"
   },
   "tag": {
    "default": "x",
    "enum": [
     "description",
     "x"
    ],
    "type": "string"
   }
  }
 },
 "info": {
  "title": "T",
  "version": "1"
 },
 "openapi": "3.0.3",
 "paths": {
  "/a/{id}": {
   "get": {
    "operationId": "a/get",
    "responses": {
     "200": {
      "content": {
       "application/json": {
        "examples": {
         "default": {
          "$ref": "#/components/examples/a"
         },
         "value": {
          "value": {
           "description": "data stays"
          }
         }
        },
        "schema": {
         "$ref": "#/components/schemas/a"
        }
       }
      },
      "description": "Response"
     },
     "404": {
      "$ref": "#/components/responses/gone"
     }
    }
   },
   "parameters": [
    {
     "$ref": "#/components/parameters/id"
    }
   ]
  }
 },
 "servers": [
  {
   "url": "https://api.example"
  }
 ]
}
`

func TestPruneKeepsWhatIsNeededAndNothingElse(t *testing.T) {
	got, err := prune([]byte(whole), []string{"a/get"})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != part {
		t.Errorf("got\n%s", got)
	}
}

func TestPrunedAgainIsTheSame(t *testing.T) {
	got, err := prune([]byte(part), []string{"a/get"})
	if err != nil || string(got) != part {
		t.Errorf("got %v\n%s", err, got)
	}
}

func TestPruneRefuses(t *testing.T) {
	for _, c := range []struct{ name, doc, operation, want string }{
		{"no JSON", "{", "a/get", "parse the description"},
		{"a list", "[]", "a/get", "parse the description"},
		{"an operation that is not there", whole, "a/put", "the description lacks a/put"},
		{"a component that is not there", strings.Replace(whole, "schemas/tag", "schemas/gat", 1), "a/get", "lacks #/components/schemas/gat"},
		{"a reference to elsewhere", strings.Replace(whole, "#/components/schemas/tag", "other.json", 1), "a/get", "lacks other.json"},
		{"nothing at all", "{}", "a/get", "lacks a/get"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := prune([]byte(c.doc), []string{c.operation})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestRunWritesTheSameBytesTwice(t *testing.T) {
	dir := t.TempDir()
	operations, description := filepath.Join(dir, "operations.txt"), filepath.Join(dir, "in.json")
	for file, text := range map[string]string{operations: "a/get\n", description: whole} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var before []byte
	for _, name := range []string{"one", "two"} {
		out := filepath.Join(dir, name)
		if err := run([]string{operations, description, out}); err != nil {
			t.Fatal(err)
		}
		packed, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && !bytes.Equal(before, packed) {
			t.Error("the second run wrote something else")
		}
		before = packed
	}
	r, err := gzip.NewReader(bytes.NewReader(before))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != part {
		t.Errorf("got %v\n%s", err, got)
	}
}

func TestRunSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"three arguments":      nil,
		"read the operations":  {filepath.Join(dir, "no"), there, there},
		"read the description": {there, filepath.Join(dir, "no"), there},
		"write the result":     {os.DevNull, there, filepath.Join(dir, "no", "out")},
	} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", args, err, want)
		}
	}
}
