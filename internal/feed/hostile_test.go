// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/feed"
)

// A CVE that is not written as CVEs are is found by nobody: the feed is broken.
func TestNamesThatNobodyWouldFind(t *testing.T) {
	for _, name := range []string{"CVE-2021-44228 ", "CVE-2021-44228\u200b", "CVE-2021-", "CVE-", "cve-2021-44228", "CVE-2021-44228,CVE-2021-45046", "CVE-21-44228"} {
		if _, _, err := feed.ParseKEV([]byte(fmt.Sprintf(`{"dateReleased":"2026-03-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":%q}]}`, name))); err == nil {
			t.Errorf("KEV takes %q", name)
		}
	}
	for _, name := range []string{"CVE-", "CVE-2021-44228 ", "CVE-2021-x"} {
		if _, _, _, err := feed.ParseEPSS(strings.NewReader("#score_date:2026-03-01\ncve,epss,percentile\n"+name+",0.5,0.9\n"), nil); err == nil {
			t.Errorf("EPSS takes %q", name)
		}
	}
}

// Of two scores of one CVE the higher one counts.
func TestTwoScores(t *testing.T) {
	for _, rows := range []string{"CVE-2021-1,0.9,0.9\nCVE-2021-1,0.1,0.1\n", "CVE-2021-1,0.1,0.1\nCVE-2021-1,0.9,0.9\n"} {
		scores, _, n, err := feed.ParseEPSS(strings.NewReader("#score_date:2026-03-01\ncve,epss,percentile\n"+rows), map[string]bool{"CVE-2021-1": true})
		check(t, err)
		if scores["CVE-2021-1"] != 0.9 || n != 2 {
			t.Errorf("%v, %d rows", scores, n)
		}
	}
}

// A feed knows of which releases it has records; one record of several is one.
func TestReleases(t *testing.T) {
	dir := t.TempDir()
	record := func(id string, ecosystems ...string) string {
		var all []string
		for _, e := range ecosystems {
			all = append(all, fmt.Sprintf(`{"package":{"ecosystem":%q,"name":"bash"}}`, e))
		}
		return fmt.Sprintf(`{"id":%q,"modified":"2026-03-01T00:00:00Z","affected":[%s]}`, id, strings.Join(all, ","))
	}
	write(t, filepath.Join(dir, "Debian", "all.zip"), pack(t, map[string]string{
		"DSA-1.json": record("DSA-1", "Debian:11", "Debian:12"), "DSA-2.json": record("DSA-2", "Debian:12"),
	}))
	_, feeds, err := feed.Advisories(context.Background(), dir, map[audit.Package]bool{{Ecosystem: "Debian", Name: "zsh"}: true})
	check(t, err)
	var releases []string
	for r := range feeds[0].Releases {
		releases = append(releases, r)
	}
	slices.Sort(releases)
	if strings.Join(releases, " ") != "Debian:11 Debian:12" || feeds[0].Records != 2 {
		t.Errorf("%v, %d records", releases, feeds[0].Records)
	}
}

// A folder of which a part is elsewhere is no feed; a record that is linked to
// inside it is read.
func TestLinksInAFolder(t *testing.T) {
	records := real(t, "Go")
	for fact, c := range map[string]struct {
		lay  func(dir, outside string) error
		want string
	}{
		"a link inside it": {func(dir, _ string) error {
			return os.Symlink("../kept/GO-2021-0113.json", filepath.Join(dir, "in", "x.json"))
		}, ""},
		"a link out of it": {func(dir, outside string) error {
			return os.Symlink(filepath.Join(outside, "x.json"), filepath.Join(dir, "x.json"))
		}, "escapes"},
		"a link to nothing":           {func(dir, _ string) error { return os.Symlink("gone.json", filepath.Join(dir, "x.json")) }, "no such file"},
		"a folder that is a link":     {func(dir, _ string) error { return os.Symlink("kept", filepath.Join(dir, "more")) }, "is a link to a folder"},
		"a folder elsewhere":          {func(dir, outside string) error { return os.Symlink(outside, filepath.Join(dir, "more")) }, "escapes"},
		"a pipe that is named as one": {func(dir, _ string) error { return syscall.Mkfifo(filepath.Join(dir, "x.json"), 0o644) }, "it is no file"},
		"a link to something else":    {func(dir, _ string) error { return os.Symlink("kept/note.txt", filepath.Join(dir, "note")) }, ""},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "kept", "GO-2021-0113.json"), []byte(records["GO-2021-0113.json"]))
		write(t, filepath.Join(dir, "kept", "note.txt"), []byte("x"))
		check(t, os.MkdirAll(filepath.Join(dir, "in"), 0o755))
		check(t, c.lay(dir, t.TempDir()))
		ids, problems := said(t, dir, wanted("Go golang.org/x/text"))
		if !strings.Contains(problems, c.want) || c.want == "" && (problems != "" || !strings.Contains(ids, "GO-2021-0113")) {
			t.Errorf("%s: %q, problems %q, want %q", fact, ids, problems, c.want)
		}
	}
}
