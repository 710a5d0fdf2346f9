// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/sign"
	"github.com/gateledger/gateledger/internal/vote"
)

type approveFlags struct {
	where
	signing
	deny, revoke bool
	reason       string
	ssh          string
	write        string
	statement    string
	signature    string
	print        bool
	yes          bool
	posts
}

// Approve is the verb by which a person votes.
func Approve(env *cli.Env) *cobra.Command {
	var f approveFlags
	cmd := &cobra.Command{
		Use:   "approve REQUEST",
		Short: "Show a request and sign your vote on it",
		Long: `Approve shows what the request asks for, checked against the ledger, then
signs your vote with your SSH key and logs it. A vote is for one request: these
bytes, this commit, this environment, this policy. It counts for nothing else.

A vote is cast once it has its receipt. Where the log key is elsewhere it is
signed and left at the ledger, and the answer is "not yet" (exit 8); run the
same command again to see that it was cast.

The key is the one --ssh names, else git's user.signingkey, else the one in
your agent that the policy knows. A FIDO2 key (sk-) asks for a touch.

Without our tool on the machine that holds the key, take two steps:
  gateledger approve REQUEST --write vote.json
  ssh-keygen -Y sign -n ` + product.VoteNamespace + ` -f KEY vote.json
  gateledger approve REQUEST --statement vote.json --signature vote.json.sig

With --print the signed vote is not cast but printed, as a block of text to
paste where the policy has the gate look for votes (collect:): a note of the
merge request, say. Only what is inside the block counts, whoever pastes it.

Where the gate reads comments (collect:) and there is a token, the signed vote is
also left as a comment where the request is shown: that wakes the gate, and needs
no way to write to the log. The token is that of --token-file, else of GH_TOKEN,
GITHUB_TOKEN or GITLAB_TOKEN (of another GitHub than github.com,
GH_ENTERPRISE_TOKEN). --post says that it must be, --post=false that it is not.
A vote that could not be left there is not lost, and is never left twice.

With --keyless a certificate for your sign-in takes the place of an SSH key,
where the policy knows you by that.`,
		Example: `  gateledger approve 4f1c
  gateledger approve 4f1c --deny --reason 'the migration is not reversible'
  gateledger approve 4f1c --revoke
  gateledger approve 4f1c --print
  gateledger approve 4f1c --ssh ~/.ssh/id_ed25519_sk`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.asked = cmd.Flags().Changed("post")
			return runApprove(cmd.Context(), env, f, args[0])
		},
	}
	f.where.flags(cmd)
	f.keyFlag(cmd)
	f.keylessFlags(cmd)
	cmd.Flags().BoolVar(&f.deny, "deny", false, "veto the request instead")
	cmd.Flags().BoolVar(&f.revoke, "revoke", false, "take back your own vote, approval or veto")
	cmd.Flags().StringVar(&f.reason, "reason", "", "`TEXT` that is logged with the vote")
	cmd.Flags().StringVar(&f.ssh, "ssh", "", "SSH key to sign with: `FILE`, or SHA256:FINGERPRINT of one in the agent")
	cmd.Flags().StringVar(&f.write, "write", "", "only write the statement to `FILE`, to be signed elsewhere")
	cmd.Flags().StringVar(&f.statement, "statement", "", "statement `FILE` that was signed elsewhere")
	cmd.Flags().StringVar(&f.signature, "signature", "", "its SSH signature `FILE`")
	cmd.Flags().BoolVar(&f.print, "print", false, "do not cast the vote: print it, to be pasted where the gate looks for votes")
	f.posts.flags(cmd)
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask; needed where there is no terminal")
	cmd.MarkFlagsMutuallyExclusive("deny", "revoke")
	cmd.MarkFlagsRequiredTogether("statement", "signature")
	cmd.MarkFlagsMutuallyExclusive("write", "statement")
	cmd.MarkFlagsMutuallyExclusive("write", "print")
	cmd.MarkFlagsMutuallyExclusive("keyless", "ssh", "statement", "write")
	cmd.MarkFlagsMutuallyExclusive("keyless", "print")
	return cmd
}

func runApprove(ctx context.Context, env *cli.Env, f approveFlags, prefix string) error {
	w, err := openWorkspace(ctx, env, f.where, trustedPolicy, map[bool]access{true: leaving}[f.write == "" && !f.print])
	if err != nil {
		return err
	}
	if !w.pinned {
		return cli.Fail(cli.Usage, "read it, then trust it for yourself: gateledger trust", "you have not trusted the policy of this ledger (%s)", w.source)
	}
	if err := f.refused(f.write != "" || f.print, f.keyless); err != nil {
		return err
	}
	w.integrates = w.holds
	head, events, err := w.read(ctx)
	if err != nil {
		return err
	}
	r, err := w.findRequest(events, prefix)
	if err != nil {
		return err
	}
	b := &ballot{workspace: w, flags: f, request: r, head: head, events: events}
	if f.write != "" {
		return b.writeStatement(ctx)
	}
	if f.print {
		return b.print(ctx)
	}
	to, err := b.venue(ctx)
	if err != nil {
		return err
	}
	vote, err := b.boxed(ctx)
	if err != nil {
		return err
	}
	return b.left(ctx, to, vote, b.cast(ctx, vote))
}

// A ballot is one vote on its way into the ledger.
type ballot struct {
	*workspace
	flags   approveFlags
	request openRequest
	head    proof.Checkpoint
	events  []*event.Event // up to head
	key     sign.SSHSigner // to vote with; nil where the vote is keyless or signed elsewhere
}

// show prints what the vote is about, before anything is signed, and says if
// the vote could not help any more.
func (b *ballot) show(ctx context.Context, signer string) error {
	err := b.showRequest(ctx, b.env.Stderr, b.head, b.events, report.Request{
		ID: b.request.id, Asked: b.request.predicate, Choice: string(b.choice()), Signer: signer,
	})
	if err != nil {
		return err
	}
	d, err := b.evaluate(ctx, b.head, b.events)
	if err == nil && d.Verdict == policy.Denied && !b.settles(d) {
		fmt.Fprintf(b.env.Stderr, "note: as it stands the request is denied: %s\n", clean.Text(d.Why))
	}
	return err
}

// evaluate says how the request stands. It is talk, not a verdict.
func (b *ballot) evaluate(ctx context.Context, head proof.Checkpoint, events []*event.Event) (policy.Decision, error) {
	in := policy.Input{
		Policy: b.policy, Root: b.believes, Request: b.request.id, Events: events,
		Head: checkpointOf(head), Now: b.env.Now().UTC(),
	}
	b.weigh(ctx, &in)
	d, err := policy.Evaluate(in)
	if err != nil {
		return d, cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", b.request.id, err)
	}
	return d, nil
}

func (b *ballot) choice() vote.Choice {
	switch {
	case b.flags.deny:
		return vote.Deny
	case b.flags.revoke:
		return vote.Revoke
	default:
		return vote.Approve
	}
}

func (b *ballot) compose() ([]byte, error) {
	p := vote.About(b.request.id, b.request.predicate)
	p.Choice, p.Reason, p.Issued = b.choice(), b.flags.reason, stamp(b.env.Now())
	return vote.NewStatement(p)
}

func (b *ballot) writeStatement(ctx context.Context) error {
	if err := b.show(ctx, ""); err != nil {
		return err
	}
	statement, err := b.compose()
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.flags.write, statement, 0o644); err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	fmt.Fprintf(b.env.Stderr, "wrote %s; sign exactly these bytes:\n  ssh-keygen -Y sign -n %s -f KEY %s\n  gateledger approve %.12s --statement %s --signature %s.sig\n",
		b.flags.write, product.VoteNamespace, b.flags.write, b.request.id, b.flags.write, b.flags.write)
	return nil
}

// readLimited reads a file of at most limit bytes.
func readLimited(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "name a file that is there and that you may read", "%w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, cli.Fail(cli.Usage, "name the file in it", "%s is a folder", file)
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if n > limit {
		return nil, cli.Fail(cli.Usage, "this is no such file: none is that large", "%s is over %d bytes", file, limit)
	}
	return b.Bytes(), nil
}
