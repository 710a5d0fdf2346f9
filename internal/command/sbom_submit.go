// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
)

// submitFlags say what is sent, and where. Either github or track is set.
type submitFlags struct {
	sbomFlags
	github, json     bool
	file             string // a document that is there
	tokenFile, token string
	job              jobFlags
	track            child.DependencyTrackTarget
}

// sbomSubmit is the verb that sends an SBOM to where it is looked at. It opens
// no connection itself.
func sbomSubmit(env *cli.Env) *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use:   "submit (--github | --dependency-track URL) [PATH]",
		Short: "Send an SBOM to GitHub or Dependency-Track",
		Long: `Submit reads the lockfiles below PATH and sends what they say: with --github as a
dependency snapshot, in a job of GitHub Actions that has 'permissions: contents:
write'; with --dependency-track as a CycloneDX document. With -o it is written
instead of sent.

A later snapshot takes the place of an earlier one with the same correlator,
which is made of the workflow's file, the job and PATH, so that it is the same in
every run. GitHub does not tell a job which leg of a matrix it is: say so with
--leg '${{ toJSON(matrix) }}', else one leg takes the place of the other.

Nothing is sent that lacks components, because who reads it would take what is
missing for what is gone; --allow-incomplete sends it all the same. The token is
that in GITHUB_TOKEN or DEPENDENCY_TRACK_API_KEY, and is never in an argument.
` + child.Name + ` opens the connection.`,
		Example: `  gateledger sbom submit --github
  gateledger sbom submit --github --leg '${{ toJSON(matrix) }}'
  gateledger sbom submit --github -o snapshot.json
  gateledger sbom submit --dependency-track https://track.example --project-name shop --project-version 1.2.0 --create`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSubmit(cmd.Context(), env, cmp.Or(strings.Join(args, ""), "."), f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.github, "github", false, "send a dependency snapshot to GitHub")
	flags.StringVar(&f.track.URL, "dependency-track", "", "upload to the Dependency-Track server at `URL`")
	flags.StringVarP(&f.output, "output", "o", "", "write to `FILE` and send nothing; - is standard output")
	flags.StringVar(&f.file, "file", "", "send `FILE`, a snapshot or document that is there, in place of reading lockfiles")
	flags.StringVar(&f.tokenFile, "token-file", "", "`FILE` that holds the token")
	flags.StringVar(&f.token, "token-variable", "", "`NAME` of the variable that holds the token")
	f.job.flags(cmd)
	flags.StringVar(&f.track.Project, "project", "", "Dependency-Track: `UUID` of the project")
	flags.StringVar(&f.track.Name, "project-name", "", "Dependency-Track: `NAME` of the project, in place of its UUID")
	flags.StringVar(&f.track.Version, "project-version", "", "Dependency-Track: `VERSION` of the project")
	flags.BoolVar(&f.track.Create, "create", false, "Dependency-Track: make the project if it is not there")
	flags.StringArrayVar(&f.exclude, "exclude", []string{"testdata"}, "leave out files and folders that match `GLOB`; repeatable, replaces the default")
	flags.BoolVar(&f.allowIncomplete, "allow-incomplete", false, "send it even if a lockfile could not be read")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "longest time that all of it may take")
	flags.BoolVar(&f.json, "json", false, "print the answer as JSON")
	for _, flag := range []string{"token-file", "token-variable", "output"} {
		if err := flags.SetAnnotation(flag, cli.NoTwins, []string{"true"}); err != nil {
			panic(err)
		}
	}
	return cmd
}

func (f *submitFlags) check() error {
	switch {
	case f.github == (f.track.URL != ""):
		return cli.Fail(cli.Usage, "", "give either --github or --dependency-track URL")
	case f.file != "" && f.output != "":
		return cli.Fail(cli.Usage, "", "--file is there already; leave out --output")
	case f.tokenFile != "" && f.token != "":
		return cli.Fail(cli.Usage, "", "the token is in a file or in a variable, not in both")
	case f.github && f.track != (child.DependencyTrackTarget{}):
		return cli.Fail(cli.Usage, "", "--project, --project-name, --project-version and --create are for --dependency-track")
	}
	return nil
}

func runSubmit(ctx context.Context, env *cli.Env, dir string, f submitFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx, cancel, err := limited(ctx, f.timeout)
	if err != nil {
		return err
	}
	defer cancel()
	m := newMeter(env)
	defer m.stop()
	name, remove, err := f.prepare(ctx, env, dir, m)
	if err != nil || name == "" {
		return err
	}
	defer remove()
	m.now("sending")
	answer, told, err := f.send(ctx, env, name)
	m.stop()
	if err != nil {
		return err
	}
	fmt.Fprintln(env.Stderr, told)
	if f.json {
		return printJSON(env.Stdout, answer)
	}
	return nil
}

// prepare returns the file that is to be sent: one that was given, or one that
// it makes and that remove takes away. With --output that is all there is to
// do, and it returns none.
func (f *submitFlags) prepare(ctx context.Context, env *cli.Env, dir string, m *meter) (name string, remove func(), err error) {
	if f.file != "" {
		return f.file, func() {}, nil
	}
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	sources, write, err := f.make(ctx, env, dir, m)
	if err != nil {
		return "", nil, credentialError(err)
	}
	m.stop()
	_, lost := sayIncomplete(env, sources)
	if err := refuseLost(lost, len(sources), f.allowIncomplete); err != nil {
		return "", nil, err
	}
	if f.output != "" {
		return "", nil, credentialError(write(f.output))
	}
	temp, err := os.CreateTemp("", product.Name+"-submit-*.json")
	if err != nil {
		return "", nil, cli.Fail(cli.Unknown, "", "make a temporary file: %w", err)
	}
	name, remove = temp.Name(), func() { _ = os.Remove(temp.Name()) }
	if err := temp.Close(); err != nil {
		remove()
		return "", nil, err
	}
	if err := credentialError(write(name)); err != nil {
		remove()
		return "", nil, err
	}
	return name, remove, nil
}

// make reads the lockfiles, and returns them with what writes the document.
func (f *submitFlags) make(ctx context.Context, env *cli.Env, dir string, m *meter) (sources []bom.Source, write func(name string) error, err error) {
	f.spec, f.format = bom.SpecVersion, "json"
	if !f.github {
		made, err := within(ctx, f.timeout, func(ctx context.Context) (composed, error) { return compose(ctx, env, dir, f.sbomFlags, m) })
		if err != nil {
			return nil, nil, err
		}
		return made.doc.Sources(), func(name string) error {
			return writeDocument(ctx, env, name, f.timeout, made.doc, bom.Form{Spec: bom.SpecVersion})
		}, nil
	}
	job, err := f.job.job(env, inRepository(dir))
	if err != nil {
		return nil, nil, err
	}
	type made struct {
		sources  []bom.Source
		snapshot *bom.GitHubSnapshot
	}
	all, err := within(ctx, f.timeout, func(ctx context.Context) (made, error) {
		inv, _, err := inventory(ctx, env, dir, f.sbomFlags, m.now)
		if err != nil {
			return made{}, err
		}
		sources := slices.Clone(inv.Sources)
		snapshot, err := bom.GitHub(inv, job)
		return made{sources, snapshot}, err
	})
	if err != nil {
		return nil, nil, err
	}
	data, err := all.snapshot.Marshal()
	if err != nil {
		return nil, nil, err
	}
	return all.sources, func(name string) error { return writeSBOM(env, name, data) }, nil
}

// send hands the file to the program that speaks with services, and returns
// its answer, for programs and for people.
func (f *submitFlags) send(ctx context.Context, env *cli.Env, name string) (answer any, told string, err error) {
	path, err := child.Find(os.Executable, true)
	if err != nil {
		return nil, "", cli.Fail(cli.Usage, child.Hint, "%w", err)
	}
	remote := child.Remote{Program: path, Getenv: env.Getenv, Stderr: env.Stderr, Timeout: f.timeout}
	what := child.Submission{File: name, TokenFile: f.tokenFile, Variable: f.token}
	if f.github {
		to, err := f.job.target(env)
		if err != nil {
			return nil, "", err
		}
		a, err := remote.SubmitGitHub(ctx, what, to)
		return a, fmt.Sprintf("GitHub took the snapshot %d of %s: %s", a.Snapshot, to.Repository, cmp.Or(a.Message, a.Result)), remoteError(err)
	}
	a, err := remote.SubmitDependencyTrack(ctx, what, f.track)
	return a, fmt.Sprintf("Dependency-Track took the document, and reads it now; ask for it by %s", a.Token), remoteError(err)
}
