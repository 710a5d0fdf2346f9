// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
)

func TestNotify(t *testing.T) {
	r, home, _ := cast(t, role{Stdout: marshal(t, NotifyAnswer{NotifySchema, 204})})
	question := NotifyQuestion{URL: "https://hooks.example/T0/s3cret", Secret: []byte("k3y"), Body: []byte(`{"a":1}`)}
	if err := r.Notify(t.Context(), question); err != nil {
		t.Fatal(err)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"notify"}) {
		t.Errorf("arguments %q", s.Args)
	}
	if slices.ContainsFunc(append(s.Args, s.Env...), func(a string) bool { return strings.Contains(a, "s3cret") || strings.Contains(a, "k3y") }) {
		t.Errorf("a secret stands where others look: %q %q", s.Args, s.Env)
	}
	var asked NotifyQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || asked.URL != question.URL || !bytes.Equal(asked.Body, question.Body) || !bytes.Equal(asked.Secret, question.Secret) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
	for _, name := range []string{GitHubToken, DependencyTrackKey, DefaultVariable, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GATELEDGER_LOG_KEY"} {
		if slices.ContainsFunc(s.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") }) {
			t.Errorf("it sees %s", name)
		}
	}
}

func TestWhatIsNoDelivery(t *testing.T) {
	taken := marshal(t, NotifyAnswer{NotifySchema, 200})
	for name, c := range map[string]struct {
		role role
		body int
		want error
	}{
		"another version":   {role{Stdout: marshal(t, NotifyAnswer{NotifySchema + "0", 200})}, 1, ErrUnavailable},
		"not taken":         {role{Stdout: marshal(t, NotifyAnswer{NotifySchema, 302})}, 1, ErrUnavailable},
		"nothing":           {role{}, 1, ErrUnavailable},
		"an empty object":   {role{Stdout: "{}"}, 1, ErrUnavailable},
		"it fails after it": {role{Stdout: taken, Code: 3}, 1, ErrUnavailable},
		"it was not told":   {role{Code: 2}, 1, ErrUsage},
		"too long":          {role{Stdout: taken}, MaxNotification + 1, ErrUsage},
	} {
		r, _, _ := cast(t, c.role)
		if err := r.Notify(t.Context(), NotifyQuestion{URL: "https://h.example", Body: make([]byte, c.body)}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhichWebhooks(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://hooks.example/T0/B0/s3cret?x=s3cret": true,
		"https://hooks.example:8443":                  true,
		"http://127.0.0.1:9000/s3cret":                true,
		"http://localhost:9000":                       true,
		"http://[::1]:9000":                           true,
		"http://hooks.example/s3cret":                 false,
		"http://127.0.0.1.example/s3cret":             false,
		"https://me:s3cret@hooks.example":             false,
		"https://hooks.example/#s3cret":               false,
		"https:s3cret":                                false,
		"s3cret://hooks.example":                      false,
		"hooks.example/s3cret":                        false,
		"https://s3cret example":                      false,
		"file:///s3cret":                              false,
		"":                                            false,
	} {
		err := CheckWebhook(raw)
		if (err == nil) != want {
			t.Errorf("%s: %v", raw, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error tells it: %v", raw, err)
		}
	}
}
