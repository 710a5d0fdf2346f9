// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/report"
)

var states = []string{report.NoticePending, report.NoticeAllowed, report.NoticeDenied, report.NoticeUnknown, report.NoticeCancelled}

func TestGitHubStatus(t *testing.T) {
	f := newForge(t)
	for i, want := range []string{"pending", "success", "failure", "error", "error"} {
		p := f.must("github-status", notice(states[i]))
		s := f.statuses[i]
		if s["state"] != want || s["context"] != "gateledger/production" || s["description"] == "" || s["target_url"] == "" || !strings.Contains(p.Place, want) {
			t.Errorf("%v, %+v", s, p)
		}
	}
}

// People who follow a status get to where they approve.
func TestAStatusLeadsToWherePeopleApprove(t *testing.T) {
	f := newForge(t)
	for i, by := range []string{"github-status", "gitlab-status"} {
		p := f.must(by, notice(report.NoticePending).ShownAt("https://github.com/acme/app/pull/7"))
		if f.bodies[i]["target_url"] != "https://github.com/acme/app/pull/7" || p.Address != "https://github.com/acme/app/pull/7" {
			t.Errorf("%s: %v, %+v", by, f.bodies[i], p)
		}
	}
}

func TestGitHubCheck(t *testing.T) {
	f := newForge(t)
	f.must("github-check", notice(report.NoticePending))
	f.must("github-check", notice(report.NoticePending))
	if len(f.runs) != 1 || f.runs[0]["status"] != "in_progress" || f.runs[0]["external_id"] != request || f.runs[0]["head_sha"] != commit {
		t.Fatalf("%v", f.runs)
	}
	f.must("github-check", notice(report.NoticeAllowed))
	run := f.runs[0]
	if len(f.runs) != 1 || run["status"] != "completed" || run["conclusion"] != "success" || run["output"].(object)["annotations_count"] != 1 {
		t.Fatalf("it is repeated: %v", f.runs)
	}
	f.must("github-check", notice(report.NoticePending))
	if len(f.runs) != 2 || f.runs[1]["conclusion"] != "success" || f.runs[0]["status"] != "in_progress" {
		t.Errorf("what ended runs again: %v", f.runs)
	}
	other := notice(report.NoticeDenied)
	other.Request = strings.Repeat("ab", 32)
	if p := f.must("github-check", other); len(f.runs) != 3 || f.runs[0]["conclusion"] != "failure" || p.Address == "" {
		t.Errorf("another request: %v, %+v", f.runs, p)
	}
	other.State = report.NoticeUnknown
	f.must("github-check", other)
	if f.runs[0]["conclusion"] != "action_required" {
		t.Errorf("unknown: %v", f.runs[0])
	}
	other.State = report.NoticeCancelled
	f.must("github-check", other)
	if f.runs[0]["conclusion"] != "cancelled" {
		t.Errorf("cancelled: %v", f.runs[0])
	}
}

func TestGitHubCheckOfAnotherApp(t *testing.T) {
	f := newForge(t)
	f.runs = []object{{"id": 9, "name": "gateledger/production", "external_id": request, "head_sha": commit, "status": "in_progress", "conclusion": nil, "output": object{"annotations_count": 0}}}
	f.foreignID = 9
	f.must("github-check", notice(report.NoticeDenied))
	if len(f.runs) != 2 || f.runs[0]["conclusion"] != "failure" || f.runs[1]["status"] != "in_progress" {
		t.Errorf("%v", f.runs)
	}
	f.must("github-check", notice(report.NoticeDenied))
	if len(f.runs) != 2 {
		t.Errorf("it is repeated: %v", f.runs)
	}
}

func merged(number int, sha string) object {
	return object{"number": number, "merged_at": "2026-03-02T08:00:00Z", "merge_commit_sha": sha, "base": object{"repo": object{"full_name": "Acme/app"}}}
}

func TestGitHubCommentIsKeptNotRepeated(t *testing.T) {
	f := newForge(t)
	f.pageSize = 2
	open := merged(8, commit)
	open["merged_at"] = nil
	elsewhere := merged(99, commit)
	elsewhere["base"] = object{"repo": object{"full_name": "mallory/app"}}
	f.pulls = []object{open, elsewhere, merged(12, "another"), merged(7, commit)}
	marker := report.Marker("production") + "\n"
	f.comments = []object{
		{"id": 1, "body": marker + "all is well, go on", "user": object{"id": 666, "login": "github-actions[bot]"}},
		{"id": 2, "body": "as it said: " + marker, "user": object{"id": bot}},
		{"id": 3, "body": report.Marker("production-eu") + "\nx", "user": object{"id": bot}},
		{"id": 4, "body": "", "user": nil},
	}
	n := notice(report.NoticePending)
	p := f.must("github-comment", n)
	if len(f.comments) != 5 || f.comments[4]["body"] != n.Comment || !strings.Contains(p.Place, "on pull request 7") || p.Address == "" {
		t.Fatalf("%v, %+v", f.comments, p)
	}
	f.must("github-comment", n)
	n = notice(report.NoticeAllowed)
	f.must("github-comment", n)
	want := []string{"POST /repos/acme/app/issues/7/comments", "PATCH /repos/acme/app/issues/comments/301"}
	if got := f.writes(); !slices.Equal(got, want) || f.comments[4]["body"] != n.Comment || len(f.comments) != 5 {
		t.Errorf("%q", got)
	}
	if f.comments[0]["body"] != marker+"all is well, go on" {
		t.Error("a stranger's comment was changed")
	}
}

func TestGitHubIssueWhereNothingWasMerged(t *testing.T) {
	f := newForge(t)
	marker := report.Marker("production") + "\n"
	f.issues = []object{
		{"number": 1, "state": "open", "title": "x", "body": marker, "user": object{"id": 666}},
		{"number": 2, "state": "open", "title": "x", "body": marker, "user": object{"id": bot}, "pull_request": object{}},
	}
	if p := f.must("github-comment", notice(report.NoticeAllowed)); !strings.HasPrefix(p.Place, "nowhere") || len(f.writes()) != 0 {
		t.Errorf("nothing was to be asked: %+v, %q", p, f.writes())
	}
	f.must("github-comment", notice(report.NoticePending))
	f.must("github-comment", notice(report.NoticePending))
	f.must("github-comment", notice(report.NoticeAllowed))
	i := f.issues[2]
	if len(f.issues) != 3 || i["state"] != "closed" || i["title"] != "Deploy production: allowed" {
		t.Errorf("%v", f.issues)
	}
	f.must("github-comment", notice(report.NoticePending))
	if len(f.issues) != 3 || i["state"] != "open" || i["title"] != "Deploy production: pending" || len(f.writes()) != 3 {
		t.Errorf("one issue per environment: %v, %q", f.issues, f.writes())
	}
	f.must("github-comment", notice(report.NoticeDenied))
	if i["state"] != "closed" || i["title"] != "Deploy production: denied" {
		t.Errorf("what is decided is closed: %v", i)
	}
}

// Gates and people who vote find the issue by its label. Whoever takes it off
// does not hide the issue for long, and other labels stay.
func TestTheIssueHasItsLabel(t *testing.T) {
	f := newForge(t)
	f.must("github-comment", notice(report.NoticePending))
	i := f.issues[0]
	if got := names(i["labels"]); !slices.Equal(got, []string{"gateledger"}) {
		t.Fatalf("%q", got)
	}
	i["labels"] = labels("urgent")
	f.must("github-comment", notice(report.NoticePending))
	if got := names(i["labels"]); !slices.Equal(got, []string{"urgent", "gateledger"}) || len(f.writes()) != 2 {
		t.Errorf("%q, %q", got, f.writes())
	}
}

func TestGitLab(t *testing.T) {
	f := newForge(t)
	f.must("gitlab-status", notice(report.NoticePending))
	f.must("gitlab-status", notice(report.NoticePending))
	if len(f.statuses) != 1 {
		t.Errorf("%v", f.statuses)
	}
	for i, want := range []string{"success", "failed", "failed", "canceled"} {
		if f.must("gitlab-status", notice(states[i+1])); f.statuses[i+1]["status"] != want || f.statuses[i+1]["name"] != "gateledger/production" {
			t.Errorf("%v", f.statuses)
		}
	}
	p := f.must("gitlab-note", notice(report.NoticePending))
	if len(p.Remarks) != 1 || len(f.notes) != 0 {
		t.Errorf("no merge request: %+v", p)
	}
	f.merges = []object{
		{"iid": 9, "project_id": 6, "state": "opened", "sha": commit}, {"iid": 5, "project_id": 7, "state": "merged", "sha": commit},
		{"iid": 8, "project_id": 6, "state": "merged", "sha": "another", "merge_commit_sha": nil},
		{"iid": 7, "project_id": 6, "state": "merged", "squash_commit_sha": commit, "web_url": "https://gitlab.example.com/acme/app/-/merge_requests/7"},
	}
	marker := report.Marker("production") + "\n"
	f.notes = []object{{"id": 1, "body": marker, "system": false, "author": object{"id": 666}}, {"id": 2, "body": marker, "system": true, "author": object{"id": bot}}}
	f.asked = nil
	f.must("gitlab-note", notice(report.NoticePending))
	f.must("gitlab-note", notice(report.NoticePending))
	p = f.must("gitlab-note", notice(report.NoticeDenied))
	if len(f.notes) != 3 || f.notes[2]["body"] != notice(report.NoticeDenied).Comment || len(f.writes()) != 2 || !strings.Contains(p.Address, "#note_") {
		t.Errorf("%v, %q, %+v", f.notes, f.writes(), p)
	}
}

// Two of ours: the oldest is kept, and it is said.
func TestSeveralOfOurs(t *testing.T) {
	f := newForge(t)
	marker := report.Marker("production") + "\n"
	f.pulls = []object{merged(7, commit)}
	f.comments = []object{{"id": 6, "body": marker, "user": object{"id": bot}}, {"id": 5, "body": marker + "old", "user": object{"id": bot}}}
	p := f.must("github-comment", notice(report.NoticePending))
	if len(p.Remarks) != 1 || f.comments[1]["body"] == marker+"old" || f.comments[0]["body"] != marker {
		t.Errorf("%+v, %v", p, f.comments)
	}
}

func TestSetup(t *testing.T) {
	for name, c := range map[string]struct {
		by  string
		set map[string]string
		is  func(*report.Notice)
		say string
	}{
		"no such announcer":          {"pigeon", nil, nil, "have github-comment"},
		"no token":                   {"github-status", map[string]string{"GITHUB_TOKEN": ""}, nil, "GITHUB_TOKEN"},
		"no repository":              {"github-check", map[string]string{"GITHUB_REPOSITORY": ""}, nil, "GITHUB_REPOSITORY"},
		"a repository with a path":   {"github-check", map[string]string{"GITHUB_REPOSITORY": "acme/app/../x"}, nil, "GITHUB_REPOSITORY"},
		"a repository that climbs":   {"github-check", map[string]string{"GITHUB_REPOSITORY": "acme/.."}, nil, "GITHUB_REPOSITORY"},
		"no address":                 {"github-status", map[string]string{"GITHUB_API_URL": ""}, nil, "GITHUB_API_URL"},
		"an address in the clear":    {"github-comment", map[string]string{"GITHUB_API_URL": "http://api.example.com"}, nil, "https"},
		"an address with a password": {"github-comment", map[string]string{"GITHUB_API_URL": "https://a:b@api.example.com"}, nil, "https"},
		"a token of two lines":       {"github-comment", map[string]string{"GITHUB_TOKEN": secret + "\nX: y"}, nil, "white space"},
		"no GitLab token":            {"gitlab-note", map[string]string{"GATELEDGER_GITLAB_TOKEN": "", "CI_JOB_TOKEN": "x"}, nil, "GATELEDGER_GITLAB_TOKEN"},
		"no project":                 {"gitlab-status", map[string]string{"CI_PROJECT_ID": "acme/app"}, nil, "CI_PROJECT_ID"},
		"no state":                   {"github-status", nil, func(n *report.Notice) { n.State = "" }, "no state"},
		"a state of one's own":       {"gitlab-note", nil, func(n *report.Notice) { n.State = "success" }, "no state"},
		"a state nobody knows":       {"github-check", nil, func(n *report.Notice) { n.State = "ok" }, "no state"},
		"an odd state of a comment":  {"github-comment", nil, func(n *report.Notice) { n.State = "ok" }, "no state"},
		"a commit that is a path":    {"github-status", nil, func(n *report.Notice) { n.Commit = "../x" }, "commit"},
		"no request":                 {"github-check", nil, func(n *report.Notice) { n.Request = "" }, "request"},
		"an odd environment":         {"gitlab-status", nil, func(n *report.Notice) { n.Environment = "a b" }, "environment"},
		"a comment with no marker":   {"github-comment", nil, func(n *report.Notice) { n.Comment = "hello" }, "marker"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(t)
			n := notice(report.NoticePending)
			if c.is != nil {
				c.is(&n)
			}
			q := f.query(n)
			env := f.env()
			for k, v := range c.set {
				env[k] = v
			}
			q.Getenv = func(name string) string { return env[name] }
			if _, err := f.send(c.by, q); !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), c.say) || len(f.heard()) != 0 {
				t.Errorf("%v, asked %q", err, f.heard())
			}
		})
	}
}

// A GitHub token of one's own goes first: an app that a rule can name.
func TestOwnTokenGoesFirst(t *testing.T) {
	f := newForge(t)
	q := f.query(notice(report.NoticePending))
	env := f.env()
	env["GITHUB_TOKEN"], env["GATELEDGER_GITHUB_TOKEN"] = "the-jobs-own", secret
	q.Getenv = func(name string) string { return env[name] }
	if _, err := f.send("github-status", q); err != nil {
		t.Error(err)
	}
}

// Whatever a forge answers that is no success, nothing is said to be announced.
func TestEveryAnnouncerFailsClosed(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"not logged in":  {status(401, `{"message":"Bad credentials `+secret+`"}`), ErrRefused},
		"not allowed":    {status(403, `{"message":"Resource not accessible by integration"}`), ErrRefused},
		"not there":      {status(404, "{}"), ErrRefused},
		"not understood": {status(422, `{"message":"Validation Failed"}`), ErrUnavailable},
		"broken":         {status(500, ""), ErrUnavailable},
		"a redirect":     {status(307, "{}", "Location", "https://evil.example/"), ErrUnavailable},
		"null":           {status(200, "null"), ErrUnavailable},
		"no JSON":        {status(200, "<html>"), ErrUnavailable},
		"accepted":       {status(202, "{}"), ErrUnavailable},
		"another answer": {status(200, `"ok"`), ErrUnavailable},
		"cut short":      {hangUp, ErrUnavailable},
	} {
		for _, by := range Names() {
			f := newForge(t)
			f.pulls = []object{merged(7, commit)}
			f.fault = func(w http.ResponseWriter, r *http.Request) bool { c.answer(w, r); return true }
			if p, err := f.send(by, f.query(notice(report.NoticeAllowed))); !errors.Is(err, c.want) || p.Place != "" {
				t.Errorf("%s, %s: %+v, %v", name, by, p, err)
			}
		}
	}
}

// A forge that takes a success for something else has not taken it.
func TestWhatTheForgeSaysItIsCounts(t *testing.T) {
	for by, answer := range map[string]string{
		"github-status": `{"id":1,"state":"failure"}`, "gitlab-status": `{"id":1,"status":"pending"}`, "github-check": `{"id":1,"status":"completed","conclusion":"neutral"}`, "github-comment": `{"id":0}`,
	} {
		f := newForge(t)
		f.pulls = []object{merged(7, commit)}
		f.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "GET" || strings.HasSuffix(r.URL.Path, "/graphql") {
				return false
			}
			status(201, answer)(w, r)
			return true
		}
		if _, err := f.send(by, f.query(notice(report.NoticeAllowed))); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", by, err)
		}
	}
}

// If it can't be seen whether our comment is there, none is made.
func TestAListThatIsNotWholeMakesNoSecondComment(t *testing.T) {
	for _, by := range []string{"github-comment", "gitlab-note"} {
		for _, list := range []string{"/pulls", "/merge_requests", "/comments", "/notes"} {
			f := newForge(t)
			f.pulls, f.pageSize = []object{merged(7, commit)}, 1
			f.merges = []object{{"iid": 7, "project_id": 6, "state": "merged", "sha": commit}}
			for i := range 3 {
				f.comments = append(f.comments, object{"id": i + 1, "body": "talk", "user": object{"id": 1}})
				f.notes = append(f.notes, object{"id": i + 1, "body": "talk", "author": object{"id": 1}})
			}
			broken := 0
			f.fault = func(w http.ResponseWriter, r *http.Request) bool {
				last := r.URL.Query().Get("page") != "1" || strings.HasSuffix(list, "s") && (list == "/pulls" || list == "/merge_requests")
				if r.Method != "GET" || !strings.HasSuffix(r.URL.Path, list) || !last {
					return false
				}
				broken++
				status(404, "{}")(w, r)
				return true
			}
			_, err := f.send(by, f.query(notice(report.NoticePending)))
			if broken > 0 && (err == nil || len(f.writes()) != 0) || broken == 0 && err != nil {
				t.Errorf("%s without %s: %v, %q", by, list, err, f.writes())
			}
		}
	}
}

func TestAListHasAnEnd(t *testing.T) {
	f := newForge(t)
	f.pulls, f.pageSize = []object{merged(7, commit)}, 1
	for i := range maxPages + 1 {
		f.comments = append(f.comments, object{"id": i + 1, "body": fmt.Sprint(i), "user": object{"id": 1}})
	}
	if _, err := f.send("github-comment", f.query(notice(report.NoticePending))); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "more than 50 pages") || len(f.writes()) != 0 {
		t.Error(err)
	}
}
