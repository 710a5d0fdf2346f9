// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/vote"
)

// gateTold is what a gate tells its host, before there is an answer.
func gateTold(f gateFlags) *told {
	return &told{
		verb: "gate", names: []string{"request", "approvals", "missing", "log-index", "checkpoint"},
		json: f.output.format == "json", judges: true,
	}
}

// tell settles what the host is told of a decision. Whether it is allowed is
// settled by how the verb ends, too.
func (g *gate) tell(d policy.Decision) {
	t := g.flags.told
	allowed := d.Verdict == policy.Allowed && len(d.Unknown) == 0
	t.allowed, t.advice = allowed && !g.advice, allowed && g.advice
	t.report = report.Decision{Decision: d, Request: &g.asked}
	t.page, t.link = logPage(g.at, g.url), ci.Run(g.at)
	t.set("request", d.Request)
	t.set("approvals", fmt.Sprint(approvals(d.Votes)))
	t.set("missing", missingLine(d.Missing))
	t.set("checkpoint", checkpointLine(d.Head))
	if g.logged != nil {
		t.set("log-index", fmt.Sprint(*g.logged))
	}
	if t.advice {
		t.remarks = append(t.remarks, "nothing was used up (--consume=false): this is advice, not a permission")
	}
}

// approvals is how many people's approvals counted.
func approvals(votes []policy.Vote) int {
	people := map[string]bool{}
	for _, v := range votes {
		if v.Counted && v.Choice == string(vote.Approve) {
			people[v.Principal] = true
		}
	}
	return len(people)
}

// missingLine is what is missing in one line.
func missingLine(missing []policy.Missing) string {
	var out []string
	for _, m := range missing {
		out = append(out, m.What)
	}
	return plain(strings.Join(out, "; "))
}

// checkpointLine names a head of the log: how many entries, and their root.
func checkpointLine(c event.Checkpoint) string { return fmt.Sprintf("%d:%s", c.Size, c.Root) }

// logPage is where the host of this run shows the branch with the log, empty
// where the log is not in a branch of this run's own repository, as far as its
// address says.
func logPage(at event.Context, url string) string {
	name, query, _ := strings.Cut(strings.TrimPrefix(url, "git:"), "?")
	own := name == remote || strings.HasSuffix(strings.TrimSuffix(name, ".git"), at.Host+"/"+at.Repository)
	tree := map[string]string{"github": "/tree/", "gitlab": "/-/tree/"}[at.Provider]
	if !isGit(url) || !own || tree == "" || at.Host == "" {
		return ""
	}
	branch := strings.TrimPrefix(query, "branch=")
	if branch == "" {
		branch = ledger.DefaultBranch
	}
	return "https://" + at.Host + "/" + at.Repository + tree + branch
}
