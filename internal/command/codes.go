// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/sign"
	"github.com/gateledger/gateledger/internal/subject"
	"github.com/gateledger/gateledger/internal/testreport"
)

// A coded error is one of a package below, and what it means to a caller.
type coded struct {
	is   error
	code int
}

// hints say what to do about an error that nobody who knew more has seen.
func hints() []hinted {
	return []hinted{
		{keyring.ErrPermissions, "if others may have read the key, make a new one; then run the chmod above"},
		{keyring.ErrWrongKey, "put the right file back from a copy, or name another key with --key FILE"},
		{keyring.ErrNoKey, "name a key with --key FILE, or run 'gateledger init' to make one"},
		{sign.ErrKeyFile, "an event key is an unencrypted or cosign-encrypted ECDSA P-256 key in PEM, as init makes it"},
		{subject.ErrChanged, "let the build end first"},
		{subject.ErrSubject, "give a file, a folder without links out of it, NAME@sha256:HEX or git:REV"},
		{ci.ErrIncomplete, "set what the CI host should have set; nothing is guessed"},
		{ledger.ErrHeadMoved, "what is read is not what is written: a stale mirror, or many writers; fetch from where you push to, and run it again"},
		{git.ErrNoCheckout, "run inside the git checkout"},
		{git.ErrNoCommit, "commit something first"},
	}
}

type hinted struct {
	is   error
	hint string
}

// hintOf is the hint listed for err, or none.
func hintOf(err error) string {
	for _, h := range hints() {
		if errors.Is(err, h.is) {
			return h.hint
		}
	}
	return ""
}

// exitCodes is the gravest first: an error that is two of them has the first
// one's code. What is not listed could not be found out.
func exitCodes() []coded {
	return []coded{
		{ledger.ErrTampered, cli.Integrity},
		{ledger.ErrRollback, cli.Integrity},
		{ledger.ErrKey, cli.Integrity},
		{event.ErrMismatch, cli.Integrity},
		{event.ErrSignature, cli.Integrity},
		{proof.ErrSignature, cli.Integrity},
		{proof.ErrProof, cli.Integrity},
		{proof.ErrShrunk, cli.Integrity},
		{keyless.ErrTimestamp, cli.Integrity},
		{keyless.ErrCertificate, cli.Integrity},

		{ledger.ErrMissing, cli.Unknown},
		{ledger.ErrBusy, cli.Unknown},
		{ledger.ErrUnreachable, cli.Unknown},
		{ledger.ErrRefused, cli.Unknown},
		{ledger.ErrContended, cli.Unknown},
		{ledger.ErrHeadMoved, cli.Unknown},
		{git.ErrRemote, cli.Unknown},
		{git.ErrRefused, cli.Unknown},
		{policy.ErrUnfollowed, cli.Unknown},
		{keyless.ErrRoot, cli.Unknown},
		{keyless.ErrUndated, cli.Unknown},
		{subject.ErrChanged, cli.Unknown},

		{keyless.ErrUntrusted, cli.No},
		{keyless.ErrExpired, cli.No},
		{policy.ErrStranger, cli.No},

		{ledger.ErrNotLedger, cli.Usage},
		{ledger.ErrVersion, cli.Usage},
		{ledger.ErrReadOnly, cli.Usage},
		{ledger.ErrScheme, cli.Usage},
		{ledger.ErrAddress, cli.Usage},
		{ledger.ErrNotYet, cli.Usage},
		{ledger.ErrExists, cli.Usage},
		{proof.ErrUnsigned, cli.Usage},
		{proof.ErrOrigin, cli.Usage},
		{keyring.ErrNoKey, cli.Usage},
		{keyring.ErrExists, cli.Usage},
		{keyring.ErrPermissions, cli.Usage},
		{keyring.ErrWrongKey, cli.Usage},
		{keyring.ErrName, cli.Usage},
		{sign.ErrKeyFile, cli.Usage},
		{sign.ErrPassword, cli.Usage},
		{sign.ErrNoSSHKey, cli.Usage},
		{sign.ErrManySSHKeys, cli.Usage},
		{sign.ErrExposedKey, cli.Usage},
		{ci.ErrIncomplete, cli.Usage},
		{subject.ErrNone, cli.Usage},
		{subject.ErrSubject, cli.Usage},
		{testreport.ErrReport, cli.Usage},
		{git.ErrNoGit, cli.Usage},
		{git.ErrNoCheckout, cli.Usage},
		{git.ErrNoCommit, cli.Usage},
		{git.ErrShallow, cli.Usage},

		{context.Canceled, cli.Unknown}, // last: what failed first cancels the rest
	}
}

// classify gives err its exit code, unless somebody who knew more did.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		return err
	}
	if code := codeOf(err); code != cli.OK {
		return &cli.Exit{Code: code, Hint: hintOf(err), Err: err}
	}
	if found := (*policy.Error)(nil); errors.As(err, &found) {
		return &cli.Exit{Code: cli.Usage, Hint: "run 'gateledger policy lint' to see every finding", Err: err}
	}
	return err
}

// codeOf is the exit code listed for err, or OK where none is.
func codeOf(err error) int {
	for _, c := range exitCodes() {
		if errors.Is(err, c.is) {
			return c.code
		}
	}
	return cli.OK
}

// classified makes every verb at and below cmd end with the right exit code.
func classified(cmd *cobra.Command) *cobra.Command {
	for _, c := range cmd.Commands() {
		classified(c)
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(c *cobra.Command, args []string) error { return classify(run(c, args)) }
	}
	return cmd
}
