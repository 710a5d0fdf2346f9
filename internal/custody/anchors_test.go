// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/vote"
)

// anchoredText asks two operators of production, and lets it go on for a day.
const anchoredText = `
version: 1
ledger:
  origin: "q7d4"
  keys: ["LOGKEY"]
  witnesses:
    need: 2
    of:
      - {key: "w1.example/w+5b05d167+BAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", url: "https://w1.example/", operator: acme}
      - {key: "KEY2", url: "https://w2.example/", operator: umbrella}
sigstore: {trusted-root: "ROOT"}
signers:
  ci: {key: "CI"}
  gate: {key: "GATE", tier: anchored}
principals:
  ana: {keys: [{ssh: "ANA"}], roles: [security]}
  bob: {keys: [{ssh: "BOB"}], roles: [lead]}
environments:
  production:
    tier: anchored
    gate: [gate]
    require: [{role: security, count: 1}]
  staging: {auto: true}
`

const outage = "    outage: {settle-within: 24h}\n"

// An anchoredWorld has allowed production at decided, by its consumption at
// used.
type anchoredWorld struct {
	*world
	id      string
	used    uint64
	decided time.Time
	specs   []anchored.Spec
}

func newAnchored(t testing.TB, edits ...string) *anchoredWorld {
	t.Helper()
	w := &anchoredWorld{world: newWorld(t)}
	w.sigstore = newSigstore(t)
	key, err := proof.NewCosignerKey("w2.example/w", zeroes{})
	w.must(err)
	text := strings.NewReplacer("ROOT", w.sigstore.root.Digest, "KEY2", key.String()).Replace(anchoredText)
	for _, e := range edits {
		text = strings.Replace(text, "    gate: [gate]\n", "    gate: [gate]\n"+e, 1)
	}
	w.policy = w.parse(text)
	w.specs = w.policy.AnchorsFor("production")
	w.stamps = true
	w.commit()
	w.build("ci", app())
	w.id = w.ask("production")
	w.vote("ana", w.id, vote.Approve)
	w.used = w.gate(w.id, "7") + 1
	w.decided = w.clock.Add(-time.Minute)
	return w
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

// seen is that a witness saw so many entries, so long after the decision.
func (w *anchoredWorld) seen(witness int, size uint64, after time.Duration) anchored.Proven {
	return anchored.Proven{
		Spec: w.specs[witness], Checkpoint: proof.Checkpoint{Origin: "q7d4", Size: size},
		At: w.decided.Add(after), Unique: true, Dated: true,
	}
}

func (w *anchoredWorld) after(after time.Duration, proven ...anchored.Proven) custody.Input {
	in := w.input()
	in.Now, in.Anchors = w.decided.Add(after), &anchored.Evidence{Proven: proven}
	return in
}

// owe logs that the gate went on.
func (w *anchoredWorld) owe(signer string, until time.Duration) uint64 {
	return w.log(signer, "debt", app(), event.DebtPredicate{
		Request: w.id, Environment: "production", Size: w.used + 1, Missing: []string{"witnesses"},
		Time: w.decided.Format(time.RFC3339), Until: w.decided.Add(until).Format(time.RFC3339),
	})
}

func (w *anchoredWorld) permission(t *testing.T, in custody.Input) custody.Chain {
	t.Helper()
	c, err := custody.Decision(in, "production")
	must(t, err)
	return c
}

func TestAnchoredPermission(t *testing.T) {
	w := newAnchored(t)
	size := w.used + 1
	both := []anchored.Proven{w.seen(0, size, time.Minute), w.seen(1, size, 2*time.Minute)}
	nobody := w.after(time.Hour)
	nobody.Anchors = nil
	noTime := w.after(time.Hour, both...)
	noTime.Now = time.Time{}
	for name, c := range map[string]struct {
		in   custody.Input
		want custody.Verdict
		why  string
	}{
		"two operators":                   {w.after(time.Hour, both...), custody.Holds, "anchored: unique by witnesses, dated by witnesses"},
		"a later checkpoint":              {w.after(time.Hour, w.seen(0, size+9, 0), w.seen(1, size+1, 0)), custody.Holds, "anchored: unique"},
		"one operator":                    {w.after(time.Hour, both[0]), custody.Incomplete, "not anchored: witnesses (1 of 2 operators: acme)"},
		"a checkpoint before it":          {w.after(time.Hour, w.seen(0, size-1, 0), both[1]), custody.Incomplete, "1 of 2 operators: umbrella"},
		"no receipt":                      {w.after(time.Hour), custody.Incomplete, "0 of 2 operators"},
		"nobody looked":                   {nobody, custody.Incomplete, "nobody looked whether it is anchored"},
		"nobody says what time it is":     {noTime, custody.Incomplete, "nobody looked whether it is anchored"},
		"the next day":                    {w.after(48*time.Hour, both...), custody.Holds, "anchored"},
		"a debt that nobody has incurred": {w.after(time.Minute, both[1]), custody.Incomplete, "not anchored"},
	} {
		if got := w.permission(t, c.in); got.Verdict != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s: %s; want %s: %s\n%s", name, got.Verdict, got.Why, c.want, c.why, found(got))
		}
	}
	c := w.permission(t, w.after(time.Hour, both...))
	a := standing(t, c, "production").Anchors
	if a == nil || len(a.Anchors) != 1 || a.Anchors[0].Age != "58m" || a.Newest == nil || a.Newest.Age != "58m" {
		t.Errorf("anchors %+v", a)
	}
	for name, ask := range questions {
		if c, err := ask(w.after(time.Hour)); err != nil || c.Verdict != custody.Incomplete {
			t.Errorf("%s: %s: %s, %v", name, c.Verdict, c.Why, err)
		}
	}
}

// What an outage left behind is a permission until it is due, counted from the
// decision, and only where the rules let a gate go on.
func TestOwedAnchors(t *testing.T) {
	for name, c := range map[string]struct {
		rules  string
		signer string
		until  time.Duration
		after  time.Duration
		want   custody.Verdict
		why    string
	}{
		"in time":                        {outage, "gate", 24 * time.Hour, time.Hour, custody.Holds, "owed until"},
		"a minute before":                {outage, "gate", 24 * time.Hour, 24*time.Hour - time.Minute, custody.Holds, "owed until"},
		"when it is due":                 {outage, "gate", 24 * time.Hour, 24 * time.Hour, custody.Incomplete, "was due at"},
		"said to be due in a year":       {outage, "gate", 9000 * time.Hour, 25 * time.Hour, custody.Incomplete, "was due at"},
		"by somebody who is no gate":     {outage, "ci", 24 * time.Hour, time.Hour, custody.Incomplete, "not anchored"},
		"by somebody nobody knows":       {outage, "mallory", 24 * time.Hour, time.Hour, custody.Incomplete, "not anchored"},
		"where the rules know no outage": {"", "gate", 24 * time.Hour, time.Hour, custody.Incomplete, "not anchored"},
	} {
		var edits []string
		if c.rules != "" {
			edits = []string{c.rules}
		}
		w := newAnchored(t, edits...)
		index := w.owe(c.signer, c.until)
		got := w.permission(t, w.after(c.after))
		if got.Verdict != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s: %s; want %s: %s", name, got.Verdict, got.Why, c.want, c.why)
		}
		if s := stepAt(t, got, index); s.Kind != "debt" || (s.State == custody.Rejected) != (c.signer != "gate") {
			t.Errorf("%s: step %+v", name, s)
		}
		settled := w.permission(t, w.after(999*time.Hour, w.seen(0, w.used+1, 0), w.seen(1, w.used+1, 0)))
		if settled.Verdict != custody.Holds && c.signer == "gate" {
			t.Errorf("%s: once anchored: %s: %s", name, settled.Verdict, settled.Why)
		}
	}
}

// A debt for one request lets no other through.
func TestADebtOfAnotherRequest(t *testing.T) {
	w := newAnchored(t, outage)
	w.log("gate", "debt", app(), event.DebtPredicate{
		Request: strings.Repeat("a", 64), Environment: "production", Size: w.used + 1, Missing: []string{"witnesses"},
		Time: w.decided.Format(time.RFC3339), Until: w.decided.Add(time.Hour).Format(time.RFC3339),
	})
	if c := w.permission(t, w.after(time.Minute)); c.Verdict != custody.Incomplete || !strings.Contains(c.Why, "not anchored") {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
}

// Where the rules say how old a head may be, a permission needs a young one.
func TestHeadTooOld(t *testing.T) {
	w := newAnchored(t, "    max-head-age: 1h\n")
	size := w.used + 1
	for name, c := range map[string]struct {
		after  time.Duration
		proven []anchored.Proven
		want   custody.Verdict
	}{
		"young":                        {time.Hour, []anchored.Proven{w.seen(0, size, 0), w.seen(1, size, time.Minute)}, custody.Holds},
		"too old":                      {2 * time.Hour, []anchored.Proven{w.seen(0, size, 0), w.seen(1, size, time.Minute)}, custody.Incomplete},
		"one saw it again":             {2 * time.Hour, []anchored.Proven{w.seen(0, size, 0), w.seen(1, size, 0), w.seen(1, size, 110*time.Minute)}, custody.Incomplete},
		"two saw it again":             {2 * time.Hour, []anchored.Proven{w.seen(0, size, 0), w.seen(1, size, 0), w.seen(0, size, 100*time.Minute), w.seen(1, size, 110*time.Minute)}, custody.Holds},
		"nobody has seen enough of it": {time.Minute, []anchored.Proven{w.seen(0, size, 0)}, custody.Incomplete},
	} {
		if got := w.permission(t, w.after(c.after, c.proven...)); got.Verdict != c.want {
			t.Errorf("%s: %s: %s", name, got.Verdict, got.Why)
		}
	}
}

func TestAnchorings(t *testing.T) {
	w := newAnchored(t, outage)
	size := w.used + 1
	one := func(in custody.Input) custody.Anchoring {
		t.Helper()
		all, err := custody.Anchorings(in)
		if err != nil || len(all) != 1 || all[0].Environment != "production" {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0]
	}
	if a := one(w.after(time.Hour)); a.OK || !strings.Contains(a.Why, "not anchored") || *a.Consumption != w.used {
		t.Errorf("%+v", a)
	}
	if a := one(w.after(time.Hour, w.seen(0, size, 0), w.seen(1, size, 0))); !a.OK || !strings.Contains(a.Why, "is anchored: unique") {
		t.Errorf("%+v", a)
	}
	in := w.after(time.Hour)
	in.Anchors = nil
	if a := one(in); a.OK {
		t.Errorf("nobody looked: %+v", a)
	}
	w.owe("gate", 24*time.Hour)
	if a := one(w.after(time.Hour)); !a.OK || !strings.Contains(a.Why, "owed until") {
		t.Errorf("%+v", a)
	}
	if a := one(w.after(25 * time.Hour)); a.OK {
		t.Errorf("overdue: %+v", a)
	}
	empty := newWorld(t)
	in = empty.input()
	if all, err := custody.Anchorings(in); err != nil || len(all) != 0 {
		t.Errorf("a policy without: %+v, %v", all, err)
	}
}

// What is owed is due when the rules say, after the decision: no debt puts that
// off, however late it is said to be, and one for fewer entries is none.
func TestAnchoringsAreDue(t *testing.T) {
	for name, c := range map[string]struct {
		said  []time.Duration // after the decision
		size  uint64          // fewer entries than up to the consumption
		after time.Duration
		want  bool
	}{
		"in time":                 {[]time.Duration{0}, 0, 23 * time.Hour, true},
		"said a day later":        {[]time.Duration{23 * time.Hour}, 0, 25 * time.Hour, false},
		"said to be of next year": {[]time.Duration{9000 * time.Hour}, 0, 25 * time.Hour, false},
		"said again and again":    {[]time.Duration{0, 20 * time.Hour, 40 * time.Hour}, 0, 50 * time.Hour, false},
		"for entries before it":   {[]time.Duration{0}, 1, time.Hour, false},
		"no debt":                 {nil, 0, time.Hour, false},
	} {
		w := newAnchored(t, outage)
		for _, said := range c.said {
			at := w.decided.Add(said)
			w.log("gate", "debt", app(), event.DebtPredicate{
				Request: w.id, Environment: "production", Size: w.used + 1 - c.size, Missing: []string{"witnesses"},
				Time: at.Format(time.RFC3339), Until: at.Add(24 * time.Hour).Format(time.RFC3339),
			})
		}
		all, err := custody.Anchorings(w.after(c.after))
		if err != nil || len(all) != 1 || all[0].OK != c.want {
			t.Errorf("%s: %+v, %v; want %v", name, all, err, c.want)
		}
	}
}

// The gate asks the policy what is owed: each debt once, never later than the
// rules say.
func TestOwed(t *testing.T) {
	w := newAnchored(t, outage)
	w.owe("gate", 9000*time.Hour)
	w.owe("gate", time.Hour)
	w.owe("mallory", time.Hour)
	owed := w.policy.Owed(w.events, "production", w.sigstore.root)
	if len(owed) != 2 || !owed[0].Due.Equal(w.decided.Add(24*time.Hour)) || !owed[1].Due.Equal(w.decided.Add(time.Hour)) || owed[0].Size != w.used+1 || owed[0].Request != w.id {
		t.Errorf("%+v", owed)
	}
	if got := w.policy.Owed(w.events, "staging", w.sigstore.root); len(got) != 0 {
		t.Errorf("staging owes %+v", got)
	}
	if got := w.policy.Owed(w.events, "nowhere", nil); len(got) != 0 {
		t.Errorf("nowhere owes %+v", got)
	}
}

// A debt is not paid by a change of policy: whoever was a gate has made it.
func TestMayOwe(t *testing.T) {
	w := newAnchored(t, outage)
	w.owe("gate", 24*time.Hour)
	w.owe("ci", time.Hour)
	w.owe("mallory", time.Hour)
	before, root := w.policy, func(string) *keyless.Root { return w.sigstore.root }
	other := *before
	other.Environments = maps.Clone(before.Environments)
	production := other.Environments["production"]
	production.Gate, production.Outage = []string{"another"}, nil
	other.Environments["production"] = production
	if owed := policy.MayOwe([]*policy.Policy{&other}, w.events, "production", root); len(owed) != 0 {
		t.Errorf("of whom no policy names: %+v", owed)
	}
	for name, inForce := range map[string][]*policy.Policy{
		"the policy of then":        {before},
		"another, with other gates": {&other, before},
		"twice":                     {before, &other, before},
	} {
		owed := policy.MayOwe(inForce, w.events, "production", root)
		if len(owed) != 1 || owed[0].Request != w.id || !owed[0].Due.Equal(w.decided.Add(24*time.Hour)) {
			t.Errorf("%s: %+v", name, owed)
		}
	}
}

// Nor does an environment that gets another name: what is owed under the old one
// holds back the others, as long as no environment has that name.
func TestMayOweUnderAnotherName(t *testing.T) {
	w := newAnchored(t, outage)
	w.owe("gate", 24*time.Hour)
	w.owe("mallory", time.Hour)
	before, root := w.policy, func(string) *keyless.Root { return w.sigstore.root }
	renamed := *before
	renamed.Environments = maps.Clone(before.Environments)
	live := renamed.Environments["production"]
	live.Name = "live"
	delete(renamed.Environments, "production")
	renamed.Environments["live"] = live
	owed := policy.MayOwe([]*policy.Policy{&renamed, before}, w.events, "live", root)
	if len(owed) != 1 || owed[0].Request != w.id || !owed[0].Due.Equal(w.decided.Add(24*time.Hour)) {
		t.Errorf("renamed: %+v", owed)
	}
	if owed := policy.MayOwe([]*policy.Policy{before, &renamed}, w.events, "staging", root); len(owed) != 0 {
		t.Errorf("staging, while production is there: %+v", owed)
	}
}

// Whose a debt is that has lost its token nobody can tell: it holds a gate back,
// and lets nobody go on.
func TestMayOweWithoutAToken(t *testing.T) {
	w := newAnchored(t, outage)
	payload, err := event.NewStatement(event.DebtType, app(), event.DebtPredicate{
		Request: w.id, Environment: "production", Size: w.used + 1, Missing: []string{"witnesses"},
		Time: w.decided.Format(time.RFC3339), Until: w.decided.Add(time.Hour).Format(time.RFC3339),
	})
	must(t, err)
	signed := w.forge().sign(payload)
	signed.Timestamps = nil
	w.put(signed)
	named := *w.policy
	named.Signers = maps.Clone(named.Signers)
	named.Signers["gate"] = w.parse(strings.Replace(cloudText, "ROOT", w.sigstore.root.Digest, 1)).Signers["forge"]
	root := func(string) *keyless.Root { return w.sigstore.root }
	if owed := policy.MayOwe([]*policy.Policy{&named}, w.events, "production", root); len(owed) != 1 {
		t.Errorf("it may owe %+v", owed)
	}
	if owed := named.Owed(w.events, "production", w.sigstore.root); len(owed) != 0 {
		t.Errorf("it owes %+v", owed)
	}
	if owed := policy.MayOwe([]*policy.Policy{w.policy}, w.events, "production", root); len(owed) != 0 {
		t.Errorf("where no certificate makes a gate: %+v", owed)
	}
}
