// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Dismissal is what GitHub notes when somebody dismisses a review. The review
// itself no longer says what it was.
type Dismissal struct {
	Review int64
	State  string  // what it was: Approved, ChangesRequested or Commented
	By     Account // who dismissed it; zero: the account is gone
	At     time.Time
}

// eventWire is an event of an issue or pull request as GitHub has it
// (https://docs.github.com/rest/using-the-rest-api/issue-event-types#review_dismissed).
type eventWire struct {
	ID        int64     `json:"id"`
	Event     string    `json:"event"`
	Actor     *userWire `json:"actor"`
	Created   time.Time `json:"created_at"`
	Dismissed *struct {
		State    string `json:"state"`
		ReviewID int64  `json:"review_id"`
	} `json:"dismissed_review"`
}

const reviewDismissed = "review_dismissed"

func (e eventWire) Version() string { return fmt.Sprint(e.ID, " ", e.Event) }

func (e eventWire) check() error {
	switch {
	case e.Event == "":
		return errors.New("it is no event")
	case e.Event != reviewDismissed:
		return nil
	case e.ID <= 0 || e.Created.IsZero() || e.Dismissed == nil || e.Dismissed.ReviewID <= 0:
		return errors.New("it dismisses no review")
	}
	switch strings.ToUpper(e.Dismissed.State) {
	case Approved, ChangesRequested, Commented:
		return nil
	}
	return fmt.Errorf("a review that was dismissed in the state %.40q", e.Dismissed.State)
}

// Dismissals returns every dismissal of a review of a pull request, the oldest
// first (https://docs.github.com/rest/issues/events#list-issue-events).
func (c *Client) Dismissals(ctx context.Context, number int64) ([]Dismissal, error) {
	wires, err := all[eventWire](ctx, c, fmt.Sprintf("%s/issues/%d/events", c.path, number), nil)
	if err != nil {
		return nil, fmt.Errorf("read which reviews of pull request %d were dismissed: %w", number, err)
	}
	var list []Dismissal
	for _, w := range wires {
		if w.Event == reviewDismissed {
			list = append(list, Dismissal{w.Dismissed.ReviewID, strings.ToUpper(w.Dismissed.State), w.Actor.account(), w.Created.UTC()})
		}
	}
	return list, nil
}
