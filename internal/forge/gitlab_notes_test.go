// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/vote"
)

const (
	project = 6
	number  = 7
)

// A notesScene is a GitLab with one merge request that has the commit.
type notesScene struct {
	*gitlabtest.Server
	t   *testing.T
	env map[string]string
}

func newNotes(t *testing.T) *notesScene {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(project, number, commit)
	return &notesScene{s, t, map[string]string{
		"CI_API_V4_URL": s.API, "CI_PROJECT_ID": fmt.Sprint(project), "CI_JOB_TOKEN": gitlabtest.JobToken,
	}}
}

func newNotesScene(t *testing.T) scene { return newNotes(t) }

func (s *notesScene) cast(by account, v ballot) string {
	return fmt.Sprint(s.Note(project, number, by.id, by.login, "Looked at it.\n\n```\n"+armoured(s.t, by, v)+"```\n"))
}

func (s *notesScene) note(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *notesScene) amend(id string, v ballot)       { s.Edit(s.note(id), armoured(s.t, ana, v)) }
func (s *notesScene) retract(id string)               { s.Delete(s.note(id)) }
func (s *notesScene) rename(by account, login string) { s.Rename(by.id, login) }

func (s *notesScene) fill(n int) {
	for i := range n {
		s.Note(project, number, mallory.id, mallory.login, fmt.Sprint("approve! ", i))
	}
}

func (s *notesScene) breakDown(n int) {
	s.Fault(gitlabtest.Fault{In: "/notes", Skip: n, Answer: gitlabtest.Status(http.StatusBadGateway, "")})
}

func (s *notesScene) query() Query {
	return Query{
		Commit: commit, Getenv: func(name string) string { return s.env[name] },
		Base: http.DefaultTransport, Pause: short,
	}
}

func (s *notesScene) with(env map[string]string) *notesScene {
	maps.Copy(s.env, env)
	return s
}

// TestWhichMergeRequests says where votes are looked for.
func TestWhichMergeRequests(t *testing.T) {
	const other = "1111111111111111111111111111111111111111"
	for name, c := range map[string]struct {
		set  func(*notesScene)
		env  map[string]string
		want string // what was read, or the error
	}{
		"the one that has the commit":    {nil, nil, "7"},
		"several that have it":           {func(s *notesScene) { s.MergeRequest(project, 9, other, commit) }, nil, "7 9"},
		"not one of another commit":      {func(s *notesScene) { s.MergeRequest(project, 9, other) }, nil, "7"},
		"not one of another project":     {func(s *notesScene) { s.MergeRequest(8, 9, commit) }, nil, "7"},
		"the pipeline's, and those":      {func(s *notesScene) { s.MergeRequest(project, 9) }, map[string]string{"CI_MERGE_REQUEST_IID": "9"}, "7 9"},
		"the pipeline's is one of those": {nil, map[string]string{"CI_MERGE_REQUEST_IID": "7"}, "7"},
		"those that somebody named":      {func(s *notesScene) { s.MergeRequest(project, 9); s.MergeRequest(project, 10) }, map[string]string{"GATELEDGER_MERGE_REQUEST": "!9, 10"}, "7 9 10"},
		"a fork's, in the project it is for": {func(s *notesScene) { s.MergeRequest(8, 3, other) },
			map[string]string{"CI_MERGE_REQUEST_IID": "3", "CI_MERGE_REQUEST_PROJECT_ID": "8"}, "3"},
		"by somebody's token":             {nil, map[string]string{"CI_JOB_TOKEN": "", "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token}, "7"},
		"a token of one's own goes first": {nil, map[string]string{"CI_JOB_TOKEN": "expired", "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token}, "7"},
		"an older GitLab, one named":      {func(s *notesScene) { s.OldJobToken = true }, map[string]string{"GATELEDGER_MERGE_REQUEST": "7"}, "7"},

		"an older GitLab, the pipeline's only":    {func(s *notesScene) { s.OldJobToken = true }, map[string]string{"CI_MERGE_REQUEST_IID": "7"}, "not all of it is shown"},
		"an older GitLab, a list that names none": {func(s *notesScene) { s.OldJobToken = true }, map[string]string{"CI_MERGE_REQUEST_IID": "7", "GATELEDGER_MERGE_REQUEST": " , "}, "not all of it is shown"},

		"an older GitLab, none named": {func(s *notesScene) { s.OldJobToken = true }, nil, "did not let us see it"},
		"merge requests are switched off": {func(s *notesScene) {
			s.Fault(gitlabtest.Fault{In: "/commits/", Answer: gitlabtest.Status(403, `{"message":"403 Forbidden"}`)})
		}, nil, "403"},
		"one that there is not":          {nil, map[string]string{"CI_MERGE_REQUEST_IID": "70"}, "did not let us see it"},
		"no token":                       {nil, map[string]string{"CI_JOB_TOKEN": ""}, "neither CI_JOB_TOKEN nor GATELEDGER_GITLAB_TOKEN"},
		"a token with a line feed":       {nil, map[string]string{"CI_JOB_TOKEN": "a\nb"}, "neither CI_JOB_TOKEN nor"},
		"a wrong token":                  {nil, map[string]string{"CI_JOB_TOKEN": "expired"}, "401"},
		"no address":                     {nil, map[string]string{"CI_API_V4_URL": ""}, "CI_API_V4_URL is not set"},
		"an address without encryption":  {nil, map[string]string{"CI_API_V4_URL": "http://gitlab.example.com/api/v4"}, "CI_API_V4_URL: the address"},
		"an address of something else":   {nil, map[string]string{"CI_API_V4_URL": "https://gitlab.example.com/"}, "CI_API_V4_URL: the address"},
		"an address with a password":     {nil, map[string]string{"CI_API_V4_URL": "https://me:s3cret@gitlab.example.com/api/v4"}, "CI_API_V4_URL: the address"},
		"no project":                     {nil, map[string]string{"CI_PROJECT_ID": ""}, "CI_PROJECT_ID is not set"},
		"a project by name":              {nil, map[string]string{"CI_PROJECT_ID": "acme/app"}, "not a number"},
		"a number that climbs":           {nil, map[string]string{"CI_MERGE_REQUEST_IID": "../7"}, "not a number"},
		"a number with a sign":           {nil, map[string]string{"CI_MERGE_REQUEST_IID": "+7"}, "not a number"},
		"a list with something else":     {nil, map[string]string{"GATELEDGER_MERGE_REQUEST": "7,x"}, "not a number"},
		"a huge number":                  {nil, map[string]string{"CI_MERGE_REQUEST_IID": strings.Repeat("9", 30)}, "not a number"},
		"the lookup fails, one is named": {func(s *notesScene) { s.Fault(gitlabtest.Fault{In: "/commits/", Answer: gitlabtest.Status(500, "")}) }, map[string]string{"CI_MERGE_REQUEST_IID": "7"}, "500"},
		"more than are read": {func(s *notesScene) {
			for i := range int64(maxMergeRequests) {
				s.MergeRequest(project, 100+i, commit)
			}
		}, nil, "over the limit of 200"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newNotes(t).with(c.env)
			if c.set != nil {
				c.set(s)
			}
			found, err := Read(t.Context(), "gitlab-note", s.query())
			var read []string
			for _, r := range found.Read {
				read = append(read, strings.TrimSuffix(strings.Fields(r)[2], ":"))
			}
			got := strings.Join(read, " ")
			if err != nil {
				got = err.Error()
			}
			if err != nil && !strings.Contains(got, c.want) || err == nil && got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if strings.Contains(got, "s3cret") || strings.Contains(got, gitlabtest.JobToken) {
				t.Errorf("a secret in %q", got)
			}
			if err != nil && !errors.Is(err, ErrSetup) && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRefused) {
				t.Errorf("%v is no error of ours", err)
			}
		})
	}
}

// TestOldJobTokenIsSaid: what was not read is told.
func TestOldJobTokenIsSaid(t *testing.T) {
	s := newNotes(t).with(map[string]string{"CI_MERGE_REQUEST_IID": "7", "GATELEDGER_MERGE_REQUEST": "7"})
	s.OldJobToken = true
	found, err := Read(t.Context(), "gitlab-note", s.query())
	if err != nil || len(found.Remarks) != 1 || !strings.Contains(found.Remarks[0], "only the merge requests that were named") {
		t.Errorf("%v, %v", found.Remarks, err)
	}
}

// A flood of damaged blocks makes neither the answer long nor itself unseen.
func TestDamagedBlocksDoNotFlood(t *testing.T) {
	s := newNotes(t)
	for range 30 {
		s.Note(project, number, mallory.id, mallory.login, strings.Repeat("-----BEGIN GATELEDGER VOTE-----\n", 10))
	}
	yes := armoured(t, ana, ballot{choice: vote.Deny})
	s.Note(project, number, ana.id, ana.login, yes)
	found, err := Read(t.Context(), "gitlab-note", s.query())
	if err != nil || len(found.Sightings) != 1 || len(found.Remarks) != maxDamaged+1 || !strings.Contains(found.Remarks[maxDamaged], "at least 280 more") {
		t.Errorf("%d sightings, %q, %v", len(found.Sightings), found.Remarks, err)
	}
}

// A veto whose lines were broken anew is no vote, and is told with its place.
func TestRewrappedVetoIsTold(t *testing.T) {
	s := newNotes(t)
	no := armoured(t, ana, ballot{choice: vote.Deny})
	lines := strings.SplitN(no, "\n", 3)
	id := s.Note(project, number, ana.id, ana.login, lines[0]+"\n"+lines[1][:40]+"\n"+lines[1][40:]+"\n"+lines[2])
	found, err := Read(t.Context(), "gitlab-note", s.query())
	if err != nil || len(found.Sightings) != 0 || len(found.Remarks) != 1 || !strings.Contains(found.Remarks[0], fmt.Sprintf("merge request 7, note %d by ana", id)) {
		t.Errorf("%+v, %v", found, err)
	}
}

// Where GitLab says that no merge request has the commit, there is nothing to
// read, and people are told so.
func TestNoMergeRequestHasNoNotes(t *testing.T) {
	s := newNotes(t).with(map[string]string{"CI_PROJECT_ID": "8"})
	found, err := Read(t.Context(), "gitlab-note", s.query())
	if err != nil || len(found.Sightings) != 0 || len(found.Read) != 1 || len(found.Remarks) != 1 || !strings.Contains(found.Remarks[0], "GATELEDGER_MERGE_REQUEST") {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestNotesHoldVotes says what of a note is a vote.
func TestNotesHoldVotes(t *testing.T) {
	yes, no := armoured(t, ana, ballot{choice: vote.Approve}), armoured(t, mallory, ballot{choice: vote.Deny})
	elsewhere := armoured(t, ana, ballot{choice: vote.Approve, request: 0xee})
	for name, c := range map[string]struct {
		body    string
		want    string // choices and requests
		remarks int
	}{
		"two blocks in one note":            {yes + no, "approve 00, deny 00", 0},
		"a vote for another request beside": {elsewhere + "\nand\n" + yes, "approve ee, approve 00", 0},
		"a megabyte, the veto last":         {strings.Repeat("x", 1_000_000-len(no)-1) + "\n" + no, "deny 00", 0},
		"a megabyte of talk":                {strings.Repeat("approve ", 125_000), "", 0},
		"cut short":                         {yes[:len(yes)-40], "", 1},
		"cut short before another":          {yes[:200] + "\n" + no, "deny 00", 1},
		"an armour in a code span":          {"paste `-----BEGIN GATELEDGER VOTE-----` here", "", 1},
		"words":                             {"/approve\nLGTM\napproved", "", 0},
		"nothing":                           {"", "", 0},
		"Windows":                           {strings.ReplaceAll(yes, "\n", "\r\n"), "approve 00", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newNotes(t)
			s.Note(project, number, mallory.id, mallory.login, c.body)
			found, err := Read(t.Context(), "gitlab-note", s.query())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found.Sightings {
				a, _ := vote.FindArmoured(f.Block)
				got = append(got, fmt.Sprintf("%s %.2s", a[0].Predicate.Choice, a[0].Predicate.Request))
			}
			if strings.Join(got, ", ") != c.want || len(found.Remarks) != c.remarks {
				t.Errorf("%v and %q, want %s and %d", got, found.Remarks, c.want, c.remarks)
			}
		})
	}
}

// A block that GitLab itself repeats is a vote like any other: its signature
// says whose.
func TestSystemNotesCount(t *testing.T) {
	s := newNotes(t)
	s.SystemNote(project, number, armoured(t, ana, ballot{choice: vote.Deny}))
	found, err := Read(t.Context(), "gitlab-note", s.query())
	if err != nil || len(found.Sightings) != 1 || !found.Sightings[0].Account.Bot {
		t.Errorf("%+v, %v", found, err)
	}
}

// One evaluation of a merge request with a hundred notes asks twice.
func TestCallsOfOneEvaluation(t *testing.T) {
	s := newNotes(t)
	s.fill(99)
	s.cast(ana, ballot{choice: vote.Approve})
	if _, err := Read(t.Context(), "gitlab-note", s.query()); err != nil || len(s.Asked()) != 2 {
		t.Errorf("%d requests, %v", len(s.Asked()), err)
	}
}
