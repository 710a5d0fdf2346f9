// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
)

// apart starts the commands as processes of their own, all at once, and
// returns what each left.
func (p *project) apart(commands ...[]string) []answer {
	p.Helper()
	var all sync.WaitGroup
	answers, errs := make([]answer, len(commands)), make([]error, len(commands))
	for i, args := range commands {
		all.Go(func() { answers[i], errs[i] = p.process(args) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		p.Fatal(err)
	}
	return answers
}

func (p *project) process(args []string) (answer, error) {
	var stdout, stderr strings.Builder
	cmd := exec.Command("gateledger", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &stdout, &stderr
	cmd.Env = []string{testNow + "=" + p.now.Add(time.Minute).Format(time.RFC3339)}
	for k, v := range p.variables {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = nil
	}
	return answer{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, err
}

// Of six runs that ask at once, one may go ahead, and the others are told
// which.
func TestGatesAtOnceUseARequestUpOnce(t *testing.T) {
	x := newInsider(t)
	x.must("approve", x.request, "--ssh", "bo", "--yes")
	var commands [][]string
	for i := range 6 {
		commands = append(commands, []string{"gate", "--subject", "dist/app", "--run", fmt.Sprint(i)})
	}
	allowed := 0
	for i, a := range x.apart(commands...) {
		switch {
		case a.code == cli.OK:
			allowed++
		case a.code != cli.No || !strings.Contains(a.stdout, "already used by run local-"):
			t.Errorf("run %d: exit %d\n%s%s", i, a.code, a.stdout, a.stderr)
		}
	}
	if allowed != 1 {
		t.Errorf("%d runs were allowed", allowed)
	}
	if n := x.count("consumption"); n != 1 {
		t.Errorf("%d consumptions are logged", n)
	}
	x.must("verify", "ledger")
}

// Of six gates that ask for the first time at once, all find one request.
func TestGatesAtOnceMakeOneRequest(t *testing.T) {
	x := newInsider(t)
	x.write("dist/other", "other bytes\n")
	before := x.count("request")
	var commands [][]string
	for range 6 {
		commands = append(commands, []string{"gate", "--subject", "dist/other"})
	}
	for i, a := range x.apart(commands...) {
		if a.code != cli.Pending {
			t.Errorf("gate %d: exit %d\n%s", i, a.code, a.stderr)
		}
	}
	if n := x.count("request"); n != before+1 {
		t.Errorf("%d requests, had %d", n, before)
	}
}

// Eight that record at once each get an entry of their own.
func TestWritersAtOnce(t *testing.T) {
	p := newProject(t)
	var commands [][]string
	for i := range 8 {
		commands = append(commands, []string{"record", "build", "--subject", fmt.Sprintf("image-%d@sha256:%064x", i, i+1), "--json"})
	}
	seen := map[uint64]string{}
	for i, a := range p.apart(commands...) {
		var got struct {
			Index   uint64 `json:"index"`
			Event   string `json:"event"`
			Receipt string `json:"receipt"`
		}
		if a.code != cli.OK || json.Unmarshal([]byte(a.stdout), &got) != nil || got.Receipt == "" {
			t.Errorf("writer %d: exit %d\n%s%s", i, a.code, a.stdout, a.stderr)
			continue
		}
		if other, twice := seen[got.Index]; twice {
			t.Errorf("entry %d is %s's and %s's", got.Index, other, got.Event)
		}
		seen[got.Index] = got.Event
	}
	all, _ := p.logged()
	for i, e := range all {
		if id := e.ID(); seen[uint64(i)] != fmt.Sprintf("sha256:%x", id) {
			t.Errorf("entry %d is not the one that its writer was told", i)
		}
	}
	if len(all) != 8 {
		t.Errorf("%d entries", len(all))
	}
	if left := p.spooled(); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
	p.must("verify", "ledger")
}

// count is how many events of a kind are logged.
func (p *project) count(kind string) (n int) {
	p.Helper()
	all, _ := p.logged()
	for _, e := range all {
		if e.Is(kind) {
			n++
		}
	}
	return n
}
