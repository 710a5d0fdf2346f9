// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A pushed is what git-push(1) --porcelain says about one ref.
type pushed struct {
	flag   byte   // ' ' moved, '+' forced, '-' deleted, '*' made, '=' stood there already, '!' not done
	where  string // "rejected", "remote rejected", "remote failure", …
	reason string
}

// parsePorcelain reads "FLAG\tFROM:TO\tSUMMARY (REASON)" lines, by TO. A ref
// that is told of twice counts as not done.
func parsePorcelain(out string) (refs map[string]pushed, done bool) {
	refs = map[string]pushed{}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if line == "Done" {
			done = true
			continue
		}
		f := strings.SplitN(line, "\t", 3)
		if len(f) != 3 || len(f[0]) != 1 || !strings.Contains(" +-*=!", f[0]) {
			continue
		}
		_, to, ok := strings.Cut(f[1], ":")
		if !ok {
			continue
		}
		p := pushed{flag: f[0][0]}
		if p.flag == '!' {
			p.where, p.reason = summary(f[2])
		}
		if _, twice := refs[to]; twice {
			p = pushed{flag: '!', where: "told twice"}
		}
		refs[to] = p
	}
	return refs, done
}

// summary takes "[WHERE] (REASON)" apart.
func summary(text string) (where, reason string) {
	where, reason, _ = strings.Cut(strings.TrimPrefix(text, "["), "]")
	reason = strings.TrimPrefix(strings.TrimSpace(reason), "(")
	return where, strings.TrimSuffix(reason, ")")
}

var (
	// together is what git says of a ref that was not moved because another
	// one could not be.
	together = pattern.New(`^(atomic push failed|atomic push failure|atomic transaction failed|transaction failed|atomic transaction aborted)$`)

	// raced is what a server says whose own check found the ref elsewhere.
	raced = pattern.New(`failed to update ref|failed to lock|[Cc]annot lock (the )?ref|reference (already exists|does not exist)|incorrect old value|but expected|unable to (resolve|lock) ref|reference (update )?conflict|is at [0-9a-f]{40,64}|already (exists|updated)|fetch first`)

	// blocked is a lock that another name stands in the way of, which no
	// waiting removes.
	blocked = pattern.New(`exists; cannot create|refname conflict`)

	// forbidden is a refusal that comes before any ref is looked at.
	forbidden = pattern.New(`returned error: 403|HTTP 403|does not support --atomic|(?i)\bpermission to .* denied|not allowed to push|read[- ]only|write access .* not granted`)

	// vanished is a ref to delete that is not there any more.
	vanished = pattern.New(`remote ref does not exist`)
)

// verdict says what became of a push: from what git printed, what it and the
// remote said besides, and how it ended.
func verdict(updates []Update, out string, said string, ran error) error {
	refs, done := parsePorcelain(out)
	whole, moved, refused, why := done && ran == nil, false, false, ""
	for _, u := range updates {
		p, told := refs[u.Ref]
		if told && p.flag != '!' {
			continue
		}
		whole = false
		isMoved, isRefused := p.kind(said)
		moved, refused = moved || isMoved, refused || isRefused
		if (isMoved || isRefused) && why == "" {
			why = u.Ref + ": " + p.reason
		}
	}
	if ran == nil && whole {
		return nil
	}
	if words := remoteWords(said); words != "" {
		why = strings.TrimSpace(why + " (" + words + ")")
	}
	why = clean(Redact(why), 400)
	switch {
	case moved && slices.ContainsFunc(updates, func(u Update) bool { return u.New != "" && strings.Contains(said, "is at "+u.New) }):
		return fmt.Errorf("%w: the answer to a first try was lost, and the second found the ref moved", ErrRemote)
	case moved || vanished.MatchString(said):
		return fmt.Errorf("%w: %s", ErrMoved, why)
	case refused:
		return fmt.Errorf("%w: %s", ErrRefused, why)
	case forbidden.MatchString(said):
		return fmt.Errorf("%w: %s %s", ErrRefused, firstLine(said), why)
	case ran == nil:
		return fmt.Errorf("%w: git push did not say that it is done", ErrRemote)
	}
	return fmt.Errorf("%w: %w", ErrRemote, ran)
}

// kind tells a ref that somebody else moved from one that the remote's rules
// keep where it is. It is neither when another ref was the reason, or nothing
// is known.
func (p pushed) kind(said string) (moved, refused bool) {
	switch {
	case p.flag != '!':
		return false, false
	case p.where == "rejected":
		return !together.MatchString(p.reason), false
	case p.where != "remote rejected":
		return false, false
	case blocked.MatchString(p.reason):
		return false, true
	case raced.MatchString(p.reason):
		return true, false
	case together.MatchString(p.reason):
		if blocked.MatchString(said) || !raced.MatchString(said) {
			return false, true
		}
		return true, false
	}
	return false, true
}

// remoteWords is what the remote itself said, in one line.
func remoteWords(said string) string {
	var words []string
	for line := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(line, "remote:"); ok && len(words) < 8 {
			if rest = strings.TrimSpace(rest); rest != "" {
				words = append(words, rest)
			}
		}
	}
	return strings.Join(words, "; ")
}
