// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gateledger/gateledger/internal/bom"
)

func TestLicenceTexts(t *testing.T) {
	files, err := filepath.Glob("testdata/licences/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no licence texts", err)
	}
	known := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".txt"), "~")
		sum := sha256.Sum256([]byte(essence(string(text))))
		key := hex.EncodeToString(sum[:8])
		if id, _ := identify(string(text)); id != want {
			t.Errorf("%s is %q; the table needs\n\t%q: %q,", file, id, key, want)
		}
		known[key] = true
	}
	for key, id := range licenceTexts {
		if !known[key] {
			t.Errorf("no text in testdata/licences has the digest %s of %s", key, id)
		}
	}
}

func text(t *testing.T, id string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/licences/" + id + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wrapped breaks a text into lines elsewhere.
func wrapped(s string, width int) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		n := 0
		for _, word := range strings.Fields(paragraph) {
			if n += len(word) + 1; n > width {
				b.WriteString("\n")
				n = len(word)
			}
			b.WriteString(word + " ")
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

func TestWhatMayDifferInALicenceText(t *testing.T) {
	mit, bsd := text(t, "MIT"), text(t, "BSD-3-Clause")
	same := map[string]struct{ text, id string }{
		"CRLF":                     {strings.ReplaceAll(mit, "\n", "\r\n"), "MIT"},
		"capitals":                 {strings.ToUpper(mit), "MIT"},
		"another holder":           {strings.Replace(mit, "<year> <copyright holders>", "2019-2024 Ada Lovelace <ada@acme.example>", 1), "MIT"},
		"several holders":          {"Copyright (c) 2001 A\nCopyright (c) 2002 B\nAll rights reserved.\n\n" + mit, "MIT"},
		"a holder without year":    {"Copyright Acme, Inc.\n\n" + strings.Replace(mit, "Copyright (c) <year> <copyright holders>\n", "", 1), "MIT"},
		"no title":                 {strings.TrimPrefix(mit, "MIT License\n"), "MIT"},
		"another title":            {"# The MIT License (MIT)\n" + strings.TrimPrefix(mit, "MIT License\n"), "MIT"},
		"in a comment":             {"// " + strings.ReplaceAll(mit, "\n", "\n// "), "MIT"},
		"other line ends, MIT":     {wrapped(mit, 60), "MIT"},
		"other line ends, BSD":     {wrapped(bsd, 50), "BSD-3-Clause"},
		"https instead of http":    {strings.ReplaceAll(text(t, "Apache-2.0"), "http:", "https:"), "Apache-2.0"},
		"the appendix filled in":   {strings.Replace(text(t, "Apache-2.0"), "[yyyy] [name of copyright owner]", "2024 Acme", 1), "Apache-2.0"},
		"bullets instead of 1. 2.": {strings.NewReplacer("1. ", "   * ", "2. ", "   * ", "3. ", "   * ").Replace(bsd), "BSD-3-Clause"},
		"a named holder in BSD":    {strings.Replace(bsd, "the copyright holder nor", "Acme Inc. nor", 1), "BSD-3-Clause"},
	}
	for fact, f := range same {
		if id, ok := identify(f.text); !ok || id != f.id {
			t.Errorf("%s: %q, want %s", fact, id, f.id)
		}
	}
}

func TestATextThatSaysMoreIsNotIdentified(t *testing.T) {
	mit := text(t, "MIT")
	for fact, text := range map[string]string{
		"nothing":            "",
		"a condition more":   mit + "\nThe Software shall be used for Good, not Evil.\n",
		"a condition before": "Only on Tuesdays.\n\n" + mit,
		"a word less":        strings.Replace(mit, "sublicense, ", "", 1),
		"two licences":       mit + "\n---\n" + text(t, "Apache-2.0"),
		"cut off":            mit[:len(mit)/2],
		"only a name":        "MIT",
	} {
		if id, ok := identify(text); ok {
			t.Errorf("%s: taken for %s", fact, id)
		}
	}
}

func TestLicenceFileNames(t *testing.T) {
	for name, want := range map[string]bool{
		"LICENSE": true, "License.md": true, "LICENCE.txt": true, "COPYING": true, "UNLICENSE": true,
		"LICENSE-APACHE-2.0.txt": true, "license_mit": true,
		"LICENSES": false, "license.go": false, "README": false, "MYLICENSE": false, "LICENSING.md": false,
	} {
		if got := isLicenceFile(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestLicencesInAFolder(t *testing.T) {
	mit := text(t, "MIT")
	fsys := fstest.MapFS{
		"m/LICENSE":         {Data: []byte(mit)},
		"m/LICENSE-APACHE":  {Data: []byte(text(t, "Apache-2.0"))},
		"m/LICENSE.huge":    {Data: []byte(mit + strings.Repeat(" ", maxLicence))},
		"m/COPYING/LICENSE": {Data: []byte(mit)},
	}
	tr := &tree{texts: map[[32]byte]string{}}
	for range 2 { // the second time from memory
		got := tr.licencesIn(fsys, "m", "acme.example/m@v1.0.0")
		want := []bom.Licence{{ID: "MIT", File: "acme.example/m@v1.0.0/LICENSE"}, {ID: "Apache-2.0", File: "acme.example/m@v1.0.0/LICENSE-APACHE"}}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for _, dir := range []string{"../m", "gone", ""} {
		if got := tr.licencesIn(fsys, dir, ""); got != nil {
			t.Errorf("%q: %v", dir, got)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("MIT License\n\nCopyright (c) 2020 X\n\nPermission is hereby granted")
	f.Add("/* * # > (c) ©\r\n 1. a) neither the name of may be used to endorse")
	f.Fuzz(func(t *testing.T, s string) {
		once := essence(s)
		if strings.ContainsFunc(once, func(r rune) bool { return r != ' ' && isNotWord(r) }) {
			t.Fatalf("%q is not words", once)
		}
	})
}
