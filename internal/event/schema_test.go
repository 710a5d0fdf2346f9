// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

const schemas = "../../docs/schema/"

// A sample is a predicate of ours with every member, and one with as few as
// there may be.
type sample struct {
	predicateType string
	full, least   any
}

func samples() map[string]sample {
	context := event.Context{
		Host: "github.com", Provider: "github", Repository: "acme/app", RepositoryID: "1296269", Run: "7", Attempt: "1",
		Workflow: ".github/workflows/build.yml", Trigger: "push", Actor: &event.Identity{ID: "583231", Login: "ana"},
		Commit: commitA, Ref: "refs/heads/main", Dirty: true, Time: "2026-03-01T09:00:00Z",
	}
	local := event.Context{Provider: "local"}
	ana := event.Identity{ID: "583231", Login: "ana", Name: "Ana", Email: "ana@example.org"}
	armor := "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\nAAAA\n-----END SSH SIGNATURE-----\n"
	urgent := request()
	urgent.BreakGlass = &event.BreakGlass{Reason: "checkout is down: оплата не работает", Ticket: "INC-7"}
	urgent.Run = event.AskingRun{Provider: "github", ID: "7", Attempt: "1", Job: "gate", Runner: "GitHub Actions 2"}
	owned := forgeVotes()
	owned.Owned = []event.ForgeOwned{{File: ".github/CODEOWNERS", Commit: commitA, Line: 2, Section: "Docs", Owners: []string{"@ana"}, Need: 1, Paths: 3, Example: "docs/a.md"}}
	bare := request()
	bare.Commit, bare.Host, bare.Documents = "", "", []string{}
	id := digestB
	ballot := vote.About(id, request())
	ballot.Choice, ballot.Reason, ballot.Issued = vote.Approve, "looks right", "2026-03-01T10:00:00Z"
	terse := vote.About(id, bare)
	terse.Choice, terse.Issued = vote.Revoke, "2026-03-01T10:00:00.5Z"
	return map[string]sample{
		"request":        {event.RequestType, urgent, bare},
		"vote":           {event.VoteType, event.VotePredicate{Statement: []byte("{}"), SSHSIG: armor}, event.VotePredicate{Statement: []byte("{ }")}},
		"vote-statement": {vote.StatementType, ballot, terse},
		"consumption":    {event.ConsumptionType, event.ConsumptionPredicate{Request: id, Environment: "production", Run: "7", Time: "2026-03-01T11:00:00Z"}, event.ConsumptionPredicate{Request: id, Environment: "p", Run: "7"}},
		"debt": {event.DebtType,
			event.DebtPredicate{Request: id, Environment: "production", Size: 7, Missing: []string{"witnesses", "main"}, Time: "2026-03-01T11:00:00Z", Until: "2026-03-02T11:00:00Z"},
			event.DebtPredicate{Request: id, Environment: "p", Size: 1, Missing: []string{"main"}, Time: "2026-03-01T11:00:00Z", Until: "2026-03-01T11:00:01Z"}},
		"commit": {event.CommitType,
			event.CommitPredicate{Commit: commitA, Tree: commitA, Parents: []string{commitA}, Author: ana, Committer: ana, CoAuthors: []event.Identity{ana}, Subject: "Fix it", Context: context},
			event.CommitPredicate{Commit: digestA, Tree: digestA, Context: local}},
		"deployment": {event.DeploymentType,
			event.DeploymentPredicate{Environment: "production", Result: event.RolledBack, Request: id, URL: "https://app.example.org", Context: context},
			event.DeploymentPredicate{Environment: "p", Result: event.Broken, Context: local}},
		"pipeline": {event.PipelineType,
			event.PipelinePredicate{Result: event.RunFailed, Seconds: 12, URL: "https://ci.example.org/7", Context: context},
			event.PipelinePredicate{Result: event.RunSucceeded, Context: local}},
		"policy": {event.PolicyType,
			event.PolicyPredicate{Ledger: origin, Previous: digestA, Policy: digestB, Request: id, Context: context},
			event.PolicyPredicate{Ledger: origin, Previous: event.NoPrevious, Policy: digestB, Context: local}},
		"forge-votes": {event.ForgeVotesType, owned, event.ForgeVotesPredicate{
			Request: id, Source: "gitlab-note", Host: "gitlab.com", RepositoryID: "7", Commit: digestA, Read: event.ForgeRead{Time: "2026-03-01T10:00:00Z"},
			Changes: []event.ForgeChange{}, Votes: []event.ForgeVote{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{}, Context: local,
		}},
		"posture": {event.PostureType, posture(), event.PosturePredicate{
			Provider: "gitlab", Host: "gitlab.com", RepositoryID: "7", Environment: "p", Branch: "main", Read: event.ForgeRead{Time: "2026-03-01T10:00:00Z"},
			Facts: []event.PostureFact{{Name: "a", State: event.Unknown, Why: "b"}}, Context: local,
		}},
		"untrusted-report": {event.UntrustedType,
			event.UntrustedReportPredicate{Source: "eve/app", Commit: commitA, Media: "application/json", Digest: "sha256:" + digestA, Size: 7, Context: context},
			event.UntrustedReportPredicate{Source: "a fork", Commit: digestA, Media: "text/plain", Digest: "sha256:" + digestA, Context: local}},
	}
}

// schemaFile is the name of a type's schema. policy.json is that of the file
// a policy event is about.
func schemaFile(name string) string {
	if name == "policy" {
		name = "policy-event"
	}
	return schemas + name + ".json"
}

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent()
	s, err := c.Compile(schemaFile(name))
	check(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	check(t, err)
	return s.Validate(v)
}

// There is one schema a type of ours, and it says which.
func TestSchemasAreComplete(t *testing.T) {
	want := []string{"vote-statement"}
	for _, k := range event.Kinds() {
		if name, ok := strings.CutPrefix(k.PredicateType, product.PredicateBase); ok {
			want = append(want, strings.TrimSuffix(name, "/v1"))
		}
	}
	all := samples()
	for _, name := range want {
		if all[name].full == nil {
			t.Fatalf("no sample of %s", name)
		}
		if all[name].predicateType != product.PredicateBase+name+"/v1" {
			t.Errorf("sample of %s has type %s", name, all[name].predicateType)
		}
		data, err := os.ReadFile(schemaFile(name))
		check(t, err)
		var head struct {
			ID          string `json:"$id"`
			Description string `json:"description"`
		}
		check(t, canon.DecodeOpen(data, &head))
		id := strings.TrimSuffix(filepath.Base(schemaFile(name)), ".json")
		if head.ID != product.PredicateBase+"schema/"+id+"-v1.json" || !strings.Contains(head.Description, all[name].predicateType) {
			t.Errorf("%s: $id %s, description %s", name, head.ID, head.Description)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d samples, want %d", len(all), len(want))
	}
	files, err := filepath.Glob(schemas + "*.json")
	check(t, err)
	for _, name := range want {
		if !slices.Contains(files, filepath.FromSlash(schemaFile(name))) {
			t.Errorf("no schema for %s", name)
		}
	}
}

func TestSchemasAcceptWhatWeWrite(t *testing.T) {
	for name, s := range samples() {
		schema := compile(t, name)
		for fact, p := range map[string]any{"full": s.full, "least": s.least} {
			payload, err := event.NewStatement(s.predicateType, []event.Subject{subjectA()}, p)
			check(t, err)
			st, err := event.ParseStatement(payload)
			check(t, err)
			if err := validate(t, schema, st.Predicate); err != nil {
				t.Errorf("%s, %s: %v\n%s", name, fact, err, st.Predicate)
			}
		}
	}
}

// Every member that may be there is in the full sample, so a member that is
// added to a type and forgotten in its schema shows.
func TestSchemasKnowNoOtherMembers(t *testing.T) {
	for name, s := range samples() {
		data, err := os.ReadFile(schemaFile(name))
		check(t, err)
		var schema struct {
			Properties map[string]canon.Raw `json:"properties"`
		}
		check(t, canon.DecodeOpen(data, &schema))
		full, err := canon.Marshal(s.full)
		check(t, err)
		var members map[string]canon.Raw
		check(t, canon.Decode(full, &members))
		for m := range schema.Properties {
			if members[m] == nil {
				t.Errorf("%s: the schema has %q, the type has not", name, m)
			}
		}
	}
}

// Broken in one way at a time: each member in turn is missing, null, of
// another type, or joined by one that is not known.
func TestSchemasRefuseBroken(t *testing.T) {
	optional := map[string][]string{
		"vote-statement": {"reason"}, "commit": {"co_authors", "subject"}, "deployment": {"request", "url"}, "pipeline": {"seconds", "url"}, "vote": {"sshsig"},
		"forge-votes": {"run", "trees", "strangers", "owned"}, "request": {"break-glass", "run"},
	}
	for name, s := range samples() {
		schema := compile(t, name)
		full, err := canon.Marshal(s.full)
		check(t, err)
		decode := func() map[string]canon.Raw {
			var m map[string]canon.Raw
			check(t, canon.Decode(full, &m))
			return m
		}
		for member := range decode() {
			for fact, broken := range map[string]canon.Raw{"missing": nil, "null": canon.Raw("null"), "a number": canon.Raw("7"), "empty": canon.Raw(`{}`)} {
				m := decode()
				if m[member] = broken; broken == nil {
					delete(m, member)
				}
				data, err := canon.Marshal(m)
				check(t, err)
				if fact == "missing" && slices.Contains(optional[name], member) || fact == "empty" && (member == "author" || member == "committer") || fact == "a number" && (member == "size" || member == "seconds" || member == "strangers") {
					check(t, validate(t, schema, data))
				} else if validate(t, schema, data) == nil {
					t.Errorf("%s with %q %s is accepted", name, member, fact)
				}
			}
		}
		m := decode()
		m["extra"] = canon.Raw("1")
		data, err := canon.Marshal(m)
		check(t, err)
		if validate(t, schema, data) == nil {
			t.Errorf("%s with an unknown member is accepted", name)
		}
	}
}

func TestSchemasRefuse(t *testing.T) {
	for fact, c := range map[string]struct{ name, old, new string }{
		"request with half a policy":          {"request", `"policy":"b2`, `"policy":"`},
		"request with an upper-case digest":   {"request", `"sha256":"a1`, `"sha256":"A1`},
		"request with a weak digest":          {"request", `"sha256":"`, `"sha1":"`},
		"request with two digests":            {"request", `"sha256":"`, `"gitCommit":"` + commitA + `","sha256":"`},
		"request with annotations":            {"request", `"name":"app"`, `"name":"app","annotations":{}`},
		"request in another zone":             {"request", `09:00:00Z`, `09:00:00+01:00`},
		"request on a day that never was":     {"request", `2026-03-02`, `2026-02-30`},
		"request after nothing in particular": {"request", `"none"`, `"None"`},
		"request at a size below zero":        {"request", `"size":12`, `"size":-1`},
		"request for a branch":                {"request", `"commit":"c3`, `"commit":"main`},
		"break-glass without a reason":        {"request", `"reason":"checkout is down: оплата не работает",`, ``},
		"break-glass on two lines":            {"request", `checkout is down`, `checkout\nis down`},
		"break-glass with a space behind":     {"request", `INC-7`, `INC-7 `},
		"break-glass by somebody":             {"request", `"ticket"`, `"by"`},
		"vote without padding":                {"vote", `"e30="`, `"e30"`},
		"vote for URLs":                       {"vote", `"e30="`, `"e3_="`},
		"vote without armour":                 {"vote", `-----BEGIN SSH SIGNATURE-----`, `-----BEGIN PGP SIGNATURE-----`},
		"choice nobody has":                   {"vote-statement", `"approve"`, `"abstain"`},
		"reason that is empty":                {"vote-statement", `"looks right"`, `""`},
		"consumption by prefix":               {"consumption", digestB, digestB[:12]},
		"consumption by no run":               {"consumption", `"run":"7"`, `"run":""`},
		"commit abbreviated":                  {"commit", `"commit":"c3`, `"commit":"`},
		"commit with a nickname":              {"commit", `"login"`, `"nick"`},
		"context without provider":            {"deployment", `"provider":"github",`, ``},
		"context that is clean, spelled out":  {"deployment", `"dirty":true`, `"dirty":false`},
		"deployment gone well":                {"deployment", `"rolled-back"`, `"fine"`},
		"deployment for half a request":       {"deployment", digestB, digestB[:12]},
		"vote with armour around nothing":     {"vote", `U1NIU0lH\nAAAA\n`, ``},
		"policy after half a policy":          {"policy", digestA, digestA[:12]},
		"policy by half a request":            {"policy", `"request":"` + digestB, `"request":"b2`},
		"first policy, by a request":          {"policy", `"previous":"` + digestA, `"previous":"none`},
		"later policy, by no request":         {"policy", `,"request":"` + digestB + `"`, ``},
		"report by a weak digest":             {"untrusted-report", `"sha256:`, `"sha1:`},
		"report about a branch":               {"untrusted-report", `"commit":"` + commitA + `","digest`, `"commit":"main","digest`},
		"report of less than nothing":         {"untrusted-report", `"size":7`, `"size":-7`},
		"forge vote that abstains":            {"forge-votes", `"decision":"approve"`, `"decision":"abstain"`},
		"forge vote bound to nothing":         {"forge-votes", `"commit":"` + commitA + `","decision":"deny",`, `"decision":"deny",`},
		"forge vote of a robot":               {"forge-votes", `"kind":"user"`, `"kind":"robot"`},
		"forge vote of a login alone":         {"forge-votes", `"id":583231,`, ``},
		"fact of another sort":                {"forge-votes", `"codeowner:1"`, `"boss"`},
		"team of nowhere":                     {"forge-votes", `team:github:`, `team:`},
		"part nobody has":                     {"forge-votes", `"part":"pusher"`, `"part":"bystander"`},
		"part of somebody and nobody":         {"forge-votes", `"part":"pusher"`, `"part":"pusher","unknown":"hidden"`},
		"tree of half a commit":               {"forge-votes", `"trees":{"c3`, `"trees":{"`},
		"read at no time":                     {"forge-votes", `"time":"2026-03-01T10:30:00Z"`, `"time":"noon"`},
	} {
		t.Run(fact, func(t *testing.T) {
			good, err := canon.Marshal(samples()[c.name].full)
			check(t, err)
			if !bytes.Contains(good, []byte(c.old)) {
				t.Fatalf("%q is not in %s", c.old, good)
			}
			if validate(t, compile(t, c.name), bytes.Replace(good, []byte(c.old), []byte(c.new), 1)) == nil {
				t.Error("accepted")
			}
		})
	}
}
