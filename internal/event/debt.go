// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"time"
)

// maxOwed bounds the list of anchors that a debt names.
const maxOwed = 256

// DebtPredicate says that a gate went on while anchors were down: the entries
// before Size, with the consumption of Request among them, are still to be
// anchored.
type DebtPredicate struct {
	Request     string   `json:"request"` // hex
	Environment string   `json:"environment"`
	Size        uint64   `json:"size"`    // of the checkpoint that is owed
	Missing     []string `json:"missing"` // what no anchor had proven, for people
	Time        string   `json:"time"`    // RFC 3339
	Until       string   `json:"until"`   // RFC 3339
}

// Check refuses a debt that does not say what is owed until when.
func (p DebtPredicate) Check() error {
	since, sinceErr := time.Parse(time.RFC3339, p.Time)
	until, untilErr := time.Parse(time.RFC3339, p.Until)
	switch {
	case !isSHA256(p.Request):
		return fmt.Errorf("request %.80q is not a hex SHA-256", p.Request)
	case p.Environment == "":
		return errors.New("no environment")
	case p.Size == 0:
		return errors.New("it is of an empty log")
	case len(p.Missing) == 0 || len(p.Missing) > maxOwed:
		return fmt.Errorf("%d anchors are missing, want 1 to %d", len(p.Missing), maxOwed)
	case sinceErr != nil:
		return fmt.Errorf("time: %w", sinceErr)
	case untilErr != nil:
		return fmt.Errorf("until: %w", untilErr)
	case !until.After(since):
		return fmt.Errorf("it is due at %s, not after %s", p.Until, p.Time)
	}
	return nil
}
