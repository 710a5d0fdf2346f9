// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
)

// findGitLab reads every pipeline of GitLab, each with the files of the tree
// that it includes.
func findGitLab(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s := &gitlabSource{toolGraph: newToolGraph(t, p, "gitlab-ci"), seen: map[string]bool{}}
		if err := s.read(p); err != nil {
			sources = append(sources, unreadable(p, "gitlab-ci", err))
			continue
		}
		if len(s.out.Components) > 0 {
			s.because("what includes and images are made of does not stand in the files that use them", "")
		}
		out := s.stated(s.scopes)
		out.Lost = s.lost
		sources = append(sources, out)
	}
	return sources
}

// A gitlabSource builds the Source of a pipeline.
type gitlabSource struct {
	*toolGraph
	seen map[string]bool
	lost bool
}

// read reads one file (https://docs.gitlab.com/ci/yaml). What stands at the
// top is a job or one of a few words, and both may name images.
func (s *gitlabSource) read(p string) error {
	if s.seen[p] {
		return nil
	}
	if s.seen[p] = true; len(s.seen) > maxIncludes {
		return fmt.Errorf("more than %d files include each other", maxIncludes)
	}
	y, err := s.t.readYAMLTree(p)
	if err != nil {
		return err
	}
	return y.top(func(key string, v *yaml.Node) error {
		switch key {
		case "include":
			for _, item := range y.items(v) {
				s.include(y, p, item)
			}
		case "image", "services":
			s.images(y, p, v)
		default:
			return y.members(v, func(word string, v *yaml.Node) error {
				if word == "image" || word == "services" {
					s.images(y, p, v)
				}
				return nil
			})
		}
		return nil
	})
}

func (s *gitlabSource) images(y *yamlTree, file string, v *yaml.Node) {
	for _, item := range y.items(v) {
		if strings.HasPrefix(item.Tag, "!reference") {
			continue
		}
		if name, at := y.text(item, "name"); name != "" {
			s.image(name, bom.Excluded, file, at.Line)
		}
	}
}

// include reads one include: a text is a file of the tree or a URL.
func (s *gitlabSource) include(y *yamlTree, file string, item *yaml.Node) {
	get := func(key string) string {
		text, _ := y.text(y.get(item, key), "")
		return text
	}
	local, remote := get("local"), get("remote")
	if item.Kind == yaml.ScalarNode {
		if local = item.Value; strings.Contains(local, "://") {
			local, remote = "", local
		}
	}
	line := item.Line
	switch {
	case isVariable(local + remote + get("project") + get("template") + get("ref")):
		s.because("includes that only a variable names", local+s.t.scrubPath(remote)+get("project")+get("template"))
	case local != "":
		s.local(file, local)
	case remote != "":
		s.remote(remote, get("integrity"), file, line)
	case get("project") != "":
		for _, name := range y.items(y.get(item, "file")) {
			s.project(get("project"), name.Value, get("ref"), file, line)
		}
	case get("component") != "":
		s.component(get("component"), file, line)
	case get("template") != "":
		c := bom.Component{Type: bom.File, Group: "gitlab-template", Name: get("template"), PURL: bom.GenericURL("gitlab-template", get("template"), "", "", "")}
		c.Properties = append(c.Properties, pinProperty("none"))
		s.use(c, bom.Excluded, file, line)
	}
}

// local reads a file of the tree. GitLab takes its path from the root.
func (s *gitlabSource) local(file, name string) {
	p := path.Clean(strings.TrimLeft(strings.ReplaceAll(name, `\`, "/"), "/"))
	if strings.ContainsAny(p, "*") {
		s.lost = true
		s.because("includes of several files by a pattern", name)
		return
	}
	if err := s.read(p); err != nil {
		s.lost = true
		s.because("files that are included could not be read", fmt.Sprintf("%s (%s): %s", p, file, strings.TrimPrefix(oneLine(err), p+": ")))
	}
}

// remote describes a file that is included by its URL, with the digest that
// the pipeline demands of it, if it does.
func (s *gitlabSource) remote(address, integrity, file string, line int) {
	clean := s.t.scrub(address)
	if !strings.Contains(clean, "://") {
		s.because("includes that are not understood", clean)
		return
	}
	name := path.Base(clean)
	c := bom.Component{Type: bom.File, Name: name, PURL: bom.GenericURL("", name, "", "download_url", clean)}
	ref := bom.Reference{Type: "distribution", URL: clean}
	state := "none"
	if integrity != "" {
		if h, err := parseSRI(integrity); err == nil {
			c.Hashes, state = []bom.Hash{h}, "digest"
		} else {
			s.because("hashes that could not be read", name)
		}
	}
	c.References = []bom.Reference{ref}
	c.Properties = append(c.Properties, pinProperty(state))
	s.use(c, bom.Excluded, file, line)
}

// project describes a file of another project on the same server.
func (s *gitlabSource) project(project, name, ref, file string, line int) {
	name = strings.Trim(name, "/")
	full := project + "/" + name
	c := bom.Component{Type: bom.File, Group: project, Name: name, Version: ref, PURL: bom.GenericURL(project, name, ref, "", "")}
	if name == "" || strings.ContainsAny(full, " ?#:@") || len(full) > 1024 || len(ref) > bom.MaxVersion {
		s.because("includes that are not understood", s.t.scrubPath(withoutUser(project)))
		return
	}
	c.Properties = append(c.Properties, pinProperty(pinOf(ref)))
	s.use(c, bom.Excluded, file, line)
}

// ownServer are the ways to write the server that runs the pipeline.
var ownServer = []string{
	"$CI_SERVER_FQDN/", "${CI_SERVER_FQDN}/", "$CI_SERVER_HOST:$CI_SERVER_PORT/", "${CI_SERVER_HOST}:${CI_SERVER_PORT}/",
	"$CI_SERVER_HOST/", "${CI_SERVER_HOST}/",
}

// serverPort matches a server with a port and what is behind it: at least a
// project and a component, so that a user and password are not taken for them.
var serverPort = pattern.New(`^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):([1-9][0-9]{0,4})((?:/[^/:]+){2,})$`)

// component describes a CI/CD component: SERVER/PROJECT/NAME@VERSION. The
// server may have a port, or be the one that runs the pipeline, by a variable.
func (s *gitlabSource) component(text, file string, line int) {
	address, version, _ := strings.Cut(text, "@")
	for _, own := range ownServer {
		address = strings.TrimPrefix(address, own)
	}
	address = strings.Trim(address, "/")
	plain := address
	if m := serverPort.FindStringSubmatch(address); m != nil {
		plain = m[3]
	}
	group, name := path.Split(address)
	group = strings.Trim(group, "/")
	if isVariable(address+version) || strings.ContainsAny(plain, " ?#:") || name == "" || len(text) > 1024 || len(version) > bom.MaxVersion {
		s.because("includes that are not understood", s.t.scrubPath(withoutUser(text)))
		return
	}
	c := bom.Component{Type: bom.Application, Group: group, Name: name, Version: version, PURL: bom.GenericURL(group, name, version, "", "")}
	c.Properties = append(c.Properties, pinProperty(pinOf(version)))
	s.use(c, bom.Excluded, file, line)
}

// withoutUser is an address without what may be a user and password. A version
// has no slash, so an @ with one behind it ends a user; and where a colon
// begins no port, all up to the @ may be one.
func withoutUser(text string) string {
	if user := strings.LastIndexByte(text[:strings.LastIndexByte(text, '/')+1], '@'); user >= 0 {
		return text[user+1:]
	}
	before, version, found := strings.Cut(text, "@")
	_, after, colon := strings.Cut(before, ":")
	if port, _, _ := strings.Cut(after, "/"); found && colon && strings.Trim(port, "0123456789") != "" {
		return "…@" + version
	}
	return text
}

func pinOf(ref string) string {
	switch {
	case ref == "":
		return "none"
	case commitID.MatchString(ref):
		return "commit"
	}
	return "branch or tag"
}
