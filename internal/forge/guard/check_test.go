// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// A checkScene is what answers check 12 of project 6, whose merge request 7 has
// pipeline 9.
type checkScene struct {
	forge  *gitlabtest.Server
	checks *Checks
	asked  []Question
	says   Answer
	fails  error
	logs   []string
}

func checking(t *testing.T) *checkScene {
	t.Helper()
	s := &checkScene{forge: gitlabtest.New()}
	t.Cleanup(s.forge.Close)
	s.forge.Check(12)
	s.forge.MergeRequest(6, 7, shaA)
	s.forge.Pipeline(6, 9, shaA, "merge_request_event", 42, "ana")
	s.checks = s.another(t)
	return s
}

func (s *checkScene) options() Options {
	return Options{
		API: s.forge.API, RepositoryID: 6, Base: http.DefaultTransport, Pause: time.Millisecond, Timeout: 5 * time.Second,
		Tokens: FileToken{Read: func() ([]byte, error) { return []byte(gitlabtest.Token + "\n"), nil }},
		Now:    time.Now,
		Judge: func(_ context.Context, q Question) (Answer, error) {
			s.asked = append(s.asked, q)
			return s.says, s.fails
		},
		Log: func(level, message string, attributes ...string) {
			s.logs = append(s.logs, level+" "+message+" "+strings.Join(attributes, " "))
		},
	}
}

func (s *checkScene) another(t *testing.T) *Checks {
	t.Helper()
	c, err := NewChecks(s.options(), 12, "merge")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *checkScene) sweep(t *testing.T) error { return s.checks.Sweep(t.Context(), never) }

func TestAMergeRequestIsAskedAbout(t *testing.T) {
	s := checking(t)
	if err := s.sweep(t); err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 1 {
		t.Fatalf("%d questions", len(s.asked))
	}
	q := s.asked[0]
	if q.Provider != "gitlab" || q.Change != 7 || q.RepositoryID != 6 || q.Run.ID != 9 || q.Run.Attempt != 1 || q.Run.Head != shaA || q.Run.Event != "merge_request_event" ||
		q.Run.Actor.Login != "ana" || q.Environment != "merge" || q.Token != gitlabtest.Token || q.Told || q.Host == "" {
		t.Errorf("%+v", q)
	}
	for _, r := range s.forge.Asked() {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Private-Token") != gitlabtest.Token || strings.Contains(r.URL.String(), gitlabtest.Token) {
			t.Errorf("%s: %v", r.URL, r.Header)
		}
	}
}

// TestChecks says what GitLab is told, and what it is not.
func TestChecks(t *testing.T) {
	passed, failed, waiting := Answer{State: Approved}, Answer{State: Rejected}, Answer{Comment: "not yet"}
	for name, c := range map[string]struct {
		play func(*testing.T, *checkScene)
		want string
	}{
		"waiting is pending, which it is": {func(t *testing.T, s *checkScene) { s.says = waiting; _ = s.sweep(t) }, ""},
		"passed once":                     {func(t *testing.T, s *checkScene) { s.says = passed; _, _ = s.sweep(t), s.sweep(t) }, "7 12 aaaa passed"},
		"failed once":                     {func(t *testing.T, s *checkScene) { s.says = failed; _, _ = s.sweep(t), s.sweep(t) }, "7 12 aaaa failed"},
		"a veto takes back what was passed": {func(t *testing.T, s *checkScene) {
			s.says = passed
			_ = s.sweep(t)
			s.says = failed
			_ = s.sweep(t)
		}, "7 12 aaaa passed; 7 12 aaaa failed"},
		"what waits again is no longer passed": {func(t *testing.T, s *checkScene) {
			s.says = passed
			_ = s.sweep(t)
			s.says = waiting
			_, _ = s.sweep(t), s.sweep(t)
		}, "7 12 aaaa passed; 7 12 aaaa pending"},
		"what a developer passed is taken back, and told": {func(t *testing.T, s *checkScene) {
			s.says = waiting
			body := strings.NewReader(fmt.Sprintf(`{"sha":%q,"external_status_check_id":12,"status":"passed"}`, shaA))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.forge.API+"/projects/6/merge_requests/7/status_check_responses", body)
			if err != nil {
				t.Fatal(err)
			}
			s.forge.SignIn("glpat-of-mallory", 66, "mallory")
			req.Header.Set("Private-Token", "glpat-of-mallory")
			req.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(req)
			if err != nil || resp.StatusCode != http.StatusCreated {
				t.Fatal(resp, err)
			}
			resp.Body.Close()
			_, _ = s.sweep(t), s.sweep(t)
			if told := strings.Join(s.logs, "\n"); strings.Count(told, "passed by somebody else") != 1 {
				t.Error(told)
			}
			s.says = passed
			_ = s.sweep(t)
			s.says = failed
			_ = s.sweep(t)
			if told := strings.Join(s.logs, "\n"); strings.Count(told, "passed by somebody else") != 1 {
				t.Error(told)
			}
		}, "7 12 aaaa passed; 7 12 aaaa pending; 7 12 aaaa passed; 7 12 aaaa failed"},
		"pending that ran out is left so": {func(t *testing.T, s *checkScene) {
			s.says = passed
			_ = s.sweep(t)
			s.says = waiting
			_ = s.sweep(t)
			s.forge.Expire()
			_, _ = s.sweep(t), s.sweep(t)
			s.says = passed
			_ = s.sweep(t)
		}, "7 12 aaaa passed; 7 12 aaaa pending; 7 12 aaaa passed"},
		"an error says nothing": {func(t *testing.T, s *checkScene) {
			s.says, s.fails = passed, errors.New("no")
			if s.sweep(t) == nil {
				t.Error("no error")
			}
		}, ""},
		"a state that there is not says nothing": {func(t *testing.T, s *checkScene) {
			s.says = Answer{State: "passed"}
			if s.sweep(t) == nil {
				t.Error("no error")
			}
		}, ""},
		"another tip is another question": {func(t *testing.T, s *checkScene) {
			s.says = passed
			_ = s.sweep(t)
			s.forge.Push(6, 7, shaB)
			_ = s.sweep(t) // it has no pipeline yet
			s.forge.Pipeline(6, 10, shaB, "push", 42, "ana")
			_ = s.sweep(t)
		}, "7 12 aaaa passed; 7 12 bbbb passed"},
		"a tip that moves while it is judged": {func(t *testing.T, s *checkScene) {
			s.says = passed
			s.forge.Fault(gitlabtest.Fault{In: "/status_checks", Times: 1, Answer: func(http.ResponseWriter, *http.Request) bool {
				s.forge.Push(6, 7, shaB)
				return false
			}})
			if err := s.sweep(t); err != nil {
				t.Error(err)
			}
		}, ""},
		"a pipeline of a fork asks for nothing": {func(t *testing.T, s *checkScene) {
			s.forge.MergeRequest(6, 8, shaB)
			s.forge.Pipeline(77, 11, shaB, "push", 66, "mallory")
			s.says = passed
			_ = s.sweep(t)
		}, "7 12 aaaa passed"},
		"what is closed is left alone": {func(t *testing.T, s *checkScene) {
			s.says = passed
			s.forge.CloseRequest(6, 7)
			_ = s.sweep(t)
			_ = s.checks.Look(t.Context(), Hint{Change: 7})
		}, ""},
		"one fault, and the others": {func(t *testing.T, s *checkScene) {
			s.forge.MergeRequest(6, 8, shaB)
			s.forge.Pipeline(6, 11, shaB, "push", 42, "ana")
			s.says = passed
			s.forge.Fault(gitlabtest.Fault{In: "/merge_requests/7/status_checks", Answer: gitlabtest.Status(403, "{}")})
			if s.sweep(t) == nil {
				t.Error("no error")
			}
		}, "8 12 bbbb passed"},
		"told of, and asked again": {func(t *testing.T, s *checkScene) {
			s.says = passed
			if err := s.checks.Look(t.Context(), Hint{Change: 7, Commit: shaB}); err != nil || !s.asked[0].Told {
				t.Errorf("%v %+v", err, s.asked)
			}
		}, "7 12 aaaa passed"},
		"told of one that there is not": {func(t *testing.T, s *checkScene) {
			s.says = passed
			if err := s.checks.Look(t.Context(), Hint{Change: 70}); !errors.Is(err, ask.ErrRefused) {
				t.Error(err)
			}
		}, ""},
		"another check's": {func(t *testing.T, s *checkScene) {
			s.says = passed
			s.checks.check = 13
			_, _ = s.sweep(t), s.checks.Look(t.Context(), Hint{Change: 7})
			if len(s.asked) != 0 {
				t.Error("it was judged")
			}
		}, ""},
		"heard, and not known": {func(t *testing.T, s *checkScene) {
			s.says = passed
			s.forge.Fault(gitlabtest.Fault{In: "status_check_responses", Times: 1, Answer: gitlabtest.Status(502, "{}")})
			if err := s.sweep(t); err != nil {
				t.Error(err)
			}
		}, "7 12 aaaa passed"},
		"refused": {func(t *testing.T, s *checkScene) {
			s.says = passed
			s.forge.Fault(gitlabtest.Fault{In: "status_check_responses", Answer: gitlabtest.Status(403, `{"message":"`+gitlabtest.Token+`"}`)})
			if err := s.sweep(t); !errors.Is(err, ask.ErrRefused) || strings.Contains(err.Error(), gitlabtest.Token) {
				t.Error(err)
			}
		}, ""},
		"the next server says nothing twice": {func(t *testing.T, s *checkScene) {
			s.says = passed
			_ = s.sweep(t)
			s.checks = s.another(t)
			_ = s.sweep(t)
		}, "7 12 aaaa passed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := checking(t)
			c.play(t, s)
			if got := strings.Join(s.forge.Said(), "; "); got != c.want {
				t.Errorf("said %q, want %q\n%s", got, c.want, strings.Join(s.logs, "\n"))
			}
		})
	}
}

// Nothing but a whole answer has anything said.
func TestChecksFailClosed(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"500": gitlabtest.Status(500, ""), "404": gitlabtest.Status(404, "{}"), "null": gitlabtest.Status(200, "null"), "empty": gitlabtest.Status(200, ""),
		"an odd list":        gitlabtest.Status(200, `[{"id":12,"status":"great"}]`, "X-Next-Page", ""),
		"an odd request":     gitlabtest.Status(200, `{"iid":7,"project_id":6,"state":"opened","sha":""}`),
		"of another project": gitlabtest.Status(200, `[{"iid":7,"project_id":66,"state":"opened"}]`, "X-Next-Page", ""),
	} {
		for _, in := range []string{"/merge_requests?", "/merge_requests/7", "/status_checks"} {
			s := checking(t)
			s.says = Answer{State: Approved}
			s.forge.Fault(gitlabtest.Fault{In: in, Answer: answer})
			if err := s.sweep(t); err == nil || len(s.forge.Said()) != 0 {
				t.Errorf("%s, %s: %v, said %q", in, name, err, s.forge.Said())
			}
		}
	}
}

func TestChecksNeedNumbers(t *testing.T) {
	s := checking(t)
	for name, edit := range map[string]func(*Options) int64{
		"no project": func(o *Options) int64 { o.RepositoryID = 0; return 12 },
		"no check":   func(*Options) int64 { return 0 },
		"no address": func(o *Options) int64 { o.API = "http://gitlab.example.com/api/v4"; return 12 },
	} {
		o := s.options()
		check := edit(&o)
		if _, err := NewChecks(o, check, "merge"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// checkPayloadExample is the example of GitLab's documents.
func checkPayloadExample(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/external_status_check.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func checkSignature(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// TestCheckDeliveries are deliveries to the service of an external status check.
func TestCheckDeliveries(t *testing.T) {
	whole := checkPayloadExample(t)
	replaced := func(old, with string) []byte {
		out := bytes.Replace(whole, []byte(old), []byte(with), 1)
		if bytes.Equal(out, whole) {
			t.Fatalf("there is no %s", old)
		}
		return out
	}
	for name, c := range map[string]struct {
		spoil func(*http.Request)
		body  []byte
		want  int
		queue int
	}{
		"as GitLab delivers": {nil, whole, 202, 1},
		"no signature":       {func(r *http.Request) { r.Header.Del("X-Gitlab-Signature") }, whole, 401, 0},
		"a token is no signature": {func(r *http.Request) {
			r.Header.Del("X-Gitlab-Signature")
			r.Header.Set("X-Gitlab-Token", string(hookSecret))
		}, whole, 401, 0},
		"a wrong signature":           {func(r *http.Request) { r.Header.Set("X-Gitlab-Signature", checkSignature([]byte("x"), whole)) }, whole, 401, 0},
		"a signature of another form": {func(r *http.Request) { r.Header.Set("X-Gitlab-Signature", "sha256="+checkSignature(hookSecret, whole)) }, whole, 401, 0},
		"garbage that is signed":      {nil, []byte("{"), 422, 0},
		"a form":                      {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, whole, 415, 0},
		"GitHub's address":            {func(r *http.Request) { r.URL.Path = HookPath }, whole, 404, 0},
		"reading":                     {func(r *http.Request) { r.Method = http.MethodGet }, whole, 405, 0},
		"another project": {nil, replaced(`"project": {
    "id": 6`, `"project": {
    "id": 7`), 200, 0},
		"another target": {nil, replaced(`"target_project_id": 6`, `"target_project_id": 7`), 200, 0},
		"another check": {nil, replaced(`"external_approval_rule": {
    "id": 1`, `"external_approval_rule": {
    "id": 2`), 200, 0},
		"another event":     {nil, replaced(`"object_kind": "merge_request"`, `"object_kind": "note"`), 422, 0},
		"no merge request":  {nil, replaced(`"iid": 4`, `"iid": 0`), 422, 0},
		"a number in words": {nil, replaced(`"iid": 4`, `"iid": "4"`), 422, 0},
		"a commit in words": {nil, replaced(`141be9714669a4c1ccaa013c6a7f3e462ff2a40f",
      "message"`, `HEAD",
      "message"`), 422, 0},
		"two projects": {nil, replaced(`"object_kind": "merge_request"`, `"project": {"id": 6}, "object_kind": "merge_request"`), 422, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var logs []string
			h := NewCheckHook(Options{RepositoryID: 6, Log: func(_, m string, _ ...string) { logs = append(logs, m) }}, 1, hookSecret)
			r := httptest.NewRequest(http.MethodPost, CheckHookPath, bytes.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Gitlab-Signature", checkSignature(hookSecret, c.body))
			if c.spoil != nil {
				c.spoil(r)
			}
			if got := take(h, r); got != c.want || len(h.Hints()) != c.queue {
				t.Errorf("%d, %d in the queue, want %d, %d: %q", got, len(h.Hints()), c.want, c.queue, logs)
			}
			if c.queue == 1 {
				if hint := <-h.Hints(); fmt.Sprint(hint) != "{0  141be9714669a4c1ccaa013c6a7f3e462ff2a40f 4}" {
					t.Errorf("%+v", hint)
				}
				if got := take(h, r); got != 415 && got != 422 && got != 401 { // its body was read
					t.Errorf("an empty delivery: %d", got)
				}
				again := httptest.NewRequest(http.MethodPost, CheckHookPath, bytes.NewReader(c.body))
				again.Header = r.Header
				if got := take(h, again); got != 200 || len(h.Hints()) != 0 {
					t.Errorf("delivered again: %d", got)
				}
			}
		})
	}
	if h := NewCheckHook(Options{RepositoryID: 6}, 1, nil); take(h, httptest.NewRequest(http.MethodPost, CheckHookPath, nil)) != 404 {
		t.Error("a hook without a secret takes something")
	}
}

// otherWebhooks are what GitLab sends to others, by the name of the file.
func otherWebhooks(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/gitlab/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// What GitLab sends to others is nothing that waits, though it is signed: a
// webhook about a merge request names no status check.
func TestOtherWebhooks(t *testing.T) {
	for name, body := range otherWebhooks(t) {
		var p struct {
			Project struct {
				ID int64 `json:"id"`
			} `json:"project"`
		}
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatal(name, err)
		}
		for _, project := range []int64{6, p.Project.ID} {
			if h, err := ReadCheckPayload(body, project, 1); err == nil || h != (Hint{}) {
				t.Errorf("%s: %+v, %v", name, h, err)
			}
		}
	}
}

// Whatever is delivered is refused, or about one merge request of the project.
func FuzzReadCheckPayload(f *testing.F) {
	f.Add(checkPayloadExample(f))
	for _, body := range otherWebhooks(f) {
		f.Add(body)
	}
	f.Add([]byte(`{"object_kind":"merge_request","project":{"id":6},"object_attributes":{"iid":1,"target_project_id":6},"external_approval_rule":{"id":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := ReadCheckPayload(body, 6, 1)
		if (err == nil) != (h.Change > 0) || h.Run != 0 || h.Commit != "" && !shaPattern.MatchString(h.Commit) {
			t.Errorf("%+v, %v", h, err)
		}
	})
}
