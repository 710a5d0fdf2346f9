// SPDX-License-Identifier: Apache-2.0

package command

import (
	"slices"
	"strings"
	"testing"
)

func TestLogsOf(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                     nil,
		"log a+1+x":                            {"a+1+x"},
		"log a+1+x https://a.example/":         {"a+1+x"},
		"# two\n\n log\ta+1+x \nlog b+2+y\r\n": {"a+1+x", "b+2+y"},
		"log a+1+x\nwitness w k\ngroup g any w\nquorum none": {"a+1+x"},
	} {
		if got, err := logsOf(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"log", "log a b c", "a+1+x", "logs a+1+x", "log a+1+x\nLOG b"} {
		if got, err := logsOf(text); err == nil {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func FuzzLogsOf(f *testing.F) {
	f.Add("log a+1+x https://a.example/\n# b\nquorum none\n")
	f.Fuzz(func(t *testing.T, text string) {
		logs, err := logsOf(text)
		if err != nil {
			return
		}
		for _, log := range logs {
			if log == "" || !strings.Contains(text, log) || strings.ContainsAny(log, " \t\n\r") {
				t.Errorf("%q has the log %q", text, log)
			}
		}
	})
}
