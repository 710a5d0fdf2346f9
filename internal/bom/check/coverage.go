// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

// coverage compares a document with what a scan found: every component of
// every lockfile must be in it, with the digests that the lockfile has. The
// tree's own projects are not asked for, since each tool names them otherwise.
func (k *checker) coverage(d *raw.Document, tree *bom.Inventory) {
	known := map[string]map[string][]string{} // digests by algorithm, by package
	for i := range d.Components {
		add(known, &d.Components[i])
	}
	if d.Root != nil {
		add(known, d.Root)
	}
	for i := range tree.Sources {
		k.source(known, &tree.Sources[i])
	}
	if len(tree.Sources) == 0 {
		k.Unreadable = append(k.Unreadable, "there is no lockfile to compare with")
		return
	}
	k.Checked = append(k.Checked, fmt.Sprintf("%d lockfiles on disk", len(tree.Sources)-len(k.Unreadable)))
}

func add(known map[string]map[string][]string, c *raw.Component) {
	at := packageOf(c.PURL, c.Group, c.Name, c.Version)
	if known[at] == nil {
		known[at] = map[string][]string{}
	}
	for alg, values := range digests(c) {
		known[at][alg] = append(known[at][alg], values...)
	}
}

// packageOf is what two tools agree on: the package URL without qualifiers, or
// group, name and version.
func packageOf(purl, group, name, version string) string {
	c := raw.Component{PURL: purl, Group: group, Name: name, Version: version}
	id := c.Identity()
	bare, _, _ := strings.Cut(id.Name, "?")
	bare, _, _ = strings.Cut(bare, "#")
	return bare + "@" + id.Version
}

func (k *checker) source(known map[string]map[string][]string, s *bom.Source) {
	if s.Lost {
		k.Unreadable = append(k.Unreadable, s.Path+": "+strings.Join(s.Reasons, "; "))
	}
	var missing []string
	asked := 0
	for i := range s.Components {
		c := &s.Components[i]
		if slices.Contains(s.Projects, i) || c.Type == bom.Application {
			continue
		}
		asked++
		have, ok := known[packageOf(c.PURL, c.Group, c.Name, c.Version)]
		if !ok {
			missing = append(missing, c.Name+"@"+c.Version)
			continue
		}
		k.agree(s, c, have)
	}
	switch {
	case len(missing) == 0:
	case len(missing) == asked:
		k.find(RuleCoverage, s.Path, "none of its %d components is in the document", asked)
	default:
		slices.Sort(missing)
		shown := missing[:min(len(missing), 5)]
		k.find(RuleCoverage, s.Path, "%d of %d components are not in the document: %s", len(missing), asked, clip(strings.Join(shown, ", ")))
	}
}

// agree compares what a lockfile says of one component's bytes with what the
// document says.
func (k *checker) agree(s *bom.Source, c *bom.Component, have map[string][]string) {
	compare := func(what, value string) {
		if values := have[what]; len(values) > 0 && !slices.Contains(values, value) {
			k.find(RuleDigest, clip(c.Name+"@"+c.Version), "%s is %s in the document, and %s in %s", clip(what), clip(strings.Join(values, ", ")), clip(value), s.Path)
		}
	}
	for _, h := range c.Hashes {
		compare(h.Alg, h.Value)
	}
	for _, r := range c.References {
		for _, h := range r.Hashes {
			compare(ofFile(h.Alg, r.Type, r.URL), h.Value)
		}
	}
}
