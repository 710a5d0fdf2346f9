// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// People approve at GitHub, one by a comment that names the request, one by a
// review: the packaged gate reads both with the job's own token. What it can't
// read could hold a veto.
func votesAtGitHub(ctx context.Context, p *project) error {
	h, err := p.reviewed(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	h.Run(6001, account("dana"), "push", p.head)
	run := start{workflow: "forge.yml", secrets: p.secrets(), run: "6001", token: githubtest.JobToken}
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "gate": "success", "deploy": "skipped"})
	p.gives(r, "gate", "gate", "verdict", "pending")
	p.says(r, "gate", "read github-comment", "read github-review")
	p.says(r, "gate", "announced by github-status", "announced by github-check", "announced by github-comment")
	request := p.asked(r)
	p.told(h, "pending", "")
	p.check(len(h.Issues()) == 1 && strings.Contains(h.Thread(h.Issues()[0]), request[:12]), "issues %v", h.Issues())

	h.Comment(7, account("mallory"), "/approve "+request+"\n")
	h.Review(7, account("dana"), "APPROVED", p.head, "")
	if r, err = p.act(ctx, run); err != nil {
		return err
	}
	p.gives(r, "gate", "gate", "verdict", "pending")
	p.gives(r, "gate", "gate", "approvals", "0")
	p.shows(r, "gate", "author")

	h.Comment(7, account("ana"), "Fine by me.\n\n/approve "+request+"\n")
	h.Review(7, account("bo"), "APPROVED", p.head, "")
	h.Fault(githubtest.Fault{In: "/reviews", Answer: githubtest.Status(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`)})
	if r, err = p.act(ctx, run); err != nil {
		return err
	}
	p.ended(r, map[string]string{"gate": "failure", "deploy": "skipped"})
	p.check(r.ends("gate", 3), "a forge that refuses doesn't end with exit code 3")
	h.Mend()

	bare := run
	bare.token = p.rig.writes // gets git in, and is none of the API's
	if r, err = p.act(ctx, bare); err != nil {
		return err
	}
	p.ended(r, map[string]string{"gate": "failure", "deploy": "skipped"})
	if r, err = p.act(ctx, run); err != nil {
		return err
	}
	p.ended(r, map[string]string{"gate": "success", "deploy": "success"})
	p.gives(r, "gate", "gate", "verdict", "allowed")
	p.gives(r, "gate", "gate", "approvals", "2")
	p.shows(r, "gate", "ALLOWED", "observed")
	p.check(r.left("deployed"), "nothing was deployed")
	p.told(h, "success", "success")
	p.check(len(h.Issues()) == 1, "issues %v", h.Issues())
	p.wrong = append(p.wrong, h.wrong...)
	return nil
}

// told: this is what the commit of main shows of production.
func (p *project) told(h *hub, state, conclusion string) {
	statuses, checks := h.Statuses(), h.Conclusions(p.head, "gateledger/production")
	p.check(len(statuses) > 0 && statuses[len(statuses)-1]["context"] == "gateledger/production" && statuses[len(statuses)-1]["state"] == state, "statuses %v", statuses)
	p.check(len(checks) > 0 && checks[0] == conclusion, "check runs %q", checks)
}

// reviewed is a project whose leads approve at GitHub: one names the request in
// a comment, one reviews the commit.
func (p *project) reviewed(ctx context.Context) (*hub, error) {
	h, err := p.hub()
	if err != nil {
		return nil, err
	}
	if err := p.policy(map[string]string{
		"      - {role: lead, count: 2}      #": "      - {role: lead, count: 1, source: [signed, github-comment]}\n      - {role: reviewer, count: 1, source: [signed, github-review]} #",
		"    github: {id: 101}":                 "    github: {id: 101, host: \"" + p.rig.hostName() + "\"}",
		"    github: {id: 102}":                 "    github: {id: 102, host: \"" + p.rig.hostName() + "\"}",
		"    github: {id: 103}":                 "    github: {id: 103, host: \"" + p.rig.hostName() + "\"}",
		"    roles: [lead]":                     "    roles: [lead, reviewer]",
	}); err != nil {
		return nil, err
	}
	if err := p.commit(ctx, "Take votes at GitHub"); err != nil {
		return nil, err
	}
	tree, err := p.git(ctx, "rev-parse", "HEAD^{tree}")
	if err != nil {
		return nil, err
	}
	h.opened(p, tree)
	return h, nil
}
