// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/event"
)

// commitNamed is the id of a commit that a story calls by a name.
func commitNamed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:20])
}

// wrote logs who wrote a commit and which are its parents.
func wrote(email, name string, parents []string, edits ...editor) step {
	return func(w *world) {
		id := commitNamed(name)
		ids := []string{}
		for _, p := range parents {
			ids = append(ids, commitNamed(p))
		}
		edits := append([]editor{commitOf(func(p *event.CommitPredicate) { p.Commit, p.Parents = id, ids })}, edits...)
		commitBy(email, edits...)(w)
	}
}

func on(parents ...string) []string { return parents }

// ran deploys the artifact old, built from a commit.
func ran(commit string, edits ...editor) step {
	old := artifact("old")
	return func(w *world) {
		w.play(
			request("r0", about(old), asking(func(p *event.RequestPredicate) { p.Commit = commit })),
			consume(of("r0"), about(old)),
			deploy(append([]editor{of("r0"), about(old)}, edits...)...),
		)
	}
}

// asks builds the artifact from a commit and requests it, after old.
func asks(commit string, votes ...string) step {
	return func(w *world) {
		w.play(build(ofCommit(commit)), request("r1", asking(func(p *event.RequestPredicate) {
			p.Commit, p.Previous = commit, "sha256:"+artifact("old").Digest["sha256"]
		})))
		for _, who := range votes {
			w.play(approve(who))
		}
	}
}

func TestExcludeSinceTheLastDeployment(t *testing.T) {
	id := commitNamed
	rules := strings.Replace(certifiedRules, "gate:", "exclude: [author, co-author]\n    gate:", 1)
	const otto, bob = "otto@x.org", "bob@x.org"
	story := func(steps ...step) []step { return steps }
	ask := func(name string) step { return asks(id(name), "dave", "bob", "carol") }
	line := story(wrote(bob, "c1", on("c0")), ran(id("c1")), wrote(otto, "c2", on("c1")), wrote(otto, "c3", on("c2")))
	cloud := by("cloud")
	more := func(to []step, with ...step) []step { return append(slices.Clone(to), with...) }
	checkCertified(t, map[string]fact{
		"nobody who votes wrote any":                 {rules, more(line, ask("c3")), Allowed, "author of a commit since " + id("c1")[:12] + " is an outsider"},
		"one in the middle":                          {rules, story(ran(id("c1")), wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "rejected: bob is the author of a commit since " + id("c1")[:12]},
		"one in the middle, and nothing ran before":  {rules, story(wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")), ask("c3"), anew), Allowed, "every rule"},
		"a co-author in the middle":                  {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), commitOf(func(p *event.CommitPredicate) { p.CoAuthors = []event.Identity{{Email: bob}} })), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "bob is the co-author of a commit since"},
		"the newest":                                 {rules, story(ran(id("c1")), wrote(bob, "c2", on("c1")), ask("c2")), Pending, "rejected: bob is the author\n"},
		"a stranger in the middle":                   {rules, story(ran(id("c1")), wrote("eve@x.org", "c2", on("c1")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, `the author of a commit since ` + id("c1")[:12] + ` "eve@x.org" is no principal's`},
		"one that nobody tells about":                {rules, story(ran(id("c1")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "missing: commit " + id("c2")[:12] + ", by ci or cloud or cloudgate or gate"},
		"one that a stranger tells about":            {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), by("stranger")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "the commit event #3 does not count: signed by a key that the policy does not name"},
		"a stranger's shorter way":                   {rules, story(ran(id("c1")), wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")), wrote(otto, "c3", on("c1"), by("stranger")), ask("c3")), Pending, "bob is the author of a commit since"},
		"two machines that differ":                   {rules, story(ran(id("c1")), wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")), wrote(otto, "c3", on("c1")), ask("c3")), Pending, "bob is the author of a commit since"},
		"the same commit again":                      {rules, story(wrote(otto, "c1", on("c0")), ran(id("c1")), ask("c1")), Allowed, "every rule"},
		"a merge brings both sides":                  {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1")), wrote(bob, "b2", on("c1")), wrote(otto, "m", on("c2", "b2")), ask("m")), Pending, "bob is the author of a commit since"},
		"a merge of one that nobody tells about":     {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1")), wrote(otto, "m", on("c2", "b2")), ask("m")), Pending, "missing: commit " + id("b2")[:12]},
		"a branch that left before":                  {rules, story(wrote(otto, "c1", on("c0")), ran(id("c1")), wrote(otto, "b1", on("c0")), wrote(otto, "m", on("c1", "b1")), ask("m")), Allowed, "every rule"},
		"a branch that left long before":             {rules, story(wrote(bob, "c1", on("c0")), wrote(bob, "c0", on("a9")), ran(id("c1")), wrote(otto, "b1", on("a9")), wrote(otto, "m", on("c1", "b1")), ask("m")), Allowed, "every rule"},
		"a branch that left before, who knows where": {rules, story(ran(id("c1")), wrote(otto, "b1", on("c0")), wrote(otto, "m", on("c1", "b1")), ask("m")), Pending, "missing: commit " + id("c0")[:12]},
		"a merge of a history of its own":            {rules, story(ran(id("c1")), wrote(bob, "x1", on()), wrote(otto, "m", on("c1", "x1")), ask("m")), Pending, "bob is the author of a commit since"},
		"back to an older one":                       {rules, more(line, ran(id("c3")), wrote(otto, "c1", on("c0")), asks(id("c1"), "dave", "alice", "carol")), Allowed, "every rule"},
		"back, and the author still does not vote":   {rules, more(line, ran(id("c3")), ask("c1")), Pending, "rejected: bob is the author\n"},
		"rebased":                                        {rules, story(wrote(bob, "x1", on("c0")), ran(id("x1")), wrote(otto, "y1", on("c0")), wrote(otto, "y2", on("y1")), ask("y2")), Allowed, "every rule"},
		"rebased by one who votes":                       {rules, story(wrote(otto, "x1", on("c0")), ran(id("x1")), wrote(bob, "y1", on("c0")), wrote(otto, "y2", on("y1")), ask("y2")), Pending, "bob is the author of a commit since"},
		"another history":                                {rules, story(wrote(otto, "x1", on()), ran(id("x1")), wrote(otto, "y1", on()), ask("y1")), Pending, "the history of commit " + id("y1")[:12] + ", as commit events tell it, does not lead to " + id("x1")[:12]},
		"a circle that no history has":                   {rules, story(ran(id("c1")), wrote(otto, "c2", on("c3")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "does not lead to"},
		"of a deployment that there is not":              {rules, story(wrote(otto, "c2", on("c1")), ask("c2")), Pending, "no deployment of it counts; ask again"},
		"of a deployment by a stranger":                  {rules, story(ran(id("c1"), by("stranger")), wrote(otto, "c2", on("c1")), ask("c2")), Pending, "no deployment of it counts; ask again"},
		"of a deployment that failed":                    {rules, story(ran(id("c1"), ended(event.Broken)), wrote(otto, "c2", on("c1")), ask("c2")), Pending, "no deployment of it counts; ask again"},
		"of a deployment elsewhere":                      {rules, story(ran(id("c1"), into("staging")), wrote(otto, "c2", on("c1")), ask("c2")), Pending, "no deployment of it counts; ask again"},
		"of a deployment that names no request":          {rules, story(ran(id("c1"), of("none")), wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "bob is the author of a commit since " + id("c1")[:12]},
		"of the newest of two deployments":               {rules, story(ran(id("c1")), wrote(bob, "c2", on("c1")), ran(id("c2")), wrote(otto, "c3", on("c2")), ask("c3")), Allowed, "every rule"},
		"of a deployment from no commit":                 {rules, story(ran(""), wrote(otto, "c2", on("c1")), ask("c2")), Pending, "nothing says from which commit sha256:"},
		"of a deployment from no commit, and a build":    {rules, story(ran(""), build(about(artifact("old")), ofCommit(id("c1"))), wrote(bob, "c2", on("c1")), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "bob is the author of a commit since " + id("c1")[:12]},
		"a deployment that nobody can check":             {rules, story(ran(id("c1"), cloud, undated), wrote(otto, "c2", on("c1")), ask("c2")), Pending, "unknown: #2 could matter"},
		"nobody is excluded":                             {certifiedRules, story(ran(id("c1")), ask("c3")), Allowed, "every rule"},
		"only who triggered is":                          {strings.Replace(certifiedRules, "gate:", "exclude: [triggerer]\n    gate:", 1), story(ran(id("c1")), ask("c3")), Allowed, "every rule"},
		"told by the machine that ran it":                {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), cloud, inRunOf(id("c2"))), wrote(otto, "c3", on("c2"), cloud, inRunOf(id("c3"))), ask("c3")), Allowed, "every rule"},
		"told by the machine that ran the newest":        {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), cloud, inRunOf(id("c3"))), wrote(otto, "c3", on("c2"), cloud, inRunOf(id("c3"))), ask("c3")), Allowed, "every rule"},
		"told by a machine that ran something else":      {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), cloud), wrote(otto, "c3", on("c2"), cloud, inRunOf(id("c3"))), ask("c3")), Pending, "it was signed in a run of commit c0ffee000000"},
		"told by a gate":                                 {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), by("cloudgate")), wrote(otto, "c3", on("c2"), by("cloudgate")), ask("c3")), Allowed, "every rule"},
		"told, and nobody can check":                     {rules, more(line, wrote(bob, "c2", on("c1"), cloud, inRunOf(id("c2")), undated), ask("c3")), Pending, "unknown: #6 could matter"},
		"told of one before, and nobody can check":       {rules, more(line, wrote(bob, "c1", on("c0"), cloud, inRunOf(id("c1")), undated), ask("c3")), Allowed, "every rule"},
		"told of one nobody knows, and nobody can check": {rules, story(ran(id("c1")), wrote(otto, "c2", on("c1"), cloud, undated), wrote(otto, "c3", on("c2")), ask("c3")), Pending, "unknown: #3 could matter"},
	})
}

// anew asks again, where nothing was deployed before.
func anew(w *world) {
	p := w.asked["r1"]
	w.play(request("r1", asking(func(r *event.RequestPredicate) { r.Commit, r.Previous = p.Commit, event.NoPrevious })))
	w.play(approve("dave"), approve("bob"), approve("carol"))
}

// evaluationOf is one that knows the commits it is told, without any events.
func evaluationOf(commit string, parents map[string][]string) *evaluation {
	e := &evaluation{journal: &journal{}, commits: map[string]*told{}}
	e.request.Commit = commit
	for id, ps := range parents {
		e.commits[id] = &told{known: true, parents: ps}
	}
	return e
}

func TestWalkHasALimit(t *testing.T) {
	chain := map[string][]string{}
	for i := range maxRange + 2 {
		chain[strconv.Itoa(i+1)] = []string{strconv.Itoa(i)}
	}
	for last, want := range map[int]string{maxRange - 1: "", maxRange + 1: "there are more than 10000 commits to walk"} {
		e := evaluationOf(strconv.Itoa(last), chain)
		h := e.between("0")
		if h.over != (want != "") || !strings.HasPrefix(h.lost, want) || h.lost != "" && want == "" {
			t.Errorf("%d commits: %+v", last, h.lost)
		}
		if want == "" && len(h.commits) != last {
			t.Errorf("%d commits: found %d", last, len(h.commits))
		}
	}
}

// What is far before both is not walked.
func TestWalkStaysNear(t *testing.T) {
	chain := map[string][]string{}
	for i := range 1000 {
		chain[strconv.Itoa(i+1)] = []string{strconv.Itoa(i)}
	}
	chain["m"], chain["b"] = []string{"1000", "b"}, []string{"990"}
	e := evaluationOf("m", chain)
	h := e.between("998")
	slices.Sort(h.commits)
	if diff := cmp.Diff([]string{"1000", "999", "b", "m"}, h.commits); diff != "" || h.lost != "" {
		t.Errorf("%s %s", diff, h.lost)
	}
	if _, walked := e.commits["900"]; len(e.commits) > 1010 || !walked {
		t.Errorf("%d commits known", len(e.commits))
	}
}

// A branch that left long ago does not make the walk long, though there are
// merges all the way.
func TestWalkFindsWhereABranchLeft(t *testing.T) {
	graph := map[string][]string{"m0": nil}
	name := func(kind string, i int) string { return kind + strconv.Itoa(i) }
	for i := 1; i <= 4000; i++ {
		graph[name("m", i)] = []string{name("m", i-1), name("b", i)}
		graph[name("b", i)] = []string{name("m", max(i-3, 0))}
	}
	graph["b4000"] = []string{"m3900"}
	e := evaluationOf("m4000", graph)
	h := e.between("m3999")
	if diff := cmp.Diff([]string{"b4000", "m4000"}, h.commits); diff != "" || h.lost != "" {
		t.Errorf("%s %s", diff, h.lost)
	}
}

// The walk is git's: what is before one and not before the other.
func TestWalkAgreesWithTheDefinition(t *testing.T) {
	for seed := range 400 {
		const n = 14
		graph, x := map[string][]string{}, uint64(seed)*2654435761+1
		next := func(m int) int {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			return int(x % uint64(m))
		}
		for i := 1; i < n; i++ {
			id := strconv.Itoa(i)
			graph[id] = []string{strconv.Itoa(next(i))}
			if next(3) == 0 {
				graph[id] = append(graph[id], strconv.Itoa(next(i)))
			}
		}
		graph["0"] = nil
		before := func(id string) map[string]bool {
			all, open := map[string]bool{id: true}, []string{id}
			for len(open) > 0 {
				for _, p := range graph[open[0]] {
					if !all[p] {
						all[p] = true
						open = append(open, p)
					}
				}
				open = open[1:]
			}
			return all
		}
		from, since := strconv.Itoa(next(n)), strconv.Itoa(next(n))
		want := map[string]bool{from: true}
		for id := range before(from) {
			if !before(since)[id] {
				want[id] = true
			}
		}
		h := evaluationOf(from, graph).between(since)
		if diff := cmp.Diff(sortedNames(want), slices.Sorted(slices.Values(h.commits))); diff != "" || h.lost != "" {
			t.Fatalf("seed %d, %s since %s: %s %s\n%v", seed, from, since, diff, h.lost, graph)
		}
	}
}

func TestBrings(t *testing.T) {
	id := commitNamed
	rules := strings.Replace(certifiedRules, "gate:", "exclude: [author]\n    gate:", 1)
	w := newCertified(t, rules).play(ran(id("c1")), wrote("otto@x.org", "c3", on("c2")))
	in := Input{Policy: w.p, Events: w.events, Head: event.Checkpoint{Size: uint64(len(w.events))}, Now: w.now}
	ask := event.RequestPredicate{Environment: "production", Commit: id("c3"), Previous: "sha256:" + artifact("old").Digest["sha256"]}
	since, unknown, err := Brings(in, ask)
	if err != nil || since != id("c1") || !slices.Equal(unknown, []string{id("c2")}) {
		t.Errorf("since %s, unknown %v, %v", since, unknown, err)
	}
	ask.Previous = event.NoPrevious
	if since, unknown, err = Brings(in, ask); err != nil || since != "" || len(unknown) != 0 {
		t.Errorf("since %s, unknown %v, %v", since, unknown, err)
	}
	ask.Environment = "prod"
	if _, _, err = Brings(in, ask); err == nil {
		t.Error("an environment that there is not")
	}
	in.Head.Size++
	if _, _, err = Brings(in, ask); err == nil {
		t.Error("half a ledger")
	}
}
