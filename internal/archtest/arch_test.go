// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gateledger/gateledger/"

// layer is how far from the facts a package stands. A package imports only
// from lower layers, or from its own where the layer allows it.
var layers = []struct {
	name     string
	packages []string
	inside   bool // packages of this layer may import each other
}{
	{"ground: no idea of the domain", []string{"product", "arrange", "canon", "durable", "pattern", "clean", "typo", "hosting"}, true},
	{"pure: they decide, and touch nothing", []string{"proof", "event", "keyless", "vote", "policy", "custody", "admit", "audit", "bom", "jobfile", "report", "freeze", "posture", "anchored", "codeowners", "condition"}, true},
	{"door: arguments, streams, exit codes", []string{"cli"}, false},
	{"adapters: each touches one thing of the world", []string{"ledger", "sign", "keyring", "git", "ci", "child", "subject", "testreport", "scanreport", "feed", "forge", "announce", "scan", "demo", "anchor"}, false},
	{"verbs: the only place where adapters meet", []string{"command", "remote"}, false},
}

// exceptions are imports inside the adapters' layer, each with its reason.
var exceptions = map[string]string{
	"ci>git":       "a local checkout is one of the places we run in, and git is who knows about it",
	"subject>git":  "git:REV is one of the ways to name a subject",
	"ledger>git":   "a git: ledger is a branch elsewhere, and git is who gets there",
	"keyring>sign": "the ring keeps key files, and sign is who reads one",

	"forge>anchor": "votes on a chain are read through the node's client, which package anchor has",

	"announce>forge": "what is told is read first, by the rules by which forges are asked",
}

// impure are what a package that decides may not import: the clock is held by
// TestPurePackagesHaveNoClock.
var impure = []string{"net", "net/http", "os", "os/exec", "os/signal", "os/user", "io/ioutil", "syscall", "path/filepath", "log", "log/slog", "crypto/rand", "math/rand", "math/rand/v2"}

// A listed is one package as `go list` tells it.
type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Imports,Deps,GoFiles"}, args...)...)
	cmd.Dir = root(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", args, err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// layerOf returns the layer of an internal package, or -1.
func layerOf(path string) (layer int, name string) {
	rest, ok := strings.CutPrefix(path, module+"internal/")
	if !ok {
		return -1, ""
	}
	name, _, _ = strings.Cut(rest, "/")
	for i, l := range layers {
		if slices.Contains(l.packages, name) {
			return i, name
		}
	}
	return -1, name
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range list(t, "./internal/...") {
		from, name := layerOf(p.ImportPath)
		if name == "archtest" {
			continue
		}
		if from < 0 {
			t.Errorf("%s stands in no layer of archtest", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			to, other := layerOf(imported)
			if other == "" || other == name {
				continue
			}
			if to < from || to == from && layers[from].inside || exceptions[name+">"+other] != "" {
				continue
			}
			t.Errorf("%s imports %s: %q may not import %q", name, other, layers[from].name, layers[to].name)
		}
	}
}

func TestNoExceptionIsStale(t *testing.T) {
	used := map[string]bool{}
	for _, p := range list(t, "./internal/...") {
		_, name := layerOf(p.ImportPath)
		for _, imported := range p.Imports {
			_, other := layerOf(imported)
			used[name+">"+other] = true
		}
	}
	for e := range exceptions {
		if !used[e] {
			t.Errorf("nothing needs the exception %s any more", e)
		}
	}
}

func TestPurePackagesTouchNothing(t *testing.T) {
	for _, p := range list(t, "./internal/...") {
		layer, name := layerOf(p.ImportPath)
		if layer != 1 && name != "canon" && name != "product" && name != "clean" && name != "typo" {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains(impure, imported) {
				t.Errorf("%s is pure and imports %s", name, imported)
			}
		}
	}
}

func TestPurePackagesHaveNoClock(t *testing.T) {
	for _, p := range list(t, "./internal/...") {
		if layer, _ := layerOf(p.ImportPath); layer != 1 {
			continue
		}
		for _, file := range p.GoFiles {
			data, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range []string{"time.Now(", "time.Since(", "time.Until(", "time.Sleep(", "time.After("} {
				if strings.Contains(string(data), call) {
					t.Errorf("%s/%s calls %s: time comes in as an argument", filepath.Base(p.Dir), file, call)
				}
			}
		}
	}
}

// links says what a binary must not link: the fewer things a job runs, the
// fewer it has to trust.
var links = map[string][]string{
	"gateledger":        {"net/http", "google.golang.org/", "github.com/sigstore/", "github.com/ethereum/", "github.com/google/cel-go/", "cel.dev/"},
	"gateledger-sbom":   {"net/http", "google.golang.org/", "github.com/sigstore/", "github.com/ethereum/", "github.com/google/cel-go/", "cel.dev/"},
	"gateledger-record": {"net/http", "google.golang.org/", "github.com/sigstore/", "github.com/ethereum/", "github.com/google/cel-go/", "cel.dev/"},
	"gateledger-gate":   {"net/http", "google.golang.org/", "github.com/sigstore/", "github.com/ethereum/", "github.com/google/cel-go/", "cel.dev/"},
	"gateledger-verify": {"net/http", "google.golang.org/", "github.com/sigstore/", "github.com/ethereum/", "github.com/google/cel-go/", "cel.dev/"},
	"gateledger-remote": {"github.com/docker/docker/"}, // the one that speaks with services
}

// testOnly is what no binary links: what tests hold forges' fakes to.
var testOnly = []string{"github.com/getkin/kin-openapi/", "github.com/vektah/gqlparser/", "github.com/rogpeppe/go-internal/testscript", module + "internal/forge/forgetest", module + "internal/forge/faulty"}

func TestBinariesLinkNoMoreThanTheyNeed(t *testing.T) {
	for _, p := range list(t, "./cmd/...") {
		binary := filepath.Base(p.ImportPath)
		forbidden, ok := links[binary]
		if !ok {
			t.Errorf("archtest does not say what %s may link", binary)
		}
		for _, dep := range p.Deps {
			for _, f := range slices.Concat(forbidden, testOnly) {
				if dep == f || strings.HasSuffix(f, "/") && strings.HasPrefix(dep, f) {
					t.Errorf("%s links %s", binary, dep)
				}
			}
		}
	}
}

func TestMainsOnlyStartThings(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(root(t), "cmd", "*", "main.go"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no mains found: %v", err)
	}
	for _, file := range mains {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), "\n"); n > 20 {
			t.Errorf("%s has %d lines; a main only starts things", file, n)
		}
	}
}
