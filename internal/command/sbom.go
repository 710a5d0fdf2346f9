// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/scan"
	"github.com/gateledger/gateledger/internal/subject"
)

type sbomFlags struct {
	output, format, spec, subject string
	exclude                       []string
	allowIncomplete, pretty       bool
	gitlab                        string
	timeout                       time.Duration
	publish                       sbomPublishing
	credits                       sbomCredits
}

// SBOM is the verb that lists what a tree is made of.
func SBOM(env *cli.Env) *cobra.Command { return newSBOM(env, sbomAuditLedger) }

// SBOMFiles is SBOM for the program that does nothing else: it reads files, and
// no ledger.
func SBOMFiles(env *cli.Env) *cobra.Command { return newSBOM(env, sbomAudit) }

func newSBOM(env *cli.Env, audit func(*cli.Env) *cobra.Command) *cobra.Command {
	var f sbomFlags
	cmd := &cobra.Command{
		Use:   "sbom [PATH]",
		Short: "List what a tree is made of, as CycloneDX",
		Long: `Sbom reads the lockfiles below PATH (default: the current folder) and writes one
CycloneDX document: every component, what depends on what, every hash for what
it is, and licences that are found on disk. It runs no other program and opens
no network connection. The same tree gives the same bytes, on every machine
that has the same Go module cache.

It looks into every folder but .git, node_modules and vendor, and those that
--exclude names. A pattern without a slash is compared with names anywhere, one
with a slash with the whole path. By default folders named testdata are left
out, as the go command does; --exclude "" leaves out nothing.

A lockfile that cannot be read does not stop the others: the document is
written, says which lockfile is missing from it and why, and the exit code is 3.
With --allow-incomplete it is 0.

PATH can be an executable that Go built: then the document has the modules that
are in it.

With --gitlab it writes one document for each lockfile instead, as GitLab's
artifacts:reports:cyclonedx wants them: DIR/**/gl-sbom-*.cdx.json, each of at
most 1 MiB.

The verbs below look at a document that is there. A folder that is called as one
of them is given as ./NAME.`,
		Example: `  gateledger sbom > sbom.cdx.json
  gateledger sbom ./service -o sbom.cdx.json
  gateledger sbom --subject dist/app -o app.cdx.json
  gateledger sbom --spec 1.5 --format xml --pretty
  gateledger sbom --gitlab reports
  gateledger sbom ./bin/app
  gateledger sbom --exclude testdata --exclude examples`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return f.publish.run(cmd.Context(), env, func(env *cli.Env, told *boms) error {
				return runSBOM(cmd.Context(), env, dir, f, told)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "-", "write to `FILE`; - is standard output")
	flags.StringVar(&f.format, "format", "json", "`FORMAT` of the document: "+strings.Join(sbomFormats, ", "))
	flags.StringVar(&f.spec, "spec", bom.SpecVersion, "`VERSION` of CycloneDX: "+strings.Join(bom.Specs(), ", "))
	flags.BoolVar(&f.pretty, "pretty", false, "write it with line breaks, for people")
	flags.StringVar(&f.subject, "subject", "", "the artifact this is the SBOM of: `FILE`, folder or NAME@sha256:HEX; default: the project")
	flags.StringArrayVar(&f.exclude, "exclude", []string{"testdata"}, "leave out files and folders that match `GLOB`; repeatable, replaces the default")
	flags.StringVar(&f.gitlab, "gitlab", "", "write reports for GitLab below `DIR`, one for each lockfile")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "longest time that all of it may take")
	flags.BoolVar(&f.allowIncomplete, "allow-incomplete", false, "exit 0 even if a lockfile could not be read")
	f.credits.flags(cmd)
	f.publish.flags(cmd)
	for i, below := range sbomVerbs(env, audit) {
		annotate(below, cli.Order, fmt.Sprintf("%02d", i))
		cmd.AddCommand(below)
	}
	return cmd
}

// sbomVerbs are the verbs about a document that is there, in the order of the
// help.
func sbomVerbs(env *cli.Env, audit func(*cli.Env) *cobra.Command) []*cobra.Command {
	return []*cobra.Command{sbomDiff(env), sbomCheck(env), sbomMerge(env), sbomScore(env), audit(env), sbomSubmit(env)}
}

// sbomFormats are what a document can be written as.
var sbomFormats = []string{"json", "xml"}

// form is how the document is to be written.
func (f *sbomFlags) form() (bom.Form, error) {
	if !slices.Contains(sbomFormats, f.format) {
		return bom.Form{}, cli.Fail(cli.Usage, "", "unknown format %q; have %s", f.format, strings.Join(sbomFormats, ", "))
	}
	if !slices.Contains(bom.Specs(), f.spec) {
		return bom.Form{}, cli.Fail(cli.Usage, "", "unknown CycloneDX version %q; have %s", f.spec, strings.Join(bom.Specs(), ", "))
	}
	return bom.Form{Spec: f.spec, XML: f.format == "xml", Pretty: f.pretty}, nil
}

func runSBOM(ctx context.Context, env *cli.Env, dir string, f sbomFlags, told *boms) error {
	form, err := f.form()
	if err != nil {
		return err
	}
	defer collectSeldom()()
	defer runtime.KeepAlive(ballast())
	ctx, cancel, err := limited(ctx, f.timeout)
	if err != nil {
		return err
	}
	defer cancel()
	m := newMeter(env)
	defer m.stop()
	if f.gitlab != "" {
		return runGitLab(ctx, env, dir, f, form, m, told)
	}
	made, err := within(ctx, f.timeout, func(ctx context.Context) (composed, error) { return compose(ctx, env, dir, f, m) })
	if err != nil {
		return err
	}
	m.now("writing the document")
	if err := writeDocument(ctx, env, f.output, f.timeout, made.doc, form); err != nil {
		return err
	}
	m.stop()
	if err := told.made(f.publish, f.output, made.doc); err != nil {
		return err
	}
	for _, note := range made.notes {
		fmt.Fprintf(env.Stderr, "note: %s\n", note)
	}
	return summarize(env, made.doc, f.allowIncomplete)
}

// A composed is what a tree or an executable is made of.
type composed struct {
	doc   *bom.Document
	notes []string // what was passed over
}

func compose(ctx context.Context, env *cli.Env, dir string, f sbomFlags, m *meter) (composed, error) {
	inv, notes, err := inventory(ctx, env, dir, f, m.now)
	if err != nil {
		return composed{}, err
	}
	m.now("merging the lockfiles")
	doc, err := bom.New(inv)
	if err != nil {
		return composed{}, fmt.Errorf("merge the lockfiles: %w", err)
	}
	return composed{doc, notes}, nil
}

// inventory scans a folder, or reads an executable, and adds what that cannot
// know. It says what it is about.
func inventory(ctx context.Context, env *cli.Env, dir string, f sbomFlags, say func(string)) (bom.Inventory, []string, error) {
	if isFile(dir) {
		inv, err := executable(ctx, env, dir, f)
		return inv, nil, err
	}
	now, err := buildTime(env.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return bom.Inventory{}, nil, err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return bom.Inventory{}, nil, cli.Fail(cli.Usage, "", "%s is neither a folder nor a file", dir) // to open a pipe would wait for ever
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return bom.Inventory{}, nil, cli.Fail(cli.Usage, "give the folder that holds the lockfiles", "open %s: %w", dir, err)
	}
	defer root.Close()
	cache := moduleCache(env.Getenv)
	if cache != nil {
		defer cache.Close()
	}
	maven := mavenRepository(env.Getenv("HOME"))
	if maven != nil {
		defer maven.Close()
	}
	say("looking for lockfiles")
	result, err := scan.Scan(ctx, spoken{scan.Dir(root), say}, scanOptions(f, cache, maven))
	if errors.Is(err, scan.ErrNothing) {
		return bom.Inventory{}, nil, cli.Fail(cli.Usage, "it is found by "+lockfileNames(), "%s: %w", dir, err)
	}
	if err != nil {
		return bom.Inventory{}, nil, cli.Fail(cli.Unknown, "", "scan %s: %w", dir, err)
	}
	inv := result.Inventory
	inv.Time, inv.Tool = now, sbomTool(thisBuild().Version)
	if err := f.credits.give(&inv); err != nil {
		return bom.Inventory{}, nil, err
	}
	if f.subject != "" {
		if inv.Subject, err = sbomSubject(ctx, f.subject, dir); err != nil {
			return bom.Inventory{}, nil, err
		}
	}
	return inv, result.Notes, nil
}

func scanOptions(f sbomFlags, cache, maven *os.Root) scan.Options {
	var o scan.Options
	for _, pattern := range f.exclude {
		if pattern != "" {
			o.Exclude = append(o.Exclude, pattern)
		}
	}
	if cache != nil {
		o.ModuleCache = scan.Dir(cache)
	}
	if maven != nil {
		o.MavenRepository = scan.Dir(maven)
	}
	return o
}

// mavenRepository opens Maven's local repository, where it is in its usual
// place; nil where it is not.
func mavenRepository(home string) *os.Root {
	if home == "" {
		return nil
	}
	root, err := os.OpenRoot(filepath.Join(home, ".m2", "repository"))
	if err != nil {
		return nil
	}
	return root
}

func lockfileNames() string {
	var names []string
	readable := scan.Ecosystems()
	for _, ecosystem := range sortedKeys(readable) {
		names = append(names, strings.Join(readable[ecosystem], ", "))
	}
	return strings.Join(names, ", ")
}

// sbomTool names this program. A build that has no version says so by having
// none: "(devel)" would be a version that is different every day.
func sbomTool(version string) bom.Tool {
	if strings.HasPrefix(version, "(") {
		version = ""
	}
	return bom.Tool{Name: product.Name, Version: version}
}

// buildTime reads SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/).
// No other clock ever stands in a document.
func buildTime(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 || seconds > 253402300799 {
		return time.Time{}, cli.Fail(cli.Usage, "it is the seconds since 1970", "SOURCE_DATE_EPOCH is %q", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// moduleCache opens Go's module cache where the go command would look for it,
// as far as the environment tells. Nil: there is none.
func moduleCache(getenv func(string) string) *os.Root {
	dir := getenv("GOMODCACHE")
	if dir == "" {
		path, _, _ := strings.Cut(getenv("GOPATH"), string(filepath.ListSeparator))
		if home := getenv("HOME"); path == "" && home != "" {
			path = filepath.Join(home, "go")
		}
		if path == "" {
			return nil
		}
		dir = filepath.Join(path, "pkg", "mod")
	}
	if !filepath.IsAbs(dir) {
		return nil // the go command refuses it too
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	return root
}

// sbomSubject is the artifact that a document is about, with its digest.
func sbomSubject(ctx context.Context, arg, dir string) (bom.Component, error) {
	s, err := subject.Resolve(ctx, arg, dir)
	if err != nil {
		return bom.Component{}, cli.Fail(cli.Usage, "", "name the subject: %w", err)
	}
	c := bom.Component{Type: bom.Application, Name: s.Name}
	names := map[string]string{"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
	for _, alg := range sortedKeys(s.Digest) {
		name, ok := names[alg]
		if !ok {
			name = alg
		}
		c.Hashes = append(c.Hashes, bom.Hash{Alg: name, Value: s.Digest[alg]})
	}
	return c, nil
}

// writeSBOM writes to standard output, or replaces a file whole.
func writeSBOM(env *cli.Env, name string, data []byte) error {
	return streamSBOM(env, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// summarize tells people what was found, and fails if components are missing.
func summarize(env *cli.Env, doc *bom.Document, allowIncomplete bool) error {
	s := doc.Stats()
	what := counted(s.Total, "component")
	var parts []string
	for _, ecosystem := range sortedKeys(s.Components) {
		parts = append(parts, fmt.Sprintf("%s %d", ecosystem, s.Components[ecosystem]))
	}
	if len(parts) > 0 {
		what += " (" + strings.Join(parts, ", ") + ")"
	}
	incomplete, lost := sayIncomplete(env, doc.Sources())
	fmt.Fprintf(env.Stderr, "sbom of %s: %s, %s, %d with a hash, %d with a licence, %d of %d lockfiles complete\n",
		s.Subject, what, counted(s.Edges, "edge"), s.Hashed, s.Licensed, len(doc.Sources())-incomplete, len(doc.Sources()))
	return refuseLost(lost, len(doc.Sources()), allowIncomplete)
}
