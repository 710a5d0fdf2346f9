// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/codeowners"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
)

// Who owns what a change touches.
//
// The CODEOWNERS file is that of the commit on the default branch which the
// pull request went into: a change that makes its author an owner does not make
// them one for itself. It costs a call for the list of files (one for each
// hundred), one to three for the file, one for the merge commit where that is
// not the one deployed, and for each voter who could own anything one for their
// permission and one for each team.

// The limits of what is asked about owners.
const (
	maxRebased = 20 // commits of a rebased pull request that are walked back
	maxOwned   = 500
)

// githubOwned is who owns what the pull requests change.
type githubOwned struct {
	list    ownedLines
	unknown string // why nobody can tell
	mails   map[string]github.Account
}

// owned reads what changed, and whose it is.
func (r *githubReading) owned(ctx context.Context) error {
	if !slices.Contains(r.facts, "codeowner") {
		return nil
	}
	for _, p := range r.pulls {
		if slices.Contains(r.strays, p.Number) {
			continue
		}
		if err := r.ownedOf(ctx, p); err != nil && !errors.Is(err, ErrRefused) {
			return err
		} else if err != nil && r.owners.unknown == "" {
			r.owners.unknown = err.Error()
		}
		if r.owners.unknown != "" {
			break
		}
	}
	switch {
	case len(r.pulls) == len(r.strays):
		r.owners.unknown = "no pull request brought the commit"
	case len(r.owners.list) > maxOwned:
		r.owners.unknown = fmt.Sprintf("the change touches %d lines of CODEOWNERS, over the limit of %d", len(r.owners.list), maxOwned)
	}
	if r.owners.unknown != "" {
		r.owners.list = nil
		r.found.Remarks = append(r.found.Remarks, "could not find out who owns what changed: "+r.owners.unknown)
		return nil
	}
	r.owners.mails = map[string]github.Account{}
	for _, c := range r.commits {
		for mail, a := range map[string]github.Account{c.AuthorMail: c.Author, c.CommitterMail: c.Committer} {
			if a.ID > 0 {
				r.owners.mails[strings.ToLower(mail)] = a
			}
		}
	}
	return nil
}

// ownedOf adds what one pull request changes.
func (r *githubReading) ownedOf(ctx context.Context, p github.PullRequest) error {
	base, err := r.wentInto(ctx, p)
	if err != nil {
		return err
	}
	file, place, err := readOwners(codeowners.GitHub, base, github.ErrAbsent, func(place string) ([]byte, error) {
		return r.client.File(ctx, place, base, codeowners.MaxSize)
	})
	if err != nil {
		return err
	}
	paths, whole, err := r.client.Files(ctx, p.Number)
	if err != nil {
		return err
	}
	if !whole {
		return fmt.Errorf("%w: pull request %d may have more than the %d files that GitHub shows", ErrRefused, p.Number, github.MaxFiles)
	}
	r.owners.list.add(file, place, base, paths)
	return nil
}

// wentInto is the commit of the default branch that a pull request went into.
// Of a merge it is the first parent, and so it is of a squashed or a single
// commit. A rebased pull request left as many commits as it has, of which the
// one before the first is meant; GitHub says of which commits it is the pull
// request. What it calls base.sha is documented nowhere, and not used.
func (r *githubReading) wentInto(ctx context.Context, p github.PullRequest) (string, error) {
	switch {
	case p.Merged == "":
		return "", fmt.Errorf("%w: pull request %d was not merged", ErrRefused, p.Number)
	case p.Base == "" || p.Base != p.Default:
		return "", fmt.Errorf("%w: pull request %d went into %.80q, which is not the default branch", ErrRefused, p.Number, p.Base)
	}
	parents, err := r.parents(ctx, p.Merged)
	if err != nil {
		return "", err
	}
	size := r.sizes[p.Number]
	if len(parents) > 1 || size == 1 {
		return parents[0], nil
	}
	brought, err := r.brought(ctx, p, parents[0])
	if err != nil || !brought {
		return parents[0], err
	}
	if size > maxRebased {
		return "", fmt.Errorf("%w: pull request %d was rebased, and has %d commits, over the limit of %d", ErrRefused, p.Number, size, maxRebased)
	}
	at := parents[0]
	for range size - 1 {
		if parents, err = r.parents(ctx, at); err != nil {
			return "", err
		}
		at = parents[0]
	}
	if brought, err = r.brought(ctx, p, at); err != nil || brought {
		return "", errors.Join(err, fmt.Errorf("%w: it can't be told where pull request %d began", ErrRefused, p.Number))
	}
	return at, nil
}

// brought reports whether a commit came in by the pull request.
func (r *githubReading) brought(ctx context.Context, p github.PullRequest, commit string) (bool, error) {
	pulls, _, err := r.client.PullRequestsOf(ctx, commit)
	return slices.ContainsFunc(pulls, func(o github.PullRequest) bool { return o.Number == p.Number }), err
}

// parents are those of a commit. One without any is refused.
func (r *githubReading) parents(ctx context.Context, sha string) ([]string, error) {
	var c github.Commit
	if i := slices.IndexFunc(r.commits, func(c github.Commit) bool { return c.SHA == sha }); i >= 0 {
		c = r.commits[i]
	} else {
		var err error
		if c, err = r.client.Commit(ctx, sha); err != nil {
			return nil, err
		}
	}
	if len(c.Parents) == 0 {
		return nil, fmt.Errorf("%w: commit %.12s shows no parent", ErrRefused, sha)
	}
	return c.Parents, nil
}

// ownerFacts says what of the change an account owns. Only who may write owns
// anything: so it is on GitHub, and a login that was given up and taken by
// somebody else owns nothing.
func (r *githubReading) ownerFacts(ctx context.Context, a github.Account) (facts, unknown []string, err error) {
	if r.owners.unknown != "" {
		return nil, []string{"codeowner"}, nil
	}
	teams := map[string]ownership{}
	for n, o := range r.owners.list {
		best := ownsNot
		for _, owner := range o.Owners {
			got, err := r.isOwner(ctx, owner, a, teams)
			if err != nil {
				return nil, nil, err
			}
			if best = max(best, got); best == owns {
				break
			}
		}
		switch fact := event.FactOwned(n + 1); best {
		case owns:
			facts = append(facts, fact)
		case mayOwn:
			unknown = append(unknown, fact)
		}
	}
	if len(facts)+len(unknown) == 0 {
		return nil, nil, nil
	}
	levels, err := r.client.Permission(ctx, a)
	switch {
	case errors.Is(err, ErrRefused) || errors.Is(err, github.ErrNobody):
		return nil, slices.Concat(facts, unknown), nil
	case err != nil || !slices.Contains(levels, "write"):
		return nil, nil, err
	}
	return facts, unknown, nil
}

// An ownership is something that nobody may know. The larger one counts.
type ownership int

const (
	ownsNot ownership = iota
	mayOwn
	owns
)

// isOwner says whether an account is an owner as the file writes it.
func (r *githubReading) isOwner(ctx context.Context, owner string, a github.Account, teams map[string]ownership) (ownership, error) {
	switch {
	case codeowners.IsUser(owner):
		if strings.EqualFold(owner[1:], a.Login) {
			return owns, nil
		}
		return ownsNot, nil
	case !codeowners.IsTeam(owner):
		known, ok := r.owners.mails[strings.ToLower(owner)]
		switch {
		case !ok:
			return mayOwn, nil // GitHub does not say whose an address is
		case known.ID == a.ID:
			return owns, nil
		}
		return ownsNot, nil
	}
	if got, ok := teams[owner]; ok {
		return got, nil
	}
	org, slug, _ := strings.Cut(owner[1:], "/")
	in, err := r.client.TeamMembership(ctx, org, slug, a)
	switch {
	case errors.Is(err, ErrRefused) || errors.Is(err, github.ErrNobody):
		teams[owner] = mayOwn
	case err != nil:
		return ownsNot, err
	case in:
		teams[owner] = owns
	default:
		teams[owner] = ownsNot
	}
	return teams[owner], nil
}
