// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/announce"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
)

const hubToken = "ghs_do-not-repeat"

func runAnnouncement(t *testing.T, api, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, talk := new(bytes.Buffer), new(bytes.Buffer)
	env := cli.System()
	env.Args, env.Stdin, env.Stdout, env.Stderr = append([]string{child.Name, "announce"}, args...), strings.NewReader(stdin), out, talk
	env.Getenv = func(name string) string {
		return map[string]string{"GITHUB_API_URL": api, "GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": hubToken}[name]
	}
	code = cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	if all := out.String() + talk.String(); strings.Contains(all, hubToken) {
		t.Errorf("it tells the token: %s", all)
	}
	return code, out.String(), talk.String()
}

func announcement(t *testing.T, by string) string {
	t.Helper()
	marker := report.Marker("production")
	data, err := canon.Marshal(child.AnnounceQuestion{Announcer: by, Notice: report.Notice{
		Environment: "production", Commit: deployed, Request: strings.Repeat("ab", 32), State: report.NoticePending,
		Title: "PENDING", Description: "PENDING", Summary: "PENDING", Marker: marker, Comment: marker + "\nPENDING", Issue: "Deploy production", Annotations: []report.Annotation{},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAnnounce(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.WriteHeader(201)
		_, _ = io.WriteString(w, `{"id":1,"state":"pending"}`)
	}))
	defer server.Close()
	code, out, talk := runAnnouncement(t, server.URL, announcement(t, "github-status"))
	if code != cli.OK || asked != 1 {
		t.Fatal(code, asked, talk)
	}
	var a child.AnnounceAnswer
	if err := canon.Decode([]byte(out), &a); err != nil || a.Schema != child.AnnounceSchema || !strings.HasPrefix(a.Place, "status gateledger/production") {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAnnounceFails(t *testing.T) {
	answers := 401
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answers)
		_, _ = io.WriteString(w, `{"message":"Bad credentials `+hubToken+`"}`)
	}))
	defer server.Close()
	for name, c := range map[string]struct {
		stdin  string
		status int
		args   []string
		code   int
		says   string
	}{
		"refused is no denial": {announcement(t, "github-status"), 401, nil, cli.Unknown, "statuses: write"},
		"no rights":            {announcement(t, "github-check"), 403, nil, cli.Unknown, "checks: write"},
		"broken":               {announcement(t, "github-comment"), 500, nil, cli.Unknown, "once the forge answers"},
		"not set up":           {announcement(t, "gitlab-note"), 200, nil, cli.Usage, "GATELEDGER_GITLAB_TOKEN"},
		"no such announcer":    {announcement(t, "pigeon"), 200, nil, cli.Usage, "unknown announcer"},
		"no question":          {"", 200, nil, cli.Usage, "standard input"},
		"another question":     {`{"source":"x"}`, 200, nil, cli.Usage, "standard input"},
		"no time":              {announcement(t, "github-status"), 200, []string{"--timeout=0s"}, cli.Usage, "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			answers = c.status
			code, out, talk := runAnnouncement(t, server.URL, c.stdin, c.args...)
			if code != c.code || out != "" || !strings.Contains(talk, c.says) {
				t.Errorf("%d, %q, %s", code, out, talk)
			}
		})
	}
}

// Both tables name the same announcers, in the same order.
func TestAnnouncersAgree(t *testing.T) {
	var names []string
	for _, a := range child.Announcers() {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, announce.Names()) {
		t.Errorf("%q, %q", names, announce.Names())
	}
}
