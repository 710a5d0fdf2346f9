// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// MaxFile is the largest file that Show and RemoteFile return, in bytes.
const MaxFile = 16 << 20

// A File is a file as a commit holds it.
type File struct {
	Commit string // full hex id
	Ref    string // the branch it was read from; empty where a commit was named
	Data   []byte
}

// Show returns the file at path, slash-separated from the repository's top, as
// the commit rev holds it. It is fs.ErrNotExist when the commit has none.
func (r *Repo) Show(ctx context.Context, rev, path string) ([]byte, error) {
	if err := checkRev(rev); err != nil {
		return nil, err
	}
	if !fs.ValidPath(path) || strings.ContainsAny(path, "\n\x00") {
		return nil, fmt.Errorf("%q is no path in a commit", clean(path, 80))
	}
	name := rev + ":" + path
	out, err := r.run(ctx, call{args: []string{"cat-file", "--batch"}, stdin: name + "\n", limit: MaxFile + 1024})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	data, err := parseBatch(out)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// parseBatch takes one answer of git cat-file --batch apart.
func parseBatch(out []byte) ([]byte, error) {
	head, rest, ok := bytes.Cut(out, []byte("\n"))
	fields := strings.Fields(string(head))
	if !ok || len(fields) == 0 {
		return nil, errors.New("git cat-file gave no answer")
	}
	if last := fields[len(fields)-1]; last == "missing" {
		return nil, fs.ErrNotExist
	}
	if len(fields) != 3 || fields[1] != "blob" {
		return nil, errors.New("not a file")
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil || size+1 != len(rest) {
		return nil, errors.New("git cat-file's answer is not whole")
	}
	return rest[:size], nil
}

// RemoteFile returns the file at path as the remote's default branch holds it
// now. It asks the remote where that branch stands, and fetches the commit
// only if the clone has not got it. No ref, no FETCH_HEAD and, in a full
// clone, no depth is changed. The checkout's configuration says where a named
// remote is; who does not trust it gives a URL.
func (r *Repo) RemoteFile(ctx context.Context, remote, path string) (File, error) {
	ref, id, err := r.RemoteHead(ctx, remote)
	if err != nil {
		return File{}, err
	}
	if _, err := r.Resolve(ctx, id); err != nil {
		if err := r.fetch(ctx, remote, id); err != nil {
			return File{}, fmt.Errorf("fetch %s of %s: %w", ref, Redact(remote), err)
		}
	}
	data, err := r.Show(ctx, id, path)
	if err != nil {
		return File{}, err
	}
	return File{Commit: id, Ref: ref, Data: data}, nil
}

// RemoteHead returns the name of a remote's default branch and the commit it
// stands at, by asking the remote.
func (r *Repo) RemoteHead(ctx context.Context, remote string) (ref, id string, err error) {
	if remote == "" || remote[0] == '-' || strings.ContainsAny(remote, "\n\x00") {
		return "", "", fmt.Errorf("%q is no git remote", clean(Redact(remote), 80))
	}
	out, err := r.reach(ctx, remote, "ls-remote", "--symref", "--", remote, "HEAD")
	if err != nil {
		return "", "", fmt.Errorf("ask %s for its default branch: %w", Redact(remote), err)
	}
	ref, id = parseSymref(string(out))
	if !strings.HasPrefix(ref, "refs/heads/") || checkRev(ref) != nil || !IsID(id) {
		return "", "", fmt.Errorf("ask %s for its default branch: it names none", Redact(remote))
	}
	return ref, id, nil
}

// parseSymref reads "ref: REF\tHEAD" and "ID\tHEAD".
func parseSymref(out string) (ref, id string) {
	for line := range strings.Lines(out) {
		value, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if name != "HEAD" {
			continue
		}
		if to, ok := strings.CutPrefix(value, "ref: "); ok {
			ref = to
		} else {
			id = value
		}
	}
	return ref, id
}

func (r *Repo) fetch(ctx context.Context, remote, id string) error {
	args := []string{"--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap="}
	if r.Shallow() {
		args = append(args, "--depth=1") // else git would fetch all the history before the cut
	}
	_, err := r.reach(ctx, remote, "fetch", append(args, "--", remote, id)...)
	return err
}
