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
	"github.com/gateledger/gateledger/internal/forge/gitlab"
)

// Who owns what a merge request changes, on GitLab.
//
// The CODEOWNERS file is that of the commit on the default branch which the
// merge request went into: the first parent of what it was merged or squashed
// as, or where it began if it was merged by fast forward. It costs a call for
// the project, three for each merge request and one more for each hundred files,
// one to three for the file, one for the levels of access of all who voted, and
// for each name in the file that is not a voter's one or two.

// A gitlabOwned is who owns what the merge requests change.
type gitlabOwned struct {
	list    ownedLines
	place   gitlab.Place
	unknown string // why nobody can tell

	levels map[int64]int              // of access to the project; nil: not asked
	hidden bool                       // levels may not be seen
	groups map[string]map[int64]int   // members by group; nil: may not be seen
	names  map[string]ownershipByName // what a name without a slash is
}

// An ownershipByName is what a name in the file stands for.
type ownershipByName struct {
	account int64 // 0: none of that name
	hidden  bool
}

// readOwned reads what changed, and whose it is.
func (s *sighted) readOwned(ctx context.Context, client *gitlab.Client, q Query) (remarks []string, err error) {
	if !slices.Contains(q.Facts, "codeowner") {
		return nil, nil
	}
	s.owners = gitlabOwned{groups: map[string]map[int64]int{}, names: map[string]ownershipByName{}}
	brought := 0
	s.owners.place, err = client.Place(ctx, s.project)
	for _, m := range s.requests {
		if err != nil {
			break
		}
		if m.Stray {
			continue
		}
		var in bool
		if in, err = s.owners.addChange(ctx, client, s.project, m.IID); in {
			brought++
		}
	}
	switch {
	case errors.Is(err, ErrRefused):
		s.owners.unknown = err.Error()
	case err != nil:
		return nil, err
	case brought == 0:
		s.owners.unknown = "no merge request brought the commit into the default branch"
	case len(s.owners.list) > maxOwned:
		s.owners.unknown = fmt.Sprintf("the change touches %d lines of CODEOWNERS, over the limit of %d", len(s.owners.list), maxOwned)
	}
	if s.owners.unknown == "" {
		return nil, nil
	}
	s.owners.list = nil
	return []string{"could not find out who owns what changed: " + s.owners.unknown}, nil
}

// addChange adds what one merge request changed in the default branch, and
// reports whether it did.
func (o *gitlabOwned) addChange(ctx context.Context, client *gitlab.Client, project, iid int64) (bool, error) {
	m, err := client.Merge(ctx, project, iid)
	if err != nil || !m.Merged || m.Branch != o.place.DefaultBranch {
		return false, err
	}
	base := m.Base
	if m.Commit != "" {
		parents, err := client.Parents(ctx, project, m.Commit)
		if err != nil {
			return false, err
		}
		base = ""
		if len(parents) > 0 {
			base = parents[0]
		}
	}
	if base == "" {
		return false, fmt.Errorf("%w: it can't be told where merge request %d began", ErrRefused, iid)
	}
	file, place, err := readOwners(codeowners.GitLab, base, gitlab.ErrNoFile, func(place string) ([]byte, error) {
		return client.File(ctx, fmt.Sprint(project), base, place, codeowners.MaxSize)
	})
	if err != nil {
		return false, err
	}
	paths, whole, err := client.Changes(ctx, project, iid, m.Count)
	switch {
	case err != nil:
		return false, err
	case !whole:
		return false, fmt.Errorf("%w: of %.20q files that merge request %d changes GitLab shows others", ErrRefused, m.Count, iid)
	}
	o.list.add(file, place, base, paths)
	return true, nil
}

// owners adds to each of some accounts what of the change they own. Only who has
// the level of a developer owns anything.
func (p gitlabPeople) owners(ctx context.Context, client *gitlab.Client, s *sighted, ids []int64) error {
	o := &s.owners
	if o.unknown != "" {
		p.unknown(ids, "codeowner")
		return nil
	}
	if len(o.list) == 0 {
		return nil
	}
	if err := o.readLevels(ctx, client, s.project, ids); err != nil {
		return err
	}
	for n, line := range o.list {
		for _, id := range ids {
			best, err := o.bestOf(ctx, client, line.Owners, p.of[id].Account, ids)
			if err != nil {
				return err
			}
			switch fact := event.FactOwned(n + 1); {
			case best == ownsNot || !o.hidden && o.levels[id] < gitlab.Developer:
			case best == mayOwn || o.hidden:
				p.unknown([]int64{id}, fact)
			default:
				p.of[id].Facts = append(p.of[id].Facts, fact)
			}
		}
	}
	return nil
}

func (o *gitlabOwned) readLevels(ctx context.Context, client *gitlab.Client, project int64, ids []int64) (err error) {
	if o.levels, err = client.ProjectMembers(ctx, project, ids); errors.Is(err, ErrRefused) {
		o.hidden, err = true, nil
	}
	return err
}

// bestOf is whether an account is one of some owners.
func (o *gitlabOwned) bestOf(ctx context.Context, client *gitlab.Client, owners []string, a event.ForgeAccount, ids []int64) (best ownership, err error) {
	for _, owner := range owners {
		got, err := o.is(ctx, client, owner, a, ids)
		if err != nil {
			return ownsNot, err
		}
		if best = max(best, got); best == owns {
			break
		}
	}
	return best, nil
}

// is says whether an account is an owner as the file writes it. An address is
// nobody's that GitLab would tell of.
func (o *gitlabOwned) is(ctx context.Context, client *gitlab.Client, owner string, a event.ForgeAccount, ids []int64) (ownership, error) {
	name := strings.TrimPrefix(owner, "@")
	switch {
	case codeowners.IsTeam(owner):
		return o.isMember(ctx, client, name, a, ids)
	case !codeowners.IsUser(owner):
		return mayOwn, nil
	case strings.EqualFold(name, a.Login):
		return owns, nil
	}
	known, ok := o.names[strings.ToLower(name)]
	if !ok {
		account, err := client.AccountNamed(ctx, name)
		if err != nil && !errors.Is(err, ErrRefused) {
			return ownsNot, err
		}
		known = ownershipByName{account, err != nil}
		o.names[strings.ToLower(name)] = known
	}
	switch {
	case known.hidden:
		return mayOwn, nil
	case known.account > 0:
		return ownsNot, nil // somebody else, since the name is not theirs
	}
	return o.isMember(ctx, client, name, a, ids)
}

// isMember is whether an account is a direct member of a group, with the level
// of a developer, that can own files of the project.
func (o *gitlabOwned) isMember(ctx context.Context, client *gitlab.Client, group string, a event.ForgeAccount, ids []int64) (ownership, error) {
	if !o.place.Has(group) {
		return mayOwn, nil // GitLab passes over it, unless it was invited to a group above
	}
	members, ok := o.groups[strings.ToLower(group)]
	if !ok {
		levels, err := client.GroupMembers(ctx, group, ids)
		if err != nil && !errors.Is(err, ErrRefused) {
			return ownsNot, err
		}
		members = levels // nil: may not be seen
		o.groups[strings.ToLower(group)] = members
	}
	switch {
	case members == nil:
		return mayOwn, nil
	case members[a.ID] >= gitlab.Guest:
		return owns, nil
	}
	return ownsNot, nil
}
