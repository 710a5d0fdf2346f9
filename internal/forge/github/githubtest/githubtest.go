// SPDX-License-Identifier: Apache-2.0

// Package githubtest is a GitHub for tests: one repository with its pull
// requests, reviews, comments, commits, runs and teams, with the paging, the
// tags and the words of the real one, and scripted faults. It is shaped by
// GitHub's published REST documents (version 2022-11-28):
// https://docs.github.com/rest, and by its GraphQL schema.
package githubtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/forge/faulty"
	"github.com/gateledger/gateledger/internal/forge/forgetest"
)

// The repository, and the tokens that the server knows.
const (
	Owner        = "acme"
	Name         = "app"
	RepositoryID = 1296269
	JobToken     = "ghs_a-jobs-own-token"
	Token        = "ghp_somebodys-own-token"
)

// A Server is one GitHub, at work.
type Server struct {
	API string // its address, as GITHUB_API_URL has it
	faulty.Front

	server *httptest.Server
	inner  http.Handler // what answers where no fault does
	mux    *http.ServeMux
	mu     sync.Mutex
	now    time.Time
	lastID int64
	users  map[int64]*user
	pulls  []*pull
	made   map[string]*commit
	runs   map[int64]*run
	jobs   []*job
	levels map[int64]string
	teams  map[string]map[int64]string // ORG/SLUG to member to state
	writes writes
	app    app

	settings map[string]any    // by path
	files    map[string]string // of the default branch
}

type user struct {
	id          int64
	login, kind string
}

type pull struct {
	number, author int64
	assignees      []int64
	head, merged   string
	queued         string // the commit of a merge queue
	base           string // branch; empty: main
	commits        []string
	files          []string // OLD>NEW for a renamed one
	reviews        []*review
	dismissals     []dismissal
	comments       []*comment
}

type review struct {
	id, author    int64
	state, commit string
	body          string
	submitted     time.Time
	edits         []edit
}

// A dismissal is what GitHub notes when a review is dismissed.
type dismissal struct {
	id, by, review int64
	state          string // of the review before, in lower case
	at             time.Time
}

type comment struct {
	id, author       int64
	body             string
	created, updated time.Time
	edits            []edit
}

type commit struct {
	sha, tree, message string
	author, committer  int64
	parents            []string
	files              map[string]string
}

type run struct {
	id          int64
	event, head string
	actor       int64
	starters    []int64 // of its attempts
	approvals   []approval
	waits       []*waiting
}

type approval struct {
	by                 int64
	state, environment string
	comment            string
}

// A Fault answers in the place of the server, and Status is such an answer.
type Fault = faulty.Fault

// Status is a fault's answer with a status and a body.
func Status(status int, body string, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return faulty.Status(status, body, header...)
}

// New starts a server. Close ends it.
func New() *Server { return start(nil) }

// NewChecked is New, with all that passes held to GitHub's description but for
// what a Fault answers.
func NewChecked(t forgetest.T) *Server { return start(t) }

func start(t forgetest.T) *Server {
	s := &Server{
		now: time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC), lastID: 300, users: map[int64]*user{}, made: map[string]*commit{},
		runs: map[int64]*run{}, levels: map[int64]string{}, teams: map[string]map[int64]string{},
		settings: map[string]any{}, files: map[string]string{},
	}
	s.writes.signedIn = map[string]int64{JobToken: botID, Token: 0}
	s.writes.merging = newMerging()
	s.users[botID] = &user{botID, "github-actions[bot]", "Bot"}
	s.routes()
	s.inner = http.HandlerFunc(s.answer)
	if t != nil {
		s.inner = forgetest.Validate(t, s.inner)
	}
	s.server = httptest.NewServer(s)
	s.API = s.server.URL + "/api/v3"
	return s
}

// Close ends the server.
func (s *Server) Close() { s.server.Close() }

func (s *Server) next() (int64, time.Time) {
	s.lastID++
	s.now = s.now.Add(time.Second)
	return s.lastID, s.now
}

// Now is the server's clock, which goes on by a second with all that is said.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// User makes an account, or changes one. Kind is User, Bot, …
func (s *Server) User(id int64, login, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[id] = &user{id, login, kind}
}

// Forget deletes an account. What it left stays, and is nobody's.
func (s *Server) Forget(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, id)
}

// Commit makes a commit. An account 0 is one that nobody knows.
func (s *Server) Commit(sha, tree string, author, committer int64, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[sha] = &commit{sha: sha, tree: tree, message: message, author: author, committer: committer}
}

// Pull opens a pull request of these commits, of which the last is its head.
func (s *Server) Pull(number, author int64, commits ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pulls = append(s.pulls, &pull{number: number, author: author, head: commits[len(commits)-1], commits: commits})
}

// Push adds a commit to a pull request.
func (s *Server) Push(number int64, sha string) {
	s.change(number, func(p *pull) { p.head, p.commits = sha, append(p.commits, sha) })
}

// Merge merges a pull request as a commit.
func (s *Server) Merge(number int64, sha string) {
	s.change(number, func(p *pull) { p.merged = sha })
}

// Assign gives a pull request to accounts.
func (s *Server) Assign(number int64, accounts ...int64) {
	s.change(number, func(p *pull) { p.assignees = accounts })
}

// Review adds a review by an account, and returns its id. A commit "" is one
// that is no more.
func (s *Server) Review(number, author int64, state, commit, body string) (id int64) {
	s.change(number, func(p *pull) {
		var at time.Time
		id, at = s.next()
		p.reviews = append(p.reviews, &review{id, author, state, commit, body, at, nil})
	})
	return id
}

// Dismiss dismisses a review, by somebody whose account is gone.
func (s *Server) Dismiss(id int64) { s.DismissBy(id, 0) }

// DismissBy dismisses a review. GitHub notes by whom, and what it was.
func (s *Server) DismissBy(id, by int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pulls {
		for _, r := range p.reviews {
			if r.id == id {
				note, at := s.next()
				p.dismissals = append(p.dismissals, dismissal{note, by, id, strings.ToLower(r.state), at})
				r.state = "DISMISSED"
				return
			}
		}
	}
	panic(fmt.Sprintf("there is no review %d", id))
}

// ForgetEvents takes away what GitHub noted about a pull request.
func (s *Server) ForgetEvents(number int64) {
	s.change(number, func(p *pull) { p.dismissals = nil })
}

// Comment adds a comment by an account, and returns its id.
func (s *Server) Comment(number, author int64, body string) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.thread(fmt.Sprint(number)); t.comments != nil {
		return s.say(t, author, body).id
	}
	panic(fmt.Sprintf("there is no pull request or issue %d", number))
}

// Delete takes a comment away.
func (s *Server) Delete(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.threads() {
		*t.comments = slices.DeleteFunc(*t.comments, func(c *comment) bool { return c.id == id })
	}
}

// Run starts a run of a workflow.
func (s *Server) Run(id, actor int64, event, head string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[id] = &run{id: id, event: event, head: head, actor: actor, starters: []int64{actor}}
}

// Rerun starts the next attempt of a run.
func (s *Server) Rerun(id, by int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[id].starters = append(s.runs[id].starters, by)
}

// Permit gives an account a level of permission.
func (s *Server) Permit(account int64, level string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.levels[account] = level
}

// Team makes a team, and an account a member of it. The state is active,
// pending, or "" for none.
func (s *Server) Team(org, slug string, account int64, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := org + "/" + slug
	if s.teams[name] == nil {
		s.teams[name] = map[int64]string{}
	}
	s.teams[name][account] = state
}

func (s *Server) change(number int64, do func(*pull)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pull(fmt.Sprint(number)); p != nil {
		do(p)
		return
	}
	panic(fmt.Sprintf("there is no pull request %d", number))
}

func (s *Server) review(id int64, do func(*review)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pulls {
		for _, r := range p.reviews {
			if r.id == id {
				do(r)
				return
			}
		}
	}
	panic(fmt.Sprintf("there is no review %d", id))
}

func (s *Server) pull(number string) *pull {
	for _, p := range s.pulls {
		if fmt.Sprint(p.number) == number {
			return p
		}
	}
	return nil
}

// ServeHTTP answers as GitHub does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Intercepts(w, r) {
		return
	}
	s.inner.ServeHTTP(w, r)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Date", s.now.Format(http.TimeFormat))
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, known := s.writes.signedIn[token]; !known && !s.knows(r, token) {
		say(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	s.mux.ServeHTTP(w, r)
}

func say(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status),
	})
}

// serve answers with a document and its tag, or with 304 to whoever has it.
func serve(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	h := w.Header()
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(append([]byte(h.Get("Link")), body...)))
	h.Set("ETag", tag)
	h.Set("X-RateLimit-Limit", "5000")
	h.Set("X-RateLimit-Remaining", "4987")
	h.Set("Content-Type", "application/json; charset=utf-8")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body)
}

// serveList cuts a list by page and per_page, 30 where none is named and 100 at
// most, and says in the header Link where the reader is, if there is more than
// one page.
func serveList(w http.ResponseWriter, r *http.Request, list []any) {
	q := r.URL.Query()
	number := func(name string, or int) int {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 1 {
			return or
		}
		return n
	}
	per, page := min(number("per_page", 30), 100), number("page", 1)
	pages := max((len(list)+per-1)/per, 1)
	from := min((page-1)*per, len(list))
	part := append([]any{}, list[from:min(from+per, len(list))]...)
	var links []string
	link := func(rel string, to int) {
		q.Set("page", strconv.Itoa(to))
		links = append(links, fmt.Sprintf(`<https://api.github.com%s?%s>; rel=%q`, r.URL.Path, q.Encode(), rel))
	}
	if page > 1 {
		link("prev", page-1)
	}
	if page < pages {
		link("next", page+1)
		link("last", pages)
	}
	if page > 1 {
		link("first", 1)
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	serve(w, r, part)
}
