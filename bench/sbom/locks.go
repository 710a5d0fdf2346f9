// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A lockFormat generates one kind of lockfile, in which every package depends
// on the next two and has the fields that matter.
type lockFormat struct {
	name, file string
	beside     []manifest
	write      func(w io.Writer, packages int)
}

// A manifest is a file beside a lockfile, as package.json or Cargo.toml.
type manifest struct{ file, text string }

func lockFormats() []lockFormat {
	js := []manifest{{"package.json", `{"name": "big", "version": "1.0.0", "dependencies": {"p0": "^1.0.0"}}` + "\n"}}
	py := []manifest{{"pyproject.toml", "[project]\nname = \"big\"\nversion = \"1.0.0\"\ndependencies = [\"p0>=1.0.0\"]\n"}}
	return []lockFormat{
		{"npm", "package-lock.json", js, writeNpm},
		{"pnpm", "pnpm-lock.yaml", js, writePnpm},
		{"yarn-classic", "yarn.lock", js, writeYarn},
		{"yarn-berry", "yarn.lock", js, writeBerry},
		{"bun", "bun.lock", js, writeBun},
		{"deno", "deno.lock", nil, writeDeno},
		{"cargo", "Cargo.lock", []manifest{{"Cargo.toml", "[package]\nname = \"big\"\nversion = \"1.0.0\"\n\n[dependencies]\np0 = \"1\"\n"}}, writeCargo},
		{"poetry", "poetry.lock", py, writePoetry},
		{"uv", "uv.lock", py, writeUv},
		{"pdm", "pdm.lock", py, writePDM},
		{"pylock", "pylock.toml", py, writePylock},
		{"pipenv", "Pipfile.lock", []manifest{{"Pipfile", "[packages]\np0 = \"*\"\n"}}, writePipfile},
		{"pip", "requirements.txt", nil, writeRequirements},
		{"gem", "Gemfile.lock", nil, writeGems},
		{"composer", "composer.lock", []manifest{{"composer.json", `{"name": "acme/big", "version": "1.0.0", "require": {"acme/p0": "^1.0"}}` + "\n"}}, writeComposer},
		{"nuget", "packages.lock.json", []manifest{{"big.csproj", `<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><PackageReference Include="P0" Version="1.0.0" /></ItemGroup></Project>` + "\n"}}, writeNuget},
		{"gradle", "gradle.lockfile", nil, writeGradle},
		{"gradle-hashes", "gradle/verification-metadata.xml", nil, writeVerification},
	}
}

// generate writes a lockfile and what belongs beside it to a folder. It writes
// as it goes: the peak memory of a process counts for the children it starts.
func (f lockFormat) generate(dir string, packages int) error {
	for _, m := range f.beside {
		if err := os.WriteFile(filepath.Join(dir, m.file), []byte(m.text), 0o644); err != nil {
			return err
		}
	}
	if f.name == "gradle-hashes" { // a build has its lockfile too
		if err := writeFile(filepath.Join(dir, "gradle.lockfile"), packages, writeGradle); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(dir, f.file), packages, f.write)
}

func writeFile(name string, packages int, write func(w io.Writer, packages int)) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(file)
	write(b, packages)
	return errors.Join(b.Flush(), file.Close())
}

// next are the packages that the i-th of n depends on.
func next(i, n int) []int {
	var out []int
	for j := i + 1; j <= i+2 && j < n; j++ {
		out = append(out, j)
	}
	return out
}

func version(i int) string { return fmt.Sprintf("1.0.%d", i%100) }

// digest is the i-th of as many different digests as are needed. It has no
// runs that would be kinder to memory than a real one.
func digest(i, size int) []byte {
	sum := make([]byte, size)
	x := uint64(i)*0x9e3779b97f4a7c15 + 1
	for j := range sum {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		sum[j] = byte(x)
	}
	return sum
}

func integrity(i int) string {
	return "sha512-" + base64.StdEncoding.EncodeToString(digest(i, 64))
}

func writeNpm(w io.Writer, n int) {
	io.WriteString(w, "{\n  \"name\": \"big\",\n  \"version\": \"1.0.0\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n"+
		"    \"\": {\n      \"name\": \"big\",\n      \"version\": \"1.0.0\",\n      \"dependencies\": {\"p0\": \"^1.0.0\"}\n    }")
	for i := range n {
		fmt.Fprintf(w, ",\n    \"node_modules/p%d\": {\n      \"version\": %q,\n"+
			"      \"resolved\": \"https://registry.example.org/p%d/-/p%d-%s.tgz\",\n"+
			"      \"integrity\": %q,\n      \"license\": \"MIT\",\n      \"dependencies\": {", i, version(i), i, i, version(i), integrity(i))
		for k, j := range next(i, n) {
			fmt.Fprintf(w, "%s\n        \"p%d\": \"^1.0.0\"", separator(k), j)
		}
		io.WriteString(w, "\n      }\n    }")
	}
	io.WriteString(w, "\n  }\n}\n")
}

func separator(k int) string {
	if k == 0 {
		return ""
	}
	return ","
}

func writePnpm(w io.Writer, n int) {
	io.WriteString(w, "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n"+
		"importers:\n\n  .:\n    dependencies:\n      p0:\n        specifier: ^1.0.0\n        version: "+version(0)+"\n\npackages:\n")
	for i := range n {
		fmt.Fprintf(w, "\n  p%d@%s:\n    resolution: {integrity: %s}\n    engines: {node: '>=18'}\n", i, version(i), integrity(i))
	}
	io.WriteString(w, "\nsnapshots:\n")
	for i := range n {
		list := next(i, n)
		if len(list) == 0 {
			fmt.Fprintf(w, "\n  p%d@%s: {}\n", i, version(i))
			continue
		}
		fmt.Fprintf(w, "\n  p%d@%s:\n    dependencies:\n", i, version(i))
		for _, j := range list {
			fmt.Fprintf(w, "      p%d: %s\n", j, version(j))
		}
	}
}

func writeYarn(w io.Writer, n int) {
	io.WriteString(w, "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n")
	for i := range n {
		fmt.Fprintf(w, "\np%d@^1.0.0:\n  version %q\n  resolved \"https://registry.example.org/p%d/-/p%d-%s.tgz#%x\"\n  integrity %s\n",
			i, version(i), i, i, version(i), digest(i, 20), integrity(i))
		for k, j := range next(i, n) {
			if k == 0 {
				io.WriteString(w, "  dependencies:\n")
			}
			fmt.Fprintf(w, "    p%d \"^1.0.0\"\n", j)
		}
	}
}

func writeBerry(w io.Writer, n int) {
	io.WriteString(w, "# This file is generated by running \"yarn install\" inside your project.\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n"+
		"\n\"big@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"big@workspace:.\"\n  dependencies:\n    p0: \"npm:^1.0.0\"\n  languageName: unknown\n  linkType: soft\n")
	for i := range n {
		fmt.Fprintf(w, "\n\"p%d@npm:^1.0.0\":\n  version: %s\n  resolution: \"p%d@npm:%s\"\n", i, version(i), i, version(i))
		for k, j := range next(i, n) {
			if k == 0 {
				io.WriteString(w, "  dependencies:\n")
			}
			fmt.Fprintf(w, "    p%d: \"npm:^1.0.0\"\n", j)
		}
		fmt.Fprintf(w, "  checksum: 10c0/%x\n  languageName: node\n  linkType: hard\n", digest(i, 64))
	}
}

func writeBun(w io.Writer, n int) {
	io.WriteString(w, "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\n    \"\": {\n      \"name\": \"big\",\n      \"dependencies\": {\n        \"p0\": \"^1.0.0\",\n      },\n    },\n  },\n  \"packages\": {\n")
	for i := range n {
		fmt.Fprintf(w, "    \"p%d\": [\"p%d@%s\", \"\", { \"dependencies\": {", i, i, version(i))
		for k, j := range next(i, n) {
			fmt.Fprintf(w, "%s \"p%d\": \"^1.0.0\"", separator(k), j)
		}
		fmt.Fprintf(w, " } }, %q],\n\n", integrity(i))
	}
	io.WriteString(w, "  }\n}\n")
}

func writeDeno(w io.Writer, n int) {
	io.WriteString(w, "{\n  \"version\": \"5\",\n  \"specifiers\": {\n    \"npm:p0@1\": \""+version(0)+"\"\n  },\n  \"npm\": {")
	for i := range n {
		fmt.Fprintf(w, "%s\n    \"p%d@%s\": {\n      \"integrity\": %q,\n      \"dependencies\": [", separator(i), i, version(i), integrity(i))
		for k, j := range next(i, n) {
			fmt.Fprintf(w, "%s\n        \"p%d\"", separator(k), j)
		}
		io.WriteString(w, "\n      ]\n    }")
	}
	io.WriteString(w, "\n  },\n  \"workspace\": {\n    \"dependencies\": [\n      \"npm:p0@1\"\n    ]\n  }\n}\n")
}

func writeCargo(w io.Writer, n int) {
	io.WriteString(w, "# This file is automatically @generated by Cargo.\nversion = 4\n\n[[package]]\nname = \"big\"\nversion = \"1.0.0\"\ndependencies = [\n \"p0\",\n]\n")
	for i := range n {
		fmt.Fprintf(w, "\n[[package]]\nname = \"p%d\"\nversion = %q\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"%x\"\n",
			i, version(i), digest(i, 32))
		for k, j := range next(i, n) {
			if k == 0 {
				io.WriteString(w, "dependencies = [\n")
			}
			fmt.Fprintf(w, " \"p%d\",\n", j)
		}
		if i+1 < n {
			io.WriteString(w, "]\n")
		}
	}
}
