// SPDX-License-Identifier: Apache-2.0

// Package faulty is what the fakes of forges have in common: they note what they
// are asked, and faults that a test puts before them answer in their place. Only
// tests may import it.
package faulty

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// A Fault answers in the place of a server, for requests whose path and query
// hold In.
type Fault struct {
	In    string
	Skip  int // how many are let through first
	Times int // how many it answers after that; 0: all

	// Answer answers, or returns false to have the server do it.
	Answer func(w http.ResponseWriter, r *http.Request) bool
}

// A Front stands before a server, which holds one. The zero Front has no faults,
// and is safe for concurrent use.
type Front struct {
	mu     sync.Mutex
	faults []*Fault
	asked  []*http.Request
}

// Fault puts a fault before those that are there.
func (f *Front) Fault(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append([]*Fault{&fault}, f.faults...)
}

// Mend takes all faults away.
func (f *Front) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Asked returns every request so far.
func (f *Front) Asked() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// Intercepts notes a request, and reports whether a fault has answered it.
func (f *Front) Intercepts(w http.ResponseWriter, r *http.Request) bool {
	answer := f.due(r)
	return answer != nil && answer(w, r)
}

// due notes a request, and returns the answer of the fault that is due.
func (f *Front) due(r *http.Request) func(http.ResponseWriter, *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Clone(r.Context()))
	for _, fault := range f.faults {
		if !strings.Contains(r.URL.String(), fault.In) {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		if fault.Times < 0 {
			continue
		}
		if fault.Times == 1 {
			fault.Times = -1 // used up
		} else if fault.Times > 1 {
			fault.Times--
		}
		return fault.Answer
	}
	return nil
}

// Status is a fault's answer with a status and a body.
func Status(status int, body string, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}
