// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"strings"

	"golang.org/x/mod/module"
)

// goSums are the hashes of go.sum files, by module, and by module with the
// suffix "/go.mod" on its version.
type goSums map[module.Version]string

// add reads one go.sum file. A module that stands there with two hashes is an
// error: one of them is not what the author of the file saw.
func (s goSums) add(data []byte) error {
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return fmt.Errorf("line %d: %d fields instead of 3", n, len(fields))
		}
		if !strings.HasPrefix(fields[2], "h1:") {
			continue // the go command, too, passes over kinds it does not know
		}
		m := module.Version{Path: fields[0], Version: fields[1]}
		if old, ok := s[m]; ok && old != fields[2] {
			return fmt.Errorf("line %d: a second hash for %s %s", n, m.Path, m.Version)
		}
		s[m] = fields[2]
	}
	return nil
}

// zip returns the hash of a module's files.
func (s goSums) zip(m module.Version) (string, bool) {
	h, ok := s[m]
	return h, ok
}

// mod returns the hash of a module's go.mod file.
func (s goSums) mod(m module.Version) (string, bool) {
	h, ok := s[module.Version{Path: m.Path, Version: m.Version + "/go.mod"}]
	return h, ok
}
