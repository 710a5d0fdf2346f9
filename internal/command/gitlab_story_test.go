// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// gitlabs holds the GitLab of each story, by its folder.
var gitlabs sync.Map

// gitlab plays a GitLab with project 6 and its merge request 7:
//
//	gitlab start           for the commit that is checked out; sets a job's variables
//	gitlab commit [ID]     the commit that is checked out is the tip of the merge request and that of pipeline 1001 (ID), which dana started
//	gitlab check ID        the project has an external status check; writes the files token and secret
//	gitlab said N          waits until N answers to it came, and writes them to the file said
//	gitlab deliver [WHAT]  delivers to $HOOK that merge request 7 changed, signed with the file secret; WHAT: unsigned, other
//	gitlab note FILE       ana pastes what FILE holds; $NOTE is the note
//	gitlab says WHO FILE   somebody else does
//	gitlab approve WHO     somebody approves the merge request
//	gitlab unapprove WHO   and takes it back
//	gitlab job             the gate's job begins, as 5001 of pipeline 1001
//	gitlab play ID RUN     another job of that name begins, in another pipeline
//	gitlab turn ID STATE   a job is in another state
//	gitlab jobs TEXT       fails unless the jobs of pipeline 1001 are so: "5001 success, …"
//	gitlab polled          waits until the notes were read twice more
//	gitlab mark            what is asked from here on is looked at by:
//	gitlab conditional     each request had a condition
//	gitlab edit ID FILE    changes a note
//	gitlab delete ID       takes a note away
//	gitlab fill N          N notes that are talk
//	gitlab votes N KEY ST  N votes by an SSH key, which differ from statement ST in their reason
//	gitlab answers WHAT    a status, null, empty or redirect, instead of notes
//	gitlab guard           settings that let nobody past the gate of production
//	gitlab set PATH FILE   what the project's settings are at a path
//	gitlab group PATH FILE what the group's settings are at a path
//	gitlab hide IN STATUS  answers what has IN in its address with a status
//	gitlab dateless        answers without a date
//	gitlab mend            answers as ever
//	gitlab settle FILE     a maintainer changes the project's settings to these: JSON
//	gitlab runs CODE CMD…  a runner runs the gate's job in pipeline 1001, or runs it again: it is red unless the command ends with 0
//	gitlab merge WHY       somebody merges, and is refused for this reason; "mergeable": is not
//	gitlab stands WHY      whether it would be, and nobody merges
//	gitlab sets WHO STATE  a developer sets the status gateledger/production of the tip
//	gitlab passes WHO      a developer passes status check 12
//	gitlab owned FILE PATH… merge request 7 went into main, where CODEOWNERS was FILE, and changed these; everybody is a developer
func gitlab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: gitlab start|note|edit|delete|fill|answers|guard|set|hide|mend …")
	}
	if args[0] == "start" {
		startGitLab(ts)
		return
	}
	found, ok := gitlabs.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("say 'gitlab start' first")
	}
	s := found.(*gitlabtest.Server)
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		ts.Check(err)
		return n
	}
	if mergeOnGitLab(ts, s, args) {
		return
	}
	if args[0] == "owned" && len(args) > 2 {
		ownedOnGitLab(ts, s, args[1], args[2:])
		return
	}
	switch verb := strings.Join(args[:1], "") + " " + strconv.Itoa(len(args)-1); verb {
	case "commit 0", "commit 1":
		commitOnGitLab(ts, s, args[1:])
	case "says 2":
		ts.Setenv("NOTE", strconv.FormatInt(s.Note(6, 7, gitlabPeople()[args[1]], args[1], ts.ReadFile(args[2])), 10))
	case "approve 1":
		s.Approve(6, 7, gitlabPeople()[args[1]], args[1])
	case "unapprove 1":
		s.Unapprove(6, 7, gitlabPeople()[args[1]])
	case "job 0":
		s.Job(6, 1001, 5001, ts.Getenv("CI_COMMIT_SHA"), "gate", "running", s.Now().Add(-time.Minute))
		ts.Setenv("CI_JOB_NAME", "gate")
	case "play 2":
		s.Job(6, number(args[2]), number(args[1]), ts.Getenv("CI_COMMIT_SHA"), "gate", "running", s.Now().Add(-time.Minute))
	case "turn 2":
		s.Turn(number(args[1]), args[2])
	case "jobs 1":
		if got := strings.Join(s.Jobs(1001), ", "); got != args[1] {
			ts.Fatalf("the jobs are %s", got)
		}
	case "polled 0":
		polledGitLab(ts, s)
	case "mark 0":
		ts.Setenv("GITLAB_MARK", strconv.Itoa(len(s.Asked())))
	case "conditional 0":
		conditionalOnGitHub(ts, s.Asked()[number(ts.Getenv("GITLAB_MARK")):])
	case "check 1":
		s.Check(number(args[1]))
		ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(gitlabtest.Token+"\n"), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs("secret"), []byte("a secret of the webhook\n"), 0o600))
	case "said 1":
		until(ts, "answers", func() bool { return len(s.Said()) >= int(number(args[1])) })
		said := s.Said()
		if len(said) != int(number(args[1])) {
			ts.Fatalf("said %q", said)
		}
		ts.Check(os.WriteFile(ts.MkAbs("said"), []byte(strings.Join(said, "\n")+"\n"), 0o644))
	case "deliver 0":
		deliverCheck(ts, "")
	case "deliver 1":
		deliverCheck(ts, args[1])
	case "note 1":
		ts.Setenv("NOTE", strconv.FormatInt(s.Note(6, 7, 42, "ana", ts.ReadFile(args[1])), 10))
	case "edit 2":
		s.Edit(number(args[1]), ts.ReadFile(args[2]))
	case "delete 1":
		s.Delete(number(args[1]))
	case "fill 1":
		for i := range number(args[1]) {
			s.Note(6, 7, 66, "mallory", fmt.Sprint("approve! ", i))
		}
	case "votes 3":
		s.Note(6, 7, 42, "ana", manyVotes(ts, int(number(args[1])), args[2], args[3]))
	case "answers 1":
		s.Fault(gitlabtest.Fault{In: "/notes", Answer: gitlabAnswer(args[1])})
	case "guard 0":
		s.Guard(6, ts.ReadFile(".gateledger.yml"), "gateledger/log")
	case "set 2":
		var v any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &v))
		s.Set(6, strings.TrimPrefix(args[1], "."), v)
	case "group 2":
		var v any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &v))
		s.SetGroup("acme", args[1], v)
	case "hide 2":
		s.Fault(gitlabtest.Fault{In: args[1], Answer: gitlabtest.Status(int(number(args[2])), `{"message":"403 Forbidden"}`)})
	case "dateless 0":
		s.Fault(gitlabtest.Fault{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header()["Date"] = nil // net/http would add the machine's
			return false
		}})
	case "mend 0":
		s.Mend()
	default:
		ts.Fatalf("gitlab %s?", strings.Join(args, " "))
	}
}

// manyVotes is a note that holds n votes.
func manyVotes(ts *testscript.TestScript, n int, keyFile, statementFile string) string {
	key, err := ssh.ParsePrivateKey([]byte(ts.ReadFile(keyFile)))
	ts.Check(err)
	p, err := vote.ParseStatement([]byte(ts.ReadFile(statementFile)))
	ts.Check(err)
	var note strings.Builder
	for i := range n {
		p.Reason = fmt.Sprint("reason ", i)
		statement, err := vote.NewStatement(p)
		ts.Check(err)
		data, err := vote.SignedData(product.VoteNamespace, vote.SHA512, statement)
		ts.Check(err)
		sig, err := key.Sign(nil, data)
		ts.Check(err)
		block, err := vote.Armour(statement, vote.ArmorSSHSIG(&vote.Signature{
			Key: key.PublicKey(), Namespace: product.VoteNamespace, HashAlgorithm: vote.SHA512, Blob: sig,
		}))
		ts.Check(err)
		note.WriteString(block)
	}
	return note.String()
}

func gitlabAnswer(what string) func(http.ResponseWriter, *http.Request) bool {
	switch what {
	case "null", "empty":
		return gitlabtest.Status(200, strings.TrimPrefix(what, "empty"), "X-Next-Page", "")
	case "redirect":
		return gitlabtest.Status(302, "[]", "Location", "http://127.0.0.1:1/")
	}
	status, err := strconv.Atoi(what)
	if err != nil {
		panic(err)
	}
	return gitlabtest.Status(status, "", "Retry-After", "0")
}

// startGitLab starts the server and sets what GitLab sets in a job of the
// default branch.
func startGitLab(ts *testscript.TestScript) {
	s := gitlabtest.New()
	ts.Defer(s.Close)
	gitlabs.Store(ts.Getenv("WORK"), s)
	now, err := time.Parse(time.RFC3339, ts.Getenv(testNow))
	ts.Check(err)
	s.At(now)
	commit := headOf(ts)
	s.MergeRequest(6, 7, commit)
	server, _, _ := strings.Cut(s.API, "/api/")
	for name, value := range map[string]string{
		"GITLAB_CI": "true", "CI": "true", "CI_SERVER_URL": server, "CI_API_V4_URL": s.API,
		"CI_PROJECT_PATH": "acme/app", "CI_PROJECT_ID": "6", "CI_PIPELINE_ID": "1001", "CI_JOB_ID": "5001",
		"CI_PIPELINE_SOURCE": "push", "GITLAB_USER_ID": "99", "GITLAB_USER_LOGIN": "dana", "GITLAB_USER_EMAIL": "dana@example.org",
		"CI_COMMIT_SHA": commit, "CI_COMMIT_BRANCH": "main", "CI_CONFIG_PATH": ".gitlab-ci.yml", "CI_JOB_TOKEN": gitlabtest.JobToken,
	} {
		ts.Setenv(name, value)
	}
}

// gitlabPeople are the accounts of people in stories.
func gitlabPeople() map[string]int64 {
	return map[string]int64{"ana": 42, "bo": 43, "cy": 44, "mallory": 66, "dana": 99}
}

// polledGitLab waits until notes were read twice more, so that one reading began
// after now.
func polledGitLab(ts *testscript.TestScript, s *gitlabtest.Server) {
	reads := func() (n int) {
		for _, r := range s.Asked() {
			if strings.HasSuffix(r.URL.Path, "/notes") {
				n++
			}
		}
		return n
	}
	first := reads()
	until(ts, "polls", func() bool { return reads() >= first+2 })
}

// commitOnGitLab makes what is checked out the tip of the merge request, and
// that of a pipeline.
func commitOnGitLab(ts *testscript.TestScript, s *gitlabtest.Server, args []string) {
	commit, pipeline := headOf(ts), int64(1001)
	if len(args) == 1 {
		n, err := strconv.ParseInt(args[0], 10, 64)
		ts.Check(err)
		pipeline = n
	}
	s.Push(6, 7, commit)
	s.Pipeline(6, pipeline, commit, "push", 99, "dana")
	ts.Setenv("CI_COMMIT_SHA", commit)
}

// deliverCheck delivers to $HOOK what GitLab sends to the service of an external
// status check, and writes the answer's status to the file delivered.
func deliverCheck(ts *testscript.TestScript, what string) {
	check := 12
	if what == "other" {
		check = 13
	}
	body := fmt.Sprintf(`{"object_kind":"merge_request","project":{"id":6},"object_attributes":{"iid":7,"target_project_id":6,"last_commit":{"id":%q}},"external_approval_rule":{"id":%d}}`, ts.Getenv("CI_COMMIT_SHA"), check)
	req, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("HOOK")+"/gitlab", strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	if what != "unsigned" {
		mac := hmac.New(sha256.New, []byte("a secret of the webhook"))
		mac.Write([]byte(body))
		req.Header.Set("X-Gitlab-Signature", hex.EncodeToString(mac.Sum(nil)))
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	resp.Body.Close()
	ts.Check(os.WriteFile(ts.MkAbs("delivered"), []byte(resp.Status+"\n"), 0o644))
}

// ownedOnGitLab merges the merge request by fast forward. Its own CODEOWNERS
// makes mallory the owner of all.
func ownedOnGitLab(ts *testscript.TestScript, s *gitlabtest.Server, file string, changed []string) {
	base := commitOf(ts, "HEAD~1")
	s.Set(6, "", gitlabtest.Project(6, nil))
	s.PutAt(6, base, "CODEOWNERS", ts.ReadFile(file))
	s.PutAt(6, headOf(ts), "CODEOWNERS", "* @mallory\n")
	s.Changes(6, 7, "main", base, changed...)
	for login, id := range gitlabPeople() {
		s.Rename(id, login)
		s.Member("6", id, 30, "active")
	}
}

// headOf is the commit that is checked out.
func headOf(ts *testscript.TestScript) string { return commitOf(ts, "HEAD") }

func commitOf(ts *testscript.TestScript, rev string) string {
	ts.Check(ts.Exec("git", "rev-parse", rev))
	return strings.TrimSpace(ts.ReadFile("stdout"))
}
