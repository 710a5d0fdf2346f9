// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// remoteProgram is gateledger-remote, built once for all stories.
var remoteProgram = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "gateledger-remote")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "gateledger-remote")
	if out, err := exec.Command("go", "build", "-o", file, "../../cmd/gateledger-remote").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(file)
})

// remote puts gateledger and the real gateledger-remote into a folder of the
// story, beside each other as people install them.
func remote(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: remote")
	}
	dir := ts.MkAbs("installed")
	ts.Check(os.Mkdir(dir, 0o755))
	own, err := exec.LookPath("gateledger")
	ts.Check(err)
	program, err := os.ReadFile(own)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "gateledger"), program, 0o755))
	program, err = remoteProgram()
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "gateledger-remote"), program, 0o755))
	ts.Setenv("PATH", dir+string(filepath.ListSeparator)+ts.Getenv("PATH"))
}
