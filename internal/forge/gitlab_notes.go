// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/vote"
)

// Votes in notes of merge requests on GitLab: signed ones, which stand in a
// block, and commands such as /approve, which GitLab alone vouches for.

func gitlabNotes(ctx context.Context, q Query) (Found, error) {
	at, err := newGitLabPlace(q)
	if err != nil {
		return Found{}, err
	}
	client, err := at.open()
	if err != nil {
		return Found{}, err
	}
	var found Found
	requests, remarks, err := at.mergeRequests(ctx, client, q.Commit, q.Request != "")
	if err != nil {
		return Found{}, err
	}
	found.Remarks = remarks
	if len(requests) == 0 { // GitLab's word: it refuses whoever may not see merge requests
		found.Read = []string{"no merge request"}
		found.Remarks = append(found.Remarks, fmt.Sprintf("no merge request of project %d has commit %.12s, so votes can be pasted nowhere; GATELEDGER_MERGE_REQUEST names one", at.project, q.Commit))
	}
	var bad damaged
	seen := sighted{source: "gitlab-note", project: at.project, requests: requests}
	for _, m := range requests {
		votes, err := found.notes(ctx, client, at.project, m, q.Request != "", &bad)
		if err != nil {
			return Found{}, err
		}
		seen.votes = append(seen.votes, votes...)
	}
	found.Remarks = append(found.Remarks, bad.remarks()...)
	if q.Request != "" {
		found.Snapshot, err = seen.snapshot(ctx, client, at, q, &found)
	}
	return found, err
}

// notes adds the signed votes in the notes of one merge request, and returns
// the others if they are wanted.
func (f *Found) notes(ctx context.Context, client *gitlab.Client, project int64, m gitlab.MergeRequest, commands bool, bad *damaged) ([]event.ForgeVote, error) {
	notes, err := client.Notes(ctx, project, m.IID)
	if err != nil {
		return nil, err
	}
	f.Read = append(f.Read, fmt.Sprintf("merge request %d: %d notes", m.IID, len(notes)))
	var votes []event.ForgeVote
	for _, n := range notes {
		place := fmt.Sprintf("merge request %d, note %d", m.IID, n.ID)
		id := fmt.Sprintf("%s/%d/%d/%d", client.Host, project, m.IID, n.ID)
		blocks, problems := vote.FindArmoured(n.Body)
		for _, b := range blocks {
			f.Sightings = append(f.Sightings, vote.Sighting{
				Source: "gitlab-note", Place: place, ID: id,
				Account: vote.Account{Host: client.Host, ID: n.AuthorID, Login: n.Login, Bot: n.Bot},
				Posted:  n.Created, Edited: !n.Updated.Equal(n.Created), Block: b.String(),
			})
		}
		for _, p := range problems {
			bad.add(place, fmt.Sprintf("%s by %s, line %d: %v", place, cmp.Or(n.Login, "nobody"), p.Line, p.Err))
		}
		if !commands {
			continue
		}
		v, err := commandIn(n)
		if errors.Is(err, vote.ErrNoCommand) {
			continue
		}
		if err != nil {
			bad.add(place, fmt.Sprintf("%s by %s: %v", place, cmp.Or(n.Login, "nobody"), err))
		}
		if v.Decision == "" {
			continue
		}
		v.ID = id
		if m.URL != "" {
			v.URL = fmt.Sprintf("%s#note_%d", m.URL, n.ID)
		}
		votes = append(votes, v)
	}
	return votes, nil
}

// commandIn reads the command in a note. A note can be changed by others than
// its author, so one that was changed approves nothing. With an error there may
// be a vote too: a veto beside something that is none.
func commandIn(n gitlab.Note) (event.ForgeVote, error) {
	c, err := vote.ParseCommand(n.Body)
	if err != nil && c.Choice != vote.Deny {
		return event.ForgeVote{}, err
	}
	v := event.ForgeVote{
		Account: accountOf(gitlab.User{ID: n.AuthorID, Login: n.Login}), Decision: decisionOf(c.Choice),
		Request: c.Request, Time: stamp(n.Created), Reason: short200(c.Reason),
	}
	if v.Decision == event.ForgeDeny { // its text may be as young as that: what was said in between does not lift it
		v.Time = stamp(n.Updated)
	}
	switch {
	case n.System:
		v.Account.Kind, v.Reject = event.AccountBot, "GitLab itself wrote it"
	case n.Imported:
		v.Reject = "imported from elsewhere, by the word of who imported it"
	case !n.Updated.Equal(n.Created):
		v.Reject = "edited"
	case err != nil:
		v.Reject = short200(err.Error())
	}
	return v, err
}

// decisionOf is a choice as a snapshot has it.
func decisionOf(c vote.Choice) string {
	switch c {
	case vote.Approve:
		return event.ForgeApprove
	case vote.Revoke:
		return event.ForgeRevoke
	}
	return event.ForgeDeny
}

// stamp is a time as a snapshot has it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// damaged are the blocks that look like votes and are none. They stop nothing,
// since anybody who may comment can leave one and nobody can say whose it was;
// they are told, and so many of them that the answer stays short.
type damaged struct {
	told  []string
	more  int
	first string // where the first of the others stands
}

// maxDamaged is how many damaged blocks are told one by one.
const maxDamaged = 20

func (d *damaged) add(place, remark string) {
	if len(d.told) < maxDamaged {
		d.told = append(d.told, remark)
		return
	}
	d.first = cmp.Or(d.first, place)
	d.more++
}

func (d *damaged) remarks() []string {
	if d.more == 0 {
		return d.told
	}
	return append(d.told, fmt.Sprintf("%s: from here on at least %d more blocks that are no votes; any could be a damaged veto", d.first, d.more))
}
