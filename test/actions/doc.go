// SPDX-License-Identifier: Apache-2.0

// Package actions tests what a CI host runs of this repository: the actions and
// the script they start with, their READMEs, the workflows, the release scripts
// and the image. It has no code of its own.
package actions
