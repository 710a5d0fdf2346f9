// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

const good = `{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"t",` +
	`"subject":[{"digest":{"sha256":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"},"name":"app"}]}`

func TestParseStatementRefuses(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the good statement", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for fact, c := range map[string]struct{ payload, err string }{
		"nothing":                       {"", "statement:"},
		"no JSON":                       {"hello", "statement:"},
		"a list":                        {"[]", "statement:"},
		"null":                          {"null", "_type"},
		"trailing data":                 {good + "{}", "statement:"},
		"trailing newline":              {good + "\n", "canonical"},
		"a space":                       {change(`:{}`, `: {}`), "canonical"},
		"members in another order":      {change(`"digest":{"sha256":"`+digestA+`"},"name":"app"`, `"name":"app","digest":{"sha256":"`+digestA+`"}`), "canonical"},
		"an escape that need not be":    {change(`"app"`, `"\u0061pp"`), "canonical"},
		"a number with a zero too many": {change(`{}`, `{"n":1.0}`), "canonical"},
		"an integer past 2^53":          {change(`{}`, `{"n":9007199254740993}`), "2^53"},
		"a member twice":                {change(`{}`, `{"a":1,"a":2}`), "duplicate"},
		"_type twice":                   {change(`{"_type"`, `{"_type":"x","_type"`), "duplicate"},
		"broken UTF-8":                  {change(`app`, "\xff"), "UTF-8"},
		"half a surrogate pair":         {change(`app`, `\ud800`), "statement:"},
		"a byte-order mark":             {"\ufeff" + good, "statement:"},
		"nested without end":            {change(`{}`, strings.Repeat(`{"a":`, 200)+"1"+strings.Repeat("}", 200)), "deeper than the limit of 128"},
		"an unknown member":             {change(`"subject"`, `"sabject":1,"subject"`), "sabject"},
		"an unknown member of a subject": {
			change(`"name":"app"`, `"name":"app","nome":"x"`), "nome"},
		"another version":          {change("Statement/v1", "Statement/v0.1"), "_type"},
		"a type in another case":   {change("Statement/v1", "statement/v1"), "_type"},
		"a member in another case": {change(`"_type"`, `"_Type"`), "_Type"},
		"no predicate type":        {change(`"t"`, `""`), "no predicateType"},
		"no predicate":             {change(`"predicate":{},`, ``), "predicate is not"},
		"predicate null":           {change(`{}`, `null`), "predicate is not"},
		"predicate a list":         {change(`{}`, `[]`), "predicate is not"},
		"predicate a text":         {change(`{}`, `"{}"`), "predicate is not"},
		"no subject":               {change(good[strings.Index(good, `[{"digest`):], `[]}`), "no subject"},
		"subject null":             {change(good[strings.Index(good, `[{"digest`):], `null}`), "no subject"},
		"subject without digest":   {change(`"digest":{"sha256":"`+digestA+`"},`, ``), "no digest"},
		"subject with no digests":  {change(`"sha256":"`+digestA+`"`, ``), "no digest"},
		"only a weak digest":       {change(`"sha256":"`+digestA+`"`, `"md5":"d41d8cd98f00b204e9800998ecf8427e"`), "no digest"},
		"a shortened digest":       {change(digestA, digestA[:12]), "12 hex digits"},
		"an upper-case digest":     {change(digestA, strings.ToUpper(digestA)), "lower-case"},
		"a digest that is no text": {change(`"`+digestA+`"`, `1`), "statement:"},
		"a good and a broken digest": {
			change(`{"sha256"`, `{"gitCommit":"abc","sha256"`), "gitCommit digest has 3"},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.ParseStatement([]byte(c.payload))
			wantError(t, err, c.err)
		})
	}
}

func TestParseStatementLimits(t *testing.T) {
	_, err := event.ParseStatement(make([]byte, event.MaxPayload+1))
	wantError(t, err, "over the limit of 4194304")

	many := make([]event.Subject, event.MaxSubjects+1)
	for i := range many {
		many[i] = event.Subject{Digest: map[string]string{"sha256": fmt.Sprintf("%064x", i)}}
	}
	_, err = event.NewStatement("t", many, struct{}{})
	wantError(t, err, "10001 subjects, over the limit of 10000")
	_, err = event.NewStatement("t", many[1:], struct{}{})
	check(t, err)
}

func TestParseStatementAccepts(t *testing.T) {
	for fact, payload := range map[string]string{
		"the least":                          good,
		"no name":                            strings.Replace(good, `,"name":"app"`, ``, 1),
		"an unknown digest beside a good":    strings.Replace(good, `{"sha256"`, `{"blake7":"??","sha256"`, 1),
		"a name in another script":           strings.Replace(good, `"app"`, `"приложение"`, 1),
		"a predicate that nests, but sanely": strings.Replace(good, `{}`, strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100), 1),
	} {
		t.Run(fact, func(t *testing.T) {
			s, err := event.ParseStatement([]byte(payload))
			check(t, err)
			again, err := canon.Marshal(s)
			check(t, err)
			if string(again) != payload {
				t.Errorf("reads\n%s\nwrites\n%s", payload, again)
			}
		})
	}
}

// The examples of the in-toto specification, put into canonical form.
func TestPublishedStatements(t *testing.T) {
	for file, c := range map[string]struct{ kind, err string }{
		"reference-1.json":   {"", ""}, // refers to an SPDX document
		"reference-2.json":   {"", ""},
		"test-result-2.json": {"test", ""},
		"release-1.json":     {"", "11 hex digits"}, // printed with its digest cut short
	} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile("../../testdata/vectors/intoto/" + file)
			check(t, err)
			payload, err := canon.Transform(data)
			check(t, err)
			s, err := event.ParseStatement(payload)
			if c.err != "" {
				wantError(t, err, c.err)
				return
			}
			check(t, err)
			if k, _ := event.KindOf(s); k.Name != c.kind {
				t.Errorf("kind %q, want %q", k.Name, c.kind)
			}
		})
	}
}

func TestNewStatement(t *testing.T) {
	a, b := subjectA(), event.Subject{Name: "Zed", Digest: map[string]string{"sha256": digestB}}
	subjects := []event.Subject{a, b}
	payload, err := event.NewStatement("t", subjects, map[string]int{"b": 2, "a": 1})
	check(t, err)
	want := `{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":1,"b":2},"predicateType":"t","subject":[` +
		`{"digest":{"sha256":"` + digestB + `"},"name":"Zed"},{"digest":{"sha256":"` + digestA + `"},"name":"app"}]}`
	if string(payload) != want {
		t.Errorf("got\n%s\nwant\n%s", payload, want)
	}
	if subjects[0].Name != "app" {
		t.Error("the caller's subjects were put in another order")
	}
}

func TestNewStatementRefuses(t *testing.T) {
	one := []event.Subject{subjectA()}
	for fact, c := range map[string]struct {
		subjects  []event.Subject
		predicate any
		err       string
	}{
		"no subject":                 {nil, struct{}{}, "no subject"},
		"subject without digest":     {[]event.Subject{{Name: "app"}}, struct{}{}, "no digest"},
		"predicate that is a number": {one, 1, "predicate is not"},
		"predicate that is nil":      {one, nil, "predicate is not"},
		"predicate no JSON can hold": {one, map[string]any{"f": func() {}}, "write predicate"},
		"integer past 2^53":          {one, map[string]uint64{"n": 1<<53 + 1}, "2^53"},
		"text that is not UTF-8":     {one, map[string]string{"s": "\xff"}, "UTF-8"},
		"a predicate that fails its own check": {
			one, event.DeploymentPredicate{Environment: "x", Result: "great"}, `unknown result "great"`},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.NewStatement("t", c.subjects, c.predicate)
			wantError(t, err, c.err)
		})
	}
}

// Whatever is accepted is canonical, has subjects with digests, and is
// written again as it was.
func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, `{}`, `{"n":-0,"s":"\u0000"}`, 1)))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"","predicate":null}`))
	f.Add([]byte(strings.Repeat("[", 1000)))
	f.Add(signed(f, "ci").Payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := event.ParseStatement(payload)
		if err != nil {
			return
		}
		again, err := canon.Marshal(s)
		if err != nil || !bytes.Equal(again, payload) {
			t.Fatalf("%v: read\n%s\nwrote\n%s", err, payload, again)
		}
		for _, sub := range s.Subject {
			if len(sub.Digests()) == 0 {
				t.Fatalf("subject without digest: %+v", sub)
			}
		}
	})
}
