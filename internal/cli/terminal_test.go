// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"testing"
)

func TestColourIsForTerminals(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := &Env{Getenv: func(string) string { return "" }}
	if Color(env, file) || Color(env, &bytes.Buffer{}) || Color(env, &output{w: file}) {
		t.Error("a file or buffer is coloured")
	}
	if IsTerminal(file) || IsTerminal(nil) {
		t.Error("a file or nothing is a terminal")
	}
}
