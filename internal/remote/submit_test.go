// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

const (
	aToken    = "ghp_sesame0123456789"
	aSnapshot = `{"detector":{"name":"gateledger","url":"https://gateledger.dev/","version":"1"},"job":{"correlator":"ci build","id":"17"},` +
		`"manifests":{"go.mod":{"file":{"source_location":"go.mod"},"name":"go.mod","resolved":{"pkg:golang/a.example/b@v1.0.0":{"dependencies":[],"package_url":"pkg:golang/a.example/b@v1.0.0","relationship":"direct","scope":"runtime"}}}},` +
		`"ref":"refs/heads/main","scanned":"2026-03-02T09:00:00Z","sha":"abababababababababababababababababababab","version":0}`
)

// A desk is a service that takes documents, and what came in.
type desk struct {
	t       *testing.T
	server  *httptest.Server
	env     map[string]string
	stdin   string
	answers []http.HandlerFunc // first to last; the last stays
	bodies  []string
	timeout string
}

// newDesk opens one that checks every request with accepts.
func newDesk(t *testing.T, accepts func(r *http.Request, body []byte) error) *desk {
	d := &desk{t: t, env: map[string]string{child.GitHubToken: aToken, child.DependencyTrackKey: aToken}, stdin: "{}", timeout: "10s"}
	d.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = accepts(r, body)
		}
		if err != nil {
			t.Errorf("request %d: %v", len(d.bodies)+1, err)
		}
		d.bodies = append(d.bodies, string(body))
		answer := d.answers[0]
		if len(d.answers) > 1 {
			d.answers = d.answers[1:]
		}
		answer(rw, r)
	}))
	t.Cleanup(d.server.Close)
	return d
}

func (d *desk) file(content string) string {
	d.t.Helper()
	name := filepath.Join(d.t.TempDir(), "document.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return name
}

func (d *desk) run(args ...string) outcome {
	d.t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Args: append([]string{child.Name, "submit"}, append(args, "--timeout", d.timeout)...), Getenv: func(name string) string { return d.env[name] },
		Stdin: strings.NewReader(d.stdin), Stdout: &stdout, Stderr: &stderr, Now: time.Now,
	}
	code := cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	if out := stdout.String() + stderr.String(); strings.Contains(out, aToken) {
		d.t.Errorf("the token came out: %s", out)
	}
	return outcome{code, stdout.String(), stderr.String()}
}

func (d *desk) github(extra ...string) outcome {
	d.t.Helper()
	return d.run(append([]string{"github", "--api-url", d.server.URL + "/api/v3", "--repository", "acme/app", "--file", d.file(aSnapshot)}, extra...)...)
}

func (d *desk) track(extra ...string) outcome {
	d.t.Helper()
	return d.run(append([]string{"dependency-track", "--url", d.server.URL + "/dt", "--file", d.file(`{"bomFormat":"CycloneDX"}`)}, extra...)...)
}

func answers(status int, body string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(status)
		fmt.Fprint(rw, body)
	}
}

// githubContract is GitHub's published description of the one request we make
// (internal/bom/testdata/github/README.md).
func githubContract(t *testing.T) func(*http.Request, []byte) error {
	t.Helper()
	data, err := os.ReadFile("../bom/testdata/github/dependency-submission.json")
	if err != nil {
		t.Fatal(err)
	}
	var described struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(data, &described); err != nil {
		t.Fatal(err)
	}
	const path = "/repos/{owner}/{repo}/dependency-graph/snapshots"
	if described.Paths[path]["post"] == nil {
		t.Fatalf("%s has no post", path)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const base = "https://api.github.com/openapi.json"
	if err := c.AddResource(base, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(base + "#/components/schemas/snapshot")
	if err != nil {
		t.Fatal(err)
	}
	want := "/api/v3" + strings.NewReplacer("{owner}", "acme", "{repo}", "app").Replace(path)
	return func(r *http.Request, body []byte) error {
		if r.Method != http.MethodPost || r.URL.Path != want || r.URL.RawQuery != "" {
			return fmt.Errorf("%s %s, want POST %s", r.Method, r.URL, want)
		}
		for name, value := range map[string]string{
			"Authorization": "Bearer " + aToken, "Accept": "application/vnd.github+json", "Content-Type": "application/json",
			"X-Github-Api-Version": "2022-11-28", "User-Agent": "gateledger",
		} {
			if got := r.Header.Get(name); got != value {
				return fmt.Errorf("%s is %q, want %q", name, got, value)
			}
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
}

// trackContract is what Dependency-Track documents of /api/v1/bom.
func trackContract(want map[string]string) func(*http.Request, []byte) error {
	return func(r *http.Request, body []byte) error {
		if r.Method != http.MethodPost || r.URL.Path != "/dt/api/v1/bom" || r.Header.Get("X-Api-Key") != aToken {
			return fmt.Errorf("%s %s with the key %q", r.Method, r.URL, r.Header.Get("X-Api-Key"))
		}
		if r.Header.Get("Authorization") != "" {
			return fmt.Errorf("the token went out twice")
		}
		_, boundary, _ := strings.Cut(r.Header.Get("Content-Type"), "boundary=")
		got := map[string]string{}
		parts := multipart.NewReader(bytes.NewReader(body), boundary)
		for {
			part, err := parts.NextPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			value, err := io.ReadAll(part)
			if err != nil {
				return err
			}
			got[part.FormName()] = string(value)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%v, want %v", got, want)
		}
		return nil
	}
}

const created = `{"id":12345,"created_at":"2026-03-02T09:00:01Z","result":"SUCCESS","message":"Dependency results for the repo have been successfully updated."}`

func TestSubmitToGitHub(t *testing.T) {
	d := newDesk(t, githubContract(t))
	d.answers = []http.HandlerFunc{answers(201, created)}
	want := `{"message":"Dependency results for the repo have been successfully updated.","result":"SUCCESS","schema":"https://gateledger.dev/remote-submit-github/v1","snapshot":12345}` + "\n"
	if o := d.github(); o.code != 0 || o.stdout != want || o.stderr != "" {
		t.Errorf("%+v", o)
	}
	if len(d.bodies) != 1 || d.bodies[0] != aSnapshot {
		t.Errorf("%d requests: %q", len(d.bodies), d.bodies)
	}
}

func TestSubmitWithATokenFromAnywhere(t *testing.T) {
	for where, set := range map[string]func(d *desk) []string{
		"standard input": func(d *desk) []string { d.stdin = `{"token":"` + aToken + `"}`; return nil },
		"a file":         func(d *desk) []string { return []string{"--token-file", d.file(aToken + "\n")} },
		"a variable":     func(d *desk) []string { d.env["MY_TOKEN"] = aToken; return []string{"--token-variable", "MY_TOKEN"} },
	} {
		d := newDesk(t, githubContract(t))
		d.answers = []http.HandlerFunc{answers(201, created)}
		extra := set(d)
		delete(d.env, child.GitHubToken)
		if o := d.github(extra...); o.code != 0 {
			t.Errorf("%s: %+v", where, o)
		}
	}
}

func TestSubmitAgainWhereItDoesNoHarm(t *testing.T) {
	d := newDesk(t, githubContract(t))
	d.answers = []http.HandlerFunc{answers(502, "bad gateway"), answers(503, ""), answers(201, created)}
	if o := d.github(); o.code != 0 || len(d.bodies) != 3 || d.bodies[2] != aSnapshot {
		t.Errorf("%+v after %d requests", o, len(d.bodies))
	}
	project := map[string]string{"project": "0f0f0f0f-0000-4000-8000-000000000001", "bom": `{"bomFormat":"CycloneDX"}`}
	for status, want := range map[int]int{500: 1, 502: 1, 503: 3, 429: 3} {
		d := newDesk(t, trackContract(project))
		d.answers = []http.HandlerFunc{answers(status, "no")}
		if o := d.track("--project", project["project"]); o.code != cli.Unknown || len(d.bodies) != want {
			t.Errorf("Dependency-Track says %d: %+v after %d requests, want %d", status, o, len(d.bodies), want)
		}
	}
}

func TestSubmitToGitHubOnABadDay(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   int
		says   string
	}{
		"forbidden": {answers(403, `{"message":"Resource not accessible by integration"}`), cli.No, "contents: write"},
		"not found": {answers(404, `{"message":"Not Found"}`), cli.Unknown, "token's permissions"},
		"malformed": {answers(422, `{"message":"no"}`), cli.No, "422"},
		"invalid":   {answers(201, `{"id":1,"result":"INVALID","message":"no \u001b[31mred"}`), cli.No, "not valid: no"},
		"neither":   {answers(201, `{"id":1}`), cli.Unknown, "neither"},
		"empty":     {answers(201, ``), cli.Unknown, "not one JSON object"},
		"a page":    {answers(200, `<html>log in</html>`), cli.Unknown, "not one JSON object"},
		"too long":  {answers(201, `{"message":"`+strings.Repeat("x", 1<<20)+`"}`), cli.Unknown, "over the limit"},
		"a redirect": {func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "https://evil.example/", http.StatusTemporaryRedirect)
		}, cli.Unknown, "redirects are not followed"},
		"repeats the secret": {answers(401, `{"message":"bad credentials `+aToken+`"}`), cli.No, "[secret]"},
		"down":               {answers(500, ``), cli.Unknown, "500"},
	} {
		d := newDesk(t, githubContract(t))
		d.answers = []http.HandlerFunc{c.answer}
		if o := d.github(); o.code != c.code || !strings.Contains(o.stderr, c.says) || o.stdout != "" || strings.Contains(o.stderr, "\x1b") {
			t.Errorf("%s: %+v, want %d and %q", name, o, c.code, c.says)
		}
	}
}

func TestNoSubmissionWithout(t *testing.T) {
	for why, c := range map[string]struct {
		args  []string
		stdin string
		env   string
	}{
		"GITHUB_TOKEN holds no token":    {nil, "{}", " \n"},
		"MINE holds no token":            {[]string{"--token-variable", "MINE"}, "{}", aToken},
		"no white space":                 {nil, "{}", "two words"},
		"over the limit of 32768":        {nil, "{}", strings.Repeat("x", 40_000)},
		"want OWNER/NAME":                {[]string{"--repository", "acme/../../user"}, "{}", aToken},
		`"acme/..", want OWNER/NAME`:     {[]string{"--repository", "acme/.."}, "{}", aToken},
		"must begin with https://":       {[]string{"--api-url", "http://api.example"}, "{}", aToken},
		"it holds a user name":           {[]string{"--api-url", "https://u:p@api.example"}, "{}", aToken},
		"not the JSON object":            {nil, `{"tokens":"x"}`, aToken},
		"--timeout is 0s":                {[]string{"--timeout", "0s"}, "{}", aToken},
		"no such file":                   {[]string{"--file", "/nonexistent/snapshot.json"}, "{}", aToken},
		"no regular file":                {[]string{"--file", os.TempDir()}, "{}", aToken},
		"is no dependency snapshot":      {[]string{"--file", "submit.go"}, "{}", aToken},
		"--token-file: there is no file": {[]string{"--token-file", "/nonexistent/token"}, "{}", aToken},
	} {
		d := newDesk(t, func(*http.Request, []byte) error { return fmt.Errorf("it was sent") })
		d.answers = []http.HandlerFunc{answers(201, created)}
		d.env[child.GitHubToken], d.stdin = c.env, c.stdin
		args := append([]string{"github", "--api-url", d.server.URL, "--repository", "acme/app", "--file", d.file(aSnapshot)}, c.args...)
		var o outcome
		if why == "--timeout is 0s" {
			d.timeout = "0s"
			o = d.run(args[:len(args)-2]...)
		} else {
			o = d.run(args...)
		}
		if o.code != cli.Usage || !strings.Contains(o.stderr, why) {
			t.Errorf("%q: %+v", why, o)
		}
	}
}

func TestUploadToDependencyTrack(t *testing.T) {
	const id = "5b1dbf2c-5f2a-4a5c-9d0a-3b8f1c6d7e8f"
	for _, c := range []struct {
		args []string
		want map[string]string
	}{
		{[]string{"--project", id}, map[string]string{"project": id}},
		{[]string{"--project-name", "shop ü", "--project-version", "1.0", "--create"}, map[string]string{"projectName": "shop ü", "projectVersion": "1.0", "autoCreate": "true"}},
		{[]string{"--project-name", "shop"}, map[string]string{"projectName": "shop", "projectVersion": "", "autoCreate": "false"}},
	} {
		c.want["bom"] = `{"bomFormat":"CycloneDX"}`
		d := newDesk(t, trackContract(c.want))
		d.answers = []http.HandlerFunc{answers(200, `{"token":"`+id+`"}`)}
		want := `{"schema":"https://gateledger.dev/remote-submit-dependency-track/v1","token":"` + id + `"}` + "\n"
		if o := d.track(c.args...); o.code != 0 || o.stdout != want {
			t.Errorf("%q: %+v", c.args, o)
		}
	}
}

func TestNoUploadWithoutAProject(t *testing.T) {
	for why, args := range map[string][]string{
		"no project is named":             nil,
		"want a UUID":                     {"--project", "shop"},
		"--project names the project":     {"--project", "5b1dbf2c-5f2a-4a5c-9d0a-3b8f1c6d7e8f", "--create"},
		"--project-version and --create":  {"--project", "5b1dbf2c-5f2a-4a5c-9d0a-3b8f1c6d7e8f", "--project-name", "x"},
		"must begin with https://":        {"--url", "http://track.example", "--project-name", "x"},
		`it begins with "file", want htt`: {"--url", "file://host/etc", "--project-name", "x"},
	} {
		d := newDesk(t, func(*http.Request, []byte) error { return fmt.Errorf("it was sent") })
		if o := d.track(args...); o.code != cli.Usage || !strings.Contains(o.stderr, why) {
			t.Errorf("%q: %+v", why, o)
		}
	}
	d := newDesk(t, func(*http.Request, []byte) error { return nil })
	for body, code := range map[string]int{`{}`: cli.Unknown, `{"token":"<script>"}`: cli.Unknown} {
		d.answers = []http.HandlerFunc{answers(200, body)}
		if o := d.track("--project-name", "x"); o.code != code {
			t.Errorf("%s: %+v", body, o)
		}
	}
}
