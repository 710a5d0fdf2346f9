// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

const deployed = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"

// A notes is a GitLab with a merge request, and the verb that reads it.
type notes struct {
	*gitlabtest.Server
	t   *testing.T
	env map[string]string
}

func newNotes(t *testing.T) *notes {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(6, 7, deployed)
	return &notes{s, t, map[string]string{"CI_API_V4_URL": s.API, "CI_PROJECT_ID": "6", "CI_JOB_TOKEN": gitlabtest.JobToken}}
}

func (n *notes) run(stdin string, args ...string) (code int, stdout, stderr string) {
	n.t.Helper()
	out, talk := new(bytes.Buffer), new(bytes.Buffer)
	env := cli.System()
	env.Args, env.Stdin, env.Stdout, env.Stderr = append([]string{child.Name, "collect"}, args...), strings.NewReader(stdin), out, talk
	env.Getenv = func(name string) string { return n.env[name] }
	code = cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	if all := out.String() + talk.String(); strings.Contains(all, gitlabtest.JobToken) {
		n.t.Errorf("it tells the token: %s", all)
	}
	return code, out.String(), talk.String()
}

func question(t *testing.T, keys ...ssh.Signer) string {
	t.Helper()
	q := child.CollectQuestion{Source: "gitlab-note", Commit: deployed, Keys: [][]byte{}}
	for _, k := range keys {
		q.Keys = append(q.Keys, k.PublicKey().Marshal())
	}
	data, err := canon.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func voter(t *testing.T, seed byte) ssh.Signer {
	t.Helper()
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pasted(t *testing.T, key ssh.Signer, choice vote.Choice) string {
	t.Helper()
	statement, err := vote.NewStatement(vote.Predicate{
		Request: strings.Repeat("ab", 32), Choice: choice, Ledger: "q7d4x2m9", Environment: "production", Commit: deployed,
		Issued: "2026-03-02T09:00:00Z", Subjects: []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := vote.SignedData(product.VoteNamespace, vote.SHA512, statement)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	block, err := vote.Armour(statement, vote.ArmorSSHSIG(&vote.Signature{Key: key.PublicKey(), Namespace: product.VoteNamespace, HashAlgorithm: vote.SHA512, Blob: sig}))
	if err != nil {
		t.Fatal(err)
	}
	return block
}

func TestCollect(t *testing.T) {
	ana, mallory := voter(t, 1), voter(t, 2)
	n := newNotes(t)
	yes := pasted(t, ana, vote.Approve)
	n.Note(6, 7, 42, "ana", yes)
	n.Note(6, 7, 43, "bo", "> "+strings.ReplaceAll(strings.TrimSuffix(yes, "\n"), "\n", "\n> ")+"\n\nsame here")
	n.Note(6, 7, 66, "mallory", pasted(t, mallory, vote.Deny))
	n.Note(6, 7, 66, "mallory", forged(t, pasted(t, mallory, vote.Deny), yes))
	n.Note(6, 7, 42, "ana", pasted(t, ana, vote.Deny)+"\n"+yes[:100])
	code, out, talk := n.run(question(t, ana))
	if code != cli.OK {
		t.Fatal(code, talk)
	}
	var a child.CollectAnswer
	if err := canon.Decode([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	if a.Schema != child.CollectSchema || len(a.Sightings) != 2 || a.Strangers != 2 || len(a.Remarks) != 1 || fmt.Sprint(a.Read) != "[merge request 7: 5 notes]" {
		t.Errorf("%+v", a)
	}
	if a.Sightings[0].Block != yes || a.Sightings[0].Account.Login != "ana" {
		t.Errorf("%+v", a.Sightings[0])
	}
}

// forged is a block with the statement of one and the signature of another.
func forged(t *testing.T, statement, signature string) string {
	t.Helper()
	const from = "-----BEGIN SSH SIGNATURE-----"
	head, _, _ := strings.Cut(statement, from)
	_, tail, ok := strings.Cut(signature, from)
	if !ok {
		t.Fatal("no block")
	}
	return head + from + tail
}

// Whoever pastes thousands of votes of their own keeps nobody's from being
// read, and does not make the answer longer.
func TestStrangersDoNotFlood(t *testing.T) {
	ana, mallory := voter(t, 1), voter(t, 2)
	n := newNotes(t)
	flood := strings.Repeat(pasted(t, mallory, vote.Deny), 600)
	for range 20 {
		n.Note(6, 7, 66, "mallory", flood)
	}
	n.Note(6, 7, 42, "ana", pasted(t, ana, vote.Deny))
	code, out, talk := n.run(question(t, ana))
	if code != cli.OK || len(out) > 8<<10 {
		t.Errorf("exit %d, %d bytes, %s", code, len(out), talk)
	}
}

func TestCollectFails(t *testing.T) {
	for name, c := range map[string]struct {
		set      func(*notes)
		question string
		args     []string
		code     int
		says     string
	}{
		"the forge is down":      {func(n *notes) { n.Fault(gitlabtest.Fault{Answer: gitlabtest.Status(503, "")}) }, "", nil, cli.Unknown, "503"},
		"the token is refused":   {func(n *notes) { n.env["CI_JOB_TOKEN"] = "expired" }, "", nil, cli.Unknown, "GATELEDGER_GITLAB_TOKEN"},
		"only some is shown":     {func(n *notes) { n.OldJobToken = true; n.env["CI_MERGE_REQUEST_IID"] = "7" }, "", nil, cli.Unknown, "GATELEDGER_MERGE_REQUEST=NUMBER"},
		"no such merge request":  {func(n *notes) { n.env["CI_MERGE_REQUEST_IID"] = "8" }, "", nil, cli.Unknown, "404"},
		"not in a job":           {func(n *notes) { n.env = map[string]string{} }, "", nil, cli.Usage, "CI_PROJECT_ID is not set"},
		"an unknown source":      {nil, `{"source":"gitlab-nots","commit":"` + deployed + `","keys":[]}`, nil, cli.Usage, "did you mean gitlab-note?"},
		"no commit":              {nil, `{"source":"gitlab-note","commit":"","keys":[]}`, nil, cli.Usage, "object id"},
		"a commit that climbs":   {nil, `{"source":"gitlab-note","commit":"../../../user","keys":[]}`, nil, cli.Usage, "object id"},
		"something else besides": {nil, `{"source":"gitlab-note","commit":"` + deployed + `","keys":[],"allow":true}`, nil, cli.Usage, "standard input"},
		"no question":            {nil, " ", nil, cli.Usage, "standard input"},
		"no time":                {nil, "", []string{"--timeout", "0s"}, cli.Usage, "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNotes(t)
			if c.set != nil {
				c.set(n)
			}
			if c.question == "" {
				c.question = question(t)
			}
			code, out, talk := n.run(c.question, c.args...)
			if code != c.code || out != "" || !strings.Contains(talk, c.says) {
				t.Errorf("exit %d, %q, %s; want %d with %q", code, out, talk, c.code, c.says)
			}
		})
	}
}
