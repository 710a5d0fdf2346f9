// SPDX-License-Identifier: Apache-2.0

// Package gitlabtest is a GitLab for tests: merge requests and their notes,
// with the paging and the tokens of the real one, and scripted faults. It is
// shaped by GitLab's published API documents (Free tier, 2026):
// https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/commits/,
// https://docs.gitlab.com/api/rest/#pagination and
// https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access.
package gitlabtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/forge/faulty"
	"github.com/gateledger/gateledger/internal/pattern"
)

// Tokens that the server knows.
const (
	JobToken = "glcbt-64_jobs-own-token"
	Token    = "glpat-somebodys-own-token"
)

// A Server is one GitLab, at work.
type Server struct {
	API string // its address, as CI_API_V4_URL has it
	faulty.Front

	// OldJobToken makes job tokens as they were before they could read the
	// merge requests of a commit.
	OldJobToken bool

	// OldApprovals leaves out when an approval was given, as GitLab long did.
	OldApprovals bool

	// TooMany makes merge requests change more files than are shown.
	TooMany bool

	server *httptest.Server
	mu     sync.Mutex
	now    time.Time
	date   time.Time     // when its clock was set; zero: never, and answers say the machine's
	step   time.Duration // between two things that somebody does
	lastID int64
	logins map[int64]string
	mrs    []*mergeRequest
	votes  votes
	jobs   []*job

	settings map[string]any    // by project and path
	files    map[string]string // by project and name

	statuses []status
	told     []string         // statuses, as they were set
	tokens   map[string]int64 // of persons, to their accounts

	checks []int64
	said   []check
	took   []string
}

type mergeRequest struct {
	project, iid int64
	commits      []string
	notes        []*note
	author       int64
	merged       string
	versions     []version // the oldest first
	approvals    []approval
	reviewers    []reviewer
	closed, done bool
	into, base   string
	changes      []string
}

type note struct {
	id, author       int64
	body             string
	system, imported bool
	created, updated time.Time
}

// A Fault answers in the place of the server, and Status is such an answer.
type Fault = faulty.Fault

// Status is a fault's answer with a status and a body.
func Status(status int, body string, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return faulty.Status(status, body, header...)
}

// New starts a server. Close ends it.
func New() *Server {
	s := &Server{now: time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC), lastID: 300, step: time.Minute, logins: map[int64]string{authorID: "author", TokenUser: "gate"}}
	s.settings, s.files, s.tokens = map[string]any{}, map[string]string{}, map[string]int64{Token: TokenUser}
	s.votes = votes{members: map[string]map[int64]member{}, services: map[int64]bool{}, trees: map[string][]map[string]any{}, parents: map[string][]string{}}
	s.server = httptest.NewServer(s)
	s.API = s.server.URL + "/api/v4"
	return s
}

// At sets its clock, which then goes on by three seconds with each thing that
// somebody does, and is what its answers say.
func (s *Server) At(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.date, s.now, s.step = now, now, 3*time.Second
}

// Now is its clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Close ends the server.
func (s *Server) Close() { s.server.Close() }

// authorID is who opens merge requests.
const authorID = 500

// MergeRequest opens a merge request that has these commits, the last of which
// is its tip.
func (s *Server) MergeRequest(project, iid int64, commits ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mr := &mergeRequest{project: project, iid: iid, commits: commits, author: authorID}
	if len(commits) > 0 {
		mr.versions = []version{{1000 + iid, commits[len(commits)-1], s.now}}
	}
	s.mrs = append(s.mrs, mr)
}

// Note adds a note by an account, and returns its id.
func (s *Server) Note(project, iid, author int64, login, body string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	s.now = s.now.Add(time.Second)
	s.logins[author] = login
	n := &note{id: s.lastID, author: author, body: body, created: s.now, updated: s.now}
	mr := s.find(project, iid)
	mr.notes = append(mr.notes, n)
	return n.id
}

// SystemNote adds a note by GitLab itself.
func (s *Server) SystemNote(project, iid int64, body string) int64 {
	id := s.Note(project, iid, 1, "root", body)
	s.change(id, func(n *note) { n.system = true })
	return id
}

// Edit changes the text of a note.
func (s *Server) Edit(id int64, body string) {
	s.change(id, func(n *note) { n.body, n.updated = body, n.updated.Add(time.Hour) })
}

// Delete takes a note away.
func (s *Server) Delete(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, mr := range s.mrs {
		mr.notes = slices.DeleteFunc(mr.notes, func(n *note) bool { return n.id == id })
	}
}

// Rename gives an account another login.
func (s *Server) Rename(author int64, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[author] = login
}

func (s *Server) change(id int64, do func(*note)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, mr := range s.mrs {
		for _, n := range mr.notes {
			if n.id == id {
				do(n)
				return
			}
		}
	}
	panic(fmt.Sprintf("there is no note %d", id))
}

func (s *Server) find(project, iid int64) *mergeRequest {
	for _, mr := range s.mrs {
		if mr.project == project && mr.iid == iid {
			return mr
		}
	}
	panic(fmt.Sprintf("project %d has no merge request %d", project, iid))
}

var (
	notesPath    = pattern.New(`^/api/v4/projects/([0-9]+)/merge_requests/([0-9]+)/notes$`)
	requestsPath = pattern.New(`^/api/v4/projects/([0-9]+)/repository/commits/([0-9a-f]{40,64})/merge_requests$`)
)

// ServeHTTP answers as GitLab does: with a weak tag, and with 304 to whoever has
// what is there.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if !s.date.IsZero() {
		w.Header().Set("Date", s.now.UTC().Format(http.TimeFormat))
	}
	s.mu.Unlock()
	if s.Intercepts(w, r) {
		return
	}
	rec := httptest.NewRecorder()
	s.answer(rec, r)
	h := w.Header()
	for name, values := range rec.Header() {
		h[name] = values
	}
	if r.Method != http.MethodGet || rec.Code != http.StatusOK {
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
		return
	}
	sum := sha256.Sum256(rec.Body.Bytes())
	h.Set("ETag", fmt.Sprintf(`W/"%x"`, sum[:16]))
	if r.Header.Get("If-None-Match") == h.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(rec.Body.Bytes())
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job, known := r.Header.Get("Job-Token") == JobToken, s.caller(r) != 0
	notes, requests := notesPath.FindStringSubmatch(r.URL.Path), requestsPath.FindStringSubmatch(r.URL.Path)
	if known && (s.serveJobs(w, r) || s.serveMerges(w, r) || s.serveSettings(w, r) || s.serveChecks(w, r) || s.serveNames(w, r) || s.serveWrites(w, r)) {
		return
	}
	if known || job {
		if notes == nil && requests == nil && s.serveVotes(w, r, !known) {
			return
		}
	}
	switch {
	case !known && (!job || requests != nil && s.OldJobToken || notes == nil && requests == nil):
		say(w, http.StatusUnauthorized, "401 Unauthorized")
	case r.Method != http.MethodGet || notes == nil && requests == nil:
		say(w, http.StatusNotFound, "404 Not Found")
	case notes != nil:
		s.serveNotes(w, r, notes[1], notes[2])
	default:
		s.serveRequests(w, r, requests[1], requests[2])
	}
}

func say(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

func (s *Server) serveNotes(w http.ResponseWriter, r *http.Request, project, iid string) {
	i := slices.IndexFunc(s.mrs, func(mr *mergeRequest) bool {
		return fmt.Sprint(mr.project) == project && fmt.Sprint(mr.iid) == iid
	})
	if i < 0 {
		say(w, http.StatusNotFound, "404 Not Found")
		return
	}
	q := r.URL.Query()
	if q.Get("sort") != "asc" || q.Get("order_by") != "created_at" {
		say(w, http.StatusBadRequest, "this GitLab serves notes by age only")
		return
	}
	var list []any
	for _, n := range s.mrs[i].notes {
		list = append(list, s.noteJSON(s.mrs[i], n))
	}
	serveList(w, r.URL, list)
}

func (s *Server) noteJSON(mr *mergeRequest, n *note) map[string]any {
	return map[string]any{
		"id": n.id, "type": nil, "body": n.body, "attachment": nil, "system": n.system,
		"author": map[string]any{
			"id": n.author, "username": s.logins[n.author], "name": s.logins[n.author], "state": "active",
			"locked": false, "avatar_url": nil, "web_url": "https://gitlab.example.com/" + s.logins[n.author],
		},
		"created_at": n.created.Format("2006-01-02T15:04:05.000Z"), "updated_at": n.updated.Format("2006-01-02T15:04:05.000Z"),
		"noteable_id": 1000 + mr.iid, "noteable_type": "MergeRequest", "noteable_iid": mr.iid, "project_id": mr.project,
		"resolvable": false, "confidential": false, "internal": false, "imported": n.imported, "imported_from": "none",
		"commands_changes": map[string]any{},
	}
}

func (s *Server) serveRequests(w http.ResponseWriter, r *http.Request, project, commit string) {
	var list []any
	for _, mr := range s.mrs {
		if fmt.Sprint(mr.project) == project && slices.Contains(mr.commits, commit) {
			list = append(list, s.requestJSON(mr))
		}
	}
	serveList(w, r.URL, list)
}

// serveList cuts a list by page and per_page, 20 where none is named and 100 at
// most, and says in the headers where the reader is.
func serveList(w http.ResponseWriter, u *url.URL, list []any) {
	number := func(name string, or int) int {
		n, err := strconv.Atoi(u.Query().Get(name))
		if err != nil || n < 1 {
			return or
		}
		return n
	}
	per, page := min(number("per_page", 20), 100), number("page", 1)
	pages := max((len(list)+per-1)/per, 1)
	from := min((page-1)*per, len(list))
	part := append([]any{}, list[from:min(from+per, len(list))]...)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	for name, value := range map[string]int{"X-Page": page, "X-Per-Page": per, "X-Total": len(list), "X-Total-Pages": pages} {
		h.Set(name, strconv.Itoa(value))
	}
	next, links := "", []string{}
	link := func(rel string, to int) {
		q := u.Query()
		q.Set("page", strconv.Itoa(to))
		links = append(links, fmt.Sprintf(`<https://gitlab.example.com%s?%s>; rel=%q`, u.Path, q.Encode(), rel))
	}
	if page < pages {
		next = strconv.Itoa(page + 1)
		link("next", page+1)
	}
	link("first", 1)
	link("last", pages)
	h.Set("X-Next-Page", next)
	h.Set("Link", strings.Join(links, ", "))
	_ = json.NewEncoder(w).Encode(part)
}
