// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
	"github.com/gateledger/gateledger/internal/vote"
)

const (
	run        = 4711
	tree       = "7e00000000000000000000000000000000000000"
	older      = "0123456789abcdef0123456789abcdef01234567"
	oldTree    = "7e11111111111111111111111111111111111111"
	production = "production"
)

var (
	request = strings.Repeat("00", 32)
	olga    = account{8001, "olga"} // who wrote the change
)

// A hub is a GitHub with one pull request that has the commit.
type hub struct {
	*githubtest.Server
	t   *testing.T
	env map[string]string
	q   Query
}

func newHub(t *testing.T) *hub {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	for _, a := range []account{ana, mallory, olga} {
		s.User(a.id, a.login, "User")
	}
	s.User(bot.id, "renovate[bot]", "Bot")
	s.Commit(older, oldTree, olga.id, olga.id, "First")
	s.Commit(commit, tree, olga.id, olga.id, "Second")
	s.Pull(number, olga.id, older, commit)
	s.Run(run, olga.id, "push", commit)
	h := &hub{Server: s, t: t, env: map[string]string{
		"GITHUB_API_URL": s.API, "GITHUB_REPOSITORY": githubtest.Owner + "/" + githubtest.Name,
		"GITHUB_REPOSITORY_ID": fmt.Sprint(githubtest.RepositoryID), "GITHUB_RUN_ID": fmt.Sprint(run), "GITHUB_TOKEN": githubtest.JobToken,
	}}
	h.q = Query{
		Commit: commit, Request: request, Environment: production, Accounts: []int64{ana.id, mallory.id, bot.id, 99},
		Getenv: func(name string) string { return h.env[name] }, Base: http.DefaultTransport, Pause: short,
	}
	return h
}

func (h *hub) query() Query { return h.q }

func (h *hub) with(env map[string]string) *hub {
	maps.Copy(h.env, env)
	return h
}

// known makes an account that a story names.
func (h *hub) known(a account) int64 {
	if a.id == 99 {
		h.User(a.id, a.login, "User")
	}
	return a.id
}

func (h *hub) rename(by account, login string) { h.User(by.id, login, "User") }

func (h *hub) id(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *hub) snapshot(source string) *event.ForgeVotesPredicate {
	h.t.Helper()
	found, err := Read(h.t.Context(), source, h.q)
	if err != nil || found.Snapshot == nil {
		h.t.Fatalf("%s: %v", source, err)
	}
	return found.Snapshot
}

type reviewScene struct{ *hub }

func (s reviewScene) cast(by account, v ballot) string {
	state := map[vote.Choice]string{vote.Approve: "APPROVED", vote.Deny: "CHANGES_REQUESTED", vote.Revoke: "COMMENTED"}[v.choice]
	at := commit
	if v.request != 0 {
		at = strings.Repeat(fmt.Sprintf("%02x", v.request), 20)
	}
	return fmt.Sprint(s.Review(number, s.known(by), state, at, "Looked at it."))
}

func (s reviewScene) amend(id string, v ballot) { s.EditReview(s.id(id), command(v)) }
func (s reviewScene) retract(id string)         { s.Dismiss(s.id(id)) }

func (s reviewScene) fill(n int) {
	for i := range n {
		s.Review(number, mallory.id, "COMMENTED", commit, fmt.Sprint("approve! ", i))
	}
}

func (s reviewScene) breakDown(n int) {
	s.Fault(githubtest.Fault{In: "/reviews", Skip: n, Answer: githubtest.Status(http.StatusBadGateway, "")})
}

type commentScene struct{ *hub }

// command is a ballot as people write it.
func command(v ballot) string {
	id := strings.Repeat(fmt.Sprintf("%02x", v.request), 32)
	if v.garbled {
		id = id[:12]
	}
	return fmt.Sprintf("Looked at it.\n\n/%s %s\n", v.choice, id)
}

func (s commentScene) cast(by account, v ballot) string {
	return fmt.Sprint(s.Comment(number, s.known(by), command(v)))
}

func (s commentScene) amend(id string, v ballot) { s.Edit(s.id(id), command(v)) }
func (s commentScene) retract(id string)         { s.Delete(s.id(id)) }

func (s commentScene) amendAtOnce(id string, by account, v ballot) {
	s.EditAtOnce(s.id(id), by.id, command(v))
}

func (s commentScene) doubt(body string) {
	s.Fault(githubtest.Fault{In: "/api/graphql", Answer: githubtest.Status(http.StatusOK, body)})
}

func (s commentScene) fill(n int) {
	for i := range n {
		s.Comment(number, mallory.id, fmt.Sprint("approve! ", i))
	}
}

func (s commentScene) breakDown(n int) {
	s.Fault(githubtest.Fault{In: "/issues/", Skip: n, Answer: githubtest.Status(http.StatusBadGateway, "")})
}

type environmentScene struct{ *hub }

func (s environmentScene) cast(by account, v ballot) string {
	state := map[vote.Choice]string{vote.Approve: "approved", vote.Deny: "rejected", vote.Revoke: "pending"}[v.choice]
	environment := production
	if v.request != 0 {
		environment = "staging"
	}
	s.Approve(run, s.known(by), state, environment, "fine")
	return ""
}

func (s environmentScene) amend(string, ballot) {}
func (s environmentScene) retract(string)       {}

func (s environmentScene) fill(n int) {
	for range n {
		s.Approve(run, mallory.id, "approved", "docs", "")
	}
}

func (s environmentScene) breakDown(n int) {
	s.Fault(githubtest.Fault{Skip: n, Answer: githubtest.Status(http.StatusBadGateway, "")})
}

// parts are the parts of a snapshot in short, sorted.
func parts(s *event.ForgeVotesPredicate) string {
	var lines []string
	for _, p := range s.Parts {
		line := fmt.Sprint(p.Part, " ", p.Account.ID)
		if p.Unknown != "" {
			line = p.Part + " ?"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}
