// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/vote"
)

// ballot is a signed vote by the key of a number, as a comment has it.
func ballot(t *testing.T, key byte, choice vote.Choice, about, reason string) string {
	t.Helper()
	return ballotAt(t, key, choice, about, reason, "2026-03-02T09:00:00Z")
}

// ballotAt is a ballot that was signed then.
func ballotAt(t *testing.T, key byte, choice vote.Choice, about, reason, issued string) string {
	t.Helper()
	statement, err := vote.NewStatement(vote.Predicate{
		Request: about, Choice: choice, Ledger: "q7d4x2m9", Environment: "production", Commit: commit, Issued: issued, Reason: reason,
		Subjects: []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+key)), 32))))
	if err != nil {
		t.Fatal(err)
	}
	data, err := vote.SignedData("gateledger-vote", vote.SHA512, statement)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := signer.Sign(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	block, err := vote.Armour(statement, vote.ArmorSSHSIG(&vote.Signature{Key: signer.PublicKey(), Namespace: "gateledger-vote", HashAlgorithm: vote.SHA512, Blob: sig}))
	if err != nil {
		t.Fatal(err)
	}
	return report.VoteComment(string(choice), about, "production", block)
}

func (f *forge) voteQuery(by, text string) VoteQuery {
	q := VoteQuery{
		Forge: by, API: f.server.URL, Repository: "acme/app", RepositoryID: "1296269", Token: secret,
		Commit: commit, Environment: "production", Request: request, Text: text, Base: http.DefaultTransport, Timeout: 5 * time.Second, Pause: time.Millisecond,
	}
	if by == "gitlab" {
		q.API, q.Repository, q.RepositoryID = f.server.URL+"/api/v4", "", "6"
	}
	return q
}

func (f *forge) post(by, text string) (Placed, bool, error) {
	f.t.Helper()
	p, before, err := PostVote(f.t.Context(), f.voteQuery(by, text))
	if all := fmt.Sprint(p, err); strings.Contains(all, secret) {
		f.t.Errorf("it tells the token: %s", all)
	}
	return p, before, err
}

// texts are what was left at a forge.
func (f *forge) texts() []string {
	var out []string
	for _, c := range append(slices.Clone(f.comments), f.notes...) {
		out = append(out, c["body"].(string))
	}
	return out
}

func (f *forge) shown() {
	f.pulls = []object{merged(7, commit)}
	f.pulls[0]["html_url"] = "https://github.com/acme/app/pull/7"
	f.merges = []object{{"iid": 7, "project_id": 6, "state": "merged", "sha": commit, "web_url": "https://gitlab.example.com/acme/app/-/merge_requests/7"}}
}

func TestAVoteIsLeftOnce(t *testing.T) {
	for _, by := range []string{"github", "gitlab"} {
		f := newForge(t)
		f.shown()
		approve := ballot(t, 0, vote.Approve, request, "")
		p, before, err := f.post(by, approve)
		if err != nil || before || !strings.HasSuffix(p.Place, "request 7") || p.Address == "" || !slices.Equal(f.texts(), []string{approve}) {
			t.Fatalf("%s: %+v, %t, %v, %q", by, p, before, err, f.texts())
		}
		again, before, err := f.post(by, approve)
		if err != nil || !before || again.Place != p.Place || len(f.writes()) != 1 {
			t.Errorf("%s: %+v, %t, %v, %q", by, again, before, err, f.writes())
		}
	}
}

// The last word of the voter's own key on this request is what counts: another
// choice, or the same after another one, is left.
func TestWhichVoteIsThereBefore(t *testing.T) {
	approve, deny := ballot(t, 0, vote.Approve, request, ""), ballot(t, 0, vote.Deny, request, "no")
	later := ballotAt(t, 0, vote.Approve, request, "", "2026-03-02T09:00:01Z")
	forged := strings.Replace(ballot(t, 1, vote.Approve, request, ""), "BEGIN SSH", "BEGIN  SSH", 1)
	for name, c := range map[string]struct {
		there  []string
		post   string
		before bool
	}{
		"nothing":                      {nil, approve, false},
		"talk":                         {[]string{"approve!", ""}, approve, false},
		"the same":                     {[]string{"x", approve, "y"}, approve, true},
		"the same, quoted":             {[]string{"> " + strings.ReplaceAll(approve, "\n", "\n> ")}, approve, true},
		"somebody else's":              {[]string{ballot(t, 1, vote.Approve, request, "")}, approve, false},
		"on another request":           {[]string{ballot(t, 0, vote.Approve, strings.Repeat("ab", 32), "")}, approve, false},
		"for another reason":           {[]string{ballot(t, 0, vote.Approve, request, "seen it")}, approve, false},
		"the other choice":             {[]string{approve}, deny, false},
		"the same before the other":    {[]string{approve, deny}, approve, false},
		"both in one, this one last":   {[]string{deny + approve}, approve, true},
		"a block that is broken":       {[]string{forged}, approve, false},
		"an old deny, pasted again":    {[]string{deny, later, deny}, deny, false},
		"an old one, pasted again":     {[]string{deny, later, deny}, approve, true},
		"the same, and a broken block": {[]string{approve, forged}, approve, true},
	} {
		f := newForge(t)
		f.shown()
		f.pageSize = 1
		for i, text := range c.there {
			f.comments = append(f.comments, object{"id": i + 1, "body": text, "user": object{"id": 666}})
		}
		_, before, err := f.post("github", c.post)
		if err != nil || before != c.before || before != (len(f.writes()) == 0) {
			t.Errorf("%s: %t, %v, %q", name, before, err, f.writes())
		}
	}
}

// It is left where the gate reads and the request is shown.
func TestWhereAVoteIsLeft(t *testing.T) {
	marker := report.Marker("production") + "\n"
	issue := object{"number": 7, "state": "open", "title": "x", "body": marker, "user": object{"id": bot}, "labels": labels("gateledger")}
	open := merged(7, "another")
	open["merged_at"] = nil
	for name, c := range map[string]struct {
		set  func(f *forge)
		want string
	}{
		"the merged pull request":      {func(f *forge) { f.pulls = []object{open, merged(7, commit)}; f.issues = []object{issue} }, "pull request 7"},
		"else the environment's issue": {func(f *forge) { f.pulls = []object{open}; f.issues = []object{issue} }, "issue 7"},
		"else an open pull request":    {func(f *forge) { f.pulls = []object{open} }, "pull request 7"},
		"an issue without our label":   {func(f *forge) { f.issues = []object{{"number": 7, "body": marker, "state": "open"}} }, ""},
		"of another environment": {func(f *forge) {
			f.issues = []object{{"number": 7, "body": report.Marker("x"), "labels": issue["labels"]}}
		}, ""},
		"a pull request with the marker": {func(f *forge) {
			f.issues = []object{{"number": 7, "body": marker, "labels": issue["labels"], "pull_request": object{"url": nil, "html_url": nil, "diff_url": nil, "patch_url": nil}}}
		}, ""},
		"nowhere": {func(*forge) {}, ""},
		"a repository without issues": {func(f *forge) {
			f.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/issues") {
					status(410, `{"message":"Issues are disabled for this repo"}`)(w, r)
					return true
				}
				return false
			}
		}, ""},
	} {
		f := newForge(t)
		c.set(f)
		p, _, err := f.post("github", "")
		if c.want == "" && !errors.Is(err, ErrNowhere) || p.Place != c.want || len(f.writes()) != 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		p, _, err = f.post("github", ballot(t, 0, vote.Approve, request, ""))
		if c.want == "" && !errors.Is(err, ErrNowhere) || !strings.HasSuffix(p.Place, c.want) || c.want != "" && len(f.comments) != 1 {
			t.Errorf("%s, with a vote: %+v, %v", name, p, err)
		}
	}
}

// After whatever a forge answers that is no success, nothing is said to be left.
func TestAVoteThatIsNotTakenIsNotSaidToBe(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"not logged in": {status(401, `{"message":"Bad credentials `+secret+`"}`), ErrRefused},
		"not allowed":   {status(403, "{}"), ErrRefused},
		"not there":     {status(404, "{}"), ErrRefused},
		"broken":        {status(500, ""), ErrUnavailable},
		"a redirect":    {status(307, "{}", "Location", "https://evil.example/"), ErrUnavailable},
		"null":          {status(200, "null"), ErrUnavailable},
		"no comment":    {status(201, "{}"), ErrUnavailable},
		"no text":       {status(201, `{"id": 5}`), ErrUnavailable},
		"another text":  {status(201, `{"id": 5, "body": "Signed vote: none"}`), ErrUnavailable},
		"cut short":     {hangUp, ErrUnavailable},
	} {
		for _, by := range []string{"github", "gitlab"} {
			for _, method := range []string{"GET", "POST"} {
				f := newForge(t)
				f.shown()
				var counted atomic.Int64
				f.fault = func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != method || name == "no comment" && method == "GET" {
						return false
					}
					counted.Add(1)
					c.answer(w, r)
					return true
				}
				p, before, err := f.post(by, ballot(t, 0, vote.Approve, request, ""))
				heard := counted.Load()
				if heard > 0 && (!errors.Is(err, c.want) || p.Place != "" || before) {
					t.Errorf("%s, %s, %s: %+v, %t, %v", name, by, method, p, before, err)
				}
				if method == "POST" && heard != 1 {
					t.Errorf("%s, %s: it was sent %d times", name, by, heard)
				}
			}
		}
	}
}

func TestWhatIsNoVoteIsNotLeft(t *testing.T) {
	good := ballot(t, 0, vote.Approve, request, "")
	for name, change := range map[string]func(*VoteQuery){
		"talk":                     func(q *VoteQuery) { q.Text = "approve" },
		"two votes":                func(q *VoteQuery) { q.Text = good + good },
		"another request":          func(q *VoteQuery) { q.Text = ballot(t, 0, vote.Approve, strings.Repeat("ab", 32), "") },
		"cut short":                func(q *VoteQuery) { q.Text = good[:len(good)/2] },
		"a command beside it":      func(q *VoteQuery) { q.Text = good + "\n/approve " + request + "\n" },
		"something like a command": func(q *VoteQuery) { q.Text = good + "\n/approve it\n" },
		"too long":                 func(q *VoteQuery) { q.Text = good + strings.Repeat("x", report.CommentLimit) },
		"no request":               func(q *VoteQuery) { q.Request = "" },
		"a commit that is a path":  func(q *VoteQuery) { q.Commit = "../x" },
		"no environment":           func(q *VoteQuery) { q.Environment = "" },
		"no token":                 func(q *VoteQuery) { q.Token = "" },
		"an odd id":                func(q *VoteQuery) { q.RepositoryID = "url:github.com/acme/app" },
		"another repository":       func(q *VoteQuery) { q.RepositoryID = "7" },
		"a repository that climbs": func(q *VoteQuery) { q.Repository = "acme/.." },
		"an address in the clear":  func(q *VoteQuery) { q.API = "http://api.example.com" },
		"no such forge":            func(q *VoteQuery) { q.Forge = "gitea" },
	} {
		f := newForge(t)
		f.shown()
		q := f.voteQuery("github", good)
		change(&q)
		if p, _, err := PostVote(t.Context(), q); !errors.Is(err, ErrSetup) || p.Place != "" || len(f.writes()) != 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
