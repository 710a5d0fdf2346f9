// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
)

// Each recipe names what enforces it, or says that nothing does.
func TestRecipesNameTheirEnforcementPoint(t *testing.T) {
	recipes := strings.Split(pagesOf(t)["docs/recipes.md"], "\n## ")[1:]
	for _, r := range recipes {
		title, body, _ := strings.Cut(r, "\n")
		if first := strings.TrimSpace(body); !strings.HasPrefix(first, "**Enforced by:**") && !strings.HasPrefix(first, "**Advisory:**") {
			t.Errorf("%s: it does not begin with what enforces it", title)
		}
	}
	if len(recipes) < 8 {
		t.Errorf("%d recipes", len(recipes))
	}
}

// Each permission that the files of init ask for has its reason on the page.
func TestPermissionsHaveTheirReason(t *testing.T) {
	page := pagesOf(t)["docs/permissions.md"]
	files, err := filepath.Glob(filepath.Join(top(), "testdata", "golden", "init", "github-team", "*.yml"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		_, section, ok := strings.Cut(page, "`.github/workflows/"+filepath.Base(f)+"`\n")
		if !ok {
			t.Errorf("no heading for %s", f)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for job, permissions := range permissionsIn(t, f) {
			for name, level := range permissions {
				row := fmt.Sprintf("| %s | `%s: %s` | ", job, name, level)
				if !strings.Contains(section, row) {
					t.Errorf("%s: no row begins with %q", filepath.Base(f), row)
				}
			}
		}
		if rows := strings.Count(section, "\n| ") - 2*strings.Count(section, "|---|"); rows > len(permissionsIn(t, f))+2 {
			t.Errorf("%s: the page has %d rows, and more than there are jobs", f, rows)
		}
	}
}

func permissionsIn(t *testing.T, file string) map[string]map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var w struct {
		Permissions map[string]string `yaml:"permissions"`
		Jobs        map[string]struct {
			Permissions map[string]string `yaml:"permissions"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	if w.Permissions == nil || len(w.Permissions) > 0 {
		t.Errorf("%s: the workflow has permissions of its own: %v", file, w.Permissions)
	}
	out := map[string]map[string]string{}
	for name, j := range w.Jobs {
		out[name] = j.Permissions
	}
	return out
}

// What the page says is in every event is what is in every event.
func TestPrivacyNamesEveryFieldOfAContext(t *testing.T) {
	page := pagesOf(t)["docs/privacy.md"]
	c := reflect.TypeFor[event.Context]()
	for i := range c.NumField() {
		name, _, _ := strings.Cut(c.Field(i).Tag.Get("json"), ",")
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("it does not name %s", name)
		}
	}
}

// texts are all string literals of the programs, and the scripts of actions and
// components as they are.
func texts(t *testing.T) []string {
	t.Helper()
	return textsIn(t, "cmd", "internal", "actions", "gitlab", "jenkins")
}

func textsIn(t *testing.T, folders ...string) []string {
	t.Helper()
	var out []string
	for _, dir := range folders {
		err := filepath.WalkDir(filepath.Join(top(), dir), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && (d.IsDir() || strings.HasSuffix(path, "_test.go")) {
				return nil
			}
			if err != nil {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil || !strings.HasSuffix(path, ".go") {
				out = append(out, string(data))
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, data, 0)
			if err != nil {
				return err
			}
			out = append(out, literals(f)...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// literals are a file's texts; what is added up from several is one.
func literals(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		text, ok := literal(e)
		if ok {
			out = append(out, text)
		}
		return !ok
	})
	return out
}

func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, okX := literal(e.X)
		y, okY := literal(e.Y)
		return x + "\x00" + y, e.Op == token.ADD && (okX || okY)
	}
	return "", false
}

// TestTroubleshootingQuotesWhatIsSaid looks for each text of the page among
// what the programs say: the parts between "…" in one text, in their order.
func TestTroubleshootingQuotesWhatIsSaid(t *testing.T) {
	said := texts(t)
	quotes := regexp.MustCompile("(?m)^### `(.+)`$").FindAllStringSubmatch(pagesOf(t)["docs/troubleshooting.md"], -1)
	if len(quotes) < 25 {
		t.Errorf("only %d errors", len(quotes))
	}
	for _, q := range quotes {
		if !slices.ContainsFunc(said, func(text string) bool { return holds(text, q[1]) }) {
			t.Errorf("nothing says %q", q[1])
		}
	}
}

// holds reports whether the parts of a quote are in a text, in their order.
func holds(text, quote string) bool {
	for part := range strings.SplitSeq(quote, "…") {
		part = strings.TrimSpace(part)
		if part == "" || part == "`" {
			continue
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.Trim(quote, "… :`") != ""
}

// limits are the constants behind the page's rows, in the order of the numbers
// of a row.
var limits = map[string][]string{
	"policy":                      {"policy.MaxSize", "policy.maxSigners", "policy.maxPrincipals", "policy.maxEnvironments", "policy.maxCount"},
	"statement (one event)":       {"event.MaxPayload", "event.MaxSubjects"},
	"document inside its event":   {"event.MaxInline"},
	"SBOM that is recorded":       {"command.maxBOM"},
	"SBOM that is audited":        {"audit.MaxComponents"},
	"test report":                 {"testreport.MaxSize", "testreport.MaxTests"},
	"scan report":                 {"scanreport.MaxSize", "scanreport.MaxFindings"},
	"folder as a subject":         {"subject.maxFiles", "subject.maxDepth"},
	"condition of an environment": {"condition.MaxExpression", "condition/evaluator.maxDepth", "condition/evaluator.maxCost", "condition.MaxFact"},
	"vote":                        {"vote.MaxStatement", "vote.MaxReason"},
	"Sigstore bundle":             {"event.MaxBundle"},
	"timestamps on one event":     {"event.MaxTimestamps"},
	"posture":                     {"forge.maxWorkflows", "jobfile.MaxFile", "forge.maxRulesets", "forge/ask.PerPage"},
	"outputs of one step":         {"ci.maxOutputs", "ci.maxOutput"},
	"tries of a gate whose log grows while it decides":             {"command.moves"},
	"commits since the last deployment that the log does not know": {"command.maxAuthored"},
	"commits that are walked to find who wrote a change":           {"policy.maxRange"},
}

func TestLimitsAreThoseOfTheCode(t *testing.T) {
	page := pagesOf(t)["docs/limits.md"]
	_, table, _ := strings.Cut(page, "|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := 0
	for line := range strings.Lines(table) {
		rows++
		cells := strings.Split(line, "|")
		names, ok := limits[strings.TrimSpace(cells[1])]
		if !ok {
			t.Errorf("no constant is known for %q", cells[1])
			continue
		}
		var want []int64
		for _, n := range names {
			want = append(want, constantOf(t, n))
		}
		if got := numbers(cells[2]); !slices.Equal(got, want) {
			t.Errorf("%s: the page says %v, the code %v", cells[1], got, want)
		}
	}
	if rows != len(limits) {
		t.Errorf("%d rows, %d limits", rows, len(limits))
	}
}

// numbers are those of a text, in bytes where it says KiB or MiB.
func numbers(text string) []int64 {
	var out []int64
	for _, m := range regexp.MustCompile(`([0-9]+)( KiB| MiB)?`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		out = append(out, n*map[string]int64{"": 1, " KiB": 1 << 10, " MiB": 1 << 20}[m[2]])
	}
	return out
}

// constantOf is the value of a constant that stands as a number in its package.
func constantOf(t *testing.T, name string) int64 {
	t.Helper()
	pkg, name, _ := strings.Cut(name, ".")
	files, err := filepath.Glob(filepath.Join(top(), "internal", pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var found ast.Expr
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.ValueSpec); ok && len(s.Values) == 1 && s.Names[0].Name == name {
				found = s.Values[0]
			}
			return true
		})
		if found == nil {
			continue
		}
		v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(found))
		if err != nil {
			t.Fatal(err)
		}
		n, ok := constant.Int64Val(v.Value)
		if !ok {
			t.Fatalf("%s.%s is no number", pkg, name)
		}
		return n
	}
	t.Errorf("package %s has no constant %s", pkg, name)
	return 0
}

// The page on the policy has a row for each warning, and for nothing else.
func TestWarningsAreOnThePage(t *testing.T) {
	page := pagesOf(t)["docs/policy.md"]
	_, table, ok := strings.Cut(page, "\n## What policy lint warns of\n")
	if !ok {
		t.Fatal("the page does not say what lint warns of")
	}
	var rows, codes []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(table, -1) {
		rows = append(rows, m[1])
	}
	for _, file := range []string{"internal/policy/lint.go", "internal/command/policy_lint.go", "internal/command/when.go"} {
		data, err := os.ReadFile(filepath.Join(top(), file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:l\.warn\(|r\.add\(lintWarning, )"([a-z-]+)"`).FindAllStringSubmatch(string(data), -1) {
			codes = append(codes, m[1])
		}
	}
	slices.Sort(rows)
	slices.Sort(codes)
	if codes = slices.Compact(codes); !slices.Equal(rows, codes) || len(codes) < 10 {
		t.Errorf("rows %q\ncodes %q", rows, codes)
	}
}

// The page on the policy lists what a condition sees, as it is declared.
func TestVariablesAreOnThePage(t *testing.T) {
	page := pagesOf(t)["docs/policy.md"]
	var rows []string
	for _, v := range condition.Variables() {
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |", v.Name, v.Type, v.What))
	}
	if table := strings.Join(rows, "\n"); !strings.Contains(page, "|---|---|---|\n"+table+"\n\n") {
		t.Errorf("the page does not have these rows, and no others:\n%s", table)
	}
}
