// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// A GitHubJob says for what a dependency snapshot is made, and by whom.
type GitHubJob struct {
	Commit     string // full hex id
	Ref        string // refs/…
	Correlator string // as Correlator makes it: a later snapshot with the same one takes the place of this
	ID         string // of the run
	Page       string // address of the run; may be empty
	Time       time.Time
	Base       string // the folder of the repository that was scanned
}

// maxCorrelator is how long a correlator may be, in characters.
const maxCorrelator = 255

var (
	objectID   = pattern.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	plainASCII = pattern.New(`^[!-~][ -~]*$`)
)

// Check refuses a job that GitHub would refuse, or group with another one.
func (j GitHubJob) Check() error {
	switch {
	case !objectID.MatchString(j.Commit):
		return fmt.Errorf("the commit %.80q is not a full commit id", j.Commit)
	case !strings.HasPrefix(j.Ref, "refs/"):
		return fmt.Errorf("the ref %.80q does not begin with refs/", j.Ref)
	case !plainASCII.MatchString(j.Correlator) || len(j.Correlator) > maxCorrelator:
		return fmt.Errorf("the correlator %.80q is not plain ASCII of at most %d characters", j.Correlator, maxCorrelator)
	case j.ID == "":
		return errors.New("the job has no id")
	case j.Time.IsZero():
		return errors.New("no time")
	}
	return nil
}

// Correlator joins what tells one job from all others (a workflow's file, the
// job, the leg of its matrix) into a name that is the same in every run: plain
// ASCII, because GitHub answers others with an error, and different for
// different jobs, because the one would take the place of the other.
func Correlator(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, asciiName(p))
		}
	}
	name := strings.Join(out, " ")
	if len(name) > maxCorrelator {
		name = name[:maxCorrelator-17] + "-" + shortDigest(name)
	}
	return name
}

// asciiName returns a text as letters, digits and a few signs. One that loses
// something by that has its digest behind it.
func asciiName(s string) string {
	const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(signs, r) {
			return r
		}
		return '_'
	}, s)
	if plain == s {
		return s
	}
	return plain + "-" + shortDigest(s)
}

func shortDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("%x", sum[:8])
}

// A GitHubSnapshot is what GitHub's dependency submission takes
// (https://docs.github.com/rest/dependency-graph/dependency-submission).
type GitHubSnapshot struct {
	Version   int                       `json:"version"`
	SHA       string                    `json:"sha"`
	Ref       string                    `json:"ref"`
	Job       gitHubJob                 `json:"job"`
	Detector  gitHubDetector            `json:"detector"`
	Scanned   string                    `json:"scanned"`
	Manifests map[string]gitHubManifest `json:"manifests"`
}

type gitHubJob struct {
	ID         string `json:"id"`
	Correlator string `json:"correlator"`
	Page       string `json:"html_url,omitempty"`
}

type gitHubDetector struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	URL     string `json:"url"`
}

type gitHubManifest struct {
	Name     string                      `json:"name"`
	File     gitHubFile                  `json:"file"`
	Resolved map[string]gitHubDependency `json:"resolved"`
}

type gitHubFile struct {
	Location string `json:"source_location"`
}

type gitHubDependency struct {
	PURL         string   `json:"package_url"`
	Relationship string   `json:"relationship,omitempty"` // none: the lockfile does not say who needs it
	Scope        string   `json:"scope,omitempty"`        // none: nor when
	Dependencies []string `json:"dependencies"`
}

// Packages counts what the snapshot names, a package of two lockfiles twice.
func (s *GitHubSnapshot) Packages() int {
	n := 0
	for _, m := range s.Manifests {
		n += len(m.Resolved)
	}
	return n
}

// Marshal writes the snapshot. The same one has the same bytes.
func (s *GitHubSnapshot) Marshal() ([]byte, error) {
	out, err := canon.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the snapshot: %w", err)
	}
	return append(out, '\n'), nil
}

// GitHub makes the snapshot of an inventory, with one manifest for each
// lockfile that could be read. Projects of the tree are not in it: they are
// what the packages are for, and what they ask for is direct. It takes the
// inventory's components over, as New does, and fails with ErrCredential
// rather than let a password out.
func GitHub(inv Inventory, job GitHubJob) (*GitHubSnapshot, error) {
	if err := job.Check(); err != nil {
		return nil, fmt.Errorf("make the snapshot: %w", err)
	}
	out := &GitHubSnapshot{
		SHA: job.Commit, Ref: job.Ref,
		Job:       gitHubJob{job.ID, job.Correlator, job.Page},
		Detector:  gitHubDetector{inv.Tool.Name, inv.Tool.Version, product.PredicateBase},
		Scanned:   job.Time.UTC().Format(time.RFC3339),
		Manifests: map[string]gitHubManifest{},
	}
	if out.Detector.Version == "" {
		out.Detector.Version = "0" // it must be there
	}
	sources := slices.Clone(inv.Sources)
	arrange.Stably(sources, compareSources)
	for _, s := range sources {
		if len(s.Components) == 0 {
			continue
		}
		location := plainFolder(job.Base) + s.Path
		name := location
		if _, taken := out.Manifests[name]; taken {
			name += " (" + s.Ecosystem + ")"
		}
		one := inv
		one.Subject, one.Sources = Component{}, []Source{s}
		d, err := New(one)
		if err != nil {
			return nil, err
		}
		out.Manifests[name] = gitHubManifest{name, gitHubFile{location}, d.resolved()}
	}
	data, err := out.Marshal()
	if err != nil {
		return nil, err
	}
	if what, found := leak(data, inv.Secrets); found {
		return nil, fmt.Errorf("%w: %s", ErrCredential, what)
	}
	return out, nil
}

// resolved are the packages of a document that is about one lockfile.
func (d *Document) resolved() map[string]gitHubDependency {
	packages, direct, indirect := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range d.components {
		n := &d.components[i]
		packages[n.ref] = n.PURL != "" && n.Type != Application && !strings.HasPrefix(n.Origin, "dir:")
	}
	mark := func(in map[string]bool, n *node) {
		for _, ref := range n.requires {
			in[ref] = true
		}
	}
	mark(direct, &d.root)
	for i := range d.components {
		if n := &d.components[i]; packages[n.ref] {
			mark(indirect, n)
		} else {
			mark(direct, n)
		}
	}
	out := map[string]gitHubDependency{}
	for i := range d.components {
		n := &d.components[i]
		if !packages[n.ref] {
			continue
		}
		dep := gitHubDependency{PURL: n.PURL, Dependencies: []string{}}
		switch {
		case direct[n.ref]:
			dep.Relationship = "direct"
		case indirect[n.ref]:
			dep.Relationship = "indirect"
		}
		switch n.Scope {
		case Required, Optional:
			dep.Scope = "runtime"
		case Excluded:
			dep.Scope = "development"
		}
		for _, ref := range n.requires {
			if packages[ref] {
				dep.Dependencies = append(dep.Dependencies, ref)
			}
		}
		out[n.ref] = dep
	}
	return out
}
