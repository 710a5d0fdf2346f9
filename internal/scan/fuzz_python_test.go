// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"testing"
	"testing/fstest"
)

// fuzzFile fuzzes the reader of one file, beside others that it may read.
func fuzzFile(f *testing.F, name string, beside map[string]string) {
	f.Helper()
	seeds(f, name, func(data []byte) { f.Add(data) })
	f.Add([]byte(plainLocks()[name]))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree := fstest.MapFS{name: {Data: data}, "good/go.mod": {Data: []byte(goodMod)}}
		for other, text := range beside {
			tree[other] = &fstest.MapFile{Data: []byte(text)}
		}
		fuzzed(t, tree, nil)
	})
}

const pyManifest = "[project]\nname = \"app\"\ndependencies = [\"a>=1\"]\n\n[project.optional-dependencies]\nx = [\"b\"]\n"

func FuzzPoetryLock(f *testing.F) {
	fuzzFile(f, "poetry.lock", map[string]string{"pyproject.toml": pyManifest})
}

func FuzzUvLock(f *testing.F) {
	fuzzFile(f, "uv.lock", map[string]string{"pyproject.toml": pyManifest})
}

func FuzzPDMLock(f *testing.F) {
	fuzzFile(f, "pdm.lock", map[string]string{"pyproject.toml": pyManifest})
}

func FuzzPylock(f *testing.F) {
	fuzzFile(f, "pylock.toml", map[string]string{"pyproject.toml": pyManifest})
}

func FuzzPipfileLock(f *testing.F) {
	fuzzFile(f, "Pipfile.lock", map[string]string{"Pipfile": "[packages]\na = \"*\"\n"})
}

func FuzzRequirements(f *testing.F) {
	fuzzFile(f, "requirements.txt", map[string]string{"pyproject.toml": pyManifest, "base.txt": "-r requirements.txt\nb==1\n", "constraints.txt": "a==1\n"})
}

func FuzzGemfileLock(f *testing.F) { fuzzFile(f, "Gemfile.lock", nil) }

func FuzzComposerLock(f *testing.F) {
	fuzzFile(f, "composer.lock", map[string]string{"composer.json": `{"name": "a/app", "require": {"a/a": "1"}}`})
}

func FuzzGitLab(f *testing.F) {
	fuzzFile(f, ".gitlab-ci.yml", map[string]string{"ci.yml": "include: .gitlab-ci.yml\nimage: a\n"})
}

func FuzzDockerfile(f *testing.F) { fuzzFile(f, "Dockerfile", nil) }

func FuzzWorkflow(f *testing.F) {
	for _, name := range []string{"ci.yml", "other.yaml", "action.yml", "twice.yml"} {
		seeds(f, name, func(data []byte) { f.Add(data) })
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzed(t, fstest.MapFS{".github/workflows/ci.yml": {Data: data}, "action.yml": {Data: data}, "good/go.mod": {Data: []byte(goodMod)}}, nil)
	})
}

// FuzzPyProject fuzzes the manifests that say what a project asks for.
func FuzzPyProject(f *testing.F) {
	seeds(f, "pyproject.toml", func(data []byte) { f.Add(data, []byte("[packages]\na = \"*\"\n"), []byte("License: MIT\n")) })
	f.Fuzz(func(t *testing.T, data, pipfile, metadata []byte) {
		fuzzed(t, fstest.MapFS{
			"pyproject.toml": {Data: data}, "poetry.lock": {Data: []byte(plainLocks()["poetry.lock"])}, "uv.lock": {Data: []byte(plainLocks()["uv.lock"])},
			"pdm.lock": {Data: []byte(plainLocks()["pdm.lock"])}, "Pipfile": {Data: pipfile}, "Pipfile.lock": {Data: []byte(plainLocks()["Pipfile.lock"])},
			"requirements.txt": {Data: []byte("-e .\n./x\n")}, "x/pyproject.toml": {Data: data},
			".venv/lib/python3.12/site-packages/a-1.0.dist-info/METADATA": {Data: metadata},
		}, nil)
	})
}
