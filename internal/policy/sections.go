// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/vote"
)

func (d *decoder) policy(n *yaml.Node) {
	d.object(n, "", "policy", func(key string, v *yaml.Node, path string) {
		switch key {
		case "version":
			if v.ShortTag() != "!!int" || v.Value != "1" {
				d.fail(v, path, "must be 1, not %s", what(v))
			}
		case "ledger":
			d.ledger(v, path)
		case "sigstore":
			d.sigstore(v, path)
		case "signers":
			d.named(v, path, maxSigners, func(name string, v *yaml.Node, path string) {
				d.p.Signers[name] = d.signer(v, path)
			})
		case "principals":
			d.named(v, path, maxPrincipals, func(name string, v *yaml.Node, path string) {
				d.p.Principals[name] = d.principal(v, path)
			})
		case "environments":
			d.named(v, path, maxEnvironments, func(name string, v *yaml.Node, path string) {
				d.p.Environments[name] = d.environment(name, v, path)
			})
		case "roles":
			d.named(v, path, maxRoles, func(name string, v *yaml.Node, path string) {
				if d.p.ForgeRoles == nil {
					d.p.ForgeRoles = map[string]Role{}
				}
				d.p.ForgeRoles[name] = d.role(v, path)
			})
		case "anchors":
			d.named(v, path, maxAnchors, func(name string, v *yaml.Node, path string) {
				if d.p.Anchors == nil {
					d.p.Anchors = map[string]anchored.Spec{}
				}
				d.p.Anchors[name] = d.anchor(name, v, path)
			})
		case "registry":
			d.p.Registry = d.registry(v, path)
		case "outsiders":
			d.p.Outsiders = d.emails(v, path, "*")
		case "collect":
			d.p.Collect = d.words(v, path, "source of votes", vote.SourceNames(), nil)
		case "policy-change":
			d.p.change = d.policyChange(v, path)
			d.p.PolicyChange = d.p.change.Require
		}
	})
}

func (d *decoder) ledger(n *yaml.Node, path string) {
	d.object(n, path, "ledger", func(key string, v *yaml.Node, path string) {
		switch key {
		case "url":
			d.p.Ledger.URL, _ = d.text(v, path)
			if hasPassword(d.p.Ledger.URL) {
				d.fail(v, path, "holds a password; a policy is read by everyone")
			}
		case "origin":
			d.p.Ledger.Origin, _ = d.pattern(v, path, originPattern, "an origin: letters, digits, '.', '_', '/' and '-'")
		case "keys":
			d.p.Ledger.Keys = d.texts(v, path, d.logKey)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty: no checkpoint could be trusted")
			}
		case "hosting":
			d.p.Ledger.Hosting, _ = d.name(v, path)
		case "witnesses":
			d.p.Ledger.Witnesses = d.witnesses(v, path)
		}
	})
}

// hasPassword finds user:password@ in the authority of a URL.
func hasPassword(url string) bool {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return false
	}
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndex(authority, "@")
	return at >= 0 && strings.Contains(authority[:at], ":")
}

func (d *decoder) tier(n *yaml.Node, path string) Tier {
	tiers := []string{string(Anchored), string(Fast)}
	text, ok := d.text(n, path)
	if !ok || !slices.Contains(tiers, text) {
		if ok {
			d.fail(n, path, "unknown tier %q%s", text, have(text, tiers))
		}
		return Fast
	}
	return Tier(text)
}

func (d *decoder) principal(n *yaml.Node, path string) Principal {
	var p Principal
	d.object(n, path, "principal", func(key string, v *yaml.Node, path string) {
		switch key {
		case "keys":
			d.list(v, path, func(v *yaml.Node, path string) {
				p.Keys = append(p.Keys, d.key(v, path))
			})
		case "emails":
			p.Emails = d.emails(v, path, "")
		case "github":
			p.GitHub = d.accounts(v, path, "github.com")
		case "gitlab":
			p.GitLab = d.accounts(v, path, "gitlab.com")
		case "evm":
			p.Signers = d.signers(v, path)
		case "roles":
			p.Roles = d.nameList(v, path)
		case "keyless":
			p.Keyless = d.person(v, path)
		}
	})
	return p
}

func (d *decoder) key(n *yaml.Node, path string) Key {
	var k Key
	d.object(n, path, "key", func(key string, v *yaml.Node, path string) {
		switch key {
		case "ssh":
			k.SSH = d.sshKey(v, path)
		case "from":
			k.From = d.date(v, path)
		case "until":
			k.Until = d.date(v, path)
		}
	})
	if !k.From.IsZero() && !k.Until.IsZero() && !k.Until.After(k.From) {
		d.fail(n, path, "until %s is not after from %s: the key would never count",
			k.Until.Format(time.DateOnly), k.From.Format(time.DateOnly))
	}
	return k
}

// accounts reads one account, or a list of them.
func (d *decoder) accounts(n *yaml.Node, path, host string) []Account {
	if n.Kind != yaml.SequenceNode {
		return []Account{d.account(n, path, host)}
	}
	var all []Account
	d.list(n, path, func(v *yaml.Node, path string) {
		all = append(all, d.account(v, path, host))
	})
	if len(n.Content) == 0 {
		d.fail(n, path, "is empty; leave it out instead")
	}
	return all
}

func (d *decoder) account(n *yaml.Node, path, host string) Account {
	a := Account{Host: host}
	d.object(n, path, "account", func(key string, v *yaml.Node, path string) {
		switch key {
		case "id":
			a.ID, _ = d.number(v, path, idPattern, "the account's number")
		case "login":
			a.Login, _ = d.text(v, path)
		case "host":
			if host, ok := d.pattern(v, path, hostPattern, "the host of a forge, in lower case, such as git.example.org"); ok {
				a.Host = host
			}
		}
	})
	return a
}

// emails reads a list of addresses, or the word besides, in lower case.
func (d *decoder) emails(n *yaml.Node, path, besides string) []string {
	all := d.texts(n, path, func(v *yaml.Node, path, text string) bool {
		if text == besides || emailPattern.MatchString(text) {
			return true
		}
		d.fail(v, path, "%q is not an e-mail address in plain ASCII", text)
		return false
	})
	for i := range all {
		all[i] = foldEmail(all[i])
	}
	return all
}

// foldEmail makes two spellings of an address equal. It folds ASCII only:
// Unicode folding would make a look-alike address somebody else's.
func foldEmail(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func (d *decoder) seats(n *yaml.Node, path string) []Seat {
	var all []Seat
	d.list(n, path, func(v *yaml.Node, path string) {
		s := Seat{}
		d.object(v, path, "seat", func(key string, v *yaml.Node, path string) {
			switch key {
			case "role":
				s.Role, _ = d.name(v, path)
			case "count":
				count, _ := d.number(v, path, countPattern, "a whole number from 1 to 100")
				s.Count = int(count)
			case "source":
				s.Source = d.words(v, path, "source", SeatSources(), laterSources)
			}
		})
		if s.Role != "" && slices.ContainsFunc(all, func(o Seat) bool { return o.Role == s.Role && slices.Equal(sorted(o.Sources()), sorted(s.Sources())) }) {
			d.fail(v, path, "role %s has its seats above already; raise their count", s.Role)
			return
		}
		all = append(all, s)
	})
	return all
}

// words reads a list of words that stand for themselves; the words of later
// versions are refused by name.
func (d *decoder) words(n *yaml.Node, path, kind string, known, later []string) []string {
	all := d.texts(n, path, func(v *yaml.Node, path, text string) bool {
		switch {
		case slices.Contains(known, text):
			return true
		case slices.Contains(later, text):
			d.fail(v, path, "%s %s is not in this version%s", kind, text, have("", known))
		default:
			d.fail(v, path, "unknown %s %q%s", kind, text, have(text, known))
		}
		return false
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.fail(n, path, "is empty; leave it out instead")
	}
	return all
}
