// SPDX-License-Identifier: Apache-2.0

// Package github reads what people said on GitHub, and says nothing itself. It
// is the only package that imports a client of GitHub's API.
//
// What it returns is whole: all pages of a list, each of them as the forge
// shows it, or an error. The client's own types are not used: they read an
// empty answer as an empty list, and know no history of approvals.
package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/google/go-github/v60/github"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// Options say which repository on which GitHub, and as whom.
type Options struct {
	API        string // address of the API, as GITHUB_API_URL has it
	Repository string // OWNER/NAME
	ID         int64  // of the repository, which its name must lead to
	Unnumbered bool   // ID may be 0: whoever its name leads to, see Client.Repository
	Token      string // of a job, an app or a person

	Base           http.RoundTripper // required
	Timeout, Pause time.Duration     // see ask.Transport
	Cache          *ask.Cache        // nil: one of the client's own
}

// What New says of options that it can't use.
var (
	ErrAddress    = errors.New("the address of GitHub's API is https://api.github.com, or https://HOST/api/v3 of a server of one's own")
	ErrRepository = errors.New("a repository is OWNER/NAME, and its id a number")
	ErrToken      = errors.New("there is no token for GitHub's API")
)

// A Client asks one GitHub about one repository.
type Client struct {
	api       *api.Client
	transport *ask.Transport
	path      string // of the repository

	// Host is the GitHub's, with its port if it has one: github.com, not that
	// of its API.
	Host string
	ID   int64 // of the repository
}

var (
	tokenPattern = pattern.New(`^[!-~]+$`)
	namePattern  = pattern.New(`^[A-Za-z0-9_.-]{1,100}$`)
	shaPattern   = pattern.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
)

const maxToken = 32 << 10 // bytes

// New returns a client. It asks nothing yet.
func New(o Options) (*Client, error) {
	base, err := ask.Address(o.API)
	if err != nil {
		return nil, ErrAddress
	}
	host, ok := hostOf(base)
	owner, name, split := strings.Cut(o.Repository, "/")
	switch {
	case !ok:
		return nil, ErrAddress
	case !split || !isName(owner) || !isName(name) || o.ID < 0 || o.ID == 0 && !o.Unnumbered:
		return nil, ErrRepository
	case len(o.Token) > maxToken || !tokenPattern.MatchString(o.Token):
		return nil, ErrToken
	}
	cache := o.Cache
	if cache == nil {
		cache = new(ask.Cache)
	}
	transport := &ask.Transport{
		Base: o.Base, Host: base.Host, Secrets: []string{o.Token}, Timeout: o.Timeout, Pause: o.Pause, Cache: cache,
	}
	client := api.NewClient(&http.Client{Transport: transport}).WithAuthToken(o.Token)
	client.UserAgent = product.Name
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	client.BaseURL = base
	return &Client{api: client, transport: transport, path: "repos/" + owner + "/" + name, ID: o.ID, Host: host}, nil
}

// hostOf is the host whose API is at an address: api.github.com speaks for
// github.com, api.NAME.ghe.com for NAME.ghe.com, HOST/api/v3 for HOST.
func hostOf(base *url.URL) (string, bool) {
	host := strings.ToLower(base.Host)
	switch strings.TrimSuffix(base.Path, "/") {
	case "":
		return strings.CutPrefix(host, "api.")
	case "/api/v3":
		return host, !strings.HasPrefix(host, "api.")
	}
	return "", false
}

// isName reports whether s can stand in a path as the name of something.
func isName(s string) bool { return namePattern.MatchString(s) && strings.Trim(s, ".") != "" }

// Asked returns the Date of GitHub's first answer, zero if there was none, and
// how many requests were sent.
func (c *Client) Asked() (first time.Time, calls int) { return c.transport.Asked() }

// The limits of a list.
const (
	perPage  = 100
	maxPages = 100
	maxReads = 5 // of a list of several pages, until two are the same
)

// An item is what a list has, its name and version, and whether it is one.
type item interface {
	id() string
	check() error
}

// all reads a list. Its pages are cut by counting, so what is taken out of the
// list between one page and the next moves up what follows, and something is
// never seen. A list of several pages is therefore read until it is the same
// twice; the second time costs nothing where GitHub says that nothing changed.
func all[T item](ctx context.Context, c *Client, path string) ([]T, error) {
	list, pages, err := once[T](ctx, c, path)
	if err != nil || pages == 1 {
		return list, err
	}
	for range maxReads - 1 {
		again, _, err := once[T](ctx, c, path)
		if err != nil || same(list, again) {
			return again, err
		}
		list = again
	}
	return nil, fmt.Errorf("%w: the list did not stay the same while it was read, %d times", ask.ErrUnavailable, maxReads)
}

func same[T item](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].id() != b[i].id() {
			return false
		}
	}
	return true
}

// once reads a list from its first page to its last.
func once[T item](ctx context.Context, c *Client, path string) (list []T, pages int, err error) {
	for page := 1; page <= maxPages; page++ {
		var part []T
		h, err := c.get(ctx, fmt.Sprintf("%s?page=%d&per_page=%d", path, page, perPage), &part)
		if err == nil && part == nil {
			err = fmt.Errorf("%w: it is no list", ask.ErrUnavailable)
		}
		for i := 0; i < len(part) && err == nil; i++ {
			if err = part[i].check(); err != nil {
				err = fmt.Errorf("%w: entry %d: %w", ask.ErrUnavailable, i, err)
			}
		}
		if err != nil {
			return nil, 0, fmt.Errorf("page %d: %w", page, err)
		}
		list = append(list, part...)
		switch {
		case moreAfter(h), len(part) >= perPage && h.Get("Link") == "" && page == 1:
		case page == 2 && len(part) == 0:
			return list, 1, nil // GitHub was silent about pages, and there was one
		default:
			return list, page, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: over the limit of %d pages of %d", ask.ErrUnavailable, maxPages, perPage)
}

// moreAfter reads from an answer's header whether pages follow
// (https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api).
// The address that it names is not followed: we count ourselves.
func moreAfter(h http.Header) bool {
	return strings.Contains(strings.Join(h.Values("Link"), ","), `rel="next"`)
}

// get reads one document, and returns the header it came with.
func (c *Client) get(ctx context.Context, path string, v any) (http.Header, error) {
	req, err := c.api.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ask.ErrUnavailable, err)
	}
	var body bytes.Buffer
	resp, err := c.api.Do(ctx, req, &body)
	if err != nil {
		return nil, plain(err)
	}
	if err := canon.DecodeOpen(body.Bytes(), v); err != nil {
		return nil, fmt.Errorf("%w: its answer is not what was asked for: %w", ask.ErrUnavailable, err)
	}
	return resp.Header, nil
}

// plain is an error without the words of the HTTP client around it.
func plain(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, ask.ErrRefused) || errors.Is(err, ask.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ask.ErrUnavailable, err)
}
