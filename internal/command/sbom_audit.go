// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/feed"
	"github.com/gateledger/gateledger/internal/report"
)

type auditFlags struct {
	where
	ledgerSBOMs               *ledgerReader // nil: no ledger is read
	db, kev, epss             string
	vex                       []string
	waivers, baseline         string
	denyLicences              []string
	denyPackages              []string
	failOn, unknownAs         string
	scopes, maxAges           []string
	format, output            string
	exclude                   []string
	allowIncomplete           bool
	watch, state, metricsFile string
	watchLedger               bool
	poll                      time.Duration
	webhookFile, secretFile   string
	registry                  bool
}

// auditFormats are the forms an audit comes in.
func auditFormats() []string {
	return []string{"table", "json", "sarif", "junit", "markdown", "gitlab"}
}

// A ledgerReader reads SBOMs that a ledger has: the newest of NAME@VERSION, and
// those that are watched. It asks the registry of a policy.
type ledgerReader struct {
	newest  func(ctx context.Context, env *cli.Env, at where, target string) ([]byte, error)
	watched func(ctx context.Context, env *cli.Env, at where, targets []string) ([]watchedBOM, error)

	registry func(ctx context.Context, env *cli.Env, at where, b *audit.BOM, data []byte, target string) (*audit.Registry, error)
}

// sbomAudit is the verb that asks whether what an SBOM lists may be shipped. It
// reads no ledger: that would make the program that can do nothing else than
// SBOMs a third larger.
func sbomAudit(env *cli.Env) *cobra.Command { return newAudit(env, nil) }

// sbomAuditLedger is sbomAudit that takes NAME@VERSION of a ledger too.
func sbomAuditLedger(env *cli.Env) *cobra.Command {
	return newAudit(env, &ledgerReader{recordedSBOM, watchedSBOMs, askRegistry})
}

func newAudit(env *cli.Env, ledger *ledgerReader) *cobra.Command {
	f := auditFlags{ledgerSBOMs: ledger}
	cmd := &cobra.Command{
		Use:   "audit BOM|PATH|NAME@VERSION",
		Short: "Say whether what an SBOM lists may be shipped: advisories, exploits, malware, deny lists",
		Long: `Audit holds the components of a CycloneDX document against feeds on disk and says
what stops a release, why, and what to do first. It takes a BOM file by anyone
(JSON or XML, 1.4 to 1.7), a folder that it lists itself, or an SBOM from the ledger:
the newest one that a signer of the policy recorded about NAME@sha256:HEX, or
whose subject is NAME in VERSION. It opens no network connection, unless it is
told of a webhook.

The feeds are files that you fetch:
  --db    advisories in the OSV format: ECOSYSTEM/all.zip as OSV publishes them,
          the folders that osv-scanner keeps, or a folder of JSON records
  --kev   CISA's catalogue of known exploited vulnerabilities, JSON
  --epss  FIRST's daily scores, CSV, packed or not
A feed that is missing, can't be read whole or is too old makes the answer
"could not find out" (exit 3), never "clean".

Malware always stops a release. VEX statements, waivers and a baseline can lift
anything else; those that changed nothing are listed. Waivers are YAML:
  version: 1
  waivers:
    - {id: CVE-2021-44228, package: "pkg:maven/org.apache.logging.log4j/log4j-core",
       reason: "no lookups", owner: ana, expires: 2026-12-31}
One without owner, reason or end, and one that is over, counts for nothing.

With --watch, every BOM in a folder is audited again; with --watch-ledger, the
newest recorded SBOM of everything that is deployed, or of each NAME@VERSION or
NAME@sha256:HEX given. Only what is new since the last run is an alert: one JSON
line for each BOM, the exit code, and with --webhook-file a POST of the line to
the address in that file. An alert that no webhook took is exit 3, and is new
again in the next run. With --poll it goes on, and audits again when a feed, a
statement or the folder changes, and every hour.`,
		Example: `  gateledger sbom audit sbom.cdx.json --db osv --kev known_exploited_vulnerabilities.json
  gateledger sbom audit . --db osv --fail-on critical,epss>=0.5 --epss epss.csv.gz
  gateledger sbom audit app@1.4.0 --db osv --format sarif -o audit.sarif
  gateledger sbom audit --watch boms --db osv --metrics audit.prom --webhook-file hook.txt`,
		Args: cobra.MaximumNArgs(maxWatched),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.registry && (f.watch != "" || f.watchLedger):
				return cli.Fail(cli.Usage, "", "--registry is not for --watch and --watch-ledger")
			case f.watch != "" || f.watchLedger:
				return runWatch(cmd.Context(), env, f, args)
			case len(args) == 0:
				return cli.Fail(cli.Usage, "gateledger sbom audit sbom.cdx.json --db FOLDER", "what is to be audited?")
			case len(args) > 1:
				return cli.Fail(cli.Usage, "audit one after the other, or a folder of BOMs with --watch FOLDER", "%d things to be audited", len(args))
			}
			return runAudit(cmd.Context(), env, f, args[0])
		},
	}
	if ledger != nil {
		f.where.flags(cmd)
		cmd.Flags().BoolVar(&f.watchLedger, "watch-ledger", false, "audit the newest recorded SBOM of what is deployed, or of what is named, again, and report what is new")
		cmd.Flags().BoolVar(&f.registry, "registry", false, "ask the policy's registry about the SBOM and its packages: checksums and advisories; "+child.Name+" opens the connection")
	}
	f.flags(cmd)
	f.watchFlags(cmd)
	return cmd
}

func (f *auditFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.db, "db", "", "advisories: `FOLDER` of OSV records, or one archive of them")
	flags.StringVar(&f.kev, "kev", "", "CISA KEV `FILE`, JSON")
	flags.StringVar(&f.epss, "epss", "", "EPSS `FILE`, CSV")
	flags.StringArrayVar(&f.vex, "vex", nil, "OpenVEX or CycloneDX VEX `FILE`; repeatable")
	flags.StringVar(&f.waivers, "waivers", "", "waivers `FILE`, YAML")
	flags.StringVar(&f.baseline, "baseline", "", "older BOM, or audit in JSON: only what is new since stops a release")
	flags.StringArrayVar(&f.denyLicences, "deny-licence", nil, "SPDX `ID` or pattern (GPL-*) that may not be in; \"unknown\" is having none; repeatable")
	flags.StringArrayVar(&f.denyPackages, "deny-package", nil, "package `URL` or pattern (pkg:npm/@evil/*) that may not be in; repeatable")
	flags.StringVar(&f.failOn, "fail-on", "", "what stops a release: `LIST` of one severity and up, kev, epss>=N; none; default high, and kev if it is given")
	flags.StringVar(&f.unknownAs, "unknown-as", "high", "`SEVERITY` of what nobody has rated")
	flags.StringArrayVar(&f.scopes, "scope", nil, "another --fail-on for components of a scope: `SCOPE=LIST` (required, optional, excluded); repeatable")
	flags.StringArrayVar(&f.maxAges, "max-age", nil, "how old a feed may be: `AGE`, or osv=AGE, kev=AGE, epss=AGE (14d, 24h, none); repeatable; default osv=14d kev=14d epss=7d")
	flags.StringVar(&f.format, "format", "table", "`FORMAT`: "+strings.Join(auditFormats(), ", "))
	flags.StringVarP(&f.output, "output", "o", "-", "write to `FILE`; - is standard output")
	flags.StringArrayVar(&f.exclude, "exclude", []string{"testdata"}, "of a PATH, leave out files and folders that match `GLOB`; repeatable, replaces the default")
	flags.BoolVar(&f.allowIncomplete, "allow-incomplete", false, "only note what the SBOM itself does not let one find out")
}

func (f *auditFlags) watchFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.watch, "watch", "", "audit every BOM in `FOLDER` again, and report what is new")
	flags.StringVar(&f.state, "state", "", "with --watch, the `FILE` that remembers the last run; default .audit-state.json in the folder, or here with --watch-ledger")
	flags.StringVar(&f.metricsFile, "metrics", "", "with --watch, write metrics in Prometheus' text form to `FILE`")
	flags.DurationVar(&f.poll, "poll", 0, "with --watch, go on, and look every `DURATION` (1s to 24h) whether to audit again")
	flags.StringVar(&f.webhookFile, "webhook-file", "", "with --watch, post each alert to the https address in `FILE`; "+child.Name+" opens the connection")
	flags.StringVar(&f.secretFile, "webhook-secret-file", "", "sign what is posted with the secret in `FILE` (HMAC-SHA256)")
}

// rules reads what decides.
func (f *auditFlags) rules() (audit.Rules, error) {
	usage := func(flag string, err error) error { return cli.Fail(cli.Usage, "", "--%s: %w", flag, err) }
	r := audit.Rules{DenyLicences: f.denyLicences, DenyPackages: f.denyPackages, MaxAge: audit.DefaultAges(), AllowIncomplete: f.allowIncomplete}
	list := f.failOn
	if list == "" {
		list = "high"
		if f.kev != "" {
			list += ",kev"
		}
	}
	bar, err := audit.ParseBar(list)
	if err != nil {
		return r, usage("fail-on", err)
	}
	r.FailOn = [3]audit.Bar{bar, bar, bar}
	for _, s := range f.scopes {
		name, list, ok := strings.Cut(s, "=")
		scope, err := audit.ParseScope(name)
		if err != nil || !ok || name == "" {
			return r, usage("scope", fmt.Errorf("%.60q is not SCOPE=LIST with a scope of required, optional, excluded", s))
		}
		if r.FailOn[scope], err = audit.ParseBar(list); err != nil {
			return r, usage("scope", err)
		}
	}
	if r.UnknownAs = audit.ParseSeverity(f.unknownAs); r.UnknownAs == audit.Unrated {
		return r, usage("unknown-as", fmt.Errorf("%.40q is none of none, low, medium, high, critical", f.unknownAs))
	}
	return r, errors.Join(f.patterns(), f.ages(&r.MaxAge), f.feedsAsked(r))
}

func (f *auditFlags) patterns() error {
	for _, p := range f.denyLicences {
		if err := audit.CheckPattern(p); err != nil {
			return cli.Fail(cli.Usage, "", "--deny-licence: %w", err)
		}
	}
	for _, p := range f.denyPackages {
		if err := audit.CheckPackagePattern(p); err != nil {
			return cli.Fail(cli.Usage, "", "--deny-package: %w", err)
		}
	}
	return nil
}

// ages reads --max-age: one for all feeds, or one for each.
func (f *auditFlags) ages(a *audit.Ages) error {
	for _, text := range f.maxAges {
		name, age, named := strings.Cut(text, "=")
		if !named {
			name, age = "all", text
		}
		d, err := age1(age)
		if err != nil {
			return cli.Fail(cli.Usage, "write 14d, 24h or none", "--max-age: %w", err)
		}
		switch name {
		case "all":
			*a = audit.Ages{OSV: d, KEV: d, EPSS: d}
		case "osv":
			a.OSV = d
		case "kev":
			a.KEV = d
		case "epss":
			a.EPSS = d
		default:
			return cli.Fail(cli.Usage, "", "--max-age: unknown feed %.40q; have osv, kev, epss", name)
		}
	}
	return nil
}

// age1 reads a number of days or hours; none is any age.
func age1(text string) (time.Duration, error) {
	if text == "none" {
		return 0, nil
	}
	units := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour}
	if len(text) > 1 {
		n, err := strconv.Atoi(text[:len(text)-1])
		if unit := units[text[len(text)-1:]]; err == nil && unit > 0 && n > 0 && n <= 36600 {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no age", text)
}

// feedsAsked refuses rules that ask for a feed nobody named.
func (f *auditFlags) feedsAsked(r audit.Rules) error {
	if f.db == "" {
		return cli.Fail(cli.Usage, "fetch OSV's ECOSYSTEM/all.zip into a folder and name it with --db FOLDER", "no advisories to audit with")
	}
	for _, bar := range r.FailOn {
		if bar.KEV && f.kev == "" {
			return cli.Fail(cli.Usage, "name CISA's catalogue with --kev FILE", "the rules ask for known exploited vulnerabilities, and no catalogue is named")
		}
		if bar.EPSS > 0 && f.epss == "" {
			return cli.Fail(cli.Usage, "name FIRST's scores with --epss FILE", "the rules ask for EPSS, and no scores are named")
		}
	}
	return nil
}

func runAudit(ctx context.Context, env *cli.Env, f auditFlags, target string) error {
	if !slices.Contains(auditFormats(), f.format) {
		return cli.Fail(cli.Usage, "", "unknown format %q; have %s", f.format, strings.Join(auditFormats(), ", "))
	}
	if f.state+f.metricsFile+f.webhookFile+f.secretFile != "" || f.poll != 0 {
		return cli.Fail(cli.Usage, "", "--state, --metrics, --poll, --webhook-file and --webhook-secret-file are for --watch")
	}
	rules, err := f.rules()
	if err != nil {
		return err
	}
	a, err := auditTarget(ctx, env, f, target)
	if err != nil {
		return err
	}
	in, err := f.input(env, rules)
	if err != nil {
		return err
	}
	before, err := f.before()
	if err != nil {
		return err
	}
	boms := []*audit.BOM{a.bom}
	if before.bom != nil {
		boms = append(boms, before.bom)
	}
	if err := f.feeds(ctx, &in, boms...); err != nil {
		return err
	}
	in.Baseline = before.baseline(in)
	in.BOM = a.bom
	if f.registry {
		if in.Registry, err = f.ledgerSBOMs.registry(ctx, env, f.where, a.bom, a.data, target); err != nil {
			return err
		}
	}
	r := report.Audit{Report: audit.Audit(in)}
	if err := f.write(env, r, a.file); err != nil {
		return err
	}
	return auditExit(r.Report)
}

// input reads what people decided.
func (f *auditFlags) input(env *cli.Env, rules audit.Rules) (audit.Input, error) {
	in := audit.Input{Rules: rules, Now: env.Now().UTC()}
	for _, name := range f.vex {
		data, err := readLimited(name, audit.MaxVEX)
		if err != nil {
			return in, err
		}
		all, err := audit.ParseVEX(data, filepath.ToSlash(name), in.Now)
		if err != nil {
			return in, cli.Fail(cli.Usage, "", "%w", err)
		}
		in.VEX = append(in.VEX, all...)
	}
	if f.waivers != "" {
		data, err := readLimited(f.waivers, audit.MaxWaivers)
		if err != nil {
			return in, err
		}
		if in.Waivers, err = audit.ParseWaivers(data, filepath.ToSlash(f.waivers)); err != nil {
			return in, cli.Fail(cli.Usage, "", "%w", err)
		}
	}
	return in, nil
}

// feeds reads what the feeds say about several SBOMs, once.
func (f *auditFlags) feeds(ctx context.Context, in *audit.Input, boms ...*audit.BOM) error {
	wanted := map[audit.Package]bool{}
	for _, b := range boms {
		for p := range b.Wanted() {
			wanted[p] = true
		}
	}
	var err error
	if in.Advisories, in.Feeds, err = feed.Advisories(ctx, f.db, wanted); err != nil {
		return err
	}
	if f.kev != "" {
		kev, said := feed.KEV(f.kev)
		in.KEV, in.Feeds = kev, append(in.Feeds, said)
	}
	if f.epss != "" {
		scores, said := feed.EPSS(f.epss, audit.CVEs(in.Advisories))
		in.EPSS, in.Feeds = scores, append(in.Feeds, said)
	}
	return nil
}

// write puts the report where it was asked for.
func (f *auditFlags) write(env *cli.Env, r report.Audit, file string) error {
	var b bytes.Buffer
	origin := report.Origin{File: file, Version: sbomTool(thisBuild().Version).Version}
	var err error
	switch f.format {
	case "json":
		err = report.JSON(&b, r)
	case "sarif":
		err = report.SARIF(&b, r, origin)
	case "junit":
		err = report.JUnit(&b, r)
	case "markdown":
		err = report.Markdown(&b, r, report.Options{})
	case "gitlab":
		err = report.GitLab(&b, r, origin)
	default:
		options := textOptions(env, env.Stdout)
		options.Color = options.Color && f.output == "-"
		err = report.Text(&b, r, options)
	}
	if err != nil {
		return err
	}
	return writeSBOM(env, f.output, b.Bytes())
}

// auditExit is the answer as an exit code.
func auditExit(r audit.Report) error {
	hint := ""
	if len(r.Steps) > 0 {
		hint = r.Steps[0].Do
	}
	switch r.Answer {
	case audit.Yes:
		return nil
	case audit.No:
		return cli.Fail(cli.No, hint, "%s this release", findingsStop(r.Counts.Verdicts[audit.Blocked.String()]))
	}
	return cli.Fail(cli.Unknown, hint, "could not find out whether it may ship: %s", strings.Join(r.Unknown[:min(len(r.Unknown), 3)], "; "))
}

func findingsStop(n int) string {
	if n == 1 {
		return "1 finding stops"
	}
	return fmt.Sprintf("%d findings stop", n)
}
