// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
)

// Changes is what a deployment would bring that the last one did not, for who is
// asked to approve it.
type Changes struct {
	Commits []string // newest first, one line each; nil: not known
	SBOM    []string // as bom.Changes writes them; nil: not known
	Compare string   // address of the comparison; left out unless it is http or https
}

// The most that a comment tells of changes.
const (
	shownCommits = 20
	commitLimit  = 120 // characters of a line
)

// markdown is empty where nothing is known.
func (c *Changes) markdown() string {
	if c == nil || c.Commits == nil && c.SBOM == nil && detailsAddress(c.Compare) == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("**Since the last deployment**")
	if link := detailsAddress(c.Compare); link != "" {
		b.WriteString(" ([compare](" + link + "))")
	}
	if c.Commits != nil {
		b.WriteString(": " + plural(len(c.Commits), "commit"))
	}
	b.WriteString("\n\n")
	for i, line := range c.Commits {
		if i == shownCommits {
			fmt.Fprintf(&b, "- and %d more\n", len(c.Commits)-i)
			break
		}
		b.WriteString("- " + prose(clip(line, commitLimit)) + "\n")
	}
	if len(c.Commits) > 0 {
		b.WriteString("\n")
	}
	if c.SBOM != nil {
		b.WriteString("Components: " + c.components() + ".\n\n")
	}
	return b.String()
}

// components counts what the SBOMs differ in.
func (c *Changes) components() string {
	added, removed, updated := 0, 0, 0
	for _, line := range c.SBOM {
		switch {
		case strings.HasPrefix(line, "+ "):
			added++
		case strings.HasPrefix(line, "- "):
			removed++
		default:
			updated++
		}
	}
	return fmt.Sprintf("%d added, %d removed, %d updated", added, removed, updated)
}
