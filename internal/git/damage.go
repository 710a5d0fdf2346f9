// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/gateledger/gateledger/internal/pattern"
)

// damaged is what git says of a repository that it can't read.
var damaged = pattern.New(`(?m)^(error|fatal|warning): .*(` + strings.Join([]string{
	`is corrupt`,
	`object file .* is empty`,
	`not a git repository`,
	`bad object`,
	`(invalid|unknown) object type`,
	`unable to (read|parse|open|find|map|unpack|mmap) (sha1 file|tree|commit|object|[0-9a-f]{40}|loose|header|.*\.(pack|idx))`,
	`could not read [0-9a-f]{40}`, `Could not read [0-9a-f]{40}`,
	`inflate`,
	`hash mismatch`,
	`(index|pack) ?file .*(too small|mismatch|corrupt|invalid|not supported|is version|bad)`,
	`packfile .* (cannot be accessed|claims|is far too short|not a GIT packfile|does not match|signature|is version)`,
	`wrong index v`,
	`missing (blob|tree|commit) object`,
	`bad shallow line`,
	`unexpected line in `,
	`unable to create temporary file: No such file or directory`,
	`insufficient permission for adding an object`,
	`contents of .* do not match`,
	`garbage at end of loose object`,
	`does not point to a valid object`,
}, "|") + `)`)

// incomplete is what git says when a remote sends less than we need, which is
// our fault where something that we said to have is not whole.
var incomplete = pattern.New(`did not send all necessary objects|unresolved deltas|bad revision|remote did not send`)

// damage reports whether what git said means that the cache can't be read.
// What a remote's own git said does not count.
func damage(said string) bool {
	for line := range strings.Lines(said) {
		if !strings.HasPrefix(line, "remote:") && damaged.MatchString(line) {
			return true
		}
	}
	return false
}

// blame tells who is to blame for a call to a remote that failed: ErrRemote,
// or ErrDamaged if what is kept here is not whole. A remote can make git say
// anything, and git has many words for damage, so it is looked at. A cache
// that keeps nothing has no memory to lose: of that, what git says is believed.
func (b *Bare) blame(ctx context.Context, said string, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrNoGit) || errors.Is(err, ErrTooLarge) {
		return err
	}
	keeps, whole := b.condition(ctx)
	suspect := damage(said) || incomplete.MatchString(said)
	if !whole && (keeps || suspect) && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return fmt.Errorf("%w: %w", ErrRemote, err)
}

// condition reports whether anything is kept, and whether all of it can be
// read; what keeps nothing is not whole.
func (b *Bare) condition(ctx context.Context) (keeps, whole bool) {
	kept, err := b.KeptUnder(ctx, "")
	if err != nil || len(kept) == 0 {
		return errors.Is(err, ErrDamaged), false
	}
	refs, cut := haves(kept, len(kept))
	s, err := b.stage(refs, cut)
	if err != nil {
		return true, !errors.Is(err, ErrDamaged)
	}
	defer s.close()
	_, _, err = s.run(ctx, nil, call{args: []string{"rev-list", "--verify-objects", "--quiet", "--stdin"}, stdin: strings.Join(cut, "\n") + "\n"})
	return true, err == nil
}

// How many packs, and loose objects of one in 256 folders, a cache may have
// before they are packed into one. git's own gc takes about the same.
const (
	maxPacks = 40
	maxLoose = 24
	tidyLock = "tidy.lock"
)

// tidy packs the objects into two, those that are kept and the rest, and
// forgets what has had no name for three days, when there are many files. It
// is not done more often than every ten minutes, and it is fine if it fails.
func (b *Bare) tidy(ctx context.Context) {
	if !b.untidy() {
		return
	}
	lock := flock.New(filepath.Join(b.dir, tidyLock), flock.SetPermissions(0o600))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return // somebody else does it
	}
	defer lock.Unlock()
	now := time.Now()
	if err := os.Chtimes(lock.Path(), now, now); err != nil {
		return
	}
	kept, err := b.KeptUnder(ctx, "")
	if err != nil {
		return
	}
	refs, cut := haves(kept, len(kept))
	s, err := b.stage(refs, cut)
	if err != nil {
		return
	}
	defer s.close()
	const expire = "3.days.ago"
	if _, _, err := s.run(ctx, nil, call{args: []string{"repack", "--cruft", "--cruft-expiration=" + expire, "-d", "-l", "-q"}}); err != nil {
		return
	}
	_, _, _ = s.run(ctx, nil, call{args: []string{"prune", "--expire=" + expire}})
}

func (b *Bare) untidy() bool {
	if info, err := os.Stat(filepath.Join(b.dir, tidyLock)); err == nil && time.Since(info.ModTime()) < 10*time.Minute {
		return false
	}
	packs, _ := filepath.Glob(filepath.Join(b.dir, "objects", "pack", "*.pack"))
	loose, _ := os.ReadDir(filepath.Join(b.dir, "objects", "17"))
	return len(packs) > maxPacks || len(loose) > maxLoose
}
