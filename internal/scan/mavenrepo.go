// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"crypto/sha1" // what Maven keeps beside every file
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// A mavenRepository is Maven's local repository, where it keeps the poms and
// jars of everything that was ever built with. The zero one is empty.
type mavenRepository struct {
	fsys fs.FS
	poms map[string]repositoryPom // by GROUP:ARTIFACT:VERSION
}

type repositoryPom struct {
	pom *mavenPom
	why string // it is missing
}

// Why a pom is missing, as the end of "… that are".
const (
	notAnywhere = "neither in the tree nor in the local repository"
	noRepo      = "not in the tree, and there is no local repository"
	damaged     = "in the local repository and cannot be read"
	changed     = "in the local repository and do not match their .sha1"
)

// coordinate matches what can be a part of a repository's path.
var coordinate = pattern.New(`^[A-Za-z0-9_.+~-]+$`)

// file returns the path of a file of an artifact.
func (r *mavenRepository) file(group, artifact, version, suffix string) (string, bool) {
	for _, part := range []string{group, artifact, version} {
		if !coordinate.MatchString(part) {
			return "", false
		}
	}
	p := path.Join(strings.ReplaceAll(group, ".", "/"), artifact, version, artifact+"-"+version+suffix)
	return p, validPath(p) && strings.Count(p, "/") == strings.Count(group, ".")+3
}

// pom returns a pom, each read once.
func (r *mavenRepository) pom(group, artifact, version string, limit int64) (*mavenPom, string) {
	if r.fsys == nil {
		return nil, noRepo
	}
	key := group + ":" + artifact + ":" + version
	if found, ok := r.poms[key]; ok {
		return found.pom, found.why
	}
	found := repositoryPom{why: notAnywhere}
	if p, ok := r.file(group, artifact, version, ".pom"); ok {
		found = r.read(p, limit)
	}
	r.poms[key] = found
	return found.pom, found.why
}

// read reads a pom and compares it with the digest that Maven got with it, if
// that is there: a repository is writable by everything that ever ran as this
// user.
func (r *mavenRepository) read(p string, limit int64) repositoryPom {
	data, err := readFile(r.fsys, p, min(maxPom, limit))
	if errors.Is(err, fs.ErrNotExist) {
		return repositoryPom{why: notAnywhere}
	} else if err != nil {
		return repositoryPom{why: damaged}
	}
	if want, ok := r.sha1(p); ok {
		if got := sha1.Sum(data); hex.EncodeToString(got[:]) != want {
			return repositoryPom{why: changed}
		}
	}
	doc, err := parseXML(data, "project", isOfPom)
	if err != nil {
		return repositoryPom{why: damaged}
	}
	pom, err := parsePom(&doc, p)
	if err != nil {
		return repositoryPom{why: damaged}
	}
	return repositoryPom{pom: pom}
}

// sha1 returns the digest that lies beside a file: 40 hex digits, behind which
// some repositories write the file's name.
func (r *mavenRepository) sha1(p string) (string, bool) {
	data, err := readFile(r.fsys, p+".sha1", 4096)
	if err != nil {
		return "", false
	}
	fields := strings.Fields(string(data))
	if len(fields) == 0 {
		return "", false
	}
	return hexDigest(fields[0], sha1.Size)
}

// mavenFiles are the types of dependency whose file is of another kind than
// its name says.
var mavenFiles = map[string]struct{ ext, classifier string }{
	"test-jar": {"jar", "tests"}, "maven-plugin": {"jar", ""}, "ejb": {"jar", ""}, "ejb-client": {"jar", "client"},
	"bundle": {"jar", ""}, "eclipse-plugin": {"jar", ""}, "java-source": {"jar", "sources"}, "javadoc": {"jar", "javadoc"},
	"maven-archetype": {"jar", ""}, "modular-jar": {"jar", ""}, "classpath-jar": {"jar", ""}, "processor": {"jar", ""},
}

// fileKind returns the extension and classifier of the file of a dependency.
func fileKind(kind, classifier string) (ext, qualifier string) {
	f, ok := mavenFiles[kind]
	if !ok {
		return kind, classifier
	}
	if classifier == "" {
		classifier = f.classifier
	}
	return f.ext, classifier
}

// describe adds to a component what the local repository knows of it: the
// digest of its file, as the repository it came from stated it.
func (r *mavenRepository) describe(c *bom.Component, ext, classifier string) {
	if r.fsys == nil {
		return
	}
	suffix := "." + ext
	if classifier != "" {
		suffix = "-" + classifier + suffix
	}
	p, ok := r.file(c.Group, c.Name, c.Version, suffix)
	if !ok || !coordinate.MatchString(suffix) {
		return
	}
	if sum, ok := r.sha1(p); ok {
		c.Hashes = []bom.Hash{{Alg: "SHA-1", Value: sum}}
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":hash:source", Value: "maven repository: " + p + ".sha1"})
	}
}
