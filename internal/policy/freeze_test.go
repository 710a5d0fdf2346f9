// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// frozenRules are the usual rules and windows. The gate asks on Sunday
// 2026-03-01, 12:00 UTC.
func frozenRules(windows string) string { return rulesOfTests + "    freeze: [" + windows + "]\n" }

const (
	closedNow = `{deny: "0 16 * * FRI", for: 64h, zone: Europe/Berlin}`
	openNow   = `{allow: "0 9 * * *", for: 8h, zone: UTC}`
	openLater = `{allow: "0 14 * * *", for: 1h, zone: America/New_York}`
)

func TestFreeze(t *testing.T) {
	for name, c := range map[string]struct {
		windows string
		story   []step
		want    Verdict
		why     string
	}{
		"open":                         {openNow, quorum(), Allowed, "every rule is met"},
		"closed":                       {closedNow, quorum(), Pending, "missing: opens at 2026-03-02T07:00:00Z (Mon 2026-03-02 08:00 Europe/Berlin)"},
		"deny beats allow":             {openNow + ", " + closedNow, quorum(), Pending, "missing: opens at 2026-03-02T09:00:00Z (Mon 2026-03-02 10:00 Europe/Berlin)"},
		"outside all that allow":       {openLater, quorum(), Pending, "missing: opens at 2026-03-01T19:00:00Z (Sun 2026-03-01 14:00 America/New_York)"},
		"one that allows is enough":    {openLater + ", " + openNow, quorum(), Allowed, "every rule is met"},
		"votes are counted meanwhile":  {closedNow, usual(approve("dave")), Pending, "missing: 2 approvals by lead; opens at 2026-03-02T07:00:00Z (Mon 2026-03-02 08:00 Europe/Berlin)"},
		"a deny is a deny":             {closedNow, quorum(deny("carol")), Denied, "denied by carol"},
		"it opens when it said":        {closedNow, quorum(at("2026-03-02T07:00:00Z")), Allowed, "every rule is met"},
		"and not a second before":      {closedNow, quorum(at("2026-03-02T06:59:59Z")), Pending, "missing: opens at"},
		"one that is closed for good":  {`{deny: "0 0 * * *", for: 2d, zone: UTC}`, quorum(), Pending, "missing: an opening of the freeze windows, of which none was found"},
		"a clock set back is no way":   {closedNow, quorum(at("2026-02-27T14:00:00Z")), Pending, ""},
		"nor one set forward far":      {closedNow, quorum(at("2026-03-09T07:00:00Z")), Denied, "expired"},
		"the windows of no one's zone": {`{deny: "0 12 1 3 *", for: 1m, zone: UTC}`, quorum(), Pending, "missing: opens at 2026-03-01T12:01:00Z (Sun 2026-03-01 12:01 UTC)"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newWorld(t, frozenRules(c.windows)).play(c.story...).evaluate()
			if d.Verdict != c.want || !strings.Contains(d.Why, c.why) {
				t.Errorf("%s: %s; want %s: %s", d.Verdict, d.Why, c.want, c.why)
			}
			i := slices.IndexFunc(d.Rules, func(r Rule) bool { return r.Name == "no freeze window closes production" })
			if i < 0 || d.Rules[i].Proof != Observed || d.Rules[i].State != Met && d.Rules[i].State != Unmet {
				t.Errorf("%+v", d.Rules)
			}
		})
	}
}

// Where the time is proven, so is that no window closes.
func TestFreezeByProvenTime(t *testing.T) {
	d := newCertified(t, datedRules+"    freeze: ["+openNow+"]\n").play(quorum()...).evaluate()
	last := d.Rules[len(d.Rules)-1]
	if d.Verdict != Allowed || last.Proof != Proven || !strings.HasPrefix(last.Name, "no freeze window") {
		t.Errorf("%s: %+v", d.Why, last)
	}
}

func TestFreezeInTheDigest(t *testing.T) {
	digest := func(rules string) string {
		d, err := policyOf(t, rules).EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	seen := map[string]string{digest(rulesOfTests): "none"}
	for _, windows := range []string{
		closedNow, openNow, closedNow + ", " + openNow,
		strings.Replace(closedNow, "deny", "allow", 1), strings.Replace(closedNow, "64h", "63h", 1),
		strings.Replace(closedNow, "FRI", "5", 1), strings.Replace(closedNow, "Berlin", "Paris", 1),
	} {
		d := digest(frozenRules(windows))
		if was, taken := seen[d]; taken {
			t.Errorf("%s has the digest of %s", windows, was)
		}
		seen[d] = windows
	}
	if digest(frozenRules(closedNow+", "+openNow)) != digest(frozenRules(openNow+", "+closedNow)) {
		t.Error("the order changes the digest")
	}
	if digest(frozenRules(closedNow)) != digest(frozenRules(strings.Replace(closedNow, "0 16 * * FRI", "0  16 * * fri", 1))) {
		t.Error("spaces and case change the digest")
	}
}

func TestFreezeHasALimit(t *testing.T) {
	var all []string
	for i := range 33 {
		all = append(all, strings.Replace(closedNow, "64h", strconv.Itoa(i+1)+"h", 1))
	}
	text := string(policyOf(t, rulesOfTests).Source) + "    freeze: [" + strings.Join(all, ", ") + "]\n"
	if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "has 33 windows; at most 32") {
		t.Errorf("%v", err)
	}
}
