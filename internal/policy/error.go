// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// An Error is one thing wrong with a policy file, and where.
type Error struct {
	Line, Column int    // from 1
	Key          string // environments.production.require[0].count; empty for the file as a whole
	Text         string
}

// Error is "line:column: key: text".
func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text)
	}
	return fmt.Sprintf("%d:%d: %s: %s", e.Line, e.Column, e.Key, e.Text)
}

// Errors is everything wrong with a policy file, in the file's order.
type Errors []*Error

// maxErrors keeps the answer to a file of nonsense readable.
const maxErrors = 50

// Error is one line for each error.
func (e Errors) Error() string {
	var lines []string
	for i, one := range e {
		if i == maxErrors {
			lines = append(lines, fmt.Sprintf("and %d more", len(e)-maxErrors))
			break
		}
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first *Error.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// orNil returns the errors in the file's order, or no error.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	arrange.Stably(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}
