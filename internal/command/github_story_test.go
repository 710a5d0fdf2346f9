// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// githubs holds the GitHub of each story, by its folder.
var githubs sync.Map

// githubPeople are the accounts of the stories.
var githubPeople = map[string]int64{"ana": 101, "bo": 102, "cy": 103, "dana": 104, "eve": 666}

// github plays a GitHub with pull request 7, which dana opened:
//
//	github start              sets a job's variables, and $GITHUB_HOST
//	github commit             the commit that is checked out is that of the pull request and the run
//	github review WHO STATE   a review of the pull request's head
//	github comment WHO FILE   $NOTE is the comment
//	github edit ID FILE       changes a comment
//	github slips WHO ID FILE  somebody changes a comment within the second in which it was posted
//	github delete ID          takes a comment away
//	github dismiss ID         somebody dismisses a review
//	github answers WHAT       a status instead of reviews and comments
//	github guard              the repository's settings let nobody past the gate, and the policy here is the default branch's
//	github set PATH FILE      what is answered about the repository at a path: JSON; an empty file is nothing
//	github hide PATH STATUS   a status instead of what path and query hold
//	github echoes             every answer is a refusal that repeats the token it was sent
//	github knows              fails unless the token came in the one header, and nowhere else
//	github mend               answers as ever
//	github protect [queue]    main needs the check gateledger/production from app 4242, whose token is ghs_of-an-app-of-our-own; queue: merges go through one
//	github merges [WHY]       fails unless just this keeps the pull request from being merged: "expected", "pending", …; nothing: nothing does
//	github queued             the queue makes its commit of what is checked out, and the run is about that
//	github person WHO TOKEN   a token of somebody's own
//	github merge              the pull request is merged as the run's commit
//	github owned FILE PATH…   so it is, into main where CODEOWNERS was FILE, and changed these; everybody may write
//	github page NUMBER FILE   what an issue or pull request shows; -1 is the first issue
//	github status FILE        the newest commit status
//	github writes STATUS      an answer to whatever would be written
//	github polled             waits until the comments were read twice more
//	github job                the run has the job "gate", on runner-1, since a minute ago
//	github at DURATION        its clock shows so much more than the real one
//	github ended              it has ended since, well
//	github failed             it has ended since, badly
//	github attempts N         the run was started N times
//	github mark               what is asked from here on …
//	github conditional        … came with an ETag each time
func github(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: github start|commit|review|comment|edit|delete|dismiss|answers|guard|set|hide|mend …")
	}
	if args[0] == "start" {
		startGitHub(ts)
		return
	}
	found, ok := githubs.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("say 'github start' first")
	}
	s := found.(*githubtest.Server)
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		ts.Check(err)
		return n
	}
	if mergesOnGitHub(ts, s, args) {
		return
	}
	if args[0] == "owned" && len(args) > 2 {
		ownedOnGitHub(ts, s, args[1], args[2:])
		return
	}
	named := func(id int64) { ts.Setenv("NOTE", strconv.FormatInt(id, 10)) }
	switch verb := args[0] + " " + strconv.Itoa(len(args)-1); verb {
	case "commit 0":
		commitOnGitHub(ts, s)
	case "review 2":
		named(s.Review(7, githubPeople[args[1]], strings.ToUpper(args[2]), ts.Getenv("GITHUB_SHA"), ""))
	case "comment 2":
		named(s.Comment(7, githubPeople[args[1]], ts.ReadFile(args[2])))
	case "edit 2":
		s.Edit(number(args[1]), ts.ReadFile(args[2]))
	case "slips 3":
		s.EditAtOnce(number(args[2]), githubPeople[args[1]], ts.ReadFile(args[3]))
	case "delete 1":
		s.Delete(number(args[1]))
	case "dismiss 1":
		s.Dismiss(number(args[1]))
	case "answers 1":
		status := int(number(args[1]))
		s.Fault(githubtest.Fault{In: "/pulls/7/", Answer: githubtest.Status(status, `{"message":"no"}`)})
		s.Fault(githubtest.Fault{In: "/issues/7/", Answer: githubtest.Status(status, `{"message":"no"}`)})
	case "guard 0", "set 2", "hide 2":
		settingsOnGitHub(ts, s, args)
	case "echoes 0":
		s.Fault(githubtest.Fault{Answer: echoToken})
	case "knows 0":
		onlyInItsHeader(ts, s)
	case "mend 0":
		s.Mend()
	case "person 2":
		s.SignIn(args[2], githubPeople[args[1]])
	case "merge 0":
		s.Merge(7, ts.Getenv("GITHUB_SHA"))
	case "page 2":
		at := number(args[1])
		if at < 0 {
			at = s.Issues()[-at-1]
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(s.Thread(at)), 0o644))
	case "status 1":
		all := s.Statuses()
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(fmt.Sprint(all[len(all)-1])), 0o644))
	case "writes 1":
		s.Fault(githubtest.Fault{Answer: func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method != http.MethodGet && githubtest.Status(int(number(args[1])), `{"message":"no"}`)(w, r)
		}})
	case "polled 0":
		polledGitHub(ts, s)
	case "job 0":
		s.Job(1001, "gate", "runner-1", s.Now().Add(-time.Minute))
		ts.Setenv("GITHUB_JOB", "gate")
		ts.Setenv("RUNNER_NAME", "runner-1")
	case "ended 0", "failed 0":
		s.End(1001, s.Now(), args[0] == "failed")
	case "at 1":
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		s.At(time.Now().Add(d).UTC().Truncate(time.Second))
	case "attempts 1":
		if n := s.Attempts(1001); n != int(number(args[1])) {
			ts.Fatalf("the run was started %d times", n)
		}
	case "mark 0":
		ts.Setenv("GITHUB_MARK", strconv.Itoa(len(s.Asked())))
	case "conditional 0":
		conditionalOnGitHub(ts, s.Asked()[number(ts.Getenv("GITHUB_MARK")):])
	default:
		ts.Fatalf("github %s?", strings.Join(args, " "))
	}
}

// heldToDescription keeps what was not as GitHub describes it until the story ends.
type heldToDescription struct {
	mu    sync.Mutex
	wrong []string
}

func (h *heldToDescription) Helper() {}

func (h *heldToDescription) Errorf(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

func (h *heldToDescription) all() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.wrong, "\n")
}

// settingsOnGitHub changes what is around the gate.
func settingsOnGitHub(ts *testscript.TestScript, s *githubtest.Server, args []string) {
	switch args[0] {
	case "guard":
		s.Guard(ts.ReadFile(".gateledger.yml"), "gateledger/log")
	case "set":
		var v any
		if text := ts.ReadFile(args[2]); text != "" {
			ts.Check(json.Unmarshal([]byte(text), &v))
		}
		s.Set(args[1], v)
	case "hide":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.Fault(githubtest.Fault{In: args[1], Answer: githubtest.Status(status, `{"message":"Resource not accessible by integration"}`)})
	}
}

// startGitHub starts the server and sets what GitHub sets in a job of the
// default branch.
func startGitHub(ts *testscript.TestScript) {
	held := &heldToDescription{}
	s := githubtest.NewChecked(held)
	ts.Defer(func() {
		s.Close()
		if wrong := held.all(); wrong != "" {
			ts.Fatalf("%s", wrong)
		}
	})
	githubs.Store(ts.Getenv("WORK"), s)
	now, err := time.Parse(time.RFC3339, ts.Getenv(testNow))
	ts.Check(err)
	s.At(now)
	for who, id := range githubPeople {
		s.User(id, who, "User")
	}
	server, _, _ := strings.Cut(s.API, "/api/")
	ts.Setenv("GITHUB_HOST", strings.TrimPrefix(server, "http://"))
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_SERVER_URL": server, "GITHUB_API_URL": s.API,
		"GITHUB_REPOSITORY": "acme/app", "GITHUB_REPOSITORY_ID": strconv.Itoa(githubtest.RepositoryID),
		"GITHUB_RUN_ID": "1001", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_EVENT_NAME": "push", "GITHUB_ACTOR": "dana", "GITHUB_TRIGGERING_ACTOR": "dana",
		"GITHUB_ACTOR_ID": "104", "GITHUB_REF": "refs/heads/main", "GITHUB_TOKEN": githubtest.JobToken,
		"GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/deploy.yml@refs/heads/main",
	} {
		ts.Setenv(name, value)
	}
}

// commitOnGitHub makes the commit that is checked out that of the pull request
// and of the run.
func commitOnGitHub(ts *testscript.TestScript, s *githubtest.Server) {
	git := func(args ...string) string {
		ts.Check(ts.Exec("git", args...))
		return strings.TrimSpace(ts.ReadFile("stdout"))
	}
	head, tree := git("rev-parse", "HEAD"), git("rev-parse", "HEAD^{tree}")
	s.Commit(head, tree, githubPeople["dana"], githubPeople["dana"], "Take reviews")
	s.Pull(7, githubPeople["dana"], head)
	s.Run(1001, githubPeople["dana"], "push", head)
	ts.Setenv("GITHUB_SHA", head)
}

// polledGitHub waits until somebody has read the comments, and again.
func polledGitHub(ts *testscript.TestScript, s *githubtest.Server) {
	reads := func() (n int) {
		for _, r := range s.Asked() {
			if strings.HasSuffix(r.URL.Path, "/comments") {
				n++
			}
		}
		return n
	}
	for first, end := reads(), time.Now().Add(time.Minute); reads() < first+2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("nobody polls")
		}
	}
}

// conditionalOnGitHub checks that each request would cost nothing had nothing
// changed.
func conditionalOnGitHub(ts *testscript.TestScript, asked []*http.Request) {
	if len(asked) == 0 {
		ts.Fatalf("nothing was asked")
	}
	for _, r := range asked {
		if r.Header.Get("If-None-Match") == "" {
			ts.Fatalf("%s %s came without a condition", r.Method, r.URL)
		}
	}
}

// echoToken repeats the token wherever an answer can.
func echoToken(w http.ResponseWriter, r *http.Request) bool {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	return githubtest.Status(http.StatusForbidden, `{"message":"bad token `+token+`"}`,
		"Location", "https://evil.example/?token="+token, "X-Token", token, "ETag", `"`+token+`"`)(w, r)
}

// onlyInItsHeader fails if a request had the token anywhere else.
func onlyInItsHeader(ts *testscript.TestScript, s *githubtest.Server) {
	if len(s.Asked()) == 0 {
		ts.Fatalf("nothing was asked")
	}
	for _, r := range s.Asked() {
		if strings.Contains(r.RequestURI+r.Host, githubtest.JobToken) {
			ts.Fatalf("the token in %s", r.URL.Path)
		}
		for name, values := range r.Header {
			if name != "Authorization" && strings.Contains(strings.Join(values, " "), githubtest.JobToken) {
				ts.Fatalf("the token in the header %s", name)
			}
		}
	}
}

// ownedOnGitHub merges the pull request. Its own CODEOWNERS makes eve the owner
// of all.
func ownedOnGitHub(ts *testscript.TestScript, s *githubtest.Server, file string, changed []string) {
	base, head := commitOf(ts, "HEAD~1"), ts.Getenv("GITHUB_SHA")
	s.Commit(base, base, githubPeople["dana"], githubPeople["dana"], "Before")
	s.Parents(head, base)
	s.File(base, ".github/CODEOWNERS", ts.ReadFile(file))
	s.File(head, ".github/CODEOWNERS", "* @eve\n")
	s.Merge(7, head)
	s.Changes(7, changed...)
	for _, id := range githubPeople {
		s.Permit(id, "write")
	}
}

// mergesOnGitHub plays what is about merges, and reports whether that is asked.
func mergesOnGitHub(ts *testscript.TestScript, s *githubtest.Server, args []string) bool {
	switch args[0] {
	case "protect":
		s.Install(ownAppToken, 4242)
		s.Protect(len(args) > 1, githubtest.Required{Context: "gateledger/production", App: 4242})
	case "merges":
		got, want := strings.Join(s.Mergeable(7), "; "), strings.Join(args[1:], " ")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			ts.Fatalf("in its way: %q", got)
		}
	case "queued":
		head, tree := headOf(ts), commitOf(ts, "HEAD^{tree}")
		s.Commit(head, tree, githubPeople["dana"], githubPeople["dana"], "Merge 7")
		s.Queued(7, head)
		s.Run(1001, githubPeople["dana"], "push", head)
		ts.Setenv("GITHUB_SHA", head)
	default:
		return false
	}
	return true
}
