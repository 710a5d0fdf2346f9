// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A Commit is one, and who made it. An account is zero where no account has the
// mail that the commit names.
type Commit struct {
	SHA, Tree                 string
	Parents                   []string
	Author, Committer         Account
	AuthorMail, CommitterMail string
	CoAuthors                 []CoAuthor
}

// A CoAuthor is one that the commit's message names. Whoever wrote the message
// named whom they liked.
type CoAuthor struct {
	Mail    string
	Account Account // zero: the mail does not say
}

// commitWire is a commit as GitHub has it
// (https://docs.github.com/rest/commits/commits#get-a-commit).
type commitWire struct {
	SHA       string    `json:"sha"`
	Author    *userWire `json:"author"`
	Committer *userWire `json:"committer"`
	Parents   []struct {
		SHA string `json:"sha"`
	} `json:"parents"`
	Commit struct {
		Author    *mailWire `json:"author"`
		Committer *mailWire `json:"committer"`
		Message   string    `json:"message"`
		Tree      struct {
			SHA string `json:"sha"`
		} `json:"tree"`
	} `json:"commit"`
}

type mailWire struct {
	Email string `json:"email"`
}

func (m *mailWire) mail() string {
	if m == nil {
		return ""
	}
	return m.Email
}

func (w commitWire) Version() string { return w.SHA }

func (w commitWire) check() error {
	if !shaPattern.MatchString(w.SHA) || !shaPattern.MatchString(w.Commit.Tree.SHA) {
		return errors.New("it is no commit")
	}
	for _, p := range w.Parents {
		if !shaPattern.MatchString(p.SHA) {
			return errors.New("it has a parent that is no commit")
		}
	}
	return nil
}

func (w commitWire) commit(host string) Commit {
	var parents []string
	for _, p := range w.Parents {
		parents = append(parents, p.SHA)
	}
	return Commit{
		Parents: parents, SHA: w.SHA, Tree: w.Commit.Tree.SHA, Author: w.Author.account(), Committer: w.Committer.account(),
		AuthorMail: w.Commit.Author.mail(), CommitterMail: w.Commit.Committer.mail(), CoAuthors: coAuthors(w.Commit.Message, host),
	}
}

var (
	trailerPattern = pattern.New(`(?i)^co-authored-by:[^<]*<([^<>]*)>\s*$`)
	noReplyPattern = pattern.New(`^([1-9][0-9]{0,17})\+([A-Za-z0-9_-]+(?:\[bot\])?)@users\.noreply\.(.+)$`)
)

// maxCoAuthors is how many co-authors of one commit are told.
const maxCoAuthors = 100

// coAuthors reads the lines of a message that name co-authors. Mails that
// GitHub gives to accounts hold their id.
func coAuthors(message, host string) []CoAuthor {
	host, _, _ = strings.Cut(host, ":") // mails know no port
	var list []CoAuthor
	for line := range strings.Lines(message) {
		m := trailerPattern.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || len(list) == maxCoAuthors {
			continue
		}
		co := CoAuthor{Mail: strings.ToLower(strings.TrimSpace(m[1]))}
		if n := noReplyPattern.FindStringSubmatch(strings.TrimSpace(m[1])); n != nil && strings.EqualFold(n[3], host) {
			id, _ := strconv.ParseInt(n[1], 10, 64) // 18 digits fit
			co.Account = Account{ID: id, Login: n[2], Type: "User"}
			if strings.HasSuffix(n[2], "[bot]") {
				co.Account.Type = "Bot"
			}
		}
		list = append(list, co)
	}
	return list
}

// MaxCommits is how many commits of a pull request GitHub lists. Where there
// are as many, there may be more.
const MaxCommits = 250

// Commits returns the commits of a pull request, at most MaxCommits.
func (c *Client) Commits(ctx context.Context, number int64) ([]Commit, error) {
	wires, err := all[commitWire](ctx, c, fmt.Sprintf("%s/pulls/%d/commits", c.path, number), nil)
	if err != nil {
		return nil, fmt.Errorf("read the commits of pull request %d: %w", number, err)
	}
	var list []Commit
	for _, w := range wires {
		list = append(list, w.commit(c.Host))
	}
	return list, nil
}

// Commit returns one commit.
func (c *Client) Commit(ctx context.Context, sha string) (Commit, error) {
	var w commitWire
	_, err := c.get(ctx, c.path+"/commits/"+sha+"?per_page=1", &w) // of its files, which nobody wants
	if err == nil && (w.check() != nil || w.SHA != sha) {
		err = fmt.Errorf("%w: it is another one", ask.ErrUnavailable)
	}
	if err != nil {
		return Commit{}, fmt.Errorf("read commit %.12s: %w", sha, noCommit(err))
	}
	return w.commit(c.Host), nil
}

// noCommit says what GitHub's 422 about a commit means: that it is not there.
func noCommit(err error) error {
	if errors.Is(err, ask.ErrSenseless) {
		return fmt.Errorf("%w: GitHub has no such commit in this repository; push it first (%v)", ask.ErrAbsent, err)
	}
	return err
}
