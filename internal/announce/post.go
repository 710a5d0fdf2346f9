// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/forge/ask"
)

// The limits.
const (
	tries      = 4
	maxWait    = time.Minute
	maxAnswer  = 32 << 20 // bytes
	maxExcerpt = 200      // runes of what a forge said
	maxPages   = 50       // of a list
	pageSize   = 100
)

// A service is the API of one forge, with the token that it is asked with. Only
// its own host is ever asked, and so only that host sees the token.
type service struct {
	api            *url.URL
	headers        map[string]string
	secret         string
	base           http.RoundTripper
	timeout, pause time.Duration
}

func newService(q Query, variable, token string, headers map[string]string) (*service, error) {
	raw := q.Getenv(variable)
	if raw == "" {
		return nil, fmt.Errorf("%w: %s is not set", ErrSetup, variable)
	}
	api, err := ask.Address(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrSetup, variable, err)
	}
	if strings.TrimSpace(token) != token || strings.ContainsAny(token, "\r\n") {
		return nil, fmt.Errorf("%w: the token holds white space", ErrSetup)
	}
	s := &service{api: api, headers: headers, secret: token, base: q.Base, timeout: q.Timeout, pause: q.Pause}
	if s.timeout <= 0 {
		s.timeout = 30 * time.Second
	}
	if s.pause <= 0 {
		s.pause = 500 * time.Millisecond
	}
	return s, nil
}

// at is an address below the API. The path is ours, and holds nothing that
// would have to be escaped.
func (s *service) at(path string, query url.Values) string {
	u := *s.api
	u.Path, u.RawPath, u.RawQuery = strings.TrimSuffix(u.Path, "/")+path, "", query.Encode()
	return u.String()
}

func (s *service) request(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: make a request", ErrUnavailable) // its text holds the address
	}
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "gateledger")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body, req.GetBody = nil, nil
	}
	return req, nil
}

// get reads what is at a path into out, and whether a list has another page.
// It is asked again where the forge is busy, as package ask does.
func (s *service) get(ctx context.Context, path string, query url.Values, out any) (more bool, err error) {
	req, err := s.request(ctx, http.MethodGet, s.at(path, query), nil)
	if err != nil {
		return false, err
	}
	reads := ask.Transport{Base: s.base, Host: s.api.Host, Secrets: []string{s.secret}, Timeout: s.timeout, Pause: s.pause, Limit: maxAnswer}
	resp, err := reads.RoundTrip(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err := canon.DecodeOpen(body, out); err != nil {
		return false, fmt.Errorf("%w: %s: odd answer: %w", ErrUnavailable, s.api.Host, err)
	}
	return resp.Header.Get("X-Next-Page") != "" || strings.Contains(resp.Header.Get("Link"), `rel="next"`), nil
}

// pages reads all of a list, page by page.
func pages[T any](ctx context.Context, s *service, path string, query url.Values) ([]T, error) {
	var all []T
	if query == nil {
		query = url.Values{}
	}
	query.Set("per_page", strconv.Itoa(pageSize))
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var some []T
		more, err := s.get(ctx, path, query, &some)
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); !more {
			return all, nil
		}
	}
	return nil, fmt.Errorf("%w: %s: a list of more than %d pages", ErrUnavailable, s.api.Host, maxPages)
}

// write sends what is to be written, once. It is sent again only where it was
// certainly not done: nothing listened, or the forge was busy and said when to
// come back.
func (s *service) write(ctx context.Context, method, path string, in, out any) error {
	return s.writeTo(ctx, method, s.at(path, nil), in, out)
}

func (s *service) writeTo(ctx context.Context, method, address string, in, out any) error {
	body, err := canon.Marshal(in)
	if err != nil {
		return fmt.Errorf("%w: write request: %w", ErrSetup, err)
	}
	pause := s.pause
	for try := 1; ; try++ {
		answer, wait, err := s.once(ctx, method, address, body, pause)
		if err == nil {
			if err := canon.DecodeOpen(answer, out); err != nil {
				return fmt.Errorf("%w: %s: odd answer: %w", ErrUnavailable, s.api.Host, err)
			}
			return nil
		}
		if wait < 0 || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
		pause *= 2
	}
}

// once sends one request. After an error, wait is how long to wait before it
// may be sent again; negative: it may not.
func (s *service) once(ctx context.Context, method, address string, body []byte, pause time.Duration) (answer []byte, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := s.request(ctx, method, address, body)
	if err != nil {
		return nil, -1, err
	}
	if req.URL.Host != s.api.Host {
		return nil, -1, fmt.Errorf("%w: %s is not ours to ask", ErrUnavailable, req.URL.Host)
	}
	resp, err := s.base.RoundTrip(req)
	if err != nil {
		wait = -1
		if errors.Is(err, syscall.ECONNREFUSED) {
			wait = pause
		}
		return nil, wait, s.silent(err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = fmt.Errorf("over the limit of %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, -1, s.silent(err)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		wait, err := s.refusal(resp, answer, pause)
		return nil, wait, err
	}
	return answer, 0, nil
}

func (s *service) silent(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s: no answer within %s", ErrUnavailable, s.api.Host, s.timeout)
	}
	return fmt.Errorf("%w: %s: %s", ErrUnavailable, s.api.Host, s.excerpt([]byte(err.Error())))
}

// A refusal is what a forge answered instead of a success.
type refusal struct {
	kind   error // ErrRefused or ErrUnavailable
	status int
	text   string
}

func (r *refusal) Error() string { return r.kind.Error() + ": " + r.text }
func (r *refusal) Unwrap() error { return r.kind }

// refusal is an answer that is no success. It may be tried again only where the
// forge says when: it has then not done it.
func (s *service) refusal(resp *http.Response, body []byte, pause time.Duration) (time.Duration, error) {
	r := &refusal{ErrUnavailable, resp.StatusCode, fmt.Sprintf("%s answered %d %s", s.api.Host, resp.StatusCode, http.StatusText(resp.StatusCode))}
	if said := s.excerpt(body); said != "" {
		r.text += ": " + said
	}
	after := resp.Header.Get("Retry-After")
	switch status := resp.StatusCode; {
	case status == 401 || status == 403 && after == "" || status == 404 || status == 410:
		r.kind = ErrRefused
	case status/100 == 3:
		r.text += "; redirects are not followed"
	case status == 429 || status == 503:
		if wait, ok := comeBack(after, pause); ok {
			return wait, r
		}
	}
	return -1, r
}

// comeBack is how long the forge wants us to wait (RFC 9110 section 10.2.3, in
// seconds), at least pause. It is not ok where it does not say, or says longer
// than we wait for anything.
func comeBack(after string, pause time.Duration) (time.Duration, bool) {
	seconds, err := strconv.ParseUint(strings.TrimSpace(after), 10, 32)
	if err != nil || seconds > uint64(maxWait/time.Second) {
		return 0, false
	}
	return max(pause, time.Duration(seconds)*time.Second), true
}

// excerpt is the part of what was said that is shown, without our token.
func (s *service) excerpt(said []byte) string {
	text := string(said[:min(len(said), 64<<10)])
	if s.secret != "" {
		text = strings.ReplaceAll(text, s.secret, "[secret]")
	}
	text = clean.Field(text)
	if runes := []rune(text); len(runes) > maxExcerpt {
		text = string(runes[:maxExcerpt]) + "…"
	}
	return text
}
