// SPDX-License-Identifier: Apache-2.0

package anchored

// A Need is what has to be proven of a checkpoint. The zero Need asks for
// nothing.
type Need struct {
	Unique, Dated bool
	Witnesses     int    // how many different operators, where witnesses are among Specs
	Specs         []Spec // whose receipts count
	Every         bool   // each of Specs must have taken it, and of witnesses as many as are needed; else any that prove enough
}
