// SPDX-License-Identifier: Apache-2.0

// Package evaluator reads and evaluates conditions: expressions in the Common
// Expression Language (https://cel.dev), by cel-go. Only gateledger-remote links
// it.
//
// What an expression can do is cut down to what comes out the same wherever and
// whenever it is asked again: the standard library and macros without time zones,
// which are looked up on a machine, without maps, whose order is nobody's, and
// without messages. A pattern is written out, so that it is checked before
// anything is asked. Everything has a limit. An error of any kind is no answer,
// and never a yes.
package evaluator

import (
	"context"
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/condition"
)

// Engine names what evaluates. Another version may read an expression in
// another way, so answers say by which they are.
const Engine = "cel-go v0.31.0"

// The limits of an evaluation, besides those of package condition.
const (
	maxCost    = 100_000 // steps, as cel-go counts them
	maxDepth   = 50      // of nesting
	maxLoops   = 3       // of macros inside macros
	maxPattern = 2000    // instructions of a compiled pattern
	interrupts = 64      // how many turns of a loop until it is looked whether there is time left
	maxWhy     = 300     // bytes of a reason
)

// An Evaluator answers questions. It is for one goroutine.
type Evaluator struct {
	env      *cel.Env
	compiled map[string]compiled
}

// compiled is an expression that was read; without a program it is wrong.
type compiled struct {
	problems []condition.Problem
	ast      *cel.Ast
	program  cel.Program
}

// New returns an Evaluator that knows the variables of package condition.
func New() (*Evaluator, error) {
	options := []cel.EnvOption{
		cel.StdLib(),
		cel.Function("timestamp", cel.Overload("string_to_timestamp", []*cel.Type{cel.StringType}, cel.TimestampType, cel.UnaryBinding(inUTC))),
		cel.ParserExpressionSizeLimit(condition.MaxExpression),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserErrorRecoveryLimit(4),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(),
			cel.ValidateComprehensionNestingLimit(maxLoops),
			repeatable{},
		),
	}
	kinds := map[condition.Type]*cel.Type{
		condition.String: cel.StringType, condition.Strings: cel.ListType(cel.StringType),
		condition.Bool: cel.BoolType, condition.Timestamp: cel.TimestampType,
	}
	for _, v := range condition.Variables() {
		options = append(options, cel.Variable(v.Name, kinds[v.Type]))
	}
	env, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("set up %s: %w", Engine, err)
	}
	return &Evaluator{env: env, compiled: map[string]compiled{}}, nil
}

// inUTC reads a time. Where its offset is the one that the machine has then, Go
// takes it for a time of the machine's own zone, which has summer time.
func inUTC(text ref.Val) ref.Val {
	t := text.ConvertToType(types.TimestampType)
	if at, ok := t.(types.Timestamp); ok {
		return types.Timestamp{Time: at.UTC()}
	}
	return t
}

// read compiles an expression once.
func (v *Evaluator) read(expression string) compiled {
	if c, ok := v.compiled[expression]; ok {
		return c
	}
	c := v.compile(expression)
	v.compiled[expression] = c
	return c
}

func (v *Evaluator) compile(expression string) (c compiled) {
	wrong := func(format string, args ...any) compiled {
		return compiled{problems: []condition.Problem{{Text: short(fmt.Sprintf(format, args...))}}}
	}
	defer func() {
		if r := recover(); r != nil {
			c = wrong("can't be read: %v", r)
		}
	}()
	switch {
	case len(expression) > condition.MaxExpression:
		return wrong("has %d bytes; at most %d are read", len(expression), condition.MaxExpression)
	case !utf8.ValidString(expression):
		return wrong("is not UTF-8")
	case strings.TrimSpace(expression) == "":
		return wrong("is empty")
	}
	tree, issues := v.env.Compile(expression)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			c.problems = append(c.problems, condition.Problem{Column: columnOf(e), Text: short(wordsOf(e))})
		}
		if len(c.problems) == 0 {
			return wrong("%v", issues.Err())
		}
		return c
	}
	if !tree.OutputType().IsExactType(cel.BoolType) {
		return wrong("must come to true or false, and comes to %s", tree.OutputType())
	}
	program, err := v.env.Program(tree, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(interrupts))
	if err != nil {
		return wrong("%v", err)
	}
	return compiled{ast: tree, program: program}
}

// columnOf is where in an expression an error is. Expressions have one line.
func columnOf(e *cel.Error) int {
	if e.Location == nil || e.Location.Line() != 1 {
		return 0
	}
	return max(e.Location.Column(), 0)
}

// wordsOf is what is wrong; of an unknown name also which there are.
func wordsOf(e *cel.Error) string {
	text, unknown := strings.CutSuffix(e.Message, " (in container '')")
	if !unknown {
		return text
	}
	var names []string
	for _, v := range condition.Variables() {
		names = append(names, v.Name)
	}
	return text + "; have " + strings.Join(names, ", ")
}

// Answer evaluates the condition of a question. ctx may end it, which is no
// answer.
func (v *Evaluator) Answer(ctx context.Context, q condition.Question) (a condition.Answer) {
	a.By = Engine
	c := v.read(q.Expression)
	if c.program == nil {
		a.Outcome, a.Why = condition.Wrong, problemLine(c.problems)
		return a
	}
	facts, err := factsOf(q)
	if err != nil {
		a.Why = short(err.Error())
		return a
	}
	holds, err := run(ctx, c.program, facts)
	switch {
	case err != nil:
		a.Why = short(err.Error())
	case holds:
		a.Outcome = condition.Holds
	default:
		a.Outcome = condition.Fails
	}
	return a
}

// run evaluates a program to a truth value. Everything else is an error.
func run(ctx context.Context, program cel.Program, facts any) (holds bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			holds, err = false, fmt.Errorf("it can't be evaluated: %v", r)
		}
	}()
	out, _, err := program.ContextEval(ctx, facts)
	var cancelled interpreter.EvalCancelledError
	switch {
	case ctx.Err() != nil:
		return false, errors.New("there was no time left to evaluate it")
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return false, fmt.Errorf("it takes more than the limit of %d steps", maxCost)
	case err != nil:
		return false, err
	}
	truth, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("it came to %s, not to true or false", out.Type().TypeName())
	}
	return bool(truth), nil
}

// factsOf are the variables' values.
func factsOf(q condition.Question) (map[string]any, error) {
	if len(q.Subject.Digests) > condition.MaxDigests {
		return nil, fmt.Errorf("the artifact has %d digests, over the limit of %d", len(q.Subject.Digests), condition.MaxDigests)
	}
	facts := map[string]any{}
	for _, v := range condition.Variables() {
		value, err := v.Value(q)
		if err != nil {
			return nil, fmt.Errorf("%s is no time", v.Name)
		}
		texts, _ := value.([]string)
		if text, ok := value.(string); ok {
			texts = []string{text}
		}
		for _, text := range texts {
			switch {
			case len(text) > condition.MaxFact:
				return nil, fmt.Errorf("%s has %d bytes, over the limit of %d", v.Name, len(text), condition.MaxFact)
			case !utf8.ValidString(text):
				return nil, fmt.Errorf("%s is not UTF-8", v.Name)
			}
		}
		facts[v.Name] = value
	}
	return facts, nil
}

// Check reads an expression, and says whether it comes to the same whatever it
// is asked about.
func (v *Evaluator) Check(ctx context.Context, expression string) condition.Check {
	c := v.read(expression)
	if c.program == nil {
		return condition.Check{Problems: c.problems}
	}
	return condition.Check{Always: v.always(ctx, c.ast)}
}

// always evaluates an expression of which no variable is known.
func (v *Evaluator) always(ctx context.Context, tree *cel.Ast) (word string) {
	defer func() {
		if recover() != nil {
			word = ""
		}
	}()
	program, err := v.env.Program(tree, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(interrupts), cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		return ""
	}
	var unknown []*cel.AttributePatternType
	for _, variable := range condition.Variables() {
		unknown = append(unknown, cel.AttributePattern(variable.Name))
	}
	facts, err := cel.PartialVars(map[string]any{}, unknown...)
	if err != nil {
		return ""
	}
	out, _, err := program.ContextEval(ctx, facts)
	switch {
	case ctx.Err() != nil:
		return ""
	case err != nil:
		return "error"
	case out == types.True:
		return "true"
	case out == types.False:
		return "false"
	}
	return ""
}

// repeatable refuses what could come out in another way another time.
type repeatable struct{}

// Name is how cel-go tells validators apart.
func (repeatable) Name() string { return "gateledger.repeatable" }

// Validate looks at every part of an expression.
func (repeatable) Validate(_ *cel.Env, _ cel.ValidatorConfig, tree *ast.AST, issues *cel.Issues) {
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.MapKind:
			issues.ReportErrorAtID(e.ID(), "a map has no order that is the same each time; use a list")
		case ast.StructKind:
			issues.ReportErrorAtID(e.ID(), "messages are not made here")
		case ast.CallKind:
			call := e.AsCall()
			switch name := call.FunctionName(); {
			case strings.HasPrefix(name, "get") && len(call.Args()) > 0:
				issues.ReportErrorAtID(e.ID(), "time zones differ from machine to machine; times are in UTC, and %s() takes none", name)
			case name == "matches":
				if why := oddPattern(call); why != "" {
					issues.ReportErrorAtID(e.ID(), "%s", why)
				}
			}
		}
	}))
}

// oddPattern says why the pattern of a call, its last argument, can't be used.
// How large one is cel-go could tell as well, but does not get over a repetition.
func oddPattern(call ast.CallExpr) string {
	args := call.Args()
	if len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind {
		return "the pattern must be written out as a text"
	}
	text, _ := args[len(args)-1].AsLiteral().Value().(string)
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return "" // another validator says what is wrong
	}
	program, err := syntax.Compile(tree.Simplify())
	switch {
	case err != nil:
		return "the pattern can't be read: " + err.Error()
	case len(program.Inst) > maxPattern:
		return fmt.Sprintf("the pattern comes to %d instructions, over the limit of %d", len(program.Inst), maxPattern)
	}
	return ""
}

// problemLine is the first problem in one line, with its place.
func problemLine(problems []condition.Problem) string {
	if len(problems) == 0 {
		return "it can't be read"
	}
	return short(fmt.Sprintf("character %d: %s", problems[0].Column+1, problems[0].Text))
}

// short is one clean line of bounded length.
func short(text string) string {
	text = clean.Field(text)
	if len(text) <= maxWhy {
		return text
	}
	return strings.ToValidUTF8(text[:maxWhy], "") + "…"
}
