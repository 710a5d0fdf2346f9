// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// print signs the vote and prints it as a block of text to be pasted where the
// gate looks for votes. It casts nothing. What the log holds already is not
// signed again: so the same command tells whether the block got there.
func (b *ballot) print(ctx context.Context) error {
	if b.flags.statement == "" {
		if err := b.findKey(ctx); err != nil {
			return err
		}
		if e := b.lastWord(b.key.PublicKey()); e != nil {
			fmt.Fprintf(b.env.Stderr, "%s was cast before, as entry #%d; there is nothing to paste\n", b.choice(), e.Index)
			return b.outlook(ctx)
		}
	}
	statement, armored, err := b.statementAndSignature(ctx)
	if err != nil {
		return err
	}
	if err := b.checkSignature(statement, armored); err != nil {
		return err
	}
	block, err := vote.Armour(statement, armored)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(b.env.Stdout, "```\n%s```\n", block); err != nil {
		return err
	}
	b.sayWhere()
	return nil
}

// sayWhere tells what to do with the block.
func (b *ballot) sayWhere() {
	if len(b.policy.Collect) == 0 {
		fmt.Fprintln(b.env.Stderr, "warning: not cast, and no gate looks for it: the policy names no place where votes are left (collect:, one of "+strings.Join(vote.SourceNames(), ", ")+")")
		return
	}
	for _, name := range b.policy.Collect {
		source, _ := vote.SourceNamed(name)
		fmt.Fprintf(b.env.Stderr, "not cast yet: leave the block where the gate looks for it, %s: %s\n", name, source.Doc)
	}
	fmt.Fprintln(b.env.Stderr, "taking the text away later does not take the vote back: --revoke does; run the same command again to see whether it was cast")
}

// lastWord is the newest vote of a key on this request in the log, if it says
// what is to be said now.
func (b *ballot) lastWord(key ssh.PublicKey) *event.Event {
	for _, e := range slices.Backward(b.events) {
		if !e.Mentions(b.request.id) || !e.Is("vote") {
			continue
		}
		v, err := vote.Open(e)
		if err != nil || v.Keyless() || v.Predicate.Request != b.request.id || !bytes.Equal(v.Key.Marshal(), key.Marshal()) || v.Verify() != nil || e.Verify() != nil {
			continue
		}
		if v.Predicate.Choice != b.choice() || v.Predicate.Reason != b.flags.reason {
			return nil
		}
		return e
	}
	return nil
}
