// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"net/url"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
)

// An Identity is what stays the same when a component gets another version.
type Identity struct {
	Name    string // package URL without version and origin, or type, group and name
	Origin  string // where it comes from, if not from its registry
	Version string
	Type    string // of the package URL: "npm"; empty: there is none
}

// Key is the identity without the version.
func (i Identity) Key() string { return i.Name + "\x00" + i.Origin }

// Title names the component for people.
func (i Identity) Title() string {
	if i.Version == "" {
		return i.Name
	}
	return i.Name + "@" + i.Version
}

// Identity returns what a component is. A package URL counts before group,
// name and version, because two tools agree on it sooner.
func (c *Component) Identity() Identity {
	p, err := packageurl.FromString(c.PURL)
	if c.PURL == "" || err != nil {
		name := c.Name
		if c.Group != "" {
			name = c.Group + "/" + c.Name
		}
		return Identity{Name: c.Type + ":" + name, Version: c.Version}
	}
	id := Identity{Type: p.Type, Version: p.Version}
	if id.Version == "" {
		id.Version = c.Version
	}
	var kept packageurl.Qualifiers
	for _, q := range p.Qualifiers {
		switch {
		case slices.Contains(originQualifiers, q.Key):
			id.Origin = strings.TrimPrefix(id.Origin+" "+origin(q.Key, q.Value), " ")
		case q.Key == "epoch":
			id.Version = q.Value + ":" + id.Version
		case !slices.Contains(looseQualifiers, q.Key):
			kept = append(kept, q)
		}
	}
	id.Name = packageurl.NewPackageURL(p.Type, p.Namespace, p.Name, "", kept, p.Subpath).ToString()
	return id
}

// originQualifiers say where a package comes from.
var originQualifiers = []string{"download_url", "repository_url", "vcs_url"}

// looseQualifiers differ from tool to tool, or from release to release, for
// one and the same package.
var looseQualifiers = []string{"checksum", "distro", "distro_name", "file_name", "package-id", "upstream"}

// origin is the part of an address that stays when the version changes: of a
// repository all but the commit, of a file the host.
func origin(key, value string) string {
	u, err := url.Parse(value)
	if err != nil {
		return value
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	if key == "download_url" && u.Host != "" {
		return u.Host
	}
	if at := strings.LastIndexByte(u.Path, '@'); key == "vcs_url" && at > 0 {
		u.Path, u.RawPath = u.Path[:at], ""
	}
	return u.String()
}

// Title names a component for people: group, name and version.
func (c *Component) Title() string {
	title := c.Name
	if c.Group != "" {
		title = c.Group + "/" + title
	}
	if c.Version != "" {
		title += "@" + c.Version
	}
	return title
}
