// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// large are functions of which one use makes a program much larger, and why.
// test/e2e/sizes.sh holds how large the programs are.
var large = map[string]string{
	"slices.SortFunc":         "it is compiled anew for every type, 20 kB each time: use arrange.By",
	"slices.SortStableFunc":   "it is compiled anew for every type, 20 kB each time: use arrange.Stably",
	"slices.SortedFunc":       "it is compiled anew for every type, 20 kB each time: use arrange.By",
	"slices.SortedStableFunc": "it is compiled anew for every type, 20 kB each time: use arrange.Stably",

	"MethodByName":       "it keeps every exported method of every type in the program",
	"SetHelpTemplate":    "it runs text/template, which keeps every exported method of every type in the program",
	"SetUsageTemplate":   "it runs text/template, which keeps every exported method of every type in the program",
	"SetVersionTemplate": "it runs text/template, which keeps every exported method of every type in the program",
}

// TestProgramsStaySmall looks into what is linked by the programs that are not
// large anyway.
func TestProgramsStaySmall(t *testing.T) {
	small := map[string]bool{}
	var programs []string
	for name := range links {
		if name != "gateledger-remote" {
			programs = append(programs, "./cmd/"+name)
		}
	}
	for _, p := range list(t, append([]string{"-deps"}, programs...)...) {
		if !strings.HasPrefix(p.ImportPath, module) {
			continue
		}
		for _, file := range p.GoFiles {
			small[filepath.Join(p.Dir, file)] = true
		}
		for _, bad := range []string{"text/template", "html/template"} {
			if slices.Contains(p.Imports, bad) {
				t.Errorf("%s imports %s, which keeps every exported method of every type in the program", p.ImportPath, bad)
			}
		}
	}
	if len(small) < 100 {
		t.Fatalf("only %d files are linked", len(small))
	}
	for path := range small {
		checkCalls(t, path)
	}
}

// checkCalls looks for the large ones in a file.
func checkCalls(t *testing.T, path string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selected, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		why := large[selected.Sel.Name]
		if of, ok := selected.X.(*ast.Ident); ok && why == "" {
			why = large[of.Name+"."+selected.Sel.Name]
		}
		if why != "" {
			t.Errorf("%s uses %s: %s", set.Position(n.Pos()), selected.Sel.Name, why)
		}
		return true
	})
}
