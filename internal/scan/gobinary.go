// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"io"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/scan/goexe"
)

// ErrNotGo says that a file is no executable that the go command built.
var ErrNotGo = errors.New("no executable with Go build information")

// maxBinaryModules is how many modules an executable may name.
const maxBinaryModules = 100_000

// Binary reads what the go command wrote into an executable: which modules it
// is made of, in which versions, replaced by what, with the hashes that go.sum
// had, and by which Go. The executable is not run. name is what it is called in
// the document; what the build was called by on its machine is not repeated.
func Binary(name string, r io.ReaderAt) (bom.Source, error) {
	info, err := goexe.Read(r)
	if err != nil {
		return bom.Source{}, ErrNotGo // the reason names its own file formats
	}
	if len(info.Deps) > maxBinaryModules {
		return bom.Source{}, fmt.Errorf("%d modules; the limit is %d", len(info.Deps), maxBinaryModules)
	}
	b := goBinary{at: bom.Occurrence{Path: printable(path.Base(name))}}
	b.out = bom.Source{Path: b.at.Path, Ecosystem: "go", State: bom.Complete, Projects: []int{0}, Edges: [][]int{nil}}
	b.main(info)
	b.stdlib(info.GoVersion)
	deps := slices.Clone(info.Deps)
	arrange.Stably(deps, func(x, y *debug.Module) int { return strings.Compare(x.Path, y.Path) })
	for _, dep := range deps {
		b.module(dep)
	}
	if len(deps) > 0 {
		b.because("an executable says which modules are in it, and not which of them needs which")
	}
	return b.out, nil
}

// A goBinary builds the Source of an executable.
type goBinary struct {
	at  bom.Occurrence
	out bom.Source
}

func (b *goBinary) because(format string, args ...any) {
	b.out.State = bom.Incomplete
	b.out.Reasons = append(b.out.Reasons, printable(fmt.Sprintf(format, args...)))
}

// add adds a component that the executable is made of.
func (b *goBinary) add(c bom.Component) {
	c.Occurrences = []bom.Occurrence{b.at}
	b.out.Components = append(b.out.Components, c)
	if i := len(b.out.Components) - 1; i > 0 {
		b.out.Edges[0] = append(b.out.Edges[0], i)
	}
}

// settings are those build settings that tell what was built. The others can
// hold what is only the builder's business: folders, flags, credentials.
var settings = []string{"GOOS", "GOARCH", "CGO_ENABLED", "vcs", "vcs.revision", "vcs.time", "vcs.modified"}

func (b *goBinary) main(info *debug.BuildInfo) {
	name, version := info.Main.Path, info.Main.Version
	if name == "" || module.CheckImportPath(name) != nil {
		// Built from files, or outside of a module.
		name, version = b.at.Path, ""
	}
	if version == "(devel)" || module.Check(name, version) != nil {
		version = "" // it says that nobody knows
	}
	c := bom.Component{Type: bom.Application, PURL: bom.GoPURL(name, version), Name: name, Version: version}
	if h, ok := sumOf(info.Main.Sum); ok {
		c.Hashes = []bom.Hash{h}
	}
	for _, s := range info.Settings {
		if slices.Contains(settings, s.Key) && s.Value != "" {
			c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":go:" + s.Key, Value: printable(s.Value)})
		}
	}
	if info.Path != "" && info.Path != info.Main.Path && module.CheckImportPath(info.Path) == nil {
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":go:package", Value: info.Path})
	}
	b.add(c)
}

// stdlib adds the standard library, in the version that is in the executable.
func (b *goBinary) stdlib(version string) {
	version, experiments, _ := strings.Cut(version, " ")
	number, released := strings.CutPrefix(version, "go")
	if !released || number == "" || len(number) > bom.MaxVersion {
		b.because("the version of Go that it was built with is no release: %.80s", version)
		return
	}
	number = printable(number)
	c := bom.Component{Type: bom.Library, PURL: bom.GoPURL("stdlib", number), Name: "stdlib", Version: number, Scope: bom.Required}
	if experiments != "" {
		c.Properties = []bom.Property{{Name: product.Name + ":go:experiments", Value: printable(experiments)}}
	}
	b.add(c)
}

// module adds a module as it was built: one that is replaced is what replaced
// it.
func (b *goBinary) module(m *debug.Module) {
	if module.Check(m.Path, m.Version) != nil {
		b.because("a module of an odd name or version: %.80q %.80q", m.Path, m.Version)
		b.out.Lost = true
		return
	}
	c := bom.Component{Type: bom.Library, PURL: bom.GoPURL(m.Path, m.Version), Name: m.Path, Version: m.Version, Scope: bom.Required}
	with := m.Replace
	switch {
	case with == nil:
		with = m
	case with.Version != "" && with.Version != "(devel)" && module.Check(with.Path, with.Version) != nil:
		b.because("a replacement of an odd name or version: %.80q %.80q", with.Path, with.Version)
		b.out.Lost = true
		return
	case with.Version == "" || with.Version == "(devel)":
		// A folder of the machine that built it.
		c.Origin = "dir:elsewhere"
		c.Properties = []bom.Property{{Name: product.Name + ":go:replaced-by", Value: "a folder"}}
	default:
		c.PURL, c.Name, c.Version = bom.GoPURL(with.Path, with.Version), with.Path, with.Version
		c.Properties = []bom.Property{{Name: product.Name + ":go:replaces", Value: m.Path + "@" + m.Version}}
	}
	if h, ok := sumOf(with.Sum); ok && c.Origin == "" {
		c.Hashes = []bom.Hash{h}
	}
	b.add(c)
}

// sumOf reads a hash as go.sum has it: of a list of files, and of no file.
func sumOf(sum string) (bom.Hash, bool) {
	value, ok := strings.CutPrefix(sum, "h1:")
	if !ok || len(value) != 44 || strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != "" {
		return bom.Hash{}, false
	}
	return bom.Hash{Alg: "h1", Value: value}, true
}
