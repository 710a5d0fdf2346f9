// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"

	"golang.org/x/mod/module"
)

// vendored is what a vendor/modules.txt says: which version of each module is
// in the folder, and the line that says it. Modules of which no package is
// vendored are left out.
type vendored map[string]vendoredModule

type vendoredModule struct {
	version string
	line    int
}

// parseVendored reads a modules.txt. Module lines are "# path version" with an
// optional "=> path version", "## …" lines are notes, and every other line is
// a package of the module above it.
func parseVendored(data []byte) vendored {
	v := vendored{}
	var current module.Version
	n, at := 0, 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "## "), line == "":
		case strings.HasPrefix(line, "# "):
			fields := strings.Fields(line[2:])
			current, at = module.Version{}, n
			if len(fields) >= 2 && fields[1] != "=>" {
				current = module.Version{Path: fields[0], Version: fields[1]}
			}
		case current.Path != "":
			v[current.Path] = vendoredModule{current.Version, at}
		}
	}
	return v
}
