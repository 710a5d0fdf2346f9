// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"testing"
	"testing/fstest"
)

func FuzzOldNpmLock(f *testing.F) {
	seeds(f, "npm-shrinkwrap.json", func(data []byte) { f.Add(data) })
	seeds(f, "package-lock.json", func(data []byte) { f.Add(data) })
	f.Add([]byte(`{"lockfileVersion": 1, "dependencies": {"a": {"version": "file:packages/a", "dependencies": {"b": {"version": "1"}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzed(t, fstest.MapFS{
			"package-lock.json":       {Data: data},
			"package.json":            {Data: []byte(`{"name": "app", "workspaces": ["packages/*"], "dependencies": {"a": "1"}}`)},
			"packages/a/package.json": {Data: []byte(`{"name": "a", "dependencies": {"b": "1"}}`)},
		}, nil)
	})
}

func FuzzPnpmLock(f *testing.F) {
	seeds(f, "pnpm-lock.yaml", func(data []byte) { f.Add(data) })
	f.Add([]byte(goodLocks()["pnpm-lock.yaml"].text))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzed(t, fstest.MapFS{"pnpm-lock.yaml": {Data: data}}, nil)
	})
}

func FuzzYarnLock(f *testing.F) {
	manifest := []byte(`{"name": "app", "workspaces": ["a"], "dependencies": {"a": "^1.0.0"}, "resolutions": {"a/b": "1"}}`)
	seeds(f, "yarn.lock", func(data []byte) { f.Add(data, manifest) })
	f.Add([]byte(goodLocks()["yarn.lock"].text), manifest)
	f.Fuzz(func(t *testing.T, data, manifest []byte) {
		fuzzed(t, fstest.MapFS{"yarn.lock": {Data: data}, "package.json": {Data: manifest}, "a/package.json": {Data: manifest}}, nil)
	})
}

func FuzzBunLock(f *testing.F) {
	seeds(f, "bun.lock", func(data []byte) { f.Add(data) })
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzed(t, fstest.MapFS{"bun.lock": {Data: data}}, nil)
	})
}

func FuzzDenoLock(f *testing.F) {
	seeds(f, "deno.lock", func(data []byte) { f.Add(data, []byte(`{"name": "@a/b", "version": "1.0.0", }`)) })
	f.Fuzz(func(t *testing.T, data, config []byte) {
		fuzzed(t, fstest.MapFS{"deno.lock": {Data: data}, "deno.json": {Data: config}, "member/deno.jsonc": {Data: config}}, nil)
	})
}

func FuzzCargoLock(f *testing.F) {
	seeds(f, "Cargo.lock", func(data []byte) { f.Add(data, []byte(goodCrate)) })
	seeds(f, "Cargo.toml", func(data []byte) { f.Add([]byte(goodLocks()["Cargo.lock"].text), data) })
	f.Fuzz(func(t *testing.T, data, manifest []byte) {
		fuzzed(t, fstest.MapFS{
			"Cargo.lock": {Data: data}, "Cargo.toml": {Data: manifest}, "a/Cargo.toml": {Data: manifest}, "vendor/a/Cargo.toml": {Data: manifest},
		}, nil)
	})
}
