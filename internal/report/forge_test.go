// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/policy"
)

func TestNoticeStates(t *testing.T) {
	unsure := allowed()
	unsure.Unknown = []string{"who wrote it"}
	both := denied()
	both.Unknown = []string{"who wrote it"}
	for name, c := range map[string]struct {
		d           Decision
		advice      bool
		state       string
		description string
		issue       string
	}{
		"pending":                      {pending(), false, NoticePending, "PENDING: missing: 1 more approval by lead and test passed, by ci", "Deploy production: waiting for 1"},
		"allowed":                      {allowed(), false, NoticeAllowed, "ALLOWED: every rule is met", "Deploy production: allowed"},
		"advice is never a success":    {allowed(), true, NoticePending, "ADVICE: it would be allowed; nothing was used up, so nothing may be deployed by this", "Deploy production: nothing was used up"},
		"denied":                       {denied(), false, NoticeDenied, "DENIED: already used by run 4711", "Deploy production: denied"},
		"denied as advice is a denial": {denied(), true, NoticeDenied, "DENIED: already used by run 4711", "Deploy production: denied"},
		"a denial beats the unknown":   {both, false, NoticeDenied, "DENIED: already used by run 4711", "Deploy production: denied"},
		"not found out":                {undecided(), false, NoticeUnknown, "COULD NOT FIND OUT: could not find out who wrote the commit", "Deploy production: could not find out"},
		"allowed, but not all known":   {unsure, false, NoticeUnknown, "COULD NOT FIND OUT: every rule is met", "Deploy production: could not find out"},
		"the zero decision":            {Decision{}, false, NoticePending, "PENDING", "Deploy : nothing was used up"},
	} {
		t.Run(name, func(t *testing.T) {
			n := NewNotice(c.d, NoticeOptions{Advice: c.advice})
			if n.State != c.state || n.Description != c.description || n.Issue != c.issue {
				t.Errorf("%s, %q, %q", n.State, n.Description, n.Issue)
			}
			if c.advice && c.d.Verdict == policy.Allowed && (!strings.Contains(n.Summary, "no permission") || !strings.Contains(n.Comment, "no permission")) {
				t.Error("it reads like a permission")
			}
		})
	}
}

// A gate that was stopped has decided nothing, and takes back no denial.
func TestCancelledNotice(t *testing.T) {
	for name, c := range map[string]struct {
		d     Decision
		state string
	}{
		"pending": {pending(), NoticeCancelled}, "denied": {denied(), NoticeDenied},
		"allowed": {allowed(), NoticeCancelled}, "not found out": {undecided(), NoticeCancelled},
	} {
		n := NewNotice(c.d, NoticeOptions{Cancelled: true})
		if n.State != c.state || c.state == NoticeCancelled && (n.Description != cancelled || n.Issue != "Deploy production: cancelled" || !strings.Contains(n.Comment, "nothing was decided")) {
			t.Errorf("%s: %s, %q, %q", name, n.State, n.Description, n.Issue)
		}
	}
	if n := NewNotice(pending(), NoticeOptions{Cancelled: true, Comments: true}); !strings.Contains(n.Comment, "/approve "+requestID) {
		t.Error("people may still approve")
	}
}

func TestCommentAsksOnce(t *testing.T) {
	n := NewNotice(pending(), NoticeOptions{Comments: true, Details: "https://github.com/acme/app/actions/runs/1"})
	lines := strings.Split(n.Comment, "\n")
	if lines[0] != "<!-- gateledger:production -->" || n.Marker != lines[0] {
		t.Errorf("it begins with %q", lines[0])
	}
	for _, want := range []string{
		"<pre><code>/approve " + requestID + "</code></pre>", "Request `" + requestID + "` for **production**",
		"[this run](https://github.com/acme/app/actions/runs/1)", "PENDING", "1 more approval by lead", "rejected&#58; author of the commit",
	} {
		if !strings.Contains(n.Comment, want) && !strings.Contains(n.Comment, strings.ReplaceAll(want, "&#58;", ":")) {
			t.Errorf("no %q in\n%s", want, n.Comment)
		}
	}
	for _, l := range lines {
		if strings.HasPrefix(l, "/") {
			t.Errorf("the comment votes itself: %q", l)
		}
	}
	signed := NewNotice(pending(), NoticeOptions{}).Comment
	if strings.Contains(signed, "/approve") || !strings.Contains(signed, "<pre><code>gateledger approve "+requestID+"</code></pre>") {
		t.Errorf("where comments are no votes it must not ask for one:\n%s", signed)
	}
	for name, d := range map[string]Decision{"allowed": allowed(), "denied": denied(), "unknown": undecided()} {
		if c := NewNotice(d, NoticeOptions{Comments: true}).Comment; strings.Contains(c, "/approve") {
			t.Errorf("%s: it still asks:\n%s", name, c)
		}
	}
}

// A look at the ledger that finds nothing new leaves the comment as it is.
func TestCommentStaysWhereNothingIsNew(t *testing.T) {
	later := pending()
	later.Now, later.Head.Size, later.Head.Root = "2026-03-02T11:00:00Z", 99, policyHex
	a, b := NewNotice(pending(), NoticeOptions{}), NewNotice(later, NoticeOptions{})
	if a.Comment != b.Comment {
		t.Errorf("it changed:\n%s\n%s", a.Comment, b.Comment)
	}
	if a.Summary == b.Summary {
		t.Error("the summary should say when")
	}
}

func TestMarkersDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"production", "production-eu", "a", "a -->", "a%20", "a ", "A", "a--", "é", "", "-->\n/approve", strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a", 66)} {
		m := Marker(name)
		if seen[m] != "" || strings.Count(m, "-->") != 1 || strings.ContainsAny(m, "\n\r") || !strings.HasSuffix(m, " -->") {
			t.Errorf("%q: %q", name, m)
		}
		seen[m] = name + "."
	}
}

// Whatever people write, a forge is sent no more than it takes, and nothing
// that does anything.
func TestNoticeOfHostileText(t *testing.T) {
	for _, text := range []string{
		"@acme/leads <!-- --> <img src=x> ![x](https://evil.example) [y](javascript:z) #1 acme/app#2",
		"a\n/approve " + requestID + "\n::error::x\x1b[2J\u202e", "<!-- gateledger:staging -->", "```\n" + strings.Repeat("|", 300), strings.Repeat("é€𝄞", 4_000), "\xff\xfe",
	} {
		d := hostile(text)
		for range 70 {
			d.Votes = append(d.Votes, d.Votes[0])
			d.Rules = append(d.Rules, policy.Rule{Name: text, State: policy.Undecidable, Why: text})
			d.Unknown = append(d.Unknown, text)
		}
		for _, o := range []NoticeOptions{{}, {Advice: true}, {Comments: true, Details: text}} {
			checkNotice(t, NewNotice(d, o))
		}
	}
}

func checkNotice(t *testing.T, n Notice) {
	t.Helper()
	if len(n.Summary) > CheckLimit || len(n.Comment) > CommentLimit || len(n.Annotations) > AnnotationLimit {
		t.Errorf("%d, %d bytes, %d annotations", len(n.Summary), len(n.Comment), len(n.Annotations))
	}
	if utf8.RuneCountInString(n.Description) > DescriptionLimit || utf8.RuneCountInString(n.Title) > titleLimit || utf8.RuneCountInString(n.Issue) > titleLimit {
		t.Errorf("%q, %q, %q", n.Description, n.Title, n.Issue)
	}
	flats := []string{n.Title, n.Description, n.Issue}
	for _, a := range n.Annotations {
		flats = append(flats, a.Title, a.Message)
		if a.Path != ".gateledger.yml" || a.Line != 1 {
			t.Errorf("%+v", a)
		}
	}
	for _, s := range flats {
		if strings.Contains(s, "@") || strings.ContainsAny(s, "\n\r") || clean.Text(s) != s {
			t.Errorf("%q", s)
		}
	}
	rest, ok := strings.CutPrefix(n.Comment, n.Marker+"\n")
	if !ok || strings.Contains(rest, "<!-- gateledger:") || strings.Contains(rest, "<img") || strings.Contains(rest, "](javascript") ||
		strings.Contains(rest, "https://evil") || strings.Contains(rest, "@acme") || strings.Contains(rest, "\n/") || !utf8.ValidString(n.Comment) {
		t.Errorf("%.2000s", n.Comment)
	}
	if n.Details != "" {
		t.Errorf("details %q", n.Details)
	}
}

func TestAnnotationsSayHowManyAreLeftOut(t *testing.T) {
	d := pending()
	d.Rules = nil
	for i := range 60 {
		d.Rules = append(d.Rules, policy.Rule{Name: fmt.Sprint("rule ", i), State: policy.Broken, Why: "so"})
	}
	a := NewNotice(d, NoticeOptions{}).Annotations
	if len(a) != AnnotationLimit || a[49].Message != "11 more are in the summary" || a[48].Title != "no: rule 48" || a[0].Level != "failure" {
		t.Errorf("%d: %+v", len(a), a[len(a)-1])
	}
}

func FuzzNotice(f *testing.F) {
	f.Add("app", true)
	f.Add("<!-- gateledger:x -->\n/approve", false)
	f.Add("@a", true)
	f.Fuzz(func(t *testing.T, text string, comments bool) {
		n := NewNotice(hostile(text), NoticeOptions{Comments: comments})
		if len(n.Comment) > CommentLimit || len(n.Summary) > CheckLimit || strings.Contains(n.Title+n.Description+n.Issue, "@") {
			t.Error(text)
		}
		if rest := strings.TrimPrefix(n.Comment, n.Marker); strings.Contains(rest, "\n/") || strings.Contains(rest, "<!-- gateledger:") {
			t.Errorf("%s", n.Comment)
		}
	})
}
