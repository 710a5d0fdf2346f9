// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWake(t *testing.T) {
	right := WakeAnswer{Schema: WakeSchema, State: WakeStarted, Job: 7, Name: "gate", Attempt: 2}
	question := WakeQuestion{Waker: "github-job", Run: "1", Attempt: "1", Commit: "abc", Asked: time.Unix(0, 0).UTC(), Start: true}
	r, home, _ := cast(t, role{Stdout: marshal(t, right)})
	if got, err := r.Wake(t.Context(), question); err != nil || got != right {
		t.Errorf("%+v, %v", got, err)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"wake"}) {
		t.Errorf("arguments %q", s.Args)
	}
	for _, e := range s.Env {
		if strings.HasPrefix(e, "CI_JOB_TOKEN=") || strings.HasPrefix(e, "GATELEDGER_GITLAB_TOKEN=") || strings.HasPrefix(e, "ACTIONS_ID_TOKEN") {
			t.Errorf("it sees %s", e)
		}
	}
	look := question
	look.Start = false
	for name, c := range map[string]struct {
		role role
		ask  WakeQuestion
		want error
	}{
		"another version":           {role{Stdout: strings.Replace(marshal(t, right), "/v1", "/v2", 1)}, question, ErrUnavailable},
		"a state of its own":        {role{Stdout: strings.Replace(marshal(t, right), "started", "fine", 1)}, question, ErrUnavailable},
		"started, and nobody asked": {role{Stdout: marshal(t, right)}, look, ErrUnavailable},
		"no job":                    {role{Stdout: strings.Replace(marshal(t, right), `"job":7`, `"job":0`, 1)}, question, ErrUnavailable},
		"it fails after it":         {role{Stdout: marshal(t, right), Code: 3}, question, ErrUnavailable},
		"nothing":                   {role{}, question, ErrUnavailable},
		"it was not told":           {role{Code: 2}, question, ErrUsage},
		"there is no such waker":    {role{}, WakeQuestion{Waker: "pigeon"}, ErrUsage},
	} {
		r, _, _ := cast(t, c.role)
		if got, err := r.Wake(t.Context(), c.ask); !errors.Is(err, c.want) || got.State != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestWakersFitTheirHosts(t *testing.T) {
	for _, w := range Wakers() {
		if got, ok := WakerAt(w.Host); !ok || got.Name != w.Name || w.Setup == "" || w.Doc == "" || len(w.Variables) == 0 {
			t.Errorf("%+v", w)
		}
	}
	if _, ok := WakerAt("local"); ok {
		t.Error("a laptop has no jobs")
	}
}
