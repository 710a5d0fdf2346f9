// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/subject"
)

// The digest that the reusable workflow takes of a folder is the one that the
// program takes, and both jobs take it the same way.
func TestFolderDigestOfTheReusableWorkflow(t *testing.T) {
	var lines []string
	for line := range strings.Lines(read(t, ".github/workflows/release-gate.yml")) {
		if strings.Contains(line, "alg=dirHash1") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if len(lines) != 2 || lines[0] != lines[1] {
		t.Fatalf("%q", lines)
	}
	dir := t.TempDir()
	for _, name := range []string{"app", "a b/c  d", "a-b", "a/b", "a.b", ".hidden", "é/*", "x  ./y", "q'u\"o"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("of "+name+"\r\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := subject.Folder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", lines[0]+"\n"+`echo "$alg:${hex%% *}"`)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "dirHash1:"+want {
		t.Errorf("the workflow takes %s, the program dirHash1:%s: %v", got, want, err)
	}
}
