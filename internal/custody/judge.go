// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
)

// overall judges a whole trace.
func (t *tracer) overall() (Verdict, string) {
	if len(t.steps) == 0 {
		return No, "nothing is known about these bytes"
	}
	var allowed []string
	unknown := ""
	for _, s := range t.chain.Environments {
		why, bad := s.bypassed()
		if !bad && s.Deployed == event.Healthy && !s.Allowed && t.asksForSomething(s.Environment, *s.Deployment) {
			why, bad = s.Environment+": "+s.Why, true
		}
		switch {
		case bad && !s.unknown:
			return No, why
		case unknown == "" && (bad || s.unknown):
			unknown = s.Environment + ": " + s.Why
		}
		if s.Allowed {
			allowed = append(allowed, s.outcome())
		}
	}
	switch {
	case unknown != "":
		return Incomplete, unknown
	case len(allowed) > 0:
		return Holds, strings.Join(allowed, "; ")
	}
	for _, s := range t.chain.Environments {
		return No, s.Environment + ": " + s.Why
	}
	return No, "recorded, but no decision allowed these bytes anywhere"
}

// outcome is how an allowed standing reads in one line.
func (s Standing) outcome() string {
	switch s.Deployed {
	case "":
		return "allowed in " + s.Environment + ", not deployed yet"
	case event.Healthy:
		return "allowed in " + s.Environment + " and deployed"
	}
	return "allowed in " + s.Environment + ", deployment " + s.Deployed
}

// permission judges whether the bytes may be in environment now.
func (t *tracer) permission(environment string) (Verdict, string) {
	if len(t.steps) == 0 {
		return No, "nothing is known about these bytes"
	}
	s := t.of(environment)
	switch {
	case s.unknown:
		return Incomplete, environment + ": " + s.Why
	case !s.Allowed:
		return No, environment + ": " + s.Why
	case s.Deployed == event.RolledBack && *s.Deployment > *s.Decision:
		return No, fmt.Sprintf("%s: rolled back at #%d, after decision #%d had allowed it", environment, *s.Deployment, *s.Decision)
	}
	return Holds, environment + ": " + s.Why
}

// running judges what is deployed in environment.
func (t *tracer) running(environment string) (Verdict, string) {
	s := t.of(environment)
	if s.unknown && t.asksForSomething(environment, *s.Deployment) {
		return Incomplete, environment + ": " + s.Why
	}
	if why, yes := s.bypassed(); yes {
		return No, why
	}
	if !s.Allowed && t.asksForSomething(environment, *s.Deployment) {
		return No, environment + ": " + s.Why
	}
	return Holds, fmt.Sprintf("%s runs %s, deployed at #%d", environment, t.chain.Digest, *s.Deployment)
}

func (t *tracer) of(environment string) Standing {
	i := slices.IndexFunc(t.chain.Environments, func(s Standing) bool { return s.Environment == environment })
	if i < 0 {
		return Standing{Environment: environment, Why: "no decision that counts allowed it"}
	}
	return t.chain.Environments[i]
}

// mentioned judges a commit: is anything known about it at all.
func (t *tracer) mentioned() (Verdict, string) {
	n := 0
	for _, s := range t.steps {
		if s.State != Rejected {
			n++
		}
	}
	switch n {
	case 0:
		return No, "nothing that counts is known about this commit"
	case 1:
		return Holds, "1 entry is about this commit"
	}
	return Holds, fmt.Sprintf("%d entries are about this commit", n)
}

// unknownBytes says what is known under the same name, if anything: the
// newest entry by a signer of the policy that names other bytes so.
func (t *tracer) unknownBytes() {
	for _, e := range slices.Backward(t.in.Events) {
		if t.in.Name == "" {
			break
		}
		s, err := e.Statement()
		if err != nil || e.Kind() == "vote" {
			continue
		}
		for _, other := range s.Subject {
			d, ok := sameAlgorithm(other, t.in.Digest)
			if !ok || !sameFile(other.Name, t.in.Name) || !t.bySigner(e) {
				continue
			}
			t.find(SeverityTampered, e, "%s was recorded as %s (#%d); these bytes are %s", other.Name, d, e.Index, t.in.Digest)
			return
		}
	}
	t.find(SeverityNote, nil, "nothing is known about these bytes")
}

func (t *tracer) bySigner(e *event.Event) bool { return t.signer(e).err == nil }

func sameAlgorithm(s event.Subject, d event.Digest) (event.Digest, bool) {
	for _, o := range s.Digests() {
		if o.Alg == d.Alg {
			return o, true
		}
	}
	return event.Digest{}, false
}

// sameFile reports whether two names can mean one file: they are equal, or
// one is the end of the other, as dist/app is of /home/ana/dist/app.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	a, b = path.Clean(a), path.Clean(b)
	return a == b || strings.HasSuffix(a, "/"+b) || strings.HasSuffix(b, "/"+a)
}
