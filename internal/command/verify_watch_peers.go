// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/proof"
)

// maxPeer bounds what another reader was shown, in bytes.
const maxPeer = maxState

// peer compares with what another reader was shown: their state, or a signed
// checkpoint. Who is shown more than we are, for several rounds, tells that we
// are shown an old log.
func (l *watching) peer(ctx context.Context, file string) error {
	data, err := readLimited(file, maxPeer)
	if err != nil {
		return fmt.Errorf("compare with %s: %w", file, peerError(err))
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		var s ledgerState
		if err := canon.Decode(data, &s); err != nil || s.Schema != ledgerStateSchema {
			return fmt.Errorf("compare with %s: it is neither a monitor's state nor a signed checkpoint", file)
		}
		data = []byte(s.Head)
	}
	c, err := proof.ParseCheckpoint(data, l.keys)
	if err != nil {
		return fmt.Errorf("compare with %s: %w", file, err)
	}
	return l.other(ctx, c, file)
}

// other compares with a checkpoint that the log's key signed, and somebody else
// was shown.
func (l *watching) other(ctx context.Context, c proof.Checkpoint, who string) error {
	if c.Size <= l.head.Size {
		delete(l.next.Apart, who)
		_, err := l.consistent(ctx, c, who)
		return err
	}
	if l.next.Apart[who]++; l.next.Apart[who] >= l.m.flags.patience {
		a := alertOf("behind", fmt.Errorf("%s was shown %d entries, and this reader only %d, for %d rounds: an old log is shown here", who, c.Size, l.head.Size, l.next.Apart[who]), string(c.Raw), string(l.head.Raw))
		a.Key = "behind " + who
		l.found = append(l.found, a)
	}
	return nil
}

// askWitnesses compares with what each witness of the policy cosigned last. A
// witness is believed by its own key that it did.
func (l *watching) askWitnesses(ctx context.Context) error {
	if len(l.policy.Ledger.Witnesses.Of) == 0 {
		return cli.Fail(cli.Usage, "name them in the policy: ledger: {witnesses: …}", "--ask-witnesses: the policy has no witnesses")
	}
	remote, err := l.monitorRemote()
	if err != nil {
		return err
	}
	var failed error
	for _, spec := range l.policy.Ledger.Witnesses.Of {
		if err := l.askWitness(ctx, remote, spec); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// monitorRemote is the program that speaks with services, which stands beside
// this one: whoever can change PATH is not to choose another.
func (l *watching) monitorRemote() (child.Remote, error) {
	path, err := child.Find(os.Executable, false)
	if err != nil {
		return child.Remote{}, cli.Fail(cli.Usage, child.Hint, "%w", err)
	}
	return child.Remote{Program: path, Getenv: l.env.Getenv, Stderr: l.env.Stderr, Timeout: webhookTimeout}, nil
}

func (l *watching) askWitness(ctx context.Context, remote child.Remote, spec anchored.Spec) error {
	raw, err := remote.WitnessHead(ctx, child.WitnessHeadQuestion{Spec: spec, Origin: l.keys.Origin})
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return nil // it was never asked to cosign this log: what a tier asks for says the rest
	}
	fail := func(err error) error { return fmt.Errorf("compare with witness %s: %w", spec.Name, err) }
	key, err := proof.ParseCosigner(spec.Key)
	if err != nil {
		return fail(err)
	}
	c, err := proof.ParseCheckpoint(raw, l.keys)
	if err != nil {
		return fail(err)
	}
	err = l.other(ctx, c, "witness "+spec.Name) // the log's key signed it, whatever the witness did
	if _, unsigned := note.Open(raw, note.VerifierList(key)); unsigned != nil {
		err = errors.Join(err, fail(errors.New("its cosignature is not on the checkpoint that it serves")))
	}
	return err
}

// peerError is an error without its exit code: a peer that is not there is no
// misuse of a monitor that goes on.
func peerError(err error) error {
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) && exit.Err != nil {
		return errors.New(exit.Err.Error())
	}
	return err
}
