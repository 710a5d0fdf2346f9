// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// block is a vote of seed's key, armoured.
func block(t testing.TB, seed byte, p Predicate) string {
	t.Helper()
	_, sign := newKey(t, seed)
	statement := statementOf(t, p)
	text, err := Armour(statement, ArmorSSHSIG(sign(statement)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// edit changes every line of a text.
func edit(text string, line func(string) string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString(line(strings.TrimSuffix(l, "\n")))
	}
	return b.String()
}

func TestEveryKindOfKeyIsArmoured(t *testing.T) {
	statement := vector(t, "statement.json")
	for _, name := range []string{"ed25519", "ed25519-sha256", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-3072", "sk-ed25519", "sk-ecdsa"} {
		text, err := Armour(statement, vector(t, name+".sig"))
		if err != nil {
			t.Fatal(err)
		}
		found, problems := FindArmoured(text)
		if len(found) != 1 || len(problems) != 0 {
			t.Fatalf("%s: %d found, %v", name, len(found), problems)
		}
		a := found[0]
		if !bytes.Equal(a.Statement, statement) || a.Predicate.Choice != Approve || a.String() != text || a.Line != 1 {
			t.Errorf("%s: %+v", name, a)
		}
		if err := a.Ballot().Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A ballot that was pasted is the one that is logged.
func TestPastedAndLoggedIsOneVote(t *testing.T) {
	found, _ := FindArmoured(block(t, 1, approval()))
	if found[0].Ballot().ID() != cast(t, 1, approval()).ID() {
		t.Error("the same vote has two IDs")
	}
}

func TestBlocksAreFound(t *testing.T) {
	deny := approval()
	deny.Choice = Deny
	yes, no := block(t, 1, approval()), block(t, 2, deny)
	quoted := func(quote string) string {
		return edit(yes, func(l string) string { return quote + l + "\n" })
	}
	for name, c := range map[string]struct {
		text    string
		choices string
		lines   string
	}{
		"nothing":                       {"", "", ""},
		"talk":                          {"LGTM, ship it\n/approve\n", "", ""},
		"a block alone":                 {yes, "approve", "1"},
		"without the last line feed":    {strings.TrimSuffix(yes, "\n"), "approve", "1"},
		"CRLF":                          {strings.ReplaceAll(yes, "\n", "\r\n"), "approve", "1"},
		"in a code fence":               {"I looked at it.\n\n```\n" + yes + "```\nthanks", "approve", "4"},
		"in a fence inside a list":      {"- so:\n" + quoted("    ") + "\n", "approve", "2"},
		"indented by a tab":             {quoted("\t"), "approve", "1"},
		"quoted in an answer":           {"> I wrote\n" + quoted("> ") + "\nsee above", "approve", "2"},
		"quoted twice":                  {quoted(">> "), "approve", "1"},
		"white space at the ends":       {edit(yes, func(l string) string { return l + " \t\n" }), "approve", "1"},
		"two blocks":                    {yes + no, "approve deny", "1 22"},
		"two blocks with talk between":  {yes + "and\n" + no, "approve deny", "1 23"},
		"the same block twice":          {yes + yes, "approve approve", "1 22"},
		"a block after one cut short":   {yes[:200] + "\n" + no, "deny", "5"},
		"a block after one without end": {strings.Replace(yes, armourEnd+"\n", "", 1) + no, "deny", "21"},
		"after a megabyte of talk":      {strings.Repeat("la ", 350_000) + "\n" + no, "deny", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			found, _ := FindArmoured(c.text)
			var choices []string
			for _, a := range found {
				choices = append(choices, string(a.Predicate.Choice))
				if err := a.Ballot().Verify(); err != nil {
					t.Error(err)
				}
			}
			if got := strings.Join(choices, " "); got != c.choices {
				t.Errorf("found %q, want %q", got, c.choices)
			}
			if got := linesOf(found); got != c.lines {
				t.Errorf("at lines %q, want %q", got, c.lines)
			}
		})
	}
}

func linesOf(found []Armoured) string {
	var all []string
	for _, a := range found {
		all = append(all, strconv.Itoa(a.Line))
	}
	return strings.Join(all, " ")
}

// What is not the block as it was written is no vote, and is told.
func TestBlocksAreStrict(t *testing.T) {
	yes := block(t, 1, approval())
	lines := strings.SplitAfter(yes, "\n")
	joined := strings.Join(append([]string{lines[0], strings.TrimSuffix(lines[1], "\n")}, lines[2:]...), "")
	for name, c := range map[string]struct{ text, want string }{
		"cut before its end":            {yes[:len(yes)-10], "there is no line"},
		"cut inside its statement":      {yes[:300], "there is no line"},
		"without a signature":           {yes[:strings.Index(yes, begin)] + armourEnd + "\n", begin},
		"without a statement":           {armourBegin + "\n" + yes[strings.Index(yes, begin):], "vote statement"},
		"its first line longer":         {strings.Replace(yes, armourBegin, armourBegin+" x", 1), "nothing more"},
		"its first line after a word":   {"see " + yes, "nothing more"},
		"its first line in a code span": {"`" + armourBegin + "`", "nothing more"},
		"lines joined":                  {joined, "broken"},
		"a line broken":                 {strings.Replace(yes, lines[1], lines[1][:10]+"\n"+lines[1][10:], 1), "broken"},
		"an empty line inside":          {strings.Replace(yes, lines[1], lines[1]+"\n", 1), "broken"},
		"a letter that looks the same":  {strings.Replace(yes, lines[1], strings.Replace(lines[1], "e", "е", 1), 1), "base64"},
		"a zero-width space":            {strings.Replace(yes, lines[1], "\u200b"+lines[1], 1), "base64"},
		"one line quoted otherwise":     {edit(yes, func(l string) string { return strings.Replace("> "+l+"\n", "> "+armourEnd, armourEnd, 1) }), "quoted"},
		"white space inside a line":     {strings.Replace(yes, lines[1], " "+lines[1], 1), "base64"},
		"a statement that was changed":  {strings.Replace(yes, lines[3], strings.ToLower(lines[3]), 1), ""},
		"another's end":                 {strings.Replace(yes, armourEnd, "-----END PGP MESSAGE-----", 1), "there is no line"},
		"something after its signature": {strings.Replace(yes, armourEnd, "AAAA\n"+armourEnd, 1), "does not end"},
		"too long":                      {armourBegin + "\n" + strings.Repeat(strings.Repeat("A", 70)+"\n", MaxArmour/70+2), "limit of 11"},
		"another one begins inside it":  {strings.Replace(yes, lines[2], armourBegin+"\n", 1), "another one begins"},
	} {
		t.Run(name, func(t *testing.T) {
			found, problems := FindArmoured(c.text)
			if len(found) != 0 || len(problems) == 0 {
				t.Fatalf("%d found, %v", len(found), problems)
			}
			wantError(t, problems[0].Err, "armoured vote")
			if c.want != "" {
				wantError(t, problems[0].Err, c.want)
			}
		})
	}
}

func TestArmourRefusesWhatDoesNotVerify(t *testing.T) {
	statement := vector(t, "statement.json")
	for name, want := range map[string]string{
		"ed25519-namespace-git": "namespace", "rsa-2048": "too short", "sk-ed25519-untouched": "user presence",
		"ed25519-certificate": "certificate",
	} {
		_, err := Armour(statement, vector(t, name+".sig"))
		wantError(t, err, want)
	}
	_, err := Armour([]byte(strings.Replace(string(statement), "approve", "deny", 1)), vector(t, "ed25519.sig"))
	wantError(t, err, "did not verify")
	_, err = Armour([]byte("{}"), vector(t, "ed25519.sig"))
	wantError(t, err, "vote statement")
}

// A block whose signature does not hold is found, and verifies as nothing.
func TestFoundIsNotVerified(t *testing.T) {
	deny := approval()
	deny.Choice = Deny
	_, sign := newKey(t, 1)
	text := armour(statementOf(t, deny), sign(statementOf(t, approval())))
	found, problems := FindArmoured(text)
	if len(found) != 1 || len(problems) != 0 {
		t.Fatalf("%d found, %v", len(found), problems)
	}
	wantError(t, found[0].Ballot().Verify(), "did not verify")
}

// A text full of beginnings is gone through once, and tells so many problems.
func TestGarbageIsTold(t *testing.T) {
	_, problems := FindArmoured(strings.Repeat(armourBegin+"\n", 100_000))
	if len(problems) != maxProblems || !strings.Contains(problems[maxProblems-1].Err.Error(), "the rest is not told") {
		t.Errorf("%d problems, the last %v", len(problems), problems[len(problems)-1])
	}
}

func TestSourcesAreNamed(t *testing.T) {
	names := SourceNames()
	if len(names) != len(Sources()) {
		t.Errorf("%d names of %d sources", len(names), len(Sources()))
	}
	for i, name := range names {
		if s, ok := SourceNamed(name); !ok || s.Name != name || s.Doc == "" || s.Setup == "" {
			t.Errorf("%s: %+v", name, s)
		}
		if i > 0 && names[i-1] >= name {
			t.Errorf("%s after %s", name, names[i-1])
		}
	}
	if _, ok := SourceNamed("gitlab-notes"); ok {
		t.Error("a source that there is not")
	}
}

// What is found in a text is written as it stands there but for its quoting,
// whatever the text is.
func FuzzFindArmoured(f *testing.F) {
	yes := block(f, 1, approval())
	f.Add(yes)
	f.Add("> " + strings.ReplaceAll(yes, "\n", "\r\n> "))
	f.Add(yes[:100] + "\n```\n" + yes + yes)
	f.Add(armourBegin + "\n" + armourBegin)
	f.Add(armourBegin + "\n" + begin + "\n" + end + "\n" + armourEnd)
	f.Fuzz(func(t *testing.T, text string) {
		found, problems := FindArmoured(text)
		plain := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r>", r) {
				return -1
			}
			return r
		}, text)
		for _, a := range found {
			_ = a.Ballot().Verify()
			again, bad := FindArmoured(a.String())
			if len(again) != 1 || len(bad) != 0 || again[0].String() != a.String() {
				t.Fatalf("what was found is not found again: %v", bad)
			}
			if !strings.Contains(plain+"\n", strings.ReplaceAll(a.String(), " ", "")) {
				t.Errorf("it does not stand in the text:\n%s", a)
			}
		}
		if len(problems) > maxProblems {
			t.Errorf("%d problems", len(problems))
		}
	})
}
