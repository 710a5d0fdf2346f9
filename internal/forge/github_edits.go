// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
)

// maxEdits is how many texts of one reading are asked about, each hundred by one
// question. No snapshot holds more votes.
const maxEdits = 1000

// edits asks of every vote that would count by the words of a text whether these
// are its author's own. What GitHub does not say is an error, and no vote.
func (r *githubReading) edits(ctx context.Context) error {
	if r.q.Request == "" {
		return nil // there is no snapshot to hold such votes
	}
	var votes []*githubVote
	for i := range r.votes {
		if r.hangsOnWords(&r.votes[i]) {
			votes = append(votes, &r.votes[i])
		}
	}
	if len(votes) > maxEdits {
		return fmt.Errorf("%w: over the limit of %d texts that vote", ErrUnavailable, maxEdits)
	}
	texts := make([]github.Text, len(votes))
	for i, v := range votes {
		texts[i] = v.text
	}
	found, err := r.client.Edits(ctx, texts)
	if err != nil {
		return err
	}
	for i, e := range found {
		if !e.At.IsZero() {
			votes[i].rewritten(e)
		}
	}
	return nil
}

// hangsOnWords reports whether a vote is worth something only as long as its
// text is its author's. A veto in a comment is one whoever wrote it, and GitHub
// tells how young it is; how young what stands in a review is has to be asked.
func (r *githubReading) hangsOnWords(v *githubVote) bool {
	if v.text.ID == 0 || v.Account.Kind != event.AccountUser {
		return false
	}
	switch v.Decision {
	case event.ForgeApprove:
		return v.Reject == "" && v.Request == r.q.Request
	case event.ForgeRevoke:
		return v.Reject == "" || v.text.Review
	}
	return v.text.Review
}

// rewritten makes a vote one whose words may be somebody else's, and as young as
// they are. It is a veto still; and what takes votes back takes approvals with it,
// and no veto.
func (v *githubVote) rewritten(e github.Edit) {
	v.Reject = cmp.Or(v.Reject, cut(fmt.Sprintf("edited after it was posted, by %s; post it anew", cmp.Or(e.By, "an account that is gone"))))
	switch v.Decision {
	case event.ForgeDeny:
		if e.At.After(v.at) {
			v.at, v.Time = e.At, rfc3339(e.At)
		}
	case event.ForgeRevoke:
		v.shadow, v.at, v.Time = true, e.At, ""
	default:
		v.Time = ""
	}
}
