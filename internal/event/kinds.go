// SPDX-License-Identifier: Apache-2.0

package event

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// The predicate types.
const (
	BuildType       = "https://slsa.dev/provenance/v1"
	TestType        = "https://in-toto.io/attestation/test-result/v0.1"
	ScanType        = "https://in-toto.io/attestation/vulns/v0.2"
	CycloneDXType   = "https://cyclonedx.org/bom"
	ReferenceType   = "https://in-toto.io/attestation/reference/v0.1"
	DecisionType    = "https://slsa.dev/verification_summary/v1"
	CommitType      = product.PredicateBase + "commit/v1"
	DeploymentType  = product.PredicateBase + "deployment/v1"
	PipelineType    = product.PredicateBase + "pipeline/v1"
	RequestType     = product.PredicateBase + "request/v1"
	VoteType        = product.PredicateBase + "vote/v1"
	ConsumptionType = product.PredicateBase + "consumption/v1"
	PolicyType      = product.PredicateBase + "policy/v1"
	ForgeVotesType  = product.PredicateBase + "forge-votes/v1"
	PostureType     = product.PredicateBase + "posture/v1"
	DebtType        = product.PredicateBase + "debt/v1"
	UntrustedType   = product.PredicateBase + "untrusted-report/v1"
)

// A Kind is one sort of event.
type Kind struct {
	Name          string
	PredicateType string
	Standard      string // the specification; empty for a type of our own
	Doc           string // one line, for people
	Recordable    bool   // `record` makes it and a rule can ask for it

	// Control: only who holds the log key writes it, because it says how the
	// ledger itself went on. From an inbox it is never admitted.
	Control bool

	// Reference is the media type of the document that a reference v0.1
	// predicate names when it stands in for PredicateType, because the
	// document is over MaxInline. Empty: never referenced.
	Reference string
}

// Kinds returns every kind of event, in the order of a release.
func Kinds() []Kind { return slices.Clone(kinds[:]) }

var kinds = [...]Kind{
	{Name: "commit", PredicateType: CommitType, Recordable: true,
		Doc: "who wrote a commit, as git tells it"},
	{Name: "build", PredicateType: BuildType, Standard: "SLSA provenance v1", Recordable: true,
		Doc: "what was built, from which commit, by which run"},
	{Name: "sbom", PredicateType: CycloneDXType, Standard: "CycloneDX", Recordable: true, Reference: CycloneDXMedia,
		Doc: "what is in it: components, licences, dependencies"},
	{Name: "test", PredicateType: TestType, Standard: "in-toto test-result v0.1", Recordable: true,
		Doc: "which tests ran and how they ended"},
	{Name: "scan", PredicateType: ScanType, Standard: "in-toto vulns v0.2", Recordable: true,
		Doc: "which vulnerabilities a scanner found"},
	{Name: "request", PredicateType: RequestType, Control: true,
		Doc: "somebody asks to deploy these bytes to that environment"},
	{Name: "vote", PredicateType: VoteType,
		Doc: "one person approves, denies or revokes"},
	{Name: "decision", PredicateType: DecisionType, Standard: "SLSA VSA v1", Control: true,
		Doc: "what the gate answered, and why"},
	{Name: "consumption", PredicateType: ConsumptionType, Control: true,
		Doc: "one run used up a request"},
	{Name: "deployment", PredicateType: DeploymentType, Recordable: true,
		Doc: "what was put into an environment, and how that went"},
	{Name: "pipeline", PredicateType: PipelineType,
		Doc: "how a whole run ended, and how long it took"},
	{Name: "policy", PredicateType: PolicyType, Control: true,
		Doc: "from here on another policy is in force"},
	{Name: "forge-votes", PredicateType: ForgeVotesType, Control: true,
		Doc: "what people said on a forge about a request, as the gate saw it"},
	{Name: "posture", PredicateType: PostureType, Control: true,
		Doc: "what a forge showed of the settings that keep people from going past the gate"},
	{Name: "debt", PredicateType: DebtType, Control: true,
		Doc: "a gate went on while anchors were down, and owes them a checkpoint"},
	{Name: "untrusted-report", PredicateType: UntrustedType,
		Doc: "a report from somewhere nobody vouches for, kept to be read; never evidence"},
}

// KindNamed returns the kind of that name. The error lists the names there are.
func KindNamed(name string) (Kind, error) {
	var names []string
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	slices.Sort(names)
	return Kind{}, fmt.Errorf("unknown kind of event %.40q; have %s", name, strings.Join(names, ", "))
}

// KindOf returns the kind of a statement: by its predicate type, or by what a
// reference refers to.
func KindOf(s Statement) (Kind, bool) {
	media := ""
	if s.PredicateType == ReferenceType {
		if media = referenced(s.Predicate); media == "" {
			return Kind{}, false
		}
	}
	for _, k := range kinds {
		if k.PredicateType == s.PredicateType || media != "" && k.Reference == media {
			return k, true
		}
	}
	return Kind{}, false
}

// marks are, for each kind, the bytes of which any canonical statement of
// that kind holds one: its predicate type as a member.
var marks = func() map[string][][]byte {
	m := map[string][][]byte{}
	mark := func(predicateType string) []byte { return []byte(`"predicateType":"` + predicateType + `"`) }
	for _, k := range kinds {
		m[k.Name] = append(m[k.Name], mark(k.PredicateType))
		if k.Reference != "" {
			m[k.Name] = append(m[k.Name], mark(ReferenceType))
		}
	}
	return m
}()

// referenced returns the media type of the one document a reference names.
// Several documents are no kind at all: which of them is the evidence?
func referenced(predicate canon.Raw) string {
	var p ReferencePredicate
	if err := canon.DecodeOpen(predicate, &p); err != nil || len(p.References) != 1 {
		return ""
	}
	return p.References[0].MediaType
}

// own reports whether a predicate type is ours, so that its members are ours
// to fix. Readers of the standard types pass over members they do not know.
func own(predicateType string) bool {
	return strings.HasPrefix(predicateType, product.PredicateBase)
}
