// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Programs that a checkout's own configuration names.
//
// Many keys of git's configuration name a program. Those with one name are
// overridden in options, for every call. The others carry a name that somebody
// chose (filter.NAME.clean, remote.NAME.uploadpack, hook.NAME.command), so the
// configuration must be asked which there are. What the user's and the
// system's own configuration says is kept; what .git/config says, or
// config.worktree, or a file that one of them includes, is not run.
//
// Two keys are kept on purpose, since CI hosts write them into a checkout to
// let a job in at the remote: core.sshCommand and credential.helper.

// named matches the keys that name a program and carry a name themselves.
const named = `^(filter\..*\.(clean|smudge|process)|remote\..*\.(uploadpack|receivepack)|hook\..*\.(command|event))$`

// traces are what a configuration file has in it, in some case, if it, or
// another file on its account, says something that named matches. git allows
// no escapes and no blanks in the names of sections and keys.
var traces = [][]byte{
	[]byte("filter"), []byte("uploadpack"), []byte("receivepack"), []byte("[hook"), []byte("include"), []byte("worktreeconfig"),
}

// maxNamed is how many programs a checkout's configuration may name.
const maxNamed = 256

// A neutral is what keeps a call from running the checkout's programs.
type neutral struct {
	settings []Setting         // that override its own
	packs    map[string]string // key to the user's own program, of remote.NAME.uploadpack
	stay     bool              // objects that are missing must not be fetched on the way
}

// neutral asks what must be overridden. Mostly it sees by the configuration
// file alone that there is nothing, and starts no process.
func (r *Repo) neutral(ctx context.Context) (neutral, error) {
	data, err := readShort(filepath.Join(r.CommonDir, "config"), 1<<20)
	lower := bytes.ToLower([]byte(data))
	if err == nil && !slices.ContainsFunc(traces, func(t []byte) bool { return bytes.Contains(lower, t) }) {
		return neutral{}, nil
	}
	out, _, err := execute(ctx, r.TopLevel, r.env, call{args: []string{"config", "--includes", "--show-scope", "-z", "--get-regexp", named}})
	if exitCode(err) == 1 {
		return neutral{}, nil
	}
	if err != nil {
		return neutral{}, fmt.Errorf("read which programs the checkout's configuration names: %w", err)
	}
	return neutralOf(string(out))
}

// neutralOf reads "SCOPE\0KEY\nVALUE\0" entries, the last of a key counts.
func neutralOf(out string) (neutral, error) {
	theirs, users := map[string]bool{}, map[string]string{}
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	if len(fields)%2 != 0 {
		return neutral{}, fmt.Errorf("git config: odd answer %s", quote(out))
	}
	for i := 0; i < len(fields); i += 2 {
		key, value, _ := strings.Cut(fields[i+1], "\n")
		switch fields[i] {
		case "system", "global":
			users[key] = value
		default:
			theirs[key] = true
		}
	}
	if len(theirs) > maxNamed {
		return neutral{}, fmt.Errorf("the checkout's configuration names %d programs, over the limit of %d", len(theirs), maxNamed)
	}
	n := neutral{packs: users}
	for _, key := range slices.Sorted(maps.Keys(theirs)) {
		n.override(key, users[key])
	}
	return n, nil
}

// override takes a program of the checkout's back: to the user's own, or none.
func (n *neutral) override(key, users string) {
	at := strings.LastIndexByte(key, '.')
	section, _, _ := strings.Cut(key, ".")
	switch section {
	case "filter":
		n.settings = append(n.settings, Setting{key, users}, Setting{key[:at] + ".required", "false"})
	case "hook":
		n.settings = append(n.settings, Setting{key[:at] + ".command", ":"}, Setting{key[:at] + ".enabled", "false"})
	case "remote": // of these the first one counts, so that no setting overrides it
		n.stay = true
	}
}

// guard makes a call that runs none of the checkout's programs of it.
func (n neutral) guard(c call) call {
	c.settings = append(slices.Clone(n.settings), c.settings...)
	if n.stay && !c.reaches {
		// Where git finds an object missing, in a partial clone, it starts a
		// fetch of its own, which we can't tell what to run.
		c.env = append(slices.Clone(c.env), "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	}
	if len(c.settings) > 0 {
		c.env = append(slices.Clone(c.env), configEnv(c.settings)...)
	}
	return c
}

// reach makes a call to a remote of the checkout. verb is ls-remote or fetch;
// the program at the other end is git's own, or what the user's configuration
// names.
func (r *Repo) reach(ctx context.Context, remote, verb string, args ...string) ([]byte, error) {
	n, err := r.neutral(ctx)
	if err != nil {
		return nil, err
	}
	pack := n.packs["remote."+remote+".uploadpack"]
	if pack == "" {
		pack = "git-upload-pack"
	}
	c := n.guard(call{args: append([]string{verb, "--upload-pack=" + pack}, args...), settings: patience, reaches: true})
	out, _, err := execute(ctx, r.TopLevel, r.env, c)
	return out, err
}
