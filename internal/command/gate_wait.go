// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/policy"
)

// A gate that waits.
//
// It asks again and again what a gate would ask once, and answers no other
// way: each poll reads the ledger and the forges anew, and the first final
// answer is logged and given by the code of the gate itself. What keeps it from
// knowing, such as a forge that is down, is tried again until the time is up,
// and then is the answer.
//
// What was read before is not read again where nothing moved: the ledger's
// entries are kept, and one child keeps what the forge answered. Nothing is
// signed or stamped for a poll that settles nothing.
//
// The policy is not kept for the whole wait: who may approve can change in six
// hours. It is read again, and where it is another one the gate begins anew.

// The bounds of waiting.
const (
	minWait   = time.Second
	maxWait   = 6 * time.Hour // the longest that a job of a hosted runner may take
	minPause  = 5 * time.Second
	restPause = time.Minute           // between polls while nothing moves
	localTick = 20 * time.Millisecond // the shortest pause where all that is asked is on this machine
	stampRest = time.Minute           // how long an answer with a stamped time stands in for a new one
	lawRest   = time.Minute           // how old the policy may be that a poll goes by
	lastWords = 5 * time.Second       // to tell a forge that this was cancelled
)

// waiting is for how long, and how often.
type waiting struct{ length, pause time.Duration }

func gateWait(env *cli.Env) *cobra.Command {
	var f gateFlags
	var w waiting
	cmd := &cobra.Command{
		Use:   "wait",
		Short: "Ask as gate does until there is a final answer, or the time is up",
		Long: `Wait asks what gate asks, and asks again while the answer is pending or could
not be found out. A final answer ends it as it ends gate. When the time is up it
ends as gate would have: pending (exit 8), or could not find out (3).

It keeps a runner busy: for longer than some minutes let the job end, and have
'gateledger gate wake' run it again.

The first pause is --every; while nothing moves they grow to a minute. A forge
that says when to come back is not asked before. With --report the forge is told
once for each change; interrupted, it is told that this was cancelled.`,
		Example: `  gateledger gate wait --for 10m --environment production --subject dist/app
  gateledger gate wait --for 30m --every 15s --report --publish`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := w.check(); err != nil {
				return err
			}
			t := gateTold(f)
			return f.publish.run(cmd.Context(), env, t, func(env *cli.Env) error {
				world := *env
				world.Stderr = &onlyNews{w: env.Stderr}
				v := &waiter{waiting: w, env: &world, flags: f, told: t}
				return v.run(cmd.Context())
			})
		},
	}
	f.flags(cmd)
	cmd.Flags().DurationVar(&w.length, "for", 10*time.Minute, "how long to wait: 1s to 6h")
	cmd.Flags().DurationVar(&w.pause, "every", minPause, "the first pause between two polls; at least 5s, unless all that is asked is on this machine")
	return cmd
}

func (w waiting) check() error {
	if w.length < minWait || w.length > maxWait {
		return cli.Fail(cli.Usage, "let the job end, and have 'gateledger gate wake' run it again", "--for is %s; it must be %s to %s", w.length, minWait, maxWait)
	}
	if w.pause <= 0 || w.pause > w.length {
		return cli.Fail(cli.Usage, "", "--every is %s; it must be over 0, and no longer than --for (%s)", w.pause, w.length)
	}
	return nil
}

// A waiter is one run of the verb.
type waiter struct {
	waiting
	env   *cli.Env
	flags gateFlags
	told  *told

	g        *gate     // once it could be opened
	law      time.Time // when its policy was read
	last     *standing
	shown    string // what people were told last, in one line
	reported string // what the forge was told last
	trace    string // of the last poll, to see what moved
}

// run polls until there is a final answer or the time is up.
func (w *waiter) run(ctx context.Context) error {
	defer w.close()
	end := time.Now().Add(w.length)
	for pause := w.pause; ; {
		s, err := w.poll(ctx)
		if ctx.Err() != nil {
			return w.cancelled(ctx)
		}
		left := time.Until(end)
		after := leaveAlone(err)
		if final(s, err) || left <= 0 || after > left {
			return w.give(s, err)
		}
		if w.note(ctx, s, err, left) {
			pause = w.pause
		} else {
			pause = min(pause*3/2, max(restPause, w.pause))
		}
		if w.sleep(ctx, min(max(pause, after), left)) != nil {
			return w.cancelled(ctx)
		}
	}
}

// poll asks once, as gate does.
func (w *waiter) poll(ctx context.Context) (*standing, error) {
	if err := w.open(ctx, lawRest); err != nil {
		return nil, err
	}
	s, err := w.reach(ctx)
	if !errors.Is(err, errOtherPolicy) {
		return s, err
	}
	if err := w.open(ctx, 0); err != nil {
		return nil, err
	}
	w.g.asks = true // the default branch has just been read
	return w.reach(ctx)
}

// reach has the gate look at everything anew.
func (w *waiter) reach(ctx context.Context) (*standing, error) {
	w.g.collected, w.g.seen, w.g.around, w.g.stuck, w.g.patient = "", nil, false, 0, true
	defer func() { w.g.asks = false }()
	return w.g.reach(ctx)
}

// errOtherPolicy says that the policy in force is not the one that was read. A
// gate that waits reads it again before it asks anybody to change it: since it
// began, the change may have come from there.
var errOtherPolicy = errors.New("the policy in force is not the one that was read")

// open opens the gate, or sees to it that its policy is no older than age, and
// is still what stands where it was read.
func (w *waiter) open(ctx context.Context, age time.Duration) error {
	if w.g != nil {
		same, err := w.sameLaw(ctx, age)
		if same || err != nil {
			return err
		}
		fmt.Fprintf(w.env.Stderr, "note: there is another policy than when the wait began; it goes by that\n")
		w.close()
		w.g = nil
	}
	law := time.Now()
	g, err := openGate(ctx, w.env, w.flags, w.told)
	if err != nil {
		return err
	}
	w.g, w.law = g, law
	if w.pause < minPause && !g.asksHere() || w.pause < localTick {
		return cli.Fail(cli.Usage, "", "--every is %s; the shortest pause is %s, and %s where all that is asked is on this machine", w.pause, minPause, localTick)
	}
	return g.keepAsking()
}

// sameLaw reports whether the policy is what it was. A file that somebody named
// is theirs, and read once: what else runs here could write it.
func (w *waiter) sameLaw(ctx context.Context, age time.Duration) (bool, error) {
	now := time.Now()
	if w.flags.policy != "" || age > 0 && now.Sub(w.law) < age && !w.g.asksHere() {
		return true, nil
	}
	text, err := gatePolicy(ctx, w.g.place, w.g.ring, w.flags.where)
	if err != nil {
		return false, err
	}
	w.law = now
	return bytes.Equal(text.data, w.g.given.Source), nil
}

func (w *waiter) close() {
	if w.g == nil {
		return
	}
	w.g.forget()
	if w.g.session != nil {
		_ = w.g.session.Close() // it has answered all that was asked
	}
}

// keepAsking has one child read all votes from now on.
func (w *workspace) keepAsking() error {
	var sources []string
	for _, p := range []*policy.Policy{w.given, w.policy} {
		sources = append(sources, p.Collect...)
		for _, name := range sortedKeys(p.Environments) {
			rules, _ := p.Environment(name)
			sources = append(sources, rules.Sources()...)
		}
	}
	if len(sources) == 0 {
		return nil
	}
	remote, err := w.remote()
	if err != nil {
		return err
	}
	slices.Sort(sources)
	w.session = remote.Session(slices.Compact(sources)...)
	return nil
}

// final reports whether waiting would change nothing.
func final(s *standing, err error) bool {
	if err == nil {
		if err = s.exit(); err == nil {
			return true
		}
	}
	code := exitOf(classify(err)).Code
	return code != cli.Pending && code != cli.Unknown
}

// leaveAlone is how long a forge wants to be left alone, as far as it said so.
func leaveAlone(err error) time.Duration {
	if said := (*child.Error)(nil); errors.As(err, &said) {
		return said.After
	}
	return 0
}

// give gives the answer, or what kept us from one.
func (w *waiter) give(s *standing, err error) error {
	if err != nil {
		return err
	}
	return s.give()
}

// note tells people what is new, here and on the forge, and reports whether
// anything moved since the last poll.
func (w *waiter) note(ctx context.Context, s *standing, err error, left time.Duration) (moved bool) {
	why, trace := "", ""
	if err != nil {
		why = "could not find out yet: " + err.Error()
		trace = err.Error()
	} else {
		w.last = s
		why = s.decision.Why
		d := s.decision
		d.Now, d.Anchors = "", nil // an age is no news
		trace, _ = canon.Digest(d)
	}
	moved, w.trace = trace != w.trace && w.trace != "", trace
	if line := clean.Field(why); line != w.shown {
		w.shown = line
		fmt.Fprintf(w.env.Stderr, "waiting, for up to %s more: %s\n", left.Round(time.Second), line)
	}
	if err == nil {
		w.report(ctx, s)
	}
	return moved
}

// report tells the forge how things stand, if that is not what it was told
// last. That it could not be told keeps nobody waiting.
func (w *waiter) report(ctx context.Context, s *standing) {
	if w.flags.report.mode == "" {
		return
	}
	notice := s.gate.notice(ctx, s.decision)
	if notice.Comment == w.reported {
		return
	}
	if err := s.gate.announce(ctx, notice); err != nil {
		fmt.Fprintf(w.env.Stderr, "warning: the forge was not told: %s\n", clean.Field(err.Error()))
		return
	}
	w.reported = notice.Comment
}

// cancelled is the end of a wait that was interrupted. What the forge was told
// would stand there as if somebody still waited, so it is told that nobody
// does.
func (w *waiter) cancelled(ctx context.Context) error {
	if w.last != nil && w.flags.report.mode != "" {
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
		defer done()
		g := w.last.gate
		if err := g.announce(ctx, g.cancelNotice(ctx, w.last.decision)); err != nil {
			fmt.Fprintf(w.env.Stderr, "warning: the forge was not told that this was cancelled: %s\n", clean.Field(err.Error()))
		}
	}
	return cli.Fail(cli.Unknown, "", "waiting was cancelled: %w", ctx.Err())
}

// sleep waits, and shows a person at a terminal what for.
func (w *waiter) sleep(ctx context.Context, pause time.Duration) error {
	m := newMeter(w.env)
	m.now("waiting: " + w.shown)
	defer m.stop()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asksHere reports whether all that a poll asks is on this machine, so that
// nobody else is kept busy.
func (g *gate) asksHere() bool {
	at := g.url
	if isGit(at) {
		remote, err := g.place.gitRemote(context.Background(), at)
		if err != nil {
			return false
		}
		at = remote.URL
	}
	here := isHere(at)
	for _, name := range []string{"GITHUB_API_URL", "CI_API_V4_URL"} {
		if api := g.env.Getenv(name); api != "" {
			here = here && isHere(api)
		}
	}
	return here
}

// isHere reports whether an address is a path, or one of this machine's own.
func isHere(at string) bool {
	u, err := url.Parse(at)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "", "dir", "tar", "file":
		return !strings.Contains(at, ":") || u.Scheme != ""
	case "http", "https":
		ip, err := netip.ParseAddr(u.Hostname())
		return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	}
	return false
}

// onlyNews passes on each line once, until something else was said in between
// as often as it remembers: a gate that asks a hundred times says the same.
type onlyNews struct {
	w    io.Writer
	mu   sync.Mutex
	part []byte
	said map[string]bool
}

// maxSaid is how many lines are remembered; then all is news again.
const maxSaid = 1000

func (o *onlyNews) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasPrefix(string(p), "\r") { // a terminal's line that goes away again
		return o.w.Write(p)
	}
	o.part = append(o.part, p...)
	for {
		end := slices.Index(o.part, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := string(o.part[:end+1])
		o.part = o.part[end+1:]
		if o.said[line] {
			continue
		}
		if o.said == nil || len(o.said) >= maxSaid {
			o.said = map[string]bool{}
		}
		o.said[line] = true
		if _, err := io.WriteString(o.w, line); err != nil {
			return 0, err
		}
	}
}

// Fd lets a terminal below be seen.
func (o *onlyNews) Fd() uintptr {
	if f, ok := o.w.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}
