// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

const (
	hookSecret = "hook-s3cret"
	hookBody   = `{"new":[{"id":"CVE-2021-44228"}]}`
)

// notified is what one run of notify does at a webhook that answers so, in
// turn; the last answer stays.
func notified(t *testing.T, q child.NotifyQuestion, timeout string, answers ...http.HandlerFunc) (outcome, []*http.Request) {
	t.Helper()
	var heard []*http.Request
	var mu sync.Mutex // a server may still be at work when a call has ended
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != hookBody {
			t.Errorf("body %q: %v", body, err)
		}
		mu.Lock()
		heard = append(heard, r)
		n := len(heard)
		mu.Unlock()
		answers[min(n, len(answers))-1](rw, r)
	}))
	t.Cleanup(server.Close)
	if q.URL == "" {
		q.URL = server.URL + "/T0/" + aToken + "?key=" + aToken
	}
	if q.Body == nil {
		q.Body = []byte(hookBody)
	}
	stdin, err := canon.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Args: []string{child.Name, "notify", "--timeout", timeout}, Getenv: func(string) string { return "" },
		Stdin: bytes.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Now: time.Now,
	}
	code := cli.Run(context.Background(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	for _, secret := range []string{aToken, hookSecret} {
		if out := stdout.String() + stderr.String(); strings.Contains(out, secret) {
			t.Errorf("a secret came out: %s", out)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return outcome{code, stdout.String(), stderr.String()}, slices.Clone(heard)
}

func TestNotify(t *testing.T) {
	got, heard := notified(t, child.NotifyQuestion{Secret: []byte(hookSecret)}, "10s", says(202, "ok"))
	if got.code != 0 || got.stdout != `{"schema":"`+child.NotifySchema+`","status":202}`+"\n" || len(heard) != 1 {
		t.Fatalf("%+v, %d requests", got, len(heard))
	}
	mac := hmac.New(sha256.New, []byte(hookSecret))
	fmt.Fprint(mac, hookBody)
	sum := sha256.Sum256([]byte(hookBody))
	r := heard[0]
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "gateledger", child.DeliveryHeader: hex.EncodeToString(sum[:]),
		child.SignatureHeader: "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.Method != http.MethodPost || r.URL.RequestURI() != "/T0/"+aToken+"?key="+aToken {
		t.Errorf("%s %s", r.Method, r.URL)
	}
}

func TestNotifyWithoutASecretSignsNothing(t *testing.T) {
	got, heard := notified(t, child.NotifyQuestion{}, "10s", says(200, ""))
	if got.code != 0 || len(heard) != 1 || heard[0].Header.Get(child.SignatureHeader) != "" {
		t.Errorf("%+v, %d requests", got, len(heard))
	}
}

func TestNotifyTriesThreeTimes(t *testing.T) {
	got, heard := notified(t, child.NotifyQuestion{}, "10s", says(500, ""), says(503, ""), says(204, ""))
	if got.code != 0 || len(heard) != 3 {
		t.Fatalf("%+v, %d requests", got, len(heard))
	}
	if a, b := heard[0].Header.Get(child.DeliveryHeader), heard[2].Header.Get(child.DeliveryHeader); a != b {
		t.Errorf("one delivery is called %s and %s", a, b)
	}
}

// What no webhook took is never success, and nothing that is secret is told.
func TestWhatIsNotDelivered(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	echo := func(status int) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, "no hook "+r.URL.String(), status) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		tries  int
		says   string
	}{
		"redirects": {http.RedirectHandler(elsewhere.URL+"/"+aToken, http.StatusTemporaryRedirect).ServeHTTP, 1, "redirects are not followed"},
		"refuses":   {echo(403), 1, "403 Forbidden"},
		"is gone":   {echo(404), 1, "404 Not Found"},
		"is broken": {echo(500), 3, "500"},
		"hangs up":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 3, "EOF"},
	} {
		got, heard := notified(t, child.NotifyQuestion{Secret: []byte(hookSecret)}, "10s", c.answer)
		if got.code != cli.Unknown || got.stdout != "" || len(heard) != c.tries || !strings.Contains(got.stderr, c.says) {
			t.Errorf("%s: %+v, %d requests", name, got, len(heard))
		}
	}
	if got, _ := notified(t, child.NotifyQuestion{}, "50ms", hangs); got.code != cli.Unknown || !strings.Contains(got.stderr, "no answer within") {
		t.Errorf("hangs: %+v", got)
	}
}

// A word of the webhook is not even read, however long it is.
func TestNotifyListensToNobody(t *testing.T) {
	flood := func(rw http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			if _, err := rw.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	if got, _ := notified(t, child.NotifyQuestion{}, "10s", flood); got.code != 0 {
		t.Errorf("%+v", got)
	}
}

func TestNotifyIsAskedRight(t *testing.T) {
	for name, c := range map[string]struct {
		q       child.NotifyQuestion
		timeout string
	}{
		"plain":     {child.NotifyQuestion{URL: "http://hooks.example/" + aToken}, "1s"},
		"password":  {child.NotifyQuestion{URL: "https://me:" + aToken + "@hooks.example/"}, "1s"},
		"no scheme": {child.NotifyQuestion{URL: aToken}, "1s"},
		"no body":   {child.NotifyQuestion{Body: []byte{}}, "1s"},
		"too long":  {child.NotifyQuestion{Body: make([]byte, child.MaxNotification+1)}, "1s"},
		"no time":   {child.NotifyQuestion{}, "0s"},
	} {
		if got, heard := notified(t, c.q, c.timeout, says(200, "")); got.code != cli.Usage || len(heard) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
