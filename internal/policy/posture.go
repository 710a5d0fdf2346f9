// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/posture"
)

// defaultPostureAge is how long a posture counts where the policy does not say.
const defaultPostureAge = 24 * time.Hour

// A Posture asks that the settings of the forge around an environment let
// nobody past its gate, by a reading of at most this age.
type Posture struct {
	MaxAge time.Duration
	Accept []string // findings that are no hindrance, of posture.Names
}

// posture reads what an environment asks of the settings around it.
func (d *decoder) posture(n *yaml.Node, path string) *Posture {
	p := &Posture{MaxAge: defaultPostureAge}
	d.object(n, path, "posture", func(key string, v *yaml.Node, path string) {
		switch key {
		case "strict":
			d.onlyTrue(v, path)
		case "max-age":
			p.MaxAge = d.duration(v, path)
		case "accept":
			p.Accept = d.words(v, path, "finding", posture.Names(), nil)
		}
	})
	return p
}

type resolvedPosture struct {
	MaxAge int64    `json:"max_age"` // seconds
	Accept []string `json:"accept"`
}

func (p *Posture) resolved() *resolvedPosture {
	if p == nil {
		return nil
	}
	return &resolvedPosture{int64(p.MaxAge / time.Second), sorted(p.Accept)}
}

// A settings is a posture that a gate's signer logged.
type settings struct {
	entry
	event.PosturePredicate
	read time.Time
	by   string
}

// notDecorative asks that nobody gets past this gate by the settings around it.
// What is weak can be mended, so it is never denied for that; and what nobody
// could see is not found out.
func (e *evaluation) notDecorative() {
	if e.env.Posture == nil {
		return
	}
	r := Rule{Name: "the settings around " + e.env.Name + " let nobody past the gate", State: Undecidable, Proof: Observed}
	s, why := e.newestPosture()
	if why == "" {
		why = e.postureTooOld(s)
	}
	if why != "" {
		r.Why = "could not find out the posture of " + e.env.Name + ": " + why
		e.rule(r)
		return
	}
	e.uses(s.entry)
	r.By = []string{s.by}
	v := posture.Sum(posture.Judge(s.PosturePredicate, e.env.Posture.Accept))
	at := fmt.Sprintf("#%d, read at %s", s.Index, utc(s.read))
	switch v.State {
	case posture.OK:
		r.State, r.Why = Met, fmt.Sprintf("%s: %s", at, plural(v.OK, "finding is ok", "findings are ok"))
		if n := len(e.env.Posture.Accept); n > 0 {
			r.Why += "; the policy accepts " + strings.Join(sorted(e.env.Posture.Accept), ", ")
		}
	case posture.Weak:
		r.State, r.Why = Unmet, "weak posture: "+posture.Line(v.Weak)
		for _, f := range v.Weak {
			e.d.Weak = append(e.d.Weak, f.Name)
			e.missing(Missing{What: "posture " + f.Name + ": " + f.Mend})
		}
	default:
		r.Why = "could not find out the posture: " + posture.Line(v.Unknown) + ", by " + at
	}
	e.rule(r)
}

// newestPosture is the last one of this place that a gate's signer logged, or
// why there is none.
func (e *evaluation) newestPosture() (found settings, why string) {
	why = "no gate has read it"
	for _, en := range slices.Backward(e.journal.of("posture")) {
		p, err := event.DecodePredicate[event.PosturePredicate](en.Event)
		if err == nil && !e.ofThisPlace(p) {
			continue
		}
		by, no := e.gateSigned(en)
		if no != nil {
			e.doubt(en, no)
			continue
		}
		if err != nil {
			return settings{}, fmt.Sprintf("#%d can't be read: %v", en.Index, err)
		}
		read, _ := time.Parse(time.RFC3339, p.Read.Time) // Check has read it
		return settings{en, p, read.UTC(), by}, ""
	}
	return settings{}, why
}

func (e *evaluation) ofThisPlace(p event.PosturePredicate) bool {
	return p.Host == e.request.Host && p.RepositoryID == e.request.RepositoryID && p.Environment == e.env.Name
}

// postureTooOld says why a posture does not tell how things are now.
func (e *evaluation) postureTooOld(s settings) string {
	since, no := e.madeAt(s.entry, s.read)
	switch {
	case no != nil:
		return fmt.Sprintf("#%d does not count: %s", s.Index, no.why)
	case s.read.After(e.now.Add(forgeFresh)):
		return fmt.Sprintf("#%d was read at %s, and it is %s", s.Index, utc(s.read), utc(e.now))
	case !e.now.Before(since.Add(e.env.Posture.MaxAge)):
		return fmt.Sprintf("#%d was read at %s; a reading counts for %s", s.Index, utc(since), span(e.env.Posture.MaxAge))
	}
	return ""
}

// LastPosture returns the newest posture of an environment in the ledger by a
// signer of its gate, and whether it still counts at the time of the input. It
// is what Evaluate goes by.
func LastPosture(in Input, env Environment) (last event.PosturePredicate, young bool) {
	if env.Posture == nil {
		return last, false
	}
	e, err := begin(in)
	if err != nil || !e.findRequest() {
		return last, false
	}
	s, why := e.newestPosture()
	if why != "" {
		return last, false
	}
	return s.PosturePredicate, e.postureTooOld(s) == ""
}

// SamePosture says whether two postures show the same, whenever and by whom
// they were read.
func SamePosture(a, b event.PosturePredicate) bool {
	return a.Provider == b.Provider && a.Host == b.Host && a.RepositoryID == b.RepositoryID && a.Environment == b.Environment &&
		a.Branch == b.Branch && slices.Equal(a.Facts, b.Facts)
}
