// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/report"
)

// A runner is a job of GitHub Actions as far as publishing sees it.
type runner struct {
	env            *cli.Env
	stdout, stderr *bytes.Buffer
	out, summary   string // files
}

func newRunner(t testing.TB) *runner {
	t.Helper()
	r := &runner{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	dir := t.TempDir()
	r.out, r.summary = filepath.Join(dir, "out"), filepath.Join(dir, "summary")
	for _, name := range []string{r.out, r.summary} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	variables := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": r.out, "GITHUB_STEP_SUMMARY": r.summary}
	r.env = &cli.Env{
		Getenv: func(name string) string { return variables[name] },
		Stdout: r.stdout, Stderr: r.stderr, Rand: strings.NewReader(strings.Repeat("some bytes that stand for chance", 1000)),
	}
	return r
}

// output is the last value of an output.
func (r *runner) output(t testing.TB, want string) string {
	t.Helper()
	data, err := os.ReadFile(r.out)
	if err != nil {
		t.Fatal(err)
	}
	last := "(none)"
	for lines := strings.Split(string(data), "\n"); len(lines) > 1; {
		name, end, ok := strings.Cut(lines[0], "<<")
		if !ok {
			t.Fatalf("odd line %q", lines[0])
		}
		n := 1
		for lines[n] != end {
			n++
		}
		if name == want {
			last = strings.Join(lines[1:n], "\n")
		}
		lines = lines[n+1:]
	}
	return last
}

func gateSays(verdict policy.Verdict) *told {
	t := gateTold(gateFlags{})
	t.allowed = verdict == policy.Allowed
	t.report = report.Decision{Decision: policy.Decision{Verdict: verdict, Environment: "production"}}
	return t
}

func TestOnlyPendingTurnsGreen(t *testing.T) {
	exit := func(code int) error { return &cli.Exit{Code: code, Quiet: true, Err: errors.New("why")} }
	for name, c := range map[string]struct {
		err        error
		said       policy.Verdict
		code       int // without --green-when-pending
		green      int
		verdict    string
		annotation string
	}{
		"allowed":                    {nil, policy.Allowed, 0, 0, "allowed", "notice"},
		"denied":                     {exit(cli.No), policy.Denied, 1, 1, "denied", "error"},
		"pending":                    {exit(cli.Pending), policy.Pending, 8, 0, "pending", "warning"},
		"could not find out":         {exit(cli.Unknown), policy.Pending, 3, 3, "unknown", "error"},
		"tampered":                   {exit(cli.Integrity), policy.Pending, 4, 4, "unknown", "error"},
		"misused":                    {exit(cli.Usage), policy.Pending, 2, 2, "unknown", "error"},
		"nobody classified it":       {io.ErrUnexpectedEOF, policy.Pending, 3, 3, "unknown", "error"},
		"an error that claims 0":     {exit(cli.OK), policy.Allowed, 3, 3, "unknown", "error"},
		"allowed, and then failed":   {exit(cli.Unknown), policy.Allowed, 3, 3, "unknown", "error"},
		"allowed, and then tampered": {exit(cli.Integrity), policy.Allowed, 4, 4, "unknown", "error"},
		"ended well with no answer":  {nil, policy.Pending, 0, 0, "unknown", "notice"},
		"pending inside of another":  {fmt.Errorf("x: %w", exit(cli.Pending)), policy.Pending, 8, 8, "pending", "warning"},
		"tampered, and pending":      {errors.Join(exit(cli.Integrity), exit(cli.Pending)), policy.Pending, 4, 4, "unknown", "error"},
	} {
		for _, green := range []bool{false, true} {
			r := newRunner(t)
			err := publishing{on: true, green: green}.run(t.Context(), r.env, gateSays(c.said), func(*cli.Env) error { return c.err })
			want, annotation := c.code, c.annotation
			if green {
				want = c.green
			}
			if green && want == 0 {
				annotation = "notice"
			}
			if got := exitOf(err).Code; got != want {
				t.Errorf("%s, green %v: exit %d, want %d (%v)", name, green, got, want, err)
			}
			if got := r.output(t, "verdict"); got != c.verdict {
				t.Errorf("%s, green %v: verdict %q, want %q", name, green, got, c.verdict)
			}
			if !strings.Contains(r.stderr.String(), "::"+annotation+" title=") {
				t.Errorf("%s, green %v: no %s in %q", name, green, annotation, r.stderr)
			}
		}
	}
}

func TestAnInterruptedGateIsNotGreen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newRunner(t)
	err := publishing{on: true, green: true}.run(ctx, r.env, gateSays(policy.Pending), func(*cli.Env) error {
		cancel()
		return &cli.Exit{Code: cli.Pending, Quiet: true, Err: ctx.Err()}
	})
	if exitOf(err).Code != cli.Pending {
		t.Errorf("%v", err)
	}
}

// Whatever ends a gate early, and whatever breaks while it is published, nobody
// finds "allowed".
func TestAnAnswerThatIsNotPublishedIsNone(t *testing.T) {
	allow := func(*cli.Env) error { return nil }
	for name, c := range map[string]struct {
		spoil func(t *testing.T, r *runner) // before the gate
		late  func(t *testing.T, r *runner) // while it decides
		code  int
		ran   bool
	}{
		"no output file":             {func(t *testing.T, r *runner) { remove(t, r.out) }, nil, 3, false},
		"a folder for a file":        {func(t *testing.T, r *runner) { remove(t, r.out); must(os.Mkdir(r.out, 0o700)) }, nil, 3, false},
		"a link for a file":          {func(t *testing.T, r *runner) { remove(t, r.out); must(os.Symlink(r.summary, r.out)) }, nil, 3, false},
		"no summary file":            {nil, func(t *testing.T, r *runner) { remove(t, r.summary) }, 3, true},
		"a summary that is a device": {nil, func(t *testing.T, r *runner) { remove(t, r.summary); must(os.Symlink("/dev/full", r.summary)) }, 3, true},
		"the log is gone":            {nil, func(t *testing.T, r *runner) { r.env.Stderr = full{} }, 3, true},
		"the output file is gone":    {nil, func(t *testing.T, r *runner) { remove(t, r.out) }, 3, true},
		"it panics":                  {nil, func(*testing.T, *runner) { panic("bug") }, -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t)
			if c.spoil != nil {
				c.spoil(t, r)
			}
			ran, code := false, -1
			func() {
				defer func() { _ = recover() }()
				err := publishing{on: true, green: true}.run(t.Context(), r.env, gateSays(policy.Allowed), func(env *cli.Env) error {
					ran = true
					if c.late != nil {
						c.late(t, r)
					}
					return allow(env)
				})
				code = exitOf(err).Code
			}()
			if code != c.code || ran != c.ran {
				t.Errorf("exit %d, want %d; decided: %v", code, c.code, ran)
			}
			if info, err := os.Lstat(r.out); err == nil && info.Mode().IsRegular() && r.output(t, "verdict") == saidAllowed {
				t.Error("the output says allowed")
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestHalfAnAnswerOnStandardOutputIsNone(t *testing.T) {
	r := newRunner(t)
	r.env.Stdout = full{}
	err := publishing{on: true}.run(t.Context(), r.env, gateSays(policy.Allowed), func(env *cli.Env) error {
		fmt.Fprintln(env.Stdout, "ALLOWED")
		return nil
	})
	if exitOf(err).Code != cli.Unknown || r.output(t, "verdict") != saidUnknown {
		t.Errorf("%v, verdict %s", err, r.output(t, "verdict"))
	}
}

func TestAReportFolderHoldsNoOldAnswer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	env := &cli.Env{Getenv: func(string) string { return "" }, Stdout: io.Discard, Stderr: io.Discard, Rand: strings.NewReader("")}
	p := publishing{dir: dir}
	read := func() string { data, _ := os.ReadFile(filepath.Join(dir, ci.OutputsDotenv)); return string(data) }
	if err := p.run(t.Context(), env, gateSays(policy.Allowed), func(*cli.Env) error { return nil }); err != nil || !strings.Contains(read(), "VERDICT=allowed") {
		t.Fatalf("%v %s", err, read())
	}
	_ = p.run(t.Context(), env, gateSays(policy.Allowed), func(*cli.Env) error {
		if !strings.Contains(read(), "VERDICT=unknown") {
			t.Errorf("while it decides: %s", read())
		}
		return errors.New("oh")
	})
	if !strings.Contains(read(), "VERDICT=unknown") {
		t.Errorf("after it failed: %s", read())
	}
	// A summary that can't be written takes the outputs with it.
	err := p.run(t.Context(), env, gateSays(policy.Allowed), func(*cli.Env) error {
		must(os.Remove(filepath.Join(dir, ci.SummaryFile)))
		return os.Mkdir(filepath.Join(dir, ci.SummaryFile), 0o700)
	})
	if err == nil || strings.Contains(read(), "allowed") {
		t.Errorf("%v: %s", err, read())
	}
}

func TestOutputsThatAnyHostTakes(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"2 approvals by lead":         "2 approvals by lead",
		`the "x" of $(id) 'y' #z`:     "the _x_ of _(id) _y_ _z",
		"a\nVERDICT=allowed":          "a VERDICT=allowed",
		"a\x1b[2J\u202eb":             "a_x1b[2J_u202eb",
		"  around  ":                  "around",
		"`id`\\n":                     "_id__n",
		strings.Repeat("x", 10000):    strings.Repeat("x", 499) + "…",
		"ends in a space " + "\u3000": "ends in a space",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%.40q) = %.60q, want %.60q", in, got, want)
		}
	}
}

func TestLogPage(t *testing.T) {
	github := event.Context{Provider: "github", Host: "github.com", Repository: "acme/app"}
	gitlab := event.Context{Provider: "gitlab", Host: "gitlab.example.org", Repository: "acme/app"}
	for _, c := range []struct {
		at   event.Context
		url  string
		want string
	}{
		{github, "git:origin", "https://github.com/acme/app/tree/gateledger/log"},
		{github, "git:origin?branch=audit", "https://github.com/acme/app/tree/audit"},
		{gitlab, "git:https://gitlab.example.org/acme/app.git", "https://gitlab.example.org/acme/app/-/tree/gateledger/log"},
		{gitlab, "git:https://gitlab.example.org/acme/other.git", ""},
		{github, "git:upstream", ""},
		{github, "dir:/var/lib/log", ""},
		{event.Context{Provider: "local"}, "git:origin", ""},
		{event.Context{Provider: "jenkins", Host: "h", Repository: "r"}, "git:origin", ""},
	} {
		if got := logPage(c.at, c.url); got != c.want {
			t.Errorf("logPage(%s, %s) = %q, want %q", c.at.Provider, c.url, got, c.want)
		}
	}
}

func TestSameRun(t *testing.T) {
	github := event.Context{Provider: "github", Host: "github.com", Repository: "acme/app", Run: "77", Attempt: "2"}
	gitlab := event.Context{Provider: "gitlab", Host: "gitlab.example.org", Repository: "acme/app", Run: "7"}
	for _, c := range []struct {
		uri  string
		at   event.Context
		want bool
	}{
		{"https://github.com/acme/app/actions/runs/77/attempts/1", github, true},
		{"https://github.com/acme/app/actions/runs/77", github, true},
		{"https://github.com/acme/app/actions/runs/778/attempts/1", github, false},
		{"https://github.com/acme/app/actions/runs/7", github, false},
		{"https://github.com/mallory/app/actions/runs/77/attempts/1", github, false},
		{"https://github.com.evil.example/acme/app/actions/runs/77", github, false},
		{"https://gitlab.example.org/acme/app/-/jobs/12", gitlab, true},
		{"https://gitlab.example.org/acme/app-two/-/jobs/12", gitlab, false},
	} {
		if got := sameRun(c.uri, c.at); got != c.want {
			t.Errorf("sameRun(%s, %s) = %v", c.uri, c.at.Provider, got)
		}
	}
}
