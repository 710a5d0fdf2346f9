// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/announce"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// Both ends of the pipe know the same wakers, by the same words.
func TestWakersAreTheSameOnBothEnds(t *testing.T) {
	var names []string
	for _, w := range child.Wakers() {
		names = append(names, w.Name)
	}
	if !slices.Equal(names, announce.WakerNames()) {
		t.Errorf("%v, and %v", names, announce.WakerNames())
	}
	if child.WakeRunning != announce.WakeRunning || child.WakeEnded != announce.WakeEnded || child.WakeStarted != announce.WakeStarted {
		t.Error("they call states differently")
	}
}

func TestWakeVerb(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s.Run(9, 1, "push", deployed)
	s.Job(9, "gate", "runner-1", began)
	s.End(9, began.Add(time.Minute), false)
	right := child.WakeQuestion{Waker: "github-job", Run: "9", Attempt: "1", Job: "gate", Commit: deployed, Asked: began, Start: true}
	for _, c := range []struct {
		name  string
		token string
		edit  func(*child.WakeQuestion)
		code  int
		says  string
	}{
		{"another run", githubtest.JobToken, func(q *child.WakeQuestion) { q.Run = "10" }, cli.Unknown, "actions: write"},
		{"no token", "", nil, cli.Usage, "GITHUB_TOKEN"},
		{"no such waker", githubtest.JobToken, func(q *child.WakeQuestion) { q.Waker = "pigeon" }, cli.Usage, "have github-job"},
		{"right", githubtest.JobToken, nil, cli.OK, `"state":"started"`},
		{"again", githubtest.JobToken, nil, cli.OK, `"state":"running"`},
	} {
		q := right
		if c.edit != nil {
			c.edit(&q)
		}
		data, err := canon.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		out, talk := new(bytes.Buffer), new(bytes.Buffer)
		env := cli.System()
		env.Args, env.Stdin, env.Stdout, env.Stderr = []string{child.Name, "wake"}, bytes.NewReader(data), out, talk
		env.Getenv = func(name string) string {
			return map[string]string{"GITHUB_API_URL": s.API, "GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": c.token}[name]
		}
		code := cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
		if all := out.String() + talk.String(); code != c.code || !strings.Contains(all, c.says) || strings.Contains(all, githubtest.JobToken) {
			t.Errorf("%s: exit %d, %s", c.name, code, all)
		}
	}
}
