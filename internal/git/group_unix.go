// SPDX-License-Identifier: Apache-2.0

//go:build unix

package git

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// apart gives a child a session of its own: no program that it starts can ask
// at the terminal, and end takes all of them along.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// end asks a child to end, and if it is apart, all that it started. What git
// starts to reach a remote would else go on when git is gone, and push.
func end(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil || !cmd.SysProcAttr.Setsid {
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
