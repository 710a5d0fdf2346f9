// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/feed"
	"github.com/gateledger/gateledger/internal/scanreport"
)

const scanLong = `A report is what Trivy, grype or osv-scanner write as JSON, or SARIF of any
scanner; - reads it from standard input. Several of one scanner are counted
together. A report that says its scan failed, or that looked at nothing, is
refused: it is no scan that found nothing.

Scanners rarely know which vulnerabilities are exploited. With --kev and --epss
the event says that too, and a policy can ask for it:
  evidence:
    - {event: scan, by: ci, max-age: 24h, deny: {kev: true, severity: high, epss: 0.5}}
The event counts everything that was found; of names it lists the gravest.`

const scanExample = `  trivy image --format json app:1.4 | gateledger record scan --subject app@sha256:… -
  gateledger record scan --subject dist/app grype.json --kev known_exploited_vulnerabilities.json`

// scanFlags are what `record scan` is told besides.
type scanFlags struct {
	kev, epss string
	maxAges   []string
}

// scanRecorder is the line of `record scan` in recorders.
func scanRecorder() recorder {
	f := &scanFlags{}
	return recorder{
		args: cobra.MinimumNArgs(1), usage: "REPORT…", long: scanLong, example: scanExample,
		flags: func(cmd *cobra.Command, _ *recordFlags) { f.flags(cmd) },
		draft: func(_ context.Context, r *recording) (draft, error) { return f.draft(r) },
	}
}

func (f *scanFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kev, "kev", "", "CISA KEV `FILE`, JSON")
	flags.StringVar(&f.epss, "epss", "", "EPSS `FILE`, CSV")
	flags.StringArrayVar(&f.maxAges, "max-age", nil, "how old a feed may be: `AGE`, or kev=AGE, epss=AGE (14d, 24h, none); repeatable; default kev=14d epss=7d")
}

func (f *scanFlags) draft(r *recording) (draft, error) {
	var reports []scanreport.Report
	for _, name := range r.args {
		report, err := r.readScan(name)
		if err != nil {
			return draft{}, unusable(err)
		}
		reports = append(reports, report)
		var digests []string
		for _, s := range r.subjects {
			digests = append(digests, s.Digest["sha256"])
		}
		if report.Elsewhere(digests...) {
			r.note("%s is of %s, which has another digest than what it is recorded about", report.Source.Name, report.Images[0])
		}
	}
	known, err := f.known(r, reports)
	if err != nil {
		return draft{}, err
	}
	p, err := scanreport.Predicate(known, r.env.Now().UTC(), reports...)
	if err != nil {
		return draft{}, unusable(err)
	}
	p.Context = r.at
	r.note("scan by %s: %s", p.Scanner.URI, scanWords(*p.Summary))
	if f.kev != "" && !p.Summary.KnowsKEV || f.epss != "" && !p.Summary.KnowsEPSS {
		r.note("the report names no CVE for some of its findings, and KEV and EPSS go by CVE: record the scanner's own JSON, which does")
	}
	if len(p.Scanner.Result) < p.Summary.Total {
		r.note("the event lists the gravest %d of %d findings, and counts all", len(p.Scanner.Result), p.Summary.Total)
	}
	return r.drafted(p)
}

// unusable says what to do about a report that proves nothing.
func unusable(err error) error {
	if errors.Is(err, scanreport.ErrReport) {
		return cli.Fail(cli.Usage, "the report proves nothing as it is: scan again and record what the scanner writes", "%w", err)
	}
	return err
}

func (r *recording) readScan(name string) (scanreport.Report, error) {
	if name == "-" {
		return scanreport.Read(r.env.Stdin, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return scanreport.Report{}, cli.Fail(cli.Usage, "", "open scan report: %w", err)
	}
	defer f.Close()
	return scanreport.Read(f, name)
}

// known reads the feeds that were named. One that can't be gone by is no
// reason to leave out what was asked for.
func (f *scanFlags) known(r *recording, reports []scanreport.Report) (scanreport.Known, error) {
	var known scanreport.Known
	ages := audit.DefaultAges()
	flags := auditFlags{maxAges: f.maxAges}
	if err := flags.ages(&ages); err != nil {
		return known, err
	}
	usable := func(said audit.Feed) error {
		if said.Problem == "" {
			said.Problem = ages.Problem(said, r.env.Now())
		}
		if said.Problem == "" {
			return nil
		}
		return cli.Fail(cli.Unknown, "get a fresh copy of it", "feed %s, %s: %s", said.Name, said.Path, said.Problem)
	}
	if f.kev != "" {
		all, said := feed.KEV(f.kev)
		if err := usable(said); err != nil {
			return known, err
		}
		known.KEV = all
	}
	if f.epss != "" {
		all, said := feed.EPSS(f.epss, scanreport.CVEs(reports...))
		if err := usable(said); err != nil {
			return known, err
		}
		known.EPSS = all
	}
	return known, nil
}

// scanWords is a summary in one line.
func scanWords(s event.ScanSummary) string {
	var parts []string
	for _, severity := range event.Severities() {
		if n := s.Severities[severity]; n > 0 {
			parts = append([]string{fmt.Sprintf("%d %s", n, severity)}, parts...)
		}
	}
	if s.KEV > 0 {
		parts = append(parts, fmt.Sprintf("%d known to be exploited", s.KEV))
	}
	if s.Suppressed > 0 {
		parts = append(parts, fmt.Sprintf("%d suppressed", s.Suppressed))
	}
	if len(parts) == 0 {
		return "nothing found"
	}
	return strings.Join(parts, ", ")
}
