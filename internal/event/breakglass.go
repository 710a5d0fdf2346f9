// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A BreakGlass says that a request asks to be let through by fewer people, and
// why. It is part of the request's id, so a vote for such a request is never
// one for a request without it.
type BreakGlass struct {
	Reason string `json:"reason"`           // one line of at most MaxReason characters
	Ticket string `json:"ticket,omitempty"` // one line of at most MaxTicket characters; empty: none was asked for
}

// How long the texts of a BreakGlass are at most, in characters.
const (
	MaxReason = 500
	MaxTicket = 100
)

// Check refuses a break-glass without a reason, and texts that are not one
// line that shows as it is.
func (b BreakGlass) Check() error {
	if b.Reason == "" {
		return errors.New("break-glass gives no reason")
	}
	if err := checkLine(b.Reason, MaxReason); err != nil {
		return fmt.Errorf("break-glass reason: %w", err)
	}
	if b.Ticket == "" {
		return nil
	}
	if err := checkLine(b.Ticket, MaxTicket); err != nil {
		return fmt.Errorf("break-glass ticket: %w", err)
	}
	return nil
}

// checkLine wants a text of one line without spaces around it.
func checkLine(text string, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		return errors.New("it is not UTF-8")
	case strings.TrimSpace(text) == "":
		return errors.New("it is empty")
	case strings.TrimSpace(text) != text:
		return errors.New("it begins or ends with a space")
	case n > most:
		return fmt.Errorf("it has %d characters, and may have %d", n, most)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("it holds the character U+%04X; it must be one line that shows", r)
		}
	}
	return nil
}
