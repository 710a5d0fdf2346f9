// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/proof"
)

// maxAsked is how many receipts of one anchor a node is asked about, the newest
// first.
const maxAsked = 4

// onlineFlag is for verbs that may ask a node what a receipt of a contract is
// worth.
func (f *where) onlineFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.online, "online", false, "ask the nodes that the policy names about receipts of contracts, which are hearsay otherwise; "+child.Name+" opens the connection")
}

// askNodes asks about receipts that prove nothing by themselves. One that its
// node confirms, in a block that is final, counts from then on; all else stays
// hearsay. It returns why nodes could not be asked, each by the anchor's name.
func (w *workspace) askNodes(ctx context.Context, head proof.Checkpoint, found *anchored.Evidence) (silent map[string]error, err error) {
	var hearsay []int
	for i, p := range found.Proven {
		if p.Hearsay {
			hearsay = append(hearsay, i)
		}
	}
	if len(hearsay) == 0 {
		return nil, nil
	}
	w.judges = true // what opens something takes no program from PATH
	remote, err := w.remote()
	if err != nil {
		return nil, err
	}
	silent = map[string]error{}
	arrange.Stably(hearsay, func(a, b int) int {
		return cmp.Compare(found.Proven[b].Checkpoint.Size, found.Proven[a].Checkpoint.Size)
	})
	asked := map[anchored.Spec]int{}
	for _, i := range hearsay {
		p := &found.Proven[i]
		if asked[p.Spec]++; asked[p.Spec] > maxAsked {
			continue
		}
		answer, err := remote.AnchorCheck(ctx, child.AnchorCheckQuestion{Spec: p.Spec, Receipt: p.Receipt})
		if err != nil {
			fmt.Fprintf(w.env.Stderr, "warning: could not find out: %s\n", clean.Text(err.Error()))
			silent[p.Spec.Name] = err
			continue
		}
		at, err := time.Parse(time.RFC3339, answer.Time)
		if !answer.Stands || !answer.Final || err != nil || at.After(w.env.Now().Add(anchored.Skew)) {
			fmt.Fprintf(w.env.Stderr, "warning: the node of %s does not confirm its receipt of %d entries: %s\n", p.Spec.Name, p.Checkpoint.Size, clean.Text(answer.Why))
			continue
		}
		if err := w.oneLog(ctx, head, p.Spec, answer.Heads); err != nil {
			return nil, err
		}
		p.Asked, p.At = true, at.UTC()
	}
	return silent, nil
}

// silentExit is how a verifier ends who was told to ask nodes, of which some
// could not be asked: one of them may know another log.
func silentExit(silent map[string]error) error {
	if len(silent) == 0 {
		return nil
	}
	return cli.Fail(cli.Unknown, "ask again later; without --online no node is asked", "could not find out what the contract of %s took", listOr(sortedKeys(silent), ""))
}

// oneLog holds every checkpoint that a contract took of this log against the
// one at hand. The contract takes whatever is larger, and only what all of them
// agree on is one log.
func (w *workspace) oneLog(ctx context.Context, head proof.Checkpoint, spec anchored.Spec, taken []child.AnchorHead) error {
	tree := w.treeAt(ctx, head)
	for _, t := range taken {
		if t.Size > head.Size {
			continue // a log that grew; whoever has that much compares
		}
		since, err := tree.Since(t.Size)
		if err != nil {
			return w.anchorError(err)
		}
		old := proof.Checkpoint{Origin: head.Origin, Size: t.Size, Root: tlog.Hash(t.Root)}
		if err := proof.Consistency(since, old, head); err != nil {
			return w.anchorError(fmt.Errorf("contract %s took another log of %d entries: %w", spec.Contract, t.Size, anchored.ErrFork))
		}
	}
	return nil
}
