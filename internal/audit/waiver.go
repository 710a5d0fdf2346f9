// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Waiver says that somebody answers for one finding, until a day.
type Waiver struct {
	Source  string // file and line
	ID      string // any name of the vulnerability, denied-licence or denied-package
	Package string // a package URL; without a version it is for every one
	Reason  string
	Owner   string
	Expires time.Time // it counts before this; zero: it was not said
}

// ErrWaivers says that a file is no list of waivers.
var ErrWaivers = errors.New("no usable waivers file")

// The limits of a waivers file.
const (
	MaxWaivers     = 1 << 20 // bytes
	maxWaiverCount = 5000
	maxWaiverText  = 4096 // bytes of one value
)

// ParseWaivers reads a YAML file, strictly:
//
//	version: 1
//	waivers:
//	  - {id: CVE-2021-44228, package: "pkg:maven/org.apache.logging.log4j/log4j-core", reason: "…", owner: ana, expires: 2026-12-31}
//
// A waiver without owner, reason or end is read, and counts for nothing.
func ParseWaivers(data []byte, name string) ([]Waiver, error) {
	all, err := parseWaivers(data, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrWaivers, name, err)
	}
	return all, nil
}

func parseWaivers(data []byte, name string) ([]Waiver, error) {
	if len(data) > MaxWaivers {
		return nil, fmt.Errorf("it is over %d bytes", MaxWaivers)
	}
	root, err := onlyDocument(data)
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(root, "version", "waivers")
	if err != nil {
		return nil, err
	}
	if v := fields["version"]; v == nil || v.Value != "1" {
		return nil, errors.New("it does not begin with version: 1")
	}
	list := fields["waivers"]
	if list == nil || list.Kind != yaml.SequenceNode && list.ShortTag() != "!!null" {
		return nil, errors.New("it has no list of waivers")
	}
	if len(list.Content) > maxWaiverCount {
		return nil, fmt.Errorf("it has over %d waivers", maxWaiverCount)
	}
	var all []Waiver
	for _, n := range list.Content {
		w, err := waiver(n)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n.Line, err)
		}
		w.Source = fmt.Sprintf("%s, line %d", name, n.Line)
		all = append(all, w)
	}
	return all, nil
}

// onlyDocument is the root of the one document of a file that says nothing
// twice: aliases, anchors and tags are refused.
func onlyDocument(data []byte) (*yaml.Node, error) {
	reader := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := reader.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty")
	} else if err != nil {
		return nil, err
	}
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document")
	}
	if err := plainNodes(&doc, 0); err != nil {
		return nil, err
	}
	return doc.Content[0], nil
}

// maxYAMLDepth bounds nesting; ours is three deep.
const maxYAMLDepth = 8

func plainNodes(n *yaml.Node, depth int) error {
	if depth > maxYAMLDepth {
		return fmt.Errorf("line %d: nested deeper than %d", n.Line, maxYAMLDepth)
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge" {
		return fmt.Errorf("line %d: aliases, anchors and tags are refused: write the value out", n.Line)
	}
	for _, c := range n.Content {
		if err := plainNodes(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf reads a mapping with known keys, each once.
func fieldsOf(n *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: must be a mapping (key: value)", n.Line)
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(known, key.Value) {
			return nil, fmt.Errorf("line %d: unknown key %.40q; have %s", key.Line, key.Value, strings.Join(known, ", "))
		}
		if fields[key.Value] != nil {
			return nil, fmt.Errorf("line %d: %s stands twice", key.Line, key.Value)
		}
		fields[key.Value] = n.Content[i+1]
	}
	return fields, nil
}

func waiver(n *yaml.Node) (Waiver, error) {
	fields, err := fieldsOf(n, "id", "package", "reason", "owner", "expires")
	if err != nil {
		return Waiver{}, err
	}
	text := map[string]string{}
	for key, v := range fields {
		if v.Kind != yaml.ScalarNode || v.ShortTag() == "!!null" || len(v.Value) > maxWaiverText {
			return Waiver{}, fmt.Errorf("%s must be a text of at most %d bytes", key, maxWaiverText)
		}
		text[key] = strings.TrimSpace(v.Value)
	}
	w := Waiver{ID: text["id"], Package: text["package"], Reason: text["reason"], Owner: text["owner"]}
	if w.ID == "" || !samePackage(w.Package, w.Package) {
		return Waiver{}, errors.New("a waiver names an id and a package URL (pkg:npm/name@1.0, or without version)")
	}
	if end := text["expires"]; end != "" {
		if w.Expires, err = time.Parse(time.DateOnly, end); err != nil {
			return Waiver{}, fmt.Errorf("expires is %.40q; write a day such as 2026-12-31", end)
		}
	}
	return w, nil
}

// invalid says why a waiver counts for nothing.
func (w *Waiver) invalid(now time.Time) string {
	switch {
	case w.Owner == "":
		return "it has no owner"
	case w.Reason == "":
		return "it has no reason"
	case w.Expires.IsZero():
		return "it never ends; say when with expires"
	case !now.Before(w.Expires):
		return "it expired on " + w.Expires.Format(time.DateOnly)
	}
	return ""
}

// waived applies the first waiver that counts.
func (a *auditor) waived(f *Finding) bool {
	lifted := false
	for i := range a.in.Waivers {
		w := &a.in.Waivers[i]
		if w.invalid(a.in.Now) != "" || !slices.Contains(f.IDs, w.ID) || !samePackage(w.Package, f.component.PURL) {
			continue
		}
		a.waivers[i] = true
		if !lifted {
			f.Verdict, lifted = Waived, true
			f.Why = []string{fmt.Sprintf("waived by %s until %s: %s", w.Owner, w.Expires.Format(time.DateOnly), w.Reason)}
			f.Sources = append(f.Sources, w.Source)
		}
	}
	return lifted
}
