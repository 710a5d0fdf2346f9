// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
)

func (d *decoder) sigstore(n *yaml.Node, path string) {
	d.object(n, path, "sigstore", func(key string, v *yaml.Node, path string) {
		switch key {
		case "trusted-root":
			d.p.Sigstore.TrustedRoot, _ = d.pattern(v, path, keyIDPattern, `the digest of a trusted_root.json: "sha256:" and 64 lower-case hex digits`)
		case "timestamp":
			d.p.Sigstore.Timestamp = d.address(v, path)
		}
	})
}

// address reads a web address that everybody may read.
func (d *decoder) address(n *yaml.Node, path string) string {
	url, ok := d.pattern(n, path, addressPattern, "an address: https://…")
	if ok && hasPassword(url) {
		d.fail(n, path, "holds a password; a policy is read by everyone")
	}
	return url
}

// signer reads a machine: by a key, or by what its certificates say.
func (d *decoder) signer(n *yaml.Node, path string) Signer {
	s, rule, certified, before := Signer{Tier: Fast}, keyless.Rule{}, "", len(d.errs)
	d.object(n, path, "signer", func(key string, v *yaml.Node, path string) {
		switch key {
		case "key":
			s.Key, _ = d.pattern(v, path, keyIDPattern, `a key id: "sha256:" and 64 lower-case hex digits`)
		case "tier":
			s.Tier = d.tier(v, path)
		default:
			certified = cmp.Or(certified, key)
			d.certificate(&rule, key, v, path)
		}
	})
	switch hasKey := d.where[path+".key"] != nil; {
	case n.Kind != yaml.MappingNode:
	case hasKey && certified != "":
		d.fail(n, path, "has a key, and %s asks for a certificate; take one of them out", certified)
	case certified != "":
		d.namesSomebody(n, path)
		s.Untiered = d.where[path+".tier"] == nil
		if s.Keyless = &rule; len(d.errs) == before {
			d.sound(n, path, rule)
		}
	case !hasKey:
		d.fail(n, join(path, "key"), "is missing; or say by issuer, repository-id and workflow whose certificates count")
	}
	return s
}

// certificate reads one part of a keyless signer's rule.
func (d *decoder) certificate(rule *keyless.Rule, key string, v *yaml.Node, path string) {
	switch key {
	case "issuer":
		rule.Issuer = d.address(v, path)
	case "identity":
		rule.Subject = d.match(v, path)
	case "repository-id":
		if id, ok := d.number(v, path, idPattern, "the repository's number"); ok {
			rule.RepositoryID = strconv.FormatInt(id, 10)
		}
	case "workflow":
		rule.Workflow = d.match(v, path)
	case "build-signer":
		rule.BuildSigner = d.match(v, path)
	case "ref":
		rule.Ref = d.match(v, path)
		if is := rule.Ref.Is; is != "" && !refPattern.MatchString(is) {
			d.fail(v, path, "%q is no full ref such as refs/heads/main", is)
		}
	case "triggers":
		rule.Triggers = d.texts(v, path, func(v *yaml.Node, path, text string) bool {
			if !triggerPattern.MatchString(text) {
				d.fail(v, path, "%q is no trigger such as push or workflow_dispatch", text)
				return false
			}
			return true
		})
		if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
			d.fail(v, path, "is empty; leave it out to let every trigger count")
		}
	case "runner":
		rule.Runner = d.oneWord(v, path, "runner", runners)
	case "environment":
		rule.Environment, _ = d.text(v, path)
	}
}

// namesSomebody refuses a rule that strangers could meet: an issuer certifies
// everyone, and a file's path or a reusable workflow is the same in every
// repository.
func (d *decoder) namesSomebody(n *yaml.Node, path string) {
	if d.where[path+".issuer"] == nil {
		d.fail(n, join(path, "issuer"), "is missing: who certified the machine?")
	}
	if d.where[path+".identity"] == nil && d.where[path+".repository-id"] == nil {
		d.fail(n, path, "names nobody: the issuer certifies everyone; add repository-id, or an identity")
	}
}

// sound has the package that matches certificates say what else is wrong.
func (d *decoder) sound(n *yaml.Node, path string, rule keyless.Rule) {
	if err := rule.Check(); err != nil {
		d.fail(n, path, "%v", err)
	}
}

// person reads the one identity by which a human signs without a key.
func (d *decoder) person(n *yaml.Node, path string) *keyless.Rule {
	rule, before := keyless.Rule{}, len(d.errs)
	d.object(n, path, "keyless", func(key string, v *yaml.Node, path string) {
		switch key {
		case "identity":
			rule.Subject.Is, _ = d.text(v, path)
		case "issuer":
			rule.Issuer = d.address(v, path)
		}
	})
	if len(d.errs) == before {
		d.sound(n, path, rule)
	}
	return &rule
}

// match reads what a text of a certificate must be: a text, or {pattern: …}.
func (d *decoder) match(n *yaml.Node, path string) keyless.Text {
	var t keyless.Text
	if n.Kind != yaml.MappingNode {
		t.Is, _ = d.text(n, path)
		return t
	}
	d.object(n, path, "pattern", func(_ string, v *yaml.Node, path string) {
		text, ok := d.text(v, path)
		if ok && d.expression(v, path, text) {
			t.Pattern = text
		}
	})
	return t
}

// expression checks a pattern. One that matches no text at all, or one that
// is nobody's, matches everything, or would if somebody forgot what they meant.
func (d *decoder) expression(n *yaml.Node, path, text string) bool {
	if len(text) > maxPattern {
		d.fail(n, path, "has %d bytes; a pattern has at most %d", len(text), maxPattern)
		return false
	}
	if err := (keyless.Text{Pattern: text}).Check(); err != nil {
		d.fail(n, path, "%v", err)
		return false
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil || whole.MatchString("") || whole.MatchString("~~~~~~~~") {
		d.fail(n, path, "%q matches anything, so it asks for nothing; say what must be there", text)
		return false
	}
	return true
}

// oneWord reads one of the words that stand for themselves.
func (d *decoder) oneWord(n *yaml.Node, path, kind string, known []string) string {
	text, ok := d.text(n, path)
	for _, w := range known {
		if w == text {
			return text
		}
	}
	if ok {
		d.fail(n, path, "unknown %s %q%s", kind, text, have(text, known))
	}
	return ""
}

// checkKeyless holds the certificates that count against each other and
// against the people: a machine does not vote. Two rules with patterns, or of
// different parts, can still match one certificate; a machine then counts by
// either name, which asks no more of it than each says.
func (d *decoder) checkKeyless() {
	first := map[string]string{}
	for _, name := range d.inFileOrder("signers", slices.Collect(maps.Keys(d.p.Signers))) {
		rule := d.p.Signers[name].Keyless
		if rule == nil {
			continue
		}
		path := join("signers", name)
		d.rootFor(path, "certificates")
		switch {
		case rule.Issuer == "":
		case rule.Subject.Is != "":
			d.once(first, rule.Issuer+" "+rule.Subject.Is, name, path+".identity", "the identity")
		default:
			if key, err := canon.Digest(resolvedRuleOf(rule)); err == nil {
				d.once(first, key, name, path, "what its certificates must say")
			}
		}
	}
	people := map[string]string{}
	for _, name := range d.inFileOrder("principals", slices.Collect(maps.Keys(d.p.Principals))) {
		rule := d.p.Principals[name].Keyless
		if rule == nil {
			continue
		}
		path := join("principals", name) + ".keyless"
		d.rootFor(path, "certificates")
		if rule.Issuer == "" || rule.Subject.Is == "" {
			continue
		}
		d.once(people, rule.Issuer+" "+foldEmail(rule.Subject.Is), name, path+".identity", "the identity")
		d.isNoMachine(path+".identity", rule)
	}
}

func (d *decoder) rootFor(path, what string) {
	if d.where["sigstore.trusted-root"] == nil {
		d.failAt(path, "%s can be checked by a trusted root only: add sigstore.trusted-root", what)
	}
}

// isNoMachine refuses a person whose certificate a signer's rule could match.
func (d *decoder) isNoMachine(path string, who *keyless.Rule) {
	for _, name := range slices.Sorted(maps.Keys(d.p.Signers)) {
		rule := d.p.Signers[name].Keyless
		if rule == nil || rule.Issuer != who.Issuer {
			continue
		}
		as := keyless.Identity{Issuer: who.Issuer, Subject: who.Subject.Is}
		named := rule.Subject != keyless.Text{}
		if !named || foldEmail(rule.Subject.Is) == foldEmail(as.Subject) ||
			(keyless.Rule{Issuer: rule.Issuer, Subject: rule.Subject}).Match(as) == nil {
			d.failAt(path, "the signer %s's certificates could be theirs: a machine does not vote", name)
		}
	}
}
