// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// servedPolicy has one environment, whose gate signs with the first key and whose
// builds with the second.
func servedPolicy(t *testing.T, gate, ci machine) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(fmt.Sprintf(`version: 1
ledger: {url: "dir:", origin: q7d4example, keys: ["q7d4example+2c97a043+AXQL4inFgF2A5KNFjJlvSkisc4alaspXkorBh4nTgkP7"]}
signers:
  gate: {key: %q}
  ci: {key: %q}
principals:
  ana: {keys: [{ssh: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+BI82jbAYq2Hi91nj+yeVq7aUZQR5Ytvww4H/roedo"}], roles: [lead]}
environments:
  production: {require: [{role: lead, count: 1}], gate: gate}
`, event.KeyID(gate.Verifier()), event.KeyID(ci.Verifier()))))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// served is a gate that judges for a run elsewhere.
func served(t *testing.T, p *policy.Policy, at event.Context) *gate {
	t.Helper()
	env := cli.System()
	env.Now = func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	rules, ok := p.Environment("production")
	if !ok {
		t.Fatal("no environment")
	}
	return &gate{workspace: &workspace{env: env, policy: p, given: p}, rules: rules, at: at}
}

// asksFor is the request that a gate of a run makes for subjects.
func asksFor(t *testing.T, g *gate, by machine, run event.AskingRun, edit func(*event.RequestPredicate), subjects ...event.Subject) *event.Event {
	t.Helper()
	g.subjects = subjects
	want, err := g.wanted(proof.Checkpoint{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.subjects = nil
	want.Run = run
	if edit != nil {
		edit(&want)
	}
	payload, err := event.NewStatement(event.RequestType, subjects, want)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := event.Sign(payload, by)
	if err != nil {
		t.Fatal(err)
	}
	e, err := opened(signed)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestAskedByRun says which open request is a run's.
func TestAskedByRun(t *testing.T) {
	signer, ci, stranger := newMachine(t, false), newMachine(t, false), newMachine(t, false)
	p := servedPolicy(t, signer, ci)
	for _, provider := range []string{"github", "gitlab"} {
		at := thisRun()
		at.Provider, at.Attempt = provider, "1"
		own := event.AskingRun{Provider: provider, ID: at.Run, Attempt: "1"}
		app, lib := artifact("app", "1"), artifact("lib", "2")
		other := at
		other.Run = "78"
		build := built(t, ci, at, app)
		ask := func(by machine, run event.AskingRun, edit func(*event.RequestPredicate), subjects ...event.Subject) *event.Event {
			return asksFor(t, served(t, p, at), by, run, edit, subjects...)
		}
		for name, c := range map[string]struct {
			events []*event.Event
			want   int
		}{
			"nothing":                           {nil, 0},
			"its own":                           {[]*event.Event{ask(signer, own, nil, app)}, 1},
			"that of another run":               {[]*event.Event{ask(signer, event.AskingRun{Provider: provider, ID: "78", Attempt: "1"}, nil, app)}, 0},
			"of another run, for what it built": {[]*event.Event{build, ask(signer, event.AskingRun{Provider: provider, ID: "78", Attempt: "1"}, nil, app)}, 1},
			"of nobody, for what it built":      {[]*event.Event{build, ask(signer, event.AskingRun{}, nil, app)}, 1},
			"for more than it built":            {[]*event.Event{build, ask(signer, event.AskingRun{}, nil, app, lib)}, 0},
			"for what another run built":        {[]*event.Event{built(t, ci, other, app), ask(signer, event.AskingRun{}, nil, app)}, 0},
			"for what a stranger built":         {[]*event.Event{built(t, stranger, at, app), ask(signer, event.AskingRun{}, nil, app)}, 0},
			"the same number at another forge":  {[]*event.Event{ask(signer, event.AskingRun{Provider: "jenkins", ID: at.Run, Attempt: "1"}, nil, app)}, 0},
			"by no gate":                        {[]*event.Event{ask(ci, own, nil, app)}, 0},
			"by a stranger":                     {[]*event.Event{ask(stranger, own, nil, app)}, 0},
			"of another commit":                 {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.Commit = strings.Repeat("cd", 20) }, app)}, 0},
			"of another host":                   {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.Host = "ghes.example.org" }, app)}, 0},
			"of another project":                {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.RepositoryID = "7" }, app)}, 0},
			"of another environment":            {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.Environment = "staging" }, app)}, 0},
			"under another policy":              {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.Policy = strings.Repeat("0", 64) }, app)}, 0},
			"that has expired":                  {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.Created, r.Expires = "2026-03-01T08:59:59Z", "2026-03-02T08:59:59Z" }, app)}, 0},
			"to break the glass":                {[]*event.Event{ask(signer, own, func(r *event.RequestPredicate) { r.BreakGlass = &event.BreakGlass{Reason: "x"} }, app)}, 0},
			"two":                               {[]*event.Event{ask(signer, own, nil, app), ask(signer, own, nil, lib)}, 2},
		} {
			g := served(t, p, at)
			ids, subjects, err := g.askedByRun(proof.Checkpoint{}, c.events)
			if err != nil || len(ids) != c.want || (len(subjects) > 0) != (c.want > 0) || g.subjects != nil {
				t.Errorf("%s, %s: %q, %v, %v; want %d", provider, name, ids, subjects, err, c.want)
			}
		}
	}
}

// TestSaid says what a run is told of a decision. Only what is logged for just
// this run is an approval.
func TestSaid(t *testing.T) {
	allowed, denied, pending := policy.Decision{Verdict: policy.Allowed}, policy.Decision{Verdict: policy.Denied}, policy.Decision{Verdict: policy.Pending}
	usedBy := func(run string) policy.Decision { d := allowed; d.UsedBy = run; return d }
	unknown := usedBy("77")
	unknown.Unknown = []string{"something"}
	for name, c := range map[string]struct {
		d              policy.Decision
		logged, advice bool
		want           string
	}{
		"allowed, and logged":        {allowed, true, false, child.ServeApproved},
		"allowed, and not logged":    {allowed, false, false, child.ServeWaiting},
		"used up by it":              {usedBy("77"), false, false, child.ServeApproved},
		"used up by another":         {usedBy("78"), false, false, child.ServeWaiting},
		"used up by nobody":          {usedBy(""), false, false, child.ServeWaiting},
		"something is not known":     {unknown, true, false, child.ServeWaiting},
		"denied":                     {denied, false, false, child.ServeRejected},
		"pending":                    {pending, true, false, child.ServeWaiting},
		"nothing at all":             {policy.Decision{}, true, false, child.ServeWaiting},
		"advice, allowed":            {allowed, true, true, child.ServeWaiting},
		"advice, denied":             {denied, false, true, child.ServeWaiting},
		"a verdict that there's not": {policy.Decision{Verdict: 9}, true, false, child.ServeWaiting},
	} {
		g := &gate{at: event.Context{Run: "77"}, advice: c.advice}
		if c.logged {
			g.logged = new(uint64)
		}
		if got := g.said(c.d); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestPrepareFor refuses what a run can't be told by.
func TestPrepareFor(t *testing.T) {
	signer, ci := newMachine(t, false), newMachine(t, false)
	p := servedPolicy(t, signer, ci)
	whole := child.ServeAsk{Provider: "github", Host: "github.com", Repository: "acme/app", RepositoryID: 7, Run: 9, Attempt: 1, Commit: strings.Repeat("ab", 20), Environment: "production"}
	for name, c := range map[string]struct {
		edit func(*child.ServeAsk)
		fine bool
		is   error
	}{
		"whole":                  {func(*child.ServeAsk) {}, true, nil},
		"at GitLab":              {func(q *child.ServeAsk) { q.Provider = "gitlab" }, true, nil},
		"at no forge":            {func(q *child.ServeAsk) { q.Provider = "" }, false, nil},
		"at another":             {func(q *child.ServeAsk) { q.Provider = "local" }, false, nil},
		"no host":                {func(q *child.ServeAsk) { q.Host = "" }, false, nil},
		"no repository":          {func(q *child.ServeAsk) { q.RepositoryID = 0 }, false, nil},
		"no run":                 {func(q *child.ServeAsk) { q.Run = 0 }, false, nil},
		"no attempt":             {func(q *child.ServeAsk) { q.Attempt = 0 }, false, nil},
		"no commit":              {func(q *child.ServeAsk) { q.Commit = "" }, false, nil},
		"no such environment":    {func(q *child.ServeAsk) { q.Environment = "moon" }, false, errNoRules},
		"a change of the policy": {func(q *child.ServeAsk) { q.Environment = policy.ChangeEnvironment }, false, errNoRules},
	} {
		q := whole
		c.edit(&q)
		g := served(t, p, event.Context{})
		err := g.prepareFor(q, signing{})
		if (err == nil) != c.fine || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
		if c.fine && (g.at.Run != "9" || g.at.Provider != q.Provider || g.at.Commit != q.Commit) {
			t.Errorf("%s: %+v", name, g.at)
		}
	}
}

// What waits is told apart in the log.
func TestAboutAsk(t *testing.T) {
	for want, q := range map[string]child.ServeAsk{
		"[run 9 attempt 2 environment production]":       {Provider: "github", Run: 9, Attempt: 2, Environment: "production"},
		"[pipeline 9 merge-request 7 environment merge]": {Provider: "gitlab", Run: 9, Attempt: 1, MergeRequest: 7, Environment: "merge"},
	} {
		if got := fmt.Sprint(aboutAsk(q)); got != want {
			t.Errorf("%s", got)
		}
	}
}
