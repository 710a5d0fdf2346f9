// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/report"
)

// How a gate tells the forge what it decided (--report).
//
// The decision is made and logged first, and stays what it is. If the forge
// can't be told, an allowed gate ends with 3, because people and rules look at
// the forge; run again in the same run, it resumes. Any other answer keeps its
// own exit code, which is no better.

// The values of --report.
const (
	reportRequired   = "required"
	reportBestEffort = "best-effort"
)

// reporting says whether a gate tells the forge. The zero reporting does not.
type reporting struct {
	mode string
	ctx  func() context.Context // of the command
}

func (r *reporting) flags(cmd *cobra.Command) {
	r.ctx = cmd.Context
	f := cmd.Flags()
	f.StringVar(&r.mode, "report", "", "tell the forge by status, check run and comment; `HOW` is required or best-effort")
	f.Lookup("report").NoOptDefVal = reportRequired
	earlier := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if f.Changed("report") && r.mode != reportRequired && r.mode != reportBestEffort {
			return cli.Fail(cli.Usage, "give --report, or --report=best-effort to go on where the forge can't be told", "--report is %.40q, want required or best-effort", r.mode)
		}
		if earlier == nil {
			return nil
		}
		return earlier(cmd, args)
	}
}

// reported tells the forge of a decision, where that was asked for, and returns
// what the gate ends with: exit, or that the forge could not be told where that
// is worse.
func (g *gate) reported(d policy.Decision, exit error) error {
	r := g.flags.report
	if r.mode == "" {
		return exit
	}
	failed := g.announce(r.ctx(), g.notice(r.ctx(), d))
	if failed == nil {
		return exit
	}
	if exit != nil || r.mode == reportBestEffort {
		g.warnUntold(failed)
		return exit
	}
	told := &cli.Exit{Code: cli.Unknown, Err: fmt.Errorf("the decision is made, and the forge was not told: %w", failed), Hint: "run it again: the same run may resume; --report=best-effort goes on without"}
	if said := (*child.Error)(nil); errors.As(failed, &said) && said.Hint != "" {
		told.Hint = said.Hint
	}
	return told
}

// warnUntold says that the forge was not told, here and where the answer is
// published.
func (g *gate) warnUntold(failed error) {
	text := "the forge was not told: " + clean.Field(failed.Error())
	fmt.Fprintf(g.env.Stderr, "warning: %s\n", text)
	if t := g.flags.told; t != nil {
		t.remarks = append(t.remarks, text)
	}
}

// announce has every announcer that fits this host tell the forge. One that
// fails keeps none of the others from being asked.
func (g *gate) announce(ctx context.Context, notice report.Notice) error {
	all := child.AnnouncersAt(g.at.Provider)
	if len(all) == 0 {
		return fmt.Errorf("there is no way to tell one from %s", g.at.Provider)
	}
	remote, err := g.remote()
	if err != nil {
		return err
	}
	var failed []error
	for _, a := range all {
		answer, err := remote.Announce(ctx, child.AnnounceQuestion{Announcer: a.Name, Notice: notice})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		where := answer.Place
		if answer.Address != "" {
			where += " (" + answer.Address + ")"
		}
		if a.Shows {
			notice = notice.ShownAt(answer.Address)
			if t := g.flags.told; t != nil {
				t.shown = notice.Shown
			}
		}
		fmt.Fprintf(g.env.Stderr, "announced by %s: %s\n", a.Name, clean.Field(where))
		for _, remark := range answer.Remarks {
			fmt.Fprintf(g.env.Stderr, "warning: %s: %s\n", a.Name, clean.Field(remark))
		}
	}
	return together(failed)
}

// together is one error of one line for several; the first one's hint counts.
func together(failed []error) error {
	if len(failed) < 2 {
		return errors.Join(failed...)
	}
	var rest []string
	for _, err := range failed[1:] {
		rest = append(rest, err.Error())
	}
	return fmt.Errorf("%w; %s", failed[0], strings.Join(rest, "; "))
}

// notice is what the forge is told.
func (g *gate) notice(ctx context.Context, d policy.Decision) report.Notice {
	return g.noticeOf(ctx, d, false)
}

// cancelNotice is what the forge is told where nobody waits any more.
func (g *gate) cancelNotice(ctx context.Context, d policy.Decision) report.Notice {
	return g.noticeOf(ctx, d, true)
}

// noticeOf asks for comments only where a seat takes one.
func (g *gate) noticeOf(ctx context.Context, d policy.Decision, cancelled bool) report.Notice {
	comment := map[string]string{"github": "github-comment", "gitlab": "gitlab-note"}[g.at.Provider]
	n := report.NewNotice(report.Decision{Decision: d, Request: &g.asked}, report.NoticeOptions{
		Advice: g.advice, Cancelled: cancelled, Details: ci.Run(g.at), Changes: g.changes(ctx),
		Comments: slices.Contains(g.rules.Sources(), comment), Before: map[string]string{"gitlab": "gateledger: "}[g.at.Provider],
	})
	if n.Commit == "" {
		n.Commit = g.at.Commit
	}
	return n
}

// changes is what is new since the last deployment, as far as the ledger and the
// checkout tell.
func (g *gate) changes(ctx context.Context) *report.Changes {
	before := g.commitOf(g.history, g.asked.Previous)
	if before == "" {
		return nil
	}
	return &report.Changes{
		Commits: g.commitsSince(ctx, g.history, g.asked), SBOM: g.sbomChange(ctx, g.history, g.asked),
		Compare: compareAddress(g.at, before, g.asked.Commit),
	}
}

// compareAddress is where the host of this run compares two commits.
func compareAddress(at event.Context, before, after string) string {
	path := map[string]string{"github": "/compare/", "gitlab": "/-/compare/"}[at.Provider]
	if path == "" || at.Host == "" || at.Repository == "" {
		return ""
	}
	return "https://" + at.Host + "/" + at.Repository + path + before + "..." + after
}
