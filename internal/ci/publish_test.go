// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// A desk is a runner's files and log, and a working folder.
type desk struct {
	t           *testing.T
	dir         string
	variables   map[string]string
	log         bytes.Buffer
	output, sum string // paths
}

func newDesk(t *testing.T, provider string) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), variables: map[string]string{}}
	t.Chdir(d.dir)
	switch provider {
	case "github":
		d.output, d.sum = filepath.Join(d.dir, "set_output"), filepath.Join(d.dir, "step_summary")
		d.variables = map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": d.output, "GITHUB_STEP_SUMMARY": d.sum}
		d.put(d.output, "")
		d.put(d.sum, "")
	case "gitlab":
		d.variables = map[string]string{"GITLAB_CI": "true"}
	}
	return d
}

func (d *desk) put(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) get(name string) string {
	d.t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(data)
}

func (d *desk) publish(dir string, p Publication) error {
	d.t.Helper()
	return Publish(PublishOptions{Getenv: func(name string) string { return d.variables[name] }, Dir: dir, Stdout: &d.log}, p)
}

func (d *desk) names(dir string) []string {
	d.t.Helper()
	entries, _ := os.ReadDir(dir) // of what is no folder none
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func sample() Publication {
	return Publication{
		Outputs: [][2]string{{"verdict", "pending"}, {"request", "4f1c"}, {"missing", "1 of role lead"}, {"log-index", ""}},
		Summary: "**pending**\n",
		Notes:   []Note{{Warning, "Pending", "ask ana", "", 0, ""}},
		Link:    "https://ci.example.org/1",
	}
}

func TestPublishOnGitHub(t *testing.T) {
	d := newDesk(t, "github")
	if err := d.publish("", sample()); err != nil {
		t.Fatal(err)
	}
	got, err := runner(d.get(d.output), false)
	if diff := cmp.Diff(sample().Outputs, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got := d.get(d.sum); got != "**pending**\n\n" {
		t.Errorf("summary %q", got)
	}
	if d.log.String() != "::warning title=Pending::ask ana\n" {
		t.Errorf("log %q", &d.log)
	}
	if got := d.names("."); len(got) != 2 {
		t.Errorf("it made a report nobody asked for: %q", got)
	}
	// A second verb in the same step adds its own.
	again := sample()
	again.Outputs = [][2]string{{"verdict", "allowed"}}
	if err := d.publish("report", again); err != nil {
		t.Fatal(err)
	}
	if got, err := runner(d.get(d.output), false); err != nil || len(got) != 5 || got[4] != [2]string{"verdict", "allowed"} {
		t.Errorf("%q, %v", got, err)
	}
	if got := d.names("report"); len(got) != 5 {
		t.Errorf("report: %q", got)
	}
}

func TestPublishElsewhere(t *testing.T) {
	for _, c := range []struct{ provider, dir, want string }{
		{"gitlab", "", ReportDir}, {"", "", ReportDir}, {"", "out/x", "out/x"}, {"gitlab", "out/", "out"},
	} {
		d := newDesk(t, c.provider)
		if err := d.publish(c.dir, sample()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{AnnotationsFile, OutputsDotenv, OutputsJSON, OutputsShell, SummaryFile}, d.names(c.want)); diff != "" {
			t.Errorf("%+v\n%s", c, diff)
		}
		for name, want := range map[string]string{
			OutputsDotenv:   "GATELEDGER_VERDICT=pending\nGATELEDGER_REQUEST=4f1c\nGATELEDGER_MISSING=1 of role lead\nGATELEDGER_LOG_INDEX=\n",
			OutputsShell:    "export GATELEDGER_VERDICT='pending'\nexport GATELEDGER_REQUEST='4f1c'\nexport GATELEDGER_MISSING='1 of role lead'\nexport GATELEDGER_LOG_INDEX=''\n",
			OutputsJSON:     "{\n  \"log-index\": \"\",\n  \"missing\": \"1 of role lead\",\n  \"request\": \"4f1c\",\n  \"verdict\": \"pending\"\n}\n",
			SummaryFile:     "**pending**\n",
			AnnotationsFile: "{\n  \"Gateledger\": [\n    {\n      \"external_link\": {\n        \"label\": \"Pending\",\n        \"url\": \"https://ci.example.org/1\"\n      }\n    }\n  ]\n}\n",
		} {
			if diff := cmp.Diff(want, d.get(filepath.Join(c.want, name))); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
		if d.log.Len() > 0 {
			t.Errorf("it wrote %q to a log that obeys nothing", &d.log)
		}
	}
}

func TestMissingVariablesAreNamed(t *testing.T) {
	d := newDesk(t, "github")
	d.variables = map[string]string{"GITHUB_ACTIONS": "true"}
	err := d.publish("", sample())
	if !errors.Is(err, ErrPublish) || !strings.Contains(err.Error(), "GITHUB_OUTPUT is not set") || !strings.Contains(err.Error(), "GITHUB_STEP_SUMMARY is not set") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if d.log.String() != "::warning title=Pending::ask ana\n" {
		t.Errorf("what could be told was not: %q", &d.log)
	}
}

// What stands in the place of the runner's files is not written to.
func TestReplacedFiles(t *testing.T) {
	for name, replace := range map[string]func(d *desk, file string) error{
		"a link":      func(d *desk, file string) error { return os.Symlink(filepath.Join(d.dir, "target"), file) },
		"a dead link": func(d *desk, file string) error { return os.Symlink(filepath.Join(d.dir, "nowhere"), file) },
		"a folder":    func(_ *desk, file string) error { return os.Mkdir(file, 0o755) },
		"nothing":     func(*desk, string) error { return nil },
		"a pipe":      func(_ *desk, file string) error { return makePipe(file) },
	} {
		if name == "a pipe" && runtime.GOOS == "windows" {
			continue
		}
		for _, variable := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
			d := newDesk(t, "github")
			d.put("target", "old")
			file := d.variables[variable]
			if err := errors.Join(os.Remove(file), replace(d, file)); err != nil {
				t.Fatal(err)
			}
			if err := d.publish("", sample()); !errors.Is(err, ErrPublish) || !strings.Contains(err.Error(), variable) {
				t.Errorf("%s for %s: %v", name, variable, err)
			}
			if d.get("target") != "old" || slices.Contains(d.names("."), "nowhere") {
				t.Errorf("%s for %s: it was followed", name, variable)
			}
		}
	}
}

// In a report folder that a build filled, whatever has our names is replaced,
// and nothing behind it is touched.
func TestReplacedReport(t *testing.T) {
	for name, replace := range map[string]func(d *desk, file string) error{
		"a link":      func(d *desk, file string) error { return os.Symlink(filepath.Join(d.dir, "target"), file) },
		"a dead link": func(d *desk, file string) error { return os.Symlink(filepath.Join(d.dir, "nowhere"), file) },
		"a pipe":      func(_ *desk, file string) error { return makePipe(file) },
		"an old file": func(d *desk, file string) error {
			return os.WriteFile(file, []byte("GATELEDGER_VERDICT=allowed\n"), 0o600)
		},
	} {
		if name == "a pipe" && runtime.GOOS == "windows" {
			continue
		}
		d := newDesk(t, "gitlab")
		d.put("target", "old")
		if err := errors.Join(os.Mkdir("report", 0o755), replace(d, "report/outputs.env")); err != nil {
			t.Fatal(err)
		}
		if err := d.publish("report", sample()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := d.get("report/outputs.env"); !strings.HasPrefix(got, "GATELEDGER_VERDICT=pending\n") || d.get("target") != "old" || slices.Contains(d.names("."), "nowhere") {
			t.Errorf("%s: %q", name, got)
		}
	}
	d := newDesk(t, "gitlab")
	if err := os.MkdirAll("report/outputs.env/x", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := d.publish("report", sample()); !errors.Is(err, ErrPublish) || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("a folder: %v", err)
	}
	for name, make := range map[string]func() error{
		"a link for the report": func() error { return errors.Join(os.Mkdir("real", 0o755), os.Symlink("real", "link")) },
		"a file for the report": func() error { return os.WriteFile("link", nil, 0o644) },
	} {
		d := newDesk(t, "gitlab")
		if err := make(); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{"link", "link/"} {
			if err := d.publish(dir, sample()); !errors.Is(err, ErrPublish) || len(d.names("real")) > 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Outputs that can't be written whole leave none behind, old ones neither; the
// summary goes out all the same.
func TestNoOutputsRatherThanSome(t *testing.T) {
	bad := sample()
	bad.Outputs = append(bad.Outputs, [2]string{"sbom", "a$b"})
	d := newDesk(t, "gitlab")
	if err := d.publish("", sample()); err != nil {
		t.Fatal(err)
	}
	if err := d.publish("", bad); !errors.Is(err, ErrPublish) || !strings.Contains(err.Error(), "output sbom") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{AnnotationsFile, SummaryFile}, d.names(ReportDir)); diff != "" {
		t.Errorf("left:\n%s", diff)
	}
	d = newDesk(t, "github")
	bad.Outputs[4][1] = "\x00"
	if err := d.publish("", bad); !errors.Is(err, ErrPublish) {
		t.Errorf("got %v", err)
	}
	if d.get(d.output) != "" || d.get(d.sum) == "" || d.log.Len() == 0 {
		t.Errorf("outputs %q, summary %q, log %q", d.get(d.output), d.get(d.sum), &d.log)
	}
}

// What later steps go by is not there until all the rest is.
func TestOutputsComeLast(t *testing.T) {
	for name, spoil := range map[string]func(d *desk) error{
		"no summary file": func(d *desk) error { return os.Remove(d.sum) },
		"no report":       func(*desk) error { return os.WriteFile("report", nil, 0o644) },
		"a bad report":    func(*desk) error { return os.MkdirAll("report/outputs.sh", 0o755) },
	} {
		d := newDesk(t, "github")
		if err := spoil(d); err != nil {
			t.Fatal(err)
		}
		if err := d.publish("report", sample()); !errors.Is(err, ErrPublish) {
			t.Errorf("%s: %v", name, err)
		}
		if got := d.get(d.output); got != "" || slices.Contains(d.names("report"), OutputsDotenv) {
			t.Errorf("%s: outputs %q", name, got)
		}
	}
	d := newDesk(t, "github")
	if err := errors.Join(os.Remove(d.output), d.publish("report", Publication{Summary: "x\n"})); err != nil {
		t.Errorf("without outputs their file is not asked for: %v", err)
	}
}

func TestRaggedFilesGetALineOfTheirOwn(t *testing.T) {
	d := newDesk(t, "github")
	d.put(d.output, "a=b")
	d.put(d.sum, "# earlier")
	if err := d.publish("", sample()); err != nil {
		t.Fatal(err)
	}
	if got, err := runner(d.get(d.output), false); err != nil || len(got) != 5 || got[0] != [2]string{"a", "b"} || got[1] != [2]string{"verdict", "pending"} {
		t.Errorf("%q, %v", got, err)
	}
	if got := d.get(d.sum); got != "# earlier\n**pending**\n\n" {
		t.Errorf("%q", got)
	}
}

func TestSummaryIsCut(t *testing.T) {
	p := sample()
	p.Summary = "**pending**\n\n<details>\n\n```\n" + strings.Repeat("漢字 line\n", 200_000) + "```\n</details>\n"
	for _, before := range []int{0, 1000, maxSummary / 2, maxSummary - 3000} {
		d := newDesk(t, "github")
		d.put(d.sum, strings.Repeat("x", before))
		if err := d.publish("report", p); err != nil {
			t.Fatalf("after %d bytes: %v", before, err)
		}
		for _, got := range []string{d.get(d.sum), d.get("report/" + SummaryFile)} {
			if len(got) > maxSummary || len(got) < maxSummary/2 || !utf8.ValidString(got) || !strings.Contains(got, "```\n") || !strings.Contains(got, "</details>") || !strings.Contains(got, "https://ci.example.org/1") {
				t.Errorf("after %d bytes: %d bytes that end with %q", before, len(got), got[len(got)-200:])
			}
		}
	}
	d := newDesk(t, "github")
	d.put(d.sum, strings.Repeat("x", maxSummary))
	if err := d.publish("", p); !errors.Is(err, ErrPublish) || !strings.Contains(err.Error(), "no room in 1048576 bytes") || len(d.get(d.sum)) != maxSummary {
		t.Errorf("a full summary: %v", err)
	}
	p.Summary = "a\xff\xfeb\n"
	d = newDesk(t, "github")
	if err := d.publish("", p); err != nil || !utf8.ValidString(d.get(d.sum)) {
		t.Errorf("broken UTF-8: %q, %v", d.get(d.sum), err)
	}
}

// gitlabLink is an annotation as GitLab documents it
// (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations):
// one key, its type; the only type has a label and a URL.
type gitlabLink struct {
	ExternalLink *struct {
		Label *string `json:"label"`
		URL   *string `json:"url"`
	} `json:"external_link"`
}

func TestAnnotationsAsGitLabDocuments(t *testing.T) {
	var notes []Note
	for _, text := range hostile() {
		notes = append(notes, Note{Title: text, URL: "https://ci.example.org/1"}, Note{Text: text, URL: text}, Note{Text: text})
	}
	for range 300 {
		notes = append(notes, Note{Text: strings.Repeat("x", 5000), URL: "https://ci.example.org/" + strings.Repeat("y", 1000)})
	}
	for _, p := range []Publication{{}, {Notes: notes}, {Notes: notes, Link: "https://ci.example.org/2"}, {Notes: notes, Link: "javascript:alert(1)"}} {
		text, err := annotations(p)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string][]gitlabLink
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&file); err != nil || len(file) != 1 || file["Gateledger"] == nil || len(file["Gateledger"]) > maxLinks || len(text) > 80<<10 {
			t.Fatalf("%d bytes, %d links: %v", len(text), len(file["Gateledger"]), err)
		}
		if len(p.Notes) > 0 && len(file["Gateledger"]) == 0 {
			t.Error("no links at all")
		}
		for _, a := range file["Gateledger"] {
			if a.ExternalLink == nil || a.ExternalLink.Label == nil || *a.ExternalLink.Label == "" || a.ExternalLink.URL == nil || !strings.HasPrefix(*a.ExternalLink.URL, "https://ci.example.org/") {
				t.Errorf("%s", text)
			}
		}
	}
}
