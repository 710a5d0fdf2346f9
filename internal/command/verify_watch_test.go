// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A told is one alert, as it was told.
type told struct {
	Schema, Kind, Severity, Key, Ledger, Origin, Message, Time string
	Size                                                       uint64
	Evidence                                                   []string
}

// watch is one round, which has to end with a code, and what it told.
func (p *project) watch(want int, args ...string) []told {
	p.Helper()
	a := p.run(append([]string{"verify", "ledger", "--watch", "--rounds", "1"}, args...)...)
	var all []told
	for line := range strings.Lines(a.stdout) {
		var one told
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.Schema != "https://gateledger.dev/ledger-alert/v1" {
			p.Errorf("it says %q: %v", line, err)
		}
		all = append(all, one)
	}
	if a.code != want {
		p.Errorf("%q: exit %d, want %d\n%s%s", args, a.code, want, a.stdout, a.stderr)
	}
	return all
}

// kindsTold are the kinds of alerts, in order.
func kindsTold(all []told) []string {
	out := []string{}
	for _, one := range all {
		out = append(out, one.Kind)
	}
	return out
}

func (p *project) tells(want string, all []told) {
	p.Helper()
	if got := strings.Join(kindsTold(all), " "); got != want {
		p.Errorf("told %q, want %q: %+v", got, want, all)
	}
}

func (p *project) check(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// keys are the log's, by the policy in the checkout.
func (p *project) keys() proof.Keys {
	p.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, ".gateledger.yml"))
	p.check(err)
	rules, err := policy.Parse(data)
	p.check(err)
	keys, err := proof.NewKeys(rules.Ledger.Origin, rules.Ledger.Keys)
	p.check(err)
	return keys
}

func (p *project) folder() string { return filepath.Join(p.dir, ".git", "gateledger") }

// keep copies the ledger as it is now.
func (p *project) keep(name string) string {
	p.Helper()
	to := filepath.Join(p.dir, "..", name)
	if err := os.CopyFS(to, os.DirFS(p.folder())); err != nil {
		p.Fatal(err)
	}
	return to
}

// bring puts a copy in the ledger's place.
func (p *project) bring(from string) {
	p.Helper()
	if err := os.RemoveAll(p.folder()); err != nil {
		p.Fatal(err)
	}
	if err := os.CopyFS(p.folder(), os.DirFS(from)); err != nil {
		p.Fatal(err)
	}
}

// another says something else after a copy of the ledger: whoever holds the log
// key can.
func (x *insider) another(folder, text string) {
	x.Helper()
	own := x.ledger
	x.openAt(folder)
	x.say("build", map[string]any{"buildDefinition": map[string]any{"buildType": text}, "runDetails": map[string]any{"builder": map[string]any{"id": "x"}}}, x.carrier)
	x.ledger = own
}

func (x *insider) openAt(folder string) {
	x.Helper()
	keys := x.keys()
	signer, err := keyring.Open(filepath.Join(x.home, ".config", "gateledger")).LogSigner(keys.Origin)
	x.check(err)
	x.ledger, err = ledger.Open(x.Context(), "dir:"+folder, ledger.Options{Keys: keys, Signer: signer})
	x.check(err)
}

func TestWatchTellsOnce(t *testing.T) {
	x := newInsider(t)
	x.tells("", x.watch(cli.OK, "--metrics", "ledger.prom"))
	x.tells("", x.watch(cli.OK))
	x.say("build", map[string]any{"buildDefinition": map[string]any{"buildType": "x"}, "runDetails": map[string]any{"builder": map[string]any{"id": "x"}}}, x.stranger)
	all := x.watch(cli.No)
	x.tells("unknown-signer", all)
	if len(all) == 1 && (!strings.Contains(all[0].Message, "signed by nobody whom the policy names") || all[0].Origin == "" || !strings.HasPrefix(all[0].Ledger, "dir:") || all[0].Severity != "finding") {
		t.Errorf("%+v", all[0])
	}
	x.tells("", x.watch(cli.OK, "--metrics", "ledger.prom"))
	data, err := os.ReadFile("ledger.prom")
	x.check(err)
	for _, want := range []string{"gateledger_ledger_last_round_timestamp_seconds{", `kind="fork"} 0`, "gateledger_ledger_failed_rounds{", "gateledger_ledger_entries{"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in\n%s", want, data)
		}
	}
	// Without its memory everything is new.
	x.check(os.Remove(".ledger-watch.json"))
	x.tells("unknown-signer", x.watch(cli.No))
}

func TestWatchCatchesARollback(t *testing.T) {
	x := newInsider(t)
	old, newer := x.keep("old"), ""
	x.another(x.folder(), "more")
	x.tells("", x.watch(cli.OK))
	newer = x.keep("newer")
	x.bring(old)
	all := x.watch(cli.Integrity)
	x.tells("rollback", all)
	if len(all) == 1 && len(all[0].Evidence) != 2 {
		t.Errorf("%+v", all[0])
	}
	x.tells("", x.watch(cli.Integrity)) // told, and still so
	x.bring(newer)
	x.tells("", x.watch(cli.OK))
	x.bring(old)
	x.tells("rollback", x.watch(cli.Integrity)) // again, and told again
}

func TestWatchCatchesAFork(t *testing.T) {
	x := newInsider(t)
	other := x.keep("other")
	x.another(x.folder(), "one")
	x.tells("", x.watch(cli.OK))
	x.another(other, "two")
	x.another(other, "three")
	own := x.keep("own")
	x.bring(other)
	all := x.watch(cli.Integrity)
	x.tells("fork", all)
	if len(all) == 1 {
		for _, raw := range all[0].Evidence {
			if _, err := proof.ParseCheckpoint([]byte(raw), x.keys()); err != nil {
				t.Errorf("evidence: %v", err)
			}
		}
		if len(all[0].Evidence) != 2 {
			t.Errorf("%+v", all[0])
		}
	}
	// Its key has signed both: that does not heal.
	x.bring(own)
	x.tells("", x.watch(cli.Integrity))
}

func TestWatchCatchesAlteredBytes(t *testing.T) {
	x := newInsider(t)
	x.tells("", x.watch(cli.OK))
	names, err := filepath.Glob(filepath.Join(x.folder(), "tile", "entries", "000.p", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	kept := x.keep("kept")
	data, err := os.ReadFile(names[0])
	x.check(err)
	data[len(data)-1] ^= 1
	x.check(os.Chmod(names[0], 0o644))
	x.check(os.WriteFile(names[0], data, 0o644))
	// What was read is not read again at once, but within a day.
	x.now = x.now.Add(25 * time.Hour)
	x.tells("tampered", x.watch(cli.Integrity))
	x.bring(kept)
	x.tells("", x.watch(cli.OK))
}

// Two readers are shown different logs. Neither can tell alone; together they
// can.
func TestTwoReadersCatchWhatNeitherSees(t *testing.T) {
	x := newInsider(t)
	other := x.keep("other")
	x.another(x.folder(), "one")
	x.another(other, "two")
	x.tells("", x.watch(cli.OK, "--state", "a.json"))
	b := x.elsewhere()
	b.tells("", b.watch(cli.OK, "--state", "b.json", "--ledger", "dir:"+other))

	all := x.watch(cli.Integrity, "--state", "a.json", "--compare", "b.json")
	x.tells("fork", all)
	if len(all) == 1 && (len(all[0].Evidence) != 2 || !strings.Contains(all[0].Message, "the log's key signed two histories: b.json")) {
		t.Errorf("%+v", all[0])
	}
	b.tells("fork", b.watch(cli.Integrity, "--state", "b.json", "--ledger", "dir:"+other, "--compare", filepath.Join(x.folder(), "checkpoint")))
}

// elsewhere is another user, who trusts the same policy and has seen nothing.
func (x *insider) elsewhere() *project {
	x.Helper()
	other := *x.project
	other.home = filepath.Join(x.dir, "..", "elsewhere")
	other.variables = map[string]string{"PATH": os.Getenv("PATH"), "HOME": other.home}
	x.check(os.MkdirAll(other.home, 0o700))
	other.must("trust", "--yes")
	return &other
}

// Who is shown less than others for some rounds is shown an old log.
func TestWatchIsShownAnOldLog(t *testing.T) {
	x := newInsider(t)
	old := x.keep("old")
	x.another(x.folder(), "more")
	x.tells("", x.watch(cli.OK, "--state", "a.json"))
	b := x.elsewhere()
	for _, want := range []string{"", "", "behind"} {
		code := cli.OK
		if want != "" {
			code = cli.Integrity
		}
		b.tells(want, b.watch(code, "--state", "b.json", "--ledger", "dir:"+old, "--compare", "a.json"))
	}
	x.another(old, "something else")
	b.tells("fork", b.watch(cli.Integrity, "--state", "b.json", "--ledger", "dir:"+old, "--compare", "a.json"))
}

func TestWatchALedgerThatIsGone(t *testing.T) {
	x := newInsider(t)
	x.tells("", x.watch(cli.OK))
	kept := x.keep("kept")
	x.check(os.RemoveAll(x.folder()))
	x.tells("", x.watch(cli.Unknown))
	x.tells("", x.watch(cli.Unknown))
	all := x.watch(cli.Unknown)
	x.tells("unreachable", all)
	if len(all) == 1 && all[0].Severity != "unknown" {
		t.Errorf("%+v", all[0])
	}
	x.tells("", x.watch(cli.Unknown))
	x.bring(kept)
	x.tells("", x.watch(cli.OK))
	x.tells("", x.watch(cli.Unknown, "--compare", "nowhere.json"))
}

func TestWatchWarnsOfWhatEnds(t *testing.T) {
	x := newInsider(t)
	data, err := os.ReadFile(".gateledger.yml")
	x.check(err)
	before := string(data)
	at := strings.Index(before, "- ssh: ")
	if at < 0 {
		at = strings.Index(before, "{ssh: ")
	}
	line := before[at : at+strings.IndexAny(before[at:], "\n")]
	ending := ""
	if strings.HasPrefix(line, "{ssh") {
		ending = strings.Replace(line, "{ssh: ", "{until: 2026-01-20, ssh: ", 1)
	} else {
		ending = strings.Replace(line, "- ssh: ", "- until: 2026-01-20\n        ssh: ", 1)
	}
	x.write(".gateledger.yml", strings.Replace(before, line, ending, 1))
	x.must("trust", "--yes")
	all := x.watch(cli.No)
	x.tells("expiring", all)
	if len(all) == 1 && !strings.Contains(all[0].Message, "counts until 2026-01-20T00:00:00Z") {
		t.Errorf("%+v", all[0])
	}
	x.tells("", x.watch(cli.OK))
	x.now = time.Date(2026, 1, 21, 0, 0, 0, 0, time.UTC)
	x.tells("expiring", x.watch(cli.No))
}

// A receipt beside the ledger is a checkpoint that the log signed, whoever put
// it there: what it covers must be in the log.
func TestWatchReadsReceipts(t *testing.T) {
	x := newInsider(t)
	old := x.keep("old")
	x.another(x.folder(), "one")
	receipt := func(folder string) ledger.StoredReceipt {
		raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
		x.check(err)
		c, err := proof.ParseCheckpoint(raw, x.keys())
		x.check(err)
		p, err := canon.Marshal(anchored.WitnessProof{Cosignature: "— nobody AAAA"})
		x.check(err)
		data, err := anchored.Receipt{Kind: "witness", Name: "w1", Checkpoint: c.Raw, Proof: p}.Bytes()
		x.check(err)
		return ledger.StoredReceipt{Size: c.Size, Data: data}
	}
	newest := receipt(x.folder())
	keep := func(folder string, r ledger.StoredReceipt) {
		own := x.ledger
		x.openAt(folder)
		x.check(x.ledger.(ledger.ReceiptKeeper).KeepReceipts(x.Context(), []ledger.StoredReceipt{r, {Size: 1, Data: []byte("garbage")}}))
		x.ledger = own
	}
	keep(x.folder(), newest)
	x.tells("", x.watch(cli.OK))
	b := x.elsewhere()
	keep(old, newest)
	b.tells("rollback", b.watch(cli.Integrity, "--state", "b.json", "--ledger", "dir:"+old))
	x.another(old, "two")
	b.tells("fork", b.watch(cli.Integrity, "--state", "b.json", "--ledger", "dir:"+old))
}

func TestWatchRefuses(t *testing.T) {
	p := newProject(t)
	for fact, args := range map[string][]string{
		"without --watch":      {"--every", "1m"},
		"a short round":        {"--watch", "--every", "1ms"},
		"no rounds":            {"--watch", "--rounds", "-1"},
		"no patience":          {"--watch", "--patience", "0"},
		"published":            {"--watch", "--publish"},
		"as one object":        {"--watch", "--json"},
		"a secret for nobody":  {"--watch", "--webhook-secret-file", "x"},
		"no webhook":           {"--watch", "--webhook-file", "nowhere"},
		"no state":             {"--watch", "--state", ""},
		"another file's state": {"--watch", "--rounds", "1", "--state", "main.go"},
	} {
		if a := p.run(append([]string{"verify", "ledger"}, args...)...); a.code != cli.Usage || a.stdout != "" {
			t.Errorf("%s: %+v", fact, a)
		}
	}
	p.variables["HOME"] = filepath.Join(p.dir, "..", "nobody")
	p.check(os.MkdirAll(p.variables["HOME"], 0o700))
	if a := p.run("verify", "ledger", "--watch", "--rounds", "1"); a.code != cli.Usage || !strings.Contains(a.stderr, "you have not pinned the policy") {
		t.Errorf("nobody trusts the policy: %+v", a)
	}
	if slices.ContainsFunc([]string{".ledger-watch.json"}, func(f string) bool { _, err := os.Stat(f); return err == nil }) {
		t.Error("it remembers what it never saw")
	}
}
