// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/hosting"
)

// wakeAt is a setup of a project whose remote tells where it is.
func wakeAt(t *testing.T, provider, ledger string) *setup {
	t.Helper()
	return &setup{env: newSharedHome(t), place: place{root: t.TempDir()}, at: ledger, host: host{provider: provider}}
}

// What init writes is what the page on waiting shows, which tests hold.
func TestWakeFilesAreThoseOfTheDocs(t *testing.T) {
	examples, err := filepath.Abs("../../docs/examples")
	if err != nil {
		t.Fatal(err)
	}
	for example, c := range map[string]struct{ provider, text string }{
		"gateledger-wake.yml":   {hosting.GitHub, githubWake},
		"gateledger-review.yml": {hosting.GitHub, githubReview},
		"gitlab-wake.yml":       {hosting.GitLab, gitlabWake},
	} {
		want, err := os.ReadFile(filepath.Join(examples, example))
		if err != nil {
			t.Fatal(err)
		}
		got, err := wakeAt(t, c.provider, "git:origin").wake(t.Context(), c.text)
		if err != nil {
			t.Fatal(err)
		}
		version, _ := installable(thisBuild())
		if text := "# SPDX-License-Identifier: Apache-2.0\n#\n" + strings.ReplaceAll(string(got), "@"+version+"\"", "@"+noVersion+"\""); text != string(want) {
			t.Errorf("%s:\n%s", example, text)
		}
	}
}

// A log on another branch is looked at there, and nothing is left to fill in.
func TestWakeFilesNameTheLog(t *testing.T) {
	for _, provider := range []string{hosting.GitHub, hosting.GitLab} {
		for _, w := range wakeTexts(provider) {
			got, err := wakeAt(t, provider, "git:origin?branch=audit/log").wake(t.Context(), w.text)
			if err != nil {
				t.Fatal(err)
			}
			if w.file != githubReviewFile && strings.Count(string(got), "?branch=audit/log") != 1 {
				t.Errorf("%s:\n%s", w.file, got)
			}
			for _, part := range []string{"{query}", "{action}", "{v}", "{version}", "{address}", "{server}", "{programs}"} {
				if strings.Contains(string(got), part) {
					t.Errorf("%s: %s is left", w.file, part)
				}
			}
		}
	}
	if _, err := wakeAt(t, hosting.GitHub, "git:origin?branch=a b").wake(t.Context(), githubWake); err == nil {
		t.Error("a branch that can't stand in a script stands in one")
	}
	if wakeFiles(hosting.Dir) != nil {
		t.Error("there is something to wake without a host")
	}
}

// The job that integrates does not run whenever somebody comments.
func TestTheLogsJobDoesNotFollowWhatWakes(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"a.yml": "name: a\n", "gateledger-wake.yml": githubWake, "gateledger-review.yml": githubReview, "b.yml": "name: b\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := workflowNames(folder); err != nil || strings.Join(names, ",") != "a,b" {
		t.Errorf("%q, %v", names, err)
	}
	written, err := wakeAt(t, hosting.GitHub, "git:origin").wake(t.Context(), githubWake)
	if err != nil {
		t.Fatal(err)
	}
	review, wake := workflowName([]byte(githubReview)), workflowName(written)
	if review == "" || wake == "" || !strings.Contains(githubWake, "workflows: [\""+review+"\"]") {
		t.Errorf("%q does not follow %q", wake, review)
	}
}
