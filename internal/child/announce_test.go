// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/report"
)

func TestAnnounce(t *testing.T) {
	want := AnnounceAnswer{Schema: AnnounceSchema, Place: "status", Address: "https://github.com/acme/app", Remarks: []string{"x"}}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	question := AnnounceQuestion{Announcer: "github-check", Notice: report.Notice{Environment: "production", State: report.NoticePending, Annotations: []report.Annotation{{Path: "x", Line: 1}}}}
	got, err := r.Announce(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"announce"}) {
		t.Errorf("arguments %q", s.Args)
	}
	var asked AnnounceQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(question, asked) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
}

// An announcer sees the token of its own forge, and nobody else's.
func TestAnAnnouncerSeesOnlyItsOwnVariables(t *testing.T) {
	for _, a := range Announcers() {
		r, home, _ := cast(t, role{Code: 3})
		seen := []string{"GITHUB_TOKEN", "GATELEDGER_GITHUB_TOKEN", "GATELEDGER_GITLAB_TOKEN", "CI_JOB_TOKEN", "GATELEDGER_LOG_KEY", DefaultVariable, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID", "GITHUB_API_URL", "GITHUB_REPOSITORY"}
		old := r.Getenv
		r.Getenv = func(name string) string {
			if slices.Contains(seen, name) {
				return "x"
			}
			return old(name)
		}
		if _, err := r.Announce(t.Context(), AnnounceQuestion{Announcer: a.Name}); !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
		env := saw(t, home).Env
		for _, name := range seen {
			has := slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
			if has != slices.Contains(a.Variables, name) {
				t.Errorf("%s: sees %s: %t", a.Name, name, has)
			}
		}
	}
}

func TestAnnounceBelievesNoOddAnswer(t *testing.T) {
	good := AnnounceAnswer{Schema: AnnounceSchema, Place: "status", Remarks: []string{}}
	other, nowhere := good, good
	other.Schema, nowhere.Place = CollectSchema, ""
	for name, c := range map[string]struct {
		role role
		ask  string
		want error
	}{
		"another schema":     {role{Stdout: marshal(t, other)}, "github-status", ErrUnavailable},
		"it says not where":  {role{Stdout: marshal(t, nowhere)}, "github-status", ErrUnavailable},
		"nothing":            {role{}, "github-status", ErrUnavailable},
		"refused":            {role{Code: 1}, "github-status", ErrRefused},
		"an answer and no 0": {role{Stdout: marshal(t, good), Code: 3}, "github-status", ErrUnavailable},
		"no such announcer":  {role{Stdout: marshal(t, good)}, "pigeon", ErrUsage},
	} {
		r, _, _ := cast(t, c.role)
		if a, err := r.Announce(t.Context(), AnnounceQuestion{Announcer: c.ask}); !errors.Is(err, c.want) || a.Place != "" {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestAnnouncersFitTheirHost(t *testing.T) {
	for host, want := range map[string]int{"github": 3, "gitlab": 2, "jenkins": 0, "local": 0, "": 0} {
		if got := AnnouncersAt(host); len(got) != want {
			t.Errorf("%s: %d", host, len(got))
		}
	}
	for _, a := range Announcers() {
		if !strings.HasPrefix(a.Name, a.Host+"-") || a.Doc == "" || a.Setup == "" || len(a.Variables) == 0 {
			t.Errorf("%+v", a)
		}
	}
}
