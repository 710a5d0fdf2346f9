// SPDX-License-Identifier: Apache-2.0

// Command faulty stands between a client and a service and makes the service
// one of those that are met on a bad day.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// modes is how a service can be.
var modes = map[string]func(*proxy, http.ResponseWriter, *http.Request){
	"plain":    (*proxy).plain,
	"slow":     (*proxy).slow,     // answers, but late
	"drip":     (*proxy).drip,     // begins to answer, and never ends
	"again":    (*proxy).again,    // does everything twice, and answers for the second time
	"twice":    (*proxy).twice,    // sends its whole answer twice
	"stutter":  (*proxy).stutter,  // sends the body twice, in one answer
	"garbage":  (*proxy).garbage,  // says something else, politely
	"flood":    (*proxy).flood,    // does not stop talking
	"busy":     (*proxy).busy,     // is overloaded for two requests, then works
	"broken":   (*proxy).broken,   // fails inside
	"redirect": (*proxy).redirect, // sends everybody to somebody else
	"stale":    (*proxy).stale,    // gives everybody the first answer
	"vanish":   (*proxy).vanish,   // does it, and hangs up before answering
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "loopback address")
	to := flag.String("to", "", "URL of the service")
	mode := flag.String("mode", "plain", "how the service is")
	flag.Parse()
	serve, ok := modes[*mode]
	if !ok {
		fmt.Fprintln(os.Stderr, "faulty: unknown mode", *mode)
		os.Exit(2)
	}
	p := &proxy{to: strings.TrimSuffix(*to, "/")}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/faulty" { // it is up
			return
		}
		serve(p, w, r)
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(*listen, handler))
	os.Exit(1)
}

type proxy struct {
	to    string
	count atomic.Int64
	first atomic.Pointer[answer]
}

type answer struct {
	status int
	kind   string
	body   []byte
}

// ask passes the request on.
func (p *proxy) ask(r *http.Request) (answer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body)) // to be asked again
	req, err := http.NewRequest(r.Method, p.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), got}, err
}

func (p *proxy) send(w http.ResponseWriter, a answer, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.WriteHeader(a.status)
	w.Write(a.body)
}

func (p *proxy) plain(w http.ResponseWriter, r *http.Request) {
	a, err := p.ask(r)
	p.send(w, a, err)
}

func (p *proxy) slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(30 * time.Second):
	case <-r.Context().Done():
		return
	}
	p.plain(w, r)
}

func (p *proxy) drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		w.Write([]byte(" "))
		w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

func (p *proxy) again(w http.ResponseWriter, r *http.Request) {
	if a, err := p.ask(r); err != nil {
		p.send(w, a, err)
		return
	}
	p.plain(w, r)
}

func (p *proxy) twice(w http.ResponseWriter, r *http.Request) {
	a, err := p.ask(r)
	if err != nil {
		p.send(w, a, err)
		return
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	one := fmt.Sprintf("HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", a.status, a.kind, len(a.body), a.body)
	io.WriteString(conn, one+one)
}

func (p *proxy) stutter(w http.ResponseWriter, r *http.Request) {
	a, err := p.ask(r)
	a.body = slices.Concat(a.body, a.body)
	p.send(w, a, err)
}

func (p *proxy) garbage(w http.ResponseWriter, _ *http.Request) {
	p.send(w, answer{http.StatusCreated, "text/html", []byte("<html>Please log in to the hotel's network</html>")}, nil)
}

func (p *proxy) flood(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusCreated)
	for r.Context().Err() == nil {
		if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
			return
		}
	}
}

func (p *proxy) busy(w http.ResponseWriter, r *http.Request) {
	if p.count.Add(1) <= 2 {
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	}
	p.plain(w, r)
}

func (p *proxy) broken(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "inside", http.StatusInternalServerError)
}

func (p *proxy) redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, p.to+r.URL.RequestURI(), http.StatusTemporaryRedirect)
}

func (p *proxy) stale(w http.ResponseWriter, r *http.Request) {
	a, err := p.ask(r)
	if err == nil && !p.first.CompareAndSwap(nil, &a) {
		a = *p.first.Load()
	}
	p.send(w, a, err)
}

func (p *proxy) vanish(w http.ResponseWriter, r *http.Request) {
	if _, err := p.ask(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	panic(http.ErrAbortHandler)
}
