// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
)

// checkGitLab refuses what GitLab would not read, and what would do nothing.
func checkGitLab(f sbomFlags, form bom.Form) error {
	if f.output != "-" || f.subject != "" {
		return cli.Fail(cli.Usage, "", "--gitlab writes a file for each lockfile; leave out --output and --subject")
	}
	if !slices.Contains(bom.GitLabSpecs(), form.Spec) || form.XML || form.Pretty {
		return cli.Fail(cli.Usage, "leave out --spec, --format and --pretty",
			"GitLab reads CycloneDX %s, in JSON, and the shorter the better", strings.Join(bom.GitLabSpecs(), ", "))
	}
	return nil
}

// runGitLab writes one report for each lockfile, or more, below a folder.
func runGitLab(ctx context.Context, env *cli.Env, dir string, f sbomFlags, form bom.Form, m *meter, told *boms) error {
	if err := checkGitLab(f, form); err != nil {
		return err
	}
	if isFile(dir) {
		return cli.Fail(cli.Usage, "", "GitLab takes reports about lockfiles; %s is a file", dir)
	}
	type made struct {
		inv   bom.Inventory
		notes []string
	}
	all, err := within(ctx, f.timeout, func(ctx context.Context) (made, error) {
		inv, notes, err := inventory(ctx, env, dir, f, m.now)
		return made{inv, notes}, err
	})
	if err != nil {
		return err
	}
	if err := told.inventory(f.publish, all.inv); err != nil {
		return err
	}
	m.now("writing the reports")
	sources := slices.Clone(all.inv.Sources)
	for i := range sources {
		sources[i].Components, sources[i].Edges = nil, nil
	}
	w := reportWriter{ctx: ctx, limit: f.timeout, form: form, folder: f.gitlab}
	err = w.write(all.inv, inRepository(dir), func(s bom.Source) string {
		return bom.Edited(s, func(p string) bool { return isFile(filepath.Join(dir, filepath.FromSlash(p))) })
	})
	if err != nil {
		return credentialError(err)
	}
	m.stop()
	for _, line := range append(notesOf(all.notes), w.told...) {
		fmt.Fprintln(env.Stderr, line)
	}
	_, lost := sayIncomplete(env, sources)
	return refuseLost(lost, len(sources), f.allowIncomplete)
}

func notesOf(notes []string) []string {
	var out []string
	for _, n := range notes {
		out = append(out, "note: "+n)
	}
	return out
}

// inRepository is the folder of the repository that a scanned folder is, as far
// as its path tells: what is above it or elsewhere is taken for the repository
// itself.
func inRepository(dir string) string {
	dir = filepath.ToSlash(filepath.Clean(dir))
	if !filepath.IsLocal(dir) {
		return "."
	}
	return dir
}

// A reportWriter writes all reports below a folder, which is made if need be.
type reportWriter struct {
	ctx    context.Context
	limit  time.Duration
	form   bom.Form
	folder string
	stage  *durable.Stage
	told   []string        // a line for each report
	ours   map[string]bool // paths
}

// write makes the reports and writes each before the next is made.
func (w *reportWriter) write(inv bom.Inventory, base string, edited func(bom.Source) string) error {
	fail := func(err error) error { return cli.Fail(cli.Usage, "", "--gitlab: %w", err) }
	if err := os.MkdirAll(w.folder, 0o755); err != nil {
		return fail(err)
	}
	fsys, err := durable.Dir(w.folder)
	if err != nil {
		return fail(err)
	}
	w.stage, w.ours = durable.NewStage(fsys, "."), map[string]bool{}
	defer w.stage.Discard()
	defer debug.SetGCPercent(debug.SetGCPercent(gcWritePercent))
	inv.Subject = bom.Component{}
	if err := bom.GitLab(inv, base, bom.GitLabLimit, edited, w.report); err != nil {
		return err
	}
	if err := w.stage.Sync(); err != nil {
		return fail(err)
	}
	return refuseStale(w.folder, w.ours)
}

func (w *reportWriter) report(r bom.GitLabReport) error {
	if w.ctx.Err() != nil {
		return outOfTime(w.ctx, w.limit)
	}
	data, err := r.Document.Write(w.form)
	if err != nil {
		return err
	}
	if len(data) > bom.GitLabLimit {
		return fmt.Errorf("write %s: %d bytes, over GitLab's limit of %d", r.Path, len(data), bom.GitLabLimit)
	}
	if err := w.stage.Write(r.Path, data); err != nil {
		return cli.Fail(cli.Usage, "", "--gitlab: %w", err)
	}
	line := fmt.Sprintf("%s: %s, %d components", r.Path, r.Source.Path, r.Document.Stats().Total)
	if r.Parts > 1 {
		line += fmt.Sprintf(", part %d of %d", r.Part, r.Parts)
	}
	w.told = append(w.told, line)
	w.ours[r.Path] = true
	return nil
}

// refuseStale looks for reports that this run did not write: they would be
// uploaded with ours, and a lockfile that is gone would still be told.
func refuseStale(folder string, ours map[string]bool) error {
	return fs.WalkDir(os.DirFS(folder), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return cli.Fail(cli.Usage, "", "--gitlab: look for earlier reports: %w", err)
		}
		if d.IsDir() && slices.Contains([]string{".git", "node_modules"}, d.Name()) {
			return fs.SkipDir
		}
		if ok, _ := path.Match("gl-sbom-*.cdx.json", d.Name()); ok && !ours[p] {
			return cli.Fail(cli.Usage, "remove it, or name a folder of its own",
				"--gitlab: %s is not of this run and would be uploaded with the others", p)
		}
		return nil
	})
}
