// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/product"
)

// AnchorCheckSchema names the answer to 'anchor-check', so that one of another
// version is not taken for ours.
const AnchorCheckSchema = product.PredicateBase + "remote-anchor-check/v1"

// anchorCheckVariables is all that a checker of receipts sees of the
// environment: it pays nothing.
var anchorCheckVariables = []string{"GATELEDGER_EVM_TOKEN_FILE"}

// An AnchorCheckQuestion is what 'anchor-check' reads: an anchor of the policy,
// and a receipt that names it, the signature of whose checkpoint the caller has
// checked.
type AnchorCheckQuestion struct {
	Spec    anchored.Spec    `json:"spec"`
	Receipt anchored.Receipt `json:"receipt"`
}

// An AnchorCheckAnswer is what 'anchor-check' writes: the word of the node that
// the policy names.
type AnchorCheckAnswer struct {
	Schema string `json:"schema"`
	Stands bool   `json:"stands"`         // the transaction took this very checkpoint, in the block that the receipt names
	Final  bool   `json:"final"`          // and that block is final
	Why    string `json:"why,omitempty"`  // why it does not stand, or is not final
	Time   string `json:"time,omitempty"` // of the block, RFC 3339, if it stands

	// Heads is every checkpoint of this log that the contract took, in order, if
	// the receipt stands. It takes whatever is larger; each is to be held against
	// the log.
	Heads []AnchorHead `json:"heads,omitempty"`
}

// An AnchorHead is a checkpoint as a contract took it.
type AnchorHead struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
}

// AnchorCheck asks whether a receipt that proves nothing by itself stands. Only
// Stands and Final together are a yes. An error says that it could not be found
// out.
func (r Remote) AnchorCheck(ctx context.Context, q AnchorCheckQuestion) (AnchorCheckAnswer, error) {
	fail := func(err error) (AnchorCheckAnswer, error) {
		return AnchorCheckAnswer{}, fmt.Errorf("ask about the receipt of anchor %s: %w", q.Spec.Name, err)
	}
	q.Receipt.Schema = anchored.ReceiptSchema
	var answer AnchorCheckAnswer
	if err := r.call(ctx, []string{"anchor-check"}, anchorCheckVariables, q, &answer); err != nil {
		return fail(err)
	}
	_, dated := time.Parse(time.RFC3339, answer.Time)
	switch {
	case answer.Schema != AnchorCheckSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, answer.Schema, AnchorCheckSchema))
	case answer.Final && !answer.Stands:
		return fail(fmt.Errorf("%w: it is final and does not stand", errOdd))
	case answer.Stands && len(answer.Heads) == 0:
		return fail(fmt.Errorf("%w: it stands, and the contract took nothing", errOdd))
	case slices.ContainsFunc(answer.Heads, func(h AnchorHead) bool { return len(h.Root) != tlog.HashSize }):
		return fail(fmt.Errorf("%w: a root that is none", errOdd))
	case answer.Stands && dated != nil:
		return fail(fmt.Errorf("%w: it stands at no time", errOdd))
	}
	return answer, nil
}
