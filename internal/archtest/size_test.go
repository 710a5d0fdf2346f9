// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// sizes is how many bytes a stripped binary for linux/amd64 may have. The
// budget of gateledger itself is 14 MB, which it misses: what stands here keeps
// it from growing unseen.
var sizes = map[string]int64{
	"gateledger":        16_000_000,
	"gateledger-gate":   14_000_000,
	"gateledger-record": 14_000_000,
	"gateledger-remote": 45_000_000,
	"gateledger-sbom":   10_000_000,
	"gateledger-verify": 14_000_000,
}

func TestBinariesStaySmall(t *testing.T) {
	dir := t.TempDir()
	for name, most := range sizes {
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(dir, name), "./cmd/"+name)
		build.Dir = root(t)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH, "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if n := info.Size(); n > most {
			t.Errorf("%s has %d bytes; %d are allowed", name, n, most)
		}
	}
}
