// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ledger_test

import (
	"syscall"
	"testing"
)

// addPipe makes a pipe that nobody writes to, and says how many it made.
func addPipe(t *testing.T, name string) int {
	t.Helper()
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Fatal(err)
	}
	return 1
}
