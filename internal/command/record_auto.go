// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/jobfile"
	"github.com/gateledger/gateledger/internal/scanreport"
	"github.com/gateledger/gateledger/internal/subject"
	"github.com/gateledger/gateledger/internal/typo"
)

// Recording without thinking.
//
// What is given says what happened: a report of tests, an SBOM, a scan. Where
// nothing is given, a job that declares an environment deploys, and any other
// builds. What a job uploads is what it is about. All of that is said, and
// where it can't be told nothing is recorded: an event that says another thing
// than what happened is worse than none.

const autoLong = `Without a kind it is worked out: a report of tests makes it a test, a CycloneDX
document an sbom, a scanner's report a scan; without a report, a job that
declares an environment (or is given --result) deploys, and any other builds.
Without --subject in CI it is about the one file or folder that the job uploads,
by its own file.`

// autoFlags are those of the kinds that can be worked out.
func autoFlags(cmd *cobra.Command, f *recordFlags) {
	flags := cmd.Flags()
	flags.StringVar(&f.environment, "environment", "", "of a deployment: `ENVIRONMENT` it was deployed to; default: the one the job declares")
	flags.StringVar(&f.result, "result", "", "of a deployment: how it went: "+strings.Join(results(), ", "))
	flags.StringVar(&f.request, "request", "", "of a deployment: `ID` of the request that allowed it")
	flags.StringVar(&f.url, "url", "", "of a test run or deployment: `URL` of its page")
}

// runAuto is `record` without a kind.
func runAuto(ctx context.Context, env *cli.Env, f recordFlags, reports []string, t *told) error {
	here, err := findPlace(ctx, env)
	if err != nil {
		return err
	}
	job, jobErr := here.job(ctx, env)
	k, because, err := kindOf(env, here, &f, reports, job, jobErr)
	if err != nil {
		return err
	}
	r := recorders()[slices.IndexFunc(recorders(), func(r recorder) bool { return r.kind.Name == k })]
	fmt.Fprintf(env.Stderr, "note: taken for %s %s, because %s; 'gateledger record KIND' says another\n", article(k), k, clean.Text(because))
	t.because = because
	if err := r.args(&cobra.Command{}, reports); err != nil {
		return cli.Fail(cli.Usage, fmt.Sprintf("see 'gateledger record %s --help'", k), "record %s: %w", k, err)
	}
	return runRecord(ctx, env, r, f, reports, t)
}

func article(word string) string {
	if strings.ContainsRune("aeios", rune(word[0])) && word != "scan" {
		return "an"
	}
	return "a"
}

// kindOf says which kind of event is meant, and why.
func kindOf(env *cli.Env, here place, f *recordFlags, reports []string, job jobfile.Job, jobErr error) (kind, because string, err error) {
	if len(reports) > 0 {
		if f.result != "" {
			return "", "", cli.Fail(cli.Usage, "record the deployment and the report by a command each", "a report and --result: two things happened")
		}
		return kindOfReports(reports)
	}
	switch {
	case f.environment != "":
		kind, because = "deployment", "--environment is given"
	case f.result != "":
		kind, because = "deployment", "--result is given"
	}
	declared, err := declaredEnvironment(env, here, job, jobErr)
	if err != nil && (kind == "" || f.environment == "") {
		return "", "", err
	}
	if kind == "" && declared == "" {
		return "build", "no report is given, and the job declares no environment", nil
	}
	if kind == "" {
		kind, because = "deployment", fmt.Sprintf("no report is given, and the job declares the environment %s", declared)
	}
	if f.environment == "" {
		f.environment = declared
	}
	switch {
	case f.environment == "":
		return "", "", cli.Fail(cli.Usage, "give --environment", "taken for a deployment, because %s: where to? the job declares no environment", because)
	case f.result == "":
		return "", "", cli.Fail(cli.Usage, "give --result "+strings.Join(results(), ", --result ")+"; or say what happened: gateledger record build",
			"taken for a deployment, because %s: how did it go?", because)
	}
	return kind, because, nil
}

// declaredEnvironment is where the job deploys to, empty where it certainly
// deploys nowhere. GitLab tells the job itself; of other hosts only the job's
// file says it.
func declaredEnvironment(env *cli.Env, here place, job jobfile.Job, jobErr error) (string, error) {
	switch {
	case here.provider == "gitlab":
		return env.Getenv("CI_ENVIRONMENT_NAME"), nil
	case here.provider == ci.Local && !here.ci:
		return "", nil
	case jobErr != nil:
		return "", cli.Fail(cli.Usage, "say what happened: gateledger record build, gateledger record deployment …", "did this job build or deploy? %w", jobErr)
	}
	if why := slices.IndexFunc(job.Unclear, aboutEnvironment); why >= 0 {
		return "", cli.Fail(cli.Usage, "say what happened: gateledger record build, gateledger record deployment …", "did this job build or deploy? %s", job.Unclear[why])
	}
	return job.Environment, nil
}

func aboutEnvironment(unclear string) bool { return strings.HasPrefix(unclear, "environment") }

// kindOfReports is the one kind of all reports.
func kindOfReports(reports []string) (kind, because string, err error) {
	for _, name := range reports {
		k, why, err := kindOfReport(name)
		if err != nil {
			return "", "", err
		}
		if kind != "" && kind != k {
			return "", "", cli.Fail(cli.Usage, "record each by a command of its own", "reports of two kinds: %s, and %s is %s", because, name, why)
		}
		if kind == "" {
			kind, because = k, name+" is "+why
		}
	}
	return kind, because, nil
}

// kindOfReport tells a report by its content. Whether it can be relied on is
// for whoever reads it as that kind.
func kindOfReport(name string) (kind, what string, err error) {
	if name == "-" {
		return "", "", cli.Fail(cli.Usage, "say what it is: gateledger record test -", "what is on standard input? only of files is the kind worked out")
	}
	if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
		return "", "", noSuchReport(name, err)
	}
	data, err := readLimited(name, scanreport.MaxSize)
	if err != nil {
		return "", "", err
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if bytes.HasPrefix(data, []byte("<")) {
		return kindOfXML(name, data)
	}
	var members map[string]canon.Raw
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if err := canon.DecodeOpen(line, &members); err == nil && len(members["Action"]) > 0 {
		return "test", "what go test -json writes", nil
	}
	clear(members)
	if err := canon.DecodeOpen(data, &members); err == nil && len(members["bomFormat"]) > 0 {
		return "sbom", "a CycloneDX document", nil
	}
	if _, err := scanreport.Read(bytes.NewReader(data), name); err != nil {
		return "", "", cli.Fail(cli.Usage, "say what it is: gateledger record test, sbom or scan", "%s is no report of tests, no CycloneDX document, and as a scan: %w", name, err)
	}
	return "scan", "a scanner's report", nil
}

func kindOfXML(name string, data []byte) (kind, what string, err error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err != nil {
			return "", "", cli.Fail(cli.Usage, "say what it is: gateledger record test", "%s is not XML that can be read: %w", name, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "testsuites", "testsuite":
			return "test", "JUnit XML", nil
		case "bom":
			return "", "", cli.Fail(cli.Usage, "write it as JSON: gateledger sbom . -o sbom.cdx.json", "%s is CycloneDX as XML; as JSON it can be recorded", name)
		}
		return "", "", cli.Fail(cli.Usage, "say what it is: gateledger record test", "%s is XML, and no JUnit report: it begins with %.40q", name, start.Name.Local)
	}
}

// noSuchReport is about a file that is not there, or a kind that is misspelt.
func noSuchReport(name string, err error) error {
	var kinds []string
	for _, r := range recorders() {
		kinds = append(kinds, r.kind.Name)
	}
	if strings.ContainsAny(name, `./\`) {
		return cli.Fail(cli.Usage, "", "open report: %w", err)
	}
	hint := "see 'gateledger record --help'"
	if near := typo.Nearest(name, kinds); near != "" {
		hint = fmt.Sprintf("did you mean '%s'? ", near) + hint
	}
	return cli.Fail(cli.Usage, hint, "unknown kind of event %.40q, and no report of that name; have %s", name, strings.Join(kinds, ", "))
}

// job is what the file of this job declares of it.
func (p place) job(ctx context.Context, env *cli.Env) (jobfile.Job, error) {
	return ci.Job(ctx, ci.Options{Getenv: env.Getenv, Dir: p.root, Git: p.repo, Now: env.Now})
}

// defaultSubject is the one thing that the job uploads, if that is clear and
// it is there. Else the error lists what could be meant.
func defaultSubject(ctx context.Context, env *cli.Env, here place, k event.Kind, f recordFlags, reports []string) ([]string, error) {
	if here.provider == ci.Local || k.Name == "commit" || k.Name == untrusted {
		return nil, noSubjectOf(k, here)
	}
	job, err := here.job(ctx, env)
	if err != nil {
		return nil, cli.Fail(cli.Usage, subjectHint(here, nil), "what is this %s about? %w; %w", k.Name, subject.ErrNone, err)
	}
	usable, problems := here.artifacts(job, append(reports, f.bundle, f.publish.dir, ci.ReportDir))
	if len(usable) == 1 && len(problems) == 0 {
		fmt.Fprintf(env.Stderr, "note: about %s, which job %s uploads\n", clean.Text(usable[0]), clean.Text(job.Name))
		return []string{filepath.Join(here.root, filepath.FromSlash(usable[0]))}, nil
	}
	said := fmt.Sprintf("job %s uploads nothing that is there", job.Name)
	if len(usable) > 0 {
		said = fmt.Sprintf("job %s uploads %s", job.Name, strings.Join(usable, ", "))
	}
	return nil, cli.Fail(cli.Usage, subjectHint(here, usable), "what is this %s about? %w; %s", k.Name, subject.ErrNone, strings.Join(append([]string{said}, problems...), "; "))
}

// artifacts are those of the job's that are there, and why others can't be
// told. What else the command reads or writes is none.
func (p place) artifacts(job jobfile.Job, others []string) (usable, problems []string) {
	for _, u := range job.Unclear {
		if !aboutEnvironment(u) {
			problems = append(problems, u)
		}
	}
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return nil, append(problems, err.Error())
	}
	defer root.Close()
	for _, name := range job.Artifacts {
		if slices.Contains(usable, name) || slices.ContainsFunc(others, func(o string) bool { return p.isAt(name, o) }) {
			continue
		}
		// A link is followed inside of the checkout only.
		if _, err := root.Stat(filepath.FromSlash(name)); errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			problems = append(problems, fmt.Sprintf("artifact %q: %v", name, err))
			continue
		}
		usable = append(usable, name)
	}
	return usable, problems
}

// isAt reports whether an artifact is the file or folder that an argument
// names.
func (p place) isAt(name, arg string) bool {
	return arg != "" && arg != "-" && absolute(arg) == filepath.Join(p.root, filepath.FromSlash(name))
}

// subjectHint lists what could be given.
func subjectHint(here place, first []string) string {
	names := slices.Clone(first)
	for _, c := range subject.Candidates(here.root) {
		if !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	if len(names) == 0 {
		return "give --subject FILE or --subject NAME@sha256:HEX"
	}
	return "one of: --subject " + strings.Join(names, ", --subject ")
}
