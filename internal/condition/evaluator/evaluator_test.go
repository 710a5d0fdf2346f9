// SPDX-License-Identifier: Apache-2.0

package evaluator

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/condition"
)

func newEvaluator(t testing.TB) *Evaluator {
	t.Helper()
	v, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// asked is a question of a usual request.
func asked(expression string) condition.Question {
	return condition.Question{
		Expression:  expression,
		Subject:     condition.Subject{Name: "ghcr.io/acme/app", Digests: []string{"sha256:" + strings.Repeat("ab", 32), "sha512:cd"}},
		Environment: "production", Commit: "c0ffee", Host: "github.com", RepositoryID: "1296269", Previous: "none",
		Created: "2026-03-01T10:00:00Z", Expires: "2026-03-04T10:00:00Z", Now: "2026-03-01T12:30:00Z", // a Sunday
	}
}

func TestConditions(t *testing.T) {
	v := newEvaluator(t)
	for expression, want := range map[string]condition.Outcome{
		`subject.name.startsWith("ghcr.io/acme/")`:                              condition.Holds,
		`subject.name.startsWith("ghcr.io/acme/evil")`:                          condition.Fails,
		`subject.name.matches("^ghcr\\.io/[a-z]+/app$")`:                        condition.Holds,
		`subject.name.matches("^g[a-z]{3}(\\.[a-z]{2}){1}/")`:                   condition.Holds,
		`subject.name.matches("^app$")`:                                         condition.Fails,
		`subject.digest.startsWith("sha256:ab") && subject.digest.size() == 71`: condition.Holds,
		`subject.digests.exists(d, d.startsWith("sha512:"))`:                    condition.Holds,
		`subject.digests.all(d, d.startsWith("sha256:"))`:                       condition.Fails,
		`subject.digests.exists_one(d, d == "sha512:cd")`:                       condition.Holds,
		`subject.digests.map(d, d.size()).exists(n, n > 70)`:                    condition.Holds,
		`subject.digests.filter(d, d.contains(":")).size() == 2`:                condition.Holds,
		`environment == "production" && commit != ""`:                           condition.Holds,
		`repository.host == "github.com" && repository.id in ["1296269"]`:       condition.Holds,
		`repository.id == "7"`:                                                  condition.Fails,
		`request.previous == "none" && !request.break_glass`:                    condition.Holds,
		`request.break_glass`:                                                   condition.Fails,
		`now - request.created < duration("3h")`:                                condition.Holds,
		`request.expires - now > duration("72h")`:                               condition.Fails,
		`now >= timestamp("2026-03-01T12:30:00Z")`:                              condition.Holds,
		`now.getDayOfWeek() == 0 && now.getHours() == 12`:                       condition.Holds,
		`now.getDayOfWeek() in [1, 2, 3, 4]`:                                    condition.Fails,
		`int(repository.id) > 1000`:                                             condition.Holds,
		`environment == "staging" ? false : true`:                               condition.Holds,
		`1 / 0 == 1 || environment == "production"`:                             condition.Holds, // as CEL has it: one side is enough
		`true`:                                    condition.Holds,
		`false`:                                   condition.Fails,
		`1 / int("0") == 1`:                       condition.Unknown,
		`int(subject.name) == 1`:                  condition.Unknown,
		`subject.digests[7] == ""`:                condition.Unknown,
		`timestamp(subject.name) < now`:           condition.Unknown,
		`9223372036854775807 + 1 > 0`:             condition.Unknown,
		`dyn(subject.name) == 7 || dyn(1) > true`: condition.Unknown,
		``:                                     condition.Wrong,
		` `:                                    condition.Wrong,
		`subject.name`:                         condition.Wrong,
		`1`:                                    condition.Wrong,
		`dyn(true)`:                            condition.Wrong,
		`subject.nme == ""`:                    condition.Wrong,
		`subject == ""`:                        condition.Wrong,
		`has(subject.name)`:                    condition.Wrong,
		`has(subject.nme) || true`:             condition.Wrong,
		`subject.name == 7`:                    condition.Wrong,
		`subject.name.startsWith(`:             condition.Wrong,
		`subject.name.matches("(")`:            condition.Wrong,
		`subject.name.matches(subject.name)`:   condition.Wrong,
		`matches(subject.name, environment)`:   condition.Wrong,
		`timestamp("soon") < now`:              condition.Wrong,
		`duration("soon") < duration("1h")`:    condition.Wrong,
		`now.getHours("Europe/Berlin") < 16`:   condition.Wrong,
		`now.getHours("+01:00") < 16`:          condition.Wrong,
		`{"a": 1}.exists(k, k == "a")`:         condition.Wrong,
		`google.protobuf.Struct{} != null`:     condition.Wrong,
		`subject.name.lowerAscii() == ""`:      condition.Wrong, // an extension
		`subject.name.format([1]) == ""`:       condition.Wrong, // an extension
		`cel.bind(x, 1, x == 1)`:               condition.Wrong, // an extension
		`optional.of(1).hasValue()`:            condition.Wrong, // an extension
		`env("HOME") == ""`:                    condition.Wrong,
		`subject.name == "\xff` + "\xff" + `"`: condition.Wrong,
		`// a comment`:                         condition.Wrong,
	} {
		a := v.Answer(t.Context(), asked(expression))
		if a.Outcome != want || a.By != Engine {
			t.Errorf("%s: %+v, want %s", expression, a, want)
		}
		if told := a.Why != ""; told != (want == condition.Unknown || want == condition.Wrong) {
			t.Errorf("%s: why %q", expression, a.Why)
		}
		if again := newEvaluator(t).Answer(t.Context(), asked(expression)); again != a {
			t.Errorf("%s: %+v, and then %+v", expression, a, again)
		}
	}
}

// Nothing that a policy's author or a request could write keeps a gate busy, or
// ends as a yes by being too much.
func TestHostileConditions(t *testing.T) {
	numbers := "[" + strings.Repeat("1,", 90) + "1]"
	v := newEvaluator(t)
	for name, expression := range map[string]string{
		"a cost bomb":             numbers + ".all(a, " + numbers + ".all(b, " + numbers + ".all(c, a + b + c == 3)))",
		"a cost bomb of lists":    numbers + ".map(a, " + numbers + ".map(b, " + numbers + ".map(c, [a, b, c]))).size() > 0",
		"loops in loops in loops": "[1].all(a, [1].all(b, [1].all(c, [1].all(d, [1].all(e, true)))))",
		"deep brackets":           strings.Repeat("(", 900) + "true" + strings.Repeat(")", 900),
		"deep lists":              strings.Repeat("[", 900) + strings.Repeat("]", 900) + " == []",
		"brackets that never end": strings.Repeat("(", condition.MaxExpression),
		"questions":               strings.Repeat("true ? ", 200) + "true" + strings.Repeat(": true", 200),
		"dots":                    "subject" + strings.Repeat(".a", 900),
		"calls":                   "subject.name" + strings.Repeat(".size()", 250) + " == 1",
		"a long text":             `"` + strings.Repeat("x", condition.MaxExpression) + `" != ""`,
		"a pattern that repeats":  `subject.name.matches("((a{100}){100}){100}")`,
		"a large pattern":         `subject.name.matches("` + strings.Repeat("[a-z]{1000}", 90) + `")`,
		"a pattern with look":     `subject.name.matches("(?=a)a")`,
		"odd characters":          "\u202etrue\u202c || \u0000 == 1",
		"half a character":        "\"\xf0\x9f\" == \"\" || true",
		"nothing but operators":   strings.Repeat("|| ", 600),
		"errors without end":      strings.Repeat("$ ", 1000),
	} {
		a := v.Answer(t.Context(), asked(expression))
		if a.Outcome != condition.Unknown && a.Outcome != condition.Wrong {
			t.Errorf("%s: %+v", name, a)
		}
		if len(a.Why) == 0 || len(a.Why) > maxWhy+10 || !utf8.ValidString(a.Why) || strings.ContainsAny(a.Why, "\n\x1b\u202e") {
			t.Errorf("%s: why %q", name, a.Why)
		}
	}
}

// Facts have limits too: they are what strangers call their artifacts.
func TestHostileFacts(t *testing.T) {
	v := newEvaluator(t)
	for name, edit := range map[string]func(*condition.Question){
		"a huge name":     func(q *condition.Question) { q.Subject.Name = strings.Repeat("x", condition.MaxFact+1) },
		"no UTF-8":        func(q *condition.Question) { q.Subject.Name = "\xff" },
		"many digests":    func(q *condition.Question) { q.Subject.Digests = make([]string, condition.MaxDigests+1) },
		"a huge digest":   func(q *condition.Question) { q.Subject.Digests[1] = strings.Repeat("x", condition.MaxFact+1) },
		"no time":         func(q *condition.Question) { q.Now = "" },
		"a time of words": func(q *condition.Question) { q.Created = "yesterday" },
	} {
		q := asked("true")
		edit(&q)
		if a := v.Answer(t.Context(), q); a.Outcome != condition.Unknown || a.Why == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	q := asked(`subject.name == "x\" || true || \""`)
	q.Subject.Name = `" || true || "`
	if a := v.Answer(t.Context(), q); a.Outcome != condition.Fails {
		t.Errorf("a name that is an expression: %+v", a)
	}
}

// What has no time left is no answer.
func TestNoTimeIsNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := newEvaluator(t)
	if a := v.Answer(ctx, asked("true")); a.Outcome != condition.Unknown || !strings.Contains(a.Why, "no time left") {
		t.Errorf("%+v", a)
	}
	if c := v.Check(ctx, "true"); c.Always != "" {
		t.Errorf("%+v", c)
	}
}

func TestCheck(t *testing.T) {
	v := newEvaluator(t)
	for expression, want := range map[string]string{
		`subject.name != ""`:           "",
		`true`:                         "true",
		`false`:                        "false",
		`1 + 1 == 2`:                   "true",
		`subject.name == "" || true`:   "true",
		`request.break_glass && false`: "false",
		`[1, 2].exists(n, n == 3)`:     "false",
		`1 / 0 == 1`:                   "error",
		`subject.digests.exists(d, d == subject.digest)`:    "",
		`now > request.created`:                             "",
		`environment == "production" ? commit == "" : true`: "",
	} {
		c := v.Check(t.Context(), expression)
		if c.Always != want || len(c.Problems) > 0 {
			t.Errorf("%s: %+v, want %q", expression, c, want)
		}
	}
	for expression, column := range map[string]int{
		`subject.nme == ""`:                       0,
		`environment == 7`:                        12,
		`environment == "ü" && subject.nme == ""`: 22,
		`true && now.getHours("UTC") == 1`:        20,
		`commit == "" || {"a": 1} == {}`:          16,
		`subject.name.matches(commit)`:            20,
		`commit`:                                  0,
		`commit == `:                              10,
		`subject.digests.exists(a, [1].exists(b, [1].exists(c, [1].exists(d, true))))`: 64,
	} {
		c := v.Check(t.Context(), expression)
		if len(c.Problems) == 0 || c.Problems[0].Column != column || c.Problems[0].Text == "" || c.Always != "" {
			t.Errorf("%s: %+v, want column %d", expression, c, column)
		}
	}
}

// The version that answers name is the one that is linked, and that the page on
// the policy names.
func TestEngineIsTheOneOfTheModule(t *testing.T) {
	for file, line := range map[string]string{"go.mod": "\tgithub.com/google/" + Engine + "\n", "docs/policy.md": Engine} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(file)))
		if err != nil || !strings.Contains(string(data), line) {
			t.Errorf("%s has no %q (%v)", file, line, err)
		}
	}
}

// Whatever is asked: no panic, no answer without an author, the same twice, and
// a yes only of an expression that can be read.
func FuzzAnswer(f *testing.F) {
	for _, expression := range []string{
		`subject.name.startsWith("ghcr.io/acme/")`, `subject.digests.exists(d, d == subject.digest)`, `1 / 0 == 1 || true`,
		`now - request.created < duration("1h")`, `subject.name.matches("^[a-z]+$")`, `{"a": 1} == {}`, `dyn(1) == 1.0`, `((((`, `"\u202e" == ''`,
		`[1,2,3].map(a, [a]).size() > 1 && b'a' < b"b" && 1u < 2u && 1.5e3 > -2.0 && null == null && type(1) == int`,
	} {
		f.Add(expression, "app", "2026-03-01T12:30:00Z")
	}
	v := newEvaluator(f)
	f.Fuzz(func(t *testing.T, expression, name, now string) {
		q := asked(expression)
		q.Subject.Name, q.Now = name, now
		a := v.Answer(t.Context(), q)
		clear(v.compiled)
		if again := v.Answer(t.Context(), q); again != a && again.Outcome != condition.Unknown && a.Outcome != condition.Unknown {
			t.Errorf("%+v, and then %+v", a, again)
		}
		c := v.Check(t.Context(), expression)
		clear(v.compiled)
		switch a.Outcome {
		case condition.Holds, condition.Fails:
			if len(c.Problems) > 0 || a.Why != "" || c.Always == strconv.FormatBool(a.Outcome != condition.Holds) {
				t.Errorf("%+v of %+v", a, c)
			}
		case condition.Wrong:
			if len(c.Problems) == 0 {
				t.Errorf("%+v of %+v", a, c)
			}
		}
		if a.By != Engine || !utf8.ValidString(a.Why) {
			t.Errorf("%+v", a)
		}
	})
}
