// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gateledger/gateledger/internal/bom"
)

func TestWhereTheModuleCacheIs(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"cache", "gopath/pkg/mod", "home/go/pkg/mod"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	facts := map[string]struct {
		env  map[string]string
		want string
	}{
		"GOMODCACHE goes first":      {map[string]string{"GOMODCACHE": at("cache"), "GOPATH": at("gopath"), "HOME": at("home")}, at("cache")},
		"then GOPATH":                {map[string]string{"GOPATH": at("gopath"), "HOME": at("home")}, at("gopath/pkg/mod")},
		"of several the first":       {map[string]string{"GOPATH": at("gopath") + string(filepath.ListSeparator) + at("cache")}, at("gopath/pkg/mod")},
		"then the home folder":       {map[string]string{"HOME": at("home")}, at("home/go/pkg/mod")},
		"nowhere":                    {nil, ""},
		"a folder that is not there": {map[string]string{"GOMODCACHE": at("gone")}, ""},
		"a relative folder":          {map[string]string{"GOMODCACHE": "cache"}, ""},
	}
	t.Chdir(dir)
	for fact, f := range facts {
		root := moduleCache(func(name string) string { return f.env[name] })
		got := ""
		if root != nil {
			got = root.Name()
			root.Close()
		}
		if got != f.want {
			t.Errorf("%s: %q, want %q", fact, got, f.want)
		}
	}
}

func TestBuildTime(t *testing.T) {
	for epoch, want := range map[string]string{
		"": "0001-01-01T00:00:00Z", "0": "1970-01-01T00:00:00Z", "1700000000": "2023-11-14T22:13:20Z", "253402300799": "9999-12-31T23:59:59Z",
	} {
		got, err := buildTime(epoch)
		if err != nil || got.Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("%q: %v %v, want %s", epoch, got, err, want)
		}
	}
	for _, epoch := range []string{"-1", "1.5", "now", "253402300800", " 1"} {
		if _, err := buildTime(epoch); err == nil {
			t.Errorf("%q is taken for a time", epoch)
		}
	}
}

func TestTheToolHasAVersionOrNone(t *testing.T) {
	if got := sbomTool("(devel)"); got != (bom.Tool{Name: "gateledger"}) {
		t.Errorf("%+v", got)
	}
	if got := sbomTool("v1.2.3"); got.Version != "v1.2.3" {
		t.Errorf("%+v", got)
	}
}

func TestAFolderAsSubjectHasNoFileDigest(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := sbomSubject(context.Background(), dir, dir)
	if err != nil || len(c.Hashes) != 1 || c.Hashes[0].Alg != "dirHash1" {
		t.Errorf("%+v %v", c, err)
	}
}
