// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/testreport"
)

// A recorder is how one kind of event is made. To add one, write its draft
// and its line, and mark the kind recordable.
type recorder struct {
	kind    event.Kind
	usage   string // of the reports
	long    string
	example string
	args    cobra.PositionalArgs
	flags   func(*cobra.Command, *recordFlags)
	draft   func(context.Context, *recording) (draft, error)
}

// A draft is what an event says, before it is signed.
type draft struct {
	predicateType string
	predicate     any
	blobs         [][]byte // documents that the predicate names by digest
}

// recorders is every kind that `record` makes, in the order of a release.
func recorders() []recorder {
	table := map[string]recorder{
		"commit":     {args: cobra.NoArgs, draft: draftCommit, example: "  gateledger record commit --subject git:HEAD"},
		"build":      {args: cobra.NoArgs, draft: draftBuild, example: "  gateledger record build --subject dist/app"},
		"sbom":       {args: cobra.ExactArgs(1), usage: "BOM", draft: draftSBOM, flags: sbomRecordFlags, long: sbomLong, example: "  gateledger record sbom --subject dist/app sbom.cdx.json"},
		"test":       {args: cobra.MinimumNArgs(1), usage: "REPORT…", draft: draftTest, flags: testFlags, long: testLong, example: testExample},
		"scan":       scanRecorder(),
		"deployment": {args: cobra.NoArgs, draft: draftDeployment, flags: deploymentFlags, example: deploymentExample},
		"pipeline":   {args: cobra.NoArgs, draft: draftPipeline, flags: pipelineFlags, example: pipelineExample},
		untrusted:    {args: cobra.ExactArgs(1), usage: "REPORT", draft: draftUntrusted, flags: untrustedFlags, long: untrustedLong, example: untrustedExample},
	}
	var list []recorder
	for _, k := range event.Kinds() {
		if r, ok := table[k.Name]; ok {
			r.kind = k
			list = append(list, r)
		}
	}
	return list
}

func (r *recording) drafted(predicate any) (draft, error) {
	return draft{predicateType: r.recorder.kind.PredicateType, predicate: predicate}, nil
}

func draftCommit(ctx context.Context, r *recording) (draft, error) {
	if len(r.subjects) != 1 || r.subjects[0].Digest["gitCommit"] == "" {
		return draft{}, cli.Fail(cli.Usage, "gateledger record commit --subject git:HEAD", "a commit event is about one commit")
	}
	p, err := r.commitPredicate(ctx, r.subjects[0].Digest["gitCommit"], r.at)
	if err != nil {
		return draft{}, err
	}
	return r.drafted(p)
}

// draftBuild is SLSA provenance as far as a recorder can know it: which
// commit and which workflow. How they made the bytes is the signer's word.
func draftBuild(_ context.Context, r *recording) (draft, error) {
	workflow := ci.Workflow(r.at)
	p := event.BuildPredicate{
		BuildDefinition: event.BuildDefinition{
			BuildType:          product.PredicateBase + "build/v1",
			ExternalParameters: map[string]string{},
			ResolvedDependencies: []event.Subject{{
				URI:    sourceURI(r.at),
				Digest: map[string]string{"gitCommit": r.at.Commit},
			}},
		},
		RunDetails: event.RunDetails{
			Builder:  event.Builder{ID: product.PredicateBase + "builder/" + r.at.Provider},
			Metadata: event.BuildMetadata{InvocationID: ci.Run(r.at)},
		},
		Context: r.at,
	}
	if workflow != "" {
		p.BuildDefinition.ExternalParameters["workflow"] = workflow
		p.RunDetails.Builder.ID = workflow
	}
	if r.at.Ref != "" {
		p.BuildDefinition.ExternalParameters["ref"] = r.at.Ref
	}
	if r.at.Dirty {
		r.note("the checkout is not what commit %.12s holds, and the event says so", r.at.Commit)
	}
	return r.drafted(p)
}

func (r *recording) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// sourceURI is where the commit is from, as SPDX writes it. A local checkout
// has no address that would mean anything elsewhere.
func sourceURI(at event.Context) string {
	if at.Host == "" {
		return ""
	}
	uri := "git+https://" + at.Host + "/" + at.Repository
	if at.Ref != "" {
		uri += "@" + at.Ref
	}
	return uri
}

const testLong = `A report is what 'go test -json' writes, or JUnit XML of any runner; - reads it
from standard input. Several are counted together. One failed test makes the
result FAILED, and so does having no test that passed.`

const testExample = `  go test -json ./... | gateledger record test --subject dist/app -
  gateledger record test --subject dist/app target/surefire-reports/*.xml`

func testFlags(cmd *cobra.Command, f *recordFlags) {
	cmd.Flags().StringVar(&f.url, "url", "", "`URL` of the test run's page")
}

func draftTest(_ context.Context, r *recording) (draft, error) {
	var reports []event.TestPredicate
	for _, name := range r.args {
		p, err := r.readTests(name)
		if err != nil {
			return draft{}, err
		}
		reports = append(reports, p)
	}
	p, err := testreport.Merge(reports...)
	if err != nil {
		return draft{}, err
	}
	if p.URL, err = checkURL(r.flags.url); err != nil {
		return draft{}, err
	}
	p.Context = r.at
	r.note("tests %s: %d passed, %d failed, %d skipped", p.Result, p.Counts.Passed, p.Counts.Failed, p.Counts.Skipped)
	if p.Counts.Passed+p.Counts.Failed+p.Counts.Skipped == 0 {
		r.note("no test ran, which is not a pass")
	}
	return r.drafted(p)
}

func (r *recording) readTests(name string) (event.TestPredicate, error) {
	if name == "-" {
		return testreport.Read(r.env.Stdin, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return event.TestPredicate{}, cli.Fail(cli.Usage, "", "open test report: %w", err)
	}
	defer f.Close()
	return testreport.Read(f, name)
}

// maxBOM is the largest SBOM that is recorded, in bytes.
const maxBOM = 64 << 20

const sbomLong = `The SBOM is a CycloneDX JSON document. One of at most 32 KiB stands in the
event itself; a larger one is stored beside it, and the event names its SHA-256.

With --registry the account that GATELEDGER_EVM_… names publishes the document's SHA-256,
as the ledger has it, in the registry of the policy, once the event is logged.`

func draftSBOM(_ context.Context, r *recording) (draft, error) {
	data, err := readLimited(r.args[0], maxBOM)
	if err != nil {
		return draft{}, err
	}
	canonical, err := checkBOM(data)
	if err != nil {
		return draft{}, cli.Fail(cli.Usage, "make one with: gateledger sbom . -o "+r.args[0], "%s is no CycloneDX JSON document: %w", r.args[0], err)
	}
	if len(canonical) <= event.MaxInline {
		return draft{predicateType: event.CycloneDXType, predicate: canonical}, nil
	}
	sum := sha256.Sum256(data)
	return draft{
		predicateType: event.ReferenceType,
		predicate: event.ReferencePredicate{
			Attester: event.Builder{ID: product.PredicateBase + "builder/" + r.at.Provider},
			References: []event.Subject{{
				Digest:    map[string]string{"sha256": hex.EncodeToString(sum[:])},
				MediaType: event.CycloneDXMedia,
			}},
			Context: r.at,
		},
		blobs: [][]byte{data},
	}, nil
}

// checkBOM returns the document's canonical form. It looks at what makes it a
// CycloneDX document of a version we know, not at what it lists.
func checkBOM(data []byte) (canon.Raw, error) {
	canonical, err := canon.Transform(bytes.TrimSpace(data))
	if err != nil {
		return nil, err
	}
	var head struct {
		BOMFormat   string `json:"bomFormat"`
		SpecVersion string `json:"specVersion"`
	}
	if err := canon.DecodeOpen(canonical, &head); err != nil {
		return nil, err
	}
	if head.BOMFormat != "CycloneDX" {
		return nil, fmt.Errorf("its bomFormat is %.40q", head.BOMFormat)
	}
	if versions := []string{"1.4", "1.5", "1.6", "1.7"}; !slices.Contains(versions, head.SpecVersion) {
		return nil, fmt.Errorf("its specVersion is %.40q; have %s", head.SpecVersion, strings.Join(versions, ", "))
	}
	return canonical, nil
}

const deploymentExample = `  gateledger record deployment --subject dist/app --environment production --result healthy
  gateledger record deployment --subject dist/app --environment staging --result rolled-back --url https://ci.example.org/job/7`

func deploymentFlags(cmd *cobra.Command, f *recordFlags) {
	flags := cmd.Flags()
	flags.StringVar(&f.environment, "environment", "", "`ENVIRONMENT` it was deployed to")
	flags.StringVar(&f.result, "result", "", "how it went: "+strings.Join(results(), ", "))
	flags.StringVar(&f.request, "request", "", "`ID` of the request that allowed it")
	flags.StringVar(&f.url, "url", "", "`URL` of the deployment's page")
	must(cmd.MarkFlagRequired("environment"))
	must(cmd.MarkFlagRequired("result"))
}

func results() []string { return []string{event.Healthy, event.Broken, event.RolledBack} }

func draftDeployment(ctx context.Context, r *recording) (draft, error) {
	if _, ok := r.policy.Environments[r.flags.environment]; !ok {
		return draft{}, cli.Fail(cli.Usage, "have "+strings.Join(sortedKeys(r.policy.Environments), ", "), "unknown environment %q in %s", r.flags.environment, r.source)
	}
	if !slices.Contains(results(), r.flags.result) {
		return draft{}, cli.Fail(cli.Usage, "", "unknown result %q; have %s", r.flags.result, strings.Join(results(), ", "))
	}
	p := event.DeploymentPredicate{Environment: r.flags.environment, Result: r.flags.result, Context: r.at}
	var err error
	if p.URL, err = checkURL(r.flags.url); err != nil {
		return draft{}, err
	}
	if p.Request, err = r.deployed(ctx); err != nil {
		return draft{}, err
	}
	return r.drafted(p)
}

const pipelineExample = `  gateledger record pipeline --subject git:HEAD --result succeeded --duration 7m30s`

func pipelineFlags(cmd *cobra.Command, f *recordFlags) {
	flags := cmd.Flags()
	flags.StringVar(&f.result, "result", "", "how it ended: "+strings.Join(event.PipelineResults(), ", "))
	flags.DurationVar(&f.duration, "duration", 0, "how long it took, such as 7m30s")
	flags.StringVar(&f.url, "url", "", "`URL` of its page")
	must(cmd.MarkFlagRequired("result"))
}

func draftPipeline(_ context.Context, r *recording) (draft, error) {
	p := event.PipelinePredicate{Result: r.flags.result, Seconds: int64(r.flags.duration.Round(time.Second).Seconds()), Context: r.at}
	var err error
	if p.URL, err = checkURL(r.flags.url); err != nil {
		return draft{}, err
	}
	if err := p.Check(); err != nil {
		return draft{}, cli.Fail(cli.Usage, "", "%w", err)
	}
	return r.drafted(p)
}

// deployed returns the whole id of the request that was named, which must be
// for these subjects and this environment.
func (r *recording) deployed(ctx context.Context) (string, error) {
	if r.flags.request == "" {
		return "", nil
	}
	_, events, err := r.read(ctx)
	if err != nil {
		return "", err
	}
	found, err := r.findRequest(events, r.flags.request)
	if err != nil {
		return "", err
	}
	if found.predicate.Environment != r.flags.environment {
		return "", cli.Fail(cli.Usage, "", "request %.12s is for %s, not for %s", found.id, found.predicate.Environment, r.flags.environment)
	}
	for _, s := range r.subjects {
		if !slices.ContainsFunc(found.predicate.Subjects, func(o event.Subject) bool { return sharesDigest(s, o) }) {
			return "", cli.Fail(cli.Usage, "see 'gateledger request show'", "request %.12s is not about %s", found.id, s.Name)
		}
	}
	return found.id, nil
}

// maxURL is the longest URL that an event carries, in bytes.
const maxURL = 2048

// checkURL refuses an address that a reader could not open, or that would log
// somebody's password for good.
func checkURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxURL || clean.Text(text) != text || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", cli.Fail(cli.Usage, "", "--url is not the http or https address of a page")
	case u.User != nil:
		return "", cli.Fail(cli.Usage, "leave the user and password out", "--url holds credentials, which the log would keep for good")
	}
	return text, nil
}
