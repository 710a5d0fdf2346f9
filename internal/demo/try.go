// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// Try walks the same steps on the user's own artifact, copied, in a
// throw-away repository with throw-away voters. What it makes is a trial:
// nobody real approved anything, and nothing of it is kept.
func Try(ctx context.Context, s *Stage, file string) error {
	p := &play{Stage: s, ledger: s.Path(".git/gateledger")}
	name := filepath.Base(file)
	p.Say("TRIAL: throw-away ledger, throw-away voters, a copy of your file. Nothing here approves anything.")
	for _, act := range []func(context.Context, string) error{p.tryLog, p.tryGate, p.tryTamper} {
		if err := act(ctx, name); err != nil {
			return err
		}
	}
	p.Say("\nThat was a trial, and nothing of it is left. For real, in your repository:\n\n  gateledger init")
	return nil
}

func (p *play) tryLog(ctx context.Context, name string) error {
	p.Act("a ledger, two voters, and your file in it")
	if err := p.Repository(ctx); err != nil {
		return err
	}
	if _, err := p.Silent(ctx, "git", "commit", "--quiet", "--allow-empty", "--message", "trial"); err != nil {
		return err
	}
	if _, err := p.Quiet(ctx, "init"); err != nil {
		return err
	}
	for who, key := range map[string]*string{"trial-voter-1": &p.ana, "trial-voter-2": &p.bo} {
		var err error
		if *key, err = p.Voter(who); err != nil {
			return err
		}
	}
	for _, v := range [][2]string{{"trial-voter-1", p.ana}, {"trial-voter-2", p.bo}} {
		if err := p.Gateledger(ctx, 0, "policy", "add", v[0], "--ssh", v[1]+".pub", "--role", "lead"); err != nil {
			return err
		}
	}
	if err := p.trialPolicy(ctx); err != nil {
		return err
	}
	return p.Gateledger(ctx, 0, "record", "build", "--subject", name)
}

// trialPolicy asks for two people and nothing else: a trial has no tests and
// no SBOM of your file, and must not invent them.
func (p *play) trialPolicy(ctx context.Context) error {
	file := p.Path(".gateledger.yml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var kept []string
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "evidence:") || strings.HasPrefix(name, "- {event:") || strings.HasPrefix(name, "exclude:") {
			continue
		}
		kept = append(kept, line)
	}
	if err := os.WriteFile(file, []byte(strings.Join(kept, "")), 0o644); err != nil {
		return err
	}
	p.Say("\nThe trial's policy asks for two approvals and no evidence. A real one should ask for more.")
	_, err = p.Quiet(ctx, "trust", "--yes")
	return err
}

func (p *play) tryGate(ctx context.Context, name string) error {
	p.Act("the gate waits for two people, then opens once")
	gate := []string{"gate", "--environment", "production", "--policy", ".gateledger.yml", "--subject", name}
	if err := p.Gateledger(ctx, 8, gate...); err != nil {
		return err
	}
	request, err := p.openRequest(ctx)
	if err != nil {
		return err
	}
	for _, key := range []string{p.ana, p.bo} {
		if err := p.Gateledger(ctx, 0, "approve", request, "--ssh", key, "--yes"); err != nil {
			return err
		}
	}
	if err := p.Gateledger(ctx, 0, gate...); err != nil {
		return err
	}
	if err := p.Gateledger(ctx, 0, "record", "deployment", "--subject", name, "--environment", "production", "--result", "healthy"); err != nil {
		return err
	}
	return p.Gateledger(ctx, 0, "verify", "artifact", name)
}

func (p *play) tryTamper(ctx context.Context, name string) error {
	p.Act("one bit of the copy is turned over")
	info, err := os.Stat(p.Path(name))
	if err != nil {
		return err
	}
	if err := p.Flip(p.Path(name), int(info.Size()/2)); err != nil {
		return err
	}
	return p.Gateledger(ctx, 4, "verify", "artifact", name)
}
