// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An Update moves one ref of a remote, if it stands where Old says. An empty
// Old: it must not be there. An empty New: it is deleted.
type Update struct{ Ref, Old, New string }

// MaxUpdates bounds one push. git passes what it expects of each ref as an
// argument, and systems bound those together.
const MaxUpdates = 8192

// Push makes all updates at the remote or none. It fails with ErrMoved,
// ErrRefused or ErrRemote; after ErrRemote they may have been made all the
// same. A ref that stands at New already counts as moved, so that a push may
// be repeated after its answer was lost. An update whose New is its Old changes nothing and checks that the
// ref still stands there; if all are such, the remote is asked where a push
// would be, and nothing is sent. With others, it is checked just before they
// are sent, and not again with them.
//
// BUG(git): where a command line may have no more than 32 KB (Windows), some
// 200 updates are too many for one push.
func (b *Bare) Push(ctx context.Context, r Remote, updates ...Update) error {
	if len(updates) == 0 {
		return nil
	}
	if err := b.push(ctx, r, updates); err != nil {
		return fmt.Errorf("push to %s: %w", r.shown(true), err)
	}
	return nil
}

func (b *Bare) push(ctx context.Context, r Remote, updates []Update) error {
	asking, err := b.checkUpdates(updates)
	if err != nil {
		return err
	}
	a, err := r.access(true)
	if err != nil {
		return err
	}
	if asking {
		if updates, err = b.standIns(ctx, updates); err != nil {
			return err
		}
	}
	cut, err := b.cutFor(ctx, updates)
	if err != nil {
		return err
	}
	s, err := b.stage(nil, cut)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.pushes(a.name, updates); err != nil {
		return err
	}
	args := []string{"push", "--porcelain", "--verbose", "--no-progress", "--no-verify", "--atomic"}
	if asking {
		args = append(args, "--dry-run")
	}
	for _, u := range updates {
		args = append(args, "--force-with-lease="+u.Ref+":"+u.Old)
	}
	out, said, err := s.run(ctx, a.settings, call{args: append(args, "--", a.name), env: a.env, hide: a.secrets, limit: maxRefs, talk: 64 << 10, remote: true})
	if err != nil {
		if blamed := b.blame(ctx, said, err); !errors.Is(blamed, ErrRemote) {
			return blamed
		}
	}
	return verdict(updates, string(out), said, err)
}

// checkUpdates refuses what is no update, and reports whether they only ask.
func (b *Bare) checkUpdates(updates []Update) (asking bool, err error) {
	if len(updates) > MaxUpdates {
		return false, fmt.Errorf("%d updates are over the limit of %d", len(updates), MaxUpdates)
	}
	asking = true
	seen := map[string]bool{}
	for _, u := range updates {
		if err := checkRef(u.Ref, false); err != nil {
			return false, err
		}
		for _, id := range []string{u.Old, u.New} {
			if id != "" && (!b.isID(id) || strings.Trim(id, "0") == "") {
				return false, fmt.Errorf("%s is no %s object id", quote(id), *b.format.Load())
			}
		}
		if seen[u.Ref] {
			return false, fmt.Errorf("%s is updated twice", quote(u.Ref))
		}
		seen[u.Ref] = true
		asking = asking && u.Old == u.New
	}
	for _, u := range updates {
		if !asking && u.Old == "" && u.New == "" {
			return false, fmt.Errorf("%s neither is nor shall be there", quote(u.Ref))
		}
	}
	return asking, nil
}

// standIns gives updates that ask whether a ref is missing something to push,
// which they then don't.
func (b *Bare) standIns(ctx context.Context, updates []Update) ([]Update, error) {
	updates = slices.Clone(updates)
	for i, u := range updates {
		if u.New != "" {
			continue
		}
		id, err := b.Commit(ctx, Draft{When: time.Unix(0, 0)})
		if err != nil {
			return nil, err
		}
		updates[i].New = id
	}
	return updates, nil
}

// pushes writes what is pushed where into the stage's configuration, so that
// it needs no arguments.
func (s *stage) pushes(name string, updates []Update) error {
	var lines strings.Builder
	lines.WriteString("[remote \"" + name + "\"]\n")
	for _, u := range updates {
		lines.WriteString("\tpush = \"" + u.New + ":" + u.Ref + "\"\n") // checkRef refused quotes and backslashes
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(lines.String())
	return errors.Join(err, f.Close())
}

// maxDepth bounds how many commits made here one push may put on top of what
// the remote has.
const maxDepth = 64

// cutFor finds the commits whose history is cut off here, of those that git
// would walk through to push: what the remote has already, and what was
// fetched one commit deep.
func (b *Bare) cutFor(ctx context.Context, updates []Update) ([]string, error) {
	cut, missing, children := map[string]bool{}, map[string]bool{}, map[string][]string{}
	var level []string
	for _, u := range updates {
		if u.New == "" || u.New == u.Old {
			continue
		}
		if u.Old != "" {
			cut[u.Old] = true
		}
		level = append(level, u.New)
	}
	slices.Sort(level)
	level = slices.DeleteFunc(slices.Compact(level), func(id string) bool { return cut[id] })
	for depth := 0; len(level) > 0; depth++ {
		if depth == maxDepth {
			return nil, fmt.Errorf("more than %d commits on top of what the remote has", maxDepth)
		}
		links, err := b.links(ctx, level)
		if err != nil {
			return nil, err
		}
		var above []string
		for _, id := range level {
			parents, here := links[id]
			if !here && depth == 0 {
				return nil, fmt.Errorf("object %s: %w", id, fs.ErrNotExist)
			}
			missing[id] = !here
			for _, child := range children[id] {
				cut[child] = cut[child] || !here
			}
			for _, p := range parents {
				_, seen := children[p]
				children[p] = append(children[p], id)
				if !seen && !cut[p] && !slices.Contains(level, p) {
					above = append(above, p)
				}
				cut[id] = cut[id] || missing[p]
			}
		}
		level = above
	}
	maps.DeleteFunc(cut, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(cut)), nil
}

// links returns what each object that is here refers to as its history: the
// parents of a commit, the target of a tag.
func (b *Bare) links(ctx context.Context, ids []string) (map[string][]string, error) {
	links := map[string][]string{}
	err := b.batch(ctx, strings.Join(ids, "\n")+"\n", func(answers *bufio.Reader) error {
		for _, id := range ids {
			kind, data, err := nextObject(answers, id, MaxFile)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("object %s: %w", id, err)
			}
			links[id] = b.linksIn(kind, string(data))
		}
		return nil
	})
	return links, err
}

// linksIn reads the head of a commit or tag.
func (b *Bare) linksIn(kind, text string) []string {
	key := map[string]string{"commit": "parent ", "tag": "object "}[kind]
	links := []string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if key == "" || line == "" {
			break
		}
		if id, ok := strings.CutPrefix(line, key); ok && b.isID(id) {
			links = append(links, id)
		}
	}
	return links
}
