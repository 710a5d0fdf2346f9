// SPDX-License-Identifier: Apache-2.0

// Package forgetest holds fakes of GitHub, and the clients that speak with
// them, to GitHub's published OpenAPI description, and what is asked in GraphQL
// to its schema: what passes between them is checked both ways, so a fake cannot lie about GitHub and a test cannot pass
// because it does. Only tests may import it.
package forgetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxBody is how many bytes a request may have.
const maxBody = 1 << 20

// A T is what a *testing.T does here.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// A Call is a request that came in.
type Call struct {
	Operation   string // operationId, such as pulls/list-reviews, or GraphQL; "" if not described
	Method      string
	Path        string // escaped, without the query
	Query       string
	Header      http.Header
	Body        []byte
	Conditional bool // it came with If-None-Match or If-Modified-Since
	Faulted     bool // a Fault answered
	Status      int  // of the answer; 0 for none
}

// Counts say how many calls were answered in full, and how many with 304. The
// latter GitHub does not count against the limit of an account.
type Counts struct {
	Full        int
	NotModified int
}

// A Fault answers in the place of the handler, or only delays it. What it
// answers is not checked: that is what it is for.
type Fault struct {
	Operation string // the operationId, or GraphQL; "": any
	In        string // what path and query hold; "": anything
	Skip      int    // how many calls are let through first
	Times     int    // how many it is there for after that; 0: all

	Delay  time.Duration // before the answer; ends early with the request
	Status int           // 0: the handler answers, after Delay
	Header http.Header
	Body   string
	Drop   bool // end the connection after Body, or at once without a Status
}

type fault struct {
	Fault
	seen int
}

// A Validator passes requests on to a handler and checks what passes. Its
// zero value is not usable: call Validate.
type Validator struct {
	t       T
	handler http.Handler

	mu     sync.Mutex
	calls  []Call
	faults []*fault
}

// Validate returns a handler that passes requests on to handler and fails t,
// with the operation and the path, for each request and each answer that
// GitHub's description does not allow. It is stricter than JSON Schema: query
// parameters and fields of bodies that are not described are wrong too. Paths
// may begin with /api/v3, as on a GitHub Enterprise Server. What is not
// described at all is answered 404 and not passed on. Questions in GraphQL are
// held to the schema. Answers are held back until they are whole. The server must be closed before t ends.
func Validate(t T, handler http.Handler) *Validator {
	return &Validator{t: t, handler: handler}
}

// Fault adds a fault. Of several that fit a call, the oldest takes it.
func (v *Validator) Fault(f Fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.faults = append(v.faults, &fault{Fault: f})
}

// ClearFaults removes all faults.
func (v *Validator) ClearFaults() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.faults = nil
}

// Calls returns the answered calls of an operation, oldest answer first; all
// calls for "".
func (v *Validator) Calls(operation string) []Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []Call
	for _, c := range v.calls {
		if operation == "" || c.Operation == operation {
			found = append(found, c)
		}
	}
	return found
}

// Counts returns how many calls of an operation were answered; of all
// operations for "".
func (v *Validator) Counts(operation string) Counts {
	var n Counts
	for _, c := range v.Calls(operation) {
		if c.Status == http.StatusNotModified {
			n.NotModified++
		} else {
			n.Full++
		}
	}
	return n
}

// Forget empties the log of calls.
func (v *Validator) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = nil
}

// ServeHTTP checks the request, passes it on and checks the answer.
func (v *Validator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.t.Helper()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		v.t.Errorf("forgetest: %s %s: read the body, of at most %d bytes: %v", r.Method, r.URL.Path, maxBody, err)
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	log := Call{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body,
		Conditional: r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "",
	}
	defer func() { v.log(log) }() // a dropped connection too
	if isGraph(r) {
		v.serveGraph(w, r, &log)
		return
	}

	c := v.checkRequest(r, body)
	if c == nil {
		log.Status = http.StatusNotFound
		send(w, answer{log.Status, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, []byte(`{"message":"Not Found"}`)})
		return
	}
	log.Operation = c.route.Operation.OperationID
	if v.faulted(w, r, &log) {
		return
	}
	a := record(v.handler, r)
	log.Status = a.status
	v.report(c, fmt.Sprintf("answer %d", a.status), c.checkAnswer(a))
	send(w, a)
}

// checkRequest returns the call, or nil if there is no such operation.
func (v *Validator) checkRequest(r *http.Request, body []byte) *call {
	v.t.Helper()
	doc, err := described()
	if err != nil {
		v.t.Errorf("forgetest: %v", err)
		return nil
	}
	c, err := newCall(doc, r, body)
	if err != nil {
		v.t.Errorf("forgetest: %s %s: %v", r.Method, r.URL.EscapedPath(), err)
		return nil
	}
	v.report(c, "request", c.checkRequest())
	return c
}

func (v *Validator) report(c *call, part string, wrong []string) {
	v.t.Helper()
	for _, w := range wrong {
		v.t.Errorf("forgetest: %s: %s %s: %s: %s", c.route.Operation.OperationID, c.request.Method, c.request.URL.RequestURI(), part, w)
	}
}

func (v *Validator) log(c Call) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, c)
}

// faulted lets the fault that is due for the call have its way, and reports
// whether that answered.
func (v *Validator) faulted(w http.ResponseWriter, r *http.Request, c *Call) bool {
	f := v.fault(*c)
	if f == nil {
		return false
	}
	wait(r, f.Delay)
	if f.Status == 0 && !f.Drop {
		return false
	}
	c.Faulted, c.Status = true, f.Status
	f.answer(w)
	return true
}

// fault returns the fault that is due for the call, or nil.
func (v *Validator) fault(c Call) *fault {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.faults, func(f *fault) bool { return f.takes(c) })
	if i < 0 {
		return nil
	}
	return v.faults[i]
}

// takes counts the call if it is one that the fault is about, and reports
// whether the fault is due.
func (f *fault) takes(c Call) bool {
	if f.Operation != "" && f.Operation != c.Operation || !strings.Contains(c.Path+"?"+c.Query, f.In) {
		return false
	}
	f.seen++
	return f.seen > f.Skip && (f.Times == 0 || f.seen <= f.Skip+f.Times)
}

func (f *fault) answer(w http.ResponseWriter) {
	if f.Status != 0 {
		send(w, answer{f.Status, f.Header, []byte(f.Body)})
	}
	if !f.Drop {
		return
	}
	if flusher, ok := w.(http.Flusher); ok && f.Status != 0 {
		flusher.Flush()
	}
	panic(http.ErrAbortHandler) // net/http's way to drop a connection
}

// wait waits, but no longer than somebody waits for the answer.
func wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// A recorder keeps an answer as the handler meant it; what net/http makes of
// one hides faults, such as a body after 204.
type recorder struct {
	status int
	header http.Header
	sent   http.Header
	body   bytes.Buffer
}

func record(h http.Handler, r *http.Request) answer {
	rec := &recorder{header: http.Header{}}
	h.ServeHTTP(rec, r)
	rec.WriteHeader(http.StatusOK)
	return answer{rec.status, rec.sent, rec.body.Bytes()}
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status, r.sent = status, r.header.Clone()
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func send(w http.ResponseWriter, a answer) {
	for k, values := range a.header {
		w.Header()[http.CanonicalHeaderKey(k)] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // if it fails, who asked has gone, and knows it
}
