// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The lines of an armoured vote. Between the first two stands the statement in
// base64, between the two of the signature the SSH signature as ssh-keygen
// writes it.
const (
	armourBegin = "-----BEGIN GATELEDGER VOTE-----"
	armourEnd   = "-----END GATELEDGER VOTE-----"
)

// armourMark is what no line of a text has that does not want to be, or to
// talk of, an armoured vote.
const armourMark = "BEGIN GATELEDGER VOTE"

// MaxArmour is the longest armoured vote that is read, in bytes without what
// it is quoted with.
const MaxArmour = (MaxStatement+MaxSSHSIG)*4/3 + 8<<10

// maxProblems is how many problems of one text are told, the last of which
// stands for all that follow.
const maxProblems = 50

// An Armoured is one vote that was found in a text, signed with an SSH key and
// read in full. Nothing in it is proven until Ballot().Verify returns nil; who
// wrote the text around it does not matter.
type Armoured struct {
	Line      int // of its first line in the text, from 1
	Predicate Predicate
	Statement []byte // the exact bytes that were signed
	Signature *Signature
}

// A Problem is a place in a text that looks like an armoured vote and is none.
type Problem struct {
	Line int
	Err  error
}

// Armour returns statement and its armored SSH signature as a block of text
// that people can paste: into a note of a merge request, say. Every vote has
// one such block. It refuses a statement that ParseStatement refuses and a
// signature that does not verify.
func Armour(statement, armored []byte) (string, error) {
	if _, err := ParseStatement(statement); err != nil {
		return "", err
	}
	sig, err := ParseSSHSIG(armored)
	if err != nil {
		return "", err
	}
	if err := sig.Verify(statement); err != nil {
		return "", err
	}
	return armour(statement, sig), nil
}

func armour(statement []byte, sig *Signature) string {
	var b strings.Builder
	b.WriteString(armourBegin + "\n")
	for text := base64.StdEncoding.EncodeToString(statement); text != ""; {
		n := min(lineSize, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.Write(ArmorSSHSIG(sig))
	b.WriteString(armourEnd + "\n")
	return b.String()
}

// String returns the block, as Armour does.
func (a Armoured) String() string { return armour(a.Statement, a.Signature) }

// Ballot is the vote, to be verified and named.
func (a Armoured) Ballot() *Ballot {
	return &Ballot{Predicate: a.Predicate, Statement: a.Statement, Key: a.Signature.Key, Signature: a.Signature}
}

// FindArmoured returns the armoured votes in a text, in order, and what looks
// like one and is none. The block may be quoted: each of its lines may begin
// with the same spaces, tabs and '>', and end with white space. Apart from
// that a block is read in the one spelling that Armour writes. It checks no
// signature.
func FindArmoured(text string) ([]Armoured, []Problem) {
	var found []Armoured
	var problems []Problem
	lines := reader{rest: text}
	for line, ok := lines.next(); ok; line, ok = lines.next() {
		if !strings.Contains(line, armourMark) {
			continue
		}
		at := lines.n
		a, err := lines.block(line)
		if err == nil {
			a.Line = at
			found = append(found, a)
			continue
		}
		if len(problems) == maxProblems-1 {
			err = errors.New("more of the same; the rest is not told")
		}
		if len(problems) < maxProblems {
			problems = append(problems, Problem{Line: at, Err: fmt.Errorf("armoured vote: %w", err)})
		}
	}
	return found, problems
}

// A reader goes through a text line by line.
type reader struct {
	rest string
	n    int // of the line that was read last
}

// next returns the next line, without what it ends with.
func (r *reader) next() (line string, ok bool) {
	if r.rest == "" {
		return "", false
	}
	line, r.rest, _ = strings.Cut(r.rest, "\n")
	r.n++
	return strings.TrimRight(line, " \t\r"), true
}

// peek is next, for a line that is not taken.
func (r *reader) peek() (line string, ok bool) {
	ahead := *r
	return ahead.next()
}

// block reads a block whose first line was read. It takes no line of another
// block, so that every line of a text is looked at once.
func (r *reader) block(first string) (Armoured, error) {
	quote, ok := strings.CutSuffix(first, armourBegin)
	if !ok || strings.Trim(quote, " \t>") != "" {
		return Armoured{}, fmt.Errorf("its first line must be %s and nothing more", armourBegin)
	}
	body, err := r.body(quote)
	if err != nil {
		return Armoured{}, err
	}
	return parseArmour(body)
}

// body returns the lines up to the last one of the block, without it.
func (r *reader) body(quote string) (string, error) {
	var b strings.Builder
	for {
		line, ok := r.peek()
		switch {
		case !ok:
			return "", fmt.Errorf("there is no line %s", armourEnd)
		case strings.Contains(line, armourMark):
			return "", errors.New("another one begins before this one ends")
		}
		r.next()
		line, ok = strings.CutPrefix(line, quote)
		switch {
		case !ok:
			return "", fmt.Errorf("line %d is not quoted as the first one is", r.n)
		case line == armourEnd:
			return b.String(), nil
		case b.Len()+len(line) > MaxArmour:
			return "", fmt.Errorf("over the limit of %d bytes", MaxArmour)
		}
		b.WriteString(line + "\n")
	}
}

// parseArmour reads what stands between the first and the last line.
func parseArmour(body string) (Armoured, error) {
	at := strings.Index(body, begin+"\n")
	if at < 0 {
		return Armoured{}, fmt.Errorf("there is no line %s", begin)
	}
	statement, err := base64.StdEncoding.Strict().DecodeString(body[:at]) // passes over line feeds
	if err != nil {
		return Armoured{}, fmt.Errorf("its statement: base64: %w", err)
	}
	p, err := ParseStatement(statement)
	if err != nil {
		return Armoured{}, err
	}
	sig, err := ParseSSHSIG([]byte(body[at:]))
	if err != nil {
		return Armoured{}, err
	}
	a := Armoured{Predicate: p, Statement: statement, Signature: sig}
	if one := []byte(armourBegin + "\n" + body + armourEnd + "\n"); !bytes.Equal(one, []byte(a.String())) {
		return Armoured{}, errors.New("its lines are not broken as they are written")
	}
	return a, nil
}
