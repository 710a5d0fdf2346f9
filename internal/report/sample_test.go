// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

var (
	requestID  = strings.Repeat("4f1c2ab39d", 6) + "4f1c"
	appHex     = strings.Repeat("9f86d081", 8)
	policyHex  = strings.Repeat("77ab", 16)
	rootHex    = strings.Repeat("c0ffee00", 8)
	commitHex  = strings.Repeat("0d1e2f", 6) + "abcd"
	signerKey  = "sha256:" + strings.Repeat("51", 32)
	fileSHA    = "sha256:" + appHex
	voterPrint = "SHA256:uNiVztksCsDhcc0u9e8BrqXVUDvBIRmAVwnYF1JAyQs"
)

func asked() *event.RequestPredicate {
	return &event.RequestPredicate{
		Ledger:       "q7d4hk2m",
		Checkpoint:   event.Checkpoint{Size: 9, Root: rootHex},
		Host:         "github.com",
		RepositoryID: "1296269",
		Environment:  "production",
		Subjects:     []event.Subject{{Name: "dist/app", Digest: map[string]string{"sha256": appHex}}},
		Commit:       commitHex,
		Policy:       policyHex,
		Documents:    []string{"sha256:" + strings.Repeat("5b", 32)},
		Previous:     "sha256:" + strings.Repeat("01", 32),
		Created:      "2026-03-02T09:00:00Z",
		Expires:      "2026-03-03T09:00:00Z",
	}
}

func pending() Decision {
	return Decision{
		Request: asked(),
		Decision: policy.Decision{
			Verdict: policy.Pending, Why: "1 of 2 approvals by lead",
			Request: requestID, Environment: "production", Tier: policy.Fast, Policy: policyHex,
			Head: event.Checkpoint{Size: 14, Root: rootHex}, Now: "2026-03-02T10:00:00Z", Clock: "self-asserted",
			Rules: []policy.Rule{
				{Name: "1 security approves", State: policy.Met, Why: "1 of 1: ana", Need: 1, Have: 1, By: []string{"ana"}, Proof: "proven"},
				{Name: "2 leads approve", State: policy.Unmet, Why: "1 of 2: bob", Need: 2, Have: 1, By: []string{"bob"}, Proof: "proven"},
				{Name: "nobody denies", State: policy.Met, Why: "no veto by security or lead up to entry 14", Proof: "proven"},
				{Name: "a test passed, by ci", State: policy.Unmet, Why: "no test of dist/app by ci", Proof: "observed"},
				{Name: "promoted from staging", State: policy.Skipped, Why: "not asked for", Proof: "observed"},
			},
			Votes: []policy.Vote{
				{Index: 10, Principal: "ana", Key: voterPrint, Choice: "approve", Issued: "2026-03-02T09:10:00Z", Counted: true, Why: "counted as security"},
				{Index: 11, Principal: "bob", Key: voterPrint, Choice: "approve", Reason: "looks \"fine\" to me", Issued: "2026-03-02T09:11:00Z", Counted: true, Why: "counted as lead"},
				{Index: 12, Principal: "cy", Key: voterPrint, Choice: "approve", Issued: "2026-03-02T09:12:00Z", Why: "rejected: author of the commit"},
				{Index: 13, Key: voterPrint, Choice: "approve", Issued: "2026-03-02T09:13:00Z", Why: "rejected: the key is nobody's in the policy"},
			},
			Missing: []policy.Missing{
				{What: "1 more approval by lead", Who: []string{"dee", "eli"}, Count: 1},
				{What: "test passed, by ci", Who: []string{"ci"}},
			},
			Inputs: []uint64{9, 10, 11},
		},
	}
}

func allowed() Decision {
	d := pending()
	d.Verdict, d.Why = policy.Allowed, "every rule is met"
	d.Missing = nil
	for i := range d.Rules {
		if d.Rules[i].State == policy.Unmet {
			d.Rules[i].State, d.Rules[i].Why = policy.Met, "it is"
		}
	}
	return d
}

func denied() Decision {
	d := pending()
	d.Verdict, d.Why, d.UsedBy = policy.Denied, "already used by run 4711", "4711"
	d.Rules[2] = policy.Rule{Name: "nobody used it up", State: policy.Broken, Why: "run 4711 did, at entry 13", Proof: "proven"}
	d.Missing, d.Votes = nil, nil
	return d
}

func undecided() Decision {
	d := pending()
	d.Why, d.Missing = "could not find out who wrote the commit", nil
	d.Unknown = []string{"no commit entry about " + commitHex + " by a signer of the policy"}
	d.Rules[0].State = policy.Undecidable
	return d
}

// hostile is a decision in which everything from outside attacks.
func hostile(text string) Decision {
	d := pending()
	d.Request.Subjects[0].Name = text
	d.Request.Commit = text
	d.Why, d.Environment, d.Decision.Request = text, text, text
	d.Rules[0].Name, d.Rules[0].Why, d.Rules[0].By = text, text, []string{text}
	d.Votes[0].Principal, d.Votes[0].Reason, d.Votes[0].Choice, d.Votes[0].Why = text, text, text, text
	d.Missing[0] = policy.Missing{What: text, Who: []string{text}}
	d.Unknown = []string{text}
	return d
}

func index(i uint64) *uint64 { return &i }

func chain() Chain {
	step := func(kind string, i uint64, who, key, summary string, state custody.State, why string, links ...uint64) custody.Step {
		return custody.Step{Kind: kind, Index: i, Time: "2026-03-02T09:00:00Z", Clock: policy.ClockSelf, Who: who, Key: key, Summary: summary, State: state, Why: why, Links: links}
	}
	return Chain{Chain: custody.Chain{
		Verdict: custody.Holds, Why: "allowed in production and deployed",
		Digest: fileSHA, Name: "dist/app", Head: event.Checkpoint{Size: 16, Root: rootHex},
		Policy: policyHex, PolicySource: "/home/ana/policy.yml", Trusted: true,
		Steps: []custody.Step{
			step("commit", 0, "ci", signerKey, "commit "+commitHex+" by Ana: Fix the parser", custody.Observed, "ci read the author in git, which proves none"),
			step("build", 1, "ci", signerKey, "built from commit "+commitHex, custody.Proven, "", 0),
			step("sbom", 2, "ci", signerKey, "components listed in sha256:"+strings.Repeat("5b", 32)+", 41234 bytes", custody.Proven, "", 1),
			step("test", 3, "ci", signerKey, "tests PASSED: 12 passed, 0 failed, 1 skipped", custody.Proven, "", 1),
			step("request", 9, "gate", signerKey, "asked to deploy to production, request "+requestID, custody.Proven, "", 2, 3),
			step("vote", 10, "ana", voterPrint, "approved", custody.Proven, "counted as security", 9),
			step("vote", 12, "cy", voterPrint, "approved", custody.Rejected, "rejected: author of the commit", 9),
			step("vote", 13, "", voterPrint, "approved", custody.Rejected, "the key is nobody's in the policy", 9),
			step("decision", 14, "gate", signerKey, "allowed for production: every rule is met", custody.Proven, "made again from the ledger, with the same answer", 9, 10),
			step("consumption", 15, "gate", signerKey, "used up by run 4711, for production only", custody.Proven, "", 14),
		},
		Environments: []custody.Standing{{
			Environment: "production", Allowed: true, Why: "allowed by decision #14, used up by run 4711", Request: requestID, Run: "4711",
			Decision: index(14), Consumption: index(15), Deployment: index(16), Deployed: event.Healthy,
		}},
	}}
}

func tampered() Chain {
	c := chain()
	c.Verdict, c.Why = custody.Tampered, "dist/app was recorded as "+fileSHA+" (#1); these bytes are sha256:"+strings.Repeat("ab", 32)
	c.Digest, c.Steps, c.Environments = "sha256:"+strings.Repeat("ab", 32), nil, nil
	c.Findings = []custody.Finding{
		{Severity: custody.SeverityTampered, What: c.Why, Index: index(1)},
		{Severity: custody.SeverityUntrusted, What: "entry #7 (test) is signed by a key no policy names: " + signerKey, Index: index(7)},
		{Severity: custody.SeverityMissing, What: "entry #2 (sbom): the document is not there", Index: index(2)},
		{Severity: custody.SeverityNote, What: "nothing else is known about these bytes"},
	}
	return c
}

// certified is a chain by certificates and proven times, over a change of
// policy.
func certified() Chain {
	c := chain()
	for i := range c.Steps {
		s := &c.Steps[i]
		s.Clock = policy.ClockStamped
		if s.Who == "ci" {
			s.Key = "certificate sha256:" + strings.Repeat("c1", 32)
			s.Identity = "https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main, issuer https://token.actions.githubusercontent.com, repository 1296269, ref refs/heads/main"
		}
	}
	c.Steps[7].Key, c.Steps[7].Why = "certificate sha256:"+strings.Repeat("ee", 32), "signed with a certificate of nobody a policy names"
	c.Steps = slices.Insert(c.Steps, 4, custody.Step{
		Kind: "policy", Index: 8, Time: "2026-03-02T08:59:00Z", Clock: policy.ClockStamped, Who: "gate", Key: signerKey,
		Summary: "policy changed to sha256:77ab77ab77ab", State: custody.Proven, Why: "approved by ana and bob",
	})
	c.Findings = []custody.Finding{{Severity: custody.SeverityNote, What: "policy changed at #8: approved by ana and bob", Index: index(8)}}
	return c
}

// proven is a decision whose times are proven, with a keyless vote.
func proven() Decision {
	d := allowed()
	d.Clock = policy.ClockStamped
	d.Votes[1].Key, d.Votes[1].Identity, d.Votes[1].Proven = "certificate sha256:"+strings.Repeat("c1", 32), "bob@acme.io, issuer https://accounts.google.com", "2026-03-02T09:11:02Z"
	d.Votes[3].Key, d.Votes[3].Why = "", "rejected: it can't be read"
	return d
}

// integrated is an inbox with a bit of everything.
func integrated() Integration {
	return Integration{
		Plan: admit.Plan{
			Take: []int{2, 0}, Done: []int{1}, Defer: []int{3, 6},
			Refuse: []admit.Refusal{
				{Parcel: 4, Name: strings.Repeat("ab", 32), Reason: admit.Stranger, Why: "event 1 of 2: the key is nobody's in the policy"},
				{Parcel: 5, Name: strings.Repeat("cd", 32), Reason: admit.Unreadable, Why: "it can't be read: garbage"},
			},
			Unjudged: []admit.Refusal{{Parcel: 6, Name: strings.Repeat("ef", 32), Reason: admit.NeedsRoot, Why: "no usable trusted root"}},
			Signers: []admit.Count{
				{Name: "ana", Person: true, Taken: 1},
				{Name: "ci", Taken: 256, Deferred: 12},
			},
		},
		Names: []string{"p0", "p1", "p2", "p3", "p4", "p5", "p6"},
		Head:  event.Checkpoint{Size: 300, Root: rootHex},
	}
}

// littered is an inbox that somebody attacks.
func littered(text string) Integration {
	g := integrated()
	g.Names[0] = text
	g.Refuse[0].Name, g.Refuse[0].Why = text, text
	g.Unjudged[0].Why = text
	return g
}

func unpinned() Chain {
	c := chain()
	c.Trusted, c.PolicySource = false, "local HEAD"
	return c
}

func asking() Request {
	return Request{
		ID: requestID, Asked: *asked(), Choice: "approve", Signer: "ana with " + voterPrint, Repository: "acme/app",
		Commits: []string{"0d1e2f0 Ana: Fix the parser", "77aa001 Bo: Bump yaml"},
		SBOM:    []string{"+ golang.org/x/text v0.43.0", "- golang.org/x/text v0.42.0"},
		Now:     time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC),
	}
}

func shown() Request {
	r := asking()
	r.Choice, r.Signer, r.Commits, r.SBOM, r.Now = "", "", nil, []string{}, time.Time{}
	return r
}
