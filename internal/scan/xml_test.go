// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"
	"testing"
	"unicode/utf16"
)

// utf16of encodes a text in either byte order.
func utf16of(s string, big, mark bool) []byte {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var out []byte
	for _, u := range units {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestXMLInEveryEncoding(t *testing.T) {
	const body = `<p><n>Caf` + "\u00e9" + ` Œ&eacute;</n></p>`
	declared := func(encoding string) string { return `<?xml version="1.0" encoding="` + encoding + `"?>` + "\n" }
	facts := map[string]struct {
		data []byte
		want string
	}{
		"UTF-8":                     {[]byte(body), "Café Œé"},
		"UTF-8 with a mark":         {[]byte("\xef\xbb\xbf" + declared("UTF-8") + body), "Café Œé"},
		"UTF-16LE with a mark":      {utf16of(declared("UTF-16")+body, false, true), "Café Œé"},
		"UTF-16BE with a mark":      {utf16of(declared("utf-16")+body, true, true), "Café Œé"},
		"UTF-16LE without one":      {utf16of(body, false, false), "Café Œé"},
		"UTF-16BE without one":      {utf16of(body, true, false), "Café Œé"},
		"Latin-1":                   {[]byte(declared("ISO-8859-1") + "<p><n>Caf\xe9</n></p>"), "Café"},
		"Latin-9":                   {[]byte(declared("iso-8859-15") + "<p><n>\xbduvre \xa4</n></p>"), "œuvre €"},
		"windows-1252":              {[]byte(declared("windows-1252") + "<p><n>\x80 \x9f \xe9 \x81</n></p>"), "€ Ÿ é \ufffd"},
		"ASCII that is none":        {[]byte(declared("US-ASCII") + "<p><n>a\xe9</n></p>"), "a\ufffd"},
		"UTF-8 that is Latin-1":     {[]byte(declared("UTF-8") + "<p><n>a\xe9b</n></p>"), "a\ufffdb"},
		"CRLF":                      {[]byte("<p>\r\n<n>\r\n a </n>\r\n</p>\r\n"), "a"},
		"a comment and CDATA":       {[]byte("<p><!-- < --><n><!-- x -->a<![CDATA[<b>]]></n></p><!-- end -->"), "a<b>"},
		"a DTD that defines no use": {[]byte(`<!DOCTYPE p [<!ENTITY x "y">]><p><n>a</n></p>`), "a"},
		"a namespace":               {[]byte(`<m:p xmlns:m="x"><m:n>a</m:n></m:p>`), "a"},
	}
	for fact, f := range facts {
		e, err := parseXML(f.data, "p", func(string) bool { return true })
		if err != nil || e.str("n") != f.want {
			t.Errorf("%s: %q %v, want %q", fact, e.str("n"), err, f.want)
		}
	}
}

func TestXMLThatIsRefused(t *testing.T) {
	bomb := `<!DOCTYPE p [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><p>&b;</p>`
	facts := map[string]struct{ data, why string }{
		"an entity of its own":        {bomb, "line 1: invalid character entity &b;"},
		"an entity of another file":   {`<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>`, "invalid character entity &x;"},
		"deep":                        {strings.Repeat("<p>", 100_000), "nested more than 64 deep"},
		"deep in what is passed over": {"<p><skip>" + strings.Repeat("<a>", 100_000), "nested more than 64 deep"},
		"cut off":                     {"<p>\n<n>a</n>\n", "line 3: unexpected EOF"},
		"cut off in a tag":            {"<p>\n<n", "line 2: "},
		"nothing":                     {"", "no XML element"},
		"only a comment":              {"<!-- x -->", "no XML element"},
		"another root":                {"<html/>", "line 1: <html> where <p> should be"},
		"two roots":                   {"<p/>\n<p/>", "line 2: <p> where <p> should be"},
		"text behind it":              {"<p/>x", "text outside"},
		"tags that cross":             {"<p><a><b></a></b></p>", "line 1: "},
		"a merge conflict":            {"<p>\n<<<<<<< HEAD\n</p>", "line 2: an unresolved merge conflict"},
		"an unknown encoding":         {`<?xml version="1.0" encoding="EBCDIC-CP-US"?><p/>`, `encoding "ebcdic-cp-us"; have`},
		"half a UTF-16 character":     {"\xff\xfe<\x00p", "odd number"},
		"a control character":         {"<p>\x00\x01</p>", "line 1: "},
		"JSON":                        {`{"p": 1}`, "text outside"},
	}
	for fact, f := range facts {
		_, err := parseXML([]byte(f.data), "p", func(name string) bool { return name != "skip" })
		if err == nil || !strings.Contains(err.Error(), f.why) {
			t.Errorf("%s: %v, want %q", fact, err, f.why)
		}
	}
	many := "<p><a>" + strings.Repeat("<b/>", maxElements) + "</a></p>"
	if _, err := parseXML([]byte(many), "p", func(string) bool { return true }); err == nil || !strings.Contains(err.Error(), "more than 300000 XML elements") {
		t.Errorf("%v", err)
	}
}

func TestProperties(t *testing.T) {
	values := map[string]string{
		"a": "1", "b": "${a}.${a}", "loop": "${pool}", "pool": "${loop}", "self": "x${self}", "empty": "", "space": " 2 ",
		"unknown": "${nobody}", "long": strings.Repeat("x", maxProperty), "longer": "${long}${long}",
	}
	for i, name := range strings.Split("d0 d1 d2 d3 d4 d5 d6 d7 d8 d9", " ") { // each ten of the next
		next := "d" + string(rune('1'+i))
		values[name] = strings.Repeat("${"+next+"}", 10)
	}
	values["d10"] = "ha"
	deep := "${x0}"
	for i := range 200 {
		values["x"+strings.Repeat("i", i)] = "${x" + strings.Repeat("i", i+1) + "}"
	}
	facts := []struct {
		text, want string
		whole      bool
	}{
		{"plain", "plain", true},
		{"${a}-${b}", "1-1.1", true},
		{"${ a }", "1", true},
		{"${empty}${space}", "2", true},
		{"${nobody}", "${nobody}", false},
		{"${unknown}", "${unknown}", false},
		{"${loop}", "${loop}", false},
		{"${pool}", "${pool}", false},
		{"${self}", "${self}", false},
		{"${a", "${a", false},
		{"${${a}}", "${${a}}", false},
		{"${longer}", "${longer}", false},
		{"${d0}", "${d0}", false},
		{"${x}", "${x}", false},
		{deep, deep, false},
		{"$a {a}", "$a {a}", true},
	}
	in := newInterpolator("${", "}", func(name string) (string, bool) { v, ok := values[name]; return v, ok })
	for _, f := range facts {
		if got, whole := in.expand(f.text); got != f.want || whole != f.whole {
			t.Errorf("%s: %.60q %v, want %q %v", f.text, got, whole, f.want, f.whole)
		}
	}
}

func TestNuGetVersions(t *testing.T) {
	for text, want := range map[string]string{
		"1.0": "1.0.0", "1": "1.0.0", "1.2.3": "1.2.3", "1.2.3.0": "1.2.3", "1.2.3.4": "1.2.3.4", "01.002.3": "1.2.3",
		"1.0-Beta.1": "1.0.0-Beta.1", "1.0.0+sha.5": "1.0.0", "[1.5]": "1.5.0", "[ 1.5 ]": "1.5.0",
		"": "", "[1.0, 2.0)": "", "(1.0,)": "", "1.*": "", "*": "", "$(V)": "", "1.0.0.0.0": "", "v1": "", "[1.0": "",
	} {
		if got, ok := normalVersion(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
}

func TestConfigurationsThatAreNotBuiltIn(t *testing.T) {
	for name, want := range map[string]bool{
		"testRuntimeClasspath": true, "testCompileClasspath": true, "test": true, "annotationProcessor": true,
		"testAnnotationProcessor": true, "debugUnitTestRuntimeClasspath": true, "debugAndroidTestCompileClasspath": true,
		"kaptDebug": true, "checkstyle": true, "jacocoAgent": true, "kotlinCompilerClasspath": true, "androidTestUtil": true,
		"runtimeClasspath": false, "compileClasspath": false, "releaseRuntimeClasspath": false, "testedRelease": false,
		"shade": false, "": false, "latestRuntimeClasspath": false, "productionRuntimeClasspath": false,
	} {
		if got := isForDevelopment(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestMavenLicences(t *testing.T) {
	facts := []struct{ name, url, want string }{
		{"Apache-2.0", "", "Apache-2.0"},
		{"MIT OR Apache-2.0", "", "MIT OR Apache-2.0"},
		{"The Apache Software License, Version 2.0", "", "Apache-2.0"},
		{"ASF 2.0", "http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"},
		{"Eclipse Public License", "https://www.eclipse.org/legal/epl-2.0/", "EPL-2.0"},
		{"MIT", "https://www.apache.org/licenses/LICENSE-2.0", "MIT"},
		{"Apache", "https://www.apache.org/licenses/", "Apache"},
		{"GPL", "https://www.gnu.org/licenses/gpl.html", "GPL"},
		{"Our\n   own", "https://ana:geheimnis@acme.example/LICENCE", "Our own"},
		{"", "", ""},
	}
	for _, f := range facts {
		l := mavenLicenceOf(f.name, f.url)
		if got := l.ID + l.Expression + l.Name; got != f.want {
			t.Errorf("%q %s: %q, want %q", f.name, f.url, got, f.want)
		}
	}
}

func TestWhereTheLocalRepositoryKeepsAFile(t *testing.T) {
	r := mavenRepository{}
	facts := []struct{ group, artifact, version, want string }{
		{"org.acme.x", "a-b", "1.0", "org/acme/x/a-b/1.0/a-b-1.0.pom"},
		{"g", "a", "1.0-SNAPSHOT", "g/a/1.0-SNAPSHOT/a-1.0-SNAPSHOT.pom"},
		{"..", "a", "1", ""}, {"g", "..", "1", ""}, {"g", "a", "..", ""}, {"g", ".", ".", ""}, {"g", "a", "", ""},
		{"g/x", "a", "1", ""}, {"g", "a", "1/../2", ""}, {".g", "a", "1", ""}, {"g.", "a", "1", ""}, {"g", "a", "${v}", ""}, {"gé", "a", "1", ""},
	}
	for _, f := range facts {
		if got, ok := r.file(f.group, f.artifact, f.version, ".pom"); ok != (f.want != "") || ok && got != f.want {
			t.Errorf("%s:%s:%s: %q %v, want %q", f.group, f.artifact, f.version, got, ok, f.want)
		}
	}
}
