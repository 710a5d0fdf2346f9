// SPDX-License-Identifier: Apache-2.0

// Gate times the gate on a ledger of 10 000 events, 1 000 of them votes for the
// request in question, by 40 people and by 1 000: reading, the decision alone,
// and the whole process from start to exit.
//
//	go run ./bench/gate -bin bin
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/vote"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the built binaries")
	events := flag.Int("events", 10_000, "entries in the ledger")
	votes := flag.Int("votes", 1_000, "of them votes for the request")
	flag.Parse()
	for _, people := range []int{40, *votes} {
		fmt.Printf("%d events, %d votes by %d people\n", *events, *votes, people)
		if err := run(*bin, *events, *votes, people); err != nil {
			fmt.Fprintln(os.Stderr, "bench/gate:", err)
			os.Exit(1)
		}
	}
}

// A world is a throw-away repository whose ledger is filled from inside.
type world struct {
	dir, home, self string
	policy          *policy.Policy
	ring            keyring.Ring
	key             event.Signer
	ledger          ledger.Ledger
	voters          []ssh.Signer
}

func run(bin string, events, votes, people int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := filepath.Abs(filepath.Join(bin, "gateledger"))
	if err != nil {
		return err
	}
	w := &world{dir: filepath.Join(dir, "repo"), home: filepath.Join(dir, "home"), self: self}
	ctx := context.Background()
	for _, step := range []func() error{
		w.setUp,
		func() error { return w.people(people) },
		func() error { return w.open(ctx) },
		func() error { return w.fill(ctx, events-votes-2) },
		func() error { return w.vote(ctx, votes) },
		func() error { return w.decideAlone(ctx) },
		w.decideWhole,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "XDG_CONFIG_HOME=" + filepath.Join(w.home, ".config"), "GIT_CONFIG_NOSYSTEM=1",
	}
	return cmd
}

func (w *world) must(name string, args ...string) error {
	if out, err := w.command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

func (w *world) setUp() error {
	for _, d := range []string{w.dir, w.home} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(w.dir, "app"), []byte("the artifact"), 0o644); err != nil {
		return err
	}
	for _, c := range [][]string{
		{"git", "init", "--quiet", "--initial-branch=main"},
		{"git", "config", "user.name", "b"},
		{"git", "config", "user.email", "b@example.org"},
		{"git", "commit", "--quiet", "--allow-empty", "--message", "bench"},
		{w.self, "init"},
	} {
		if err := w.must(c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// people writes a policy in which n people may approve and three must.
func (w *world) people(n int) error {
	made, err := os.ReadFile(filepath.Join(w.dir, ".gateledger.yml"))
	if err != nil {
		return err
	}
	p, err := policy.Parse(made)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nledger: {url: %q, origin: %q, keys: [%q]}\nsigners:\n", p.Ledger.URL, p.Ledger.Origin, p.Ledger.Keys[0])
	for name, s := range p.Signers {
		fmt.Fprintf(&b, "  %s: {key: %q, tier: fast}\n", name, s.Key)
	}
	b.WriteString("principals:\n")
	for i := range n {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		s, err := ssh.NewSignerFromKey(key)
		if err != nil {
			return err
		}
		w.voters = append(w.voters, s)
		fmt.Fprintf(&b, "  p%d: {keys: [{ssh: %q}], roles: [lead]}\n", i, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey()))))
	}
	b.WriteString("environments:\n  production: {require: [{role: lead, count: 3}]}\n")
	return os.WriteFile(filepath.Join(w.dir, "policy.yml"), []byte(b.String()), 0o644)
}

func (w *world) open(ctx context.Context) error {
	data, err := os.ReadFile(filepath.Join(w.dir, "policy.yml"))
	if err != nil {
		return err
	}
	if w.policy, err = policy.Parse(data); err != nil {
		return err
	}
	w.ring = keyring.Open(filepath.Join(w.home, ".config", "gateledger"))
	origin := w.policy.Ledger.Origin
	if w.key, err = w.ring.EventSigner(origin); err != nil {
		return err
	}
	signer, err := w.ring.LogSigner(origin)
	if err != nil {
		return err
	}
	keys, err := proof.NewKeys(origin, w.policy.Ledger.Keys)
	if err != nil {
		return err
	}
	w.ledger, err = ledger.Open(ctx, "dir:"+filepath.Join(w.dir, ".git", "gateledger"), ledger.Options{Keys: keys, Signer: signer})
	return err
}

func (w *world) append(ctx context.Context, payloads [][]byte) error {
	for batch := range slices.Chunk(payloads, 256) {
		var leaves []ledger.Leaf
		for _, payload := range batch {
			s, err := event.Sign(payload, w.key)
			if err != nil {
				return err
			}
			data, err := s.Leaf()
			if err != nil {
				return err
			}
			leaves = append(leaves, ledger.Leaf{ID: s.ID(), Data: data, Body: s.Payload})
		}
		if _, err := w.ledger.Append(ctx, proof.Checkpoint{}, leaves); err != nil {
			return err
		}
	}
	return nil
}

// fill logs n builds of other artifacts.
func (w *world) fill(ctx context.Context, n int) error {
	payloads := make([][]byte, n)
	for i := range n {
		p := event.BuildPredicate{
			BuildDefinition: event.BuildDefinition{BuildType: "https://example.org/bench", ExternalParameters: map[string]string{"i": fmt.Sprint(i)}},
			RunDetails:      event.RunDetails{Builder: event.Builder{ID: "https://example.org/bench"}},
			Context:         event.Context{Provider: "local", Commit: strings.Repeat("a", 40), Run: fmt.Sprint(i)},
		}
		s := event.Subject{Name: "other", Digest: map[string]string{"sha256": fmt.Sprintf("%064x", i)}}
		var err error
		if payloads[i], err = event.NewStatement(event.BuildType, []event.Subject{s}, p); err != nil {
			return err
		}
	}
	return w.append(ctx, payloads)
}

var gate = []string{"gate", "--policy", "policy.yml", "--environment", "production", "--subject", "app", "--consume=false"}

// vote lets the gate make its request, then the voters approve it in turn, n
// votes in all.
func (w *world) vote(ctx context.Context, n int) error {
	cmd := w.command(w.self, gate...)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 8 {
		return fmt.Errorf("first gate: %w: %s", err, out)
	}
	id, request, err := w.request(ctx)
	if err != nil {
		return err
	}
	var payloads [][]byte
	for i := range n {
		v := w.voters[i%len(w.voters)]
		p := vote.About(id, request)
		p.Choice, p.Issued, p.Reason = vote.Approve, time.Now().UTC().Format(time.RFC3339), fmt.Sprintf("vote %d", i)
		statement, err := vote.NewStatement(p)
		if err != nil {
			return err
		}
		message, err := vote.SignedData("gateledger-vote", vote.SHA512, statement)
		if err != nil {
			return err
		}
		blob, err := v.Sign(rand.Reader, message)
		if err != nil {
			return err
		}
		armored := vote.ArmorSSHSIG(&vote.Signature{Key: v.PublicKey(), Namespace: "gateledger-vote", HashAlgorithm: vote.SHA512, Blob: blob})
		payload, err := vote.Wrap(statement, armored)
		if err != nil {
			return err
		}
		payloads = append(payloads, payload)
	}
	return w.append(ctx, payloads)
}

func (w *world) events(ctx context.Context) ([]*event.Event, event.Checkpoint, error) {
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return nil, event.Checkpoint{}, err
	}
	var out []*event.Event
	for e, err := range w.ledger.Read(ctx, 0, head.Size) {
		if err != nil {
			return nil, event.Checkpoint{}, err
		}
		ev, err := event.Open(e.Index, e.Data, e.Body)
		if err != nil {
			return nil, event.Checkpoint{}, err
		}
		out = append(out, ev)
	}
	return out, event.Checkpoint{Size: head.Size, Root: fmt.Sprintf("%x", head.Root[:])}, nil
}

func (w *world) request(ctx context.Context) (string, event.RequestPredicate, error) {
	events, _, err := w.events(ctx)
	if err != nil {
		return "", event.RequestPredicate{}, err
	}
	for _, e := range slices.Backward(events) {
		if e.Is("request") {
			p, err := event.DecodePredicate[event.RequestPredicate](e)
			if err != nil {
				return "", p, err
			}
			id, err := event.RequestID(p)
			return id, p, err
		}
	}
	return "", event.RequestPredicate{}, fmt.Errorf("no request in the ledger")
}

func (w *world) decideAlone(ctx context.Context) error {
	id, _, err := w.request(ctx)
	if err != nil {
		return err
	}
	var read, decide []time.Duration
	for range 15 {
		start := time.Now()
		events, head, err := w.events(ctx)
		if err != nil {
			return err
		}
		between := time.Now()
		d, err := policy.Evaluate(policy.Input{Policy: w.policy, Request: id, Events: events, Head: head, Now: time.Now().UTC(), Run: "bench"})
		if err != nil {
			return err
		}
		if d.Verdict != policy.Allowed {
			return fmt.Errorf("the bench's decision is %v: %s", d.Verdict, d.Why)
		}
		read, decide = append(read, between.Sub(start)), append(decide, time.Since(between))
	}
	fmt.Printf("%-44s %8s\n", "read and hash-check every entry", median(read))
	fmt.Printf("%-44s %8s\n", "decide", median(decide))
	return nil
}

func (w *world) decideWhole() error {
	var whole []time.Duration
	for range 15 {
		start := time.Now()
		if err := w.must(w.self, gate...); err != nil {
			return err
		}
		whole = append(whole, time.Since(start))
	}
	fmt.Printf("%-44s %8s\n", "gateledger gate, whole process", median(whole))
	return nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2].Round(100 * time.Microsecond)
}
