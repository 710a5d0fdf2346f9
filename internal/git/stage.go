// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A stage is the git folder of one call: its own refs and cut-off commits
// over the object store of a Bare.
type stage struct {
	bare *Bare
	dir  string
}

// stage makes one. refs are in it from the start (names to commits), and the
// histories of cut are taken to begin there.
func (b *Bare) stage(refs map[string]string, cut []string) (*stage, error) {
	dir, err := os.MkdirTemp(filepath.Join(b.dir, stages), "*") // 0700
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	s := &stage{bare: b, dir: dir}
	if err := s.fill(refs, cut); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) fill(refs map[string]string, cut []string) error {
	if err := layOut(s.dir, *s.bare.format.Load()); err != nil {
		return err
	}
	if len(refs) > 0 {
		var packed strings.Builder
		for name, id := range refs {
			packed.WriteString(id + " " + name + "\n")
		}
		if err := os.WriteFile(filepath.Join(s.dir, "packed-refs"), []byte(packed.String()), 0o600); err != nil {
			return err
		}
	}
	if len(cut) == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(s.dir, "shallow"), []byte(strings.Join(cut, "\n")+"\n"), 0o600)
}

func (s *stage) close() { os.RemoveAll(s.dir) }

// patience is how slow a remote may be: so many bytes a second, for so long.
var patience = []Setting{{"http.lowSpeedLimit", "500"}, {"http.lowSpeedTime", "30"}}

// calm are settings under which no user's taste changes what a call does. A
// commit that git's own check would refuse must not keep the others from
// being fetched: nothing is ever checked out, and Files looks at each path.
var calm = append(patience, []Setting{
	{"core.fsync", "none"},
	{"core.logAllRefUpdates", "false"},
	{"fetch.fsckObjects", "false"},
	{"fetch.prune", "false"},
	{"fetch.writeCommitGraph", "false"},
	{"fetch.recurseSubmodules", "false"},
	{"fetch.negotiationAlgorithm", "consecutive"},
	{"submodule.recurse", "false"},
	{"push.gpgSign", "false"},
	{"push.followTags", "false"},
	{"push.recurseSubmodules", "no"},
	{"push.useForceIfIncludes", "false"},
	{"push.pushOption", ""},
	{"pack.threads", "1"},
}...)

// run runs git in the stage, with settings on top. Of a call that reaches no
// remote, what git says is believed: that the cache is damaged is ErrDamaged.
func (s *stage) run(ctx context.Context, settings []Setting, c call) ([]byte, string, error) {
	c.apart = true
	c.env = append(c.env,
		"GIT_DIR="+s.dir,
		"GIT_OBJECT_DIRECTORY="+filepath.Join(s.bare.dir, "objects"),
	)
	c.env = append(c.env, configEnv(append(append([]Setting(nil), calm...), settings...))...)
	out, said, err := execute(ctx, s.bare.dir, s.bare.env, c)
	if err != nil && !c.remote && ctx.Err() == nil && !errors.Is(err, ErrTooLarge) && damage(said) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return out, said, err
}

// in runs one call in a stage of its own.
func (b *Bare) in(ctx context.Context, c call) ([]byte, error) {
	s, err := b.stage(nil, nil)
	if err != nil {
		return nil, err
	}
	defer s.close()
	out, _, err := s.run(ctx, nil, c)
	return out, err
}

// configEnv spells settings as git reads them from its environment.
func configEnv(settings []Setting) []string {
	env := []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(len(settings))}
	for i, s := range settings {
		n := strconv.Itoa(i)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+s.Key, "GIT_CONFIG_VALUE_"+n+"="+s.Value)
	}
	return env
}

// readShort reads a small regular file.
func readShort(file string, limit int64) (string, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return "", fmt.Errorf("%s is no file of at most %d bytes", filepath.Base(file), limit)
	}
	data, err := os.ReadFile(file)
	return string(data), err
}
