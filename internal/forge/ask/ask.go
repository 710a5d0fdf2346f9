// SPDX-License-Identifier: Apache-2.0

// Package ask asks a forge's API, politely and in doubt not at all. Stock
// clients are given it as their transport, so that each of them is held to the
// same rules: only GET, and POST where that only asks, only the one host, no redirect, a limit in time and
// size, an answer that is JSON and not null, and another try where the forge is
// busy, no sooner than it says.
package ask

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
)

// What can go wrong, told apart by errors.Is. An error is one of them.
var (
	ErrRefused     = errors.New("the forge did not let us see it")                            // 401, 403, 404, 410
	ErrUnavailable = errors.New("the forge could not be asked")                               // anything else
	ErrAbsent      = fmt.Errorf("%w, or it is not there", ErrRefused)                         // of those, 404
	ErrSenseless   = fmt.Errorf("%w: it made no sense of what was asked for", ErrUnavailable) // of those, 422
	ErrGone        = fmt.Errorf("%w: it is there no more", ErrRefused)                        // of those, 410
	errOdd         = fmt.Errorf("%w: odd answer", ErrUnavailable)                             // no JSON, null, cut short
	errAddress     = errors.New("it is no https address of a host's API")                     // Address
	errBusy        = errors.New("it is busy, and says to come back too late")                 // 429, 503
)

// Later is the error of a forge that wants to be left alone for longer than one
// reading waits. Wait is how long it says; one that does not say is left alone
// for a minute, as GitHub asks.
type Later struct{ Wait time.Duration }

func (*Later) Error() string { return errBusy.Error() }

// Unwrap makes it one of a forge that could not be asked.
func (*Later) Unwrap() error { return ErrUnavailable }

// later is how long to leave a forge alone that may have said it.
func later(said time.Duration) error {
	if said <= 0 {
		said = maxWait
	}
	return &Later{min(said, maxLater)}
}

// The limits.
const (
	maxLater  = 24 * time.Hour
	tries     = 4
	maxAnswer = 128 << 20 // bytes: a page of a hundred of the longest notes
	maxWait   = time.Minute
)

// A Transport is an http.RoundTripper that keeps the rules.
type Transport struct {
	Base    http.RoundTripper // required
	Host    string            // host[:port]: the only one that is ever asked, and so the only one to see a token
	Secrets []string          // never repeated, whatever the forge says
	Timeout time.Duration     // of one try, to the last byte; 0: 30 s
	Pause   time.Duration     // before a second try where the forge names none; doubled before each further one; 0: 500 ms
	Limit   int64             // bytes of an answer; 0: 128 MiB
	Cache   *Cache            // of answers with an ETag; nil: none
	Queries string            // path of the API's GraphQL, where a POST asks and changes nothing; empty: there is none

	mu    sync.Mutex
	first time.Time
	calls int
}

// Asked returns the Date of the forge's first answer, zero if there was none
// that said it, and how often it was asked so far: every try, and also what was
// answered with 304.
func (t *Transport) Asked() (first time.Time, calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first, t.calls
}

// count counts one try; answered notes when the first answer came.
func (t *Transport) count() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
}

func (t *Transport) answered(h http.Header) {
	date, err := http.ParseTime(h.Get("Date"))
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil && t.first.IsZero() {
		t.first = date.UTC()
	}
}

var _ http.RoundTripper = (*Transport)(nil)

// Address reads the address of an API. It must be https, or on this machine,
// and hold no password.
func Address(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" {
		return nil, errAddress // without raw, which may hold a password
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return u, nil
	}
	return nil, errAddress
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// RoundTrip sends req and returns an answer 200 with its whole body at hand,
// which is one JSON document and not null. Everything else is an error.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.isQuestion(req) || req.URL.Host != t.Host {
		return nil, fmt.Errorf("%w: %s %s is not ours to ask", ErrUnavailable, req.Method, req.URL.Host)
	}
	pause := t.Pause
	if pause <= 0 {
		pause = 500 * time.Millisecond
	}
	for try := 1; ; try++ {
		resp, wait, err := t.try(req, pause)
		if err == nil || wait < 0 || try == tries {
			return resp, err
		}
		select {
		case <-req.Context().Done():
			return nil, err
		case <-time.After(wait):
		}
		pause *= 2
	}
}

// isQuestion reports whether a request changes nothing, so that it can be sent
// again. What it says by POST has to be there again, too.
func (t *Transport) isQuestion(req *http.Request) bool {
	if req.Method == http.MethodPost {
		return t.Queries != "" && req.URL.Path == t.Queries && req.URL.RawQuery == "" && req.GetBody != nil
	}
	return req.Method == http.MethodGet
}

// try sends req once. After an error, wait is how long to wait before another
// try; negative: there is to be none.
func (t *Transport) try(req *http.Request, pause time.Duration) (resp *http.Response, wait time.Duration, err error) {
	timeout := t.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	out := req.Clone(ctx)
	if req.GetBody != nil {
		if out.Body, err = req.GetBody(); err != nil {
			return nil, -1, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	kept, ok := t.Cache.get(req)
	if ok {
		out.Header.Set("If-None-Match", kept.tag)
	}
	t.count()
	resp, err = t.Base.RoundTrip(out)
	if err != nil {
		return nil, t.afterSilence(req, err, pause), t.silent(err, timeout)
	}
	defer resp.Body.Close()
	t.answered(resp.Header)
	body, err := t.read(resp)
	if err != nil {
		return nil, t.afterSilence(req, err, pause), t.silent(err, timeout)
	}
	if ok && resp.StatusCode == http.StatusNotModified {
		return again(resp, kept), 0, nil
	}
	if resp.StatusCode != http.StatusOK {
		wait, err := t.refusal(resp, body, pause)
		return nil, wait, err
	}
	if err := document(body); err != nil {
		return nil, -1, fmt.Errorf("%w: %w", errOdd, err)
	}
	t.Cache.put(req, resp.Header, body)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, 0, nil
}

// again is the answer that was kept, after one that says that it still holds.
func again(resp *http.Response, kept cached) *http.Response {
	resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
	resp.Header = kept.fresh(resp.Header)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(kept.body)), int64(len(kept.body))
	return resp
}

// read reads the whole body. One that is shorter than was announced is an
// error of net/http's; one that is longer than our limit is ours.
func (t *Transport) read(resp *http.Response) ([]byte, error) {
	limit := t.Limit
	if limit <= 0 {
		limit = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		return nil, &tooLong{limit}
	}
	return body, err
}

type tooLong struct{ limit int64 }

func (e *tooLong) Error() string { return fmt.Sprintf("over the limit of %d bytes", e.limit) }

// document checks that body is one JSON document, which can be read in one way
// only, and says something.
func document(body []byte) error {
	var v canon.Raw
	if err := canon.DecodeOpen(body, &v); err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	if v.Kind() == 'n' {
		return errors.New("it is null")
	}
	return nil
}

// afterSilence is how long to wait after no whole answer came. One that ran
// out of time is not tried again: whoever waits has waited long enough.
func (t *Transport) afterSilence(req *http.Request, err error, pause time.Duration) time.Duration {
	long := (*tooLong)(nil)
	network := (net.Error)(nil)
	if req.Context().Err() != nil || errors.As(err, &long) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		return -1
	}
	return pause
}

func (t *Transport) silent(err error, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s: no answer within %s", ErrUnavailable, t.Host, timeout)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, t.Host, err)
}

// refusal is an answer that is no success, and how long to wait before another
// try.
func (t *Transport) refusal(resp *http.Response, body []byte, pause time.Duration) (time.Duration, error) {
	text := fmt.Sprintf("%s answered %d %s", t.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	if said := t.excerpt(body); said != "" {
		text += ": " + said
	}
	switch status := resp.StatusCode; {
	case (status == 403 || status == 429) && spent(resp.Header):
		wait, ok := untilReset(resp.Header, pause)
		if !ok {
			return -1, fmt.Errorf("%w: %s: the limit of requests is reached: %w", ErrUnavailable, text, later(wait))
		}
		return wait, fmt.Errorf("%w: %s: the limit of requests is reached", ErrUnavailable, text)
	case status == 403 && resp.Header.Get("Retry-After") == "" && slow(body):
		return -1, fmt.Errorf("%w: %s: %w", ErrUnavailable, text, later(0))
	case status == 404:
		return -1, fmt.Errorf("%w: %s", ErrAbsent, text)
	case status == 422:
		return -1, fmt.Errorf("%w: %s", ErrSenseless, text)
	case status == 410:
		return -1, fmt.Errorf("%w: %s", ErrGone, text)
	case status == 401 || status == 403 && resp.Header.Get("Retry-After") == "":
		return -1, fmt.Errorf("%w: %s", ErrRefused, text)
	case status/100 == 3:
		return -1, fmt.Errorf("%w: %s; redirects are not followed", ErrUnavailable, text)
	case status == 403 || status == 429 || status >= 500:
		wait, ok := retryAfter(resp.Header, pause)
		if !ok {
			return -1, fmt.Errorf("%w: %s: %w", ErrUnavailable, text, later(wait))
		}
		return wait, fmt.Errorf("%w: %s", ErrUnavailable, text)
	}
	return -1, fmt.Errorf("%w: %s", ErrUnavailable, text)
}

// spent reports whether an answer says that no request is left to us
// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
func spent(h http.Header) bool {
	return h.Get("X-Ratelimit-Remaining") == "0" && h.Get("Retry-After") == ""
}

// untilReset is how long it is until requests are left again, by the forge's
// own clock; 0 if nobody can say. It is not ok then, nor if that is longer than
// one reading waits for anything.
func untilReset(h http.Header, pause time.Duration) (wait time.Duration, ok bool) {
	reset, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	now, failed := http.ParseTime(h.Get("Date"))
	if err != nil || failed != nil {
		return 0, false
	}
	left := reset - now.Unix()
	if reset < 0 || left > int64(maxWait/time.Second) {
		return time.Duration(min(max(left, 0), int64(maxLater/time.Second))) * time.Second, false
	}
	return max(pause, time.Duration(left)*time.Second), true
}

// slow reports whether a refusal only is GitHub's word for "not so fast", which
// it may say without a header.
func slow(body []byte) bool {
	return bytes.Contains(bytes.ToLower(body[:min(len(body), 64<<10)]), []byte("secondary rate limit"))
}

// retryAfter is how long the forge wants us to wait (RFC 9110 section 10.2.3),
// at least pause. It is not ok if that is longer than one reading waits for
// anything.
func retryAfter(h http.Header, pause time.Duration) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return pause, true
	}
	seconds, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		at, err := http.ParseTime(value)
		now, failed := http.ParseTime(h.Get("Date"))
		if err != nil || failed != nil {
			return pause, true // nobody can say what it means
		}
		seconds = uint64(math.Ceil(max(at.Sub(now), 0).Seconds()))
	}
	if seconds > uint64(maxWait/time.Second) {
		return time.Duration(min(seconds, uint64(maxLater/time.Second))) * time.Second, false
	}
	return max(pause, time.Duration(seconds)*time.Second), true
}

const maxExcerpt = 200 // runes of what a forge said

// excerpt is the part of what the forge said that is shown.
func (t *Transport) excerpt(body []byte) string {
	text := string(body[:min(len(body), 64<<10)])
	for _, s := range t.Secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	text = clean.Field(text)
	if runes := []rune(text); len(runes) > maxExcerpt {
		text = string(runes[:maxExcerpt]) + "…"
	}
	return text
}

// Plain is an error of a stock client without the words of the HTTP client
// around it.
func Plain(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, ErrRefused) || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
