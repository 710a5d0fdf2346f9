// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/hosting"
)

// preparedFor is a setup for a plan, or for a provider where none is named,
// in a checkout whose remote has the default branch trunk.
func preparedFor(t *testing.T, name, branch string) *setup {
	t.Helper()
	h := host{provider: name}
	if p, err := hosting.Find(name); err == nil {
		h = host{provider: p.Provider, plan: p}
	}
	env := newHome(t)
	runGit(t, "init", "--quiet", "--initial-branch=trunk", ".")
	runGit(t, "init", "--quiet", "--bare", "--initial-branch=trunk", filepath.Join("..", "hub.git"))
	runGit(t, "remote", "add", "origin", filepath.Join(env.Getenv("HOME"), "hub.git"))
	runGit(t, "-c", "user.name=Dana", "-c", "user.email=dana@example.org", "commit", "--quiet", "--allow-empty", "--message=Start")
	runGit(t, "push", "--quiet", "origin", "trunk")
	here, err := findPlace(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{env: env, place: here, at: "git:origin", host: h, origin: "aaaabbbbccccdddd", jobs: "sha256:" + strings.Repeat("0", 64)}
	if branch != "" {
		s.at += "?branch=" + branch
	}
	s.result.Keyring = filepath.Join(env.Getenv("HOME"), ".config", "gateledger")
	return s
}

// advised is what init prints about a plan, for key files of its own.
func advised(t *testing.T, provider, plan, branch string) initResult {
	t.Helper()
	if plan == "" {
		plan = provider
	}
	s := preparedFor(t, plan, branch)
	if s.host.provider != provider {
		t.Fatalf("%s is of %s", plan, s.host.provider)
	}
	if err := s.advise(t.Context(), jobFile(provider)); err != nil {
		t.Fatal(err)
	}
	return s.result
}

func runGit(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func printed(r initResult) string {
	var b bytes.Buffer
	r.printHosting(&b)
	return b.String()
}

// TestAdviceIsAsInTheGoldens shows all that init prints about some plans.
// GATELEDGER_UPDATE=1 rewrites the files.
func TestAdviceIsAsInTheGoldens(t *testing.T) {
	folder, err := filepath.Abs(filepath.Join("..", "..", "testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{hosting.GitHub, "github-team"}, {hosting.GitHub, "github-free-private"}, {hosting.GitHub, ""},
		{hosting.GitLab, "gitlab-free"}, {hosting.GitLab, "gitlab-premium"},
	} {
		name := "init-" + c[1]
		if c[1] == "" {
			name = "init-" + c[0] + "-unnamed"
		}
		t.Run(name, func(t *testing.T) {
			got := printed(advised(t, c[0], c[1], ""))
			file := filepath.Join(folder, name+".txt")
			if os.Getenv("GATELEDGER_UPDATE") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What is printed is pasted into a shell: it is played here, with programs
// that write down how they were called and what they were given.
func TestAdviceIsShell(t *testing.T) {
	for _, p := range hosting.Plans() {
		if jobFile(p.Provider) == "" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			r := advised(t, p.Provider, p.Name, "")
			temp := t.TempDir()
			writeProgram(t, temp, "called", `{ printf 'called'; printf ' %s' "$(basename "$0")" "$@"; echo; } >> "`+temp+`/log"; case "$*" in *--input*|*secret*|*variable*) cat >> "`+temp+`/log"; echo >> "`+temp+`/log";; esac`)
			for _, name := range []string{"gh", "glab", "git", "gateledger"} {
				if err := os.Symlink("called", filepath.Join(temp, "bin", name)); err != nil {
					t.Fatal(err)
				}
			}
			key := filepath.Join(temp, ".config", "gateledger", "log", "aaaabbbbccccdddd.key")
			if err := os.MkdirAll(filepath.Dir(key), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(key, []byte("PRIVATE+KEY+it\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			jobKey := filepath.Join(temp, ".config", "gateledger", "event", "aaaabbbbccccdddd-ci.pem")
			if err := os.MkdirAll(filepath.Dir(jobKey), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(jobKey, []byte(jobPEM), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sh", "-e", "-c", printed(r))
			cmd.Dir = temp
			cmd.Env = []string{"HOME=" + temp, "PATH=" + filepath.Join(temp, "bin") + ":" + os.Getenv("PATH")}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checkCalls(t, p, read(t, temp, "log"))
		})
	}
}

// jobPEM stands for the key that jobs sign with.
const jobPEM = "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n"

// checkCalls looks at what the programs were called with.
func checkCalls(t *testing.T, p hosting.Plan, log string) {
	t.Helper()
	for call := range strings.SplitSeq(log, "called ") {
		line, input, _ := strings.Cut(call, "\n")
		if strings.Contains(line, "--input") && !json.Valid([]byte(input)) {
			t.Errorf("%s gets no JSON:\n%s", line, input)
		}
		if strings.Contains(line, "PRIVATE") {
			t.Errorf("the key is an argument: %s", line)
		}
		if strings.Contains(line, "GATELEDGER_EVENT_KEY") && input != jobPEM+"\n" && input != base64.StdEncoding.EncodeToString([]byte(jobPEM))+"\n" {
			t.Errorf("%s gets %q", line, input)
		}
		if stores := strings.Contains(line, "GATELEDGER_LOG_KEY"); stores && !strings.HasPrefix(input, "PRIVATE+KEY+it") {
			t.Errorf("%s gets %q", line, input)
		}
	}
	protects := strings.Contains(log, "secret set GATELEDGER_LOG_KEY --env gateledger-log") ||
		strings.Contains(log, "variable set GATELEDGER_LOG_KEY --protected --masked --raw --scope gateledger-log")
	if protects != (p.Key != hosting.NoProtection) {
		t.Errorf("the key is protected: %v, and the plan can: %s\n%s", protects, p.Key, log)
	}
	if strings.Count(log, "set GATELEDGER_EVENT_KEY") != 1 {
		t.Errorf("the key that jobs sign with is not stored once:\n%s", log)
	}
	branch := strings.Contains(log, "refs/heads/gateledger/log") || strings.Contains(log, "name=gateledger/log")
	if branch != (p.Branch != hosting.NoBranchProtection) {
		t.Errorf("the branch is protected: %v, and the plan can: %s\n%s", branch, p.Branch, log)
	}
}

func TestAdviceSaysPlainlyThatAPlanCannotProtectTheKey(t *testing.T) {
	for _, p := range hosting.Plans() {
		if jobFile(p.Provider) == "" {
			continue
		}
		r := advised(t, p.Provider, p.Name, "")
		text := printed(r)
		if plain := strings.Contains(text, "# no log-key protection on "+p.Name); plain != (p.Key == hosting.NoProtection) || plain != (r.Protection != "") {
			t.Errorf("%s: says that there is no protection: %v", p.Name, plain)
		}
		advisory := strings.Contains(text, "# the gate's answer is advisory: stops nobody on this plan, ")
		if advisory != (p.Gate == hosting.Advisory) || r.Enforcement == "" {
			t.Errorf("%s: says that the gate stops nobody: %v", p.Name, advisory)
		}
		for _, line := range p.Remains {
			if !strings.Contains(text, "# - "+line+"\n") {
				t.Errorf("%s does not say that %q", p.Name, line)
			}
		}
	}
}

func TestAdviceNamesBranchAndDefaultBranch(t *testing.T) {
	text := printed(advised(t, hosting.GitHub, "github-team", "audit/log"))
	if !strings.Contains(text, `["refs/heads/audit/log"]`) || !strings.Contains(text, "-f name=trunk\n") {
		t.Errorf("%s", text)
	}
	text = printed(advised(t, hosting.GitLab, "gitlab-free", "audit/log"))
	if !strings.Contains(text, "-f name=audit/log ") || !strings.Contains(text, "--ref trunk ") {
		t.Errorf("%s", text)
	}
}

func TestShellWordIsOneWordOfAShell(t *testing.T) {
	for _, text := range []string{"", "plain", "a b", "it's", "$(rm)", "`x`", "a\nb", `"`, `\`, "*", "~", "#", "é", "--", "a;b", "!"} {
		out, err := exec.Command("sh", "-c", "printf '%s.' "+shellWord(text)).Output()
		if err != nil || string(out) != text+"." {
			t.Errorf("%q came out as %q, %v", text, out, err)
		}
	}
}

func TestShellPathStartsAtHome(t *testing.T) {
	for _, c := range []struct{ home, file, want string }{
		{"/home/ana", "/home/ana/.config/gateledger/log/x.key", "~/.config/gateledger/log/x.key"},
		{"/home/ana", "/home/ana/my keys/x.key", "~/'my keys/x.key'"},
		{"/home/ana", "/home/anabel/x.key", "/home/anabel/x.key"},
		{"/home/ana", "/srv/my keys", "'/srv/my keys'"},
		{"", "/srv/x.key", "/srv/x.key"},
	} {
		if got := shellPath(c.home, c.file); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestHostIsChosenByFlags(t *testing.T) {
	for name, c := range map[string]struct {
		flags    initOptions
		provider string
		ledger   string
		says     string
	}{
		"nothing":                      {initOptions{}, "", "dir:", ""},
		"GitHub":                       {initOptions{github: true}, "github", "git:origin", ""},
		"GitLab":                       {initOptions{gitlab: true}, "gitlab", "git:origin", ""},
		"both":                         {initOptions{github: true, gitlab: true}, "", "", "both --github and --gitlab"},
		"a plan of it":                 {initOptions{github: true, plan: "github-team"}, "github", "git:origin", ""},
		"a plan alone":                 {initOptions{plan: "gitlab-free"}, "gitlab", "git:origin", ""},
		"a plan of the other":          {initOptions{gitlab: true, plan: "github-team"}, "", "", "github-team is no plan of --gitlab"},
		"any git server":               {initOptions{plan: "git"}, "git", "git:origin", ""},
		"one machine":                  {initOptions{plan: "dir"}, "dir", "dir:", ""},
		"a plan that nobody has":       {initOptions{github: true, plan: "github-gold"}, "", "", `unknown hosting plan "github-gold"; have github-free-public,`},
		"a plan of any git for GitHub": {initOptions{github: true, plan: "git"}, "", "", "git is no plan of --github"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := chooseHost(c.flags)
			if c.says != "" {
				if exit, ok := err.(*cli.Exit); !ok || exit.Code != cli.Usage || exit.Hint == "" || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || h.provider != c.provider || h.defaultLedger() != c.ledger {
				t.Errorf("%+v, %s, %v", h, h.defaultLedger(), err)
			}
		})
	}
}

func TestHostOfAPolicyIsKept(t *testing.T) {
	team := host{provider: hosting.GitHub, plan: mustPlan(t, "github-team")}
	for name, c := range map[string]struct {
		flags  host
		policy string
		want   string
		says   string
	}{
		"neither":                    {host{}, "", "", ""},
		"the policy's":               {host{}, "github-team", "github-team", ""},
		"the same":                   {team, "github-team", "github-team", ""},
		"only the host":              {host{provider: hosting.GitHub}, "github-team", "github-team", ""},
		"another plan":               {team, "github-free-private", "", `the policy's hosting is "github-free-private", and not github-team`},
		"a plan that it lacks":       {team, "", "", `the policy's hosting is "", and not github-team`},
		"another host":               {host{provider: hosting.GitLab}, "github-team", "", "not of --gitlab"},
		"one that nobody has":        {host{}, "cloud", "", "read ledger.hosting: unknown hosting plan"},
		"a host and no plan to name": {host{provider: hosting.GitLab}, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.flags.asIn(c.policy)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || got.plan.Name != c.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func mustPlan(t *testing.T, name string) hosting.Plan {
	t.Helper()
	p, err := hosting.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGitPlace(t *testing.T) {
	for at, want := range map[string][2]string{
		"git:origin":                                   {"origin", "gateledger/log"},
		"git:origin?branch=audit/log":                  {"origin", "audit/log"},
		"git:https://git.example.org/acme/app":         {"https://git.example.org/acme/app", "gateledger/log"},
		"git:git@git.example.org:acme/app.git?branch=": {"git@git.example.org:acme/app.git", "gateledger/log"},
	} {
		remote, branch, err := gitPlace(at)
		if err != nil || remote != want[0] || branch != want[1] {
			t.Errorf("%s: %q, %q, %v", at, remote, branch, err)
		}
	}
	for _, at := range []string{"git:", "git:?branch=x", "git:origin?branch=%zz", "git:origin?branch=$(x)", "git:origin?branch=a+b", `git:origin?branch=a"b`, "git:origin?branch=-x", "git:origin?branch=a..b"} {
		if _, _, err := gitPlace(at); err == nil {
			t.Errorf("%s is a place", at)
		}
	}
}
