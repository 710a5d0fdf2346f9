// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	longestFunction = 80  // lines
	longestFile     = 500 // lines
)

// sources calls check for every Go file that is neither a test nor generated.
func sources(t *testing.T, check func(path string, text string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	top := root(t)
	for _, dir := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(top, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, text, parser.ParseComments)
			if err != nil {
				return err
			}
			if ast.IsGenerated(file) {
				return nil
			}
			rel, err := filepath.Rel(top, path)
			check(rel, string(text), file, set)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesSayTheirLicenceAndFitOneSubject(t *testing.T) {
	sources(t, func(path, text string, _ *ast.File, _ *token.FileSet) {
		if !strings.HasPrefix(text, "// SPDX-License-Identifier: Apache-2.0\n") {
			t.Errorf("%s does not begin with the SPDX line", path)
		}
		if n := strings.Count(text, "\n"); n > longestFile {
			t.Errorf("%s has %d lines; does it hold one subject?", path, n)
		}
	})
}

func TestFunctionsFitOnAScreen(t *testing.T) {
	sources(t, func(path, _ string, file *ast.File, set *token.FileSet) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; n > longestFunction {
				t.Errorf("%s: %s has %d lines", path, f.Name.Name, n)
			}
			if f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init()", path)
			}
		}
	})
}

func TestExportedNamesStateTheirPromise(t *testing.T) {
	sources(t, func(path, _ string, file *ast.File, _ *token.FileSet) {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() && d.Doc == nil {
					t.Errorf("%s: %s has no doc comment", path, d.Name.Name)
				}
			case *ast.GenDecl:
				checkSpecs(t, path, d)
			}
		}
	})
}

func checkSpecs(t *testing.T, path string, d *ast.GenDecl) {
	for _, s := range d.Specs {
		if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
			t.Errorf("%s: type %s has no doc comment", path, s.Name.Name)
		}
	}
}

// The tree must not name the hosts that packages come from, nor a folder of
// somebody's machine.
func TestTreeNamesNoRegistryAndNoMachine(t *testing.T) {
	forbidden := []string{"proxy.golang" + ".org", "sum.golang" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org", "/work" + "/main"}
	home := regexp.MustCompile(`(^|[^A-Za-z0-9_.}/-])/root` + `/`)
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || name == "bin" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 4<<20 {
			return err
		}
		data, err := os.ReadFile(path)
		for _, f := range forbidden {
			if strings.Contains(string(data), f) {
				t.Errorf("%s names %s", path, f)
			}
		}
		if home.Match(data) {
			t.Errorf("%s names a home folder", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
