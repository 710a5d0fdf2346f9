// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/canon"
)

// maxProblems bounds how many wrong references one error names.
const maxProblems = 20

// referring is the part of a CycloneDX document that names references.
type referring struct {
	Metadata struct {
		Component *referred `json:"component"`
	} `json:"metadata"`
	Components   []referred `json:"components"`
	Dependencies []struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	} `json:"dependencies"`
	Compositions []struct {
		Assemblies   []string `json:"assemblies"`
		Dependencies []string `json:"dependencies"`
	} `json:"compositions"`
}

type referred struct {
	Ref        string     `json:"bom-ref"`
	Components []referred `json:"components"`
}

// CheckReferences reports every reference of a CycloneDX JSON document that
// stands for two components, names none, or is listed twice in one place. The
// schema cannot see these. It reads the raw document, of any 1.x version, and
// leaves it as it is.
func CheckReferences(document []byte) error {
	var d referring
	if err := canon.DecodeOpen(document, &d); err != nil {
		return fmt.Errorf("read the SBOM: %w", err)
	}
	r := references{known: map[string]bool{}}
	if d.Metadata.Component != nil {
		r.define([]referred{*d.Metadata.Component})
	}
	r.define(d.Components)
	listed := map[string]bool{}
	for _, dep := range d.Dependencies {
		r.all("dependencies", []string{dep.Ref})
		r.all("dependsOn of "+dep.Ref, dep.DependsOn)
		if listed[dep.Ref] {
			r.problem("%q has two dependency lists", dep.Ref)
		}
		listed[dep.Ref] = true
	}
	for _, c := range d.Compositions {
		r.all("assemblies", c.Assemblies)
		r.all("compositions", c.Dependencies)
	}
	return errors.Join(r.problems...)
}

// references are those that a document defines, and what is wrong with them.
type references struct {
	known    map[string]bool
	problems []error
}

func (r *references) problem(format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, fmt.Errorf(format, args...))
	}
}

func (r *references) define(components []referred) {
	for _, c := range components {
		if c.Ref != "" && r.known[c.Ref] {
			r.problem("two components have the reference %q", c.Ref)
		}
		r.known[c.Ref] = c.Ref != ""
		r.define(c.Components)
	}
}

func (r *references) all(where string, refs []string) {
	seen := make(map[string]bool, len(refs))
	for _, ref := range refs {
		if !r.known[ref] {
			r.problem("%s names %q, which no component has", where, ref)
		}
		if seen[ref] {
			r.problem("%s names %q twice", where, ref)
		}
		seen[ref] = true
	}
}
