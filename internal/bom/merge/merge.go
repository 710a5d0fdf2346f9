// SPDX-License-Identifier: Apache-2.0

// Package merge makes one bill of materials of several, of any tools: ours,
// and those of syft, trivy or cdxgen for what ours does not look at.
//
// It works on the JSON as it came, so that a field which it does not know
// stays as its writer wrote it. The order in which documents are given makes
// no difference.
package merge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/canon"
)

// Options say what a merged document is about and who made it.
type Options struct {
	Spec    string         // version of CycloneDX: "1.6" or "1.7"; empty: "1.6"
	Subject *bom.Component // nil: what all documents are about, if that is one thing
	Tool    bom.Tool
	Time    time.Time // zero: the document carries no time
}

// A Result is a merged document, which Stream writes, and what became of its
// parts.
type Result struct {
	Components int
	Merged     int      // records that were joined with another record
	Conflicts  []string // components of one package URL whose digests contradict each other, kept apart
	Dropped    []string // what the merged document has no place for

	document *document
	serial   string
}

// A source is one document of those that are merged.
type source struct {
	*raw.Document
	label string            // the start of its SHA-256
	refs  map[string]string // its references, as they are called in the result
}

// labelLength is how much of a document's digest its label is, in hex digits.
const labelLength = 16

// MaxBytes is how long documents that are merged may be together. The result
// may be as long as one document, raw.MaxBytes.
const MaxBytes = 1 << 30

// ErrTooLarge says that documents, or what they would become, are over a limit.
var ErrTooLarge = errors.New("too large")

// Documents merges documents. It fails if there are none, or if the result
// would hold a credential or not be CycloneDX.
func Documents(documents []*raw.Document, o Options) (Result, error) {
	if len(documents) == 0 {
		return Result{}, errors.New("no document to merge")
	}
	o.Spec = cmp.Or(o.Spec, bom.SpecVersion)
	if o.Spec != "1.6" && o.Spec != "1.7" {
		return Result{}, fmt.Errorf("unknown CycloneDX version %q; have 1.6, 1.7", o.Spec)
	}
	total := 0
	for _, d := range documents {
		if total += len(d.JSON); total > MaxBytes {
			return Result{}, fmt.Errorf("merge: %w: %d documents have more bytes than the limit of %d", ErrTooLarge, len(documents), MaxBytes)
		}
	}
	m := merger{options: o}
	for _, d := range documents {
		sum := sha256.Sum256(d.JSON)
		m.sources = append(m.sources, &source{Document: d, label: hex.EncodeToString(sum[:])[:labelLength], refs: map[string]string{}})
	}
	arrange.By(m.sources, func(a, b *source) int { return strings.Compare(a.label, b.label) })
	m.sources = slices.CompactFunc(m.sources, func(a, b *source) bool { return a.label == b.label })
	if err := m.gather(); err != nil {
		return Result{}, err
	}
	m.place()
	if err := m.write(); err != nil {
		return Result{}, err
	}
	slices.Sort(m.result.Dropped)
	m.result.Dropped = slices.Compact(m.result.Dropped)
	m.result.Components = len(m.parts) - m.rootIsPart()
	return m.result, nil
}

// merger is a Result that is being made.
type merger struct {
	options Options
	sources []*source
	parts   []*part // by reference
	root    *part
	result  Result
}

func (m *merger) drop(s *source, format string, args ...any) {
	m.result.Dropped = append(m.result.Dropped, "document "+s.label+": "+fmt.Sprintf(format, args...))
}

// A record is one component of one document.
type record struct {
	*raw.Component
	source *source
	id     raw.Identity
	key    string
	isRoot bool
}

func newRecord(c *raw.Component, s *source, isRoot bool) record {
	id := c.Identity()
	return record{c, s, id, id.Key(), isRoot}
}

// gather joins the records of one package URL and origin, unless they
// contradict each other.
func (m *merger) gather() error {
	var records []record
	for _, s := range m.sources {
		if s.Root != nil {
			records = append(records, newRecord(s.Root, s, true))
		}
		for i := range s.Components {
			records = append(records, newRecord(&s.Components[i], s, false))
		}
	}
	arrange.Stably(records, func(a, b record) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id.Version, b.id.Version),
			strings.Compare(a.source.label, b.source.label), strings.Compare(string(a.Raw), string(b.Raw)))
	})
	taken := map[string]bool{}
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].id == records[0].id {
			n++
		}
		if err := m.join(records[:n], taken); err != nil {
			return err
		}
		records = records[n:]
	}
	arrange.By(m.parts, func(a, b *part) int { return strings.Compare(a.ref, b.ref) })
	return nil
}

// join makes one part of the records of one identity, or several if their
// digests contradict each other.
func (m *merger) join(records []record, taken map[string]bool) error {
	var parts []*part
	for _, r := range records {
		i := slices.IndexFunc(parts, func(p *part) bool { return p.agrees(r) })
		if i < 0 {
			i = len(parts)
			parts = append(parts, &part{ref: unused(taken, r), members: map[string]canon.Raw{}, digests: map[string]string{}})
		} else {
			m.result.Merged++
		}
		if err := parts[i].absorb(r, m); err != nil {
			return err
		}
		if r.Ref != "" {
			r.source.refs[r.Ref] = parts[i].ref
		}
	}
	for _, p := range parts {
		p.finish()
	}
	if len(parts) > 1 {
		m.result.Conflicts = append(m.result.Conflicts, records[0].id.Title())
	}
	m.parts = append(m.parts, parts...)
	return nil
}

// unused returns a reference for a record: its package URL, or what else names
// it, with a number if that is taken.
func unused(taken map[string]bool, r record) string {
	base := r.PURL
	if base == "" {
		base = r.id.Title()
	}
	ref := base
	for n := 2; taken[ref]; n++ {
		ref = fmt.Sprintf("%s#%d", base, n)
	}
	taken[ref] = true
	return ref
}

// place chooses what the document is about: what the caller says, or the one
// thing that all documents are about, or else a whole that consists of what
// they are about.
func (m *merger) place() {
	var roots []*part
	for _, p := range m.parts {
		if len(p.rootOf) > 0 {
			roots = append(roots, p)
		}
	}
	if m.options.Subject == nil && len(roots) == 1 && len(roots[0].rootOf) == len(m.sources) {
		m.root = roots[0]
		return
	}
	subject := m.options.Subject
	if subject == nil {
		subject = &bom.Component{Type: bom.Application, Name: "merged"}
	}
	m.root = subjectPart(subject, m.parts)
	for _, p := range roots {
		m.root.requires = append(m.root.requires, p.ref)
	}
}

// rootIsPart counts the subject among the parts, if it is one.
func (m *merger) rootIsPart() int {
	if slices.Contains(m.parts, m.root) {
		return 1
	}
	return 0
}
