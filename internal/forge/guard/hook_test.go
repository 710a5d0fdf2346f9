// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

var hookSecret = []byte("a secret of the webhook")

// hooked is a hook for the published example.
func hooked() (*Hook, *[]string) {
	var logs []string
	h := NewHook(Options{API: publicAPI, Repository: example, RepositoryID: exampleID, Log: func(level, message string, attributes ...string) {
		logs = append(logs, level+" "+message+" "+strings.Join(attributes, " "))
	}}, hookSecret)
	return h, &logs
}

// delivery is a request as GitHub makes it.
func delivery(body []byte, id string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, HookPath, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "deployment_protection_rule")
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-Hub-Signature-256", sign(hookSecret, body))
	return r
}

func take(h *Hook, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestDeliveries(t *testing.T) {
	whole := examplePayload(t)
	for name, c := range map[string]struct {
		spoil func(*http.Request)
		body  []byte
		want  int
		queue int
	}{
		"as GitHub delivers":          {nil, whole, 202, 1},
		"with a character set":        {func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, whole, 202, 1},
		"no signature":                {func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, whole, 401, 0},
		"a wrong signature":           {func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign([]byte("x"), whole)) }, whole, 401, 0},
		"only signed with SHA-1":      {func(r *http.Request) { r.Header.Del("X-Hub-Signature-256"); r.Header.Set("X-Hub-Signature", "sha1=00") }, whole, 401, 0},
		"garbage that is not signed":  {func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, []byte("{"), 401, 0}, // not read at all
		"garbage that is signed":      {nil, []byte("{"), 422, 0},
		"no id":                       {func(r *http.Request) { r.Header.Del("X-GitHub-Delivery") }, whole, 400, 0},
		"an odd id":                   {func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", "a b") }, whole, 400, 0},
		"a form":                      {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, whole, 415, 0},
		"no content type":             {func(r *http.Request) { r.Header.Del("Content-Type") }, whole, 415, 0},
		"a ping":                      {func(r *http.Request) { r.Header.Set("X-GitHub-Event", "ping") }, []byte(`{"zen":"x"}`), 200, 0},
		"another event":               {func(r *http.Request) { r.Header.Set("X-GitHub-Event", "deployment") }, whole, 200, 0},
		"of another repository":       {nil, bytes.ReplaceAll(whole, []byte("186853002"), []byte("1")), 200, 0},
		"a callback elsewhere":        {nil, bytes.ReplaceAll(whole, []byte("https://api.github.com/repos/Codertocat/Hello-World/actions"), []byte("https://example.com/actions")), 422, 0},
		"too much":                    {nil, append(bytes.Repeat([]byte(" "), maxBody), whole...), 413, 0},
		"asked for instead of posted": {func(r *http.Request) { r.Method = http.MethodGet }, whole, 405, 0},
		"somewhere else":              {func(r *http.Request) { r.URL.Path = "/" }, whole, 404, 0},
	} {
		h, logs := hooked()
		r := delivery(c.body, "d-1")
		if c.spoil != nil {
			c.spoil(r)
		}
		if got := take(h, r); got != c.want || len(h.Hints()) != c.queue {
			t.Errorf("%s: %d and %d queued, want %d and %d", name, got, len(h.Hints()), c.want, c.queue)
		}
		if text := strings.Join(*logs, "\n"); strings.Contains(text, "secret of") || strings.Contains(text, "sha256=") {
			t.Errorf("%s: logs %s", name, text)
		}
	}
}

func TestADeliveryCountsOnce(t *testing.T) {
	whole := examplePayload(t)
	other := bytes.ReplaceAll(whole, []byte("/runs/1146024427/"), []byte("/runs/5/"))
	h, _ := hooked()
	for _, c := range []struct {
		body []byte
		id   string
		want int
	}{
		{whole, "d-1", 202}, {whole, "d-1", 200},
		{whole, "d-2", 200}, // the id is not signed: the same body is the same
		{other, "d-1", 200}, // and GitHub gives no id twice
		{other, "d-3", 202},
	} {
		if got := take(h, delivery(c.body, c.id)); got != c.want {
			t.Errorf("%s: %d, want %d", c.id, got, c.want)
		}
	}
	if n := len(h.Hints()); n != 2 {
		t.Errorf("%d are queued, want 2", n)
	}
}

func TestTwoDeliveriesAtOnce(t *testing.T) {
	h, _ := hooked()
	h.log = func(string, string, ...string) {}
	var both sync.WaitGroup
	for range 8 {
		both.Go(func() { take(h, delivery(examplePayload(t), "d-1")) })
	}
	both.Wait()
	if n := len(h.Hints()); n != 1 {
		t.Errorf("%d are queued, want 1", n)
	}
}

// Whoever knows no secret can have no more of our memory than a few deliveries.
func TestOnlyAFewAreReadAtOnce(t *testing.T) {
	h, _ := hooked()
	h.log = func(string, string, ...string) {}
	var slow sync.WaitGroup
	var ends []*io.PipeWriter
	for range maxReads {
		from, to := io.Pipe()
		ends = append(ends, to)
		r := delivery(nil, "d-1")
		r.Body = from
		slow.Go(func() { take(h, r) })
		_, _ = to.Write([]byte(" ")) // it is being read
	}
	if got := take(h, delivery(examplePayload(t), "d-2")); got != http.StatusServiceUnavailable || len(h.Hints()) != 0 {
		t.Errorf("one more: %d", got)
	}
	for _, to := range ends {
		_ = to.Close()
	}
	slow.Wait()
	if got := take(h, delivery(examplePayload(t), "d-2")); got != http.StatusAccepted {
		t.Errorf("after them: %d", got)
	}
}

func TestTheQueueHasAnEnd(t *testing.T) {
	whole := examplePayload(t)
	numbered := func(i int) []byte {
		return bytes.ReplaceAll(whole, []byte("/runs/1146024427/"), fmt.Appendf(nil, "/runs/%d/", i+1))
	}
	h, _ := hooked()
	for i := range maxQueue {
		if got := take(h, delivery(numbered(i), fmt.Sprint("d-", i))); got != 202 {
			t.Fatalf("delivery %d: %d", i, got)
		}
	}
	if got := take(h, delivery(numbered(maxQueue), "d-late")); got != 503 {
		t.Errorf("one too many: %d", got)
	}
	<-h.Hints()
	if got := take(h, delivery(numbered(maxQueue), "d-late")); got != 202 {
		t.Errorf("the same again, once there is room: %d", got)
	}
}

func TestOldDeliveriesAreForgotten(t *testing.T) {
	h, _ := hooked()
	for i := range maxSeen {
		body := bytes.ReplaceAll(examplePayload(t), []byte("/runs/1146024427/"), fmt.Appendf(nil, "/runs/%d/", i+1))
		take(h, delivery(body, fmt.Sprint("d-", i)))
		<-h.Hints()
	}
	if len(h.seen) != maxSeen || len(h.order) != maxSeen {
		t.Errorf("%d and %d are remembered, want %d", len(h.seen), len(h.order), maxSeen)
	}
}

func TestHealth(t *testing.T) {
	h, _ := hooked()
	ask := func() int { return take(h, httptest.NewRequest(http.MethodGet, HealthPath, nil)) }
	if got := ask(); got != 200 {
		t.Errorf("%d", got)
	}
	h.Close()
	if got := ask(); got != 503 {
		t.Errorf("stopping: %d", got)
	}
	if got := take(h, delivery(examplePayload(t), "d-1")); got != 503 || len(h.Hints()) != 0 {
		t.Errorf("a delivery while stopping: %d", got)
	}
}

func TestWithoutASecretNothingIsTaken(t *testing.T) {
	h, _ := hooked()
	h.secret = nil
	r := delivery(examplePayload(t), "d-1")
	r.Header.Set("X-Hub-Signature-256", sign(nil, examplePayload(t)))
	if got := take(h, r); got != 404 || len(h.Hints()) != 0 {
		t.Errorf("%d", got)
	}
}
