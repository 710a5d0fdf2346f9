// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
// structured, and the file's digests where the file has an address. It does so
// only where there is exactly one such file, and only what is certain: from the
// lockfile, or from the name that the ecosystem gives to every such file. It
// tells too where the source is, and the mail addresses of authors, as far as a
// lockfile states them; nothing is invented for the others. It changes the
// inventory, and a second time changes nothing.
func AddBSI(inv *Inventory) {
	for i := range inv.Sources {
		s := &inv.Sources[i]
		for j := range s.Components {
			s.Components[j].addBSI(s.Ecosystem, inv.Built)
		}
	}
}

func (c *Component) addBSI(ecosystem string, built bool) {
	c.credited = len(c.Authors) > 0
	// Components may share what a reader made once.
	c.References = slices.Clone(c.References)
	c.addRepository()
	c.markSources()
	name, kind, ok := c.deployable()
	if !ok && !built && !slices.ContainsFunc(c.References, isDistribution) {
		name = c.usualFile(ecosystem)
		kind, ok = fileKind(name)
	}
	if !ok {
		return
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

func isDistribution(r Reference) bool { return r.Type == distribution }

const (
	distribution       = "distribution"
	sourceDistribution = "source-distribution" // since CycloneDX 1.6
)

// addRepository adds where the source is, if the package's name is that of a
// repository.
func (c *Component) addRepository() {
	path, isModule := c.Name, strings.HasPrefix(c.PURL, "pkg:golang/") && c.Origin == ""
	if strings.HasPrefix(c.PURL, "pkg:github/") {
		path, isModule = "github.com/"+c.Group+"/"+c.Name, true
	}
	parts := strings.Split(path, "/")
	if !isModule || len(parts) < 3 || parts[0] != "github.com" || parts[1] == "" || parts[2] == "" {
		return
	}
	if slices.ContainsFunc(c.References, func(r Reference) bool { return r.Type == "vcs" }) {
		return
	}
	c.References = append(c.References, Reference{Type: "vcs", URL: "https://" + strings.Join(parts[:3], "/")})
}

// markSources tells the source from what is built of it: where a package has
// wheels, its archive is the source (PEP 517).
func (c *Component) markSources() {
	wheel := func(r Reference) bool { return isDistribution(r) && strings.HasSuffix(distributed(r.URL), ".whl") }
	if !strings.HasPrefix(c.PURL, "pkg:pypi/") || !slices.ContainsFunc(c.References, wheel) {
		return
	}
	for i := range c.References {
		r := &c.References[i]
		if _, archive := fileKind(distributed(r.URL)); isDistribution(*r) && archive && !wheel(*r) {
			r.Type = sourceDistribution
		}
	}
}

// deployable finds the one file that is distributed, and gives its address the
// digests of it. It has no name if the address has none.
func (c *Component) deployable() (string, bsiKind, bool) {
	first := slices.IndexFunc(c.References, isDistribution)
	if first < 0 || slices.ContainsFunc(c.References[first+1:], isDistribution) {
		return "", bsiKind{}, false
	}
	r := &c.References[first]
	name := distributed(r.URL)
	kind, ok := fileKind(name)
	if !ok {
		name = ""
		if kind, ok = fileKind("a" + r.Format); !ok {
			return "", bsiKind{}, false
		}
	}
	r.Hashes = slices.Clone(r.Hashes)
	for _, h := range c.Hashes {
		if isFileDigest(h.Alg) && !slices.Contains(r.Hashes, h) {
			r.Hashes = append(r.Hashes, h)
		}
	}
	return name, kind, true
}

// usualFile is the name of a package's file where the lockfile has no address
// of it, because there is only one that it can have: the index gives it to
// every package. Of npm's lockfiles those leave an address out only then.
func (c *Component) usualFile(ecosystem string) string {
	if c.Type != Library || c.Origin != "" || c.Version == "" || strings.Contains(c.PURL, "?") {
		return ""
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(c.PURL, "pkg:"), "/")
	switch {
	case kind == "cargo":
		return c.Name + "-" + c.Version + ".crate"
	case kind == "nuget":
		return strings.ToLower(c.Name + "." + c.Version + ".nupkg")
	case kind == "golang" && strings.HasPrefix(c.Version, "v") && strings.Contains(c.Name, "/"):
		return c.Version + ".zip" // in the module cache, and at every proxy
	case kind == "maven" && ecosystem == "maven" && !strings.HasSuffix(c.Version, "-SNAPSHOT"):
		return c.Name + "-" + c.Version + ".jar"
	case kind == "npm" && (ecosystem == "pnpm" || ecosystem == "bun" || ecosystem == "deno"):
		return c.Name + "-" + c.Version + ".tgz"
	}
	return ""
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

// IsMailbox tells whether an address is local@domain, in the plain form that
// RFC 5322 calls dot-atoms.
func IsMailbox(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	for _, part := range []string{local, domain} {
		if part == "" || strings.Contains("."+part+".", "..") || !utf8.ValidString(part) || strings.ContainsFunc(part, unicode.IsControl) || strings.ContainsAny(part, "@<>()[]:;,\\\" \t") {
			return false
		}
	}
	return true
}
