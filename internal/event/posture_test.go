// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// posture is one with every member.
func posture() event.PosturePredicate {
	return event.PosturePredicate{
		Provider: "github", Host: "github.com", RepositoryID: "1296269", Environment: "production", Branch: "main",
		Read: event.ForgeRead{Time: "2026-03-01T10:30:00Z", Calls: 14},
		Facts: []event.PostureFact{
			{Name: "branch-protected", State: event.Yes, Why: "by ruleset 42"},
			{Name: "environment-admins-bypass", State: event.No, Why: "can_admins_bypass is false"},
			{Name: "ruleset-bypass", State: event.Unknown, Why: "the token may not see who bypasses ruleset 42"},
		},
		Context: event.Context{
			Host: "github.com", Provider: "github", Repository: "acme/app", RepositoryID: "1296269", Run: "7", Attempt: "1",
			Workflow: ".github/workflows/deploy.yml", Trigger: "push", Actor: &event.Identity{ID: "583231", Login: "ana"},
			Commit: commitA, Ref: "refs/heads/main", Dirty: true, Time: "2026-03-01T10:31:00Z",
		},
	}
}

func TestPostureRoundTrip(t *testing.T) {
	want := posture()
	check(t, want.Check())
	subject, err := event.PostureSubject(want.Host, want.RepositoryID, want.Environment)
	check(t, err)
	payload, err := event.NewStatement(event.PostureType, []event.Subject{subject}, want)
	check(t, err)
	st, err := event.ParseStatement(payload)
	check(t, err)
	var got event.PosturePredicate
	check(t, canon.Decode(st.Predicate, &got))
	again, err := canon.Marshal(got)
	check(t, err)
	if string(again) != string(st.Predicate) {
		t.Errorf("read %s\nwrote %s", again, st.Predicate)
	}
	if k, ok := event.KindOf(st); !ok || k.Name != "posture" || !k.Control {
		t.Errorf("kind %+v, %v", k, ok)
	}
}

// One thing is wrong at a time.
func TestPostureCheck(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*event.PosturePredicate)
		want string
	}{
		"no provider":           {func(p *event.PosturePredicate) { p.Provider = "" }, "no provider"},
		"no host":               {func(p *event.PosturePredicate) { p.Host = "" }, "no host"},
		"no repository":         {func(p *event.PosturePredicate) { p.RepositoryID = "" }, "no repository-id"},
		"no environment":        {func(p *event.PosturePredicate) { p.Environment = "" }, "no environment"},
		"no branch":             {func(p *event.PosturePredicate) { p.Branch = "" }, "no branch"},
		"calls below zero":      {func(p *event.PosturePredicate) { p.Read.Calls = -1 }, "below zero"},
		"no time":               {func(p *event.PosturePredicate) { p.Read.Time = "" }, "read: "},
		"no facts":              {func(p *event.PosturePredicate) { p.Facts = nil }, "no facts"},
		"too many facts":        {func(p *event.PosturePredicate) { p.Facts = make([]event.PostureFact, event.MaxPostureFacts+1) }, "over the limit of 200"},
		"a fact without a name": {func(p *event.PosturePredicate) { p.Facts[0].Name = "" }, "no name of a fact"},
		"a fact in words":       {func(p *event.PosturePredicate) { p.Facts[0].Name = "Branch protected" }, "no name of a fact"},
		"a state of no name":    {func(p *event.PosturePredicate) { p.Facts[0].State = "fine" }, `unknown state "fine"`},
		"no state":              {func(p *event.PosturePredicate) { p.Facts[0].State = "" }, "unknown state"},
		"no why":                {func(p *event.PosturePredicate) { p.Facts[0].Why = "" }, "is not one line"},
		"two lines":             {func(p *event.PosturePredicate) { p.Facts[0].Why = "a\nb" }, "is not one line"},
		"a long why":            {func(p *event.PosturePredicate) { p.Facts[0].Why = strings.Repeat("a", event.MaxPostureWhy+1) }, "at most 300 bytes"},
		"no UTF-8":              {func(p *event.PosturePredicate) { p.Facts[0].Why = "\xff" }, "is not one line"},
		"a fact twice":          {func(p *event.PosturePredicate) { p.Facts[1].Name = p.Facts[0].Name }, "stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			p := posture()
			c.edit(&p)
			if err := p.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestPostureSubjectIsOfOnePlace(t *testing.T) {
	seen := map[string]bool{}
	for _, place := range [][3]string{{"github.com", "7", "production"}, {"github.com", "7", "staging"}, {"github.com", "8", "production"}, {"git.acme.example", "7", "production"}} {
		s, err := event.PostureSubject(place[0], place[1], place[2])
		check(t, err)
		if seen[s.Digest["sha256"]] || len(s.Digest["sha256"]) != 64 {
			t.Errorf("%v: %v", place, s)
		}
		seen[s.Digest["sha256"]] = true
	}
}

// What nobody looked at is unknown, never fine.
func TestAFactThatIsNotThereIsUnknown(t *testing.T) {
	p := posture()
	if f := p.Fact("branch-protected"); f.State != event.Yes {
		t.Errorf("got %+v", f)
	}
	if f := p.Fact("another"); f.State != event.Unknown || f.Why != "nobody looked" {
		t.Errorf("got %+v", f)
	}
}
