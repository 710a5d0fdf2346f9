// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// A Commit is who made a commit and from what. All of it is what git's user
// typed; only ID, Tree and Parents are proven by the id.
type Commit struct {
	ID        string
	Tree      string
	Parents   []string
	Author    Person
	Committer Person
	CoAuthors []Person  // of Co-authored-by lines anywhere in the message
	Committed time.Time // UTC
	Subject   string    // the first line of the message
}

// commitFormat separates fields by NUL, which no commit can hold. The message
// is last.
const commitFormat = "--format=tformat:%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%ct%x00%B"

const commitFields = 9

// MaxLog is the most commits that Log returns.
const MaxLog = 10000

// Commit returns the commit that rev names, fs.ErrNotExist where it names none.
func (r *Repo) Commit(ctx context.Context, rev string) (Commit, error) {
	id, err := r.Resolve(ctx, rev)
	if err != nil {
		return Commit{}, err
	}
	out, err := r.git(ctx, "log", "-z", "--max-count=1", "--no-show-signature", "--no-notes", commitFormat, id, "--")
	if err != nil {
		return Commit{}, err
	}
	commits, err := parseCommits(string(out))
	if err == nil && len(commits) != 1 {
		err = fmt.Errorf("%d commits", len(commits))
	}
	if err != nil {
		return Commit{}, fmt.Errorf("git log %s: %w", id, err)
	}
	return commits[0], nil
}

// Log returns the commits of b that are not of a, newest first, at most MaxLog.
func (r *Repo) Log(ctx context.Context, a, b string) ([]Commit, error) {
	from, err := r.Resolve(ctx, a)
	if err != nil {
		return nil, err
	}
	to, err := r.Resolve(ctx, b)
	if err != nil {
		return nil, err
	}
	out, err := r.run(ctx, call{limit: 64 << 20, args: []string{"log", "-z", "--max-count=" + strconv.Itoa(MaxLog),
		"--no-show-signature", "--no-notes", commitFormat, "^" + from, to, "--"}})
	if err != nil {
		return nil, err
	}
	commits, err := parseCommits(string(out))
	if err != nil {
		return nil, fmt.Errorf("git log %s..%s: %w", from, to, err)
	}
	return commits, nil
}

// Resolve returns the full id of the commit that rev names, fs.ErrNotExist
// where it names none.
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	if err := checkRev(rev); err != nil {
		return "", err
	}
	out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
	if exitCode(err) == 1 || err != nil && exitCode(err) == 128 && IsID(rev) {
		return "", fmt.Errorf("git commit %s: %w", rev, fs.ErrNotExist)
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSuffix(string(out), "\n")
	if !IsID(id) {
		return "", fmt.Errorf("git rev-parse %s: %q is no commit id", rev, clean(id, 80))
	}
	return id, nil
}

// checkRev refuses what git could take for an option, a range or two words.
func checkRev(rev string) error {
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f || r == ':' }
	if rev == "" || len(rev) > 512 || rev[0] == '-' || rev[0] == '^' || strings.Contains(rev, "..") || strings.ContainsFunc(rev, bad) {
		return fmt.Errorf("%q is no name of a git object", clean(rev, 80))
	}
	return nil
}

func parseCommits(out string) ([]Commit, error) {
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	if out == "" {
		return nil, nil
	}
	if len(fields)%commitFields != 0 {
		return nil, errors.New("the answer is not whole")
	}
	commits := make([]Commit, 0, len(fields)/commitFields)
	for ; len(fields) > 0; fields = fields[commitFields:] {
		c, err := parseCommit(fields[:commitFields])
		if err != nil {
			return nil, err
		}
		commits = append(commits, c)
	}
	return commits, nil
}

func parseCommit(f []string) (Commit, error) {
	c := Commit{
		ID: f[0], Tree: f[1], Parents: strings.Fields(f[2]),
		Author:    Person{Name: f[3], Email: f[4]}.clean(),
		Committer: Person{Name: f[5], Email: f[6]}.clean(),
		CoAuthors: coAuthors(f[8]),
	}
	for _, id := range append([]string{c.ID, c.Tree}, c.Parents...) {
		if !IsID(id) {
			return Commit{}, fmt.Errorf("%q is no object id", clean(id, 80))
		}
	}
	seconds, err := strconv.ParseInt(f[7], 10, 64)
	if err != nil {
		return Commit{}, fmt.Errorf("%q is no commit time", clean(f[7], 80))
	}
	c.Committed = time.Unix(seconds, 0).UTC()
	first, _, _ := strings.Cut(f[8], "\n")
	c.Subject = clean(strings.TrimSpace(first), maxIdentity)
	return c, nil
}

// coAuthors finds everybody a message credits. It looks at each line and not
// only at the last paragraph, where git looks for trailers: a co-author missed
// could approve their own work, one too many merely cannot approve.
func coAuthors(message string) []Person {
	const key = "co-authored-by:"
	var people []Person
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		if len(line) < len(key) || !strings.EqualFold(line[:len(key)], key) {
			continue
		}
		name, rest, _ := strings.Cut(line[len(key):], "<")
		email, _, _ := strings.Cut(rest, ">")
		if p := (Person{Name: name, Email: email}).clean(); p != (Person{}) {
			people = append(people, p)
		}
	}
	return people
}
