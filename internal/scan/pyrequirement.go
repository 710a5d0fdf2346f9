// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A pyRequirement is what a package or project asks for, in the form of
// https://packaging.python.org/specifications/dependency-specifiers.
type pyRequirement struct {
	name   string
	extras []string
	spec   string // ">=1.0,<2"
	url    string // in place of a specifier
	marker string
	kind   edgeKind
	group  string // the group or extra of the project that asks
}

// pyName matches the name of a package, its extras and what follows.
var pyName = pattern.New(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)$`)

// parsePyRequirement reads one requirement, and reports whether it is one.
func parsePyRequirement(text string) (pyRequirement, bool) {
	m := pyName.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return pyRequirement{}, false
	}
	r := pyRequirement{name: m[1], extras: pyExtras(m[2])}
	rest := m[3]
	if where, ok := strings.CutPrefix(rest, "@"); ok {
		// A URL ends before white space and a semicolon: one without the
		// other may be part of it.
		where, r.marker, _ = strings.Cut(strings.TrimSpace(where), " ;")
		r.url = strings.TrimSpace(where)
		r.marker = strings.TrimSpace(r.marker)
		return r, r.url != "" && !strings.ContainsAny(r.url, " \t")
	}
	rest, r.marker, _ = strings.Cut(rest, ";")
	r.marker = strings.TrimSpace(r.marker)
	rest = strings.TrimSpace(rest)
	if inner, ok := strings.CutPrefix(rest, "("); ok {
		if rest, ok = strings.CutSuffix(inner, ")"); !ok {
			return pyRequirement{}, false
		}
	}
	r.spec = strings.ReplaceAll(strings.TrimSpace(rest), " ", "")
	return r, r.spec == "" || pySpec.MatchString(r.spec)
}

// pySpec matches a list of comparisons with versions.
var pySpec = pattern.New(`^(?:(?:===|==|~=|!=|<=|>=|<|>)[A-Za-z0-9*.+!_-]+(?:,|$))+$`)

func pyExtras(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, bom.NormalPyPI(name))
		}
	}
	return out
}

// pinned returns the one version that a requirement allows.
func (r *pyRequirement) pinned() (string, bool) {
	for clause := range strings.SplitSeq(r.spec, ",") {
		version, ok := strings.CutPrefix(clause, "===")
		if !ok {
			version, ok = strings.CutPrefix(clause, "==")
		}
		if ok && version != "" && !strings.Contains(version, "*") {
			return version, true
		}
	}
	return "", false
}

// parsePyURL reads what may stand in place of a version: a URL, one of a
// version control system (git+https://HOST/PATH@COMMIT), or a path.
func parsePyURL(text string) pySource {
	where, _, _ := strings.Cut(text, "#")
	scheme, _, isURL := strings.Cut(where, "://")
	switch {
	case strings.HasPrefix(where, "git@") || scheme == "git" || strings.HasPrefix(scheme, "git+"):
		repository, commit := cutRevision(where)
		return pySource{kind: fromGit, url: strings.TrimPrefix(repository, "git+"), commit: commit}
	case scheme == "file" || !isURL:
		if isArchive(where) {
			return pySource{kind: fromFile, url: where}
		}
		return pySource{kind: fromFolder, url: where}
	default:
		return pySource{kind: fromURL, url: text}
	}
}

// cutRevision cuts @REVISION off the path of a repository.
func cutRevision(where string) (repository, revision string) {
	slash := strings.LastIndexByte(where, '/')
	if at := strings.LastIndexByte(where, '@'); at > slash && slash >= 0 {
		return where[:at], where[at+1:]
	}
	return where, ""
}

func isArchive(name string) bool {
	for _, suffix := range []string{".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// archiveName reads name and version off the name of a wheel or source archive.
func archiveName(file string) (name, version string) {
	file = file[strings.LastIndexByte(file, '/')+1:]
	if stem, ok := strings.CutSuffix(file, ".whl"); ok {
		if parts := strings.Split(stem, "-"); len(parts) >= 5 {
			return parts[0], parts[1]
		}
		return "", ""
	}
	for _, suffix := range []string{".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"} {
		stem, ok := strings.CutSuffix(file, suffix)
		if i := strings.LastIndexByte(stem, '-'); ok && i > 0 {
			return stem[:i], stem[i+1:]
		}
	}
	return "", ""
}
