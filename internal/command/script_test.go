// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
)

// testNow is the variable that sets the clock of the programs under test. The
// real programs do not know it.
const testNow = "GATELEDGER_TEST_NOW"

// TestMain lets the test binary be each program, with a clock that stories
// can set.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gateledger":        program(command.Root),
		"gateledger-sbom":   program(command.Alone(command.SBOMFiles)),
		"gateledger-record": program(command.Alone(command.Record)),
		"gateledger-gate":   program(command.Alone(command.Gate)),
		"gateledger-verify": program(command.Alone(command.Verify)),
	})
}

func program(root func(*cli.Env) *cobra.Command) func() {
	return func() {
		env := cli.System()
		if set := os.Getenv(testNow); set != "" {
			env.Now = func() time.Time {
				now, err := time.Parse(time.RFC3339, set)
				if err != nil {
					panic(err)
				}
				return now
			}
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // as cli.Main has it
		defer stop()
		os.Exit(cli.Run(ctx, env, root))
	}
}

// TestStories plays every story. GATELEDGER_UPDATE=1 rewrites the files that
// stories compare with.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("..", "..", "testdata", "script"),
		Setup:              setUpStory,
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("GATELEDGER_UPDATE") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"flip":    flip,
			"sshkey":  sshkey,
			"mode":    mode,
			"capture": capture,
			"scene":   scene,
			"anchors": playAnchors,
			"clock":   clock,
			"asked":   asked,
			"gitlab":  gitlab,
			"github":  github,
			"guard":   guard,
			"remote":  remote,
		},
	})
}

// setUpStory gives a story a home, a git user and a clock of its own.
func setUpStory(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	config := "[user]\n\tname = Dana\n\temail = dana@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600); err != nil {
		return err
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // else the demo's go would start from nothing
		folder, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		env.Setenv(name, strings.TrimSpace(string(folder)))
	}
	for k, v := range map[string]string{
		"HOME": home, "USERPROFILE": home,
		"XDG_CONFIG_HOME":     filepath.Join(home, ".config"),
		"GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_DATE":     "2026-03-02T08:00:00Z",
		"GIT_COMMITTER_DATE":  "2026-03-02T08:00:00Z",
		testNow:               "2026-03-02T09:00:00Z",
	} {
		env.Setenv(k, v)
	}
	return nil
}

// exits N COMMAND… runs a command that must end with exit code N.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// flip FILE OFFSET changes the lowest bit of one byte. A negative offset
// counts from the end.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	file := ts.MkAbs(args[0])
	data, err := os.ReadFile(file)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	if at < 0 || at >= len(data) {
		ts.Fatalf("%s has %d bytes, there is no byte %s", args[0], len(data), args[1])
	}
	data[at] ^= 1
	ts.Check(rewrite(file, data))
}

// rewrite writes over a file that may be read-only, and leaves its mode.
func rewrite(file string, data []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := os.Chmod(file, info.Mode().Perm()|0o200); err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	return os.Chmod(file, info.Mode().Perm())
}

// sshkey NAME writes an Ed25519 key pair: NAME, and NAME.pub.
func sshkey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sshkey NAME")
	}
	ts.Check(writeSSHKey(ts.MkAbs(args[0]), filepath.Base(args[0])))
}

func writeSSHKey(file, comment string) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	line := string(ssh.MarshalAuthorizedKey(key))
	line = line[:len(line)-1] + " " + comment + "\n"
	return errors.Join(
		os.WriteFile(file, pem.EncodeToMemory(block), 0o600),
		os.WriteFile(file+".pub", []byte(line), 0o644),
	)
}

// mode PERM FILE… fails unless each file has exactly these permissions.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode PERM FILE…")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, f := range args[1:] {
		info, err := os.Stat(ts.MkAbs(f))
		ts.Check(err)
		if got := info.Mode().Perm(); got != fs.FileMode(want) {
			ts.Fatalf("%s has mode %04o, want %04o", f, got, want)
		}
	}
}

// capture VAR REGEX FILE sets an environment variable from the first submatch
// in a file, or in stdout or stderr of the last command.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture VAR REGEX FILE|stdout|stderr")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	match := re.FindStringSubmatch(ts.ReadFile(args[2]))
	if len(match) < 2 {
		ts.Fatalf("no match of %q in %s", args[1], args[2])
	}
	ts.Setenv(args[0], match[1])
}
