// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"errors"
	"strings"
	"testing"
)

// TestParseCommand says what of a comment is a vote. An empty want is none; one
// that begins with "!" is a part of what people are told.
func TestParseCommand(t *testing.T) {
	id, other := strings.Repeat("5a", 32), strings.Repeat("e1", 32)
	yes, no, back := "/approve "+id, "/deny "+id, "/revoke "+id
	for name, c := range map[string]struct{ text, want string }{
		"approve":                        {yes, "approve 5a"},
		"deny":                           {no, "deny 5a"},
		"deny, and why":                  {no + " the tests are red", "deny 5a the tests are red"},
		"revoke":                         {back, "revoke 5a"},
		"of any request":                 {"/approve " + other, "approve e1"},
		"with talk around":               {"Looked at it.\n\n" + yes + "\n\nThanks!", "approve 5a"},
		"Windows":                        {"Fine.\r\n" + yes + "\r\n", "approve 5a"},
		"an old Mac":                     {"Fine.\r" + yes + "\rBye", "approve 5a"},
		"past GitLab's own command":      {"gateledger: " + yes, "approve 5a"},
		"a deny past GitLab's":           {"Hm.\ngateledger: " + no + " it leaks", "deny 5a it leaks"},
		"a command line to run":          {"gateledger approve " + id, ""},
		"somebody else's word":           {"mygate: " + yes, ""},
		"white space after it":           {yes + " \t\n", "approve 5a"},
		"right under a paragraph":        {"Fine.\n" + yes, "approve 5a"},
		"after a quote and a line":       {"> " + no + "\n\n" + yes, "approve 5a"},
		"after code":                     {"```\n" + no + "\n```\n" + yes, "approve 5a"},
		"after a comment":                {"<!-- " + no + " -->\n" + yes, "approve 5a"},
		"a fence in a line is no fence":  {"``` a ```\n" + yes, "approve 5a"},
		"tildes close no backticks":      {"```\n~~~\n" + yes, ""},
		"a short fence closes no long":   {"````\n```\n" + yes, ""},
		"a fence with a word closes not": {"```\n```go\n" + yes, ""},
		"in code":                        {"```\n" + yes + "\n```", ""},
		"in code with tildes":            {"~~~ text\n" + yes + "\n~~~", ""},
		"in code without an end":         {"```\n" + yes, ""},
		"indented code":                  {"    " + yes, ""},
		"a tab":                          {"\t" + yes, ""},
		"a quote":                        {"> " + yes, ""},
		"a quote of a quote":             {">> " + yes, ""},
		"a hidden comment":               {"LGTM <!--\n" + yes + "\n-->", ""},
		"a comment without an end":       {"<!--\n" + yes, ""},
		"in a line":                      {"I " + yes, ""},
		"in a list":                      {"- " + yes, ""},
		"in a code span":                 {"`" + yes + "`", ""},
		"another command":                {"/approved " + id, ""},
		"a path":                         {"/approve/" + id, ""},
		"words":                          {"approve\napproved\nnot approved!\ndisapproved\nyesterday\nLGTM\n:+1:", ""},
		"nothing":                        {"", ""},
		"a look-alike":                   {"/аpprove " + id, ""}, // U+0430

		"without an id":            {"/approve", "!line 1"},
		"a short id":               {"/approve " + id[:12], "!line 1"},
		"a long id":                {yes + "5a", "!line 1"},
		"an upper-case id":         {"/approve " + strings.ToUpper(id), "!lower-case"},
		"an upper-case command":    {"/APPROVE " + id, "!line 1"},
		"two spaces":               {"/approve  " + id, "!line 1"},
		"one space before":         {"Fine.\n " + yes, "!line 2"},
		"a prefix of the id":       {"/approve sha256:" + id, "!line 1"},
		"words after an approval":  {yes + " if the tests pass", "!nothing may follow"},
		"words after a revocation": {back + " not yet", "!nothing may follow"},
		"an invisible space":       {yes + "\u200b", "!line 1"},
		"a separator of lines":     {yes + "\u2028no", "!line 1"},
		"two":                      {yes + "\n" + yes, "!2 commands"},
		"of two requests":          {yes + "\n/approve " + other, "!2 commands"},
		"back and forth":           {yes + "\n" + back, "!2 commands"},
		"one and a broken one":     {yes + "\n/deny", "!line 2"},
		"a quote goes on":          {"> he said\n" + yes, "!part of the quote"},
		"too long":                 {strings.Repeat("x", MaxCommandText) + "\n" + yes, "!over the limit of 2097152"},

		"the word without a colon":      {"gateledger " + yes, "!line 1"},
		"the word and two spaces":       {"gateledger:  " + yes, "!line 1"},
		"the word in capitals":          {"Gateledger: " + yes, "!line 1"},
		"both ways":                     {yes + "\ngateledger: " + yes, "!2 commands"},
		"a veto beside an approval":     {yes + "\n" + no, "deny 5a!2 commands"},
		"a veto twice":                  {no + "\n" + no, "deny 5a!2 commands"},
		"a veto and a broken line":      {"/approve this\n" + no + " wait", "deny 5a wait!line 1"},
		"a veto in code without an end": {"- ```\n  make\n  ```\n\n" + no + " it is red", "deny 5a it is red!line 5: it stands in code or in a comment"},
		"a veto after half a comment":   {"The arrow <!-- is wrong.\n" + no, "deny 5a!line 2"},
		"and an approval before it":     {yes + "\n```\n" + no, "deny 5a!line 3"},
		"an approval after one":         {"```\n" + no + "\n" + yes, "deny 5a!line 2"},
		"a veto in code":                {"```\n" + no + "\n```", ""},
		"a veto in a comment":           {"<!--\n" + no + "\n-->", ""},
		"words about one, in code":      {"```\ngateledger approve --deny", ""},
		"a veto where a quote goes on":  {"> he said\n" + no, "deny 5a!part of the quote"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseCommand(c.text)
			line, said, _ := strings.Cut(c.want, "!")
			if told := strings.TrimSpace(string(got.Choice) + " " + got.Request[:min(2, len(got.Request))] + " " + got.Reason); told != line {
				t.Errorf("%q, want %q", told, line)
			}
			switch {
			case c.want == "" && !errors.Is(err, ErrNoCommand):
				t.Errorf("%v, want no command", err)
			case c.want != "" && said == "" && err != nil:
				t.Error(err)
			case said != "" && (err == nil || errors.Is(err, ErrNoCommand) || !strings.Contains(err.Error(), said)):
				t.Errorf("%v, want %q", err, said)
			}
		})
	}
}

// Whatever the text: a command is one line of it, an approval never comes with
// an error, and a quote of the text holds none.
func FuzzParseCommand(f *testing.F) {
	id := strings.Repeat("5a", 32)
	for _, seed := range []string{
		"/approve " + id, "/deny " + id + " no", "/revoke " + id, "```\n/approve " + id + "\n```", "> /approve " + id,
		"<!--\n/deny " + id, "```\n/deny " + id + "\n/approve " + id, "/approve " + id + "\r\n/deny " + id, "/approve", "gateledger: /deny " + id, "~~~\n", "a\x00b", "\xff/approve " + id,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCommand(text)
		if err != nil && c.Choice != "" && c.Choice != Deny {
			t.Fatalf("%s with %v", c.Choice, err)
		}
		if err != nil && c.Choice == "" {
			if c != (Command{}) {
				t.Fatalf("%+v with %v", c, err)
			}
			return
		}
		if len(c.Request) != 64 || !strings.Contains(text, "/"+string(c.Choice)+" "+c.Request) {
			t.Fatalf("%+v is not in %q", c, text)
		}
		if c.Choice != Deny && c.Reason != "" {
			t.Fatalf("a reason for %s", c.Choice)
		}
		quoted := "> " + strings.NewReplacer("\r\n", "\n> ", "\r", "\n> ", "\n", "\n> ").Replace(text)
		if q, err := ParseCommand(quoted); !errors.Is(err, ErrNoCommand) && len(quoted) <= MaxCommandText {
			t.Fatalf("quoted: %+v, %v", q, err)
		}
		again, err := ParseCommand("/" + string(c.Choice) + " " + c.Request)
		if err != nil || again.Choice != c.Choice || again.Request != c.Request {
			t.Fatalf("said again: %+v, %v", again, err)
		}
	})
}
