// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// The properties that BSI TR-03183-2 asks for, by the names of its CycloneDX
// property taxonomy (https://github.com/BSI-Bund/tr-03183-cyclonedx-property-taxonomy).
const (
	bsiFilename   = "bsi:component:filename"
	bsiExecutable = "bsi:component:executable"
	bsiArchive    = "bsi:component:archive"
	bsiStructured = "bsi:component:structured"
)

// AddBSI tells of every component what BSI TR-03183-2 asks for about the file
// that is distributed: its name, whether it is executable, an archive and
// structured, and the file's digests where the file is named. It does so only
// where the lockfile names exactly one such file, and only what the file's name
// tells for certain; nothing is invented for the others. It changes the
// inventory, and a second time changes nothing.
func AddBSI(inv *Inventory) {
	for i := range inv.Sources {
		for j := range inv.Sources[i].Components {
			inv.Sources[i].Components[j].addBSI()
		}
	}
}

func (c *Component) addBSI() {
	ref := c.distribution()
	if ref < 0 {
		return
	}
	name := distributed(c.References[ref].URL)
	kind, ok := fileKind(name)
	if !ok {
		return
	}
	// Components may share what a reader made once.
	c.References = slices.Clone(c.References)
	r := &c.References[ref]
	r.Hashes = slices.Clone(r.Hashes)
	for _, h := range c.Hashes {
		if isFileDigest(h.Alg) && !slices.Contains(r.Hashes, h) {
			r.Hashes = append(r.Hashes, h)
		}
	}
	c.Properties = slices.Clone(c.Properties)
	for _, p := range []Property{
		{Name: bsiFilename, Value: name}, {Name: bsiExecutable, Value: kind.executable},
		{Name: bsiArchive, Value: kind.archive}, {Name: bsiStructured, Value: kind.structured},
	} {
		if p.Value != "" && !slices.Contains(c.Properties, p) {
			c.Properties = append(c.Properties, p)
		}
	}
}

// distribution returns the only reference to a file that is distributed, -1 if
// there is none or are several.
func (c *Component) distribution() int {
	found := -1
	for i := range c.References {
		if c.References[i].Type != "distribution" {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// distributed returns the name of the file that an address ends with.
func distributed(address string) string {
	u, err := url.Parse(cleanURL(address))
	if err != nil || u.Path == "" {
		return ""
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ""
	}
	return name
}

// A bsiKind is what is certain of files with one ending. An archive is not
// executed itself, but a Java archive can be: of that one nothing is said.
type bsiKind struct{ ending, executable, archive, structured string }

const (
	isArchive     = "archive"
	isStructured  = "structured"
	nonExecutable = "non-executable"
)

// bsiKinds are the endings of what registries distribute.
var bsiKinds = [...]bsiKind{
	{".tgz", nonExecutable, isArchive, isStructured},
	{".tar.gz", nonExecutable, isArchive, isStructured},
	{".tar.bz2", nonExecutable, isArchive, isStructured},
	{".tar.xz", nonExecutable, isArchive, isStructured},
	{".tar", nonExecutable, isArchive, isStructured},
	{".zip", nonExecutable, isArchive, isStructured},
	{".whl", nonExecutable, isArchive, isStructured},
	{".crate", nonExecutable, isArchive, isStructured},
	{".gem", nonExecutable, isArchive, isStructured},
	{".nupkg", nonExecutable, isArchive, isStructured},
	{".jar", "", isArchive, isStructured},
	{".war", "", isArchive, isStructured},
	{".aar", "", isArchive, isStructured},
}

func fileKind(name string) (bsiKind, bool) {
	lower := strings.ToLower(name)
	for _, k := range bsiKinds {
		if strings.HasSuffix(lower, k.ending) && len(lower) > len(k.ending) {
			return k, true
		}
	}
	return bsiKind{}, false
}
