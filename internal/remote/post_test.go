// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

func runPosting(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, talk := new(bytes.Buffer), new(bytes.Buffer)
	env := cli.System()
	env.Args, env.Stdin, env.Stdout, env.Stderr = append([]string{child.Name, "post"}, args...), strings.NewReader(stdin), out, talk
	env.Getenv = func(string) string { return "" }
	code = cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	if all := out.String() + talk.String(); strings.Contains(all, hubToken) {
		t.Errorf("it tells the token: %s", all)
	}
	return code, out.String(), talk.String()
}

func posting(t *testing.T, change func(*child.PostQuestion)) string {
	t.Helper()
	q := child.PostQuestion{
		Forge: "github", API: "https://api.github.com", Repository: "acme/app", RepositoryID: "7", Token: hubToken,
		Commit: deployed, Environment: "production", Request: strings.Repeat("ab", 32),
	}
	change(&q)
	data, err := canon.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Without a text it is a look-up: where the request is shown.
func TestPostSaysWhere(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		switch r.URL.Path {
		case "/repos/acme/app":
			_, _ = io.WriteString(w, `{"id":7}`)
		default:
			_, _ = io.WriteString(w, `[{"number":3,"merged_at":"2026-03-02T08:00:00Z","html_url":"https://github.com/acme/app/pull/3","base":{"repo":{"full_name":"acme/app"}}}]`)
		}
	}))
	defer server.Close()
	code, out, talk := runPosting(t, posting(t, func(q *child.PostQuestion) { q.API = server.URL }))
	if want := `{"address":"https://github.com/acme/app/pull/3","place":"pull request 3","schema":"` + child.PostSchema + `"}` + "\n"; code != cli.OK || out != want {
		t.Errorf("%d, %s, %s", code, out, talk)
	}
}

func TestPostFails(t *testing.T) {
	status, body := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status == 200 && !strings.HasSuffix(r.URL.Path, "/app") {
			_, _ = io.WriteString(w, `[]`)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	at := func(change func(*child.PostQuestion)) string {
		return posting(t, func(q *child.PostQuestion) { q.API = server.URL; change(q) })
	}
	same := func(*child.PostQuestion) {}
	for name, c := range map[string]struct {
		stdin  string
		status int
		body   string
		args   []string
		code   int
		says   string
	}{
		"refused":            {at(same), 401, `{"message":"Bad credentials ` + hubToken + `"}`, nil, cli.Unknown, "write to pull requests and issues"},
		"broken":             {at(same), 500, "", nil, cli.Unknown, "is not left again"},
		"nowhere":            {at(same), 200, `{"id":7}`, nil, cli.Unknown, "gate --report"},
		"another repository": {at(same), 200, `{"id":8}`, nil, cli.Usage, "the request is for 7"},
		"no token":           {at(func(q *child.PostQuestion) { q.Token = "" }), 200, "", nil, cli.Usage, "token"},
		"no forge":           {at(func(q *child.PostQuestion) { q.Forge = "gitea" }), 200, "", nil, cli.Usage, "have github, gitlab"},
		"no vote":            {at(func(q *child.PostQuestion) { q.Text = "approve" }), 200, "", nil, cli.Usage, "not one signed vote"},
		"no question":        {"", 200, "", nil, cli.Usage, "standard input"},
		"no time":            {at(same), 200, "", []string{"--timeout=0s"}, cli.Usage, "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body = c.status, c.body
			code, out, talk := runPosting(t, c.stdin, c.args...)
			if code != c.code || out != "" || !strings.Contains(talk, c.says) {
				t.Errorf("%d, %q, %s", code, out, talk)
			}
		})
	}
}
