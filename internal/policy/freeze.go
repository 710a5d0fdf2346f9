// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/freeze"
)

// freeze reads when an environment is closed.
func (d *decoder) freeze(n *yaml.Node, path string) []freeze.Window {
	var all []freeze.Window
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.fail(n, path, "is empty: it closes nothing; leave freeze out")
	}
	if len(n.Content) > freeze.MaxWindows {
		d.fail(n, path, "has %d windows; at most %d are read", len(n.Content), freeze.MaxWindows)
		return nil
	}
	d.list(n, path, func(v *yaml.Node, path string) {
		w := d.freezeWindow(v, path)
		if w.At.String() != "" && slices.ContainsFunc(all, func(o freeze.Window) bool { return o.String() == w.String() }) {
			d.fail(v, path, "stands twice")
		}
		all = append(all, w)
	})
	return all
}

func (d *decoder) freezeWindow(n *yaml.Node, path string) (w freeze.Window) {
	kinds := 0
	d.object(n, path, "freeze", func(key string, v *yaml.Node, path string) {
		switch key {
		case "deny", "allow":
			kinds++
			w.Deny = w.Deny || key == "deny"
			w.At = decoded(d, v, path, freeze.ParseCron)
		case "for":
			w.For = d.duration(v, path)
		case "zone":
			w.Zone = decoded(d, v, path, freeze.FindZone)
		}
	})
	switch {
	case n.Kind != yaml.MappingNode:
	case kinds == 0:
		d.fail(n, path, "says neither deny nor allow")
	case kinds == 2:
		d.fail(n, path, "says both deny and allow; make two windows")
	}
	return w
}

// decoded is a text that read understands.
func decoded[T any](d *decoder, n *yaml.Node, path string, read func(string) (T, error)) (v T) {
	text, ok := d.text(n, path)
	if !ok {
		return v
	}
	v, err := read(text)
	if err != nil {
		d.fail(n, path, "%v", err)
	}
	return v
}

// frozen is the windows as the digest of an environment has them: none, and it
// is what it was before there were any.
func frozen(windows []freeze.Window) []string {
	var all []string
	for _, w := range windows {
		kind := "allow"
		if w.Deny {
			kind = "deny"
		}
		all = append(all, kind+"|"+w.At.String()+"|"+strconv.FormatInt(int64(w.For/time.Second), 10)+"|"+w.Zone.String())
	}
	slices.Sort(all)
	return all
}

// notFrozen asks whether deployments are open. What is closed opens again, so
// it is never denied for that.
func (e *evaluation) notFrozen() {
	if len(e.env.Freeze) == 0 {
		return
	}
	r := Rule{Name: "no freeze window closes " + e.env.Name, State: Met, Proof: e.clockProof()}
	s := freeze.At(e.env.Freeze, e.now)
	if r.Why = s.Why; !s.Open {
		r.State = Unmet
		what := "an opening of the freeze windows, of which none was found"
		if !s.Opens.IsZero() {
			what = fmt.Sprintf("opens at %s (%s %s)", utc(s.Opens), s.Zone.In(s.Opens).Format("Mon 2006-01-02 15:04"), s.Zone)
		}
		e.missing(Missing{What: what})
	}
	e.rule(r)
}
