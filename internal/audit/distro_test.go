// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"testing"
)

// What advisories can know an operating system's package by, by what tools write
// into its package URL.
func TestDistributed(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie":                                               "Debian:8 curl 7.50.3-1",
		"pkg:deb/debian/curl@7.88.1-10?distro=debian-bookworm":                                               "Debian:12 curl 7.88.1-10",
		"pkg:deb/debian/curl@7.88.1-10?distro=debian-12.5":                                                   "Debian:12 curl 7.88.1-10",
		"pkg:deb/debian/libc6@2.36-9%2Bb1?distro=debian-12&upstream=glibc%402.36-9":                          "Debian:12 glibc 2.36-9",
		"pkg:deb/debian/bind9-libs@9.18.1-1?distro=debian-12&epoch=1":                                        "Debian:12 bind9-libs 1:9.18.1-1",
		"pkg:deb/debian/bind9-libs@1:9.18.1-1?distro=debian-12&epoch=1":                                      "Debian:12 bind9-libs 1:9.18.1-1",
		"pkg:deb/debian/curl@8?distro=debian-sid":                                                            "error: no release of Debian that is called \"debian-sid\"",
		"pkg:deb/ubuntu/bash@5.1?distro=ubuntu-22.04.3":                                                      "Ubuntu:22.04 bash 5.1",
		"pkg:deb/ubuntu/bash@5.1?distro=jammy":                                                               "Ubuntu:22.04 bash 5.1",
		"pkg:deb/ubuntu/bash@5.1?distro=ubuntu-rolling":                                                      "error: no release of Ubuntu",
		"pkg:apk/alpine/zlib@1.3?distro=alpine-edge":                                                         "error: no release of Alpine",
		"pkg:apk/alpine/zlib@1.3?distro=alpine-3.21_alpha20240807":                                           "error: no release of Alpine",
		"pkg:apk/wolfi/zlib@1.3?distro=wolfi-20230201":                                                       "Wolfi zlib 1.3",
		"pkg:rpm/alma/openssl-libs@3.0.7-1.el9?distro=alma-9.2&epoch=1&upstream=openssl-3.0.7-1.el9.src.rpm": "AlmaLinux:9 openssl-libs 1:3.0.7-1.el9, AlmaLinux:9 openssl 1:3.0.7-1.el9",
		"pkg:rpm/rocky/xorg-x11-server-Xorg@1.20-1?distro=rocky-8&upstream=xorg-x11-server-1.20-1.src.rpm":   "Rocky Linux:8 xorg-x11-server-Xorg 1.20-1, Rocky Linux:8 xorg-x11-server 1.20-1",
		"pkg:rpm/almalinux/acl@2.2.53-1.el8?distro=almalinux-8.4&upstream=acl-2.2.53-1.el8.src.rpm":          "AlmaLinux:8 acl 2.2.53-1.el8",
		"pkg:rpm/redhat/openssl@3.0.7-1.el9?distro=rhel-9.2":                                                 "error: advisories of Red Hat are about products",
		"pkg:rpm/opensuse/bash@5.1?distro=opensuse-15.6":                                                     "error: has no advisories that are known here",
		"pkg:rpm/fedora/bash@5.1?distro=fedora-40":                                                           "error: has no advisories that are known here",
		"pkg:vscode-extension/acme/theme@1.0.0":                                                              "error: are not read here",
	} {
		all, err := (&Component{PURL: purl}).identities()
		var words []string
		for _, id := range all {
			words = append(words, id.Ecosystem+" "+id.Name+" "+id.version)
		}
		got := strings.Join(words, ", ")
		text, isError := strings.CutPrefix(want, "error: ")
		if isError != (err != nil) || isError && !strings.Contains(err.Error(), text) || !isError && got != want {
			t.Errorf("%s is %q, %v; want %q", purl, got, err, want)
		}
	}
}

// Trivy names the source in properties, and the version of it.
func TestSourceOfTrivy(t *testing.T) {
	const properties = `,"properties":[{"name":"aquasecurity:trivy:SrcName","value":"openssl"},{"name":"aquasecurity:trivy:SrcVersion","value":"3.0.11"},
		{"name":"aquasecurity:trivy:SrcRelease","value":"1~deb12u1"},{"name":"aquasecurity:trivy:SrcEpoch","value":"1"}]`
	b := sbom(t, thing{"pkg:deb/debian/libssl3@3.0.11-1~deb12u1?arch=amd64&distro=debian-12.4", properties})
	ids, err := b.Components[0].identities()
	if err != nil || len(ids) != 1 || ids[0] != (identity{Package{"Debian:12", "openssl"}, "1:3.0.11-1~deb12u1"}) || !b.Wanted()[Package{"Debian", "openssl"}] {
		t.Errorf("%v, %v, wanted %v", ids, err, b.Wanted())
	}
}

// An operating system's package that nobody can look up is nothing clean.
func TestUnknownDistributionMatters(t *testing.T) {
	for _, purl := range []string{
		"pkg:rpm/opensuse/bash@5.1?distro=opensuse-15.6", "pkg:rpm/redhat/bash@5.1?distro=rhel-9.2", "pkg:deb/debian/bash@5.1?distro=sid",
		"pkg:apk/alpine/bash@5.1?distro=alpine-edge", "pkg:vscode-extension/acme/theme@1.0.0",
	} {
		r := Audit(input(t, sbom(t, thing{spotless, ""}, thing{purl, ""})))
		if r.Answer != CouldNotTell || !strings.Contains(strings.Join(r.Unknown, ""), "can't be looked up") {
			t.Errorf("%s: %s, %q", purl, r.Answer, r.Unknown)
		}
	}
	if r := Audit(input(t, sbom(t, thing{spotless, ""}, thing{"pkg:docker/nginx@1", ""}))); r.Answer != Yes {
		t.Errorf("an image has no advisories of its own: %s, %q", r.Answer, r.Unknown)
	}
}

// A release of which the feed has no record is not one that is free of flaws.
func TestReleaseThatNoRecordNames(t *testing.T) {
	in := input(t, sbom(t, thing{"pkg:deb/debian/bash@5.1?distro=debian-99", ""}))
	in.Feeds = append(in.Feeds, Feed{Name: "osv:Debian", Date: now, Records: 9, Releases: map[string]bool{"Debian:12": true}})
	if r := Audit(in); r.Answer != CouldNotTell || strings.Join(r.Unknown, "") != "osv:Debian: no record is about Debian:99" {
		t.Errorf("%s, %q", r.Answer, r.Unknown)
	}
	in.BOM = sbom(t, thing{"pkg:deb/debian/bash@5.1?distro=debian-12", ""})
	if r := Audit(in); r.Answer != Yes {
		t.Errorf("%s, %q", r.Answer, r.Unknown)
	}
}

// A distribution's advisories, by the name of the source and of what was built.
func TestDistributionMatch(t *testing.T) {
	record := func(ecosystem, name string) Advisory {
		return Advisory{ID: "X", Affected: []Affected{{Package: Package{ecosystem, name}, Ranges: []Range{{"ECOSYSTEM", []Event{{Introduced: "0"}, {Fixed: "1:3.0.8-1"}}}}}}}
	}
	const rpm = "pkg:rpm/rocky/openssl-libs@3.0.7-1?distro=rocky-9.2&epoch=1&upstream=openssl-3.0.7-1.src.rpm"
	for fact, c := range map[string]struct {
		purl   string
		record Advisory
		want   string
	}{
		"what was built":          {rpm, record("Rocky Linux:9", "openssl-libs"), "X blocked"},
		"its source":              {rpm, record("Rocky Linux:9", "openssl"), "X blocked"},
		"of another release":      {rpm, record("Rocky Linux:8", "openssl"), ""},
		"mended":                  {strings.ReplaceAll(rpm, "3.0.7", "3.0.9"), record("Rocky Linux:9", "openssl"), ""},
		"mended for who pays":     {"pkg:deb/ubuntu/bash@1:1?distro=ubuntu-16.04", record("Ubuntu:Pro:16.04:LTS", "bash"), "X blocked"},
		"for who pays, elsewhere": {"pkg:deb/ubuntu/bash@1:1?distro=ubuntu-18.04", record("Ubuntu:Pro:16.04:LTS", "bash"), ""},
	} {
		in := input(t, sbom(t, thing{c.purl, ""}))
		in.Advisories = []Advisory{c.record}
		if r := Audit(in); verdict(r) != c.want {
			t.Errorf("%s: %s, want %s; unknown %q", fact, verdict(r), c.want, r.Unknown)
		}
	}
	in := input(t, sbom(t, thing{rpm, ""}))
	in.Advisories = []Advisory{record("Rocky Linux:9", "openssl")}
	in.Advisories[0].Affected = append(in.Advisories[0].Affected, record("Rocky Linux:9", "openssl-libs").Affected...)
	if r := Audit(in); verdict(r) != "X blocked" {
		t.Errorf("one flaw is one finding: %s", verdict(r))
	}
}
