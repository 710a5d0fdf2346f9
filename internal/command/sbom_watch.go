// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/product"
)

// stateFile remembers the last run, beside the BOMs.
const stateFile = ".audit-state.json"

// The limits of a watched folder and of its memory.
const (
	maxWatched = 10_000
	maxState   = 256 << 20 // bytes
)

// A watched is what is remembered, and told, of one BOM. Findings are those
// that stop a release.
type watched struct {
	Schema   string   `json:"schema"`
	BOM      string   `json:"bom"` // file, relative to the folder, with slashes; or NAME@DIGEST of the ledger
	Where    []string `json:"environments,omitempty"`
	Subject  string   `json:"subject"`
	Serial   string   `json:"serial,omitzero"`
	Time     string   `json:"time"`
	Answer   string   `json:"answer"`
	Blocking int      `json:"blocking"` // findings that stop a release, old and new
	New      []alert  `json:"new"`
	Gone     []string `json:"gone"` // names of findings of the last run
	Unknown  []string `json:"unknown"`
	Risk     int      `json:"risk"`

	report audit.Report
	err    error
	untold error  // why no webhook took the alert
	line   []byte // as it was told
}

// A watchedBOM is a BOM that is audited again and again.
type watchedBOM struct {
	name  string   // by which it is remembered
	where []string // the environments that run what it is about
	read  func() (*audit.BOM, error)
}

// An alert is a finding that the last run did not have.
type alert struct {
	ID        string   `json:"id"`
	IDs       []string `json:"ids"`
	Component string   `json:"component"`
	Severity  string   `json:"severity"`
	KEV       bool     `json:"kev"`
	EPSS      *float64 `json:"epss,omitempty"`
	Fixed     []string `json:"fixed,omitempty"`
	Why       []string `json:"why"`
}

// A memory is what a run leaves for the next: by BOM, the audit it made last.
type memory struct {
	Schema string                  `json:"schema"`
	BOMs   map[string]audit.Report `json:"boms"`
}

func watchSchema(what string) string { return product.PredicateBase + "audit-" + what + "/v1" }

func runWatch(ctx context.Context, env *cli.Env, f auditFlags, args []string) error {
	if err := f.checkWatch(args); err != nil {
		return err
	}
	rules, err := f.rules()
	if err != nil {
		return err
	}
	hook, err := f.webhook(env)
	if err != nil {
		return err
	}
	if f.state == "" {
		f.state = filepath.Join(f.watch, stateFile)
	}
	once := func(ctx context.Context) error { return f.watchOnce(ctx, env, rules, hook, args) }
	if f.poll == 0 {
		return once(ctx)
	}
	return f.rounds(ctx, env, once)
}

func (f *auditFlags) checkWatch(args []string) error {
	switch {
	case f.watch != "" && f.watchLedger:
		return cli.Fail(cli.Usage, "watch each with a --state of its own", "--watch is for a folder, and --watch-ledger for the ledger")
	case f.watch != "" && len(args) > 0:
		return cli.Fail(cli.Usage, "put the BOM into the folder", "--watch audits a folder, and %s is named too", args[0])
	case f.baseline != "" || f.format != "table" || f.output != "-":
		return cli.Fail(cli.Usage, "it writes one JSON line for each BOM to standard output", "--watch takes no --baseline, --format or --output")
	case f.poll != 0 && (f.poll < time.Second || f.poll > 24*time.Hour):
		return cli.Fail(cli.Usage, "", "--poll is %s; it must be 1s to 24h", f.poll)
	case f.secretFile != "" && f.webhookFile == "":
		return cli.Fail(cli.Usage, "", "--webhook-secret-file is for --webhook-file")
	}
	return nil
}

// watchOnce audits everything that is watched, and tells what is new.
func (f *auditFlags) watchOnce(ctx context.Context, env *cli.Env, rules audit.Rules, hook *webhook, args []string) error {
	last, err := readMemory(f.state)
	if err != nil {
		return err
	}
	boms, err := f.watchedBOMs(ctx, env, args)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(last.BOMs)) {
		if f.watch != "" && !slices.ContainsFunc(boms, func(b watchedBOM) bool { return b.name == name }) {
			fmt.Fprintf(env.Stderr, "note: %s was watched in the last run, and is gone\n", clean.Field(name))
		}
	}
	in, err := f.input(env, rules)
	if err != nil {
		return err
	}
	all, err := f.watchAll(ctx, in, boms, last)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].line, err = canon.Marshal(all[i]); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		if _, err := env.Stdout.Write(append(all[i].line, '\n')); err != nil {
			return err
		}
	}
	hook.tell(ctx, all)
	if err := f.remember(all, last, in.Now); err != nil {
		return err
	}
	return watchExit(all)
}

// watchedBOMs lists what is audited.
func (f *auditFlags) watchedBOMs(ctx context.Context, env *cli.Env, args []string) ([]watchedBOM, error) {
	if f.watchLedger {
		return f.ledgerSBOMs.watched(ctx, env, f.where, args)
	}
	names, err := bomsIn(f.watch, f.state)
	if err != nil {
		return nil, err
	}
	boms := make([]watchedBOM, len(names))
	for i, name := range names {
		boms[i] = watchedBOM{name: name, read: func() (*audit.BOM, error) {
			file := filepath.Join(f.watch, filepath.FromSlash(name))
			if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
				return nil, fmt.Errorf("%s is a link, or no file: what is watched lies in the folder itself", name)
			}
			b, _, err := readBOMFile(file)
			return b, err
		}}
	}
	return boms, nil
}

// bomsIn lists the JSON and XML files of a folder, in order.
func bomsIn(folder, state string) ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".json", ".xml"}, filepath.Ext(name)) || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		if filepath.Join(folder, filepath.FromSlash(name)) == filepath.Clean(state) {
			return nil
		}
		if len(names) == maxWatched {
			return fmt.Errorf("over %d BOMs", maxWatched)
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		return nil, cli.Fail(cli.Usage, "name the folder that holds the BOMs", "watch %s: %w", folder, err)
	}
	if len(names) == 0 {
		return nil, cli.Fail(cli.Usage, "put BOMs (*.json, *.xml) into it", "watch %s: there is no BOM in it", folder)
	}
	return names, nil
}

// watchAll audits every BOM, with feeds that are read once.
func (f *auditFlags) watchAll(ctx context.Context, in audit.Input, listed []watchedBOM, last memory) ([]watched, error) {
	all := make([]watched, len(listed))
	boms := make([]*audit.BOM, 0, len(listed))
	read := map[int]*audit.BOM{}
	for i, l := range listed {
		all[i] = watched{Schema: watchSchema("watch"), BOM: l.name, Where: l.where, Time: in.Now.Format(time.RFC3339), New: []alert{}, Gone: []string{}, Unknown: []string{}}
		b, err := l.read()
		if err != nil {
			all[i].err, all[i].Answer, all[i].Unknown = err, audit.CouldNotTell.String(), []string{err.Error()}
			continue
		}
		read[i] = b
		boms = append(boms, b)
	}
	if err := f.feeds(ctx, &in, boms...); err != nil {
		return nil, err
	}
	for i := range all {
		if read[i] == nil {
			continue
		}
		in.BOM = read[i]
		all[i].report = audit.Audit(in)
		before, known := last.BOMs[all[i].BOM]
		all[i].compare(before, known && before.Serial == all[i].report.Serial)
	}
	return all, nil
}

// compare says what is new since before, and what is gone.
func (w *watched) compare(before audit.Report, known bool) {
	r := &w.report
	w.Subject, w.Serial, w.Answer, w.Unknown, w.Risk = r.Subject, r.Serial, r.Answer.String(), r.Unknown, r.Risk.Score
	if !known {
		before = audit.Report{}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Verdict != audit.Blocked {
			continue
		}
		w.Blocking++
		if slices.ContainsFunc(before.Findings, func(o audit.Finding) bool { return o.Verdict == audit.Blocked && sameFinding(&o, f) }) {
			continue
		}
		w.New = append(w.New, alert{f.ID, f.IDs, f.Component, f.Grade.Severity.String(), f.KEV != nil, f.EPSS, f.Fixed, f.Why})
	}
	for i := range before.Findings {
		o := &before.Findings[i]
		if o.Verdict == audit.Blocked && !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Verdict == audit.Blocked && sameFinding(o, &f) }) {
			w.Gone = append(w.Gone, o.ID+" in "+o.Component)
		}
	}
}

func sameFinding(a, b *audit.Finding) bool {
	return a.Kind == b.Kind && a.Component == b.Component && (a.KEV != nil || b.KEV == nil) &&
		slices.ContainsFunc(a.IDs, func(id string) bool { return slices.Contains(b.IDs, id) })
}

func readMemory(file string) (memory, error) {
	m := memory{BOMs: map[string]audit.Report{}}
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	data, err := readLimited(file, maxState)
	if err != nil {
		return m, err
	}
	if err := canon.DecodeOpen(data, &m); err != nil || m.Schema != watchSchema("state") || m.BOMs == nil {
		return m, cli.Fail(cli.Usage, "take it away to begin anew: everything is new then", "%s is no memory of an earlier run: %w", file, errors.Join(err, errors.New("its schema is "+strconv.Quote(m.Schema))))
	}
	return m, nil
}

// remember keeps what the next run needs, and writes the metrics. What could
// not be found out, and what no webhook took, leaves the memory as it was, so
// that nothing is taken for told that was not.
func (f *auditFlags) remember(all []watched, last memory, now time.Time) error {
	next := memory{Schema: watchSchema("state"), BOMs: map[string]audit.Report{}}
	for i := range all {
		w := &all[i]
		before, known := last.BOMs[w.BOM]
		switch {
		case w.err == nil && len(w.Unknown) == 0 && w.untold == nil:
			next.BOMs[w.BOM] = w.report.Blocking()
		case known:
			next.BOMs[w.BOM] = before
		}
	}
	data, err := canon.Marshal(next)
	if err != nil {
		return fmt.Errorf("remember the run: %w", err)
	}
	if err := replaceFile(f.state, data); err != nil {
		return err
	}
	if f.metricsFile == "" {
		return nil
	}
	return replaceFile(f.metricsFile, metrics(all, now))
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, data []byte) error {
	folder, err := durable.Dir(filepath.Dir(name))
	if err == nil {
		err = durable.WriteFile(folder, filepath.Base(name), data)
	}
	if err != nil {
		return cli.Fail(cli.Unknown, "", "write %s: %w", name, err)
	}
	return nil
}

// metrics is the run in Prometheus' text form
// (https://prometheus.io/docs/instrumenting/exposition_formats/), as its
// node exporter reads it from a file.
func metrics(all []watched, now time.Time) []byte {
	var b bytes.Buffer
	head := func(name, help string) {
		fmt.Fprintf(&b, "# HELP %s_audit_%s %s\n# TYPE %s_audit_%s gauge\n", product.Name, name, help, product.Name, name)
	}
	line := func(name, labels string, value int64) {
		fmt.Fprintf(&b, "%s_audit_%s%s %d\n", product.Name, name, labels, value)
	}
	head("last_run_timestamp_seconds", "When the BOMs were audited last.")
	line("last_run_timestamp_seconds", "", now.Unix())
	for _, m := range []struct {
		name, help string
		value      func(*watched) int64
	}{
		{"blocking_findings", "Findings that stop a release.", func(w *watched) int64 { return int64(w.Blocking) }},
		{"new_findings", "Findings that stop a release and were not there at the last run.", func(w *watched) int64 { return int64(len(w.New)) }},
		{"unknown", "Things that could not be found out.", func(w *watched) int64 { return int64(len(w.Unknown)) }},
		{"untold_alerts", "Alerts that no webhook took.", func(w *watched) int64 {
			if w.untold == nil {
				return 0
			}
			return int64(len(w.New))
		}},
		{"risk_points", "The risk score.", func(w *watched) int64 { return int64(w.Risk) }},
	} {
		head(m.name, m.help)
		for i := range all {
			line(m.name, `{bom="`+labelValue(all[i].BOM)+`"}`, m.value(&all[i]))
		}
	}
	head("feed_timestamp_seconds", "Of when the newest word of a feed is.")
	told := map[string]bool{}
	for i := range all {
		for _, f := range all[i].report.Feeds {
			if !told[f.Name] && !f.Date.IsZero() {
				told[f.Name] = true
				line("feed_timestamp_seconds", `{feed="`+labelValue(f.Name)+`"}`, f.Date.Unix())
			}
		}
	}
	return b.Bytes()
}

// labelValue escapes a label's value.
func labelValue(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

// watchExit is 3 for an alert that no webhook took, else 1 for what is new, else
// 3 for what could not be found out. What was told before is no alert.
func watchExit(all []watched) error {
	found, unknown, untold := 0, "", error(nil)
	for i := range all {
		found += len(all[i].New)
		if untold == nil {
			untold = all[i].untold
		}
		if unknown == "" && len(all[i].Unknown) > 0 {
			unknown = all[i].BOM + ": " + all[i].Unknown[0]
		}
	}
	switch {
	case untold != nil:
		return cli.Fail(cli.Unknown, "what is new is on standard output; it is told again in the next run", "new since the last run: %s a release; %w", findingsStop(found), untold)
	case found > 0:
		return cli.Fail(cli.No, "gateledger sbom audit BOM says what to do first", "new since the last run: %s a release", findingsStop(found))
	case unknown != "":
		return cli.Fail(cli.Unknown, "", "could not find out everything: %s", unknown)
	}
	return nil
}
