// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// A front is what steps know as GitHub: the API of a project that has one, and
// for all else the git host.
type front struct {
	git  http.Handler
	mu   sync.Mutex
	hubs map[string]*hub // by the name of the repository
}

// A hub is the API of one project, held to GitHub's description of it. The fake
// knows one repository, whose name it is given in the place of the project's.
type hub struct {
	*githubtest.Server
	checked *forgetest.Validator
	name    string

	mu    sync.Mutex
	wrong []string
}

// fronted puts the API before the git host.
func (r *rig) fronted(context.Context) error {
	host, err := url.Parse(r.host)
	if err != nil {
		return err
	}
	f := &front{git: httputil.NewSingleHostReverseProxy(host), hubs: map[string]*hub{}}
	server := httptest.NewServer(f)
	r.hubs, r.host = f, server.URL
	stop := r.stop
	r.stop = func() {
		server.Close()
		stop()
	}
	return nil
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		f.git.ServeHTTP(w, r)
		return
	}
	rest := strings.TrimPrefix(r.URL.Path, "/api/v3/repos/acme/")
	name, _, _ := strings.Cut(rest, "/")
	f.mu.Lock()
	h := f.hubs[name]
	f.mu.Unlock()
	if r.URL.Path == "/api/graphql" {
		h = f.asked(r)
	}
	if h == nil || rest == r.URL.Path && r.URL.Path != "/api/graphql" {
		http.NotFound(w, r)
		return
	}
	h.serve(w, r)
}

// asked is the hub that a question in GraphQL is about, which names no
// repository: that whose texts it names. Whose a token is all of them know.
func (f *front) asked(r *http.Request) *hub {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	defer f.mu.Unlock()
	var found *hub
	for _, h := range f.hubs {
		if found = h; h.Names(string(body)) {
			break
		}
	}
	return found
}

// serve answers at the present time, whatever day it is at the fake.
func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	h.At(time.Now())
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "read the body", http.StatusBadRequest)
		return
	}
	theirs, ours := "acme/"+h.name, githubtest.Owner+"/"+githubtest.Name
	in := r.Clone(r.Context())
	in.URL.Path = strings.Replace(r.URL.Path, "/repos/"+theirs, "/repos/"+ours, 1)
	in.URL.RawPath = ""
	in.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(theirs), []byte(ours))))
	out := httptest.NewRecorder()
	h.checked.ServeHTTP(out, in)
	for name, values := range out.Header() {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(out.Code)
	_, _ = w.Write(bytes.ReplaceAll(out.Body.Bytes(), []byte(ours), []byte(theirs)))
}

// Helper and Errorf are what the description's check says of a request or an
// answer that GitHub would not make.
func (h *hub) Helper() {}

// Errorf notes it.
func (h *hub) Errorf(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
}

// hub gives the project an API, with the rig's people, the token of its jobs,
// and its commit as pull request 7, which dana opened.
func (p *project) hub() (*hub, error) {
	h := &hub{Server: githubtest.New(), name: p.name}
	h.checked = forgetest.Validate(h, h.Server)
	for who, id := range accountIDs {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, err
		}
		h.User(n, who, "User")
	}
	p.rig.hubs.mu.Lock()
	defer p.rig.hubs.mu.Unlock()
	p.rig.hubs.hubs[p.name] = h
	return h, nil
}

// opened makes the commit of main the head of pull request 7.
func (h *hub) opened(p *project, tree string) {
	dana := account("dana")
	h.Commit(p.head, tree, dana, dana, "A change")
	h.Pull(7, dana, p.head)
}

// hostName is the server's, as a policy names it.
func (r *rig) hostName() string { return strings.TrimPrefix(r.host, "http://") }

func account(who string) int64 {
	id, err := strconv.ParseInt(accountIDs[who], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

// policy changes the project's policy, each text once.
func (p *project) policy(texts map[string]string) error {
	file := filepath.Join(p.dir, ".gateledger.yml")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text := string(data)
	for old, with := range texts {
		if !strings.Contains(text, old) {
			return fmt.Errorf("the policy has no %s", old)
		}
		text = strings.ReplaceAll(text, old, with)
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
