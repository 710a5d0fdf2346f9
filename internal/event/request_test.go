// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

func request() event.RequestPredicate {
	return event.RequestPredicate{
		Ledger:       origin,
		Checkpoint:   event.Checkpoint{Size: 12, Root: digestB},
		Host:         "github.com",
		RepositoryID: "1296269",
		Environment:  "production",
		Subjects:     []event.Subject{subjectA()},
		Commit:       commitA,
		Policy:       digestB,
		Documents:    []string{"sha256:" + digestA},
		Previous:     event.NoPrevious,
		Created:      "2026-03-01T09:00:00Z",
		Expires:      "2026-03-02T09:00:00Z",
	}
}

// The formula, written out by hand: anybody can compute it without us.
func TestRequestID(t *testing.T) {
	const canonical = `{"checkpoint":{"root":"ROOT","size":12},"commit":"COMMIT","created":"2026-03-01T09:00:00Z",` +
		`"documents":["sha256:DIGEST"],"environment":"production","expires":"2026-03-02T09:00:00Z","host":"github.com",` +
		`"ledger":"log-of-the-tests","policy":"ROOT","previous":"none","repository-id":"1296269",` +
		`"subjects":[{"digest":{"sha256":"DIGEST"},"name":"app"}]}`
	text := strings.NewReplacer("ROOT", digestB, "COMMIT", commitA, "DIGEST", digestA).Replace(canonical)
	sum := sha256.Sum256([]byte("gateledger-request-v1\x00" + text))
	got, err := event.RequestID(request())
	check(t, err)
	if want := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("RequestID is %s, want %s", got, want)
	}
}

// A vote names the id: anything that changes must change it.
func TestRequestIDCoversEverything(t *testing.T) {
	seen := map[string]string{}
	for fact, change := range map[string]func(*event.RequestPredicate){
		"nothing":       func(*event.RequestPredicate) {},
		"ledger":        func(r *event.RequestPredicate) { r.Ledger = "other" },
		"size":          func(r *event.RequestPredicate) { r.Checkpoint.Size++ },
		"root":          func(r *event.RequestPredicate) { r.Checkpoint.Root = digestA },
		"host":          func(r *event.RequestPredicate) { r.Host = "gitlab.com" },
		"repository":    func(r *event.RequestPredicate) { r.RepositoryID = "1" },
		"environment":   func(r *event.RequestPredicate) { r.Environment = "staging" },
		"name":          func(r *event.RequestPredicate) { r.Subjects[0].Name = "app2" },
		"digest":        func(r *event.RequestPredicate) { r.Subjects[0].Digest["sha256"] = digestB },
		"one more":      func(r *event.RequestPredicate) { r.Subjects = append(r.Subjects, subjectA()) },
		"commit":        func(r *event.RequestPredicate) { r.Commit = digestA[:40] },
		"policy":        func(r *event.RequestPredicate) { r.Policy = digestA },
		"document":      func(r *event.RequestPredicate) { r.Documents[0] = "sha256:" + digestB },
		"no document":   func(r *event.RequestPredicate) { r.Documents = nil },
		"previous":      func(r *event.RequestPredicate) { r.Previous = "sha256:" + digestB },
		"created":       func(r *event.RequestPredicate) { r.Created = "2026-03-01T09:00:01Z" },
		"expires":       func(r *event.RequestPredicate) { r.Expires = "2026-03-02T09:00:01Z" },
		"host and repo": func(r *event.RequestPredicate) { r.Host, r.RepositoryID = r.RepositoryID, r.Host },
	} {
		r := request()
		change(&r)
		id, err := event.RequestID(r)
		check(t, err)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have one id", fact, other)
		}
		seen[id] = fact
	}
}

func TestRequestIDRefusesWhatJSONCannotHold(t *testing.T) {
	r := request()
	r.Environment = "\xff"
	_, err := event.RequestID(r)
	wantError(t, err, "UTF-8")
	r = request()
	r.Checkpoint.Size = 1<<53 + 1
	_, err = event.RequestID(r)
	wantError(t, err, "2^53")
}

func TestRequestCheck(t *testing.T) {
	two := func(a, b event.Subject) []event.Subject { return []event.Subject{a, b} }
	named := func(name string) event.Subject {
		return event.Subject{Name: name, Digest: map[string]string{"sha256": digestB}}
	}
	for fact, c := range map[string]struct {
		change func(*event.RequestPredicate)
		err    string
	}{
		"as it should be":                 {func(*event.RequestPredicate) {}, ""},
		"outside git":                     {func(r *event.RequestPredicate) { r.Commit = "" }, ""},
		"two subjects, sorted":            {func(r *event.RequestPredicate) { r.Subjects = two(subjectA(), named("b")) }, ""},
		"no document to show":             {func(r *event.RequestPredicate) { r.Documents = []string{} }, ""},
		"after a deployment":              {func(r *event.RequestPredicate) { r.Previous = "sha256:" + digestB }, ""},
		"fractions of a second":           {func(r *event.RequestPredicate) { r.Created = "2026-03-01T09:00:00.25Z" }, ""},
		"no ledger":                       {func(r *event.RequestPredicate) { r.Ledger = "" }, "no ledger"},
		"no environment":                  {func(r *event.RequestPredicate) { r.Environment = "" }, "no environment"},
		"no root":                         {func(r *event.RequestPredicate) { r.Checkpoint.Root = "" }, "checkpoint root"},
		"no policy":                       {func(r *event.RequestPredicate) { r.Policy = "" }, "policy"},
		"policy with its algorithm":       {func(r *event.RequestPredicate) { r.Policy = "sha256:" + digestB }, "policy"},
		"commit abbreviated":              {func(r *event.RequestPredicate) { r.Commit = commitA[:12] }, "commit"},
		"commit by branch":                {func(r *event.RequestPredicate) { r.Commit = "main" }, "commit"},
		"previous empty":                  {func(r *event.RequestPredicate) { r.Previous = "" }, "previous"},
		"previous unknown":                {func(r *event.RequestPredicate) { r.Previous = "None" }, "previous"},
		"no subject":                      {func(r *event.RequestPredicate) { r.Subjects = nil }, "no subject"},
		"subject without digest":          {func(r *event.RequestPredicate) { r.Subjects[0].Digest = nil }, "no digest"},
		"subject with two digests":        {func(r *event.RequestPredicate) { r.Subjects[0].Digest["gitCommit"] = commitA }, "want one"},
		"subject with a weak digest too":  {func(r *event.RequestPredicate) { r.Subjects[0].Digest["sha1"] = commitA }, "do not accept"},
		"subject with a URI":              {func(r *event.RequestPredicate) { r.Subjects[0].URI = "x" }, "more than a name"},
		"subject with annotations":        {func(r *event.RequestPredicate) { r.Subjects[0].Annotations = map[string]string{"a": "b"} }, "more than a name"},
		"subjects unsorted":               {func(r *event.RequestPredicate) { r.Subjects = two(named("b"), subjectA()) }, "not sorted"},
		"one subject twice":               {func(r *event.RequestPredicate) { r.Subjects = two(named("b"), named("b")) }, "there twice"},
		"documents null":                  {func(r *event.RequestPredicate) { r.Documents = nil }, "documents"},
		"document without algorithm":      {func(r *event.RequestPredicate) { r.Documents[0] = digestA }, "documents"},
		"documents unsorted":              {func(r *event.RequestPredicate) { r.Documents = []string{"sha256:" + digestB, "sha256:" + digestA} }, "not sorted"},
		"one document twice":              {func(r *event.RequestPredicate) { r.Documents = append(r.Documents, r.Documents[0]) }, "there twice"},
		"no time":                         {func(r *event.RequestPredicate) { r.Created = "" }, "time"},
		"a day, no time":                  {func(r *event.RequestPredicate) { r.Created = "2026-03-01" }, "time"},
		"another zone":                    {func(r *event.RequestPredicate) { r.Created = "2026-03-01T10:00:00+01:00" }, "UTC"},
		"UTC spelled out":                 {func(r *event.RequestPredicate) { r.Expires = "2026-03-02T09:00:00+00:00" }, "UTC"},
		"a fraction with a zero too many": {func(r *event.RequestPredicate) { r.Created = "2026-03-01T09:00:00.50Z" }, "UTC"},
		"a day that never was":            {func(r *event.RequestPredicate) { r.Expires = "2026-02-30T09:00:00Z" }, "time"},
		"expires as it is made":           {func(r *event.RequestPredicate) { r.Expires = r.Created }, "not after"},
		"expires before it is made":       {func(r *event.RequestPredicate) { r.Created, r.Expires = r.Expires, r.Created }, "not after"},
	} {
		t.Run(fact, func(t *testing.T) {
			r := request()
			c.change(&r)
			if c.err == "" {
				check(t, r.Check())
				return
			}
			wantError(t, r.Check(), c.err)
			if _, err := event.NewStatement(event.RequestType, []event.Subject{subjectA()}, r); err == nil {
				t.Error("it is written all the same")
			}
		})
	}
}

func TestTheRunOfARequest(t *testing.T) {
	for name, c := range map[string]struct {
		run event.AskingRun
		ok  bool
	}{
		"none":             {event.AskingRun{}, true},
		"a run":            {event.AskingRun{Provider: "github", ID: "7", Attempt: "1"}, true},
		"with its job":     {event.AskingRun{Provider: "github", ID: "7", Attempt: "1", Job: "gate", Runner: "GitHub Actions 2"}, true},
		"of nowhere":       {event.AskingRun{ID: "7", Attempt: "1"}, false},
		"without a number": {event.AskingRun{Provider: "github", Job: "gate"}, false},
		"a long name":      {event.AskingRun{Provider: "github", ID: "7", Attempt: "1", Job: strings.Repeat("x", 501)}, false},
	} {
		r := request()
		r.Run = c.run
		if err := r.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	with, without := request(), request()
	with.Run = event.AskingRun{Provider: "github", ID: "7", Attempt: "1"}
	a, _ := event.RequestID(with)
	b, _ := event.RequestID(without)
	if a == b {
		t.Error("two requests that differ have one name")
	}
}
