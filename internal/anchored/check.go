// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/proof"
)

// Skew is how far two clocks may disagree: a receipt of later than this from
// now is of the future, and proves nothing.
const Skew = 2 * time.Minute

// Trust is what receipts are checked against, all of it the verifier's own.
type Trust struct {
	Keys  proof.Keys      // of the log
	Specs []Spec          // the anchors whose receipts count
	Roots []*keyless.Root // whose authorities and logs are believed; a nil one believes nobody
	Now   time.Time       // when this is asked; nothing is later
}

// What can be wrong with a receipt, told apart by errors.Is. None of them is
// more than "not anchored": whoever can write beside the ledger can put any
// bytes there.
var (
	ErrMalformed = errors.New("it is no receipt")
	ErrLog       = errors.New("its checkpoint is not of this log")
	ErrStranger  = errors.New("it is of no anchor that the policy names")
	ErrProof     = errors.New("its proof does not hold")
	ErrFuture    = errors.New("it is of a time that is still to come")
	ErrUnchecked = errors.New("nobody can check it here")
)

// A Proven is what a receipt proves of the checkpoint in it, and so of every
// entry before.
type Proven struct {
	Spec       Spec
	Checkpoint proof.Checkpoint
	At         time.Time // the checkpoint was there at this time; zero: nobody says
	Unique     bool
	Dated      bool
	Detail     string  // for people: where it can be found
	Receipt    Receipt // what it was read from

	// Hearsay says that the receipt proves nothing by itself: whoever wants to
	// know asks the anchor.
	Hearsay bool
	// Asked says that the anchor was asked now, and gave this. The caller sets
	// it.
	Asked bool
}

// counts says whether p proves something to this caller.
func (p Proven) counts() bool { return !p.Hearsay || p.Asked }

type checker func(t Trust, r Receipt, c proof.Checkpoint) (Proven, error)

// checkers says how each kind is checked: one that matches none is refused. It is
// no variable, which would put all of this into programs that check nothing.
func checkers() map[string]checker {
	return map[string]checker{
		"evm":   checkEVM,
		"rekor": checkRekor,
		"tsa":   checkTSA,
		Witness: checkWitness,
	}
}

// Open reads the checkpoint of a receipt, which a key of the log must have
// signed. That signature stands whatever the rest of the receipt is worth: it
// shows what the log said. It fails with ErrLog.
func Open(keys proof.Keys, r Receipt) (proof.Checkpoint, error) {
	c, err := proof.ParseCheckpoint(r.Checkpoint, keys)
	if err != nil {
		return proof.Checkpoint{}, fmt.Errorf("receipt of %s: %w: %w", r.title(), ErrLog, err)
	}
	return c, nil
}

// Check says what a receipt proves. It believes nothing in it: the checkpoint
// must be signed by a key of the log, the anchor be one of t.Specs, and the
// proof of its kind hold, at no time that is still to come.
//
// It fails with one of the errors above.
func Check(t Trust, r Receipt) (Proven, error) {
	c, err := Open(t.Keys, r)
	if err != nil {
		return Proven{}, err
	}
	p, err := checkProof(t, r, c)
	if err != nil {
		return Proven{}, fmt.Errorf("receipt of %s: %w", r.title(), err)
	}
	return p, nil
}

func checkProof(t Trust, r Receipt, c proof.Checkpoint) (Proven, error) {
	check, ok := checkers()[r.Kind]
	if !ok {
		return Proven{}, ErrStranger
	}
	if t.Now.IsZero() {
		return Proven{}, fmt.Errorf("%w: nobody says what time it is", ErrUnchecked)
	}
	p, err := check(t, r, c)
	if err != nil {
		return Proven{}, err
	}
	if p.At.After(t.Now.Add(Skew)) {
		return Proven{}, fmt.Errorf("%w: %s, and it is %s", ErrFuture, utc(p.At), utc(t.Now))
	}
	p.Checkpoint, p.Receipt = c, r
	return p, nil
}

// title is what a receipt calls itself, for people.
func (r Receipt) title() string { return fmt.Sprintf("%.40s %.80q", r.Kind, r.Name) }

// specs are those that a receipt may be of.
func (t Trust) specs(r Receipt) []Spec {
	return slices.DeleteFunc(slices.Clone(t.Specs), func(s Spec) bool { return s.Kind != r.Kind || s.Name != r.Name })
}

// text is what the log signed: the three lines of the checkpoint. Anything
// after the empty line is signatures.
func text(c proof.Checkpoint) []byte {
	lines, _, _ := strings.Cut(string(c.Raw), "\n\n")
	return []byte(lines + "\n")
}

// Text is what an anchor sees of a checkpoint: the three lines that the log
// signs, each with its line feed.
func Text(c proof.Checkpoint) []byte { return text(c) }

// anyRoot tries roots in turn. Its error is the most telling: of a proof that
// a root contradicts rather than does not know.
func anyRoot(roots []*keyless.Root, try func(*keyless.Root) error) error {
	var why error
	for _, root := range roots {
		err := try(root)
		if err == nil {
			return nil
		}
		if why == nil || !notKnown(err) {
			why = err
		}
	}
	switch {
	case why == nil:
		return fmt.Errorf("%w: there is no trusted root", ErrUnchecked)
	case notKnown(why):
		return fmt.Errorf("%w: %w", ErrUnchecked, why)
	}
	return fmt.Errorf("%w: %w", ErrProof, why)
}

func notKnown(err error) bool {
	return errors.Is(err, keyless.ErrRoot) || errors.Is(err, keyless.ErrUndated) && !errors.Is(err, keyless.ErrTimestamp) && !errors.Is(err, keyless.ErrEntry)
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
