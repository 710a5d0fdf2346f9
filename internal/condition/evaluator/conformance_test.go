// SPDX-License-Identifier: Apache-2.0

package evaluator

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cel.dev/expr"
	conformance "cel.dev/expr/conformance/test"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/gateledger/gateledger/internal/condition"
)

// leftOut are what conditions do not have, by the words of the problem.
var leftOut = []string{
	"a map has no order", "messages are not made here", "time zones differ", "must be written out",
}

// The published tests of the language, so far as they are about what conditions
// have: what they expect holds, and what they expect to fail is no answer.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("../../../testdata/vectors/cel/*.textproto")
	if err != nil || len(files) != 9 {
		t.Fatalf("%q, %v", files, err)
	}
	v := newEvaluator(t)
	ran, left := 0, 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file conformance.SimpleTestFile
		if err := (prototext.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, section := range file.GetSection() {
			for _, c := range section.GetTest() {
				expression, fails, ok := asCondition(c)
				if !ok {
					left++
					continue
				}
				a := v.Answer(t.Context(), asked(expression))
				switch {
				case a.Outcome == condition.Wrong && isLeftOut(a.Why):
					left++
				case fails && a.Outcome != condition.Unknown && a.Outcome != condition.Wrong,
					!fails && a.Outcome != condition.Holds:
					t.Errorf("%s/%s/%s: %s: %+v", file.GetName(), section.GetName(), c.GetName(), expression, a)
				default:
					ran++
				}
			}
		}
	}
	if ran < 300 || left > 150 {
		t.Errorf("%d ran, and %d are left out", ran, left)
	}
}

func isLeftOut(why string) bool {
	for _, words := range leftOut {
		if strings.Contains(why, words) {
			return true
		}
	}
	return false
}

// asCondition is a test as a condition that holds, or fails to be evaluated.
// Those that need variables or messages of their own, or no checker, are not.
func asCondition(c *conformance.SimpleTest) (expression string, fails, ok bool) {
	if c.GetDisableCheck() || c.GetDisableMacros() || c.GetCheckOnly() || c.GetContainer() != "" || len(c.GetTypeEnv())+len(c.GetBindings()) > 0 {
		return "", false, false
	}
	switch want := c.GetResultMatcher().(type) {
	case nil:
		return "dyn(" + c.GetExpr() + ") == true", false, true
	case *conformance.SimpleTest_Value:
		literal, ok := literalOf(want.Value)
		return "dyn(" + c.GetExpr() + ") == dyn(" + literal + ")", false, ok
	case *conformance.SimpleTest_EvalError:
		return "[dyn(" + c.GetExpr() + ")].size() == 1", true, true
	}
	return "", false, false
}

// literalOf is a value as an expression spells it.
func literalOf(v *expr.Value) (text string, ok bool) {
	switch kind := v.GetKind().(type) {
	case *expr.Value_BoolValue:
		return strconv.FormatBool(kind.BoolValue), true
	case *expr.Value_Int64Value:
		return strconv.FormatInt(kind.Int64Value, 10), true
	case *expr.Value_Uint64Value:
		return strconv.FormatUint(kind.Uint64Value, 10) + "u", true
	case *expr.Value_DoubleValue:
		d := kind.DoubleValue
		return strconv.FormatFloat(d, 'e', -1, 64), !math.IsNaN(d) && !math.IsInf(d, 0)
	case *expr.Value_StringValue:
		return strconv.QuoteToASCII(kind.StringValue), true
	case *expr.Value_BytesValue:
		text := `b"`
		for _, b := range kind.BytesValue {
			text += fmt.Sprintf(`\x%02x`, b)
		}
		return text + `"`, true
	case *expr.Value_NullValue:
		return "null", true
	case *expr.Value_ListValue:
		var all []string
		for _, one := range kind.ListValue.GetValues() {
			text, ok := literalOf(one)
			if !ok {
				return "", false
			}
			all = append(all, text)
		}
		return "[" + strings.Join(all, ", ") + "]", true
	}
	return "", false
}
