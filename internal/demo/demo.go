// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:embed project.txtar
var project []byte

const artifact = "dist/hello"

// A play is one telling of the main job.
type play struct {
	*Stage
	ana, bo, dana string // key files of the voters
	request       string // what waits for approval
	ledger        string // the embedded ledger's folder
}

// Play tells the whole story on a small Go program, and stops at the first
// step that does not come out as told.
func Play(ctx context.Context, s *Stage) error {
	p := &play{Stage: s, ledger: s.Path(".git/gateledger")}
	for _, act := range []func(context.Context) error{
		p.setUp, p.evidence, p.waits, p.people, p.ship, p.verify, p.attacks,
	} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	p.Act("that was it")
	p.Say(`Who approved what, which bytes, which commit, which tests, in which order:
signed, logged, and checked again offline. Run it on a file of your own:

  gateledger try FILE`)
	return nil
}

func (p *play) setUp(ctx context.Context) error {
	p.Act("a new repository, and a ledger inside it")
	if err := writeProject(p.Dir); err != nil {
		return err
	}
	if err := p.Repository(ctx); err != nil {
		return err
	}
	if err := p.Gateledger(ctx, 0, "init"); err != nil {
		return err
	}
	p.Say("\nThree people. Dana writes the code, Ana and Bo may approve it, each with an SSH key.")
	var err error
	for _, who := range []struct {
		name string
		key  *string
	}{{"ana", &p.ana}, {"bo", &p.bo}, {"dana", &p.dana}} {
		if *who.key, err = p.Voter(who.name); err != nil {
			return err
		}
		err = p.Gateledger(ctx, 0, "policy", "add", who.name, "--ssh", *who.key+".pub", "--email", who.name+"@example.org", "--role", "lead")
		if err != nil {
			return err
		}
	}
	if _, err := p.Silent(ctx, "git", "add", "--all"); err != nil {
		return err
	}
	_, err = p.Tool(ctx, "git", "commit", "--quiet", "--message", "Say which version is newest")
	return err
}

func writeProject(dir string) error {
	for _, f := range txtar.Parse(project).Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			return fmt.Errorf("write the demo's program: %w", err)
		}
	}
	return nil
}

func (p *play) evidence(ctx context.Context) error {
	p.Act("build it, test it, list what is inside, and log all three")
	if _, err := p.Tool(ctx, "go", "build", "-trimpath", "-o", artifact, "."); err != nil {
		return err
	}
	tests, err := p.Tool(ctx, "go", "test", "-json", "./...")
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.Path("dist/test.json"), []byte(tests), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"sbom", ".", "-o", "dist/sbom.cdx.json"},
		{"record", "build", "--subject", artifact},
		{"record", "test", "--subject", artifact, "dist/test.json"},
		{"record", "sbom", "--subject", artifact, "dist/sbom.cdx.json"},
	} {
		if err := p.Gateledger(ctx, 0, args...); err != nil {
			return err
		}
	}
	return nil
}

var gateArgs = []string{"gate", "--environment", "production", "--subject", artifact}

func (p *play) waits(ctx context.Context) error {
	p.Act("may it go to production? not yet")
	if err := p.Gateledger(ctx, 8, gateArgs...); err != nil {
		return err
	}
	var err error
	if p.request, err = p.openRequest(ctx); err != nil {
		return err
	}
	return p.Copy(p.ledger, p.before())
}

// openRequest returns a prefix of the id of the only request that waits.
func (p *play) openRequest(ctx context.Context) (string, error) {
	list, err := p.Quiet(ctx, "request", "list", "--json")
	if err != nil {
		return "", err
	}
	var open struct{ Requests []struct{ Request string } }
	if err := json.Unmarshal([]byte(list), &open); err != nil {
		return "", fmt.Errorf("read the list of requests: %w", err)
	}
	if len(open.Requests) != 1 || len(open.Requests[0].Request) < 12 {
		return "", fmt.Errorf("%d requests are open, want one", len(open.Requests))
	}
	return open.Requests[0].Request[:12], nil
}

// before is a copy of the ledger as it was before anybody voted.
func (p *play) before() string { return filepath.Join(filepath.Dir(p.Dir), "before") }

func (p *play) people(ctx context.Context) error {
	p.Act("people vote, each with their own key")
	p.Say("Dana wrote the commit. She may sign, but it will not count.")
	if err := p.Gateledger(ctx, 0, "approve", p.request, "--ssh", p.dana, "--yes"); err != nil {
		return err
	}
	if err := p.Part(ctx, 0, lastLines, "approve", p.request, "--ssh", p.ana, "--yes"); err != nil {
		return err
	}
	p.Say("\nOne vote is missing, and the gate says whose it could be:")
	if err := p.Part(ctx, 8, verdictAndVotes(), gateArgs...); err != nil {
		return err
	}
	return p.Part(ctx, 0, lastLines, "approve", p.request, "--ssh", p.bo, "--yes", "--reason", "read the diff, ran it here")
}

// lastLines shows of a vote that it was cast, and how the request stands.
func lastLines(line string) bool {
	return strings.Contains(line, " cast as entry ") || strings.HasPrefix(line, "the request is now")
}

// verdictAndVotes shows the first lines of an answer, and its parts about
// votes and what is missing.
func verdictAndVotes() func(string) bool {
	number, wanted := 0, false
	return func(line string) bool {
		number++
		if line != "" && !strings.HasPrefix(line, " ") {
			wanted = line == "Votes" || line == "Missing" || number == 1
		}
		return wanted && line != ""
	}
}

func (p *play) ship(ctx context.Context) error {
	p.Act("now it may, once")
	if err := p.Gateledger(ctx, 0, append(gateArgs, "--run", "1")...); err != nil {
		return err
	}
	return p.Gateledger(ctx, 0, "record", "deployment", "--subject", artifact,
		"--environment", "production", "--result", "healthy")
}

func (p *play) verify(ctx context.Context) error {
	p.Act("anyone can check it later, offline")
	if err := p.Gateledger(ctx, 0, "verify", "artifact", artifact); err != nil {
		return err
	}
	return p.Gateledger(ctx, 0, "export", "-o", "dist/audit.tar")
}

func (p *play) attacks(ctx context.Context) error {
	p.Act("and now somebody cheats")
	for _, attack := range []func(context.Context) error{
		p.otherBytes, p.replayOnOtherBytes, p.useTwice, p.forgeVote, p.cutLog, p.rollBack,
	} {
		if err := attack(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) otherBytes(ctx context.Context) error {
	p.Say("\nOne bit of the artifact is turned over:")
	if err := p.Copy(p.Path(artifact), p.Path("dist/kept")); err != nil {
		return err
	}
	if err := p.Flip(p.Path(artifact), 4096); err != nil {
		return err
	}
	return p.Gateledger(ctx, 4, "verify", "artifact", artifact)
}

func (p *play) replayOnOtherBytes(ctx context.Context) error {
	p.Say("\nThe approvals are tried on the altered bytes. They were for others, so none counts:")
	if err := p.Part(ctx, 8, verdictAndVotes(), gateArgs...); err != nil {
		return err
	}
	return os.Rename(p.Path("dist/kept"), p.Path(artifact))
}

func (p *play) useTwice(ctx context.Context) error {
	p.Say("\nThe approved bytes are deployed a second time, by another run, on the old approvals:")
	return p.Part(ctx, 8, verdictAndVotes(), append(gateArgs, "--run", "2")...)
}

// onCopy lets an attack loose on a copy of the ledger and shows that the
// audit names what it did.
func (p *play) onCopy(ctx context.Context, attack func(ledger string) error) error {
	dir, err := os.MkdirTemp(filepath.Dir(p.Dir), "copy")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "ledger")
	if err := p.Copy(p.ledger, copied); err != nil {
		return err
	}
	if err := attack(copied); err != nil {
		return err
	}
	rel, err := filepath.Rel(p.Dir, copied)
	if err != nil {
		return err
	}
	return p.Gateledger(ctx, 4, "verify", "ledger", "dir:"+filepath.ToSlash(rel))
}

var choice = regexp.MustCompile(`vote/v1`)

func (p *play) forgeVote(ctx context.Context) error {
	p.Say("\nA vote in the log is changed by one bit:")
	return p.onCopy(ctx, func(dir string) error {
		file, offset, err := findIn(filepath.Join(dir, "body"), choice)
		if err != nil {
			return err
		}
		return p.Flip(file, offset)
	})
}

// findIn returns the first place below dir where the pattern stands.
func findIn(dir string, pattern *regexp.Regexp) (file string, offset int, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || file != "" {
			return err
		}
		data, err := os.ReadFile(path)
		if at := pattern.FindIndex(data); at != nil {
			file, offset = path, at[0]
		}
		return err
	})
	if err == nil && file == "" {
		err = fmt.Errorf("nothing like %s below %s", pattern, dir)
	}
	return file, offset, err
}

func (p *play) cutLog(ctx context.Context) error {
	p.Say("\nAn entry of the log is changed by one bit:")
	return p.onCopy(ctx, func(dir string) error {
		file, offset, err := findIn(filepath.Join(dir, "tile", "entries"), regexp.MustCompile(`hashedrekord`))
		if err != nil {
			return err
		}
		return p.Flip(file, offset)
	})
}

func (p *play) rollBack(ctx context.Context) error {
	p.Say("\nThe whole log is replaced by a copy of itself from before the votes:")
	if err := os.RemoveAll(p.ledger); err != nil {
		return err
	}
	if err := p.Copy(p.before(), p.ledger); err != nil {
		return err
	}
	return p.Gateledger(ctx, 4, "verify", "ledger")
}
