// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ci

import "syscall"

func makePipe(name string) error { return syscall.Mkfifo(name, 0o644) }
