// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
)

// An asker asks one service, under our rules: an answer has a limit in time
// and size, redirects are not followed, and an answer that is no success is an
// error that knows its exit code. It is an http.RoundTripper, so that stock
// clients are held to the same rules.
type asker struct {
	ctx     context.Context // of the verb: stock clients have no other way to hear that it ended
	who     string          // in errors: "the certificate authority"
	timeout time.Duration   // of one try, to the last byte
	limit   int64           // bytes of an answer
	once    bool            // asking twice may leave something twice: only ask again if nobody heard
	passes  []int           // statuses that the caller judges
	secrets []string        // never repeated, whatever the service says
	wire    wire
}

// A wire is how all services are reached.
type wire struct {
	base  http.RoundTripper
	pause time.Duration // before a second try; doubled before a third
}

const (
	tries     = 3
	maxAnswer = 4 << 20 // bytes, where nothing smaller is known
)

// network is the real one. Connections are not kept: each service is asked once
// or twice, and what it sends unasked is nobody's answer.
func network() wire {
	return wire{pause: 300 * time.Millisecond, base: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}}
}

// RoundTrip sends req, more than once where that does no harm, and returns a
// success with its whole body at hand.
func (a *asker) RoundTrip(req *http.Request) (*http.Response, error) {
	wait := a.wire.pause
	for try := 1; ; try++ {
		resp, again, err := a.try(req)
		if err == nil || !again || try == tries {
			return resp, err
		}
		select {
		case <-a.ctx.Done():
			return nil, err
		case <-time.After(wait):
		}
		wait *= 2
		if req, err = replay(req); err != nil {
			return nil, err
		}
	}
}

// replay is req to be sent once more.
func replay(req *http.Request) (*http.Request, error) {
	next := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		next.Body = body
	}
	return next, nil
}

// try sends req once, and says whether it may be sent again.
func (a *asker) try(req *http.Request) (resp *http.Response, again bool, err error) {
	ctx, cancel := context.WithTimeout(req.Context(), a.timeout)
	defer cancel()
	stop := context.AfterFunc(a.ctx, cancel)
	defer stop()
	resp, err = a.wire.base.RoundTrip(req.Clone(ctx))
	if err != nil {
		return nil, a.mayAskAgain(err), a.silent(req, err)
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body, a.limit)
	if err != nil {
		return nil, false, a.silent(req, err)
	}
	if ok := resp.StatusCode/100 == 2 || slices.Contains(a.passes, resp.StatusCode); !ok {
		return nil, a.mayRetry(resp.StatusCode), a.refusal(req, resp, body)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, false, nil
}

// mayAskAgain says whether a request that ended in err may be sent again. One
// that ran out of time is not: whoever waits has waited long enough.
func (a *asker) mayAskAgain(err error) bool {
	if a.ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	op := (*net.OpError)(nil)
	unheard := errors.As(err, &op) && op.Op == "dial"
	return unheard || !a.once
}

func (a *asker) mayRetry(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	}
	return status >= 500 && !a.once
}

// silent is an error about a service from which no whole answer came.
func (a *asker) silent(req *http.Request, err error) error {
	const hint = "nothing was written; run it again once the service answers"
	switch {
	case a.ctx.Err() != nil:
		return cli.Fail(cli.Unknown, "", "ask %s at %s: %w", a.who, req.URL.Host, context.Cause(a.ctx))
	case errors.Is(err, context.DeadlineExceeded):
		return cli.Fail(cli.Unknown, hint, "ask %s at %s: no answer within %s", a.who, req.URL.Host, a.timeout)
	}
	return cli.Fail(cli.Unknown, hint, "ask %s at %s: %w", a.who, req.URL.Host, err)
}

// refusal is an error about a service that answered, but not with a success.
// What it says is shown, cut, and without anything that could be a secret.
func (a *asker) refusal(req *http.Request, resp *http.Response, body []byte) error {
	text := fmt.Sprintf("ask %s at %s: it answered %d %s", a.who, req.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	if said := a.excerpt(body); said != "" {
		text += ": " + said
	}
	switch status := resp.StatusCode; {
	case status/100 == 3:
		return cli.Fail(cli.Unknown, "name the address that it should be asked at", "%s; redirects are not followed", text)
	case status == 400 || status == 401 || status == 403 || status == 422:
		return &refused{text}
	case status == http.StatusConflict:
		return cli.Fail(cli.Unknown, "run it again", "%s: %w", text, errConflict)
	}
	return cli.Fail(cli.Unknown, "", "%s", text)
}

// errConflict is in the error of a service that has the same already.
var errConflict = errors.New("it has that already")

// A refused is the answer of a service that said no. Its callers say what to
// do about it.
type refused struct{ text string }

func (r *refused) Error() string { return r.text }

// As makes a refusal that nobody explained exit with No.
func (r *refused) As(target any) bool {
	exit, ok := target.(**cli.Exit)
	if ok {
		*exit = &cli.Exit{Code: cli.No, Err: r}
	}
	return ok
}

// tokenLike is what JWTs look like.
var tokenLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)*`)

const maxExcerpt = 200 // runes of what a service said

// excerpt is the part of body that is shown.
func (a *asker) excerpt(body []byte) string {
	text := string(body)
	for _, s := range a.secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	text = clean.Field(tokenLike.ReplaceAllString(text, "[token]"))
	if runes := []rune(text); len(runes) > maxExcerpt {
		text = string(runes[:maxExcerpt]) + "…"
	}
	return text
}
