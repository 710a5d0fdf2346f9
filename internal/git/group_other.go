// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package git

import "os/exec"

// apart does nothing where a process has no session.
//
// BUG(git): there, programs that git started may go on for a while when a call
// is canceled.
func apart(*exec.Cmd) {}

// end ends a child.
func end(cmd *exec.Cmd) error { return cmd.Process.Kill() }
