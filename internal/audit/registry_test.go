// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"testing"
)

// cleanPURL is something that no record is about.
const cleanPURL = "pkg:npm/left-pad@1.3.0"

func TestRegistry(t *testing.T) {
	b := sbom(t, thing{cleanPURL, `,"hashes":[{"alg":"SHA-256","content":"AB"},{"alg":"SHA-1","content":"cd"}]`})
	left := &b.Components[0]
	if len(left.SHA256) != 1 || left.SHA256[0] != "ab" {
		t.Fatalf("digests %q", left.SHA256)
	}
	if before := Audit(input(t, b)); before.Answer != Yes {
		t.Fatalf("%s: %v %v", before.Answer, before.Findings, before.Unknown)
	}
	for fact, c := range map[string]struct {
		registry Registry
		answer   Answer
		verdict  string
		says     string
	}{
		"it could not be asked":            {Registry{Problem: "no answer"}, CouldNotTell, "", "could not be asked: no answer"},
		"it knows nothing":                 {Registry{Entries: []RegistryEntry{{Status: Unlisted, Publisher: "0x1"}}, Statuses: []RegistryStatus{{Component: left}}}, Yes, "", "does not know this SBOM: publisher 0x1"},
		"all is confirmed":                 {Registry{Entries: []RegistryEntry{{Status: Confirmed}}, Statuses: []RegistryStatus{{Component: left, NotAffected: 1}}}, Yes, "", "confirmed: 1, unknown: 0; statuses of packages asked: 1, unknown: 0"},
		"another SBOM":                     {Registry{Entries: []RegistryEntry{{Has: "ef"}}}, No, "registry-checksum blocked", "another checksum: sha256:ef"},
		"one confirms and another doesn't": {Registry{Entries: []RegistryEntry{{Status: Confirmed}, {Component: left}}}, No, "registry-checksum blocked", "another checksum"},
		"it was taken back":                {Registry{Entries: []RegistryEntry{{Component: left, Status: TakenBack, Reason: "malicious"}}}, No, "registry-revoked blocked", "took it back: malicious"},
		"somebody warns":                   {Registry{Statuses: []RegistryStatus{{Component: left, Reporter: "0x2", Affected: 2, Fixed: 1}}}, No, "registry-affected blocked", "reporter 0x2 says that it is affected by advisories: 2"},
		"somebody looks into it":           {Registry{Statuses: []RegistryStatus{{Component: left, Reporter: "0x2", Investigated: 1}}}, Yes, "", "reporter 0x2 investigates"},
		"it is fixed":                      {Registry{Statuses: []RegistryStatus{{Component: left, Fixed: 1}}}, Yes, "", "unknown: 0"},
	} {
		in := input(t, b)
		in.Registry = &c.registry
		r := Audit(in)
		said := strings.Join(append(r.Unknown, r.Notes...), "\n")
		for _, f := range r.Findings {
			said += "\n" + strings.Join(f.Why, "\n")
		}
		if r.Answer != c.answer || verdict(r) != c.verdict || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s, %s\n%s", fact, r.Answer, verdict(r), said)
		}
	}
}

// A warning can be answered for, another checksum can not.
func TestRegistryWaived(t *testing.T) {
	b := sbom(t, thing{cleanPURL, ""})
	in := input(t, b)
	in.Waivers = waiversOf(t, `id: registry-affected, package: "pkg:npm/left-pad", reason: r, owner: ana, expires: 2026-12-31`)
	in.Registry = &Registry{Statuses: []RegistryStatus{{Component: &b.Components[0], Affected: 1}}}
	if r := Audit(in); r.Answer != Yes || verdict(r) != "registry-affected waived" {
		t.Errorf("%s, %s", r.Answer, verdict(r))
	}
	in.Waivers = waiversOf(t, `id: registry-checksum, package: "pkg:npm/left-pad", reason: r, owner: ana, expires: 2026-12-31`)
	in.Registry = &Registry{Entries: []RegistryEntry{{Component: &b.Components[0]}}}
	in.Baseline = NewBaseline(Audit(in), "before")
	if r := Audit(in); r.Answer != No || verdict(r) != "registry-checksum blocked" {
		t.Errorf("%s, %s", r.Answer, verdict(r))
	}
}

func TestRegistryName(t *testing.T) {
	for purl, want := range map[string]string{
		cleanPURL: cleanPURL, cleanPURL + "?a=b@1#c": cleanPURL, "pkg:npm/%40a/b@1": "pkg:npm/%40a/b@1", "pkg:npm/left-pad": "", "pkg:npm/@a/b": "", "": "",
	} {
		if got := (&Component{PURL: purl}).RegistryName(); got != want {
			t.Errorf("%s: %q, want %q", purl, got, want)
		}
	}
}
