// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
)

// findActions reads GitHub's workflows and actions. All of them are one
// source: together they say what runs for the tree.
func findActions(t *tree, found []string) []bom.Source {
	s := &actionSource{toolGraph: newToolGraph(t, found[0], "github-actions")}
	var sources []bom.Source
	var read []string
	for _, p := range found {
		if err := s.read(p); err != nil {
			sources = append(sources, unreadable(p, "github-actions", err))
		} else {
			read = append(read, p)
		}
	}
	if len(read) == 0 || len(s.out.Components) == 0 && len(s.reasons) == 0 {
		return sources
	}
	s.out.Path = printable(read[max(0, slices.IndexFunc(read, func(p string) bool { return strings.HasPrefix(p, ".github/") }))])
	s.because("what actions and images are made of does not stand in the files that use them", "")
	return append(sources, s.stated(s.scopes))
}

// An actionSource builds the Source of workflows and actions.
type actionSource struct {
	*toolGraph
	y    *yamlTree
	file string
}

// read reads one workflow or action
// (https://docs.github.com/actions/reference/workflow-syntax-for-github-actions).
func (s *actionSource) read(p string) error {
	y, err := s.t.readYAMLTree(p)
	if err != nil {
		return err
	}
	s.y, s.file = y, p
	return y.top(func(key string, v *yaml.Node) error {
		switch key {
		case "jobs":
			return y.members(v, func(_ string, job *yaml.Node) error { return s.job(job) })
		case "runs":
			return s.runs(v)
		}
		return nil
	})
}

// job reads one job: its steps, or the workflow that it calls, and the images
// that it runs in.
func (s *actionSource) job(job *yaml.Node) error {
	return s.y.members(job, func(key string, v *yaml.Node) error {
		switch key {
		case "uses":
			s.uses(v)
		case "steps":
			return s.steps(v)
		case "container":
			s.container(v)
		case "services":
			return s.y.members(v, func(_ string, service *yaml.Node) error {
				s.container(service)
				return nil
			})
		}
		return nil
	})
}

// runs reads how an action runs: its steps, or an image.
func (s *actionSource) runs(runs *yaml.Node) error {
	return s.y.members(runs, func(key string, v *yaml.Node) error {
		switch key {
		case "steps":
			return s.steps(v)
		case "image":
			if strings.HasPrefix(v.Value, "docker://") {
				s.uses(v)
			}
		}
		return nil
	})
}

func (s *actionSource) steps(list *yaml.Node) error {
	for _, step := range s.y.items(list) {
		err := s.y.members(step, func(key string, v *yaml.Node) error {
			if key == "uses" {
				s.uses(v)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *actionSource) container(v *yaml.Node) {
	if image, at := s.y.text(v, "image"); image != "" {
		s.image(strings.TrimPrefix(image, "docker://"), bom.Excluded, s.file, at.Line)
	}
}

// usesForm matches OWNER/REPOSITORY/FOLDER@REF.
var usesForm = pattern.New(`^([A-Za-z0-9][A-Za-z0-9-]*)/([A-Za-z0-9._-]+)((?:/[^/@\s]+)*)@([^\s@~^:?*\[\\]+)$`)

// uses reads one reference to an action or workflow. Local ones are read where
// they are.
func (s *actionSource) uses(v *yaml.Node) {
	text := strings.TrimSpace(v.Value)
	image, isImage := strings.CutPrefix(text, "docker://")
	m := usesForm.FindStringSubmatch(text)
	switch {
	case v.Kind != yaml.ScalarNode || text == "" || isLocalAction(text):
	case isImage:
		s.image(image, bom.Excluded, s.file, v.Line)
	case isVariable(text):
		s.because("actions that only a variable names", s.t.scrubPath(text))
	case m == nil || len(m[4]) > bom.MaxVersion:
		s.because("actions that are not understood", s.t.scrubPath(text))
	default:
		s.use(s.action(m, v.LineComment), bom.Excluded, s.file, v.Line)
	}
}

// action describes an action. A commit pins it; a tag or branch is whatever
// its owner makes it. What a comment calls the commit is only told, because
// nothing holds it to that.
func (s *actionSource) action(m []string, comment string) bom.Component {
	owner, repository, folder, ref := m[1], m[2], strings.Trim(m[3], "/"), m[4]
	c := bom.Component{Type: bom.Application, Group: owner, Name: repository, Version: ref, PURL: bom.GitHubURL(owner, repository, ref, folder)}
	if folder != "" {
		c.Name = path.Join(repository, folder)
	}
	state := "branch or tag"
	if commitID.MatchString(ref) {
		state = "commit"
		if note := strings.TrimSpace(strings.TrimLeft(comment, "# ")); note != "" && len(note) <= maxLicenceName {
			addNote(&c, "github:comment", printable(note))
		}
	}
	c.Properties = append(c.Properties, pinProperty(state))
	return c
}

// isLocalAction reports whether a reference names a folder: from the workspace,
// or from the repository that the workflow stands in.
func isLocalAction(text string) bool {
	return strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") || strings.HasPrefix(text, "$/")
}
