// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/pattern"
)

// ErrPrincipalExists is AddPrincipal's answer to a name that is taken.
var ErrPrincipalExists = errors.New("is a principal already")

// A NewPrincipal is a person to add to a policy.
type NewPrincipal struct {
	Name   string
	SSH    []string // public keys, as in a .pub file
	Emails []string
	Roles  []string
	GitHub Account
	GitLab Account

	Identity, Issuer string // as whom a certificate names them, and who said so; empty: they vote with keys
}

// AddPrincipal returns the policy with one more person. Every other byte of
// the file stays as it was, comments and order included. A person who is there
// already, exactly so, changes nothing; any other use of the name fails with
// ErrPrincipalExists. It fails where the new person clashes with somebody, as
// Parse tells.
func AddPrincipal(src []byte, p NewPrincipal) ([]byte, error) {
	before, err := Parse(src)
	if err != nil {
		return nil, fmt.Errorf("add %q: the policy has to be mended first: %w", p.Name, err)
	}
	want, err := p.principal()
	if err != nil {
		return nil, fmt.Errorf("add %q: %w", p.Name, err)
	}
	if old, ok := before.Principals[p.Name]; ok {
		if samePrincipal(old, want) {
			return bytes.Clone(src), nil
		}
		return nil, fmt.Errorf("add %q: %w; change the entry by hand", p.Name, ErrPrincipalExists)
	}
	out, err := insert(src, p)
	if err != nil {
		return nil, fmt.Errorf("add %q: %w", p.Name, err)
	}
	after, err := Parse(out)
	if err != nil {
		return nil, fmt.Errorf("add %q: %w", p.Name, err)
	}
	return out, onlyAdded(before, after, p.Name, want)
}

// principal is what the person is to become, by the same parser.
func (p NewPrincipal) principal() (Principal, error) {
	for _, text := range slices.Concat(p.SSH, p.Emails, p.Roles, []string{p.GitHub.Login, p.GitLab.Login, p.GitHub.Host, p.GitLab.Host, p.Identity, p.Issuer}) {
		if !utf8.ValidString(text) {
			return Principal{}, errors.New("a text of it is not UTF-8")
		}
	}
	var root yaml.Node
	entry := "x:\n" + p.block("  ")
	if err := yaml.Unmarshal([]byte(entry), &root); err != nil {
		return Principal{}, err
	}
	d := &decoder{p: &Policy{}, where: map[string]*yaml.Node{"": &root}}
	d.name(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.Name}, "name")
	if len(root.Content) == 0 || len(root.Content[0].Content) < 2 {
		return Principal{}, errors.New("nothing to add")
	}
	who := d.principal(root.Content[0].Content[1], p.Name)
	for _, e := range d.errs {
		return who, fmt.Errorf("%s: %s", e.Key, e.Text)
	}
	return who, nil
}

// block is the person's entry without the name, each line after indent.
func (p NewPrincipal) block(indent string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, indent+format+"\n", args...) }
	for i, key := range p.SSH {
		if i == 0 {
			line("keys:")
		}
		line("  - {ssh: %s}", quote(strings.TrimSpace(key)))
	}
	if p.Identity != "" || p.Issuer != "" {
		line("keyless: {identity: %s, issuer: %s}", quote(p.Identity), quote(p.Issuer))
	}
	if len(p.Emails) > 0 {
		line("emails: [%s]", quoteAll(p.Emails))
	}
	for _, a := range []struct {
		host string
		Account
	}{{"github", p.GitHub}, {"gitlab", p.GitLab}} {
		switch {
		case a.Account == Account{}:
		default:
			line("%s: {%s}", a.host, a.members())
		}
	}
	if len(p.Roles) > 0 {
		line("roles: [%s]", quoteAll(p.Roles))
	}
	if b.Len() == 0 {
		line("roles: []")
	}
	return b.String()
}

func (a Account) members() string {
	text := fmt.Sprintf("id: %d", a.ID)
	if a.Login != "" {
		text += ", login: " + quote(a.Login)
	}
	if a.Host != "" {
		text += ", host: " + quote(a.Host)
	}
	return text
}

// bare is a text that YAML reads as itself without quotes. Words that YAML 1.1
// takes for truth values are not among them.
var bare = pattern.New(`^[a-z][a-z0-9._-]*$`)

// quote writes a text so that YAML reads a text.
func quote(s string) string {
	if bare.MatchString(s) && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, s) {
		return s
	}
	return strconv.Quote(s)
}

func quoteAll(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return strings.Join(out, ", ")
}

// insert puts the entry at the end of the principals, in the text.
func insert(src []byte, p NewPrincipal) ([]byte, error) {
	root, err := document(src)
	if err != nil {
		return nil, err
	}
	if root.Style&yaml.FlowStyle != 0 {
		return nil, errors.New("the policy is written in braces; write it a key a line, or add the person by hand")
	}
	lines := strings.SplitAfter(string(src), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += "\n"
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "principals" {
			end := len(lines) + 1
			if i+2 < len(root.Content) {
				end = root.Content[i+2].Line
			}
			return under(lines, root.Content[i+1], end, p)
		}
	}
	lines = append(lines, "\nprincipals:\n", p.entry("  "))
	return []byte(strings.Join(lines, "")), nil
}

func (p NewPrincipal) entry(indent string) string {
	return indent + quote(p.Name) + ":\n" + p.block(indent+"  ")
}

// under inserts the entry under the principals' mapping n. The next key of the
// file stands on line end, from 1.
func under(lines []string, n *yaml.Node, end int, p NewPrincipal) ([]byte, error) {
	indent := "  "
	switch {
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0:
		return nil, errors.New("principals is written in braces; write it a person a line, or add the person by hand")
	case n.Kind == yaml.MappingNode && len(n.Content) == 0:
		before, after, ok := strings.Cut(lines[n.Line-1], "{}")
		if !ok || strings.TrimSpace(before) != "principals:" {
			return nil, errors.New("the braces after principals are not \"{}\" on the same line; take them out")
		}
		lines[n.Line-1] = strings.TrimRight(before, " ") + after
	case n.Kind == yaml.MappingNode:
		indent = strings.Repeat(" ", n.Content[0].Column-1)
	}
	at := end - 1
	for at > n.Line && aside(lines[at-1]) {
		at-- // what stands before the next key belongs to it
	}
	lines = slices.Insert(slices.Clone(lines), at, p.entry(indent))
	return []byte(strings.Join(lines, "")), nil
}

// aside says whether a line is blank or a comment at the margin.
func aside(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
}

// onlyAdded makes sure that the text that was written says what was meant: the
// same policy and one more person.
func onlyAdded(before, after *Policy, name string, want Principal) error {
	got, ok := after.Principals[name]
	if !ok || !samePrincipal(got, want) {
		return fmt.Errorf("add %q: the file is laid out in a way that cannot be edited; add the person by hand", name)
	}
	rest := *after
	rest.Principals = map[string]Principal{}
	for other, who := range after.Principals {
		if other != name {
			rest.Principals[other] = who
		}
	}
	same := *before
	rest.Digest, rest.Source, rest.unready = "", nil, nil
	same.Digest, same.Source, same.unready = "", nil, nil
	if !reflect.DeepEqual(rest, same) {
		return fmt.Errorf("add %q: the file is laid out in a way that cannot be edited; add the person by hand", name)
	}
	return nil
}

// samePrincipal compares two people by what counts.
func samePrincipal(a, b Principal) bool {
	sameKey := func(x, y Key) bool {
		return bytes.Equal(x.SSH.Marshal(), y.SSH.Marshal()) && x.From.Equal(y.From) && x.Until.Equal(y.Until)
	}
	return slices.EqualFunc(a.Keys, b.Keys, sameKey) && reflect.DeepEqual(a.Keyless, b.Keyless) && slices.Equal(a.Emails, b.Emails) &&
		slices.Equal(a.Roles, b.Roles) && slices.Equal(a.GitHub, b.GitHub) && slices.Equal(a.GitLab, b.GitLab)
}
