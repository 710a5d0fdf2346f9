// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/vote"
)

// Signed votes, left as a comment where their request is shown: there the gate
// looks for them, and the comment wakes it.

// ErrNowhere says that the forge shows the request in no place that could be
// written to. It is ErrUnavailable too.
var ErrNowhere = fmt.Errorf("%w: the request is shown nowhere", ErrUnavailable)

// A VoteQuery says which signed vote to leave, and where its request is shown.
type VoteQuery struct {
	Forge        string // github or gitlab
	API          string // its address
	Repository   string // at GitHub: OWNER/NAME
	RepositoryID string // the number of the repository or project
	Token        string // of the person who votes
	Commit       string
	Environment  string
	Request      string // id, in hex

	// Text is the comment: words for people, and one armoured vote on the
	// request. Empty: nothing is written, only the place is found.
	Text string

	Base           http.RoundTripper // the network
	Timeout, Pause time.Duration     // see Query
}

// A venue is the one place on a forge where a request is shown.
type venue struct {
	name    string // for people: "pull request 7"
	address string // may be empty
	texts   func(context.Context) ([]remarkable, error)
	write   func(ctx context.Context, text string) (remarkable, error)
}

// A remarkable is a comment that is there.
type remarkable struct {
	id            int64
	text, address string
}

// PostVote leaves a signed vote where its request is shown, unless the voter's
// last vote there says the same already: then before is true. After
// ErrUnavailable it may have been left; asking again tells.
func PostVote(ctx context.Context, q VoteQuery) (p Placed, before bool, err error) {
	own, err := q.check()
	if err != nil {
		return Placed{}, false, err
	}
	v, err := q.venue(ctx)
	if err != nil {
		return Placed{}, false, err
	}
	if q.Text == "" {
		return Placed{Place: v.name, Address: v.address}, false, nil
	}
	there, err := v.texts(ctx)
	if err != nil {
		return Placed{}, false, err
	}
	left, before := lastOf(there, own)
	if !before {
		if left, err = v.write(ctx, q.Text); err != nil {
			return Placed{}, false, err
		}
		if left.id <= 0 {
			return Placed{}, false, fmt.Errorf("%w: the forge names no comment", ErrUnavailable)
		}
		if _, whole := lastOf([]remarkable{left}, own); !whole {
			return Placed{}, false, fmt.Errorf("%w: comment %d does not hold the vote that was left", ErrUnavailable, left.id)
		}
	}
	p = Placed{Place: fmt.Sprintf("comment %d on %s", left.id, v.name), Address: left.address}
	return p, before, nil
}

// check refuses what is not clear, and text that holds anything but one vote
// on the request.
func (q VoteQuery) check() (own vote.Armoured, err error) {
	switch {
	case !commitPattern.MatchString(q.Commit):
		return own, fmt.Errorf("%w: commit %.80q is not a full object id in lower-case hex", ErrSetup, q.Commit)
	case !requestPattern.MatchString(q.Request):
		return own, fmt.Errorf("%w: request %.80q is not a request's id", ErrSetup, q.Request)
	case !environmentPattern.MatchString(q.Environment):
		return own, fmt.Errorf("%w: %.80q is no environment's name", ErrSetup, q.Environment)
	case !numberPattern.MatchString(q.RepositoryID):
		return own, fmt.Errorf("%w: repository id %.80q is not a number", ErrSetup, q.RepositoryID)
	case q.Text == "":
		return own, nil
	case len(q.Text) > report.CommentLimit:
		return own, fmt.Errorf("%w: a comment of %d bytes, over the limit of %d", ErrSetup, len(q.Text), report.CommentLimit)
	}
	found, problems := vote.FindArmoured(q.Text)
	if len(found) != 1 || len(problems) > 0 || found[0].Predicate.Request != q.Request {
		return own, fmt.Errorf("%w: the comment is not one signed vote on the request", ErrSetup)
	}
	if err := found[0].Ballot().Verify(); err != nil {
		return own, fmt.Errorf("%w: %w", ErrSetup, err)
	}
	if _, err := vote.ParseCommand(q.Text); !errors.Is(err, vote.ErrNoCommand) {
		return own, fmt.Errorf("%w: the comment is a vote by its text too", ErrSetup)
	}
	return found[0], nil
}

// lastOf finds the voter's last vote on the request among comments, and reports
// whether it says what own says. Whoever left it does not matter, its signature
// does: so the last one is the one that was signed last, and of those of one
// second the one that stands last. Anybody can paste an old one once more.
func lastOf(there []remarkable, own vote.Armoured) (last remarkable, same bool) {
	newest := time.Time{}
	for _, r := range there {
		blocks, _ := vote.FindArmoured(r.text)
		for _, b := range blocks {
			if b.Predicate.Request != own.Predicate.Request || !bytes.Equal(b.Signature.Key.Marshal(), own.Signature.Key.Marshal()) || b.Ballot().Verify() != nil {
				continue
			}
			signed, err := time.Parse(time.RFC3339, b.Predicate.Issued)
			if err != nil || signed.Before(newest) {
				continue
			}
			newest, last = signed, r
			same = b.Predicate.Choice == own.Predicate.Choice && b.Predicate.Reason == own.Predicate.Reason
		}
	}
	return last, same
}

// venue finds where the request is shown.
func (q VoteQuery) venue(ctx context.Context) (venue, error) {
	settings := map[string]string{}
	read := Query{Getenv: func(name string) string { return settings[name] }, Base: q.Base, Timeout: q.Timeout, Pause: q.Pause}
	switch q.Forge {
	case "github":
		settings["GITHUB_API_URL"], settings["GITHUB_REPOSITORY"], settings["GITHUB_TOKEN"] = q.API, q.Repository, q.Token
		h, err := newHub(read)
		if err != nil {
			return venue{}, err
		}
		return h.venue(ctx, q)
	case "gitlab":
		settings["CI_API_V4_URL"], settings["CI_PROJECT_ID"], settings["GATELEDGER_GITLAB_TOKEN"] = q.API, q.RepositoryID, q.Token
		l, err := newLab(read)
		if err != nil {
			return venue{}, err
		}
		return l.venue(ctx, q)
	}
	return venue{}, fmt.Errorf("%w: unknown forge %.40q; have github, gitlab", ErrSetup, q.Forge)
}

// venue is the merged pull request of the commit, else the environment's issue,
// else the newest pull request that has the commit.
func (h *hub) venue(ctx context.Context, q VoteQuery) (venue, error) {
	var repository struct {
		ID int64 `json:"id"`
	}
	if _, err := h.get(ctx, h.path, nil, &repository); err != nil {
		return venue{}, err
	}
	if strconv.FormatInt(repository.ID, 10) != q.RepositoryID {
		return venue{}, fmt.Errorf("%w: %s is repository %d, and the request is for %s", ErrSetup, h.repository, repository.ID, q.RepositoryID)
	}
	pulls, err := h.pulls(ctx, q.Commit)
	if err != nil {
		return venue{}, err
	}
	if p := bestPull(pulls, q.Commit, true); p.Number > 0 {
		return h.at(p.Number, fmt.Sprintf("pull request %d", p.Number), p.Address), nil
	}
	issue, err := h.shownIssue(ctx, q.Environment)
	if err != nil {
		return venue{}, err
	}
	if issue.Number > 0 {
		return h.at(issue.Number, fmt.Sprintf("issue %d", issue.Number), issue.Address), nil
	}
	if p := bestPull(pulls, q.Commit, false); p.Number > 0 {
		return h.at(p.Number, fmt.Sprintf("pull request %d", p.Number), p.Address), nil
	}
	return venue{}, fmt.Errorf("%w: %s has neither a pull request with commit %.12s nor an issue of %s", ErrNowhere, h.repository, q.Commit, q.Environment)
}

// shownIssue is the environment's issue as anybody finds it: by its label, which
// only who works in the repository can set, and its marker.
func (h *hub) shownIssue(ctx context.Context, environment string) (hubIssue, error) {
	all, err := pages[hubIssue](ctx, h.service, h.path+"/issues", url.Values{"state": {"all"}, "labels": {product.Name}, "sort": {"created"}, "direction": {"asc"}})
	if errors.Is(err, ask.ErrGone) {
		return hubIssue{}, nil // this repository has no issues
	}
	if err != nil {
		return hubIssue{}, err
	}
	var best hubIssue
	for _, i := range all {
		first, _, _ := strings.Cut(text(i.Body), "\n")
		if i.Pull != nil || i.Number <= 0 || strings.TrimSuffix(first, "\r") != report.Marker(environment) {
			continue
		}
		if best.Number == 0 || best.State != "open" && i.State == "open" {
			best = i
		}
	}
	return best, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// at is the venue of an issue or a pull request.
func (h *hub) at(number int64, name, address string) venue {
	path := fmt.Sprintf("%s/issues/%d/comments", h.path, number)
	return venue{
		name: name, address: address,
		texts: func(ctx context.Context) ([]remarkable, error) {
			all, err := pages[hubComment](ctx, h.service, path, nil)
			var there []remarkable
			for _, c := range all {
				there = append(there, remarkable{c.ID, text(c.Body), c.Address})
			}
			return there, err
		},
		write: func(ctx context.Context, body string) (remarkable, error) {
			var out hubComment
			err := h.write(ctx, "POST", path, map[string]string{"body": body}, &out)
			return remarkable{out.ID, text(out.Body), out.Address}, err
		},
	}
}

// venue is the merged merge request of the commit, else the newest that has it.
func (l *lab) venue(ctx context.Context, q VoteQuery) (venue, error) {
	all, err := l.mergeRequests(ctx, q.Commit)
	if err != nil {
		return venue{}, err
	}
	m := bestMerge(all, q.Commit, true)
	if m.Number == 0 {
		m = bestMerge(all, q.Commit, false)
	}
	if m.Number == 0 {
		return venue{}, fmt.Errorf("%w: no merge request of project %d has commit %.12s", ErrNowhere, l.project, q.Commit)
	}
	path := fmt.Sprintf("%s/merge_requests/%d/notes", l.path, m.Number)
	return venue{
		name: fmt.Sprintf("merge request %d", m.Number), address: m.Address,
		texts: func(ctx context.Context) ([]remarkable, error) {
			all, err := pages[labNote](ctx, l.service, path, url.Values{"sort": {"asc"}, "order_by": {"created_at"}})
			var there []remarkable
			for _, n := range all {
				there = append(there, remarkable{n.ID, n.Body, m.note(n.ID)})
			}
			return there, err
		},
		write: func(ctx context.Context, body string) (remarkable, error) {
			var out labNote
			err := l.write(ctx, "POST", path, map[string]string{"body": body}, &out)
			return remarkable{out.ID, out.Body, m.note(out.ID)}, err
		},
	}, nil
}
