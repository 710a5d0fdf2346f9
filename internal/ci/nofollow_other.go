// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package ci

// noFollow is nothing where the system has no such thing.
const noFollow = 0
