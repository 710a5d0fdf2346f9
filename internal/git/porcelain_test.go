// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"strings"
	"testing"
)

var errExit = errors.New("exit status 1")

// What git and several servers are known to answer, and what it means.
func TestVerdict(t *testing.T) {
	const a, b = "refs/heads/a", "refs/heads/b"
	old, id := strings.Repeat("1", 40), strings.Repeat("2", 40)
	for fact, c := range map[string]struct {
		out, said string
		ran       error
		want      error
	}{
		"made":                           {out: "To x\n \t" + id + ":" + a + "\t1..2\n*\t" + id + ":" + b + "\t[new branch]\nDone\n"},
		"deleted and forced":             {out: "To x\n-\t:" + a + "\t[deleted]\n+\t" + id + ":" + b + "\t1...2 (forced update)\nDone\n"},
		"stood there":                    {out: "To x\n=\t" + id + ":" + a + "\t[up to date]\n=\t" + id + ":" + b + "\t[up to date]\nDone\n"},
		"nothing said":                   {want: ErrRemote},
		"not done":                       {out: " \t" + id + ":" + a + "\t1..2\n*\t" + id + ":" + b + "\t[new branch]\n", want: ErrRemote},
		"one ref is not told of":         {out: " \t" + id + ":" + a + "\t1..2\nDone\n", want: ErrRemote},
		"done, but it failed":            {out: " \t" + id + ":" + a + "\t1..2\n*\t" + id + ":" + b + "\t[new branch]\nDone\n", ran: errExit, want: ErrRemote},
		"a ref told of twice":            {out: " \t" + id + ":" + a + "\t1..2\n*\t" + id + ":" + b + "\tx\n \t" + id + ":" + a + "\t1..2\nDone\n", want: ErrRemote},
		"stale":                          {out: "!\t" + id + ":" + a + "\t[rejected] (stale info)\n!\t" + id + ":" + b + "\t[rejected] (atomic push failed)\n", ran: errExit, want: ErrMoved},
		"fetch first":                    {out: "!\t" + id + ":" + a + "\t[rejected] (fetch first)\n", ran: errExit, want: ErrMoved},
		"non-fast-forward":               {out: "!\t" + id + ":" + a + "\t[rejected] (non-fast-forward)\n", ran: errExit, want: ErrMoved},
		"already exists":                 {out: "!\t" + id + ":" + a + "\t[rejected] (already exists)\n", ran: errExit, want: ErrMoved},
		"nothing to delete":              {said: "error: unable to delete '" + a + "': remote ref does not exist\nerror: failed to push some refs\n", ran: errExit, want: ErrMoved},
		"the server lost a race":         {out: "!\t" + id + ":" + a + "\t[remote rejected] (failed to update ref)\n", ran: errExit, want: ErrMoved},
		"the same, of all":               {out: "!\t" + id + ":" + a + "\t[remote rejected] (atomic transaction failed)\n!\t" + id + ":" + b + "\t[remote rejected] (atomic transaction failed)\n", said: "remote: error: cannot lock ref '" + a + "': is at " + old + " but expected " + strings.Repeat("3", 40) + "\n", ran: errExit, want: ErrMoved},
		"the same, newer":                {out: "!\t" + id + ":" + a + "\t[remote rejected] (incorrect old value provided)\n", ran: errExit, want: ErrMoved},
		"made in between":                {out: "!\t" + id + ":" + a + "\t[remote rejected] (reference already exists)\n", ran: errExit, want: ErrMoved},
		"GitHub lost a race":             {out: "!\t" + id + ":" + a + "\t[remote rejected] (cannot lock ref '" + a + "': is at " + old + " but expected " + strings.Repeat("3", 40) + ")\n", ran: errExit, want: ErrMoved},
		"our first try made it":          {out: "!\t" + id + ":" + a + "\t[remote rejected] (atomic transaction failed)\n", said: "remote: error: cannot lock ref '" + a + "': is at " + id + " but expected " + old + "\n", ran: errExit, want: ErrRemote},
		"a name in the way":              {out: "!\t" + id + ":" + a + "\t[remote rejected] (atomic transaction failed)\n", said: "remote: error: cannot lock ref '" + a + "': 'refs/heads' exists; cannot create '" + a + "'\n", ran: errExit, want: ErrRefused},
		"a hook":                         {out: "!\t" + id + ":" + a + "\t[remote rejected] (pre-receive hook declined)\n!\t" + id + ":" + b + "\t[remote rejected] (pre-receive hook declined)\n", ran: errExit, want: ErrRefused},
		"a protected branch":             {out: "!\t" + id + ":" + a + "\t[remote rejected] (protected branch hook declined)\n", said: "remote: error: GH006: Protected branch update failed for " + a + ".\n", ran: errExit, want: ErrRefused},
		"a ruleset":                      {out: "!\t" + id + ":" + a + "\t[remote rejected] (push declined due to repository rule violations)\n", ran: errExit, want: ErrRefused},
		"deletes denied":                 {out: "!\t:" + a + "\t[remote rejected] (deletion prohibited)\n", ran: errExit, want: ErrRefused},
		"a hidden ref":                   {out: "!\t" + id + ":" + a + "\t[remote rejected] (deny updating a hidden ref)\n", ran: errExit, want: ErrRefused},
		"server's own fast-forward rule": {out: "!\t" + id + ":" + a + "\t[remote rejected] (non-fast-forward)\n", ran: errExit, want: ErrRefused},
		"an unknown reason":              {out: "!\t" + id + ":" + a + "\t[remote rejected] (because)\n", ran: errExit, want: ErrRefused},
		"all, for no known reason":       {out: "!\t" + id + ":" + a + "\t[remote rejected] (atomic transaction failed)\n", ran: errExit, want: ErrRefused},
		"403":                            {said: "fatal: unable to access 'http://x/': The requested URL returned error: 403\n", ran: errExit, want: ErrRefused},
		"GitHub over ssh":                {said: "ERROR: Permission to acme/app.git denied to dana.\nfatal: Could not read from remote repository.\n", ran: errExit, want: ErrRefused},
		"a deploy key":                   {said: "ERROR: The key you are authenticating with has been marked as read only.\n", ran: errExit, want: ErrRefused},
		"GitLab":                         {said: "remote: You are not allowed to push code to this project.\nfatal: unable to access 'http://x/': The requested URL returned error: 403\n", ran: errExit, want: ErrRefused},
		"no atomic pushes":               {said: "fatal: the receiving end does not support --atomic push\n", ran: errExit, want: ErrRefused},
		"ssh does not let us in":         {said: "git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.\n", ran: errExit, want: ErrRemote},
		"404":                            {said: "fatal: repository 'http://x/' not found\n", ran: errExit, want: ErrRemote},
		"401":                            {said: "fatal: could not read Username for 'http://x': terminal prompts disabled\n", ran: errExit, want: ErrRemote},
		"hung up":                        {said: "error: RPC failed; curl 52 Empty reply from server\nfatal: the remote end hung up unexpectedly\n", ran: errExit, want: ErrRemote},
		"no report":                      {out: "!\t" + id + ":" + a + "\t[remote failure] (remote failed to report status)\n", ran: errExit, want: ErrRemote},
	} {
		updates := []Update{{a, old, id}, {Ref: b, New: id}}
		err := verdict(updates, c.out, c.said, c.ran)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", fact, err, c.want)
		}
		for _, other := range []error{ErrMoved, ErrRefused, ErrRemote} {
			if other != c.want && errors.Is(err, other) {
				t.Errorf("%s: %v, want only %v", fact, err, c.want)
			}
		}
	}
}

// Whatever a remote makes git print, a push counts as made only if git ended
// well, said that it is done, and told of each ref once.
func FuzzPorcelain(f *testing.F) {
	const a, b = "refs/heads/a", "refs/heads/b"
	for _, seed := range []string{
		"To x\n \t1:" + a + "\t1..2\n-\t:" + b + "\t[deleted]\nDone\n",
		"!\t1:" + a + "\t[rejected] (stale info)\n!\t1:" + b + "\t[rejected] (atomic push failed)\n",
		"!\t1:" + a + "\t[remote rejected] (hook declined)\nDone\n",
		"=\t1:" + a + "\t[up to date]\n", "Done\n", "\t\t\n", "! \t:\t[", "", "!\t:refs/heads/a\t[x] (y", "*\t" + a + "\t[new branch]\nDone",
	} {
		f.Add(seed, "", true)
		f.Add(seed, "remote: error: cannot lock ref 'x': is at 1 but expected 2\nfatal: https://u:p@host/", false)
	}
	updates := []Update{{a, "1", "2"}, {Ref: b, Old: "3"}}
	f.Fuzz(func(t *testing.T, out, said string, ended bool) {
		ran := errExit
		if ended {
			ran = nil
		}
		err := verdict(updates, out, said, ran)
		if err != nil {
			if !errors.Is(err, ErrMoved) && !errors.Is(err, ErrRefused) && !errors.Is(err, ErrRemote) {
				t.Errorf("%v is none of the three", err)
			}
			return
		}
		if !ended || !strings.Contains(out, "Done") || strings.Count(out, ":"+a+"\t") != 1 || strings.Count(out, ":"+b+"\t") != 1 {
			t.Errorf("%q counts as made", out)
		}
	})
}
