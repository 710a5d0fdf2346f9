// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A project is a repository with a ledger, and a user with a home.
type project struct {
	*testing.T
	dir, home string
	variables map[string]string
	stdin     string
	now       time.Time
}

// An answer is what one run of the program left.
type answer struct {
	code           int
	stdout, stderr string
}

func newProject(t *testing.T) *project {
	t.Helper()
	base := t.TempDir()
	p := &project{T: t, dir: filepath.Join(base, "app"), home: filepath.Join(base, "home"), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	p.variables = map[string]string{"PATH": os.Getenv("PATH"), "HOME": p.home}
	p.write("../home/.gitconfig", "[user]\nname = Dana\nemail = dana@example.org\n[init]\ndefaultBranch = main\n")
	p.write("main.go", "package main\n")
	p.git("init", "--quiet")
	p.git("add", "--all")
	p.git("commit", "--quiet", "--message", "one")
	p.write("dist/app", "the artifact\n")
	t.Chdir(p.dir)
	if a := p.run("init"); a.code != cli.OK {
		t.Fatalf("init: %+v", a)
	}
	return p
}

func (p *project) write(name, text string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.Fatal(err)
	}
}

func (p *project) git(args ...string) string {
	p.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.dir
	for k, v := range p.variables {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (p *project) run(args ...string) answer { return p.runIn(context.Background(), args...) }

func (p *project) runIn(ctx context.Context, args ...string) answer {
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Args: append([]string{"gateledger"}, args...), Getenv: func(name string) string { return p.variables[name] },
		Stdin: strings.NewReader(p.stdin), Stdout: &stdout, Stderr: &stderr,
		Now: func() time.Time { p.now = p.now.Add(time.Second); return p.now }, Rand: rand.Reader,
	}
	code := cli.Run(ctx, env, command.Root)
	return answer{code, stdout.String(), stderr.String()}
}

// must runs what has to work.
func (p *project) must(args ...string) answer {
	p.Helper()
	a := p.run(args...)
	if a.code != cli.OK {
		p.Fatalf("%q: exit %d\n%s", args, a.code, a.stderr)
	}
	return a
}

// logged opens the ledger with the policy's keys and returns what it holds.
func (p *project) logged() ([]*event.Event, ledger.Ledger) {
	p.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, ".gateledger.yml"))
	if err != nil {
		p.Fatal(err)
	}
	rules, err := policy.Parse(data)
	if err != nil {
		p.Fatal(err)
	}
	keys, err := proof.NewKeys(rules.Ledger.Origin, rules.Ledger.Keys)
	if err != nil {
		p.Fatal(err)
	}
	l, err := ledger.Open(p.Context(), "dir:"+filepath.Join(p.dir, ".git", "gateledger"), ledger.Options{Keys: keys})
	if err != nil {
		p.Fatal(err)
	}
	head, err := l.Head(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	var all []*event.Event
	for e, err := range l.Read(p.Context(), 0, head.Size) {
		if err != nil {
			p.Fatal(err)
		}
		ev, err := event.Open(e.Index, e.Data, e.Body)
		if err == nil {
			err = ev.Verify()
		}
		if err != nil {
			p.Fatalf("entry %d: %v", e.Index, err)
		}
		all = append(all, ev)
	}
	return all, l
}

// last is the newest event's predicate.
func last[T any](p *project) (T, *event.Event) {
	p.Helper()
	all, _ := p.logged()
	if len(all) == 0 {
		p.Fatal("the ledger is empty")
	}
	e := all[len(all)-1]
	predicate, err := event.DecodePredicate[T](e)
	if err != nil {
		p.Fatal(err)
	}
	return predicate, e
}

func (p *project) spooled() []string {
	files, err := filepath.Glob(filepath.Join(p.home, ".config/gateledger/spool/*/*"))
	if err != nil {
		p.Fatal(err)
	}
	return files
}

const passing = `<testsuite><testcase name="a"/></testsuite>`

func TestRecordMakesEveryRecordableKind(t *testing.T) {
	record := command.Record(cli.System())
	var have, want []string
	for _, c := range record.Commands() {
		have = append(have, c.Name())
		if c.Example == "" || c.Short == "" {
			t.Errorf("record %s has no example", c.Name())
		}
	}
	for _, k := range event.Kinds() {
		if k.Recordable || k.Name == "untrusted-report" || k.Name == "pipeline" { // the last two are no evidence
			want = append(want, k.Name)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("have %v, want %v", have, want)
	}
}

func TestRecordBuild(t *testing.T) {
	p := newProject(t)
	a := p.must("record", "build", "--subject", "dist/app")
	if !strings.HasPrefix(a.stderr, "recorded build #0 sha256:") || !strings.Contains(a.stderr, "(proof verified)") {
		t.Errorf("stderr: %s", a.stderr)
	}
	b, e := last[event.BuildPredicate](p)
	head := p.git("rev-parse", "HEAD")
	if e.Kind() != "build" || b.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"] != head || b.Context.Commit != head ||
		b.Context.Provider != "local" || b.Context.Actor.Email != "dana@example.org" || b.Context.Dirty {
		t.Errorf("%+v", b)
	}
	s, err := e.Statement()
	if sum := sha256.Sum256([]byte("the artifact\n")); err != nil || s.Subject[0].Name != "dist/app" || s.Subject[0].Digest["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v, %v", s.Subject, err)
	}
	if left := p.spooled(); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
	p.write("main.go", "package changed\n")
	a = p.must("record", "build", "--subject", "dist/app")
	if b, _ := last[event.BuildPredicate](p); !b.Context.Dirty || !strings.Contains(a.stderr, "the checkout is not what commit") {
		t.Errorf("a changed checkout: %+v\n%s", b.Context, a.stderr)
	}
}

func TestRecordBuildOnGitHub(t *testing.T) {
	p := newProject(t)
	head := p.git("rev-parse", "HEAD")
	for k, v := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/app",
		"GITHUB_REPOSITORY_ID": "1296269", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/b.yml@refs/heads/main", "GITHUB_EVENT_NAME": "push",
		"GITHUB_ACTOR": "alice", "GITHUB_ACTOR_ID": "583231", "GITHUB_TRIGGERING_ACTOR": "alice",
		"GITHUB_SHA": head, "GITHUB_REF": "refs/heads/main",
	} {
		p.variables[k] = v
	}
	p.must("record", "build", "--subject", "dist/app")
	b, _ := last[event.BuildPredicate](p)
	if b.RunDetails.Builder.ID != "https://github.com/acme/app/.github/workflows/b.yml@refs/heads/main" ||
		b.RunDetails.Metadata.InvocationID != "https://github.com/acme/app/actions/runs/42/attempts/1" ||
		b.BuildDefinition.ResolvedDependencies[0].URI != "git+https://github.com/acme/app@refs/heads/main" {
		t.Errorf("%+v", b)
	}
	delete(p.variables, "GITHUB_ACTOR_ID")
	if a := p.run("record", "build", "--subject", "dist/app"); a.code != cli.Usage || !strings.Contains(a.stderr, "GITHUB_ACTOR_ID is not set") {
		t.Errorf("%+v", a)
	}
}

func TestRecordTest(t *testing.T) {
	p := newProject(t)
	p.write("dist/a.xml", passing)
	p.write("dist/b.xml", `<testsuite><testcase name="b"><failure/></testcase></testsuite>`)
	p.write("dist/none.xml", `<testsuites/>`)
	for _, c := range []struct {
		reports []string
		stdin   string
		result  string
		says    string
	}{
		{[]string{"dist/a.xml"}, "", event.Passed, "tests PASSED: 1 passed, 0 failed, 0 skipped"},
		{[]string{"dist/a.xml", "dist/b.xml"}, "", event.Failed, "tests FAILED: 1 passed, 1 failed"},
		{[]string{"dist/none.xml"}, "", event.Failed, "no test ran, which is not a pass"},
		{[]string{"-"}, `{"Action":"run","Package":"p","Test":"T"}` + "\n" + `{"Action":"pass","Package":"p","Test":"T"}` + "\n" + `{"Action":"pass","Package":"p"}` + "\n", event.Passed, "1 passed"},
	} {
		p.stdin = c.stdin
		a := p.must(append([]string{"record", "test", "--subject", "dist/app", "--url", "https://ci.example.org/7"}, c.reports...)...)
		got, _ := last[event.TestPredicate](p)
		if got.Result != c.result || !strings.Contains(a.stderr, c.says) || got.URL != "https://ci.example.org/7" || got.Context.Provider != "local" {
			t.Errorf("%v: %+v\n%s", c.reports, got, a.stderr)
		}
	}
}

func bom(components int) string {
	var list []string
	for i := range components {
		list = append(list, fmt.Sprintf(`{"type":"library","name":"part-%d","version":"1.0.%d"}`, i, i))
	}
	return `{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [` + strings.Join(list, ",") + "]}\n"
}

func TestRecordSBOM(t *testing.T) {
	p := newProject(t)
	p.write("dist/small.json", bom(3))
	p.write("dist/large.json", bom(2000))

	p.must("record", "sbom", "--subject", "dist/app", "dist/small.json")
	_, small := last[canon.Raw](p)
	s, err := small.Statement()
	if want, _ := canon.Transform([]byte(bom(3))); err != nil || small.Kind() != "sbom" || s.PredicateType != event.CycloneDXType || !bytes.Equal(s.Predicate, want) {
		t.Errorf("a small one stands inline: %s %s, %v", small.Kind(), s.PredicateType, err)
	}

	p.must("record", "sbom", "--subject", "dist/app", "dist/large.json")
	_, large := last[event.ReferencePredicate](p)
	d, err := event.Document(large)
	sum := sha256.Sum256([]byte(bom(2000)))
	if err != nil || large.Kind() != "sbom" || d.Hex != hex.EncodeToString(sum[:]) {
		t.Fatalf("a large one is referred to: %s %s, %v", large.Kind(), d, err)
	}
	_, l := p.logged()
	blob, err := l.(ledger.BlobReader).Blob(t.Context(), sum)
	if err != nil || string(blob) != bom(2000) {
		t.Errorf("%d bytes stored beside it, %v; want the file as it was", len(blob), err)
	}

	if a := p.must("record", "sbom", "--subject", "dist/app", "dist/small.json"); !strings.Contains(a.stderr, "was recorded before, as #0") {
		t.Errorf("the same again: %s", a.stderr)
	}
}

func TestRecordCommit(t *testing.T) {
	p := newProject(t)
	p.git("commit", "--quiet", "--allow-empty", "--author=Ana <ana@example.org>", "--message=two\n\nCo-authored-by: Bo <bo@example.org>")
	p.must("record", "commit", "--subject", "git:HEAD")
	c, _ := last[event.CommitPredicate](p)
	if c.Commit != p.git("rev-parse", "HEAD") || c.Author.Email != "ana@example.org" || c.Committer.Email != "dana@example.org" ||
		len(c.CoAuthors) != 1 || c.CoAuthors[0].Email != "bo@example.org" || c.Subject != "two" {
		t.Errorf("%+v", c)
	}
	if a := p.run("record", "commit", "--subject", "dist/app"); a.code != cli.Usage || !strings.Contains(a.stderr, "about one commit") {
		t.Errorf("a file is no commit: %+v", a)
	}
}

func TestRecordDeployment(t *testing.T) {
	p := newProject(t)
	p.must("record", "deployment", "--subject", "dist/app", "--environment", "production", "--result", "rolled-back")
	if a := p.run("record", "deployment", "--subject", "dist/app", "--environment", "production", "--result", "healthy", "--request", "abcd1234"); a.code != cli.No || !strings.Contains(a.stderr, "no request abcd1234") {
		t.Errorf("of a request that is not there: %+v", a)
	}
	if d, _ := last[event.DeploymentPredicate](p); d.Environment != "production" || d.Result != event.RolledBack || d.Request != "" {
		t.Errorf("%+v", d)
	}
}

func TestRecordJSONAndBundle(t *testing.T) {
	p := newProject(t)
	a := p.must("record", "build", "--subject", "dist/app", "--subject", "image@sha256:"+strings.Repeat("ab", 32), "--json", "-o", "dist/bundle.json")
	var got struct {
		Schema, Kind, Event, Signer, Key, Ledger, Receipt, Bundle string
		Index                                                     *uint64
		Duplicate                                                 *bool
		Subjects                                                  []event.Subject
		Checkpoint                                                event.Checkpoint
		Notes                                                     []string
	}
	if err := json.Unmarshal([]byte(a.stdout), &got); err != nil {
		t.Fatalf("%v in %s", err, a.stdout)
	}
	all, _ := p.logged()
	id := all[0].ID()
	if got.Schema != "https://gateledger.dev/recorded/v1" || got.Kind != "build" || got.Event != "sha256:"+hex.EncodeToString(id[:]) ||
		*got.Index != 0 || *got.Duplicate || len(got.Subjects) != 2 || got.Signer != "dev" || got.Key != all[0].KeyID() ||
		got.Checkpoint.Size != 1 || !strings.HasPrefix(got.Receipt, "c2sp.org/tlog-proof@v1") || got.Bundle != "dist/bundle.json" {
		t.Errorf("%s", a.stdout)
	}
	data, err := os.ReadFile("dist/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := event.ParseBundle(data)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := b.Signed(); err != nil || s.ID() != id {
		t.Errorf("the bundle holds another event: %v", err)
	}
}

// Every mistake is one line, a way on, exit 2, and nothing logged.
func TestRecordRefuses(t *testing.T) {
	p := newProject(t)
	p.write("dist/cut.xml", passing[:20])
	p.write("dist/entity.xml", `<!DOCTYPE x [<!ENTITY a "b">]>`+passing)
	p.write("dist/good.xml", passing)
	p.write("dist/bom.xml", `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>`)
	p.write("dist/spdx.json", `{"spdxVersion":"SPDX-2.3"}`)
	p.write("dist/new.json", `{"bomFormat":"CycloneDX","specVersion":"9.9"}`)
	p.write("dist/twice.json", `{"bomFormat":"CycloneDX","bomFormat":"CycloneDX","specVersion":"1.6"}`)
	p.write("dist/trailing.json", bom(1)+"{}")
	p.write("dist/readable.pem", "x")
	p.must("export", "-o", "dist/audit.tar")
	build := []string{"build", "--subject", "dist/app"}
	test := []string{"test", "--subject", "dist/app"}
	sbom := []string{"sbom", "--subject", "dist/app"}
	deployment := []string{"deployment", "--subject", "dist/app"}
	for fact, c := range map[string]struct {
		args []string
		says string
	}{
		"no kind":                       {nil, "record"},
		"an unknown kind":               {[]string{"bild", "--subject", "dist/app"}, "did you mean 'build'?"},
		"a kind the gate makes":         {[]string{"vote", "--subject", "dist/app"}, "unknown kind of event"},
		"no subject":                    {[]string{"build"}, "one of: --subject dist/app"},
		"a subject that is not there":   {[]string{"build", "--subject", "dist/nothing"}, "no such file"},
		"a subject with a bad digest":   {[]string{"build", "--subject", "app@sha256:abc"}, "sha256 digest has 3 hex digits"},
		"the same subject twice":        {append(build, "--subject", "./dist/app"), "two are named dist/app"},
		"the whole repository":          {[]string{"build", "--subject", "."}, "it holds .git"},
		"an argument nobody reads":      {append(build, "report.xml"), "unknown command"},
		"a flag of another kind":        {append(build, "--result", "healthy"), "unknown flag"},
		"no report":                     {test, "requires at least 1 arg"},
		"a report that is not there":    {append(test, "dist/nothing.xml"), "no such file"},
		"a report that is cut":          {append(test, "dist/cut.xml"), "cut short"},
		"a report with entities":        {append(test, "dist/entity.xml"), "entity declaration"},
		"the same report twice":         {append(test, "dist/good.xml", "dist/good.xml"), "given twice"},
		"one good report and a bad one": {append(test, "dist/good.xml", "dist/cut.xml"), "cut short"},
		"a URL with a password":         {append(test, "--url", "https://me:secret@example.org/", "dist/good.xml"), "holds credentials"},
		"a URL that is none":            {append(test, "--url", "javascript:alert(1)", "dist/good.xml"), "address of a page"},
		"no SBOM":                       {sbom, "accepts 1 arg"},
		"an SBOM in XML":                {append(sbom, "dist/bom.xml"), "no CycloneDX JSON"},
		"an SBOM of another sort":       {append(sbom, "dist/spdx.json"), `its bomFormat is ""`},
		"an SBOM of a version to come":  {append(sbom, "dist/new.json"), `its specVersion is "9.9"; have 1.4`},
		"an SBOM with a name twice":     {append(sbom, "dist/twice.json"), "duplicate"},
		"two SBOMs in one file":         {append(sbom, "dist/trailing.json"), "no CycloneDX JSON"},
		"no environment":                {append(deployment, "--result", "healthy"), `"environment" not set`},
		"no result":                     {append(deployment, "--environment", "production"), `"result" not set`},
		"an unknown environment":        {append(deployment, "--environment", "prod", "--result", "healthy"), "have production"},
		"an unknown result":             {append(deployment, "--environment", "production", "--result", "fine"), "have healthy, failed, rolled-back"},
		"a key that is not there":       {append(build, "--key", "dist/nothing.pem"), "no such"},
		"a key others can read":         {append(build, "--key", "dist/readable.pem"), "chmod 600"},
		"another ledger":                {append(build, "--ledger", "dir:elsewhere"), "not a ledger"},
		"an export":                     {append(build, "--ledger", filepath.Join(p.dir, "dist/audit.tar")), "gateledger: "},
		"a policy that is not there":    {append(build, "--policy", "nothing.yml"), "no policy at nothing.yml"},
	} {
		t.Run(fact, func(t *testing.T) {
			a := p.run(append([]string{"record"}, c.args...)...)
			if a.code != cli.Usage || !strings.Contains(a.stderr, c.says) || strings.Contains(a.stderr, "secret") || a.stdout != "" {
				t.Errorf("exit %d, want 2 and %q:\n%s%s", a.code, c.says, a.stderr, a.stdout)
			}
		})
	}
	if all, _ := p.logged(); len(all) != 0 {
		t.Errorf("%d events were logged", len(all))
	}
	if left := p.spooled(); len(left) > 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

func TestRecordWithAKeyNoPolicyNames(t *testing.T) {
	p := newProject(t)
	other := newProject(t)
	t.Chdir(p.dir)
	keys, err := filepath.Glob(filepath.Join(other.home, ".config/gateledger/event/*.pem"))
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	a := p.run("record", "build", "--subject", "dist/app", "--key", keys[0])
	if a.code != cli.Usage || !strings.Contains(a.stderr, "is no signer of the policy") || !strings.Contains(a.stderr, "hint: add it") {
		t.Errorf("%+v", a)
	}
	if all, _ := p.logged(); len(all) != 0 {
		t.Errorf("%d events were logged", len(all))
	}
}

func TestRecordWithoutItsKeys(t *testing.T) {
	for fact, c := range map[string]struct {
		file string
		do   func(string) error
		says string
	}{
		"the event key is gone":     {"event/*.pem", os.Remove, "no event key"},
		"the event key is readable": {"event/*.pem", func(f string) error { return os.Chmod(f, 0o644) }, "chmod 600"},
		"the log key is gone":       {"log/*.key", os.Remove, "log key"},
		"the log key is readable":   {"log/*.key", func(f string) error { return os.Chmod(f, 0o644) }, "chmod 600"},
	} {
		t.Run(fact, func(t *testing.T) {
			p := newProject(t)
			files, err := filepath.Glob(filepath.Join(p.home, ".config/gateledger", c.file))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if err := c.do(files[0]); err != nil {
				t.Fatal(err)
			}
			a := p.run("record", "build", "--subject", "dist/app")
			if a.code != cli.Usage || !strings.Contains(a.stderr, c.says) || !strings.Contains(a.stderr, "hint: ") {
				t.Errorf("%+v", a)
			}
		})
	}
}
