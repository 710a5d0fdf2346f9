// SPDX-License-Identifier: Apache-2.0

package child

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/gateledger/gateledger/internal/product"
)

// Name is the program's name, without the suffix that some systems give it.
const Name = product.Name + "-remote"

// Hint says what to do where the program is not there.
const Hint = "install " + Name + " beside " + product.Name + ": it is the part that speaks with services, and a download of its own"

// Find returns the path of gateledger-remote: beside our own executable, else
// in PATH where that is allowed. A verb that judges doesn't allow PATH, which
// the job it judges may have changed. It fails with ErrNoRemote.
func Find(executable func() (string, error), lookPath bool) (string, error) {
	own, err := executable()
	if err == nil {
		own, err = filepath.EvalSymlinks(own)
	}
	if err == nil {
		beside := filepath.Join(filepath.Dir(own), Name+suffix())
		if runnable(beside) {
			return beside, nil
		}
	}
	if !lookPath {
		return "", fmt.Errorf("%w: not beside this program", ErrNoRemote)
	}
	// LookPath refuses what is only found in the current folder.
	path, err := exec.LookPath(Name)
	if err != nil {
		return "", fmt.Errorf("%w: neither beside this program nor in PATH", ErrNoRemote)
	}
	return path, nil
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// runnable says whether path is a file that may be run.
func runnable(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	return runtime.GOOS == "windows" || info.Mode().Perm()&0o111 != 0
}
