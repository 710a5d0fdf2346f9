// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
)

// How a verb tells its CI host what came of it.
//
// A later job asks for the output "verdict". So before a verb does anything,
// the host is told "unknown": whatever ends it early, nobody finds an answer
// that it did not give, nor one of an earlier run. What it answered is told
// last of all, after everything that could fail; if that fails too, the host is
// told "unknown" again, and the verb does not end with 0.

// publishing says whether and where a verb tells its host.
type publishing struct {
	on    bool
	dir   string
	green bool // while it is pending it ends with 0
}

func (p *publishing) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.on, "publish", false, "write outputs, a summary and notes where the CI host shows them; elsewhere into "+ci.ReportDir)
	cmd.Flags().StringVar(&p.dir, "report-dir", "", "write them into `FOLDER`; the same as --publish, with files")
}

// greenFlag is for verbs that can be pending.
func (p *publishing) greenFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.green, "green-when-pending", false, "with --publish: exit 0 while it is pending; the outputs say what it is")
}

func (p publishing) asked() bool { return p.on || p.dir != "" }

// The words of the output "verdict".
const (
	saidAllowed = "allowed"
	saidDenied  = "denied"
	saidPending = "pending"
	saidUnknown = "unknown"
	saidAdvice  = "advice" // it would be allowed, and nothing was used up
)

// told is what a verb has to say to its host.
type told struct {
	verb   string
	names  []string // of its outputs, in their order
	json   bool     // standard output is JSON
	raw    bool     // standard output is a document whose bytes count
	judges bool     // it has the output verdict, which stands last

	because string // why something was recorded as what it was

	values  map[string]string
	allowed bool          // it may be said that this is allowed, if nothing fails
	advice  bool          // it would be
	report  report.Report // nil: it got to no answer
	remarks []string      // what is shown as notes besides
	unsure  []string      // what people should know of the votes that were read: before everything else in the summary
	page    string        // where the log can be seen; may be empty
	link    string        // to the whole, where the summary is cut; may be empty
	shown   string        // where people approve; may be empty
}

func (t *told) set(name, value string) {
	if t.values == nil {
		t.values = map[string]string{}
	}
	t.values[name] = value
}

// run runs a verb and tells the host what came of it. It returns what the verb
// ends with: the verb's own error, nil for one that is pending where that was
// asked for, or that the host could not be told.
func (p publishing) run(ctx context.Context, env *cli.Env, t *told, verb func(*cli.Env) error) error {
	if p.green && !p.asked() {
		return cli.Fail(cli.Usage, "add --publish, or go by exit code 8", "--green-when-pending without --publish: nothing would say that it is pending")
	}
	if !p.asked() {
		return verb(env)
	}
	if err := p.tell(env, ci.Publication{Outputs: t.outputs(saidUnknown, true)}); err != nil {
		return cli.Fail(cli.Unknown, "nothing was done yet; mend that, or leave --publish out", "%w", err)
	}
	world := *env
	out, talk := guarded(env, env.Stdout, t.json), guarded(env, env.Stderr, false)
	out.arm = out.arm && !t.raw
	world.Stdout, world.Stderr = out, talk
	err := classify(verb(&world))
	if err == nil {
		err = out.broken("standard output")
	}
	green := p.green && pendingExit(err) && ctx.Err() == nil
	if failed := p.tell(env, t.publication(err, green)); failed != nil {
		again := p.tell(env, ci.Publication{Outputs: t.outputs(saidUnknown, true)})
		return harmless(env, unpublished(err, errors.Join(failed, again)))
	}
	if green {
		return t.pending(talk, err)
	}
	return harmless(env, err)
}

// tell tells the host, the runner's outputs last: what a later step goes by is
// there only once all the rest is.
func (p publishing) tell(env *cli.Env, what ci.Publication) error {
	o := ci.PublishOptions{Getenv: env.Getenv, Dir: p.dir, Stdout: env.Stderr, Rand: env.Rand}
	if ci.Detect(env.Getenv) != "github" {
		return ci.Publish(o, what)
	}
	runner, folder := o, o
	runner.Dir = ""
	folder.Getenv = func(name string) string {
		if name == "GITHUB_ACTIONS" {
			return ""
		}
		return env.Getenv(name)
	}
	if err := ci.Publish(runner, ci.Publication{Summary: what.Summary, Notes: what.Notes, Link: what.Link}); err != nil {
		return err
	}
	if p.dir != "" {
		if err := ci.Publish(folder, what); err != nil {
			return err
		}
	}
	return ci.Publish(runner, ci.Publication{Outputs: what.Outputs})
}

// outputs are all outputs of the verb, those that nothing is known of empty.
func (t *told) outputs(verdict string, empty bool) [][2]string {
	var out [][2]string
	for _, name := range t.names {
		value := ""
		if !empty {
			value = t.values[name]
		}
		out = append(out, [2]string{name, value})
	}
	if t.judges {
		out = append(out, [2]string{"verdict", verdict})
	}
	return out
}

// verdict is what the verb answered. Allowed takes an answer that says so and
// a verb that ended well.
func (t *told) verdict(err error) string {
	switch {
	case err == nil && t.allowed:
		return saidAllowed
	case err == nil && t.advice:
		return saidAdvice
	case err == nil:
		return saidUnknown
	}
	switch exitOf(err).Code {
	case cli.No:
		return saidDenied
	case cli.Pending:
		return saidPending
	}
	return saidUnknown
}

// publication is everything that is said once the verb has ended with err.
func (t *told) publication(err error, green bool) ci.Publication {
	p := ci.Publication{Outputs: t.outputs(t.verdict(err), false), Link: t.link}
	exit := exitOf(err)
	failure := report.Failure{Verb: t.verb, Code: exit.Code, Word: answerWord(exit.Code), Why: exit.Error(), Hint: exit.Hint}
	o := report.SummaryOptions{Link: t.link, Shown: t.shown, First: t.first()}
	head := report.Report(failure)
	switch {
	case t.report == nil && err == nil:
	case t.report == nil, err != nil && !exit.Quiet && !pendingExit(err):
		p.Summary = report.Summary(failure, o)
	default:
		head = t.report
	}
	if t.report != nil {
		p.Summary = strings.TrimPrefix(p.Summary+"\n"+report.Summary(t.report, o), "\n")
	}
	note := func(level ci.Level, text string) {
		p.Notes = append(p.Notes, ci.Note{Level: level, Title: product.Name + " " + t.verb, Text: disarmed(text), URL: t.page})
	}
	if p.Summary != "" {
		note(levelOf(err, green), report.Headline(head))
	}
	for _, r := range t.remarks {
		note(ci.Warning, r)
	}
	return p
}

// first is the line that stands before a summary: GitLab shows no note's text.
func (t *told) first() string {
	switch len(t.unsure) {
	case 0:
		return ""
	case 1:
		return "warning: " + disarmed(t.unsure[0])
	}
	return fmt.Sprintf("%d warnings, all of them in the job's log; the first: %s", len(t.unsure), disarmed(t.unsure[0]))
}

func levelOf(err error, green bool) ci.Level {
	switch {
	case err == nil, green:
		return ci.Notice
	case exitOf(err).Code == cli.Pending:
		return ci.Warning
	}
	return ci.Error
}

// answerWord is what an exit code means, as a headline has it.
func answerWord(code int) string {
	for _, c := range cli.Codes() {
		if c.Code == code {
			return strings.ToUpper(c.Answer)
		}
	}
	return "COULD NOT FIND OUT"
}

// exitOf is err as an exit; what nobody classified could not be found out.
func exitOf(err error) *cli.Exit {
	exit := (*cli.Exit)(nil)
	switch {
	case err == nil:
		return &cli.Exit{Code: cli.OK}
	case errors.As(err, &exit) && exit.Code != cli.OK:
		return exit
	}
	return &cli.Exit{Code: cli.Unknown, Err: err}
}

// pendingExit reports whether err says "not yet" and nothing else: one that
// only has such an error inside is something graver.
func pendingExit(err error) bool {
	exit, ok := err.(*cli.Exit) //nolint:errorlint // what is inside must not count
	return ok && exit.Code == cli.Pending
}

// pending says on standard error what exit 8 would have said, and ends well if
// that can be said.
func (t *told) pending(talk *guard, err error) error {
	exit := exitOf(err)
	if !exit.Quiet {
		fmt.Fprintf(talk, "note: %s\n", clean.Text(exit.Error()))
	}
	if exit.Hint != "" {
		fmt.Fprintf(talk, "hint: %s\n", clean.Text(exit.Hint))
	}
	fmt.Fprintln(talk, "note: it is pending, and exit 0 was asked for (--green-when-pending): go by the outputs")
	return talk.broken("standard error")
}

// unpublished is what a verb ends with whose host could not be told.
func unpublished(err, failed error) error {
	if err == nil {
		return cli.Fail(cli.Unknown, "what was answered holds for this run: mend that, and run the same command again in this run", "%w", failed)
	}
	exit := *exitOf(err)
	exit.Quiet, exit.Err = false, fmt.Errorf("%w; and %w", err, failed)
	return &exit
}

// plain makes a value one that every host takes as it is: on one line, not
// long, and without the characters that shells and readers of environment
// files take for something else.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("$`\"'\\#", r) {
			return '_'
		}
		return r
	}, clean.Field(s))
	s = strings.ReplaceAll(s, "\\", "_")
	const most = 500
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return strings.TrimSpace(s)
}
