// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ci

import "syscall"

// noFollow keeps open from following a link and from waiting for the other
// end of a pipe, should one be put in a file's place after it was looked at.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
