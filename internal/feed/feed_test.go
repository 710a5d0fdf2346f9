// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/feed"
)

const records = "../audit/testdata/osv/"

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// real is the records of audit's testdata about an ecosystem, by file name.
func real(t *testing.T, ecosystem string) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob(records + "*.json")
	check(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		check(t, err)
		if strings.Contains(string(data), `"ecosystem": "`+ecosystem) {
			all[filepath.Base(file)] = string(data)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no record of %s", ecosystem)
	}
	return all
}

// pack makes an archive of records.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name)
		check(t, err)
		_, err = w.Write([]byte(data))
		check(t, err)
	}
	check(t, z.Close())
	return b.Bytes()
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(name), 0o755))
	check(t, os.WriteFile(name, data, 0o644))
}

func wanted(names ...string) map[audit.Package]bool {
	all := map[audit.Package]bool{}
	for _, n := range names {
		ecosystem, name, _ := strings.Cut(n, " ")
		all[audit.Package{Ecosystem: ecosystem, Name: name}.Key()] = true
	}
	return all
}

// said is the ids that were read, and each feed's problem.
func said(t *testing.T, db string, want map[audit.Package]bool) (ids string, problems string) {
	t.Helper()
	found, feeds, err := feed.Advisories(context.Background(), db, want)
	check(t, err)
	var all, bad []string
	for _, a := range found {
		all = append(all, a.ID)
		if a.Source == "" {
			t.Errorf("%s has no source", a.ID)
		}
	}
	for _, f := range feeds {
		if f.Problem != "" {
			bad = append(bad, f.Name+": "+f.Problem)
		} else if f.Records == 0 || f.Path == "" {
			t.Errorf("%+v", f)
		}
	}
	return strings.Join(all, " "), strings.Join(bad, "; ")
}

// Every place that a database keeps records in.
func TestLayouts(t *testing.T) {
	for layout, lay := range map[string]func(dir string){
		"as OSV publishes": func(dir string) {
			write(t, filepath.Join(dir, "Go", "all.zip"), pack(t, real(t, "Go")))
			write(t, filepath.Join(dir, "PyPI", "all.zip"), pack(t, real(t, "PyPI")))
		},
		"osv-scanner 2.5": func(dir string) {
			write(t, filepath.Join(dir, "osv-scalibr", "Go", "all.zip"), pack(t, real(t, "Go")))
			write(t, filepath.Join(dir, "osv-scalibr", "PyPI", "all.zip"), pack(t, real(t, "PyPI")))
		},
		"osv-scanner 2.4, one half": func(dir string) {
			write(t, filepath.Join(dir, "osv-scanner", "Go", "all.zip"), pack(t, real(t, "Go")))
			write(t, filepath.Join(dir, "PyPI", "all.zip"), pack(t, real(t, "PyPI")))
		},
		"a folder of records": func(dir string) {
			for name, data := range real(t, "") {
				write(t, filepath.Join(dir, name), []byte(data))
			}
		},
		"folders of records": func(dir string) {
			for name, data := range real(t, "") {
				write(t, filepath.Join(dir, "2026", name[:4], name), []byte("\xef\xbb\xbf"+data))
			}
		},
		"an archive and a folder": func(dir string) {
			write(t, filepath.Join(dir, "Go", "all.zip"), pack(t, real(t, "Go")))
			for name, data := range real(t, "PyPI") {
				write(t, filepath.Join(dir, "PyPI", name), []byte(data))
			}
		},
	} {
		t.Run(layout, func(t *testing.T) {
			dir := t.TempDir()
			lay(dir)
			ids, problems := said(t, dir, wanted("Go golang.org/x/text", "Go github.com/Gogo/protobuf", "PyPI 3_0"))
			if ids != "GHSA-c3h9-896r-86jm GO-2021-0053 GO-2021-0113 MAL-2025-2926" || problems != "" {
				t.Errorf("%s; problems %s", ids, problems)
			}
		})
	}
}

func TestOneArchive(t *testing.T) {
	db := filepath.Join(t.TempDir(), "all.zip")
	write(t, db, pack(t, real(t, "")))
	if ids, problems := said(t, db, wanted("Go golang.org/x/text", "Maven log4j:log4j")); ids != "GHSA-f7vh-qwp3-x37m GO-2021-0113" || problems != "" {
		t.Errorf("%s; problems %s", ids, problems)
	}
}

// The age of a feed is that of the newest record, wanted or not.
func TestAgeAndCount(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Maven", "all.zip"), pack(t, real(t, "Maven")))
	_, feeds, err := feed.Advisories(context.Background(), dir, wanted("Maven nobody:nothing"))
	check(t, err)
	if len(feeds) != 1 || feeds[0].Records != 5 || feeds[0].Date.Year() < 2024 || feeds[0].Name != "osv:Maven" {
		t.Errorf("%+v", feeds)
	}
}

// What can't be gone by, and why.
func TestProblems(t *testing.T) {
	text := real(t, "Go")["GO-2021-0113.json"]
	good := pack(t, map[string]string{"GO-2021-0113.json": text})
	goZip := func(data []byte) func(dir string) {
		return func(dir string) { write(t, filepath.Join(dir, "Go", "all.zip"), data) }
	}
	for fact, c := range map[string]struct {
		lay  func(dir string)
		want string
	}{
		"nothing":                           {func(string) {}, "no record of this ecosystem"},
		"another ecosystem":                 {func(dir string) { write(t, filepath.Join(dir, "npm", "all.zip"), good) }, "no record of this ecosystem"},
		"records of another one":            {goZip(pack(t, real(t, "PyPI"))), "no record of this ecosystem"},
		"an empty archive":                  {goZip(pack(t, nil)), "no record of this ecosystem"},
		"an archive cut short":              {goZip(good[:len(good)-10]), "not a valid zip file"},
		"no archive":                        {goZip([]byte("<html>")), "not a valid zip file"},
		"a bit that flipped":                {goZip(flip(good)), "record"},
		"a name that leads out":             {goZip(pack(t, map[string]string{"../GO-1.json": text})), "no archive of records has such a name"},
		"an absolute name":                  {goZip(pack(t, map[string]string{"/etc/GO-1.json": text})), "no archive of records has such a name"},
		"a name with a drive":               {goZip(pack(t, map[string]string{`..\GO-1.json`: text})), "no archive of records has such a name"},
		"a link in the archive":             {goZip(linked(t)), "is no file"},
		"a wanted record that is no record": {goZip(pack(t, map[string]string{"x.json": text[:len(text)-20]})), "record \"x.json\""},
		"no record at all":                  {goZip(pack(t, map[string]string{"x.json": `[]`})), "record \"x.json\""},
		"a zip bomb":                        {goZip(pack(t, map[string]string{"x.json": `{"id":"` + strings.Repeat("a", audit.MaxRecord+1)})), "over 33554432 bytes"},
		"a folder named as one":             {func(dir string) { check(t, os.MkdirAll(filepath.Join(dir, "Go", "all.zip"), 0o755)) }, "it is no file"},
		"a pipe": {func(dir string) {
			check(t, os.MkdirAll(filepath.Join(dir, "Go"), 0o755))
			check(t, syscall.Mkfifo(filepath.Join(dir, "Go", "all.zip"), 0o644))
		}, "it is no file"},
		"a link out of the database": {func(dir string) {
			outside := filepath.Join(t.TempDir(), "all.zip")
			write(t, outside, good)
			check(t, os.MkdirAll(filepath.Join(dir, "Go"), 0o755))
			check(t, os.Symlink(outside, filepath.Join(dir, "Go", "all.zip")))
		}, "escapes"},
		"folders too deep": {func(dir string) { write(t, filepath.Join(dir, strings.Repeat("d/", 12), "x.json"), []byte(text)) }, "at most 8 folders deep"},
	} {
		t.Run(fact, func(t *testing.T) {
			dir := t.TempDir()
			c.lay(dir)
			if _, problems := said(t, dir, wanted("Go golang.org/x/text")); !strings.Contains(problems, c.want) {
				t.Errorf("problems %q, want %q", problems, c.want)
			}
		})
	}
	if _, problems := said(t, filepath.Join(t.TempDir(), "nowhere"), wanted("Go a", "npm b")); strings.Count(problems, "no such file") != 2 {
		t.Errorf("problems %q", problems)
	}
}

func flip(data []byte) []byte {
	data = slices.Clone(data)
	data[len(data)/4] ^= 0x55
	return data
}

func linked(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "GO-1.json"}
	h.SetMode(fs.ModeSymlink | 0o777)
	w, err := z.CreateHeader(h)
	check(t, err)
	_, err = w.Write([]byte("/etc/passwd"))
	check(t, err)
	check(t, z.Close())
	return b.Bytes()
}

// A name is found however it is written, and a record nobody asks about is not
// read, whatever is in it.
func TestOnlyWantedRecordsAreRead(t *testing.T) {
	text := real(t, "Go")["GO-2021-0113.json"]
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Go", "all.zip"), pack(t, map[string]string{
		"GO-2021-0113.json": strings.Replace(text, `"golang.org/x/text"`, `"golang.org\/x\u002ftext"`, 1),
		"broken.json":       `{"id":"X","affected":[{"package":{"ecosystem":"Go","name":"somebody/else"}]`,
	}))
	if ids, problems := said(t, dir, wanted("Go golang.org/x/text")); ids != "GO-2021-0113" || problems != "" {
		t.Errorf("%s; problems %s", ids, problems)
	}
}

// Of two copies of a record the one changed last counts.
func TestTheNewestCopyCounts(t *testing.T) {
	text := real(t, "PyPI")["MAL-2025-2926.json"]
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.json"), []byte(text))
	write(t, filepath.Join(dir, "b.json"), []byte(strings.ReplaceAll(strings.Replace(text, `"modified": "2025`, `"modified": "2026`, 1), "0.0.0.1", "0.0.0.2")))
	found, _, err := feed.Advisories(context.Background(), dir, wanted("PyPI 3-0"))
	check(t, err)
	if len(found) != 1 || found[0].Affected[0].Versions[0] != "0.0.0.2" {
		t.Errorf("%+v", found)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Go", "all.zip"), pack(t, real(t, "Go")))
	if _, _, err := feed.Advisories(ctx, dir, wanted("Go a")); err == nil {
		t.Error("goes on")
	}
}

func TestKEV(t *testing.T) {
	all, f := feed.KEV("../audit/testdata/kev.json")
	if f.Problem != "" || len(all) != 3 || !all["CVE-2021-44228"].Ransomware || all["CVE-2020-0601"].Ransomware || f.Date.Format(time.DateOnly) != "2025-08-25" {
		t.Errorf("%+v %+v", all, f)
	}
	data, err := os.ReadFile("../audit/testdata/kev.json")
	check(t, err)
	text := string(data)
	for fact, bad := range map[string]string{
		"nothing": "", "no JSON": "<html>", "another document": `{"schema":"x"}`, "cut short": text[:len(text)/2],
		"an entry is missing": strings.Replace(text, `"count": 3`, `"count": 4`, 1),
		"no day":              strings.Replace(text, `"dateReleased": "2025`, `"dateReleased": "`, 1),
		"an entry of no CVE":  strings.Replace(text, "CVE-2021-44228", "44228", 1),
	} {
		name := filepath.Join(t.TempDir(), "kev.json")
		write(t, name, []byte(bad))
		if all, f := feed.KEV(name); f.Problem == "" || len(all) > 0 {
			t.Errorf("%s: %+v", fact, f)
		}
	}
	if _, f := feed.KEV(t.TempDir()); f.Problem == "" {
		t.Error("a folder is a catalogue")
	}
}

// As FIRST writes it; the rows are those its documentation shows.
const epss = "#model_version:v2025.03.14,score_date:2026-03-01T12:55:00Z\ncve,epss,percentile\nCVE-1999-0001,0.01025,0.77197\nCVE-2009-3129,0.59441,0.97623\nCVE-2021-44228,0.94358,0.99960\n"

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	check(t, err)
	check(t, z.Close())
	return b.Bytes()
}

func TestEPSS(t *testing.T) {
	want := map[string]bool{"CVE-2021-44228": true, "CVE-2024-0001": true}
	for fact, data := range map[string][]byte{
		"packed": zipped(t, epss), "plain": []byte(epss), "the other zone": zipped(t, strings.Replace(epss, "00Z", "00+0000", 1)),
		"lines of Windows": []byte(strings.ReplaceAll(epss, "\n", "\r\n")), "no last newline": []byte(strings.TrimSpace(epss)),
		"a day alone": []byte(strings.Replace(epss, "T12:55:00Z", "", 1)),
	} {
		name := filepath.Join(t.TempDir(), "epss.csv.gz")
		write(t, name, data)
		scores, f := feed.EPSS(name, want)
		if f.Problem != "" || len(scores) != 1 || scores["CVE-2021-44228"] != 0.94358 || f.Records != 3 || f.Date.Format(time.DateOnly) != "2026-03-01" {
			t.Errorf("%s: %v %+v", fact, scores, f)
		}
	}
}

func TestEPSSProblems(t *testing.T) {
	packed := zipped(t, epss+strings.Repeat("CVE-2009-3129,0.59441,0.97623\n", 1000))
	for fact, data := range map[string][]byte{
		"nothing": nil, "no comment": []byte(strings.SplitN(epss, "\n", 2)[1]), "another date": []byte(strings.Replace(epss, "2026-03-01T12:55:00Z", "today", 1)),
		"other columns": []byte(strings.Replace(epss, "cve,epss", "epss,cve", 1)), "a row cut short": []byte(epss + "CVE-2021-4"),
		"a probability over one": []byte(epss + "CVE-2021-1,1.5,0.5\n"), "not a number": []byte(epss + "CVE-2021-1,NaN,0.5\n"),
		"a row of another sort": []byte(epss + "GHSA-1,0.5,0.5\n"), "a blank line": []byte(epss + "\nCVE-2021-1,0.5,0.5\n"),
		"cut short": packed[:len(packed)/2], "a line without end": []byte(epss + strings.Repeat("x", 5000)), "HTML": []byte("<!doctype html>\n<p>\n"),
	} {
		name := filepath.Join(t.TempDir(), "epss.csv.gz")
		write(t, name, data)
		if scores, f := feed.EPSS(name, map[string]bool{"CVE-2021-44228": true}); f.Problem == "" || scores != nil {
			t.Errorf("%s: %v %+v", fact, scores, f)
		}
	}
	if _, f := feed.EPSS(filepath.Join(t.TempDir(), "nowhere"), nil); f.Problem == "" {
		t.Error("a file that is not there")
	}
}

func FuzzKEV(f *testing.F) {
	f.Add([]byte(`{"dateReleased":"2025-08-25T17:04:19.9796Z","count":1,"vulnerabilities":[{"cveID":"CVE-2021-44228","knownRansomwareCampaignUse":"Known"}]}`))
	f.Add([]byte(`{"count":0,"vulnerabilities":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, date, err := feed.ParseKEV(data)
		if err == nil && (date.IsZero() && !bytes.Contains(data, []byte("0001-")) || len(all) > bytes.Count(data, []byte("CVE-"))+bytes.Count(data, []byte(`\u`))) {
			t.Errorf("%v %v", all, date)
		}
	})
}

func FuzzEPSS(f *testing.F) {
	f.Add([]byte(epss))
	f.Add([]byte("#score_date:2026-03-01\ncve,epss,percentile\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		scores, _, rows, err := feed.ParseEPSS(bytes.NewReader(data), map[string]bool{"CVE-2021-44228": true})
		if len(scores) > rows || err != nil && scores != nil {
			t.Errorf("%v of %d rows, %v", scores, rows, err)
		}
		for cve, p := range scores {
			if !(p >= 0 && p <= 1) {
				t.Errorf("%s %v", cve, p)
			}
		}
	})
}

// FuzzOSV holds the quick look against reading the whole record: it may not
// leave out a record that names a wanted package.
func FuzzOSV(f *testing.F) {
	files, err := filepath.Glob(records + "*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := audit.ParseAdvisory(data)
		if err != nil || bytes.Contains(data, []byte(`\u`)) {
			return // a member that is itself spelled with escapes is nobody's
		}
		want := map[audit.Package]bool{}
		for _, p := range a.Affected {
			if p.Package.Ecosystem == "Go" && p.Package.Name != "" {
				want[p.Package.Key()] = true
			}
		}
		if len(want) == 0 {
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		found, feeds, err := feed.Advisories(context.Background(), dir, want)
		if err != nil || len(found) != 1 {
			t.Errorf("found %d, %+v, %v in %s", len(found), feeds, err, data)
		}
	})
}

// BenchmarkAdvisories reads 4 000 records for one package.
func BenchmarkAdvisories(b *testing.B) {
	data, err := os.ReadFile(records + "GO-2022-0969.json")
	if err != nil {
		b.Fatal(err)
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for i := range 4000 {
		w, err := z.Create(fmt.Sprintf("GO-%d.json", i))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(bytes.Replace(data, []byte("GO-2022-0969"), fmt.Appendf(nil, "GO-%d", i), 1)); err != nil {
			b.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "Go"), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Go", "all.zip"), packed.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := feed.Advisories(b.Context(), dir, map[audit.Package]bool{{Ecosystem: "Go", Name: "golang.org/x/text"}: true}); err != nil {
			b.Fatal(err)
		}
	}
}
