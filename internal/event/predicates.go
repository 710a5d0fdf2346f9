// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// A Context says where and when an event was made. Every field is the word of
// whoever signed the event; nothing here is proof.
type Context struct {
	Host         string    `json:"host,omitempty"`          // github.com, gitlab.example.org; empty for a local checkout
	Provider     string    `json:"provider"`                // github, gitlab, local
	Repository   string    `json:"repository,omitempty"`    // acme/app
	RepositoryID string    `json:"repository_id,omitempty"` // numeric id at the host; url:HOST/PATH where the host gives none; for a local checkout a digest of the root commit
	Run          string    `json:"run,omitempty"`
	Attempt      string    `json:"attempt,omitempty"`
	Workflow     string    `json:"workflow,omitempty"`
	Trigger      string    `json:"trigger,omitempty"`
	Actor        *Identity `json:"actor,omitempty"`
	Commit       string    `json:"commit,omitempty"` // full hex object id
	Ref          string    `json:"ref,omitempty"`
	Dirty        bool      `json:"dirty,omitzero"` // the checkout had changes that the commit does not hold
	Time         string    `json:"time,omitempty"` // RFC 3339, the maker's own clock
}

// An Identity is a person or account as some system names it.
type Identity struct {
	ID    string `json:"id,omitempty"`    // numeric account id at Host
	Login string `json:"login,omitempty"` // account name at Host; shown, never compared where an ID is known
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// BuildPredicate is SLSA provenance v1.
type BuildPredicate struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
	Context         Context         `json:"gateledger_context"`
}

// BuildDefinition is SLSA provenance v1's.
type BuildDefinition struct {
	BuildType            string            `json:"buildType"`
	ExternalParameters   map[string]string `json:"externalParameters"`
	InternalParameters   map[string]string `json:"internalParameters,omitempty"`
	ResolvedDependencies []Subject         `json:"resolvedDependencies,omitempty"`
}

// RunDetails is SLSA provenance v1's.
type RunDetails struct {
	Builder  Builder       `json:"builder"`
	Metadata BuildMetadata `json:"metadata,omitzero"`
}

// Builder is SLSA provenance v1's.
type Builder struct {
	ID string `json:"id"`
}

// BuildMetadata is SLSA provenance v1's.
type BuildMetadata struct {
	InvocationID string `json:"invocationId,omitempty"`
	StartedOn    string `json:"startedOn,omitempty"`
	FinishedOn   string `json:"finishedOn,omitempty"`
}

// The results of an in-toto test-result v0.1.
const (
	Passed = "PASSED"
	Warned = "WARNED"
	Failed = "FAILED"
)

// TestPredicate is in-toto test-result v0.1. No test at all is FAILED.
type TestPredicate struct {
	Result        string    `json:"result"`
	Configuration []Subject `json:"configuration"`
	URL           string    `json:"url,omitempty"`
	PassedTests   []string  `json:"passedTests,omitempty"`
	WarnedTests   []string  `json:"warnedTests,omitempty"` // skipped ones
	FailedTests   []string  `json:"failedTests,omitempty"`
	Counts        Counts    `json:"gateledger_counts"`
	Context       Context   `json:"gateledger_context"`
}

// Counts are how many tests had each outcome.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// ReferencePredicate is in-toto reference v0.1: the evidence itself is stored
// by digest, because it is over MaxInline.
type ReferencePredicate struct {
	Attester   Builder   `json:"attester"`
	References []Subject `json:"references"`
	Context    Context   `json:"gateledger_context"`
}

// MaxInline is the largest predicate a statement carries itself, in bytes.
const MaxInline = 32 << 10

// CommitPredicate says who wrote a commit, as git tells it.
type CommitPredicate struct {
	Commit    string     `json:"commit"`
	Tree      string     `json:"tree"`
	Parents   []string   `json:"parents"`
	Author    Identity   `json:"author"`
	Committer Identity   `json:"committer"`
	CoAuthors []Identity `json:"co_authors,omitempty"`
	Subject   string     `json:"subject,omitempty"` // first line of the message
	Context   Context    `json:"gateledger_context"`
}

// Check refuses a commit that git could not have.
func (p CommitPredicate) Check() error {
	for _, id := range append([]string{p.Commit, p.Tree}, p.Parents...) {
		if err := checkObject(id); err != nil {
			return err
		}
	}
	return nil
}

// The results of a deployment.
const (
	Healthy    = "healthy"
	Broken     = "failed"
	RolledBack = "rolled-back"
)

// DeploymentPredicate says that a subject was put into an environment.
type DeploymentPredicate struct {
	Environment string  `json:"environment"`
	Result      string  `json:"result"` // healthy, failed or rolled-back
	Request     string  `json:"request,omitempty"`
	URL         string  `json:"url,omitempty"`
	Context     Context `json:"gateledger_context"`
}

// Check refuses a deployment to nowhere, or with a result of no known name.
func (p DeploymentPredicate) Check() error {
	results := []string{Healthy, Broken, RolledBack}
	switch {
	case p.Environment == "":
		return errors.New("no environment")
	case !slices.Contains(results, p.Result):
		return fmt.Errorf("unknown result %.40q; have %q", p.Result, results)
	case p.Request != "" && !isSHA256(p.Request):
		return fmt.Errorf("request %.80q is not a hex SHA-256", p.Request)
	}
	return nil
}

// The results of a pipeline.
const (
	RunSucceeded = "succeeded"
	RunFailed    = "failed"
	RunCancelled = "cancelled"
)

// PipelineResults lists the results that a pipeline can have.
func PipelineResults() []string { return []string{RunSucceeded, RunFailed, RunCancelled} }

// PipelinePredicate says how a whole run ended. It is told, not judged: no
// rule counts it.
type PipelinePredicate struct {
	Result  string  `json:"result"`           // succeeded, failed or cancelled
	Seconds int64   `json:"seconds,omitzero"` // how long it took; zero: nobody said
	URL     string  `json:"url,omitempty"`
	Context Context `json:"gateledger_context"`
}

// Check refuses a result of no known name, and less than no time.
func (p PipelinePredicate) Check() error {
	if !slices.Contains(PipelineResults(), p.Result) {
		return fmt.Errorf("unknown result %.40q; have %q", p.Result, PipelineResults())
	}
	if p.Seconds < 0 {
		return fmt.Errorf("it took %d seconds", p.Seconds)
	}
	return nil
}

// RequestPredicate asks for a deployment. ID hashes all of it, so it is
// immutable: a vote for one request can never count for another.
type RequestPredicate struct {
	Ledger       string     `json:"ledger"`     // origin
	Checkpoint   Checkpoint `json:"checkpoint"` // the ledger's head when the request was made
	Host         string     `json:"host"`
	RepositoryID string     `json:"repository-id"`
	Environment  string     `json:"environment"`
	Subjects     []Subject  `json:"subjects"` // name and digest only, sorted
	Commit       string     `json:"commit"`
	Policy       string     `json:"policy"`    // hex SHA-256 of the resolved part for Environment
	Documents    []string   `json:"documents"` // what approvers are shown: sha256:hex, sorted
	Previous     string     `json:"previous"`  // digest last deployed here, or "none"
	Created      string     `json:"created"`   // RFC 3339 UTC
	Expires      string     `json:"expires"`   // RFC 3339 UTC

	// BreakGlass asks for fewer people, with a reason. Without it the id is
	// what it was before there was any.
	BreakGlass *BreakGlass `json:"break-glass,omitempty"`

	// Run is the CI run that asked, so that it can be run again once there is an
	// answer. Nothing is decided by it.
	Run AskingRun `json:"run,omitzero"`
}

// An AskingRun is the job of a CI run, by its host's own words.
type AskingRun struct {
	Provider string `json:"provider"`         // github, gitlab
	ID       string `json:"id"`               // of the run or pipeline
	Attempt  string `json:"attempt"`          // at GitLab the id of the job
	Job      string `json:"job,omitempty"`    // what the run's file calls it
	Runner   string `json:"runner,omitempty"` // what it runs on
}

// Checkpoint is a ledger's head: how many leaves, and their root.
type Checkpoint struct {
	Size uint64 `json:"size"`
	Root string `json:"root"` // hex
}

// VotePredicate carries one person's vote as that person signed it. The
// envelope around it only makes it loggable: every fact is read from inside.
// In a vote signed keyless the envelope's own signature is that person's.
type VotePredicate struct {
	Statement []byte `json:"statement"`        // the inner statement's exact bytes, base64
	SSHSIG    string `json:"sshsig,omitempty"` // armoured SSH signature over Statement; none: the certificate on the envelope is the voter's
}

// ConsumptionPredicate says that a run used up a request.
type ConsumptionPredicate struct {
	Request     string `json:"request"` // hex
	Environment string `json:"environment"`
	Run         string `json:"run"`
	Time        string `json:"time"`
}

// Check refuses a consumption that does not say what used up what.
func (p ConsumptionPredicate) Check() error {
	switch {
	case !isSHA256(p.Request):
		return fmt.Errorf("request %.80q is not a hex SHA-256", p.Request)
	case p.Environment == "":
		return errors.New("no environment")
	case p.Run == "":
		return errors.New("no run")
	}
	return nil
}

// PolicyPredicate says that from its index on another policy is in force. Its
// subject is PolicySubject; the file's bytes are a document of the entry.
// Nothing is in force because it says so: whoever follows the chain makes the
// decision on Request again, under the policy before.
type PolicyPredicate struct {
	Ledger   string  `json:"ledger"`            // origin
	Previous string  `json:"previous"`          // hex SHA-256 of the policy before, or "none"
	Policy   string  `json:"policy"`            // hex SHA-256 of the file
	Request  string  `json:"request,omitempty"` // hex id of the request that was approved; the first policy has none
	Context  Context `json:"gateledger_context"`
}

// PolicySubject is what a policy event, and the request for it, is about: the
// policy's file by its SHA-256 in hex.
func PolicySubject(hex string) Subject {
	return Subject{Name: product.PolicyFile, Digest: map[string]string{"sha256": hex}}
}

// Check refuses a change that does not say from what to what, or by which
// request.
func (p PolicyPredicate) Check() error {
	switch {
	case p.Ledger == "":
		return errors.New("no ledger")
	case !isSHA256(p.Policy):
		return fmt.Errorf("policy %.80q is not a hex SHA-256", p.Policy)
	case p.Previous == NoPrevious && p.Request == "":
		return nil
	case p.Previous == NoPrevious:
		return errors.New("the first policy has no request")
	case !isSHA256(p.Previous):
		return fmt.Errorf("previous %.80q is neither a hex SHA-256 nor %q", p.Previous, NoPrevious)
	case p.Previous == p.Policy:
		return errors.New("policy and previous are the same")
	case !isSHA256(p.Request):
		return fmt.Errorf("request %.80q is not a hex SHA-256", p.Request)
	}
	return nil
}

// UntrustedReportPredicate says that a report was found which nobody of the
// policy signed, such as from a fork. The report is a document of the entry,
// for people to read. No rule takes it for evidence.
type UntrustedReportPredicate struct {
	Source  string  `json:"source"` // where it comes from, such as a fork's name; free text
	Commit  string  `json:"commit"` // full hex object id that it says it is about
	Media   string  `json:"media"`  // media type
	Digest  string  `json:"digest"` // of the report: sha256:hex
	Size    int64   `json:"size"`   // of the report, in bytes
	Context Context `json:"gateledger_context"`
}

// Check refuses a report from nowhere, about nothing, or of no certain bytes.
func (p UntrustedReportPredicate) Check() error {
	if err := checkObject(p.Commit); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	d, err := ParseDigest(p.Digest)
	switch {
	case err != nil:
		return err
	case d.Alg != "sha256":
		return fmt.Errorf("digest %.80q is no sha256", p.Digest)
	case p.Source == "":
		return errors.New("no source")
	case p.Media == "":
		return errors.New("no media type")
	case p.Size < 0:
		return fmt.Errorf("size is %d", p.Size)
	}
	return nil
}

// DecisionPredicate is a SLSA Verification Summary Attestation v1.
type DecisionPredicate struct {
	Verifier           Builder   `json:"verifier"`
	TimeVerified       string    `json:"timeVerified"`
	ResourceURI        string    `json:"resourceUri"` // names host, repository id, environment and request
	Policy             Subject   `json:"policy"`
	InputAttestations  []Subject `json:"inputAttestations"`
	VerificationResult string    `json:"verificationResult"` // PASSED or FAILED
	VerifiedLevels     []string  `json:"verifiedLevels"`
	SLSAVersion        string    `json:"slsaVersion,omitempty"`
	Decision           canon.Raw `json:"gateledger_decision"`        // policy.Decision: every vote and every rule, and why
	Stamp              []byte    `json:"gateledger_stamp,omitempty"` // RFC 3161 token (TimeStampResp, ASN.1 DER) that proves when it was decided
}
