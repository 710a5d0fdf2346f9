// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/sign"
)

// eventKey returns the key that file holds, else the one init made for this
// ledger.
func (w *workspace) eventKey(file string) (event.Signer, error) {
	if file == "" {
		s, err := w.ring.EventSigner(w.policy.Ledger.Origin)
		if errors.Is(err, keyring.ErrNoKey) {
			return nil, cli.Fail(cli.Usage, "run 'gateledger init', or name a key with --key FILE", "no event key for %s: %w", w.policy.Ledger.Origin, err)
		}
		return s, err
	}
	pem, err := keyring.ReadKeyFile(file)
	if err != nil {
		return nil, err
	}
	return sign.ParseKey(pem, w.password("password of "+file+": "))
}

// password asks on the terminal, the only place a password comes from but the
// file that GATELEDGER_PASSWORD_FILE names.
func (w *workspace) password(prompt string) func() ([]byte, error) {
	if file := w.env.Getenv("GATELEDGER_PASSWORD_FILE"); file != "" {
		return sign.PasswordFile(file)
	}
	in, ok := w.env.Stdin.(*os.File)
	if !ok {
		return func() ([]byte, error) { return nil, sign.ErrPassword }
	}
	return sign.PasswordPrompt(in, w.env.Stderr, prompt)
}

// signer is eventKey, of a key that the policy names: what any other signs,
// nobody would believe.
func (w *workspace) signer(file string) (event.Signer, error) {
	s, err := w.eventKey(file)
	if err != nil {
		return nil, err
	}
	id := event.KeyID(s.Verifier())
	if _, ok := w.policy.SignerOf(id); !ok {
		return nil, cli.Fail(cli.Usage, fmt.Sprintf("add it to %s under signers: NAME: {key: %q}", product.PolicyFile, id),
			"the event key %s is no signer of the policy (%s)", id, w.source)
	}
	return s, nil
}

// context says where and when this runs.
func (w *workspace) context(ctx context.Context) (event.Context, error) {
	return ci.Context(ctx, ci.Options{Getenv: w.env.Getenv, Dir: w.place.root, Git: w.place.repo, Now: w.env.Now})
}

// commitPredicate says who wrote a commit, as this checkout's git tells it.
func (w *workspace) commitPredicate(ctx context.Context, rev string, at event.Context) (event.CommitPredicate, error) {
	if w.place.repo == nil {
		return event.CommitPredicate{}, cli.Fail(cli.Usage, "run inside the git checkout", "read commit %s: %w", rev, git.ErrNoCheckout)
	}
	c, err := w.place.repo.Commit(ctx, rev)
	if err != nil {
		return event.CommitPredicate{}, fmt.Errorf("read commit %s: %w", rev, err)
	}
	p := event.CommitPredicate{
		Commit: c.ID, Tree: c.Tree, Parents: append([]string{}, c.Parents...),
		Author: identity(c.Author), Committer: identity(c.Committer),
		Subject: c.Subject, Context: at,
	}
	for _, a := range c.CoAuthors {
		p.CoAuthors = append(p.CoAuthors, identity(a))
	}
	return p, nil
}

func identity(p git.Person) event.Identity {
	return event.Identity{Name: p.Name, Email: p.Email}
}
