// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"os"
	"strings"
	"testing"
)

// Scores that the specifications' own examples and NVD state.
func TestCVSS(t *testing.T) {
	for vector, want := range map[string]string{
		"AV:N/AC:L/Au:N/C:N/I:N/A:C":                                          "7.8 high", // CVE-2002-0392, guide 3.3.1
		"AV:N/AC:L/Au:N/C:C/I:C/A:C":                                          "10.0 high",
		"AV:L/AC:H/Au:N/C:C/I:C/A:C":                                          "6.2 medium",
		"(AV:N/AC:M/Au:N/C:N/I:P/A:N/E:F/RL:OF/RC:C)":                         "4.3 medium",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H":                        "10.0 critical", // CVE-2021-44228
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                        "9.8 critical",
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N":                        "6.1 medium", // CVE-2013-1937
		"CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:H":                        "7.1 high",   // CVE-2023-6378
		"CVSS:3.0/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                        "0.0 none",
		"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N/E:U":                    "3.1 low", // the base score, whatever threat there is
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H":     "10.0 critical",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N":     "0.0 none",
		"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     "7.3 high", // CVE-2022-41741, examples
		"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     "7.7 high", // CVE-2020-3549
		"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U": "5.2 medium",
	} {
		score, severity, err := CVSS(vector)
		if got := score.String() + " " + severity.String(); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", vector, got, err, want)
		}
	}
}

// testdata/cvss4.txt holds scores that FIRST's own calculator gives.
func TestCVSS4LikeFIRST(t *testing.T) {
	data, err := os.ReadFile("testdata/cvss4.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		want, vector, _ := strings.Cut(strings.TrimSpace(line), " ")
		score, _, err := CVSS(vector)
		if err != nil || score.String() != want {
			t.Errorf("%s is %s (%v), want %s", vector, score, err, want)
		}
		n++
	}
	if n < 298 {
		t.Errorf("%d vectors, want 298", n)
	}
}

func TestCVSSRefuses(t *testing.T) {
	for _, vector := range []string{
		"", "9.8", "CVSS:3.1", "CVSS:3.1/", "CVSS:5.0/AV:N", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/A:H", "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/", "CVSS:3.1/AV:N L/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
		"CVSS:3.1/AV:/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "AV:N/AC:L/Au:N/C:N/I:N", "CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:N",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:S/SI:H/SA:H", strings.Repeat("A", 600),
	} {
		if score, severity, err := CVSS(vector); err == nil {
			t.Errorf("%q is %s %s", vector, score, severity)
		}
	}
}

func TestScoreText(t *testing.T) {
	for tenths := Score(0); tenths <= 100; tenths++ {
		text, _ := tenths.MarshalText()
		var back Score
		if err := back.UnmarshalText(text); err != nil || back != tenths {
			t.Errorf("%s is %d, %v", text, back, err)
		}
	}
	for _, bad := range []string{"", "10", "10.1", "-1.0", "9.80", "x"} {
		if new(Score).UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is a score", bad)
		}
	}
}

func FuzzCVSS(f *testing.F) {
	f.Add("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U")
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")
	f.Add("AV:N/AC:L/Au:N/C:N/I:N/A:C")
	f.Fuzz(func(t *testing.T, vector string) {
		score, severity, err := CVSS(vector)
		if score < 0 || score > 100 || (err != nil) != (severity == Unrated) {
			t.Errorf("%q is %d %s %v", vector, score, severity, err)
		}
	})
}
