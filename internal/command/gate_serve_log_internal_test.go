// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/child"
)

func TestAServersLog(t *testing.T) {
	var out bytes.Buffer
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	log := serverLog{to: &out, now: now, lock: new(sync.Mutex)}
	s := &server{log: log}
	for want, say := range map[string]func(){
		`{"level":"info","msg":"ready","time":"2026-03-02T09:00:00Z"}`:                 func() { log.info("ready") },
		`{"level":"warn","msg":"x","run":"9","time":"2026-03-02T09:00:00Z","why":"y"}`: func() { log.about("run", "9").warn("x", "why", "y") },
		`{"level":"info","msg":"real","time":"2026-03-02T09:00:00Z"}`:                  func() { log.info("real", "msg", "made up", "level", "error", "odd") },
		`{"level":"warn","msg":"of the child","run":"9","time":"2026-03-02T09:00:00Z"}`: func() {
			s.pass(child.ServeLog{Level: "loud", Message: "of the child", Attributes: []string{"run", "9"}})
		},
		`{"level":"info","msg":"one","time":"2026-03-02T09:00:00Z"}` + "\n" + `{"level":"info","msg":"two","time":"2026-03-02T09:00:00Z"}`: func() {
			lines := &logLines{to: log}
			for _, part := range []string{"on", "e\n\n", "two\nthree"} {
				_, _ = lines.Write([]byte(part))
			}
		},
	} {
		out.Reset()
		say()
		if got := strings.TrimSuffix(out.String(), "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// What somebody wrote elsewhere ends no line, and moves no terminal.
func TestAServersLogIsOneLineAThing(t *testing.T) {
	var out bytes.Buffer
	log := serverLog{to: &out, now: time.Now, lock: new(sync.Mutex)}
	log.info("a\nb\x1b[31m", "c\n", "d\r\n{}")
	if strings.Count(out.String(), "\n") != 1 || strings.ContainsAny(out.String(), "\x1b\r") {
		t.Errorf("%q", out.String())
	}
}
