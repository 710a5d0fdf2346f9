// SPDX-License-Identifier: Apache-2.0

// Command binary is read by the tests, and never run.
package main

import "golang.org/x/mod/semver"

func main() { println(semver.Canonical("v1")) }
