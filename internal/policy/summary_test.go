// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

func TestSummaryIsOfAFinalDecision(t *testing.T) {
	for name, test := range map[string]struct {
		story []step
		want  string
	}{
		"allowed": {quorum(), "PASSED"}, "denied": {quorum(deny("carol")), "FAILED"}, "pending": {usual(), ""},
	} {
		w := newWorld(t, rulesOfTests).play(test.story...)
		d := w.evaluate()
		s, err := Summary(Input{Events: w.events}, w.asked["r1"], d)
		if (err == nil) != (test.want != "") || s.VerificationResult != test.want {
			t.Errorf("%s: %q, %v", name, s.VerificationResult, err)
		}
		if err != nil {
			continue
		}
		back, err := ParseDecision(s.Decision)
		if err != nil || !cmp.Equal(d, back) {
			t.Errorf("%s: the decision inside: %v", name, err)
		}
		if len(s.InputAttestations) != len(d.Inputs) {
			t.Errorf("%s: %d inputs named, %d counted", name, len(s.InputAttestations), len(d.Inputs))
		}
	}
}

func TestParseDecisionIsStrict(t *testing.T) {
	data, err := canon.Marshal(newWorld(t, rulesOfTests).play(quorum()...).evaluate())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"an unknown member": `{"extra":1,` + string(data[1:]),
		"another verdict":   `{"verdict":"maybe"}`,
		"trailing data":     string(data) + "{}",
		"a member twice":    `{"why":"a","why":"b"}`,
		"no object":         `[]`,
	} {
		if _, err := ParseDecision([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestResourceURITellsRequestsApart(t *testing.T) {
	base := event.RequestPredicate{Host: "github.com", RepositoryID: "7", Environment: "production"}
	uris := map[string]string{}
	for name, r := range map[string]event.RequestPredicate{
		"base":                 base,
		"another host":         {Host: "gitlab.com", RepositoryID: "7", Environment: "production"},
		"another repository":   {Host: "github.com", RepositoryID: "8", Environment: "production"},
		"another environment":  {Host: "github.com", RepositoryID: "7", Environment: "staging"},
		"a slash in the names": {Host: "github.com", RepositoryID: "7/production", Environment: ""},
	} {
		uri := ResourceURI(r, "r1")
		if other, taken := uris[uri]; taken {
			t.Errorf("%s and %s are both %s", name, other, uri)
		}
		uris[uri] = name
	}
	if ResourceURI(base, "r1") == ResourceURI(base, "r2") {
		t.Error("two requests have one name")
	}
}
