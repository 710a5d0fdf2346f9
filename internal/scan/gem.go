// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
)

// findGems reads every lockfile of Bundler.
func findGems(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readGems(t, p)
		if err != nil {
			s = unreadable(p, "gem", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A gemLock is a Gemfile.lock.
type gemLock struct {
	gems      []gem
	direct    []gemDep
	checksums map[string]string // by NAME (VERSION)
	bundler   bool              // which Bundler wrote it is said
	limit     int

	section string
	from    gemFrom
}

// A gem is one version of a gem for one platform.
type gem struct {
	name, version, platform string
	line                    int
	from                    gemFrom
	deps                    []gemDep
}

type gemDep struct {
	name string
	line int
}

// A gemFrom is a section of sources: an index, a repository or a folder.
type gemFrom struct {
	kind     string // "GEM", "GIT", "PATH"
	remote   string
	several  bool // old versions of Bundler list all indexes in one section
	revision string
}

func readGems(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	if !utf8.Valid(data) {
		return bom.Source{}, errors.New("the file is not UTF-8")
	}
	lock := &gemLock{checksums: map[string]string{}, limit: t.limits.Packages}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if err := lock.take(strings.TrimRight(line, " \t\r\n"), n); err != nil {
			return bom.Source{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if lock.section == "" {
		return bom.Source{}, errors.New("the file is empty")
	}
	if last := len(data) - 1; data[last] != '\n' && lock.section != "BUNDLED WITH" && lock.section != "DEPENDENCIES" {
		return bom.Source{}, fmt.Errorf("line %d: the file is cut off", n)
	}
	return lock.source(t, p), nil
}

// take reads one line. Sections begin at its start, and how far it is indented
// says what it is.
func (l *gemLock) take(line string, n int) error {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	if text == "" {
		return nil
	}
	if indent == 0 {
		l.section, l.from = text, gemFrom{kind: text}
		if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != "" {
			return fmt.Errorf("%.40q is not the name of a section", text)
		}
		return nil
	}
	switch l.section {
	case "":
		return errors.New("no section has begun")
	case "GEM", "GIT", "PATH", "PLUGIN SOURCE":
		return l.spec(text, indent, n)
	case "DEPENDENCIES":
		name, _, _ := strings.Cut(strings.TrimSuffix(text, "!"), " ")
		l.direct = append(l.direct, gemDep{name, n})
	case "CHECKSUMS":
		return l.checksum(text)
	case "BUNDLED WITH":
		l.bundler = true
	}
	if len(l.direct) > l.limit {
		return fmt.Errorf("more than %d packages", l.limit)
	}
	return nil
}

// spec reads a line of a section of sources.
func (l *gemLock) spec(text string, indent, n int) error {
	switch indent {
	case 2:
		key, value, _ := strings.Cut(text, ": ")
		switch key {
		case "remote":
			if l.from.several = l.from.several || l.from.remote != ""; l.from.several {
				value = "" // which of them a gem is from is not said
			}
			l.from.remote = value
		case "revision":
			l.from.revision = value
		}
	case 4:
		name, version, ok := strings.Cut(text, " (")
		version, closed := strings.CutSuffix(version, ")")
		if !ok || !closed || name == "" {
			return fmt.Errorf("%.60q is not NAME (VERSION)", text)
		}
		if len(l.gems) >= l.limit {
			return fmt.Errorf("more than %d packages", l.limit)
		}
		version, platform, _ := strings.Cut(version, "-")
		if utf8.RuneCountInString(version) > bom.MaxVersion {
			return fmt.Errorf("a version of over %d characters", bom.MaxVersion)
		}
		l.gems = append(l.gems, gem{name: name, version: version, platform: platform, line: n, from: l.from})
	case 6:
		if len(l.gems) == 0 {
			return errors.New("no gem has been named")
		}
		name, _, _ := strings.Cut(strings.TrimSuffix(text, "!"), " ")
		g := &l.gems[len(l.gems)-1]
		g.deps = append(g.deps, gemDep{name, n})
	default:
		return fmt.Errorf("indented by %d", indent)
	}
	return nil
}

// checksum reads "NAME (VERSION) sha256=HEX". A gem whose digest Bundler does
// not know has none there.
func (l *gemLock) checksum(text string) error {
	name, rest, ok := strings.Cut(text, " (")
	version, digests, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return fmt.Errorf("%.60q is not NAME (VERSION)", text)
	}
	key, digests := name+" ("+version+")", strings.TrimSpace(digests)
	if old := l.checksums[key]; old != "" && old != digests {
		return fmt.Errorf("a second digest of %.60s", key)
	}
	l.checksums[key] = digests
	return nil
}

// A gemSource builds the Source of a lockfile.
type gemSource struct {
	*lockGraph
	*gemLock
	named map[string][]int
}

func (l *gemLock) source(t *tree, p string) bom.Source {
	s := &gemSource{lockGraph: newLockGraph(t, p, "gem"), gemLock: l, named: map[string][]int{}}
	s.mark = ""
	s.expect(len(l.gems))
	for i := range l.gems {
		s.named[l.gems[i].name] = append(s.named[l.gems[i].name], s.addGem(&l.gems[i]))
	}
	for i := range l.gems {
		for _, d := range l.gems[i].deps {
			to := s.lookup(d, l.gems[i].platform)
			if len(to) == 0 && !s.ignored(d.name) {
				s.missing(d.name, i)
			}
			for _, j := range to {
				s.edge(i, j, needed)
			}
		}
	}
	s.ask()
	// Which group of the Gemfile a gem is in does not stand in the lockfile.
	return s.stated(nil)
}

// ignored reports whether a gem may be asked for and not be there: Bundler
// itself does not lock Bundler.
func (s *gemSource) ignored(name string) bool { return name == "bundler" }

// lookup returns the components that a dependency means. A gem that was built
// for a platform needs the others for that platform, if there are any.
func (s *gemSource) lookup(d gemDep, platform string) []int {
	all := s.named[d.name]
	if platform == "" || len(all) < 2 {
		return all
	}
	for _, i := range all {
		if s.gems[i].platform == platform {
			return []int{i}
		}
	}
	return all
}

// ask adds what the Gemfile asks for: of the gem that is the tree itself, or
// of the tree.
func (s *gemSource) ask() {
	for i := range s.gems {
		if s.gems[i].from.kind == "PATH" && s.folderOf(&s.gems[i]) == s.dir {
			s.out.Projects = append(s.out.Projects, i)
		}
	}
	for _, d := range s.direct {
		to := s.lookup(d, "")
		if len(to) == 0 && !s.ignored(d.name) {
			s.because("gems that the Gemfile asks for are not in the lockfile", d.name)
		}
		for _, i := range to {
			if len(s.out.Projects) == 0 {
				s.out.Attached = append(s.out.Attached, i)
			} else if s.out.Projects[0] != i {
				s.edge(s.out.Projects[0], i, needed)
			}
		}
	}
}

func (s *gemSource) folderOf(g *gem) string {
	remote := strings.ReplaceAll(g.from.remote, `\`, "/")
	if path.IsAbs(remote) || strings.Contains(remote, ":") {
		return path.Base(remote)
	}
	return path.Join(s.dir, remote)
}

// full is the version as the file of a gem is called by it, with the platform.
func (g *gem) full() string {
	if g.platform == "" {
		return g.version
	}
	return g.version + "-" + g.platform
}

// gemCharacters are those of which the names, versions and platforms of gems
// consist.
const gemCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// download tells where the file of a gem is in an index: every index has them
// in one folder, by one name (Gem::Specification#file_name).
func (g *gem) download(index string) []bom.Reference {
	file := g.name + "-" + g.full() + ".gem"
	if !strings.HasPrefix(index, "http://") && !strings.HasPrefix(index, "https://") || strings.Trim(file, gemCharacters) != "" {
		return nil
	}
	return []bom.Reference{{Type: "distribution", URL: strings.TrimRight(index, "/") + "/gems/" + file}}
}

// addGem adds a gem as a component.
func (s *gemSource) addGem(g *gem) int {
	c := bom.Component{Type: bom.Library, Name: g.name, Version: g.version}
	key, value := "", ""
	switch g.from.kind {
	case "GIT":
		key, value = s.gitSource(&c, g.from.remote, g.from.revision, g.name)
	case "PATH":
		folder := printable(s.folderOf(g))
		c.Origin = "dir:" + folder
		addNote(&c, "gem:path", folder)
		if folder == s.dir {
			c.Type = bom.Application
		}
	default:
		if clean := s.t.scrub(g.from.remote); clean != "" {
			addNote(&c, "gem:source", clean)
			c.References = g.download(clean)
		}
	}
	if g.platform != "" {
		key, value = "platform", g.platform
	}
	c.PURL = bom.GemURL(g.name, g.version, key, value)
	for digest := range strings.SplitSeq(s.checksums[g.name+" ("+g.full()+")"], ",") {
		if digest == "" {
			continue
		}
		h, ok := parseHash(strings.Replace(digest, "=", ":", 1))
		if !ok {
			s.because("hashes that could not be read", g.name)
			continue
		}
		c.Hashes = append(c.Hashes, h)
	}
	return s.add(c, g.line)
}
