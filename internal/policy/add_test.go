// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func keyText(t testing.TB, fixture, name string) string {
	t.Helper()
	p, err := Parse(fixtures(t, "ok/*.yml")["testdata/ok/"+fixture+".yml"])
	if err != nil {
		t.Fatal(err)
	}
	return sshText(p.Principals[name].Keys[0].SSH)
}

func start(t testing.TB) Start {
	t.Helper()
	l := full(t).Ledger
	return Start{URL: "dir:", Origin: l.Origin, LogKeys: l.Keys, Signer: "dev", Key: full(t).Signers["dev"].Key}
}

func TestTemplateIsSoundAndAllowsNothing(t *testing.T) {
	text, err := Template(start(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Template(start(t))
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("the template differs from run to run: %v", err)
	}
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if p.Ready("production") == nil {
		t.Error("production is open, and nobody is there to approve")
	}
	if strings.Contains(string(text), "{") && strings.Contains(string(text), "{origin}") {
		t.Error("a place in the template was left open")
	}
}

func TestTemplateRefusesWhatIsNoPolicy(t *testing.T) {
	s := start(t)
	s.Key = "sha256:no"
	if _, err := Template(s); err == nil {
		t.Error("a broken key id was written down")
	}
}

func TestTemplateIsReadyOnceTwoPeopleAreIn(t *testing.T) {
	text, err := Template(start(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"ana", "bo"} {
		if p, err := Parse(text); err != nil || p.Ready("production") == nil {
			t.Fatalf("before %s: ready, or %v", who, err)
		}
		text, err = AddPrincipal(text, NewPrincipal{Name: who, SSH: []string{keyText(t, "full", who)}, Emails: []string{who + "@example.org"}, Roles: []string{"lead"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Lint(); err != nil {
		t.Errorf("two leads are in, and: %v", err)
	}
}

// A person is added to a policy in each of the layouts that people write.
func TestAddPrincipalKeepsEveryByte(t *testing.T) {
	head := "version: 1\n# the log\nledger: {origin: q7d4example, keys: [\"" + full(t).Ledger.Keys[0] + "\"]}\n"
	entry := "  cy:\n    keys:\n      - {ssh: \"" + keyText(t, "full", "cy") + "\"}\n    emails: [\"cy@example.org\"]\n    roles: [lead]\n"
	for layout, test := range map[string]struct{ before, after string }{
		"no principals":       {head, head + "\nprincipals:\n" + entry},
		"no last line break":  {strings.TrimSuffix(head, "\n"), head + "\nprincipals:\n" + entry},
		"empty braces":        {head + "principals: {}\noutsiders: []\n", head + "principals:\n" + entry + "outsiders: []\n"},
		"braces and comment":  {head + "principals: {} # nobody\noutsiders: []\n", head + "principals: # nobody\n" + entry + "outsiders: []\n"},
		"nothing":             {head + "principals:\noutsiders: []\n", head + "principals:\n" + entry + "outsiders: []\n"},
		"nothing but comment": {head + "principals:\n  # people\n\n# others\noutsiders: []\n", head + "principals:\n  # people\n" + entry + "\n# others\noutsiders: []\n"},
		"somebody": {
			head + "principals:\n  # Ana\n  ana: {roles: [x]} # first\n\n# others\noutsiders: []\n",
			head + "principals:\n  # Ana\n  ana: {roles: [x]} # first\n" + entry + "\n# others\noutsiders: []\n",
		},
		"somebody, at the end": {head + "principals:\n  ana:\n    roles: [x]\n", head + "principals:\n  ana:\n    roles: [x]\n" + entry},
		"another indent": {
			head + "principals:\n    ana: {roles: [x]}\n",
			head + "principals:\n    ana: {roles: [x]}\n" + strings.ReplaceAll("\n"+strings.TrimSuffix(entry, "\n"), "\n", "\n  ")[1:] + "\n",
		},
		"a text over several lines": {
			head + "principals:\n  ana:\n    github: {id: 1, login: \"a\n      b\"}\noutsiders: []\n",
			head + "principals:\n  ana:\n    github: {id: 1, login: \"a\n      b\"}\n" + entry + "outsiders: []\n",
		},
	} {
		t.Run(layout, func(t *testing.T) {
			got, err := AddPrincipal([]byte(test.before), NewPrincipal{
				Name: "cy", SSH: []string{keyText(t, "full", "cy") + "\n"}, Emails: []string{"cy@example.org"}, Roles: []string{"lead"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.after, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddPrincipalTakesAccounts(t *testing.T) {
	src := fixtures(t, "ok/*.yml")["testdata/ok/nobody-yet.yml"]
	got, err := AddPrincipal(src, NewPrincipal{Name: "robot", GitHub: Account{ID: 7, Login: "robot[bot]"}, GitLab: Account{ID: 8}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Principal{GitHub: []Account{{7, "robot[bot]", "github.com"}}, GitLab: []Account{{8, "", "gitlab.com"}}}, p.Principals["robot"]); diff != "" {
		t.Error(diff)
	}
}

func TestAddPrincipalTwiceChangesNothing(t *testing.T) {
	src := fixtures(t, "ok/*.yml")["testdata/ok/nobody-yet.yml"]
	ana := NewPrincipal{Name: "ana", SSH: []string{keyText(t, "full", "ana")}, Roles: []string{"lead"}}
	once, err := AddPrincipal(src, ana)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := AddPrincipal(once, ana)
	if err != nil || !bytes.Equal(once, twice) {
		t.Errorf("the same person again: %v", err)
	}
	ana.Roles = []string{"security"}
	if _, err := AddPrincipal(once, ana); !errors.Is(err, ErrPrincipalExists) {
		t.Errorf("the same name for something else: %v", err)
	}
}

func TestAddPrincipalRefuses(t *testing.T) {
	defaults := fixtures(t, "ok/*.yml")["testdata/ok/defaults.yml"]
	ana, cy := keyText(t, "full", "ana"), keyText(t, "full", "cy")
	for fact, test := range map[string]struct {
		src  []byte
		who  NewPrincipal
		want string
	}{
		"a policy that is broken":       {[]byte("version: 2\n"), NewPrincipal{Name: "cy"}, "mended first"},
		"a name that is none":           {defaults, NewPrincipal{Name: "Cy"}, "a name is of a-z"},
		"a name with a line break":      {defaults, NewPrincipal{Name: "cy\nx"}, "does not show"},
		"a name in Cyrillic":            {defaults, NewPrincipal{Name: "су"}, "U+0441"},
		"somebody else's key":           {defaults, NewPrincipal{Name: "cy", SSH: []string{ana}}, "that of ana already"},
		"the same key twice":            {defaults, NewPrincipal{Name: "cy", SSH: []string{cy, cy}}, "stands twice"},
		"a private key":                 {defaults, NewPrincipal{Name: "cy", SSH: []string{"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn"}}, "private key"},
		"two keys in one text":          {defaults, NewPrincipal{Name: "cy", SSH: []string{cy + "\n" + ana}}, "does not show"},
		"an address that is none":       {defaults, NewPrincipal{Name: "cy", Emails: []string{"cy]"}}, "not an e-mail address"},
		"an injection through a role":   {defaults, NewPrincipal{Name: "cy", Roles: []string{"x]}\n  mallory: {}"}}, "does not show"},
		"an injection through a login":  {defaults, NewPrincipal{Name: "cy", GitHub: Account{ID: 1, Login: "x}\n  mallory: {}\n# \u2028"}}, "does not show"},
		"an account without its number": {defaults, NewPrincipal{Name: "cy", GitHub: Account{Login: "cy"}}, "account's number"},
		"a policy in braces":            {fixtures(t, "ok/*.yml")["testdata/ok/json.yml"], NewPrincipal{Name: "cy"}, "written in braces"},
		"principals in braces": {
			bytes.Replace(fixtures(t, "ok/*.yml")["testdata/ok/nobody-yet.yml"], []byte("principals:"), []byte("principals: {bo: {}}"), 1),
			NewPrincipal{Name: "cy"}, "written in braces",
		},
		"braces over two lines": {
			bytes.Replace(fixtures(t, "ok/*.yml")["testdata/ok/nobody-yet.yml"], []byte("principals:"), []byte("principals: {\n }"), 1),
			NewPrincipal{Name: "cy"}, "braces after principals",
		},
	} {
		t.Run(fact, func(t *testing.T) {
			got, err := AddPrincipal(test.src, test.who)
			if err == nil || got != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("AddPrincipal = %q, %v; want %q in the error", got, err, test.want)
			}
		})
	}
}

// Whatever name, key and address come from outside, the policy that comes out
// has one more person, as asked, or there is an error.
func FuzzAddPrincipal(f *testing.F) {
	src := fixtures(f, "ok/*.yml")["testdata/ok/defaults.yml"]
	f.Add("cy", keyText(f, "full", "cy"), "cy@example.org", "lead", "cy", int64(7))
	f.Add("cy: {}\n  x", "\"}]}", "a@b\n", "null", "[x]", int64(-1))
	f.Fuzz(func(t *testing.T, name, key, email, role, login string, id int64) {
		got, err := AddPrincipal(src, NewPrincipal{
			Name: name, SSH: []string{key}, Emails: []string{email}, Roles: []string{role}, GitHub: Account{ID: id, Login: login},
		})
		if err != nil {
			if got != nil {
				t.Fatal("bytes and an error")
			}
			return
		}
		p, err := Parse(got)
		if err != nil || len(p.Principals) != 3 {
			t.Fatalf("%v: %d people", err, len(p.Principals))
		}
		if who := p.Principals[name]; len(who.Keys) != 1 || !slices.Equal(who.GitHub, []Account{{id, login, "github.com"}}) || who.Roles[0] != role {
			t.Fatalf("came out as %+v", who)
		}
	})
}
