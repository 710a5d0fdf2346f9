// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

func TestLines(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	if err := os.WriteFile(note, []byte("a vote"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := gitlabtest.New()
	defer s.Close()
	for lines, want := range map[string]string{
		"request 5 6dcb09b5b57875f334f61aebed695e2e4193db5e\nnote 5 " + note: "",
		"fail\nmend\nfail": "",
		"note 5":           "have request",
		"note x " + note:   "invalid syntax",
		"note 5 nowhere":   "no such file",
	} {
		var out bytes.Buffer
		err := run(s, strings.NewReader(lines), &out)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", lines, err, want)
		}
		if got := out.String(); !strings.HasPrefix(got, s.API+"\n") || err == nil && strings.Count(got, "ok\n") != strings.Count(lines, "\n")+1 {
			t.Errorf("%q: %q", lines, got)
		}
	}
	answer, err := http.Get(s.API + "/projects/42/merge_requests/5/notes")
	if err != nil || answer.StatusCode != http.StatusInternalServerError {
		t.Errorf("after fail: %v, %v", answer, err)
	}
}
