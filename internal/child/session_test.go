// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/vote"
)

// converse plays a child that is asked line by line. The commit of a question
// says how to answer it.
func converse(home string) int {
	note := func(format string, args ...any) {
		f, err := os.OpenFile(filepath.Join(home, "lives"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintf(f, format+"\n", args...)
			f.Close()
		}
	}
	note("born with %s", os.Getenv("CI_API_V4_URL"))
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := ReadLine(in, MaxQuestion)
		if errors.Is(err, io.EOF) {
			note("ended")
			return 0
		}
		var q SessionQuestion
		if err != nil || canon.Decode(line, &q) != nil {
			return 2
		}
		right := SessionAnswer{Schema: SessionSchema, N: q.N, Answer: &CollectAnswer{Schema: CollectSchema, Read: []string{"x"}, Remarks: []string{}, Sightings: []vote.Sighting{}}}
		switch q.Question.Commit {
		case "die":
			return 0
		case "die once":
			if _, err := os.Stat(filepath.Join(home, "died")); err != nil {
				_ = os.WriteFile(filepath.Join(home, "died"), nil, 0o600)
				return 3
			}
		case "hang":
			time.Sleep(time.Hour)
		case "flood":
			_, _ = os.Stdout.WriteString(strings.Repeat("x", MaxSessionLine+2))
		case "cut":
			_, _ = os.Stdout.WriteString(`{"schema"`)
			return 0
		case "another's":
			right.N--
		case "another version":
			right.Schema += "0"
		case "nothing":
			right.Answer = nil
		case "both":
			right.Failure = &SessionFailure{Code: 3}
		case "well and failed":
			right.Answer, right.Failure = nil, &SessionFailure{Code: 0, Message: "fine"}
		case "of another source":
			right.Answer.Sightings = []vote.Sighting{{Source: "github-comment"}}
		case "busy":
			right.Answer, right.Failure = nil, &SessionFailure{Code: 3, Message: "busy\x1b[2J", Hint: "later", After: 120}
		case "no":
			right.Answer, right.Failure = nil, &SessionFailure{Code: 2, Message: "not so"}
		}
		data, err := json.Marshal(right)
		if err == nil {
			data, err = canon.Transform(data)
		}
		if _, failed := os.Stdout.Write(append(data, '\n')); failed != nil || err != nil {
			return 3
		}
	}
}

func lives(t *testing.T, home string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(home, "lives"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\n", "; ")
}

func asking(commit string) CollectQuestion {
	return CollectQuestion{Source: "gitlab-note", Commit: commit, Keys: [][]byte{}}
}

// One child answers all, sees what the sources need, and ends when it is told.
func TestASessionIsOneChild(t *testing.T) {
	r, home, _ := cast(t, role{})
	s := r.Session("gitlab-note", "gitlab-note", "gitlab-deployment")
	for range 3 {
		if _, err := s.Collect(t.Context(), asking("abc")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error("again:", err)
	}
	if got := lives(t, home); got != "born with value of CI_API_V4_URL; ended; " {
		t.Error(got)
	}
	for _, name := range []string{"CI_JOB_TOKEN", "GATELEDGER_MERGE_REQUEST"} {
		if !slices.Contains(s.variables, name) {
			t.Errorf("it has no %s", name)
		}
	}
	if slices.Contains(s.variables, GitHubToken) {
		t.Error("it has another forge's token")
	}
}

// What goes wrong over one question is told, and the next one is answered.
func TestASessionOutlivesItsChild(t *testing.T) {
	for commit, c := range map[string]struct {
		want error
		text string
		born int
	}{
		"die":               {ErrUnavailable, "it ended before it answered", 3}, // asked twice, then the next one
		"die once":          {nil, "", 2},
		"cut":               {ErrUnavailable, "it ended before it answered", 3},
		"flood":             {ErrUnavailable, "over the limit", 2},
		"another's":         {ErrUnavailable, "number", 2},
		"another version":   {ErrUnavailable, "schema", 2},
		"nothing":           {ErrUnavailable, "neither", 1},
		"both":              {ErrUnavailable, "neither", 1},
		"well and failed":   {ErrUnavailable, "neither", 1},
		"of another source": {ErrUnavailable, "it tells of", 1},
		"no":                {ErrUsage, "not so", 1},
		"busy":              {ErrUnavailable, `busy\x1b[2J`, 1},
	} {
		t.Run(commit, func(t *testing.T) {
			r, home, _ := cast(t, role{})
			s := r.Session("gitlab-note")
			got, err := s.Collect(t.Context(), asking(commit))
			if !errors.Is(err, c.want) || err != nil && (got.Schema != "" || !strings.Contains(err.Error(), c.text)) {
				t.Errorf("%+v, %v", got, err)
			}
			if _, err := s.Collect(t.Context(), asking("abc")); err != nil {
				t.Error("the next one:", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if n := strings.Count(lives(t, home), "born"); n != c.born {
				t.Errorf("%d children, want %d", n, c.born)
			}
		})
	}
}

// A forge that wants to be left alone is heard.
func TestASessionTellsWhenToComeBack(t *testing.T) {
	r, _, _ := cast(t, role{})
	s := r.Session("gitlab-note")
	defer s.Close()
	_, err := s.Collect(t.Context(), asking("busy"))
	said := (*Error)(nil)
	if !errors.As(err, &said) || said.After != 2*time.Minute || said.Hint != "later" || said.Code != 3 {
		t.Errorf("%v", err)
	}
}

func TestASessionIsBounded(t *testing.T) {
	r, home, _ := cast(t, role{})
	s := r.Session("gitlab-note")
	if _, err := s.Collect(t.Context(), asking("abc")); err != nil {
		t.Fatal(err)
	}
	s.remote.Timeout = 50 * time.Millisecond
	if _, err := s.Collect(t.Context(), asking("hang")); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Error(err)
	}
	s.remote.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for strings.Count(lives(t, home), "born") < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := s.Collect(ctx, asking("hang")); !errors.Is(err, context.Canceled) {
		t.Error("cancelled:", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Collect(t.Context(), CollectQuestion{Source: "gitlab-nots"}); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
	s.remote.Program = filepath.Join(home, "nothing")
	if _, err := s.Collect(t.Context(), asking("abc")); !errors.Is(err, ErrNoRemote) {
		t.Error(err)
	}
}

func TestReadLine(t *testing.T) {
	in := bufio.NewReaderSize(strings.NewReader("a\n\n"+strings.Repeat("b", 40)+"\ncut"), 16)
	for _, want := range []struct {
		line string
		err  error
	}{{"a", nil}, {"", nil}, {strings.Repeat("b", 40), nil}, {"", io.ErrUnexpectedEOF}, {"", io.EOF}} {
		line, err := ReadLine(in, 40)
		if string(line) != want.line || !errors.Is(err, want.err) {
			t.Errorf("%q, %v; want %q, %v", line, err, want.line, want.err)
		}
	}
	if _, err := ReadLine(bufio.NewReader(strings.NewReader("12345\n")), 4); !errors.Is(err, ErrLine) {
		t.Error(err)
	}
}
