// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// A gradleTree is what the Gradle builds of a tree have beside their
// lockfiles.
type gradleTree struct {
	t      *tree
	hashes map[string]*gradleHashes // by the folder of the build
	locked map[string]bool          // folders of projects that have a lockfile
}

// findGradle reads every lockfile, with the digests of the build's
// verification metadata. Metadata of a build without a lockfile is read by
// itself, and build scripts and version catalogs without one are named.
func findGradle(t *tree, found []string) []bom.Source {
	g := &gradleTree{t: t, hashes: map[string]*gradleHashes{}, locked: map[string]bool{}}
	var sources []bom.Source
	for _, p := range found {
		if path.Base(p) == verificationFile {
			sources = append(sources, g.readHashes(p)...)
		}
	}
	for _, p := range found {
		if path.Ext(p) != ".lockfile" {
			continue
		}
		dir, configuration, ok := gradleProject(p)
		if !ok {
			t.note("%s: not the name of a Gradle lockfile", p)
			continue
		}
		g.locked[dir] = true
		s, err := g.readLock(p, dir, configuration)
		if err != nil {
			s = unreadable(p, "gradle", err)
		}
		sources = append(sources, s)
	}
	for _, dir := range sortedKeys(g.hashes) {
		if !g.hasLock(dir) {
			sources = append(sources, g.hashes[dir].source(g))
		}
	}
	return append(sources, g.unlocked(found)...)
}

// gradleProject returns the folder of the project that a lockfile belongs to
// and, in the format that Gradle had before version 6.8, the configuration
// that gives the file its name.
func gradleProject(p string) (dir, configuration string, ok bool) {
	dir, base := path.Dir(p), path.Base(p)
	if path.Base(dir) == "dependency-locks" {
		dir = path.Dir(dir)
		if path.Base(dir) == "gradle" {
			dir = path.Dir(dir)
		}
		return dir, strings.TrimSuffix(base, ".lockfile"), true
	}
	return dir, "", strings.HasPrefix(base, "gradle") || isBuildLock(base)
}

// isBuildLock reports whether a lockfile is for what runs the build.
func isBuildLock(base string) bool {
	return base == "buildscript-gradle.lockfile" || base == "settings-gradle.lockfile" || strings.HasPrefix(base, "buildscript-")
}

// hasLock reports whether some project of the build in a folder is locked.
func (g *gradleTree) hasLock(dir string) bool {
	for locked := range g.locked {
		if isWithin(locked, dir) {
			return true
		}
	}
	return false
}

// isWithin reports whether a path is dir or below it.
func isWithin(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

// A gradleLine is a component of a lockfile.
type gradleLine struct {
	group, name, version string
	configurations       []string
	line                 int
}

// parseGradleLock reads GROUP:NAME:VERSION=CONFIGURATION,… lines or, where the
// file is for one configuration, GROUP:NAME:VERSION.
func parseGradleLock(data []byte, configuration string, limit int) ([]gradleLine, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	var out []gradleLine
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		coordinates, list, listed := strings.Cut(text, "=")
		if coordinates == "empty" && listed {
			continue
		}
		parts := strings.Split(coordinates, ":")
		if len(parts) != 3 || parts[1] == "" || parts[2] == "" || listed == (configuration != "") {
			return nil, fmt.Errorf("line %d: not a line of a Gradle lockfile", n)
		}
		if utf8.RuneCountInString(parts[2]) > bom.MaxVersion {
			return nil, fmt.Errorf("line %d: a version of over %d characters", n, bom.MaxVersion)
		}
		if len(out) >= limit {
			return nil, fmt.Errorf("more than %d components", limit)
		}
		l := gradleLine{group: parts[0], name: parts[1], version: parts[2], line: n, configurations: []string{configuration}}
		if listed {
			l.configurations = strings.Split(list, ",")
		}
		out = append(out, l)
	}
	return out, nil
}

func (g *gradleTree) readLock(p, dir, configuration string) (bom.Source, error) {
	data, err := g.t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	lines, err := parseGradleLock(data, configuration, g.t.limits.Packages)
	if err != nil {
		return bom.Source{}, err
	}
	graph, root := g.graph(p, dir)
	graph.expect(len(lines))
	hashes := g.hashesFor(dir)
	at := map[string]int{}
	for _, l := range lines {
		key := l.group + ":" + l.name + ":" + l.version
		i, ok := at[key]
		if !ok {
			c := bom.Component{
				Type: bom.Library, Group: l.group, Name: l.name, Version: l.version,
				PURL: bom.MavenPURL(l.group, l.name, l.version, "", ""),
			}
			hashes.describe(&c)
			i = graph.add(c, l.line)
			at[key] = i
		}
		kind := development
		for _, name := range l.configurations {
			graph.configuration(i, name)
			if !isBuildLock(path.Base(p)) && !isForDevelopment(name) {
				kind = needed
			}
		}
		graph.edge(root, i, kind)
	}
	graph.because("a Gradle lockfile does not say which component needs which", "")
	return graph.source(), nil
}

// A gradleGraph builds the Source of a project.
type gradleGraph struct {
	*lockGraph
	noted map[string]bool
}

func (g *gradleTree) graph(p, dir string) (graph gradleGraph, root int) {
	graph = gradleGraph{newLockGraph(g.t, p, "gradle"), map[string]bool{}}
	graph.dir, graph.mark = dir, product.Name+":gradle:development"
	root = graph.addProject(bom.Component{Name: g.projectName(dir)}, dir, 0)
	graph.out.Components[root].Type = bom.Application
	graph.out.Projects = []int{root}
	return graph, root
}

// configuration adds a configuration that a component is in.
func (g gradleGraph) configuration(i int, name string) {
	key := strconv.Itoa(i) + " " + name
	if name == "" || g.noted[key] {
		return
	}
	g.noted[key] = true
	c := &g.out.Components[i]
	c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":gradle:configuration", Value: name})
}

// developing matches the names of configurations that tests, compilers and
// tools of the build have. What is in none but these is not part of what is
// built; any other name is taken for a part of it.
var developing = pattern.New(`^(test|androidTest|integrationTest|functionalTest|e2eTest|jmh)([A-Z].*)?$|(UnitTest|AndroidTest|TestFixtures)|` +
	`([aA]nnotationProcessor|[pP]rocessorPath)|^(kapt|ksp|kotlinCompiler|kotlinBuildTools|kotlinNative|kotlinKlib|kotlinScript)|` +
	`^(checkstyle|pmd|spotbugs|findbugs|detekt|ktlint|errorprone|jacoco|codenarc|spotless|zinc|lombok|asciidoctor|dokka)`)

func isForDevelopment(configuration string) bool { return developing.MatchString(configuration) }

var rootProjectName = pattern.New(`(?m)^\s*rootProject\.name\s*=\s*["']([^"'$\\\r\n]+)["']`)

// projectName returns what a project is called: what the build's settings
// call it if it is the build's root, else its folder.
func (g *gradleTree) projectName(dir string) string {
	for _, name := range []string{"settings.gradle", "settings.gradle.kts"} {
		p := path.Join(dir, name)
		if !g.t.exists(p) {
			continue
		}
		data, err := readFile(g.t.root, p, min(maxManifest, g.t.limits.File))
		if err != nil {
			continue
		}
		if m := rootProjectName.FindStringSubmatch(strings.ToValidUTF8(string(data), "")); m != nil {
			return printable(m[1])
		}
	}
	if dir == "." {
		return "project"
	}
	return printable(path.Base(dir))
}

// dependencyBlock finds a block of dependencies in a build script.
var dependencyBlock = pattern.New(`(?m)^\s*dependencies\s*\{`)

// unlocked names the build scripts and version catalogs of projects without a
// lockfile.
func (g *gradleTree) unlocked(found []string) []bom.Source {
	var sources []bom.Source
	name := func(p, what string) {
		sources = append(sources, unreadable(p, "gradle",
			errors.New(what+" and no lockfile: lock all configurations and run gradle dependencies --write-locks")))
	}
	for _, p := range found {
		dir, base := path.Dir(p), path.Base(p)
		switch {
		case strings.HasSuffix(base, ".versions.toml"):
			if path.Base(dir) == "gradle" {
				dir = path.Dir(dir)
			}
			if !g.hasLock(dir) {
				name(p, "a version catalog")
			}
		case base == "build.gradle" || base == "build.gradle.kts":
			data, err := readFile(g.t.root, p, min(maxManifest, g.t.limits.File))
			if err != nil {
				sources = append(sources, unreadable(p, "gradle", err))
			} else if !g.locked[dir] && dependencyBlock.MatchString(string(data)) {
				name(p, "has dependencies")
			}
		}
	}
	return sources
}
