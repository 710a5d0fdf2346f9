// SPDX-License-Identifier: Apache-2.0

package posture

import "testing"

func TestOwned(t *testing.T) {
	const policy, flow = ".gateledger.yml", ".github/workflows/deploy.yml"
	for name, c := range map[string]struct {
		owners, file string
		want         bool
	}{
		"nobody":                           {"", policy, false},
		"everything":                       {"* @ana", policy, true},
		"by name":                          {".gateledger.yml @acme/leads", policy, true},
		"from the top":                     {"/.gateledger.yml @ana", policy, true},
		"by address":                       {"/.gateledger.yml ana@example.org", policy, true},
		"by its end":                       {"*.yml @ana", policy, true},
		"another file":                     {"/other.yml @ana", policy, false},
		"a name like it":                   {"/.gateledger.yml.bak @ana", policy, false},
		"a folder of its name":             {".gateledger.yml/ @ana", policy, false},
		"the last one counts":              {"* @ana\n/.gateledger.yml", policy, false},
		"the last one that fits counts":    {"* @ana\n/docs/", policy, true},
		"taken back, and given":            {"/.gateledger.yml\n* @ana", policy, true},
		"a comment":                        {"# * @ana", policy, false},
		"an owner in a comment":            {"* # @ana", policy, false},
		"a word that is no owner":          {"* ana", policy, false},
		"a folder":                         {"/.github/ @ana", flow, true},
		"a folder anywhere":                {"workflows/ @ana", flow, true},
		"a folder without a slash":         {"/.github/workflows @ana", flow, true},
		"files of a folder":                {"/.github/workflows/* @ana", flow, true},
		"files of the folder above":        {"/.github/* @ana", flow, false},
		"anything below":                   {"/.github/** @ana", flow, true},
		"a folder in between":              {"/.github/**/deploy.yml @ana", flow, true},
		"any name in one folder":           {"/.github/*/deploy.yml @ana", flow, true},
		"a folder at the top only":         {"/workflows/ @ana", flow, false},
		"an escaped space":                 {`/a\ b @ana`, "a b", true},
		"negation owns nothing":            {"* @ana\n!.gateledger.yml", policy, false},
		"classes own nothing":              {"* @ana\n[.]gateledger.yml @ana", policy, true},
		"a section":                        {"[Policy] @ana\n/.gateledger.yml", policy, true},
		"a section's own owner":            {"[Policy]\n/.gateledger.yml @ana", policy, true},
		"a section with a number":          {"[Policy][2] @ana\n/.gateledger.yml", policy, true},
		"a section that is optional":       {"^[Policy] @ana\n/.gateledger.yml @ana", policy, false},
		"owned by one section":             {"[A]\n/.gateledger.yml @ana\n[B]\n/docs/ @bo", policy, true},
		"two sections of one name are one": {"[A]\n* @ana\n[a]\n/.gateledger.yml", policy, false},
		"carriage returns":                 {"* @ana\r\n", policy, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Owned([]byte(c.owners), c.file); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// Whatever the bytes, there is an answer, and no owner without an @.
func FuzzOwned(f *testing.F) {
	f.Add([]byte("* @ana\n/.github/** @b\n[S][2] @c\n^[T]\n!x\n"), ".gateledger.yml")
	f.Add([]byte(`a\ b\`), "a/b/c")
	f.Add([]byte("**/**/**/**/a @x"), "a/a/a/a/a/b")
	f.Fuzz(func(t *testing.T, owners []byte, name string) {
		owned := Owned(owners, name)
		for _, b := range owners {
			if b == '@' {
				return
			}
		}
		if owned {
			t.Errorf("%q owns %q without anybody", owners, name)
		}
	})
}
