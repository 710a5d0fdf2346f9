// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
)

// Approvals of merge requests on GitLab. GitLab says who has approved, and not
// what: an approval stays when another version is pushed, unless the project
// has it reset. So each is bound to the version that was the newest when it was
// given, by GitLab's own clock. They hold no veto: who takes one back is no
// longer among them.

// bindMargin is how far an approval must be from the coming of a version: less,
// and nobody can tell which one its giver saw.
const bindMargin = 2 * time.Second

// Why an approval is bound to nothing.
const noVersion = "nobody can tell which version it was for"

// The system notes that say when somebody approved
// (https://docs.gitlab.com/user/project/system_notes/).
const (
	noteApproved   = "approved this merge request"
	noteUnapproved = "unapproved this merge request"
)

func gitlabApprovals(ctx context.Context, q Query) (Found, error) {
	at, err := newGitLabPlace(q)
	if err != nil {
		return Found{}, err
	}
	if q.Request == "" {
		return Found{}, fmt.Errorf("%w: no request", ErrSetup)
	}
	client, err := at.open()
	if err != nil {
		return Found{}, err
	}
	requests, remarks, err := at.mergeRequests(ctx, client, q.Commit, true)
	if err != nil {
		return Found{}, err
	}
	found := Found{Remarks: remarks}
	if len(requests) == 0 {
		found.Read = []string{"no merge request"}
		found.Remarks = append(found.Remarks, fmt.Sprintf("no merge request of project %d has commit %.12s, so there are no approvals of it", at.project, q.Commit))
	}
	seen := sighted{source: "gitlab-approval", project: at.project, requests: requests}
	for _, m := range requests {
		votes, err := approvalsOf(ctx, client, at.project, m, len(q.Commit))
		if err != nil {
			return Found{}, err
		}
		denies, err := objectionsTo(ctx, client, at.project, m, q.Commit)
		if err != nil {
			return Found{}, err
		}
		found.Read = append(found.Read, fmt.Sprintf("merge request %d: %d approvals, %d requests for changes", m.IID, len(votes), len(denies)))
		seen.votes = append(append(seen.votes, votes...), denies...)
	}
	if err := seen.readTrees(ctx, client, at, q); err != nil {
		return Found{}, err
	}
	found.Snapshot, err = seen.snapshot(ctx, client, at, q, &found)
	return found, err
}

// approvalsOf reads the approvals of one merge request, and then its versions:
// a version that came in between is later than all of them.
func approvalsOf(ctx context.Context, client *gitlab.Client, project int64, m gitlab.MergeRequest, digits int) ([]event.ForgeVote, error) {
	approvals, err := client.Approvals(ctx, project, m.IID)
	if err != nil || len(approvals) == 0 {
		return nil, err
	}
	for _, a := range approvals {
		if a.At.IsZero() { // an older GitLab
			if approvals, err = timed(ctx, client, project, m.IID, approvals); err != nil {
				return nil, err
			}
			break
		}
	}
	versions, err := client.Versions(ctx, project, m.IID)
	if err != nil {
		return nil, err
	}
	var votes []event.ForgeVote
	for _, a := range approvals {
		v := event.ForgeVote{
			ID:      fmt.Sprintf("%s/%d/%d/approval/%d", client.Host, project, m.IID, a.User.ID),
			Account: accountOf(a.User), Decision: event.ForgeApprove, Time: stamp(a.At), URL: m.URL,
		}
		if v.Commit = versionAt(versions, a.At); v.Commit == "" {
			v.Commit, v.Reject = strings.Repeat("0", digits), noVersion // Git's name for no commit
		}
		votes = append(votes, v)
	}
	return votes, nil
}

// objectionsTo reads who requests changes of one merge request. GitLab does not
// say since when, so each stands from when a gate first saw it.
func objectionsTo(ctx context.Context, client *gitlab.Client, project int64, m gitlab.MergeRequest, commit string) ([]event.ForgeVote, error) {
	users, err := client.Objections(ctx, project, m.IID)
	if err != nil {
		return nil, err
	}
	var votes []event.ForgeVote
	for _, u := range users {
		votes = append(votes, event.ForgeVote{
			ID:      fmt.Sprintf("%s/%d/%d/review/%d", client.Host, project, m.IID, u.ID),
			Account: accountOf(u), Decision: event.ForgeDeny, Commit: cmp.Or(m.Head, commit), Reason: "requested changes", URL: m.URL,
		})
	}
	return votes, nil
}

// timed adds the times of approvals that have none, from what GitLab noted
// under the merge request when they were given.
func timed(ctx context.Context, client *gitlab.Client, project, number int64, approvals []gitlab.Approval) ([]gitlab.Approval, error) {
	notes, err := client.Notes(ctx, project, number)
	if err != nil {
		return nil, err
	}
	since := map[int64]time.Time{}
	for _, n := range notes { // the oldest first
		switch body := strings.TrimSpace(n.Body); {
		case !n.System || n.Imported:
		case body == noteApproved:
			since[n.AuthorID] = n.Created
		case body == noteUnapproved:
			delete(since, n.AuthorID)
		}
	}
	for i, a := range approvals {
		if a.At.IsZero() {
			approvals[i].At = since[a.User.ID]
		}
	}
	return approvals, nil
}

// versionAt is the commit at the tip of the merge request at a time; empty:
// nobody can tell.
func versionAt(versions []gitlab.Version, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	var newest gitlab.Version
	for _, v := range versions {
		if v.Created.Sub(at).Abs() < bindMargin {
			return ""
		}
		if v.Created.After(at) {
			continue
		}
		if newest.ID != 0 && v.Created.Equal(newest.Created) && v.Head != newest.Head {
			return ""
		}
		if v.Created.After(newest.Created) {
			newest = v
		}
	}
	return newest.Head
}

// maxTrees is how many commits' trees are read.
const maxTrees = 4

// readTrees reads the trees of the commit and of those that were approved in
// its place, such as the tip of what it is the merge of. What the token may not
// see is left out.
func (s *sighted) readTrees(ctx context.Context, client *gitlab.Client, at gitlabPlace, q Query) error {
	commits := []string{q.Commit}
	seen := map[string]bool{q.Commit: true}
	for _, v := range s.votes {
		if v.Reject == "" && !seen[v.Commit] {
			seen[v.Commit] = true
			commits = append(commits, v.Commit)
		}
	}
	if len(commits) == 1 || len(commits) > maxTrees {
		return nil
	}
	trees := map[string]string{}
	for _, c := range commits {
		tree, err := client.Tree(ctx, at.project, c)
		switch {
		case errors.Is(err, ErrRefused):
			return nil
		case err != nil:
			return err
		}
		trees[c] = tree
	}
	s.trees = trees
	return nil
}
