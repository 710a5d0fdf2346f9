// SPDX-License-Identifier: Apache-2.0

package score

import (
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom/raw"
)

type standard struct {
	name string
	rows []row
}

// standards is the table of standards.
func standards() []standard {
	return []standard{
		{"NTIA minimum elements (2021)", ntia()},
		{"BSI TR-03183-2 v2.1", bsi()},
	}
}

// ntia are the data fields of "The Minimum Elements For a Software Bill of
// Materials", July 2021.
func ntia() []row {
	return []row{
		{name: "supplier name", component: supplied, fix: "say who supplies each component: components[].supplier.name"},
		{name: "component name", component: func(_ *facts, c *raw.Component) bool { return c.Name != "" }, fix: "name each component"},
		{name: "version", component: versioned, fix: "give each component its version"},
		{name: "other unique identifiers", component: func(_ *facts, c *raw.Component) bool { return c.PURL != "" || c.CPE != "" }, fix: "give each component a package URL or a CPE"},
		{name: "dependency relationship", component: related, fix: "list the dependencies of each component, none included"},
		{name: "author of SBOM data", document: authored, fix: "say who made the document: metadata.authors, or the tool"},
		{name: "timestamp", document: timed, fix: "set SOURCE_DATE_EPOCH, so that the document says when it was made"},
	}
}

// bsi are the required data fields of TR-03183-2, sections 4 and 5.2. How
// CycloneDX spells them is in the BSI's property taxonomy.
func bsi() []row {
	flag := func(name string) func(*facts, *raw.Component) bool {
		return func(_ *facts, c *raw.Component) bool { return property(c, "bsi:component:"+name) != "" }
	}
	return []row{
		{name: "format", document: func(f *facts) bool { return f.Spec >= "1.6" }, fix: "write CycloneDX 1.6 or later: sbom --spec 1.6"},
		{name: "creator of the SBOM", document: contactable, fix: "give an e-mail address or a URL of who made the document: metadata.authors[].email or metadata.manufacturer.url"},
		{name: "timestamp", document: timed, fix: "set SOURCE_DATE_EPOCH, so that the document says when it was made"},
		{name: "component creator", component: created, fix: "give an e-mail address or a URL of who made each component: manufacturer.url, supplier.url, authors[].email"},
		{name: "component name", component: func(_ *facts, c *raw.Component) bool { return c.Name != "" }, fix: "name each component"},
		{name: "component version", component: versioned, fix: "give each component its version"},
		{name: "filename", component: flag("filename"), fix: "add the property bsi:component:filename"},
		{name: "dependencies", component: related, fix: "list the dependencies of each component, none included"},
		{name: "completeness of dependencies", component: func(f *facts, c *raw.Component) bool { return f.complete[c.Ref] }, fix: "say in compositions how complete the dependencies of each component are"},
		{name: "distribution licences", component: licensed, fix: "give each component its licence as an SPDX identifier or expression"},
		{name: "hash (SHA-512)", component: hashed, fix: "give the SHA-512 of each component as it is distributed"},
		{name: "executable", component: flag("executable"), fix: "add the property bsi:component:executable"},
		{name: "archive", component: flag("archive"), fix: "add the property bsi:component:archive"},
		{name: "structured", component: flag("structured"), fix: "add the property bsi:component:structured"},
	}
}

func property(c *raw.Component, name string) string {
	for _, p := range c.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func supplied(_ *facts, c *raw.Component) bool {
	return named(c.Supplier) || named(c.Manufacturer) || c.Publisher != "" || c.Author != "" ||
		slices.ContainsFunc(c.Authors, func(a raw.Contact) bool { return a.Name != "" })
}

func named(o *raw.Organization) bool { return o != nil && o.Name != "" }

func versioned(_ *facts, c *raw.Component) bool { return c.Version != "" }

func related(f *facts, c *raw.Component) bool { return c.Ref != "" && f.depends[c.Ref] }

func authored(f *facts) bool {
	m := f.Metadata
	return len(m.Authors) > 0 || named(m.Supplier) || named(m.Manufacturer) || named(m.Manufacture) || strings.Contains(string(m.Tools), `"name"`)
}

func timed(f *facts) bool { return f.Metadata.Timestamp != "" }

func contactable(f *facts) bool {
	m := f.Metadata
	return mail(m.Authors) || reachable(m.Supplier) || reachable(m.Manufacturer) || reachable(m.Manufacture)
}

func created(_ *facts, c *raw.Component) bool {
	return reachable(c.Manufacturer) || reachable(c.Supplier) || mail(c.Authors)
}

func mail(contacts []raw.Contact) bool {
	return slices.ContainsFunc(contacts, func(c raw.Contact) bool { return strings.Contains(c.Email, "@") })
}

// reachable reports whether an organization gives an e-mail address or a URL.
func reachable(o *raw.Organization) bool {
	return o != nil && (mail(o.Contact) || slices.ContainsFunc(o.URL, func(u string) bool { return u != "" }))
}

// licensed reports whether every licence is an SPDX identifier or expression.
func licensed(_ *facts, c *raw.Component) bool {
	return len(c.Licences) > 0 && !slices.ContainsFunc(c.Licences, func(l raw.Licence) bool { return l.License.ID == "" && l.Expression == "" })
}

// hashed looks at the component and at the files that it is distributed as.
func hashed(_ *facts, c *raw.Component) bool {
	sha512 := func(h raw.Hash) bool { return h.Alg == "SHA-512" }
	return slices.ContainsFunc(c.Hashes, sha512) || slices.ContainsFunc(c.References, func(r raw.Reference) bool {
		return (r.Type == "distribution" || r.Type == "distribution-intake") && slices.ContainsFunc(r.Hashes, sha512)
	})
}
