// SPDX-License-Identifier: Apache-2.0

package diff_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom/diff"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

// document makes a document from components, dependencies and nothing else.
func document(t testing.TB, components ...string) *raw.Document {
	t.Helper()
	return parse(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+strings.Join(components, ",")+`]}`)
}

func parse(t testing.TB, text string) *raw.Document {
	t.Helper()
	d, err := raw.Read([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

// npm is an npm package, with more members if any.
func npm(at string, more ...string) string {
	name, version, _ := strings.Cut(at, "@")
	return fmt.Sprintf(`{"type":"library","name":%q,"version":%q,"bom-ref":"pkg:npm/%s","purl":"pkg:npm/%s"%s}`,
		name, version, at, at, strings.Join(append([]string{""}, more...), ","))
}

// pkg is a component of any package URL.
func pkg(purl string) string {
	return fmt.Sprintf(`{"type":"library","name":"x","bom-ref":%q,"purl":%q}`, purl, purl)
}

func sha(hex string) string { return fmt.Sprintf(`"hashes":[{"alg":"SHA-256","content":%q}]`, hex) }

// said writes each change in one line: kind, what, from, to.
func said(d diff.Diff) []string {
	out := []string{}
	for _, c := range d.Changes {
		what := strings.TrimPrefix(c.Name, "pkg:")
		if c.Version != "" {
			what += "@" + c.Version
		}
		out = append(out, fmt.Sprintf("%s %s %s>%s", c.Kind, what, strings.Join(c.Before, ","), strings.Join(c.After, ",")))
	}
	return out
}

// A password in somebody else's document is not told on.
func TestChangesHoldNoCredentials(t *testing.T) {
	const more = "?foo=https://bot:open-sesame@h.example/a"
	d := diff.Compare(document(t, pkg("pkg:npm/a@1.0.0"+more)), document(t, pkg("pkg:npm/a@2.0.0"+more)))
	if text := fmt.Sprint(d.Changes); len(d.Changes) != 1 || strings.Contains(text, "sesame") {
		t.Errorf("%s", text)
	}
}

func TestCompare(t *testing.T) {
	yarn := func(v string) string {
		return `"properties":[{"name":"gateledger:hash:h1","value":"` + v + `"}]`
	}
	wheel := func(file, hex string) string {
		return `"externalReferences":[{"type":"distribution","url":"https://f.example/` + file + `","hashes":[{"alg":"SHA-256","content":"` + hex + `"}]}]`
	}
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	type docs []string
	facts := map[string]struct {
		before, after docs
		want          []string
	}{
		"nothing":                       {docs{npm("a@1.0.0")}, docs{npm("a@1.0.0")}, nil},
		"another order":                 {docs{npm("a@1.0.0"), npm("b@1.0.0")}, docs{npm("b@1.0.0"), npm("a@1.0.0")}, nil},
		"came":                          {docs{}, docs{npm("a@1.0.0")}, []string{"added npm/a >1.0.0"}},
		"went":                          {docs{npm("a@1.0.0")}, docs{}, []string{"removed npm/a 1.0.0>"}},
		"up":                            {docs{npm("a@1.9.0")}, docs{npm("a@1.10.0")}, []string{"up npm/a 1.9.0>1.10.0"}},
		"down":                          {docs{npm("a@1.10.0")}, docs{npm("a@1.9.0")}, []string{"down npm/a 1.10.0>1.9.0"}},
		"a release after its candidate": {docs{npm("a@1.0.0-rc.1")}, docs{npm("a@1.0.0")}, []string{"up npm/a 1.0.0-rc.1>1.0.0"}},
		"a branch has no order":         {docs{npm("a@1.0.0")}, docs{npm("a@main")}, []string{"changed npm/a 1.0.0>main"}},
		"a type without an order":       {docs{pkg("pkg:github/actions/checkout@v3")}, docs{pkg("pkg:github/actions/checkout@v4")}, []string{"changed github/actions/checkout v3>v4"}},
		"equal and written otherwise":   {docs{npm("a@1.0")}, docs{npm("a@1.0.0")}, []string{"changed npm/a 1.0>1.0.0"}},
		"one more version":              {docs{npm("a@1.0.0")}, docs{npm("a@1.0.0"), npm("a@2.0.0")}, []string{"added npm/a >2.0.0"}},
		"one of two versions moves":     {docs{npm("a@1.0.0"), npm("a@3.0.0")}, docs{npm("a@2.0.0"), npm("a@3.0.0")}, []string{"up npm/a 1.0.0>2.0.0"}},
		"two move, by rank":             {docs{npm("a@1.0.0"), npm("a@9.0.0")}, docs{npm("a@10.0.0"), npm("a@2.0.0")}, []string{"up npm/a 1.0.0>2.0.0", "up npm/a 9.0.0>10.0.0"}},
		"one hidden in two is down":     {docs{npm("a@1.0.0"), npm("a@9.0.0")}, docs{npm("a@2.0.0"), npm("a@8.0.0")}, []string{"down npm/a 9.0.0>8.0.0", "up npm/a 1.0.0>2.0.0"}},
		"two become one, higher":        {docs{npm("a@1.0.0"), npm("a@2.0.0")}, docs{npm("a@3.0.0")}, []string{"up npm/a 1.0.0,2.0.0>3.0.0"}},
		"two become one, between":       {docs{npm("a@1.0.0"), npm("a@3.0.0")}, docs{npm("a@2.0.0")}, []string{"changed npm/a 1.0.0,3.0.0>2.0.0"}},
		"a module's pseudo-version":     {docs{pkg("pkg:golang/a.example/x@v0.0.0-20240101000000-0123456789ab")}, docs{pkg("pkg:golang/a.example/x@v0.1.0")}, []string{"up golang/a.example/x v0.0.0-20240101000000-0123456789ab>v0.1.0"}},
		"Debian's order":                {docs{pkg("pkg:deb/debian/x@1.0~rc1-1?distro=debian-12&arch=amd64")}, docs{pkg("pkg:deb/debian/x@1.0-1?distro=debian-13&arch=amd64")}, []string{"up deb/debian/x?arch=amd64 1.0~rc1-1>1.0-1"}},
		"an epoch counts":               {docs{pkg("pkg:rpm/fedora/x@9.0-1?epoch=1")}, docs{pkg("pkg:rpm/fedora/x@1.0-1?epoch=2")}, []string{"up rpm/fedora/x 1:9.0-1>2:1.0-1"}},
		"Maven's qualifiers are names":  {docs{pkg("pkg:maven/g/x@1.0?classifier=sources")}, docs{pkg("pkg:maven/g/x@1.1")}, []string{"added maven/g/x >1.1", "removed maven/g/x?classifier=sources 1.0>"}},
		"from another repository":       {docs{pkg("pkg:npm/a@1.0.0")}, docs{pkg("pkg:npm/a@1.0.0?repository_url=https://evil.example")}, []string{"added npm/a >1.0.0", "removed npm/a 1.0.0>"}},
		"another commit is a version":   {docs{pkg("pkg:npm/a@1.0.0?vcs_url=git%2Bhttps://h.example/a.git%4001")}, docs{pkg("pkg:npm/a@1.1.0?vcs_url=git%2Bhttps://h.example/a.git%4002")}, []string{"up npm/a 1.0.0>1.1.0"}},
		"no package URL":                {docs{`{"type":"library","group":"g","name":"x","version":"1"}`}, docs{`{"type":"library","group":"g","name":"x","version":"2"}`}, []string{"changed library:g/x 1>2"}},
		"a licence":                     {docs{npm("a@1.0.0", `"licenses":[{"license":{"id":"MIT"}}]`)}, docs{npm("a@1.0.0", `"licenses":[{"expression":"BUSL-1.1"}]`)}, []string{"licence npm/a@1.0.0 MIT>BUSL-1.1"}},
		"a licence with a version":      {docs{npm("a@1.0.0", `"licenses":[{"license":{"id":"MIT"}}]`)}, docs{npm("a@2.0.0")}, []string{"licence npm/a@2.0.0 MIT>", "up npm/a 1.0.0>2.0.0"}},
		"a scope":                       {docs{npm("a@1.0.0", `"scope":"excluded"`)}, docs{npm("a@1.0.0")}, []string{"scope npm/a@1.0.0 excluded>required"}},
		"a scope that says the default": {docs{npm("a@1.0.0", `"scope":"required"`)}, docs{npm("a@1.0.0")}, nil},
		"other bytes":                   {docs{npm("a@1.0.0", sha(a))}, docs{npm("a@1.0.0", sha(b))}, []string{"hash npm/a@1.0.0 SHA-256 " + a + ">SHA-256 " + b}},
		"the same bytes in capitals":    {docs{npm("a@1.0.0", sha(a))}, docs{npm("a@1.0.0", sha(strings.ToUpper(a)))}, nil},
		"a digest came":                 {docs{npm("a@1.0.0")}, docs{npm("a@1.0.0", sha(a))}, nil},
		"a digest went":                 {docs{npm("a@1.0.0", sha(a))}, docs{npm("a@1.0.0")}, []string{"lost npm/a@1.0.0 SHA-256 " + a + ">"}},
		"a digest of another kind":      {docs{npm("a@1.0.0", sha(a))}, docs{npm("a@1.0.0", `"hashes":[{"alg":"SHA-512","content":"`+b+b+`"}]`)}, []string{"lost npm/a@1.0.0 SHA-256 " + a + ">SHA-512 " + b + b}},
		"a digest of one more kind":     {docs{npm("a@1.0.0", sha(a))}, docs{npm("a@1.0.0", `"hashes":[{"alg":"SHA-256","content":"`+a+`"},{"alg":"SHA-512","content":"`+b+b+`"}]`)}, nil},
		"Go's own digest":               {docs{npm("a@1.0.0", yarn("h1:aa="))}, docs{npm("a@1.0.0", yarn("h1:AA="))}, []string{"hash npm/a@1.0.0 h1 h1:aa=>h1 h1:AA="}},
		"a wheel with other bytes":      {docs{npm("a@1.0.0", wheel("x/a-1.whl", a))}, docs{npm("a@1.0.0", wheel("y/a-1.whl", b))}, []string{"hash npm/a@1.0.0 SHA-256 of a-1.whl " + a + ">SHA-256 of a-1.whl " + b}},
		"a wheel more":                  {docs{npm("a@1.0.0", wheel("a-1.whl", a))}, docs{npm("a@1.0.0", strings.Replace(wheel("a-1.whl", a), "]}]", `]},{"type":"distribution","url":"https://f.example/a-2.whl","hashes":[{"alg":"SHA-256","content":"`+b+`"}]}]`, 1))}, nil},
		"another wheel":                 {docs{npm("a@1.0.0", wheel("a-1.whl", a))}, docs{npm("a@1.0.0", wheel("a-2.whl", b))}, []string{"lost npm/a@1.0.0 SHA-256 of a-1.whl " + a + ">SHA-256 of a-2.whl " + b}},
		"a host":                        {docs{npm("a@1.0.0", `"externalReferences":[{"type":"distribution","url":"https://a.example/a.tgz"}]`)}, docs{npm("a@1.0.0", `"externalReferences":[{"type":"distribution","url":"https://b.example/a.tgz"}]`)}, []string{"origin npm/a@1.0.0 a.example>b.example"}},
		"a second set of bytes":         {docs{npm("a@1.0.0", sha(a))}, docs{npm("a@1.0.0", sha(a)), npm("a@1.0.0", sha(b))}, []string{"hash npm/a@1.0.0 SHA-256 " + a + ">SHA-256 " + a + ",SHA-256 " + b}},
	}
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			got := said(diff.Compare(document(t, f.before...), document(t, f.after...)))
			if !slices.Equal(got, f.want) && len(got)+len(f.want) > 0 {
				t.Errorf("got  %q\nwant %q", got, f.want)
			}
		})
	}
}

// A package from elsewhere, with other bytes, under the name and version of
// one that is known: it is said to have come, and it is an alarm.
func TestOtherBytesFromElsewhereAreAnAlarm(t *testing.T) {
	withHash := func(purl, hex string) string {
		return strings.TrimSuffix(pkg(purl), "}") + "," + sha(hex) + "}"
	}
	d := diff.Compare(
		document(t, withHash("pkg:npm/a@1.0.0", strings.Repeat("a", 64))),
		document(t, withHash("pkg:npm/a@1.0.0?repository_url=https://evil.example", strings.Repeat("b", 64))))
	if len(d.Of(diff.Hash)) != 1 || len(d.Of(diff.Added)) != 1 || len(d.Failing(nil)) != 1 {
		t.Errorf("%q", said(d))
	}
	if note := d.Of(diff.Added)[0].Note; note != "from https://evil.example; before from its registry" {
		t.Errorf("note %q", note)
	}
}

func TestFailing(t *testing.T) {
	d := diff.Diff{Changes: []diff.Change{{Kind: diff.Hash}, {Kind: diff.Down}, {Kind: diff.Changed}, {Kind: diff.Added}, {Kind: diff.Up}}}
	for fact, c := range map[string]struct {
		kinds []diff.Kind
		want  int
	}{
		"nothing asked: the alarm":                {nil, 1},
		"added":                                   {[]diff.Kind{diff.Added}, 2},
		"what may be down counts as down":         {[]diff.Kind{diff.Down}, 3},
		"the alarm can't be asked away or double": {[]diff.Kind{diff.Hash, diff.Up}, 2},
	} {
		if got := d.Failing(c.kinds); len(got) != c.want {
			t.Errorf("%s: %d, want %d", fact, len(got), c.want)
		}
	}
}

const graph = `{"bomFormat":"CycloneDX","specVersion":"1.6",
 "metadata":{"component":{"type":"application","name":"shop","version":"1","bom-ref":"root"}},
 "components":[{"type":"library","name":"a","bom-ref":"a"},{"type":"library","name":"b","bom-ref":"b"},
  {"type":"library","name":"deep","version":"3","bom-ref":"deep"},{"type":"library","name":"loop","bom-ref":"loop"},{"type":"library","name":"alone","bom-ref":"alone"},
  {"type":"library","name":"island","bom-ref":"island"},{"type":"library","name":"sand","bom-ref":"sand"}],
 "dependencies":[{"ref":"root","dependsOn":["b","a"]},{"ref":"b","dependsOn":["loop"]},{"ref":"loop","dependsOn":["b","loop","deep"]},{"ref":"a","dependsOn":["loop"]},
  {"ref":"island","dependsOn":["sand"]},{"ref":"deep","dependsOn":[]},{"ref":"root","dependsOn":["b"]}]}`

func TestThePathThatPulledItIn(t *testing.T) {
	d := diff.Compare(document(t), parse(t, graph))
	want := map[string]string{
		"library:a": "shop@1 a", "library:b": "shop@1 b", "library:deep": "shop@1 a loop deep@3", "library:loop": "shop@1 a loop",
		"library:alone": "", "library:island": "island", "library:sand": "island sand",
	}
	for _, c := range d.Of(diff.Added) {
		if got := strings.Join(c.Path, " "); got != want[c.Name] {
			t.Errorf("%s: %q, want %q", c.Name, got, want[c.Name])
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v", want)
	}
}

// TestOrderDoesNotMatter shuffles every list of a document.
func TestOrderDoesNotMatter(t *testing.T) {
	d := parse(t, graph)
	want, _ := json.Marshal(diff.Compare(document(t, npm("a@1.0.0")), d))
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(d.Components), func(i, j int) { d.Components[i], d.Components[j] = d.Components[j], d.Components[i] })
		r.Shuffle(len(d.Dependencies), func(i, j int) { d.Dependencies[i], d.Dependencies[j] = d.Dependencies[j], d.Dependencies[i] })
		for _, dep := range d.Dependencies {
			r.Shuffle(len(dep.DependsOn), func(i, j int) { dep.DependsOn[i], dep.DependsOn[j] = dep.DependsOn[j], dep.DependsOn[i] })
		}
		if got, _ := json.Marshal(diff.Compare(document(t, npm("a@1.0.0")), d)); string(got) != string(want) {
			t.Fatalf("another order, another answer:\n%s\n%s", got, want)
		}
	}
}

func TestADocumentDoesNotDifferFromItself(t *testing.T) {
	if d := diff.Compare(parse(t, graph), parse(t, graph)); len(d.Changes) != 0 || d.Old != d.New || d.Old.Subject != "shop@1" || d.Old.Components != 7 {
		t.Errorf("%+v", d)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte(graph), []byte(`{"bomFormat":"CycloneDX","specVersion":"1.4"}`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+npm("a@1.0.0-rc.1")+`]}`), []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+npm("a@v1")+`,`+npm("a@9")+`]}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, err := raw.Read(a)
		if err != nil {
			return
		}
		y, err := raw.Read(b)
		if err != nil {
			return
		}
		if d := diff.Compare(x, x); len(d.Changes) > 0 {
			t.Fatalf("differs from itself: %+v", d.Changes)
		}
		there, back := diff.Compare(x, y), diff.Compare(y, x)
		if len(there.Of(diff.Up)) != len(back.Of(diff.Down)) || len(there.Of(diff.Licence)) != len(back.Of(diff.Licence)) {
			t.Fatalf("there %+v\nback %+v", there.Changes, back.Changes)
		}
	})
}

func TestALongChainIsNamedByItsEnds(t *testing.T) {
	const length = 200
	components, edges := []string{}, []string{}
	for i := range length {
		components = append(components, fmt.Sprintf(`{"type":"library","name":"c%d","bom-ref":"c%d"}`, i, i))
		edges = append(edges, fmt.Sprintf(`{"ref":"c%d","dependsOn":["c%d"]}`, i, i+1))
	}
	chain := parse(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+strings.Join(components, ",")+`],"dependencies":[`+strings.Join(edges, ",")+`]}`)
	ways := map[string][]string{}
	for _, c := range diff.Compare(document(t), chain).Of(diff.Added) {
		ways[c.Name] = c.Path
	}
	if whole := ways["library:c63"]; len(whole) != 64 || slices.Contains(whole, "…") {
		t.Errorf("64 components are named whole, not as %q", whole)
	}
	cut := ways["library:c199"]
	if len(cut) != 64 || cut[0] != "c0" || cut[1] != "…" || cut[2] != "c138" || cut[63] != "c199" {
		t.Errorf("a way of 200 components is named as %q", cut)
	}
}
