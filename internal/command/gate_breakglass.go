// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// breaking is what somebody says who breaks the glass. The zero breaking does
// not.
type breaking struct {
	glass          bool
	reason, ticket string
}

func (b *breaking) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&b.glass, "break-glass", false, "ask to be let through in an emergency, by those whom the policy names for it")
	cmd.Flags().StringVar(&b.reason, "reason", "", "with --break-glass: why, one line of `TEXT` that is logged")
	cmd.Flags().StringVar(&b.ticket, "ticket", "", "with --break-glass: the `TICKET` of the incident")
}

// ask is what the request says of it, checked against the environment's rules;
// nil where nobody breaks anything.
func (b breaking) ask(rules policy.Environment) (*event.BreakGlass, error) {
	if !b.glass {
		if b.reason != "" || b.ticket != "" {
			return nil, cli.Fail(cli.Usage, "add --break-glass, or leave them out", "--reason and --ticket are for --break-glass")
		}
		return nil, nil
	}
	asked, err := rules.BreakGlass.Ask(b.reason, b.ticket)
	if err == nil {
		return &asked, nil
	}
	hint := "give --reason TEXT and --ticket TICKET, one line each"
	if rules.BreakGlass == nil {
		hint = "the policy may name who can, under environments." + rules.Name + ".break-glass"
	}
	return nil, cli.Fail(cli.Usage, hint, "break the glass for %s: %w", rules.Name, err)
}

// debts are the break-glasses that are not settled, by the policy in force.
func (w *workspace) debts(head proof.Checkpoint, events []*event.Event) ([]policy.Debt, error) {
	all, err := policy.Debts(policy.Input{
		Policy: w.policy, Root: w.believes, Events: events, Head: checkpointOf(head), Now: w.env.Now().UTC(),
	})
	if err != nil {
		return nil, cli.Fail(cli.Integrity, "", "find what break-glass left behind: %w", err)
	}
	var open []policy.Debt
	for _, d := range all {
		if !d.Settled {
			open = append(open, d)
		}
	}
	return open, nil
}

// debtsOf are those of one request, settled or not.
func (w *workspace) debtsOf(head proof.Checkpoint, events []*event.Event, request openRequest) ([]policy.Debt, error) {
	if request.predicate.BreakGlass == nil {
		return nil, nil
	}
	all, err := policy.Debts(policy.Input{
		Policy: w.policy, Root: w.believes, Events: events, Head: checkpointOf(head), Now: w.env.Now().UTC(),
	})
	if err != nil {
		return nil, cli.Fail(cli.Integrity, "", "find what break-glass left behind: %w", err)
	}
	var mine []policy.Debt
	for _, d := range all {
		if d.Request == request.id {
			mine = append(mine, d)
		}
	}
	return mine, nil
}

// leftBehind are the open debts of environments that a policy does not have. A
// change to that policy does not shake them off.
func (w *workspace) leftBehind(head proof.Checkpoint, events []*event.Event, next *policy.Policy) ([]policy.Debt, error) {
	open, err := w.debts(head, events)
	return slices.DeleteFunc(open, func(d policy.Debt) bool {
		_, there := next.Environment(d.Environment)
		return there
	}), err
}

// staysOwed says what a debt of an environment that goes means.
func staysOwed(d policy.Debt) string {
	return fmt.Sprintf("environment %s goes, and break-glass %.12s there stays owed: until those who may change the policy have approved it, it holds back every environment of its repository", d.Environment, d.Request)
}

func printDebts(to io.Writer, debts []policy.Debt) {
	for _, d := range debts {
		fmt.Fprintf(to, "%.12s  %-10s  %-8s  %s\n", d.Request, d.Environment, "owed", clean.Text(d.Line()))
	}
}

// owed says what is open at the end of a ledger, for the doctor: it reads only
// what policy may let through in an emergency.
func (d *doctor) owed(ctx context.Context) finding {
	const what = "break-glass"
	w, err := openWorkspace(ctx, d.env, where{}, trustedPolicy, reading)
	if err != nil {
		return finding{what, noted, "could not find out what is owed: " + err.Error(), "gateledger request list"}
	}
	head, events, err := w.read(ctx)
	if err != nil {
		return finding{what, noted, "could not find out what is owed: " + err.Error(), "gateledger request list"}
	}
	open, err := w.debts(head, events)
	switch {
	case err != nil:
		return finding{what, noted, "could not find out what is owed: " + err.Error(), "gateledger request list"}
	case len(open) == 0:
		return finding{what, fine, "nothing is owed", ""}
	}
	text := open[0].Environment + ": " + open[0].Line()
	if n := len(open) - 1; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return finding{what, noted, text, fmt.Sprintf("gateledger approve %.12s", open[0].Request)}
}

// lendsGlass reports whether any environment of a policy has a break-glass.
func lendsGlass(p *policy.Policy) bool {
	for _, e := range p.Environments {
		if e.BreakGlass != nil {
			return true
		}
	}
	return false
}
