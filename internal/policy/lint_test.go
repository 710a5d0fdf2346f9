// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// careful is an environment that nothing is to be said of.
const careful = `
    dated: true
    require: [{role: lead, count: 2}]
    exclude: [author]
    veto: {roles: [security]}
    max-age: 1d
    evidence: [{event: test, by: ci, max-age: 1d}]
    gate: gate
`

// lintedOf is a policy with one environment, a trusted root, and people by
// their roles.
func lintedOf(t testing.TB, name, rules, people string) *Policy {
	t.Helper()
	text := string(policyOf(t, rulesOfTests).Source)
	text, _, _ = strings.Cut(text, "principals:")
	text += "sigstore: {trusted-root: \"sha256:" + strings.Repeat("1", 64) + "\"}\nprincipals:\n"
	for line := range strings.Lines(people) {
		who, roles, _ := strings.Cut(strings.TrimSpace(line), ": ")
		text += fmt.Sprintf("  %s: {keys: [{ssh: %q}], roles: [%s]}\n", who, sshText(sshSigner(who).PublicKey()), roles)
	}
	p, err := Parse([]byte(text + "environments:\n  " + name + ":" + rules))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

const enough = "ana: lead\nbo: lead\ncy: lead, security\ndee: security"

func TestWarnings(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(careful, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(careful, old, new, 1)
	}
	for name, c := range map[string]struct {
		env, rules, people string
		want               []string // code, key
	}{
		"nothing to say":                 {"production", careful, enough, nil},
		"production by makers' clocks":   {"production", edit("dated: true", "tier: fast"), enough, []string{"self-asserted-times environments.production.tier"}},
		"and so is eu-prod":              {"eu-prod", edit("    dated: true\n", ""), enough, []string{"self-asserted-times environments.eu-prod.tier"}},
		"productive is no production":    {"productive", edit("    dated: true\n", ""), enough, nil},
		"one human fills every seat":     {"test", edit("count: 2", "count: 1"), "ana: lead, security\ndee: security", []string{"one-human environments.test.require"}},
		"all of a role are needed":       {"test", careful, "ana: lead\nbo: lead\ndee: security", []string{"lone-seat environments.test.require[0].role"}},
		"nobody is no lone seat":         {"test", careful, "dee: security", nil},
		"no veto":                        {"test", edit("    veto: {roles: [security]}\n", ""), enough, []string{"no-veto environments.test.veto"}},
		"the author may approve":         {"test", edit("author", "committer"), enough, []string{"own-approval environments.test.exclude"}},
		"no evidence":                    {"test", edit("    evidence: [{event: test, by: ci, max-age: 1d}]\n", ""), enough, []string{"no-evidence environments.test.evidence"}},
		"votes count for too long":       {"test", edit("max-age: 1d\n    ev", "max-age: 8d\n    ev"), enough, []string{"long-max-age environments.test.max-age"}},
		"a week is not too long":         {"test", edit("max-age: 1d\n    ev", "max-age: 7d\n    ev"), enough, nil},
		"evidence counts for too long":   {"test", edit("by: ci, max-age: 1d", "by: ci, max-age: 31d"), enough, []string{"long-max-age environments.test.evidence[0].max-age"}},
		"a scan of any age":              {"test", edit("event: test, by: ci, max-age: 1d", "event: scan, by: ci"), enough, []string{"scan-of-any-age environments.test.evidence[0].max-age"}},
		"an open door nobody could shut": {"test", "\n    auto: true\n    evidence: [{event: test, by: ci}]\n", enough, []string{"no-veto environments.test.veto"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, w := range lintedOf(t, c.env, c.rules, c.people).Warnings() {
				got = append(got, w.Code+" "+w.Key)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a forge may not tell is said before anybody waits for it.
func TestWarningsOfWhatAForgeHides(t *testing.T) {
	const seats = "\n    require: [{role: security, count: 1}, {role: %s, count: 1, source: [signed, %s]}]\n    exclude: [%s]\n    gate: gate\n"
	codes := func(rules, more string) (all []string) {
		p := policyWith(t, rules, more)
		for _, w := range p.Warnings() {
			if w.Code == "hidden-team" || w.Code == "author-by-address" {
				all = append(all, w.Code+" "+w.Key)
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		rules, roles string
		want         []string
	}{
		"a team":                {fmt.Sprintf(seats, "devs", "github-review", "author"), "roles: {devs: {teams: [\"github:acme/devs\"]}}\n", []string{"author-by-address principals.gus.emails", "hidden-team environments.production.require[1].role"}},
		"a group":               {fmt.Sprintf(seats, "devs", "gitlab-approval", "author"), "roles: {devs: {groups: [\"gitlab:acme/devs\"]}}\n", []string{"author-by-address principals.alice.emails", "author-by-address principals.carol.emails", "author-by-address principals.dave.emails", "author-by-address principals.erin.emails", "author-by-address principals.gus.emails", "hidden-team environments.production.require[1].role"}},
		"a permission is shown": {fmt.Sprintf(seats, "devs", "github-review", "author"), "roles: {devs: {permission: write}}\n", []string{"author-by-address principals.gus.emails"}},
		"people of the policy":  {fmt.Sprintf(seats, "lead", "github-review", "author"), "", []string{"author-by-address principals.gus.emails"}},
		"nobody is excluded":    {strings.Replace(fmt.Sprintf(seats, "lead", "github-review", ""), "    exclude: []\n", "", 1), "", nil},
		"nobody reads a forge":  {strings.Replace(fmt.Sprintf(seats, "lead", "x", "author"), ", source: [signed, x]", "", 1), "", nil},
	} {
		got := codes(c.rules, c.roles)
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// policyWith is the usual policy with gus, who is known by an address, and more.
func policyWith(t *testing.T, rules, more string) *Policy {
	t.Helper()
	text := string(policyOf(t, rules).Source)
	text = strings.Replace(text, "\nprincipals:\n", "\nprincipals:\n  gus: {emails: [gus@x.org]}\n", 1) + more
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// A warning about something stands where it stands, and one about what is
// left out where it should.
func TestWarningsSayWhere(t *testing.T) {
	p := lintedOf(t, "production", "\n    require: [{role: lead, count: 1}]\n    gate: gate\n    max-age: 30d\npolicy-change: {require: [{role: lead, count: 1}], max-age: 31d}\n", "ana: lead")
	lines := strings.Split(string(p.Source), "\n")
	for _, w := range p.Warnings() {
		at := lines[w.Line-1][w.Column-1:]
		want := map[string]string{
			"environments.production.max-age": "30d", "environments.production.require": "require:",
			"policy-change.max-age": "31d", "policy-change.require": "require:",
		}[w.Key]
		if want == "" {
			want = "production:"
		}
		if !strings.HasPrefix(at, want) {
			t.Errorf("%s stands at %q", w.Error.Error(), at)
		}
	}
	if n := len(p.Warnings()); n != 8 {
		t.Errorf("%d warnings", n)
	}
}

func TestWarningsOfFixtures(t *testing.T) {
	for file, data := range fixtures(t, "ok/*.yml") {
		p, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		all := p.Warnings()
		if !slices.IsSortedFunc(all, func(a, b Warning) int { return a.Line - b.Line }) {
			t.Errorf("%s: not in the file's order", file)
		}
		for _, w := range all {
			if w.Line < 1 || w.Column < 1 || w.Code == "" || w.Text == "" {
				t.Errorf("%s: %+v", file, w)
			}
		}
		if e := p.Where("ledger.hosting", "says %d", 1); e.Line < 1 || e.Text != "says 1" {
			t.Errorf("%s: %v", file, e)
		}
	}
}

// Who has only an account at a forge can fill a seat that takes reviews, and no
// other.
func TestWarningsCountWhoReviews(t *testing.T) {
	for name, c := range map[string]struct{ rules, says string }{
		"by signature": {"{role: lead, count: 5}", "nobody but alice, bob, carol, frank, gina can fill"},
		"by review":    {"{role: lead, count: 6, source: [signed, github-review]}", "nobody but alice, bob, carol, erin, frank, gina can fill"},
	} {
		p := policyOf(t, "\n    require: [{role: security, count: 1}, "+c.rules+"]\n    gate: gate\n")
		found := slices.ContainsFunc(p.Warnings(), func(w Warning) bool {
			return w.Code == "lone-seat" && w.Key == "environments.production.require[1].role" && strings.Contains(w.Text, c.says)
		})
		if !found {
			t.Errorf("%s: %v", name, p.Warnings())
		}
	}
}
