// SPDX-License-Identifier: Apache-2.0

// Package bom turns what was found on disk into one software bill of
// materials, CycloneDX 1.6 in JSON, whose bytes depend on nothing but what was
// found: not on the run, the machine, the folder or the order of the walk.
//
// The package is pure. A finder (package scan) reads lockfiles and says what
// each of them says, as a Source; New merges the sources, and Marshal writes.
package bom

import "time"

// An Inventory is everything that was found in one tree.
type Inventory struct {
	Subject  Component // what the document is about; the zero Component lets New choose
	Tool     Tool
	Time     time.Time // zero: the document carries no time
	Sources  []Source
	Excluded []string // folders that were left out on purpose, relative to the root
	Secrets  []string // credentials seen in the input; none may stand in the output

	Authors  []Author // who answers for the document; nobody is made up
	Supplier Author   // who supplies what it is about; the zero Author: unknown
	Licence  string   // SPDX identifier that the document itself is under; empty: unknown

	// Version is of what the document is about, and of the projects in the tree,
	// where they state none themselves. Empty: unknown.
	Version string

	Properties []Property // of the document, beside those that every one has
	Built      bool       // what was looked at is what was built, not what it is built from
}

// A Tool names the program that wrote the document.
type Tool struct {
	Name    string
	Version string // empty: unknown
}

// An Author is a person or an organisation. What is empty is unknown.
type Author struct {
	Name, Email, URL string
}

// A Source is what one lockfile says. Components are named by their place in
// the slice: Projects are the components that are part of the tree itself, and
// Edges[i] are what component i depends on. Edges may be shorter than
// Components.
type Source struct {
	Path       string // of the lockfile, relative to the root, with slashes
	Ecosystem  string // "go", "npm"
	Projects   []int
	Components []Component
	Edges      [][]int
	State      State
	Reasons    []string // why State is not Complete
	Lost       bool     // components, not only edges, may be missing
	Folders    []int    // components that are folders of the tree, Projects among them or not

	// Attached are components that the tree as a whole uses, and that no
	// project of it does more than another: the actions of its workflows, the
	// images it is put on. The subject of the document depends on them,
	// whatever that turns out to be.
	Attached []int
}

// State says how much of the truth a source holds. The zero State claims
// nothing.
type State int

// The states, as the aggregates of a CycloneDX composition.
const (
	Unknown State = iota
	Incomplete
	Complete
)

func (s State) String() string {
	switch s {
	case Complete:
		return "complete"
	case Incomplete:
		return "incomplete"
	default:
		return "unknown"
	}
}

// Scope is when a component is needed. The zero Scope says that the lockfile
// does not tell.
type Scope int

// The scopes, weakest first: of two records of one component the stronger
// counts.
const (
	Unstated Scope = iota
	Excluded       // only to develop or build
	Optional
	Required
)

func (s Scope) String() string {
	return [...]string{"", "excluded", "optional", "required"}[s]
}

// The component types in use.
const (
	Application = "application"
	Library     = "library"
	File        = "file"
)

// A Component is one package or project, as one lockfile records it.
type Component struct {
	Type        string
	PURL        string
	Group       string
	Name        string
	Version     string
	Supplier    string   // who the lockfile says made it; empty: it does not say
	Authors     []Author // the same with mail addresses; written only after AddBSI
	Scope       Scope
	Origin      string // where it comes from, if not from its registry
	Hashes      []Hash
	Licences    []Licence
	References  []Reference
	Properties  []Property
	Occurrences []Occurrence

	credited bool // Authors are to be written
}

// A Hash is a digest and what it is a digest of. Digests of the file that is
// distributed have the names SHA-1, SHA-256, SHA-384 and SHA-512 and lower-case
// hex. Any other algorithm (Go's "h1", which is a digest over a list of
// digests) is written as a property, because calling it a file digest would be
// untrue.
type Hash struct {
	Alg   string
	Value string
}

// A Reference points to where a component comes from. Its URL is written
// without user, query and fragment.
type Reference struct {
	Type    string // CycloneDX externalReference type: "distribution", "vcs"
	URL     string
	Comment string
	Hashes  []Hash // of the file there; only file digests are written
	Format  string // ending of such a file, as ".zip", where the lockfile tells it and the URL may not
}

// A Property is a name and value of the CycloneDX property taxonomy, or of our
// own names, which begin with "gateledger:".
type Property struct {
	Name      string
	Value     string
	Unanimous bool // dropped if another record of the same component lacks it
}

// An Occurrence is a place where a component is named.
type Occurrence struct {
	Path string // relative to the root, with slashes
	Line int    // counted from 1; 0: unknown
}
