// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
)

var loginPattern = pattern.New(`^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})$`)

// ErrNobody is the error about an account that has no login to ask for.
var ErrNobody = errors.New("it is no user's account")

// Levels are the levels of permission, the lowest first.
func Levels() []string { return []string{"read", "triage", "write", "maintain", "admin"} }

// Permission returns the levels of permission that an account has in the
// repository: the highest, and all below it; none if it may do nothing
// (https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user).
// A role that an organization made counts as the level that it is built upon.
// It is asked for by login and refused if the answer is about another id.
func (c *Client) Permission(ctx context.Context, a Account) ([]string, error) {
	if a.ID <= 0 || !loginPattern.MatchString(a.Login) {
		return nil, fmt.Errorf("read a permission: %w", ErrNobody)
	}
	var w struct {
		Permission string    `json:"permission"`
		RoleName   string    `json:"role_name"`
		User       *userWire `json:"user"`
	}
	_, err := c.get(ctx, c.path+"/collaborators/"+a.Login+"/permission", &w)
	if err != nil {
		return nil, fmt.Errorf("read the permission of %s: %w", a.Login, err)
	}
	if w.User.account().ID != a.ID {
		return nil, fmt.Errorf("read the permission of %s: %w: it is about another account", a.Login, ask.ErrUnavailable)
	}
	levels := Levels()
	for _, name := range []string{w.RoleName, w.Permission} {
		for i, level := range levels {
			if level == name {
				return levels[:i+1], nil
			}
		}
		if name == "none" {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("read the permission of %s: %w: unknown level %.40q", a.Login, ask.ErrUnavailable, w.Permission)
}

// TeamMembership reports whether an account is an active member of a team, or of
// a team below it. Who was invited and did not accept is none
// (https://docs.github.com/rest/teams/members#get-team-membership-for-a-user).
//
// GitHub says "not found" of whoever is no member, and of a team that it does
// not show. A team that it does not show is an error.
func (c *Client) TeamMembership(ctx context.Context, org, slug string, a Account) (bool, error) {
	if !isName(org) || !isName(slug) {
		return false, fmt.Errorf("read team %.80q of %.80q: %w: it is no name of a team", slug, org, ask.ErrUnavailable)
	}
	if a.ID <= 0 || !loginPattern.MatchString(a.Login) {
		return false, fmt.Errorf("read team %s/%s: %w", org, slug, ErrNobody)
	}
	var w struct {
		State string `json:"state"`
		Role  string `json:"role"`
	}
	team := "orgs/" + org + "/teams/" + slug
	_, err := c.get(ctx, team+"/memberships/"+a.Login, &w)
	switch {
	case errors.Is(err, ask.ErrAbsent):
		var shown struct {
			ID int64 `json:"id"`
		}
		if _, hidden := c.get(ctx, team, &shown); hidden != nil {
			return false, fmt.Errorf("read team %s/%s: %w", org, slug, hidden)
		}
		if shown.ID <= 0 {
			return false, fmt.Errorf("read team %s/%s: %w: it is no team", org, slug, ask.ErrUnavailable)
		}
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read whether %s is in team %s/%s: %w", a.Login, org, slug, err)
	}
	switch w.State {
	case "active":
		return true, nil
	case "pending":
		return false, nil
	}
	return false, fmt.Errorf("read whether %s is in team %s/%s: %w: unknown state %.40q", a.Login, org, slug, ask.ErrUnavailable, w.State)
}
