// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
)

func noAnswer(context.Context, ServeAsk) ServeAnswer { return ServeAnswer{} }

func noLog(ServeLog) {}

func line(t *testing.T, l ServeLine) string {
	t.Helper()
	if l.Schema == "" {
		l.Schema = ServeSchema
	}
	return marshal(t, l) + "\n"
}

// unclosed keeps what is written to it, as a pipe's end that can be closed.
type unclosed struct {
	bytes.Buffer
	closed bool
}

func (u *unclosed) Close() error { u.closed = true; return nil }

func TestServingAnswersWhatIsAsked(t *testing.T) {
	in := new(unclosed)
	var logs []string
	var asked []ServeAsk
	s := &serving{in: in, log: func(l ServeLog) { logs = append(logs, l.Message) }, judge: func(_ context.Context, q ServeAsk) ServeAnswer {
		asked = append(asked, q)
		return ServeAnswer{ID: 99, State: ServeApproved, Comment: q.Environment}
	}}
	out := line(t, ServeLine{Log: &ServeLog{Level: "info", Message: "ready"}}) +
		line(t, ServeLine{Ask: &ServeAsk{ID: 1, Run: 9, Environment: "eu"}}) + line(t, ServeLine{Ask: &ServeAsk{ID: 2, Run: 9, Environment: "us"}})
	if err := s.say(ServeConfig{API: "https://api.github.com", Every: 30}); err != nil {
		t.Fatal(err)
	}
	if err := s.talk(t.Context(), strings.NewReader(out)); err != nil {
		t.Fatal(err)
	}
	var told ServeConfig
	var got []ServeAnswer
	for i, l := range strings.Split(strings.TrimSpace(in.String()), "\n") {
		var a ServeAnswer
		err := canon.Decode([]byte(l), &told)
		if i > 0 {
			err = canon.Decode([]byte(l), &a)
			got = append(got, a)
		}
		if err != nil {
			t.Errorf("%s: %v", l, err)
		}
	}
	want := []ServeAnswer{{1, ServeApproved, "eu", false}, {2, ServeApproved, "us", false}} // the question's id, whatever the judge says
	if diff := cmp.Diff(want, got); diff != "" || told.Every != 30 || !slices.Equal(logs, []string{"ready"}) || len(asked) != 2 {
		t.Errorf("%s\ntold %+v, logs %q", diff, told, logs)
	}
}

// A question that is being answered is answered to its end; later ones are not
// begun.
func TestServingEndsAfterTheAnswerAtHand(t *testing.T) {
	in := new(unclosed)
	ctx, cancel := context.WithCancel(t.Context())
	s := &serving{in: in, log: noLog}
	judged := 0
	s.judge = func(ctx context.Context, q ServeAsk) ServeAnswer {
		judged++
		cancel()
		if ctx.Err() != nil {
			t.Error("it was told to stop half-way")
		}
		s.over = true // what end does, once it may
		return ServeAnswer{State: ServeApproved}
	}
	out := line(t, ServeLine{Ask: &ServeAsk{ID: 1}}) + line(t, ServeLine{Ask: &ServeAsk{ID: 2}})
	if err := s.talk(ctx, strings.NewReader(out)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(in.String(), `"state":"approved"`); n != 1 || judged != 1 {
		t.Errorf("%d answers, %d judged:\n%s", n, judged, in.String())
	}
}

func TestServingBelievesNoOddLine(t *testing.T) {
	for name, out := range map[string]string{
		"another schema":     line(t, ServeLine{Schema: CollectSchema, Ask: &ServeAsk{ID: 1}}),
		"no schema":          `{"ask":{}}` + "\n",
		"no JSON":            "ready\n",
		"null":               "null\n",
		"more than it knows": strings.Replace(line(t, ServeLine{Ask: &ServeAsk{ID: 1}}), "{", `{"allowed":true,`, 1),
		"a line too long":    strings.Repeat(" ", MaxServeLine+1) + "\n",
	} {
		judged := false
		s := &serving{in: new(unclosed), log: noLog, judge: func(context.Context, ServeAsk) ServeAnswer { judged = true; return ServeAnswer{} }}
		if err := s.talk(t.Context(), strings.NewReader(out)); !errors.Is(err, ErrUnavailable) || judged {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestServeEnds(t *testing.T) {
	ready := line(t, ServeLine{Log: &ServeLog{Message: "stopped"}})
	for name, c := range map[string]struct {
		role role
		stop bool
		want error
	}{
		"when it is told to":        {role{Stdout: ready}, true, nil},
		"told to, and badly":        {role{Stdout: ready, Code: 3}, true, ErrUnavailable},
		"called wrongly":            {role{Code: 2, Stderr: Name + ": which repository?\n"}, true, ErrUsage},
		"it says what is no line":   {role{Stdout: "x\n"}, true, ErrUnavailable},
		"it says what is too long":  {role{Flood: MaxServeLine + 2}, true, ErrUnavailable},
		"it says it and is ready":   {role{Stdout: ready + "{}\n"}, true, ErrUnavailable},
		"it tells of another child": {role{Stdout: line(t, ServeLine{Schema: SignSchema})}, true, ErrUnavailable},
	} {
		r, home, _ := cast(t, c.role)
		ctx, cancel := context.WithCancel(t.Context())
		if c.stop {
			cancel() // the fake child speaks at the end of its input
		}
		err := r.Serve(ctx, ServeConfig{Repository: "acme/app"}, noAnswer, noLog)
		cancel()
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s := saw(t, home); !slices.Equal(s.Args, []string{"serve"}) {
			t.Errorf("%s: arguments %q", name, s.Args)
		}
	}
	r := Remote{Program: filepath.Join(t.TempDir(), "gone")}
	if err := r.Serve(t.Context(), ServeConfig{}, noAnswer, noLog); !errors.Is(err, ErrNoRemote) {
		t.Errorf("no program: %v", err)
	}
}

// It sees no token of the job's: those it needs are in files.
func TestServeSeesNoSecretOfTheEnvironment(t *testing.T) {
	r, home, _ := cast(t, role{Stdout: line(t, ServeLine{Log: &ServeLog{}})})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Serve(ctx, ServeConfig{}, noAnswer, noLog); err != nil {
		t.Fatal(err)
	}
	for _, v := range saw(t, home).Env {
		if strings.Contains(v, "TOKEN") || strings.Contains(v, "KEY") {
			t.Error(v)
		}
	}
}

var _ io.WriteCloser = (*unclosed)(nil)
