// SPDX-License-Identifier: Apache-2.0

package anchor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/gateledger/gateledger/internal/clean"
)

const (
	tries      = 3
	maxExcerpt = 200 // runes of what a service said
)

// Address reads the address of an anchor: https, or this machine. With plain
// it may be http elsewhere too, where what is asked is no secret and the answer
// is signed. Its errors do not repeat the address, which may hold a key.
func Address(raw string, plain bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	var why string
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		why = "it is no address with a host"
	case u.User != nil:
		why = "it holds a user name or password"
	case u.Fragment != "":
		why = "it holds a fragment (#…)"
	case u.Scheme == "https", u.Scheme == "http" && (plain || loopback(u.Hostname())):
		return u, nil
	default:
		why = "it must begin with https://"
	}
	return nil, fmt.Errorf("read address of the anchor: %w: %s", ErrSetup, why)
}

// loopback says whether host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// An asker is an http.RoundTripper under the rules that Ask promises.
type asker struct {
	ctx   context.Context // stock clients have no other way to hear that it ended
	who   string
	limit int64
	World
}

// Ask is how an anchor is asked over HTTP. Who is it in errors: "witness
// w1.example". An answer has a limit in bytes and in time, and its whole body
// is at hand once RoundTrip returns. Redirects are not followed. What nobody
// heard, and a server that is busy or broken, is asked again, three times in
// all: asking twice must do no harm. Answers from 200 to 299, and those from
// 400 to 499 but 429, are the caller's to judge; all else is ErrUnavailable.
// Errors name who and the host, and nothing else of an address.
func (w World) Ask(ctx context.Context, who string, limit int64) http.RoundTripper {
	return &asker{ctx, who, limit, w}
}

// RoundTrip sends req, more than once where nobody heard.
func (a *asker) RoundTrip(req *http.Request) (*http.Response, error) {
	if a.Base == nil {
		return nil, fmt.Errorf("ask %s: %w: there is no network", a.who, ErrUnavailable)
	}
	wait := a.Pause
	for try := 1; ; try++ {
		resp, again, err := a.try(req)
		if err == nil || !again || try == tries {
			return resp, err
		}
		select {
		case <-a.ctx.Done():
			return nil, err
		case <-req.Context().Done():
			return nil, err
		case <-time.After(wait):
		}
		wait *= 2
		if req.GetBody != nil {
			body, failed := req.GetBody()
			if failed != nil {
				return nil, errors.Join(err, failed)
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
	}
}

// try sends req once, and says whether it may be sent again.
func (a *asker) try(req *http.Request) (resp *http.Response, again bool, err error) {
	ctx, cancel := context.WithTimeout(req.Context(), a.Timeout)
	defer cancel()
	stop := context.AfterFunc(a.ctx, cancel)
	defer stop()
	resp, err = a.Base.RoundTrip(req.Clone(ctx))
	if err != nil {
		return nil, a.mayAskAgain(err), a.silent(req, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, a.limit+1))
	switch {
	case err != nil:
		return nil, false, a.silent(req, err)
	case int64(len(body)) > a.limit:
		return nil, false, a.silent(req, fmt.Errorf("its answer is over the limit of %d bytes", a.limit))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	switch status := resp.StatusCode; {
	case status/100 == 2, status/100 == 4 && status != http.StatusTooManyRequests:
		return resp, false, nil
	case status/100 == 3:
		return nil, false, fmt.Errorf("%w; redirects are not followed", a.said(req, resp, body))
	}
	return nil, true, a.said(req, resp, body)
}

// mayAskAgain says whether a request that ended in err may be sent again. One
// that ran out of time is not: whoever waits has waited long enough.
func (a *asker) mayAskAgain(err error) bool {
	return a.ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

// silent is the error about a service that gave no whole answer.
func (a *asker) silent(req *http.Request, err error) error {
	timeout := net.Error(nil)
	switch {
	case a.ctx.Err() != nil:
		err = context.Cause(a.ctx)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		err = fmt.Errorf("no answer within %s", a.Timeout)
	}
	return fmt.Errorf("ask %s at %s: %w: %w", a.who, req.URL.Host, ErrUnavailable, err)
}

func (a *asker) said(req *http.Request, resp *http.Response, body []byte) error {
	return fmt.Errorf("ask %s at %s: %w: %s", a.who, req.URL.Host, ErrUnavailable, Said(resp.StatusCode, body))
}

// Said is a status and the beginning of what a service said with it, cleaned
// for people.
func Said(status int, body []byte) string {
	text := fmt.Sprintf("it answered %d %s", status, http.StatusText(status))
	said := []rune(clean.Field(string(body)))
	if len(said) > maxExcerpt {
		said = append(said[:maxExcerpt], '…')
	}
	if len(said) > 0 {
		text += ": " + string(said)
	}
	return text
}
