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
	"maps"
	"net/http"
	"net/url"
	"strconv"
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
		Base: o.Base, Host: base.Host, Secrets: []string{o.Token}, Timeout: o.Timeout, Pause: o.Pause, Cache: cache, Queries: graphPath(base),
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

// An item is what a list has, its name and version, and whether it is one.
type item interface {
	ask.Item
	check() error
}

// all reads a list, whole.
func all[T item](ctx context.Context, c *Client, path string, query url.Values) ([]T, error) {
	return ask.List(ctx, func(ctx context.Context) ([]T, int, error) { return once[T](ctx, c, path, query) })
}

// once reads a list from its first page to its last. Where GitHub is silent
// about pages, a full first one may be all there is: the second tells.
func once[T item](ctx context.Context, c *Client, path string, query url.Values) (list []T, pages int, err error) {
	silent := false
	list, pages, err = ask.Pages(ctx, func(ctx context.Context, n int) ([]T, bool, error) {
		q := url.Values{}
		maps.Copy(q, query)
		q.Set("page", strconv.Itoa(n))
		q.Set("per_page", strconv.Itoa(ask.PerPage))
		var part []T
		h, err := c.get(ctx, path+"?"+q.Encode(), &part)
		if err == nil && part == nil {
			err = fmt.Errorf("%w: it is no list", ask.ErrUnavailable)
		}
		for i := 0; i < len(part) && err == nil; i++ {
			if err = part[i].check(); err != nil {
				err = fmt.Errorf("%w: entry %d: %w", ask.ErrUnavailable, i, err)
			}
		}
		if n == 1 {
			silent = err == nil && len(part) >= ask.PerPage && h.Get("Link") == ""
		}
		return part, moreAfter(h) || n == 1 && silent, err
	})
	if silent && pages == 2 && len(list) == ask.PerPage {
		pages = 1
	}
	return list, pages, err
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
		return nil, ask.Plain(err)
	}
	if err := canon.DecodeOpen(body.Bytes(), v); err != nil {
		return nil, fmt.Errorf("%w: its answer is not what was asked for: %w", ask.ErrUnavailable, err)
	}
	return resp.Header, nil
}
