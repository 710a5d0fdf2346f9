// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// The repository of the published example.
const (
	publicAPI  = "https://api.github.com"
	example    = "Codertocat/Hello-World"
	exampleID  = 186853002
	exampleRun = 1146024427
)

func examplePayload(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/deployment_protection_rule.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestReadPayload(t *testing.T) {
	h, err := ReadPayload(examplePayload(t), publicAPI, example, exampleID)
	want := Hint{Run: exampleRun, Environment: "production", Commit: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"}
	if err != nil || h != want {
		t.Errorf("%+v %v, want %+v", h, err, want)
	}
	if h, err := ReadPayload(examplePayload(t), publicAPI+"/", strings.ToLower(example), exampleID); err != nil || h != want {
		t.Errorf("in other letters: %+v %v", h, err)
	}
}

func TestWhatIsNoRequestOfARule(t *testing.T) {
	const callback = "https://api.github.com/repos/Codertocat/Hello-World/actions/runs/1146024427/deployment_protection_rule"
	for name, c := range map[string]struct {
		old, new string
		want     error
	}{
		"another action":               {`"action": "requested"`, `"action": "completed"`, ErrPayload},
		"no action":                    {`"action": "requested"`, `"x": ""`, ErrPayload},
		"an action twice":              {`"action": "requested"`, `"action": "requested", "action": "requested"`, ErrPayload},
		"another repository":           {`"id": 186853002`, `"id": 186853003`, ErrElsewhere},
		"no environment":               {`"action": "requested",`, `"action": "requested", "y": {`, ErrPayload},
		"a renamed environment":        {`"environment": "production",`, `"environment": "prod",`, ErrPayload}, // the deployment is still of the other
		"a callback elsewhere":         {callback, "https://example.com/repos/Codertocat/Hello-World/actions/runs/1/deployment_protection_rule", ErrPayload},
		"a callback that looks like":   {callback, "https://api.github.com.example.com/repos/Codertocat/Hello-World/actions/runs/1/deployment_protection_rule", ErrPayload},
		"a callback with a user":       {callback, "https://api.github.com@example.com/repos/Codertocat/Hello-World/actions/runs/1/deployment_protection_rule", ErrPayload},
		"of another repository's run":  {callback, "https://api.github.com/repos/Codertocat/Hello/actions/runs/1/deployment_protection_rule", ErrPayload},
		"a path within":                {callback, "https://api.github.com/repos/Codertocat/Hello-World/../../x/actions/runs/1/deployment_protection_rule", ErrPayload},
		"to something else of the run": {callback, "https://api.github.com/repos/Codertocat/Hello-World/actions/runs/1/approve", ErrPayload},
		"with a query":                 {callback, callback + "?x=1", ErrPayload},
		"of no run":                    {"1146024427", "0", ErrPayload},
		"of too great a run":           {"1146024427", "99999999999999999999", ErrPayload},
		"no callback":                  {callback, "", ErrPayload},
		"no commit":                    {`"sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"`, `"sha": ""`, ErrPayload},
		"a commit that is a branch":    {`"sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"`, `"sha": "main"`, ErrPayload},
		"not JSON":                     {"{", "", ErrPayload},
	} {
		body := strings.Replace(string(examplePayload(t)), c.old, c.new, 1)
		if name == "another repository" {
			body = strings.ReplaceAll(string(examplePayload(t)), c.old, c.new)
		}
		if body == string(examplePayload(t)) {
			t.Errorf("%s: nothing was changed", name)
		}
		h, err := ReadPayload([]byte(body), publicAPI, example, exampleID)
		if !errors.Is(err, c.want) || h != (Hint{}) {
			t.Errorf("%s: %+v %v", name, h, err)
		}
	}
	if _, err := ReadPayload([]byte(`{}`), publicAPI, example, 0); !errors.Is(err, ErrElsewhere) {
		t.Errorf("no repository at all: %v", err)
	}
	if h, err := ReadPayload([]byte(`null`), publicAPI, example, exampleID); err == nil {
		t.Errorf("null: %+v", h)
	}
}

// A payload with a deployment that says nothing of its environment is of the
// environment that it names.
func TestADeploymentMaySayNothing(t *testing.T) {
	body := `{"action":"requested","environment":"eu","deployment_callback_url":"https://api.github.com/repos/acme/app/actions/runs/7/deployment_protection_rule","repository":{"id":5}}`
	h, err := ReadPayload([]byte(body), publicAPI, "acme/app", 5)
	if err != nil || h != (Hint{Run: 7, Environment: "eu", Commit: ""}) {
		t.Errorf("%+v %v", h, err)
	}
}

func TestSigned(t *testing.T) {
	secret, body := []byte("It's a Secret to Everybody"), []byte("Hello, World!")
	// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
	const published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	for name, c := range map[string]struct {
		secret    []byte
		body      []byte
		signature string
		ok        bool
	}{
		"GitHub's own example":   {secret, body, published, true},
		"in capitals":            {secret, body, "sha256=" + strings.ToUpper(published[7:]), true},
		"another body":           {secret, []byte("Hello, World"), published, false},
		"another secret":         {[]byte("its a secret"), body, published, false},
		"no signature":           {secret, body, "", false},
		"half of it":             {secret, body, published[:40], false},
		"more than it":           {secret, body, published + "00", false},
		"of SHA-1":               {secret, body, "sha1=" + published[7:], false},
		"no hex":                 {secret, body, "sha256=" + strings.Repeat("x", 64), false},
		"nothing in hex":         {secret, body, "sha256=", false},
		"signed without secret":  {nil, body, sign(nil, body), false},
		"an empty body, signed":  {secret, nil, sign(secret, nil), true},
		"white space after it":   {secret, body, published + " ", false},
		"a list of two of them":  {secret, body, published + "," + published, false},
		"without its name first": {secret, body, published[7:], false},
	} {
		if err := Signed(c.secret, c.body, c.signature); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReadPayload: what is read is about this repository, and names a run that
// can stand in an address.
func FuzzReadPayload(f *testing.F) {
	f.Add(examplePayload(f))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"action":"requested","environment":"eu","deployment_callback_url":"https://api.github.com/repos/Codertocat/Hello-World/actions/runs/7/deployment_protection_rule","repository":{"id":186853002}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := ReadPayload(body, publicAPI, example, exampleID)
		if err != nil {
			if h != (Hint{}) {
				t.Errorf("%+v beside %v", h, err)
			}
			return
		}
		if h.Run <= 0 || h.Environment == "" || strings.ContainsAny(h.Environment, "\x00\r\n") || h.Commit != "" && len(h.Commit) < 40 {
			t.Errorf("%+v", h)
		}
		if !strings.Contains(string(body), "186853002") && !strings.Contains(string(body), `\u`) && !strings.ContainsAny(string(body), "eE.") {
			t.Errorf("another repository: %s", body)
		}
	})
}
