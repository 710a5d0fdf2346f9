// SPDX-License-Identifier: Apache-2.0

// Package anchor shows a checkpoint of the ledger to somebody stronger, and
// brings back what they gave for it: a receipt. Only gateledger-remote links
// it. What a receipt is worth, package anchored says; nothing in here is
// believed by whoever asked.
//
// Each kind of anchor has a folder of its own, package kinds has the table of
// them, and package anchortest the tests that all of them pass.
package anchor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/proof"
)

// A Submission is a checkpoint that is to be anchored. The signature on it was
// checked, and it has no others: Checkpoint.Raw is the note as the log's key
// signed it. Since proves that it follows from the tree of Old leaves, where
// the anchor wants to see that; Old zero needs no proof.
type Submission struct {
	Checkpoint proof.Checkpoint
	Old        uint64
	Since      proof.Proof
}

// A Behind is the error of an anchor that has another size than Old: come again
// with a proof from there. It says nothing yet against either.
type Behind struct{ Size uint64 }

func (b *Behind) Error() string {
	return fmt.Sprintf("the anchor has seen %d entries: it wants a proof from there", b.Size)
}

// What can go wrong, told apart by errors.Is. Anything else is ErrUnavailable
// to whoever asks.
var (
	ErrSetup       = errors.New("the anchor is not set up right")          // here: a key, a variable, an address
	ErrRefused     = errors.New("the anchor said no")                      // fork, rollback, a log that it does not know
	ErrUnavailable = errors.New("the anchor could not be asked")           // down, slow, garbage: ask again later
	ErrUnverified  = errors.New("what the anchor gave does not verify")    // it, or somebody between, lies
	ErrForked      = errors.New("the anchor has seen another log than us") // at the size it has, another root: two logs were shown
)

// An Anchor takes checkpoints of one log. Several processes may ask one anchor
// at once, and each of them again after an answer that was lost.
type Anchor interface {
	// Submit shows the anchor a checkpoint, and returns what it gave for it.
	// It returns only once the anchor vouches for it by its own rules: a proof
	// that is checked, a block that is final. What the anchor has already is
	// not anchored again; it answers with what it has.
	//
	// It fails with a *Behind, or as the errors above say.
	Submit(ctx context.Context, s Submission) (anchored.Receipt, error)
}

// A World is all that an anchor may touch. Its zero value reaches nothing.
type World struct {
	Base    http.RoundTripper // how services are reached; use it through Ask
	Timeout time.Duration     // of one answer, to its last byte
	Pause   time.Duration     // before a second try; doubled before a third
	Now     func() time.Time
	Getenv  func(string) string // holds the Variables of the kind, and no others
	Random  io.Reader
	LogIDs  [][]byte // of the transparency logs that the trusted root names
}

// A Kind is one kind of anchor that can be asked.
type Kind struct {
	Name      string   // as anchored.Kinds has it
	Variables []string // of the environment that it may see: names of files with keys and passwords
	Open      func(anchored.Spec, World) (Anchor, error)
}
