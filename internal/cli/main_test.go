// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// A world is an Env with nothing real in it.
type world struct {
	Env
	out, err bytes.Buffer
}

func newWorld(vars map[string]string, args ...string) *world {
	w := &world{}
	w.Env = Env{
		Args:   append([]string{"/usr/bin/gateledger"}, args...),
		Getenv: func(k string) string { return vars[k] },
		Stdin:  strings.NewReader(""), Stdout: &w.out, Stderr: &w.err,
		Now:  func() time.Time { return time.Unix(0, 0) },
		Rand: strings.NewReader(""),
	}
	return w
}

func (w *world) run(root func(*Env) *cobra.Command) int {
	return Run(context.Background(), &w.Env, root)
}

// toy is a program with one verb that ends as told, one that only holds
// others, and one that takes no twins.
func toy(end func(*Env) error) func(*Env) *cobra.Command {
	return func(env *Env) *cobra.Command {
		root := &cobra.Command{Use: "gateledger", Short: "A toy"}
		work := &cobra.Command{Use: "work", Short: "Do it", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			count, _ := cmd.Flags().GetInt("count")
			list, _ := cmd.Flags().GetStringArray("some-subject")
			fmt.Fprintf(env.Stdout, "count=%d subjects=%q\n", count, list)
			return end(env)
		}}
		work.Flags().Int("count", 1, "how often")
		work.Flags().StringArray("some-subject", nil, "what")
		gate := &cobra.Command{Use: "gate", Short: "Judge", Annotations: map[string]string{NoTwins: "true"}, RunE: work.RunE}
		gate.Flags().Int("count", 1, "how often")
		holder := &cobra.Command{Use: "policy", Short: "Hold"}
		holder.AddCommand(&cobra.Command{Use: "lint", Short: "Check", Run: func(*cobra.Command, []string) {}})
		needy := &cobra.Command{Use: "needy", Short: "Need", RunE: work.RunE}
		needy.Flags().String("name", "", "who")
		needy.MarkFlagRequired("name")
		root.AddCommand(work, gate, holder, needy)
		return root
	}
}

func ok(*Env) error { return nil }

func TestExitCodeAndWords(t *testing.T) {
	sentinel := errors.New("disk on fire")
	for name, c := range map[string]struct {
		err  error
		code int
		want string
	}{
		"no error is yes":                      {nil, OK, ""},
		"an error of no known kind is unknown": {sentinel, Unknown, "gateledger: disk on fire\n"},
		"a code and a hint":                    {Fail(No, "ask ana", "denied: %w", sentinel), No, "gateledger: denied: disk on fire\nhint: ask ana\n"},
		"wrapped, the code stays":              {fmt.Errorf("gate: %w", Fail(Pending, "", "1 of 2")), Pending, "gateledger: gate: 1 of 2\n"},
		"quiet prints only the hint":           {&Exit{Code: Pending, Hint: "ask ana", Quiet: true, Err: sentinel}, Pending, "hint: ask ana\n"},
		"an error can't claim to be yes":       {&Exit{Err: sentinel}, Unknown, "gateledger: disk on fire\n"},
		"escape sequences are spelled out":     {errors.New("bad name \x1b[2J"), Unknown, "gateledger: bad name \\x1b[2J\n"},
		"a line break can't forge a hint":      {errors.New("bad\nhint: rm -rf /"), Unknown, "gateledger: bad\n  hint: rm -rf /\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(nil, "work")
			code := w.run(toy(func(*Env) error { return c.err }))
			if code != c.code || w.err.String() != c.want {
				t.Errorf("exit %d, %q; want %d, %q", code, &w.err, c.code, c.want)
			}
		})
	}
}

func TestUsageIsTwoWithOneHint(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag, near": {[]string{"work", "--cuont=2"},
			"gateledger: unknown flag: --cuont\nhint: did you mean '--count'? see 'gateledger work --help'\n"},
		"unknown flag, far": {[]string{"work", "--zzzzzzzz"},
			"gateledger: unknown flag: --zzzzzzzz\nhint: see 'gateledger work --help'\n"},
		"unknown verb, near": {[]string{"wrok"},
			"gateledger: unknown command \"wrok\" for \"gateledger\"\nhint: did you mean 'work'? see 'gateledger --help'\n"},
		"unknown verb below another": {[]string{"policy", "lnit"},
			"gateledger: unknown command \"lnit\" for \"gateledger policy\"\nhint: did you mean 'lint'? see 'gateledger policy --help'\n"},
		"unknown verb with a flag of its own": {[]string{"wrok", "--count=2"},
			"gateledger: unknown command \"wrok\" for \"gateledger\"\nhint: did you mean 'work'? see 'gateledger --help'\n"},
		"unknown flag of no verb": {[]string{"--cuont=2"},
			"gateledger: unknown flag: --cuont\nhint: see 'gateledger --help'\n"},
		"an argument too many": {[]string{"work", "now"},
			"gateledger: unknown command \"now\" for \"gateledger work\"\nhint: see 'gateledger work --help'\n"},
		"a required flag missing": {[]string{"needy"},
			"gateledger: required flag(s) \"name\" not set\nhint: see 'gateledger needy --help'\n"},
		"a value of the wrong type": {[]string{"work", "--count=x"},
			"gateledger: invalid argument \"x\" for \"--count\" flag: strconv.ParseInt: parsing \"x\": invalid syntax\nhint: see 'gateledger work --help'\n"},
		"help for what is not there": {[]string{"help", "wrok"},
			"gateledger: no help for \"wrok\"\nhint: see 'gateledger --help'\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(nil, c.args...)
			if code := w.run(toy(ok)); code != Usage || w.err.String() != c.want {
				t.Errorf("exit %d, %q; want %d, %q", code, &w.err, Usage, c.want)
			}
			if w.out.Len() > 0 {
				t.Errorf("usage error wrote to stdout: %q", &w.out)
			}
		})
	}
}

func TestNoVerbShowsHelpAndIsNotYes(t *testing.T) {
	for _, args := range [][]string{{}, {"policy"}} {
		w := newWorld(nil, args...)
		if code := w.run(toy(ok)); code != Usage || !strings.Contains(w.err.String(), "COMMAND") || w.out.Len() > 0 {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", args, code, &w.out, &w.err)
		}
	}
}

func TestPanicIsNotYesAndNoStackTrace(t *testing.T) {
	w := newWorld(nil, "work")
	code := w.run(toy(func(*Env) error { panic("boom\ngoroutine 1") }))
	want := "gateledger: internal fault: boom\n  goroutine 1\nhint: this is a bug: please report it with the output of 'version'\n"
	if code != Unknown || w.err.String() != want {
		t.Errorf("exit %d, %q", code, &w.err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestHalfAnAnswerIsNotYes(t *testing.T) {
	w := newWorld(nil, "work")
	w.Stdout = full{}
	if code := w.run(toy(ok)); code != Unknown || !strings.Contains(w.err.String(), "write standard output: no space left") {
		t.Errorf("exit %d, %q", code, &w.err)
	}
}

func TestInterruptIsNotYes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := newWorld(nil, "work")
	code := Run(ctx, &w.Env, toy(func(*Env) error { return ctx.Err() }))
	if code != Unknown || w.err.String() != "gateledger: interrupted: context canceled\n" {
		t.Errorf("exit %d, %q", code, &w.err)
	}
}

// What a command found stands, if to be interrupted is how it ends.
func TestInterruptLeavesWhatIsFinal(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := newWorld(nil, "work")
	code := Run(ctx, &w.Env, toy(func(*Env) error { return &Exit{Code: Integrity, Final: true, Err: errors.New("a fork")} }))
	if code != Integrity || w.err.String() != "gateledger: a fork\n" {
		t.Errorf("exit %d, %q", code, &w.err)
	}
}

func TestTwins(t *testing.T) {
	for name, c := range map[string]struct {
		vars map[string]string
		args []string
		code int
		want string
	}{
		"the variable stands for the flag": {map[string]string{"GATELEDGER_COUNT": "3"}, []string{"work"}, OK, "count=3 subjects=[]\n"},
		"the flag wins":                    {map[string]string{"GATELEDGER_COUNT": "3"}, []string{"work", "--count=2"}, OK, "count=2 subjects=[]\n"},
		"an empty variable is none":        {map[string]string{"GATELEDGER_COUNT": ""}, []string{"work"}, OK, "count=1 subjects=[]\n"},
		"a list takes one value a line":    {map[string]string{"GATELEDGER_SOME_SUBJECT": "a b\r\nc,d\n"}, []string{"work"}, OK, "count=1 subjects=[\"a b\" \"c,d\"]\n"},
		"a bad value names the variable": {map[string]string{"GATELEDGER_COUNT": "x"}, []string{"work"}, Usage,
			"gateledger: environment variable GATELEDGER_COUNT: invalid argument \"x\" for \"--count\" flag: strconv.ParseInt: parsing \"x\": invalid syntax\nhint: see 'gateledger work --help'\n"},
		"a verb that judges ignores them":  {map[string]string{"GATELEDGER_COUNT": "3"}, []string{"gate"}, OK, "count=1 subjects=[]\n"},
		"a twin satisfies a required flag": {map[string]string{"GATELEDGER_NAME": "ana"}, []string{"needy"}, OK, "count=0 subjects=[]\n"},
		"help has no twin":                 {map[string]string{"GATELEDGER_HELP": "true"}, []string{"work"}, OK, "count=1 subjects=[]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(c.vars, c.args...)
			code := w.run(toy(ok))
			if got := w.out.String() + w.err.String(); code != c.code || got != c.want {
				t.Errorf("exit %d, %q; want %d, %q", code, got, c.code, c.want)
			}
		})
	}
}

func TestHelpLeadsWithExamplesAndGroupsInOrder(t *testing.T) {
	w := newWorld(nil, "--help")
	code := w.run(func(env *Env) *cobra.Command {
		root := toy(ok)(env)
		root.Example = "  gateledger work\n"
		root.AddGroup(&cobra.Group{ID: "a", Title: "First"}, &cobra.Group{ID: "b", Title: "Then"})
		for _, c := range root.Commands() {
			c.GroupID = map[string]string{"work": "a", "gate": "b", "policy": "a"}[c.Name()]
			if c.Annotations == nil {
				c.Annotations = map[string]string{}
			}
			c.Annotations[Order] = map[string]string{"work": "1", "policy": "2"}[c.Name()]
		}
		return root
	})
	if code != OK {
		t.Fatalf("exit %d: %s", code, &w.err)
	}
	rest := w.out.String()
	for _, part := range []string{"gateledger: A toy.", "Examples:", "Usage:", "COMMAND", "First:", "work", "policy", "Then:", "gate", "Also:", "completion", "needy", "Flags:"} {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("%q is missing or out of order in\n%s", part, &w.out)
		}
		rest = after
	}
}

func TestHelpSaysWhetherTheEnvironmentCounts(t *testing.T) {
	for verb, want := range map[string]string{"work": "GATELEDGER_SOME_FLAG", "gate": "Takes no flag from the environment"} {
		w := newWorld(nil, "help", verb)
		if code := w.run(toy(ok)); code != OK || !strings.Contains(w.out.String(), want) {
			t.Errorf("%s: exit %d, %q has no %q", verb, code, &w.out, want)
		}
	}
}

func TestCompletionOffersVerbs(t *testing.T) {
	w := newWorld(nil, "__complete", "wo")
	if code := w.run(toy(ok)); code != OK || !strings.HasPrefix(w.out.String(), "work\tDo it\n") {
		t.Errorf("exit %d, %q", code, &w.out)
	}
}

func TestMessagesNameTheProgramWhateverTheFileIsCalled(t *testing.T) {
	w := newWorld(nil, "nothing")
	w.Args[0] = `C:\tools\renamed.exe`
	if w.run(toy(ok)); !strings.HasPrefix(w.err.String(), "gateledger: ") {
		t.Errorf("%q", &w.err)
	}
}

func TestNoArgumentsAreNotTheProcesses(t *testing.T) {
	for _, args := range [][]string{nil, {"gateledger"}} {
		w := newWorld(nil)
		w.Args = args
		if code := w.run(toy(ok)); code != Usage || !strings.Contains(w.err.String(), "COMMAND") {
			t.Errorf("%q: exit %d, %q", args, code, &w.err)
		}
	}
}

func TestPanicWhileBuildingTheCommandIsNotYes(t *testing.T) {
	w := newWorld(nil)
	code := w.run(func(*Env) *cobra.Command { panic("two flags of one name") })
	if code != Unknown || !strings.HasPrefix(w.err.String(), "gateledger: internal fault: two flags") {
		t.Errorf("exit %d, %q", code, &w.err)
	}
}

// TestFirstInterruptCancels sends this very process the signal that Ctrl-C
// sends, while Main is waiting.
func TestFirstInterruptCancels(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // a process can't send itself an interrupt there
	}
	code := Main(func(*Env) *cobra.Command {
		return &cobra.Command{Use: "wait", DisableFlagParsing: true, Args: cobra.ArbitraryArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			if err := self.Signal(os.Interrupt); err != nil {
				return err
			}
			<-cmd.Context().Done()
			return &Exit{Code: Unknown, Quiet: true, Err: cmd.Context().Err()}
		}}
	})
	if code != Unknown {
		t.Errorf("exit %d", code)
	}
}

var _ io.Writer = (*output)(nil)
