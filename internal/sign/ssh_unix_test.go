// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sign

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe would keep the program waiting for ever.
func TestPipeIsNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := FindSSH(t.Context(), SSHOptions{Key: path})
	wantError(t, err, "not a regular file")
}
