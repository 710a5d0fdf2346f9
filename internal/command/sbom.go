// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/scan"
	"github.com/gateledger/gateledger/internal/subject"
)

type sbomFlags struct {
	output, format, spec, subject string
	exclude                       []string
	allowIncomplete, pretty       bool
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

The verbs below look at a document that is there. A folder that is called as one
of them is given as ./NAME.`,
		Example: `  gateledger sbom > sbom.cdx.json
  gateledger sbom ./service -o sbom.cdx.json
  gateledger sbom --subject dist/app -o app.cdx.json
  gateledger sbom --spec 1.5 --format xml --pretty
  gateledger sbom --exclude testdata --exclude examples`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return runSBOM(cmd.Context(), env, dir, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "-", "write to `FILE`; - is standard output")
	flags.StringVar(&f.format, "format", "json", "`FORMAT` of the document: "+strings.Join(sbomFormats, ", "))
	flags.StringVar(&f.spec, "spec", bom.SpecVersion, "`VERSION` of CycloneDX: "+strings.Join(bom.Specs(), ", "))
	flags.BoolVar(&f.pretty, "pretty", false, "write it with line breaks, for people")
	flags.StringVar(&f.subject, "subject", "", "the artifact this is the SBOM of: `FILE`, folder or NAME@sha256:HEX; default: the project")
	flags.StringArrayVar(&f.exclude, "exclude", []string{"testdata"}, "leave out files and folders that match `GLOB`; repeatable, replaces the default")
	flags.BoolVar(&f.allowIncomplete, "allow-incomplete", false, "exit 0 even if a lockfile could not be read")
	for i, below := range sbomVerbs(env, audit) {
		annotate(below, cli.Order, fmt.Sprintf("%02d", i))
		cmd.AddCommand(below)
	}
	return cmd
}

// sbomVerbs are the verbs about a document that is there, in the order of the
// help.
func sbomVerbs(env *cli.Env, audit func(*cli.Env) *cobra.Command) []*cobra.Command {
	return []*cobra.Command{sbomDiff(env), sbomCheck(env), sbomMerge(env), sbomScore(env), audit(env)}
}

// gcPercent is how much garbage, in percent of what is live, may pile up.
const gcPercent = 20

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

func runSBOM(ctx context.Context, env *cli.Env, dir string, f sbomFlags) error {
	form, err := f.form()
	if err != nil {
		return err
	}
	// A lockfile of 200 000 packages is held in memory whole; collecting more
	// often keeps that under 400 MiB and costs small trees nothing.
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	inv, notes, err := inventory(ctx, env, dir, f)
	if err != nil {
		return err
	}
	doc, err := bom.New(inv)
	if err != nil {
		return fmt.Errorf("merge the lockfiles: %w", err)
	}
	data, err := doc.Write(form)
	if errors.Is(err, bom.ErrCredential) {
		return cli.Fail(cli.Unknown, "take the credential out of the lockfile, and replace it: it was committed", "write the SBOM of %s: %w", dir, err)
	}
	if err != nil {
		return err
	}
	if err := writeSBOM(env, f.output, data); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintf(env.Stderr, "note: %s\n", note)
	}
	return summarize(env, doc, f.allowIncomplete)
}

// inventory scans a folder and adds what the scan cannot know.
func inventory(ctx context.Context, env *cli.Env, dir string, f sbomFlags) (bom.Inventory, []string, error) {
	now, err := buildTime(env.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return bom.Inventory{}, nil, err
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
	result, err := scan.Scan(ctx, scan.Dir(root), scanOptions(f, cache, maven))
	if errors.Is(err, scan.ErrNothing) {
		return bom.Inventory{}, nil, cli.Fail(cli.Usage, "it is found by "+lockfileNames(), "%s: %w", dir, err)
	}
	if err != nil {
		return bom.Inventory{}, nil, cli.Fail(cli.Unknown, "", "scan %s: %w", dir, err)
	}
	inv := result.Inventory
	inv.Time, inv.Tool = now, sbomTool(thisBuild().Version)
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
	if name == "-" || name == "" {
		_, err := env.Stdout.Write(data)
		return err
	}
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		// A device or a link is written through, never replaced.
		if err := os.WriteFile(name, data, fs.FileMode(0o644)); err != nil {
			return cli.Fail(cli.Usage, "", "write %s: %w", name, err)
		}
		return nil
	}
	folder, err := durable.Dir(filepath.Dir(name))
	if err == nil {
		err = durable.WriteFile(folder, filepath.Base(name), data)
	}
	if err != nil {
		return cli.Fail(cli.Usage, "", "write %s: %w", name, err)
	}
	return nil
}

// summarize tells people what was found, and fails if components are missing.
func summarize(env *cli.Env, doc *bom.Document, allowIncomplete bool) error {
	s := doc.Stats()
	var parts []string
	for _, ecosystem := range sortedKeys(s.Components) {
		parts = append(parts, fmt.Sprintf("%s %d", ecosystem, s.Components[ecosystem]))
	}
	lost, incomplete := 0, 0
	for _, src := range doc.Sources() {
		if src.State != bom.Complete {
			incomplete++
			fmt.Fprintf(env.Stderr, "%s: %s: %s\n", src.State, src.Path, strings.Join(src.Reasons, "; "))
		}
		if src.Lost {
			lost++
		}
	}
	fmt.Fprintf(env.Stderr, "sbom of %s: %d components (%s), %d edges, %d with a hash, %d with a licence, %d of %d lockfiles complete\n",
		s.Subject, s.Total, strings.Join(parts, ", "), s.Edges, s.Hashed, s.Licensed, len(doc.Sources())-incomplete, len(doc.Sources()))
	if lost > 0 && !allowIncomplete {
		return cli.Fail(cli.Unknown, "mend it, leave it out with --exclude, or accept it with --allow-incomplete",
			"%d of %d lockfiles are missing, unreadable or not supported: their components are not in the SBOM", lost, len(doc.Sources()))
	}
	return nil
}
