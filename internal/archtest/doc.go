// SPDX-License-Identifier: Apache-2.0

// Package archtest holds the architecture by tests; it has no code of its own.
package archtest
