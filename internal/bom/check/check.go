// SPDX-License-Identifier: Apache-2.0

// Package check says whether a bill of materials is true: whether it is what
// the official schema says, refers only to what it holds, and agrees with the
// lockfiles and caches on disk that it is about.
//
// It looks at the bytes as they are and never writes a document, so a signed
// one stays what was signed.
package check

import (
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/draft7"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
)

// A Rule is what a finding breaks.
type Rule string

// The rules, in the order in which they are checked.
const (
	RuleFormat    Rule = "format"    // it is CycloneDX, in one piece
	RuleSchema    Rule = "schema"    // it satisfies the official schema
	RuleReference Rule = "reference" // references are unique and resolve
	RulePURL      Rule = "purl"      // package URLs are well-formed and say what the component says
	RuleHash      Rule = "hash"      // digests have the length of their algorithm
	RuleSubject   Rule = "subject"   // the document is about the artifact it should be about
	RuleCoverage  Rule = "coverage"  // every lockfile on disk is in it
	RuleDigest    Rule = "digest"    // digests are those of lockfiles and local caches
)

// A Finding is one thing that is not true.
type Finding struct {
	Rule  Rule   `json:"rule"`
	Where string `json:"where"` // JSON pointer, component or file
	Text  string `json:"text"`
}

func (f Finding) String() string { return string(f.Rule) + ": " + f.Where + ": " + f.Text }

// maxOfRule bounds how many findings of one rule are kept.
const maxOfRule = 20

// Options say what a document is compared with. The zero Options compare it
// with nothing but itself.
type Options struct {
	Subject map[string]string // digests, hex by in-toto's names; any one must be the subject's
	Tree    *bom.Inventory    // what a scan of the tree found
	// Local returns what local caches and vendor folders say of the bytes of
	// a component. Nil: there are none.
	Local func(c *raw.Component) []Local
}

// A Local is a digest that was computed or recorded on this machine.
type Local struct {
	Alg   string // as in a document, or "h1"
	Value string // hex, or what the algorithm's name implies
	Where string // file
}

// A Result is what became of a check.
type Result struct {
	Spec       string    `json:"spec,omitempty"`
	Serial     string    `json:"serial,omitempty"`
	Subject    string    `json:"subject,omitempty"`
	Components int       `json:"components"`
	Signed     bool      `json:"signed"` // by a signature inside it, which is not checked here
	Findings   []Finding `json:"findings"`
	More       int       `json:"more"`       // findings past the first of a rule that are not listed
	Doubts     []Finding `json:"doubts"`     // what is odd, and no reason to refuse the document
	Checked    []string  `json:"checked"`    // what was looked at, in words
	Unchecked  []string  `json:"unchecked"`  // what could not be, in words
	Unreadable []string  `json:"unreadable"` // lockfiles that nobody could compare with
}

// Tampered reports whether bytes somewhere are not those that the document
// names: that is more than a fault of the document.
func (r Result) Tampered() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule == RuleDigest })
}

// Document checks a document of any tool.
func Document(data []byte, o Options) Result {
	k := checker{counts: map[Rule]int{}}
	k.Findings, k.Checked, k.Unchecked, k.Unreadable = []Finding{}, []string{}, []string{}, []string{}
	k.Doubts = []Finding{}
	d := k.read(data)
	if d == nil {
		return k.Result
	}
	k.Spec, k.Serial, k.Components, k.Signed = d.Spec, d.Serial, len(d.Components), d.Signed
	if d.Root != nil {
		k.Subject = d.Root.Title()
	}
	k.components(d)
	k.subject(d, o.Subject)
	if o.Tree != nil {
		k.coverage(d, o.Tree)
	}
	if o.Local != nil {
		k.local(d, o.Local)
	}
	return k.Result
}

// checker is a Result that is being made.
type checker struct {
	Result
	counts map[Rule]int
}

func (k *checker) find(rule Rule, where, format string, args ...any) {
	if k.counts[rule]++; k.counts[rule] > maxOfRule {
		k.More++
		return
	}
	k.Findings = append(k.Findings, Finding{rule, clean.Users(where), clean.Users(fmt.Sprintf(format, args...))})
}

// doubt is find for what is odd and yet allowed: official documents do it.
func (k *checker) doubt(rule Rule, where, format string, args ...any) {
	if len(k.Doubts) < maxOfRule {
		k.Doubts = append(k.Doubts, Finding{rule, clean.Users(where), clean.Users(fmt.Sprintf(format, args...))})
	}
}

// read decodes the document and checks its form, schema and references. It
// returns nil for what is no document at all.
func (k *checker) read(data []byte) *raw.Document {
	text, marked, err := raw.Text(data)
	if err != nil {
		k.find(RuleFormat, "/", "%v", err)
		return nil
	}
	if raw.IsXML(text) {
		return k.readXML(data, text)
	}
	if marked {
		k.find(RuleFormat, "/", "begins with a byte order mark, which JSON (RFC 8259) does not allow")
	}
	tree, spec, err := decode(text)
	if err != nil {
		k.find(RuleFormat, "/", "%v", err)
		return nil
	}
	findings, err := Schema(spec, tree)
	if err != nil {
		k.find(RuleFormat, "/specVersion", "%v", err)
		return nil
	}
	for _, f := range findings {
		k.find(f.Rule, f.Where, "%s", f.Text)
	}
	k.Checked = append(k.Checked, "the official schema of CycloneDX "+spec, "references, package URLs and digests")
	k.references(tree)
	d, err := raw.Read(data)
	if err != nil {
		k.find(RuleFormat, "/", "%v", err)
	}
	return d
}

func (k *checker) readXML(data, text []byte) *raw.Document {
	d, err := raw.Read(data)
	if err != nil {
		k.find(RuleFormat, "/", "%v", err)
		return nil
	}
	findings, err := SchemaXML(d.Spec, text)
	if err != nil {
		k.find(RuleFormat, "/", "%v", err)
	}
	for _, f := range findings {
		k.find(f.Rule, f.Where, "%s", f.Text)
	}
	k.Checked = append(k.Checked, "the official XML schema of CycloneDX "+d.Spec, "references, package URLs and digests, as far as cyclonedx-go reads them")
	if tree, err := draft7.Decode(d.JSON); err == nil {
		k.references(tree)
	}
	return d
}

// decode reads JSON strictly and returns it as a tree, and the version of
// CycloneDX that it says it is.
func decode(text []byte) (tree any, spec string, err error) {
	var members map[string]canon.Raw
	if err := canon.DecodeOpen(text, &members); err != nil {
		return nil, "", err
	}
	if tree, err = draft7.Decode(text); err != nil {
		return nil, "", err
	}
	object, _ := tree.(map[string]any)
	spec, _ = object["specVersion"].(string)
	return tree, spec, nil
}
