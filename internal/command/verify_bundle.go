// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

func verifyBundle(env *cli.Env) *cobra.Command {
	var f where
	var publish publishing
	cmd := &cobra.Command{
		Use:   "bundle FILE",
		Short: "Check one Sigstore bundle against the log key and the signers of the policy",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t := verifyTold("bundle", false)
			return publish.run(cmd.Context(), env, t, func(env *cli.Env) error {
				return runVerifyBundle(cmd.Context(), env, f, args[0], t)
			})
		},
	}
	f.flags(cmd)
	publish.flags(cmd)
	return cmd
}

// notWhole is what to do about a bundle that does not hold.
const notWhole = "get the bundle again from who made it, and keep this one as evidence"

func runVerifyBundle(ctx context.Context, env *cli.Env, f where, file string, t *told) error {
	w, err := openPolicy(ctx, env, f, verifyPolicy)
	if err != nil {
		return err
	}
	data, err := readLimited(file, event.MaxBundle)
	if err != nil {
		return err
	}
	w.believes = w.root(ctx)
	b, err := event.ParseBundle(data)
	if err != nil {
		return w.verifyForeign(data, file, err, t)
	}
	e, err := b.Verify(w.keys)
	if errors.Is(err, proof.ErrUnsigned) || errors.Is(err, proof.ErrOrigin) {
		return w.verifyForeign(data, file, err, t)
	}
	if err != nil {
		return cli.Fail(cli.Integrity, notWhole, "bundle %s: %w", file, err)
	}
	name, id, err := w.policy.Signer(e, w.believes)
	if errors.Is(err, policy.ErrStranger) {
		return cli.Fail(cli.No, "", "bundle %s: signed by %s, which no signer of the policy has: %w", file, e.KeyID(), err)
	}
	if err != nil {
		return fmt.Errorf("bundle %s: %w", file, err)
	}
	line := fmt.Sprintf("%s #%d signed by %s%s, logged under %s", e.Kind(), e.Index, name, identityText(id), w.policy.Ledger.Origin)
	fmt.Fprintln(env.Stdout, line)
	t.bundle(w, file, line)
	t.set("log-index", fmt.Sprint(e.Index))
	return (&verifier{workspace: w}).exit(nil)
}

// verifyForeign checks a bundle that another log than the policy's has logged:
// by a log and an authority of the trusted root that the policy names.
func (w *workspace) verifyForeign(data []byte, file string, why error, t *told) error {
	if w.believes == nil {
		return cli.Fail(cli.Integrity, notWhole, "bundle %s: %w", file, why)
	}
	v, err := keyless.VerifyBundle(data, w.believes)
	if err != nil {
		return cli.Fail(max(codeOf(err), cli.No), notWhole, "bundle %s: not of this ledger (%w), and not of another: %w", file, why, err)
	}
	e, err := opened(v.Signed)
	if err != nil {
		return cli.Fail(cli.Integrity, notWhole, "bundle %s: %w", file, err)
	}
	name, id, err := w.policy.Signer(e, w.believes)
	if errors.Is(err, policy.ErrStranger) {
		return cli.Fail(cli.No, "", "bundle %s: its certificate is no signer's of the policy: %w", file, err)
	}
	if err != nil {
		return fmt.Errorf("bundle %s: %w", file, err)
	}
	lines := []string{fmt.Sprintf("%s signed by %s%s before %s; it is not in this ledger", e.Kind(), name, identityText(id), v.Time.UTC().Format(time.RFC3339))}
	for _, l := range v.Logs {
		lines = append(lines, fmt.Sprintf("logged by %s as #%d", clean.Text(l.URL), l.Index))
	}
	for _, line := range lines {
		fmt.Fprintln(w.env.Stdout, line)
	}
	t.bundle(w, file, lines...)
	return (&verifier{workspace: w}).exit(nil)
}

// identityText is what a certificate says of who signed.
func identityText(id *keyless.Identity) string {
	if id == nil {
		return ""
	}
	return clean.Text(fmt.Sprintf(" (%s, by %s)", id.Subject, id.Issuer))
}
