// SPDX-License-Identifier: Apache-2.0

package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// maxHaves bounds what a fetch says we have. git asks the remote about 16 of
// them by the first request, 32 by the next and then 64, each of which costs a
// round trip where something came that none of them leads to.
const maxHaves = 16 + 32 + 64

// maxRefs bounds the answer that lists refs, in bytes: half a million of them.
const maxRefs = 64 << 20

// fetched is where a stage keeps what came in, by the pattern's number.
const fetched = "refs/in/"

// Fetch brings the refs of the remote that match patterns (full names, or
// with one * at the end), one commit deep, and returns the object each stands
// at, by the remote's name of the ref. A ref that is not there is not in the
// answer; one that stands at something else than a commit is, and Files will
// say so. What is kept is not brought again. It fails with ErrRemote.
//
// A fetch is one run of git: three requests over HTTP, up to three more where
// refs have come that do not grow out of what is kept (see maxHaves), and all
// of them again where a full name is not there.
//
// BUG(git): what a remote sends is bounded only by ctx.
func (b *Bare) Fetch(ctx context.Context, r Remote, patterns ...string) (map[string]string, error) {
	for _, p := range patterns {
		if err := checkRef(p, true); err != nil {
			return nil, fmt.Errorf("fetch from %s: %w", r.shown(false), err)
		}
	}
	a, err := r.access(false)
	if err != nil {
		return nil, fmt.Errorf("fetch from %s: %w", r.shown(false), err)
	}
	refs, err := b.fetchThere(ctx, a, patterns)
	if errors.Is(err, errNothing) {
		refs, err = b.nothing(ctx, r, patterns)
	}
	if there := formatThere(err); there != "" {
		if err = b.adopt(ctx, there); err == nil {
			refs, err = b.fetchThere(ctx, a, patterns)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("fetch from %s: %w", r.shown(false), err)
	}
	b.tidy(ctx)
	return refs, nil
}

// fetchThere fetches those of patterns that are there. Only a full name can
// be missed by git, and it names one at a time.
func (b *Bare) fetchThere(ctx context.Context, a access, patterns []string) (map[string]string, error) {
	patterns = slices.Clone(patterns)
	for len(patterns) > 0 {
		refs, err := b.fetchOnce(ctx, a, patterns)
		missed := missedRef.FindStringSubmatch(message(err))
		if missed == nil {
			return refs, err
		}
		left := slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return p == missed[1] })
		if len(left) == len(patterns) {
			return nil, err
		}
		patterns = left
	}
	return map[string]string{}, nil
}

var (
	missedRef   = pattern.New(`couldn't find remote ref (\S+)$`)
	otherFormat = pattern.New(`mismatched algorithms: client \w+; server (sha1|sha256)\b`)
)

// errNothing is a fetch that ended badly without a word, as git does when none
// of the refs is there.
var errNothing = errors.New("nothing came, and git does not say why")

// nothing asks again whether that was so: a veto must not be missed because of
// a failure without words.
func (b *Bare) nothing(ctx context.Context, r Remote, patterns []string) (map[string]string, error) {
	refs, err := b.list(ctx, r, false, patterns)
	if err != nil {
		return nil, err
	}
	if len(refs) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrRemote, errNothing)
	}
	return refs, nil
}

// message is what git said in an error, or nothing.
func message(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Says
	}
	return ""
}

// formatThere is the hash that a remote uses which refused ours, or nothing.
func formatThere(err error) string {
	if found := otherFormat.FindStringSubmatch(message(err)); found != nil {
		return found[1]
	}
	return ""
}

func (b *Bare) fetchOnce(ctx context.Context, a access, patterns []string) (map[string]string, error) {
	kept, err := b.KeptUnder(ctx, "")
	if err != nil {
		return nil, err
	}
	refs, cut := haves(kept, maxHaves)
	s, err := b.stage(refs, cut)
	if err != nil {
		return nil, err
	}
	defer s.close()
	_, said, err := s.run(ctx, a.settings, call{
		args: []string{"fetch", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
			"--no-show-forced-updates", "--no-recurse-submodules", "--refmap=", "--quiet", "--stdin", "--", a.name},
		stdin: refspecs(patterns), env: a.env, hide: a.secrets, remote: true,
	})
	switch {
	case err == nil:
		return s.arrived(ctx, patterns)
	case exitCode(err) == 1 && strings.TrimSpace(said) == "":
		return nil, errNothing
	}
	return nil, b.blame(ctx, said, err)
}

// refspecs says which refs to bring, and under which number.
func refspecs(patterns []string) string {
	var lines strings.Builder
	for i, p := range patterns {
		to := fetched + strconv.Itoa(i)
		if strings.HasSuffix(p, "*") {
			to += "/x*" // x, because nothing may be what * stands for
		}
		lines.WriteString("+" + p + ":" + to + "\n")
	}
	return lines.String()
}

// arrived lists what came in, by the remote's names.
func (s *stage) arrived(ctx context.Context, patterns []string) (map[string]string, error) {
	out, _, err := s.run(ctx, nil, call{
		args: []string{"for-each-ref", "--format=%(objectname) %(refname)", fetched}, limit: maxRefs,
	})
	if err != nil {
		return nil, err
	}
	refs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		id, ref, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, rest, _ := strings.Cut(strings.TrimPrefix(ref, fetched), "/")
		rest = strings.TrimPrefix(rest, "x")
		i, err := strconv.Atoi(number)
		if err != nil || i < 0 || i >= len(patterns) || !s.bare.isID(id) {
			return nil, fmt.Errorf("git for-each-ref: odd line %s", quote(line))
		}
		refs[strings.TrimSuffix(patterns[i], "*")+rest] = id
	}
	return refs, nil
}

// adopt makes an empty cache one that names objects by the remote's hash.
func (b *Bare) adopt(ctx context.Context, format string) error {
	kept, err := b.KeptUnder(ctx, "")
	if err != nil {
		return err
	}
	if len(kept) > 0 {
		return fmt.Errorf("%w: %s there, %s in the cache, which is not empty", ErrFormat, format, *b.format.Load())
	}
	if now, err := formatOf(b.dir); err != nil || now != format { // nobody else did it
		if err := Discard(b.dir); err != nil {
			return err
		}
		if err := create(b.dir, format); err != nil {
			return err
		}
	}
	if now, err := formatOf(b.dir); err != nil || now != format {
		return fmt.Errorf("%w: %s there, and the cache can't be made so", ErrFormat, format)
	}
	b.format.Store(&format)
	return nil
}

// List returns where the refs that match stand at the address pushed to, by
// asking it. It brings nothing. It fails with ErrRemote.
func (b *Bare) List(ctx context.Context, r Remote, patterns ...string) (map[string]string, error) {
	for _, p := range patterns {
		if err := checkRef(p, true); err != nil {
			return nil, fmt.Errorf("list %s: %w", r.shown(true), err)
		}
	}
	refs, err := b.list(ctx, r, true, patterns)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", r.shown(true), err)
	}
	return refs, nil
}

func (b *Bare) list(ctx context.Context, r Remote, pushed bool, patterns []string) (map[string]string, error) {
	if len(patterns) == 0 {
		return map[string]string{}, nil
	}
	a, err := r.access(pushed)
	if err != nil {
		return nil, err
	}
	s, err := b.stage(nil, nil)
	if err != nil {
		return nil, err
	}
	defer s.close()
	args := append([]string{"ls-remote", "--refs", "--quiet", "--", a.name}, patterns...)
	out, _, err := s.run(ctx, a.settings, call{args: args, env: a.env, hide: a.secrets, limit: maxRefs, remote: true})
	if err != nil {
		return nil, b.blame(ctx, "", err)
	}
	refs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		id, ref, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if IsID(id) && slices.ContainsFunc(patterns, func(p string) bool { return matches(p, ref) }) {
			refs[ref] = id
		}
	}
	return refs, nil
}

// matches reports whether a pattern means a ref.
func matches(pattern, ref string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(ref, prefix)
	}
	return ref == pattern
}

// shown is the remote's address fit to print.
func (r Remote) shown(push bool) string {
	address := r.URL
	if push && r.PushURL != "" {
		address = r.PushURL
	}
	return clean(Redact(address), 200)
}

// History brings a branch of the remote as far back as depth commits, and
// returns them, each followed by its first parent. It is empty where there is
// no such ref. It fails with ErrRemote.
func (b *Bare) History(ctx context.Context, r Remote, ref string, depth int) ([]string, error) {
	if err := checkRef(ref, false); err != nil || depth < 1 {
		return nil, fmt.Errorf("fetch the history of %s: depth %d: %w", r.shown(false), depth, cmp.Or(err, errors.New("nothing to fetch")))
	}
	ids, err := b.history(ctx, r, ref, depth)
	if err != nil {
		return nil, fmt.Errorf("fetch the history of %s: %w", r.shown(false), err)
	}
	return ids, nil
}

func (b *Bare) history(ctx context.Context, r Remote, ref string, depth int) ([]string, error) {
	refs, err := b.list(ctx, r, false, []string{ref})
	if err != nil || refs[ref] == "" {
		return nil, err
	}
	a, err := r.access(false)
	if err != nil {
		return nil, err
	}
	s, err := b.stage(nil, nil) // with nothing kept, so that git does not stop at what is here
	if err != nil {
		return nil, err
	}
	defer s.close()
	const at = fetched + "history"
	_, _, err = s.run(ctx, a.settings, call{
		args: []string{"fetch", "--depth=" + strconv.Itoa(depth), "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
			"--no-recurse-submodules", "--refmap=", "--quiet", "--", a.name, "+" + ref + ":" + at},
		env: a.env, hide: a.secrets,
	})
	switch {
	case err == nil:
	case ctx.Err() != nil, errors.Is(err, ErrDamaged), errors.Is(err, ErrNoGit):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: %w", ErrRemote, err)
	}
	out, _, err := s.run(ctx, nil, call{args: []string{"rev-list", "--first-parent", "--max-count=" + strconv.Itoa(depth), at}})
	if err != nil {
		return nil, err
	}
	ids := strings.Fields(string(out))
	for _, id := range ids {
		if !b.isID(id) {
			return nil, fmt.Errorf("git rev-list: odd line %s", quote(id))
		}
	}
	return ids, nil
}
