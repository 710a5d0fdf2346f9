// SPDX-License-Identifier: Apache-2.0

// Package scan finds the components of a tree by reading its lockfiles. It
// runs no program of any ecosystem, opens no network connection, follows no
// symbolic link out of the tree and changes nothing.
//
// Each ecosystem is one finder: one line in the table, one file that reads.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// Options say what to leave out and what may be read beside the tree.
type Options struct {
	// Exclude are patterns of files and folders to leave out. One without a
	// slash is compared with names anywhere, one with a slash with the whole
	// path from the root; both as path.Match does.
	Exclude []string
	// ModuleCache is Go's module cache, where .mod files and licences are
	// read. Nil: there is none.
	ModuleCache fs.FS
	// MavenRepository is Maven's local repository, where poms and the digests
	// of jars are read. Nil: there is none.
	MavenRepository fs.FS
	Limits          Limits
}

// Limits bound what a hostile tree can make us do. A zero field means the
// default.
type Limits struct {
	File     int64 // bytes of one file; default 256 MiB
	Entries  int   // files and folders looked at; default 2 000 000
	Files    int   // lockfiles and manifests read; default 10 000
	Packages int   // packages of one lockfile; default 1 000 000
}

func (l Limits) orDefault() Limits {
	if l.File == 0 {
		l.File = 256 << 20
	}
	if l.Entries == 0 {
		l.Entries = 2_000_000
	}
	if l.Files == 0 {
		l.Files = 10_000
	}
	if l.Packages == 0 {
		l.Packages = 1_000_000
	}
	return l
}

// A Result is what a scan found. Its inventory lacks what only the caller
// knows: subject, tool and time.
type Result struct {
	Inventory bom.Inventory
	Notes     []string // what was passed over, and why it does not matter
}

// ErrNothing says that a tree holds no lockfile that could be read or named.
var ErrNothing = errors.New("no lockfile found")

// A finder reads one ecosystem. It is given the paths of all files with its
// names, sorted, and answers with one Source for each lockfile. A lockfile
// that cannot be read is a Source that says so.
type finder struct {
	name  string
	files []string
	find  func(t *tree, found []string) []bom.Source
}

// finders is the table of ecosystems.
func finders() []finder {
	return []finder{
		{"go", []string{"go.mod", "go.work"}, findGo},
		{"npm", []string{"package-lock.json", "npm-shrinkwrap.json", "package.json"}, findNpm},
		{"pnpm", []string{"pnpm-lock.yaml"}, findPnpm},
		{"yarn", []string{"yarn.lock"}, findYarn},
		{"bun", []string{"bun.lock", "bun.lockb"}, findBun},
		{"deno", []string{"deno.lock"}, findDeno},
		{"cargo", []string{"Cargo.lock", "Cargo.toml"}, findCargo},
		{"poetry", []string{"poetry.lock"}, findPoetry},
		{"uv", []string{"uv.lock"}, findUv},
		{"pdm", []string{"pdm.lock"}, findPDM},
		{"pylock", []string{"pylock.toml", "pylock.*.toml"}, findPylock},
		{"pipenv", []string{"Pipfile.lock"}, findPipfile},
		{"pip", []string{"requirements*.txt", "*requirements.txt", "requirements/*.txt"}, findRequirements},
		{"gem", []string{"Gemfile.lock", "gems.locked"}, findGems},
		{"composer", []string{"composer.lock"}, findComposer},
		{"github-actions", []string{".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml"}, findActions},
		{"gitlab-ci", []string{".gitlab-ci.yml"}, findGitLab},
		{"docker", []string{"Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", "Containerfile.*"}, findDockerfiles},
		{"nuget", []string{"packages.lock.json", "packages.*.lock.json", "project.assets.json", "packages.config", centralFile, "*.csproj", "*.fsproj", "*.vbproj", "*.proj"}, findNuget},
		{"maven", []string{"pom.xml", "dependency-tree.txt", "dependency-tree.json", "maven-dependency-tree.txt", "maven.graph.json"}, findMaven},
		{"gradle", []string{"*.lockfile", verificationFile, "*.versions.toml", "build.gradle", "build.gradle.kts"}, findGradle},
		{"unread", unreadNames(), findUnread},
	}
}

// Ecosystems lists what can be read, and by which files it is found.
func Ecosystems() map[string][]string {
	m := map[string][]string{}
	for _, f := range finders() {
		if f.name != "unread" {
			m[f.name] = f.files
		}
	}
	return m
}

// Scan reads the tree. It fails only if the tree as a whole cannot be read, a
// pattern is malformed, a limit on the whole tree is hit, or there is no
// lockfile at all (ErrNothing); everything else is told by the Sources.
func Scan(ctx context.Context, root fs.FS, o Options) (Result, error) {
	for _, pattern := range o.Exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			return Result{}, fmt.Errorf("exclude %q: %w", pattern, err)
		}
	}
	t := &tree{ctx: ctx, root: root, cache: o.ModuleCache, maven: o.MavenRepository, exclude: o.Exclude, limits: o.Limits.orDefault(), texts: map[[32]byte]string{}}
	if err := t.walk(); err != nil {
		return Result{}, fmt.Errorf("look for lockfiles: %w", err)
	}
	sources := t.unseen
	for _, f := range finders() {
		found := t.named(f.files)
		if len(found) > 0 {
			sources = append(sources, f.find(t, found)...)
		}
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
	}
	if len(sources) == 0 {
		return Result{}, ErrNothing
	}
	slices.Sort(t.excluded)
	slices.Sort(t.notes)
	return Result{
		Inventory: bom.Inventory{Sources: sources, Excluded: t.excluded, Secrets: slices.Compact(slices.Sorted(slices.Values(t.secrets)))},
		Notes:     slices.Compact(t.notes),
	}, nil
}

// unreadable is the source of a lockfile that could not be read.
func unreadable(file, ecosystem string, err error) bom.Source {
	why := strings.TrimPrefix(oneLine(err), file+": ")
	return bom.Source{Path: printable(file), Ecosystem: ecosystem, State: bom.Incomplete, Reasons: []string{why}, Lost: true}
}

// oneLine returns the first line of an error.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
