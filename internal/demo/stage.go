// SPDX-License-Identifier: Apache-2.0

// Package demo plays the main job from outside, with the real binary, a
// throw-away repository, throw-away keys and a throw-away home. Every step
// knows the exit code it must see, so a demo that ends well has shown what it
// says.
package demo

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// A Stage is a folder in which commands are run and shown.
type Stage struct {
	Self string    // the gateledger binary
	Dir  string    // the throw-away repository
	Home string    // the throw-away home: keys and trust of this play only
	Out  io.Writer // where the play is shown
	Rand io.Reader
	Env  []string // what children get, without anything of the caller's CI
}

// NewStage makes the folders under dir.
func NewStage(self, dir string, getenv func(string) string, random io.Reader, out io.Writer) (*Stage, error) {
	s := &Stage{Self: self, Dir: filepath.Join(dir, "repo"), Home: filepath.Join(dir, "home"), Out: out, Rand: random}
	for _, d := range []string{s.Dir, s.Home} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make stage: %w", err)
		}
	}
	s.Env = childEnv(getenv, s.Home)
	return s, nil
}

// childEnv keeps what toolchains need to find themselves, and nothing that
// would make the play believe it runs in CI or use the caller's keys.
func childEnv(getenv func(string) string, home string) []string {
	env := []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "USERPROFILE=" + home, "AppData=" + filepath.Join(home, "AppData"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
	}
	for _, name := range []string{
		"PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "PATHEXT", "NO_COLOR", "TERM", "GOCOVERDIR",
		"GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GOFLAGS", "GOTOOLCHAIN", "GOROOT",
		"GOMODCACHE", "GOCACHE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
	} {
		if v := getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return append(env, goFolders(getenv)...)
}

// goFolders lets the throw-away home use the caller's module and build cache.
func goFolders(getenv func(string) string) []string {
	var out []string
	for _, name := range []string{"GOMODCACHE", "GOCACHE"} {
		if getenv(name) != "" {
			continue
		}
		if v, err := exec.Command("go", "env", name).Output(); err == nil {
			out = append(out, name+"="+strings.TrimSpace(string(v)))
		}
	}
	return out
}

// Say prints a line of the narrator's.
func (s *Stage) Say(format string, args ...any) {
	fmt.Fprintf(s.Out, format+"\n", args...)
}

// Act prints a heading.
func (s *Stage) Act(title string) {
	fmt.Fprintf(s.Out, "\n── %s %s\n", title, strings.Repeat("─", max(0, 74-len([]rune(title)))))
}

// Gateledger runs the binary, shows command and output, and fails unless it
// exits with want.
func (s *Stage) Gateledger(ctx context.Context, want int, args ...string) error {
	return s.Part(ctx, want, func(string) bool { return true }, args...)
}

// Part is Gateledger that shows only the lines that show wants; the others
// were shown before, or would be too much.
func (s *Stage) Part(ctx context.Context, want int, show func(line string) bool, args ...string) error {
	fmt.Fprintf(s.Out, "\n$ gateledger %s\n", quote(args))
	var both bytes.Buffer // one pipe for both, so that lines come in their order
	err := s.run(ctx, want, &both, &both, s.Self, args...)
	left := false
	for line := range strings.Lines(both.String()) {
		line = strings.TrimRight(line, "\n")
		if err == nil && !show(line) {
			left = true
			continue
		}
		fmt.Fprintf(s.Out, "  %s\n", line)
	}
	if left {
		fmt.Fprintln(s.Out, "  [ … ]")
	}
	if err != nil {
		return fmt.Errorf("gateledger %s: %w", quote(args), err)
	}
	if want != 0 {
		fmt.Fprintf(s.Out, "  (exit %d)\n", want)
	}
	return nil
}

// Quiet runs the binary without showing it, and returns its standard output.
func (s *Stage) Quiet(ctx context.Context, args ...string) (string, error) {
	return s.Silent(ctx, s.Self, args...)
}

// Tool runs another program that must succeed, shows its command and not
// what it prints.
func (s *Stage) Tool(ctx context.Context, name string, args ...string) (string, error) {
	fmt.Fprintf(s.Out, "\n$ %s %s\n", name, quote(args))
	return s.Silent(ctx, name, args...)
}

// Silent runs a program that must succeed, shows nothing, and returns its
// standard output.
func (s *Stage) Silent(ctx context.Context, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	if err := s.run(ctx, 0, &stdout, &stderr, name, args...); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s", name, quote(args), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}

func (s *Stage) run(ctx context.Context, want int, stdout, stderr io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		return fmt.Errorf("exit %d, want %d", got, want)
	}
	return nil
}

// Voter makes an SSH key pair and returns the private half's path, relative
// to the repository.
func (s *Stage) Voter(name string) (string, error) {
	public, private, err := ed25519.GenerateKey(s.Rand)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, name)
	if err != nil {
		return "", err
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", err
	}
	file := filepath.Join(s.Home, "keys", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(s.Dir, file)
	if err != nil {
		return "", err
	}
	authorized := append(bytes.TrimSpace(ssh.MarshalAuthorizedKey(line)), " "+name+"\n"...)
	return filepath.ToSlash(rel), os.WriteFile(file+".pub", authorized, 0o644)
}

// Flip turns over one bit of a file.
func (s *Stage) Flip(file string, offset int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if offset < 0 || offset >= len(data) {
		return fmt.Errorf("no byte %d in %s", offset, file)
	}
	data[offset] ^= 1
	if err := os.Chmod(file, 0o644); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// Copy makes a copy of a file or of a folder tree.
func (s *Stage) Copy(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

// Repository makes the throw-away repository, Dana's.
func (s *Stage) Repository(ctx context.Context) error {
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"config", "user.name", "Dana"},
		{"config", "user.email", "dana@example.org"},
	} {
		if _, err := s.Silent(ctx, "git", args...); err != nil {
			return err
		}
	}
	return nil
}

// Path is a file of the repository.
func (s *Stage) Path(rel string) string { return filepath.Join(s.Dir, filepath.FromSlash(rel)) }

// quote writes arguments as a shell would want them.
func quote(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " '\"$\\|<>&;()*") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		out[i] = a
	}
	return strings.Join(out, " ")
}
