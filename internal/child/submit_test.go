// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSubmitGitHub(t *testing.T) {
	want := GitHubAnswer{Schema: GitHubSchema, Snapshot: 7, Result: "SUCCESS", Message: "well"}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	got, err := r.SubmitGitHub(t.Context(), Submission{File: "snapshot.json", Token: "s3cret"}, GitHubTarget{API: "https://ghe.example/api/v3", Repository: "acme/app"})
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	s := saw(t, home)
	args := []string{"submit", "github", "--repository=acme/app", "--file=snapshot.json", "--api-url=https://ghe.example/api/v3"}
	if diff := cmp.Diff(args, s.Args); diff != "" {
		t.Error(diff)
	}
	if s.Stdin != `{"token":"s3cret"}` || slices.ContainsFunc(append(s.Args, s.Env...), func(a string) bool { return strings.Contains(a, "s3cret") || strings.HasPrefix(a, GitHubToken) }) {
		t.Errorf("the token stands where others look: %q %q %q", s.Stdin, s.Args, s.Env)
	}
}

func TestSubmitDependencyTrack(t *testing.T) {
	want := DependencyTrackAnswer{Schema: DependencyTrackSchema, Token: "a token by which to ask"}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	got, err := r.SubmitDependencyTrack(t.Context(), Submission{File: "bom.json", TokenFile: "key"},
		DependencyTrackTarget{URL: "https://track.example", Name: "shop", Version: "1", Create: true})
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	args := []string{"submit", "dependency-track", "--url=https://track.example", "--file=bom.json", "--token-file=key", "--project-name=shop", "--project-version=1", "--create"}
	if diff := cmp.Diff(args, saw(t, home).Args); diff != "" {
		t.Error(diff)
	}
}

// TestASubmissionSeesOnlyItsOwnVariable: not the other service's, nor those by
// which a signer gets an identity.
func TestASubmissionSeesOnlyItsOwnVariable(t *testing.T) {
	secrets := []string{GitHubToken, DependencyTrackKey, "MINE", DefaultVariable, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}
	for _, c := range []struct {
		s     Submission
		track bool
		want  []string
	}{
		{Submission{}, false, []string{GitHubToken}},
		{Submission{}, true, []string{DependencyTrackKey}},
		{Submission{Variable: "MINE"}, false, []string{"MINE"}},
		{Submission{Variable: "MINE", TokenFile: "f"}, false, nil},
		{Submission{Token: "t"}, true, nil},
	} {
		r, home, _ := cast(t, role{Code: 1})
		var err error
		if c.track {
			_, err = r.SubmitDependencyTrack(t.Context(), c.s, DependencyTrackTarget{})
		} else {
			_, err = r.SubmitGitHub(t.Context(), c.s, GitHubTarget{})
		}
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%+v: %v", c.s, err)
		}
		var got []string
		for _, name := range secrets {
			if slices.ContainsFunc(saw(t, home).Env, func(e string) bool { return strings.HasPrefix(e, name+"=") }) {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: the child sees %q, want %q", c.s, got, c.want)
		}
	}
}

func TestSubmissionsOfAnotherVersion(t *testing.T) {
	for _, out := range []string{`{"schema":"https://gateledger.dev/remote-submit-github/v2","snapshot":1,"result":"SUCCESS"}`, `{}`, ``, `{"schema":1}`} {
		r, _, _ := cast(t, role{Stdout: out})
		if _, err := r.SubmitGitHub(t.Context(), Submission{}, GitHubTarget{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%q from GitHub: %v", out, err)
		}
		if _, err := r.SubmitDependencyTrack(t.Context(), Submission{}, DependencyTrackTarget{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%q from Dependency-Track: %v", out, err)
		}
	}
}
