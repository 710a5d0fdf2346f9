// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

func TestKindsTable(t *testing.T) {
	names, types := map[string]bool{}, map[string]bool{}
	var recordable, control []string
	for _, k := range event.Kinds() {
		if names[k.Name] || types[k.PredicateType] {
			t.Errorf("%s: its name or predicate type is there twice", k.Name)
		}
		names[k.Name], types[k.PredicateType] = true, true
		if k.Doc == "" {
			t.Errorf("%s: no doc line", k.Name)
		}
		ours := strings.HasPrefix(k.PredicateType, "https://gateledger.dev/")
		if ours != (k.Standard == "") {
			t.Errorf("%s: standard %q with predicate type %s", k.Name, k.Standard, k.PredicateType)
		}
		if k.Recordable {
			recordable = append(recordable, k.Name)
		}
		if k.Control {
			control = append(control, k.Name)
		}
		got, err := event.KindNamed(k.Name)
		check(t, err)
		if got != k {
			t.Errorf("KindNamed(%s) = %+v", k.Name, got)
		}
	}
	if got := strings.Join(recordable, " "); got != "commit build sbom test scan deployment" {
		t.Errorf("recordable: %s", got)
	}
	if got := strings.Join(control, " "); got != "request decision consumption policy forge-votes posture debt" {
		t.Errorf("control: %s", got)
	}
}

func TestKindNamedListsNames(t *testing.T) {
	_, err := event.KindNamed("bild")
	wantError(t, err, `unknown kind of event "bild"; have build, commit, consumption`)
}

func TestKindOf(t *testing.T) {
	reference := func(media ...string) string {
		var refs []string
		for _, m := range media {
			refs = append(refs, fmt.Sprintf(`{"digest":{"sha256":"%s"},"mediaType":%q}`, digestA, m))
		}
		return `{"references":[` + strings.Join(refs, ",") + `]}`
	}
	for fact, c := range map[string]struct{ predicateType, predicate, want string }{
		"build":                        {event.BuildType, `{}`, "build"},
		"sbom inside":                  {event.CycloneDXType, `{}`, "sbom"},
		"sbom by reference":            {event.ReferenceType, reference(event.CycloneDXMedia), "sbom"},
		"vote":                         {event.VoteType, `{}`, "vote"},
		"reference to something else":  {event.ReferenceType, reference("text/plain"), ""},
		"reference to two documents":   {event.ReferenceType, reference(event.CycloneDXMedia, event.CycloneDXMedia), ""},
		"reference to nothing":         {event.ReferenceType, `{"references":[]}`, ""},
		"reference without media type": {event.ReferenceType, reference(""), ""},
		"reference that is malformed":  {event.ReferenceType, `{"references":1}`, ""},
		"a type nobody knows":          {"https://example.org/x", `{}`, ""},
		"a later version of ours":      {"https://gateledger.dev/vote/v2", `{}`, ""},
		"a media type as a type":       {event.CycloneDXMedia, `{}`, ""},
	} {
		t.Run(fact, func(t *testing.T) {
			k, ok := event.KindOf(event.Statement{PredicateType: c.predicateType, Predicate: []byte(c.predicate)})
			if k.Name != c.want || ok != (c.want != "") {
				t.Errorf("KindOf = %q, %v; want %q", k.Name, ok, c.want)
			}
		})
	}
}
