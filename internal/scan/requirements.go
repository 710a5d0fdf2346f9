// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// findRequirements reads every requirements file.
func findRequirements(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readRequirements(t, p)
		if err != nil {
			s = unreadable(p, "pip", err)
		}
		sources = append(sources, s)
	}
	return sources
}

func readRequirements(t *tree, p string) (bom.Source, error) {
	r := &pipReader{t: t, seen: map[string]bool{}, problems: map[string][]string{}, limit: t.limits.Packages, left: t.limits.File}
	if err := r.read(p, false); err != nil {
		return bom.Source{}, err
	}
	s := &requirementsSource{pyGraph: newPyGraph(t, p, "pip"), pipReader: r, pinned: map[string]string{}}
	return s.source(), nil
}

// A requirementsSource builds the Source of a requirements file.
type requirementsSource struct {
	*pyGraph
	*pipReader
	pinned map[string]string // versions by name, from constraints
	lineOf []int             // by component: its line, -1 for the project
	loose  bool              // some requirement has no digest
}

func (s *requirementsSource) source() bom.Source {
	for i := range s.pins {
		if r, ok := s.parse(s.pins[i].text); ok {
			if version, is := r.pinned(); is {
				s.pinned[bom.NormalPyPI(r.name)] = version
			}
		}
	}
	s.expect(1 + len(s.lines))
	for i := range s.lines {
		s.addRequirement(i)
	}
	manifest := s.readPyProject(s.dir)
	owner := -1
	if manifest.there && manifest.name() != "" {
		owner = s.addOwner(manifest)
		s.lineOf = append(s.lineOf, -1)
	}
	for i, line := range s.lineOf {
		if line >= 0 {
			s.requiredBy(owner, i, s.lines[line].via)
		}
	}
	s.explain()
	out := s.stated(s.need())
	out.Lost = s.lost
	if out.State == bom.Complete && s.loose && !s.annotated {
		out.State = bom.Unknown
		out.Reasons = []string{"a list without digests need not name what its packages need themselves"}
	}
	return out
}

// need returns the scope of every package: what stands in requirements.txt is
// needed, and of other files their names do not tell.
func (s *requirementsSource) need() []bom.Scope {
	scopes := make([]bom.Scope, len(s.lineOf))
	if path.Base(s.out.Path) == "requirements.txt" {
		for i, line := range s.lineOf {
			if line >= 0 {
				scopes[i] = bom.Required
			}
		}
	}
	return scopes
}

// explain records what the files leave open.
func (s *requirementsSource) explain() {
	for what, names := range s.problems {
		for _, name := range names {
			s.because(what, name)
		}
	}
	if !s.annotated && len(s.lines) > 0 && !s.loose {
		s.because("the file does not say which package needs which", "")
	}
}

// A pipRequirement is a requirement with the options of its line.
type pipRequirement struct {
	pyRequirement
	hashes   []string
	editable bool
	path     bool // a path stands in place of a name
}

// parse reads a requirement of a requirements file, and reports whether it is
// one.
func (s *requirementsSource) parse(text string) (pipRequirement, bool) {
	var out pipRequirement
	var words []string
	editable := false
	for word := range strings.FieldsSeq(text) {
		switch {
		case word == "-e" || word == "--editable":
			editable = true
		case strings.HasPrefix(word, "--editable="):
			editable = true
			words = append(words, word[len("--editable="):])
		case strings.HasPrefix(word, "--hash="):
			out.hashes = append(out.hashes, word[len("--hash="):])
		case strings.HasPrefix(word, "sha") && len(words) > 0 && words[len(words)-1] == "--hash":
			words = words[:len(words)-1]
			out.hashes = append(out.hashes, word)
		case strings.HasPrefix(word, "--") && word != "--hash":
		default:
			words = append(words, word)
		}
	}
	rest := strings.Join(words, " ")
	if isPlace(rest) {
		out.pyRequirement = place(rest)
		out.editable, out.path = editable, true
		return out, out.name != ""
	}
	r, ok := parsePyRequirement(rest)
	out.pyRequirement, out.editable = r, editable
	return out, ok
}

// isPlace reports whether a requirement begins with a URL or a path instead of
// a name.
func isPlace(text string) bool {
	first, _, _ := strings.Cut(text, " ")
	return strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/") || strings.Contains(first, "://") && !strings.Contains(first, "@http") && !strings.Contains(first, "@git+") ||
		strings.HasPrefix(text, "git@") || isArchive(strings.TrimSuffix(first, ";"))
}

// place reads a requirement that is a URL or path. Its name stands in the
// fragment, or in the name of the file or folder.
func place(text string) pyRequirement {
	where, marker, _ := strings.Cut(text, " ;")
	where, _, _ = strings.Cut(strings.TrimSpace(where), " ")
	r := pyRequirement{url: where, marker: strings.TrimSpace(marker)}
	address, fragment, _ := strings.Cut(where, "#")
	for pair := range strings.SplitSeq(fragment, "&") {
		if egg, ok := strings.CutPrefix(pair, "egg="); ok {
			named, _ := parsePyRequirement(egg)
			r.name = named.name
		}
	}
	address, _, _ = strings.Cut(address, "?")
	if r.name == "" && isArchive(address) {
		r.name, _ = archiveName(address)
	}
	if r.name == "" {
		repository, _ := cutRevision(strings.TrimRight(address, "/"))
		r.name = strings.TrimSuffix(path.Base(repository), ".git")
	}
	named, ok := parsePyRequirement(r.name)
	if r.name = named.name; !ok && r.name == "" {
		r.name = "project"
	}
	return r
}

// addRequirement adds the package of one line.
func (s *requirementsSource) addRequirement(i int) {
	l := &s.lines[i]
	r, ok := s.parse(l.text)
	if !ok {
		s.pipReader.lost = true
		s.because("lines that are not requirements", l.file+":"+strconv.Itoa(l.line))
		return
	}
	p := &pyPackage{name: r.name, marker: r.marker, line: l.line, file: l.file}
	if r.url != "" {
		p.source = parsePyURL(r.url)
		if p.source.kind == fromFolder && !s.inFolder(p, r.path) {
			return
		}
		if address, _, _ := strings.Cut(r.url, "#"); p.version == "" {
			address, _, _ = strings.Cut(address, "?")
			_, p.version = archiveName(address)
		}
		if _, fragment, _ := strings.Cut(r.url, "#"); p.source.kind == fromURL || p.source.kind == fromFile {
			p.files = urlFile(r.url, fragment, p.source.kind)
		}
	} else if version, is := r.pyRequirement.pinned(); is {
		p.version = version
	} else if p.version = s.pinned[bom.NormalPyPI(r.name)]; p.version == "" {
		s.because("packages without an exact version", r.name)
		if r.spec != "" {
			p.properties = []bom.Property{{Name: product.Name + ":python:specifier", Value: r.spec}}
		}
	}
	for _, h := range r.hashes {
		p.files = append(p.files, pyFile{hash: h})
	}
	s.loose = s.loose || len(r.hashes) == 0 && p.source.kind == fromIndex
	for _, extra := range r.extras {
		p.properties = append(p.properties, bom.Property{Name: "cdx:python:package:required-extra", Value: extra})
	}
	if r.editable {
		p.properties = append(p.properties, bom.Property{Name: product.Name + ":python:editable", Value: "true"})
	}
	s.addPython(p)
	s.lineOf = append(s.lineOf, i)
}

// inFolder names the package of a folder by its own manifest, and reports
// whether it is to be added: the folder of the file itself is added as the
// project, and one that nothing names cannot be.
func (s *requirementsSource) inFolder(p *pyPackage, nameless bool) bool {
	dir, _, _ := strings.Cut(p.source.url, "[")
	if p.source.url = strings.TrimSpace(dir); p.source.url == "" {
		p.source.url = "."
	}
	folder := s.inTree(p.source.url)
	if folder == s.dir {
		return false
	}
	manifest := &pyProject{}
	if validPath(folder) {
		manifest = s.readPyProject(folder)
	}
	if name := manifest.name(); name != "" {
		p.name, p.version = name, manifest.version()
	} else if nameless {
		s.because("folders that do not say which package they are", folder)
		return false
	}
	return true
}

// urlFile returns the file that a URL names, with the digest in its fragment.
func urlFile(address, fragment string, kind pyKind) []pyFile {
	for pair := range strings.SplitSeq(fragment, "&") {
		alg, value, ok := strings.Cut(pair, "=")
		if ok && strings.HasPrefix(alg, "sha") {
			f := pyFile{url: address, hash: alg + ":" + value}
			if kind == fromFile {
				f.url, f.name = "", path.Base(strings.SplitN(address, "#", 2)[0])
			}
			return []pyFile{f}
		}
	}
	return nil
}

// requiredBy adds the edges to a package from those that ask for it. Without
// any note, or with one that names a file, it is the tree itself that does.
func (s *requirementsSource) requiredBy(owner, i int, via []string) {
	direct := len(via) == 0
	for _, by := range via {
		name, note, _ := strings.Cut(by, " (")
		parents := s.named[bom.NormalPyPI(strings.SplitN(name, "[", 2)[0])]
		parents = slices.DeleteFunc(slices.Clone(parents), func(p int) bool { return p == owner })
		switch {
		case strings.HasPrefix(by, "-c") || strings.HasPrefix(by, "--constraint"):
		case strings.HasPrefix(by, "-") || note != "" || strings.Contains(by, "/"):
			direct = true
		case len(parents) > 0:
			for _, p := range parents {
				s.edge(p, i, needed)
			}
		case owner >= 0 && bom.NormalPyPI(name) == bom.NormalPyPI(s.out.Components[owner].Name):
			direct = true
		default:
			s.because("packages that ask for others are not in the file", by)
		}
	}
	switch {
	case direct && owner >= 0:
		s.edge(owner, i, needed)
	case direct:
		s.out.Attached = append(s.out.Attached, i)
	}
}
