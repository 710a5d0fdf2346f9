// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/sign"
	"github.com/gateledger/gateledger/internal/vote"
)

// boxed returns the vote, signed and on disk: the one that waits in the outbox
// from an earlier attempt, else a new one.
func (b *ballot) boxed(ctx context.Context) (box, error) {
	if b.flags.statement == "" {
		if err := b.findKey(ctx); err != nil {
			return box{}, err
		}
		waiting, _, err := b.again(b.sameVote)
		if err != nil {
			return box{}, err
		}
		if waiting.file != "" {
			fmt.Fprintln(b.env.Stderr, "note: you signed this vote before, and it had no receipt yet; that one is sent again")
			return waiting, nil
		}
	}
	signed, err := b.signed(ctx)
	if err != nil {
		return box{}, err
	}
	return b.keep(signed)
}

// sameVote reports whether s is this vote, signed at another time.
func (b *ballot) sameVote(s event.Signed) bool {
	e, err := opened(s)
	if err != nil {
		return false
	}
	v, err := vote.Open(e)
	if err != nil || v.Keyless() != b.flags.keyless {
		return false
	}
	if !v.Keyless() && !bytes.Equal(v.Key.Marshal(), b.key.PublicKey().Marshal()) {
		return false
	}
	p := v.Predicate
	return p.Request == b.request.id && p.Choice == b.choice() && p.Reason == b.flags.reason
}

// findKey finds the SSH key to vote with.
func (b *ballot) findKey(ctx context.Context) error {
	if b.flags.keyless {
		return nil
	}
	var err error
	if b.key, err = sign.FindSSH(ctx, b.sshOptions(ctx)); err != nil {
		return cli.Fail(cli.Usage, "name one with --ssh KEY", "find your SSH key: %w", err)
	}
	return nil
}

// signed returns the vote event. Its carrier says nothing of whose vote it is.
func (b *ballot) signed(ctx context.Context) (event.Signed, error) {
	if b.flags.keyless {
		return b.signedKeyless(ctx)
	}
	payload, err := b.payload(ctx)
	if err != nil {
		return event.Signed{}, err
	}
	key, err := b.carrier()
	if err != nil {
		return event.Signed{}, err
	}
	signed, err := keyMaker{b.workspace, key}.make(ctx, payload)
	if err != nil {
		return signed, fmt.Errorf("sign the vote's envelope: %w", err)
	}
	return signed, nil
}

// carrier is an event key to sign the envelope with, made where there is none:
// a person who votes need not have run init.
func (b *ballot) carrier() (event.Signer, error) {
	origin := b.given.Ledger.Origin
	key, err := b.ring.EventSigner(origin)
	if !errors.Is(err, keyring.ErrNoKey) {
		return key, err
	}
	if _, err := b.ring.NewEventKey(origin, b.env.Rand); err != nil {
		return nil, err
	}
	return b.ring.EventSigner(origin)
}

// signedKeyless has the vote signed by a certificate, and checks that the
// policy knows the person it was made out to.
func (b *ballot) signedKeyless(ctx context.Context) (event.Signed, error) {
	const who = "whoever signs in"
	if err := b.show(ctx, who); err != nil {
		return event.Signed{}, err
	}
	if err := b.confirm(who); err != nil {
		return event.Signed{}, err
	}
	statement, err := b.compose()
	if err != nil {
		return event.Signed{}, err
	}
	payload, err := vote.WrapKeyless(statement)
	if err != nil {
		return event.Signed{}, err
	}
	m, err := b.keylessMaker(b.flags.signing)
	if err != nil {
		return event.Signed{}, err
	}
	signed, err := m.make(ctx, payload)
	if err != nil {
		return signed, err
	}
	return signed, b.isVoter(signed)
}

// payload returns the vote event's payload with an SSH signature in it, made
// here or elsewhere, and checked before anybody else has to.
func (b *ballot) payload(ctx context.Context) ([]byte, error) {
	statement, armored, err := b.statementAndSignature(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.checkSignature(statement, armored); err != nil {
		return nil, err
	}
	return vote.Wrap(statement, armored)
}

// checkSignature checks that a signed statement is this vote, by somebody of
// the policy.
func (b *ballot) checkSignature(statement, armored []byte) error {
	p, err := vote.ParseStatement(statement)
	if err != nil {
		return cli.Fail(cli.Usage, "sign exactly what 'gateledger approve --write' wrote", "read the signed statement: %w", err)
	}
	if err := p.Agrees(b.request.id, b.request.predicate); err != nil {
		return cli.Fail(cli.Usage, "write it again for this request: gateledger approve --write FILE", "the statement is not about request %.12s: %w", b.request.id, err)
	}
	if p.Choice != b.choice() {
		return cli.Fail(cli.Usage, "add --deny or --revoke, as when it was written", "the statement says %s, not %s", p.Choice, b.choice())
	}
	signature, err := vote.ParseSSHSIG(armored)
	if err != nil {
		return cli.Fail(cli.Usage, howToSign, "read the SSH signature: %w", err)
	}
	if err := signature.Verify(statement); err != nil {
		return cli.Fail(cli.Usage, howToSign, "the SSH signature does not hold: %w", err)
	}
	if _, err := b.policy.PrincipalOf(signature.Key, b.env.Now()); err != nil {
		return cli.Fail(cli.No, "ask to be added: gateledger policy add NAME --ssh KEY", "this vote would not count: %w", err)
	}
	return nil
}

// howToSign is what makes a signature that counts.
const howToSign = "sign with: ssh-keygen -Y sign -n " + product.VoteNamespace + " -f KEY STATEMENT"

func (b *ballot) statementAndSignature(ctx context.Context) (statement, armored []byte, err error) {
	if b.flags.statement != "" {
		if err := b.show(ctx, ""); err != nil {
			return nil, nil, err
		}
		if statement, err = readLimited(b.flags.statement, 1<<20); err != nil {
			return nil, nil, err
		}
		armored, err = readLimited(b.flags.signature, 1<<20)
		return statement, armored, err
	}
	key := b.key
	if err := b.show(ctx, fmt.Sprintf("%s, with %s", b.voter(key.PublicKey()), key.Describe())); err != nil {
		return nil, nil, err
	}
	if err := b.confirm(b.voter(key.PublicKey())); err != nil {
		return nil, nil, err
	}
	if statement, err = b.compose(); err != nil {
		return nil, nil, err
	}
	if armored, err = key.SignSSHSIG(ctx, statement); err != nil {
		return nil, nil, cli.Fail(cli.Unknown, "", "sign with %s: %w", key.Describe(), err)
	}
	return statement, armored, nil
}

// confirm asks on a terminal; elsewhere consent is given by --yes.
func (b *ballot) confirm(voter string) error {
	if b.flags.yes {
		return nil
	}
	if !cli.IsTerminal(b.env.Stdin) {
		return cli.Fail(cli.Usage, "read the request above, then add --yes", "there is no terminal to ask on")
	}
	fmt.Fprintf(b.env.Stderr, "\n%s as %s? [y/N] ", b.choice(), voter)
	line, err := bufio.NewReader(b.env.Stdin).ReadString('\n')
	if err != nil || !strings.EqualFold(strings.TrimSpace(line), "y") {
		return cli.Fail(cli.No, "", "not cast: you did not say y")
	}
	return nil
}

func (b *ballot) voter(key ssh.PublicKey) string {
	name, err := b.policy.PrincipalOf(key, b.env.Now())
	if err != nil {
		return "nobody the policy knows"
	}
	return name
}

func (b *ballot) sshOptions(ctx context.Context) sign.SSHOptions {
	return sign.SSHOptions{
		Key: b.flags.ssh, Getenv: b.env.Getenv,
		Stdin: b.env.Stdin, Stderr: b.env.Stderr,
		GitConfig:  func(key string) string { return b.place.config(ctx, key) },
		Passphrase: func(prompt string) ([]byte, error) { return b.password(prompt)() },
		Rand:       b.env.Rand,
		Prefer: func(k ssh.PublicKey) bool {
			_, err := b.policy.PrincipalOf(k, b.env.Now())
			return err == nil
		},
	}
}

// cast logs the vote. Only a receipt makes it cast.
func (b *ballot) cast(ctx context.Context, vote box) error {
	receipt, logged, err := b.loggedByAnother(ctx, vote)
	pending := false
	if !logged && err == nil {
		receipt, pending, err = b.deliver(ctx, &vote, entry{signed: vote.signed})
	}
	if err != nil {
		return err
	}
	if pending {
		return notLogged("cast")
	}
	word := map[bool]string{false: "cast", true: "was cast before"}[receipt.Duplicate && !vote.left]
	fmt.Fprintf(b.env.Stderr, "%s %s as entry #%d (proof verified)\n", b.choice(), word, receipt.Index)
	if err := vote.done(); err != nil {
		return err
	}
	return b.outlook(ctx)
}

// outlook says how the request stands with the new vote.
func (b *ballot) outlook(ctx context.Context) error {
	head, events, err := b.read(ctx)
	if err != nil {
		return err
	}
	d, err := b.evaluate(ctx, head, events)
	if err != nil {
		return err
	}
	owed, err := b.debtsOf(head, events, b.request)
	if err != nil {
		return err
	}
	for _, debt := range owed {
		fmt.Fprintf(b.env.Stderr, "%s\n", clean.Text(debt.Line()))
	}
	if len(owed) == 0 {
		fmt.Fprintf(b.env.Stderr, "the request is now %s: %s\n", d.Verdict, clean.Text(d.Why))
	}
	return nil
}

// settles reports whether the vote is on a break-glass that was used up, so
// that it is to settle what is owed and not to let anything through.
func (b *ballot) settles(d policy.Decision) bool {
	return b.request.predicate.BreakGlass != nil && d.UsedBy != ""
}

// isVoter checks that a certificate was made out to somebody of the policy.
func (b *ballot) isVoter(s event.Signed) error {
	if b.believes == nil {
		return cli.Fail(cli.Usage, "give it with --trusted-root FILE", "the trusted root that the policy names is not here, so nobody can tell whose certificate this is")
	}
	id, err := b.believes.Identify(s)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(b.policy.Principals) {
		if rule := b.policy.Principals[name].Keyless; rule != nil && rule.Match(id) == nil {
			return nil
		}
	}
	return cli.Fail(cli.No, "ask to be added: principals: NAME: {keyless: {issuer: …, identity: …}}", "this vote would not count: %s of %s is nobody's in the policy", id.Subject, id.Issuer)
}
