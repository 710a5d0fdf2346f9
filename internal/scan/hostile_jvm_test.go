// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

func TestUnreadableJVMAndNuGetFilesAreNamedAndStopNoOther(t *testing.T) {
	sum := strings.Repeat("0", 64)
	deepJSON := strings.Repeat(`{"children":[`, 100_000)
	facts := map[string]struct{ name, data, why string }{
		"pom cut off":                  {"pom.xml", pomHead, "line 1: unexpected EOF"},
		"pom of nothing":               {"pom.xml", "", "no XML element"},
		"pom that is no pom":           {"pom.xml", "<html/>", "<html> where <project> should be"},
		"pom without a name":           {"pom.xml", "<project><groupId>g</groupId></project>", "no artifactId"},
		"pom with two versions":        {"pom.xml", "<project><artifactId>a</artifactId>\n<version>1</version><version>2</version></project>", "line 2: a second <version>"},
		"dependency with two versions": {"pom.xml", pomHead + "<dependencies>" + pomDep("a", "1", "<version>2</version>") + "</dependencies></project>", "a second <version>"},
		"parent with two names":        {"pom.xml", "<project><parent><artifactId>a</artifactId><artifactId>b</artifactId></parent></project>", "a second <artifactId>"},
		"pom with an entity bomb":      {"pom.xml", `<!DOCTYPE project [<!ENTITY a "&b;&b;"><!ENTITY b "x">]><project><artifactId>&a;</artifactId></project>`, "invalid character entity &a;"},
		"pom with a file's entity":     {"pom.xml", `<!DOCTYPE project [<!ENTITY a SYSTEM "file:///etc/passwd">]><project><artifactId>&a;</artifactId></project>`, "invalid character entity"},
		"pom merge conflict":           {"pom.xml", "<project>\n<<<<<<< HEAD\n</project>", "line 2: an unresolved merge conflict"},
		"pom 100 000 deep":             {"pom.xml", "<project><dependencies>" + strings.Repeat("<a>", 100_000), "nested more than 64 deep"},
		"tree of nothing":              {"dependency-tree.txt", "", "holds no dependency tree"},
		"tree that is prose":           {"dependency-tree.txt", "pip list\nrequests 1.0\n", "line 1: not a line of dependency:tree"},
		"tree that jumps":              {"dependency-tree.txt", "g:a:jar:1\n|  |  +- g:b:jar:1:compile\n", "line 2: not a line"},
		"tree of an odd scope":         {"dependency-tree.txt", "g:a:jar:1\n+- g:b:jar:1:nonsense\n", "line 2: not a line"},
		"tree in Latin-1":              {"dependency-tree.txt", "g:caf\xe9:jar:1\n", "not UTF-8"},
		"tree in UTF-16":               {"dependency-tree.txt", toUTF16("g:a:jar:1\n", true), "UTF-16"},
		"JSON tree without a name":     {"dependency-tree.json", `{"groupId":"g","artifactId":"a"}`, "without its name, version or scope"},
		"JSON tree cut off":            {"dependency-tree.json", `{"groupId":"g",`, "line 1: "},
		"JSON tree, deep":              {"maven.graph.json", deepJSON, "nested more than 64 deep"},
		"Gradle line":                  {"gradle.lockfile", "# x\ng:a:1\n", "line 2: not a line of a Gradle lockfile"},
		"Gradle line, cut off":         {"gradle.lockfile", "g:a:1=x\ng:a", "line 2: not a line"},
		"Gradle merge conflict":        {"gradle.lockfile", "g:a:1=x\n<<<<<<< HEAD\n", "line 2: an unresolved merge conflict"},
		"Gradle in Latin-1":            {"gradle.lockfile", "g:caf\xe9:1=x\n", "not UTF-8"},
		"Gradle digest":                {"gradle/verification-metadata.xml", `<verification-metadata><components><component group="g" name="a" version="1">` + "\n" + `<artifact name="a-1.jar"><sha256 value="` + sum[1:] + `"/></artifact></component></components></verification-metadata>`, "line 2: not a sha256 digest"},
		"Gradle component":             {"gradle/verification-metadata.xml", `<verification-metadata><components><component group="g"/></components></verification-metadata>`, "not a component with a name"},
		"NuGet cut off":                {"packages.lock.json", `{"version": 1, "dependencies": {`, "line 1: "},
		"NuGet of another version":     {"packages.lock.json", `{"version": 9, "dependencies": {}}`, "version 9; have 1 2"},
		"NuGet twice":                  {"packages.lock.json", `{"version": 1, "dependencies": {"net8.0": {"A": {}, "A": {}}}}`, "duplicate"},
		"NuGet, two documents":         {"packages.lock.json", `{"version": 1}{}`, "follows the end"},
		"NuGet without a name":         {"packages.lock.json", `{"version": 1, "dependencies": {"net8.0": {"": {}}}}`, "without a name"},
		"NuGet, a list":                {"packages.lock.json", `[]`, "where an object should be"},
		"NuGet, deep":                  {"packages.lock.json", strings.Repeat(`{"a":`, 100_000), "nested more than 64 deep"},
		"assets cut off":               {"project.assets.json", `{"version": 3, "targets": {"net8.0": {"A/1`, "line 1: "},
		"packages.config cut off":      {"packages.config", `<packages><package id="a"`, "line 1: "},
		"project cut off":              {"x.csproj", `<Project><ItemGroup>`, "line 1: unexpected EOF"},
	}
	s := schema(t)
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			r := run(t, fstest.MapFS{
				"bad/" + f.name:        {Data: []byte(f.data)},
				"good/pom.xml":         {Data: []byte(pomHead + "</project>")},
				"fine/gradle.lockfile": {Data: []byte("g:a:1=runtimeClasspath\n")},
			}, scan.Options{})
			found := map[string]bom.Source{}
			for _, src := range r.Inventory.Sources {
				found[src.Path] = src
			}
			bad := found["bad/"+f.name]
			if bad.State == bom.Complete || !bad.Lost || len(bad.Reasons) != 1 || !strings.Contains(bad.Reasons[0], f.why) {
				t.Errorf("%v, missing %v, because %.200q; want %q", bad.State, bad.Lost, bad.Reasons, f.why)
			}
			if found["good/pom.xml"].State != bom.Complete || len(found["fine/gradle.lockfile"].Components) != 2 {
				t.Error("it stopped another one")
			}
			document(t, s, r)
		})
	}
}

func TestPomsThatGoRoundInCirclesEnd(t *testing.T) {
	parent := func(artifact string) string {
		return "<parent><groupId>g</groupId><artifactId>" + artifact + "</artifactId><version>1</version></parent>"
	}
	imports := func(artifacts ...string) string {
		var b strings.Builder
		for _, a := range artifacts {
			b.WriteString(pomDep(a, "1", "<type>pom</type><scope>import</scope>"))
		}
		return "<dependencyManagement><dependencies>" + b.String() + "</dependencies></dependencyManagement>"
	}
	use := "<dependencies>" + pomDep("x", "", "") + "</dependencies>"
	facts := map[string]struct {
		files map[string]string
		want  string
	}{
		"a pom that is its own parent": {
			map[string]string{"pom.xml": "<project><parent><groupId>g</groupId><artifactId>app</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent><artifactId>app</artifactId></project>"},
			"parents that inherit from each other",
		},
		"two that are each other's": {
			map[string]string{
				"pom.xml":          "<project>" + parent("b") + "<artifactId>a</artifactId></project>",
				"m2/g/b/1/b-1.pom": "<project>" + parent("c") + "<artifactId>b</artifactId></project>",
				"m2/g/c/1/c-1.pom": "<project>" + parent("b") + "<artifactId>c</artifactId></project>",
			},
			"parents that inherit from each other",
		},
		"lists that import each other": {
			map[string]string{
				"pom.xml":          pomHead + imports("b", "c") + use + "</project>",
				"m2/g/b/1/b-1.pom": pomOf("b", "1", imports("c", "b")),
				"m2/g/c/1/c-1.pom": pomOf("c", "1", imports("b")),
			},
			"versions that no pom at hand states: g:x",
		},
		"modules that name each other": {
			map[string]string{
				"a/pom.xml": pomHead + "<modules><module>../b</module><module>.</module><module>..</module><module>../../../etc</module></modules></project>",
				"b/pom.xml": pomOf("b", "1", "<modules><module>../a</module></modules>"),
			},
			"a/pom.xml: maven, complete",
		},
	}
	for fact, f := range facts {
		if got := tell(maven(t, f.files)); !strings.Contains(got, f.want) {
			t.Errorf("%s:\n%s\nwant %q", fact, got, f.want)
		}
	}
}

// TestImportsThatBranchDoNotMultiply reads lists of versions of which each
// imports the next two: 2^60 ways, and 61 lists.
func TestImportsThatBranchDoNotMultiply(t *testing.T) {
	files := map[string]string{}
	list := func(i int) string {
		var b strings.Builder
		for _, to := range []int{i + 1, i + 2} {
			b.WriteString(pomDep(fmt.Sprint("b", to), "1", "<type>pom</type><scope>import</scope>"))
		}
		return "<dependencyManagement><dependencies>" + b.String() + "</dependencies></dependencyManagement>"
	}
	for i := 1; i <= 62; i++ {
		files[fmt.Sprintf("m2/g/b%d/1/b%d-1.pom", i, i)] = pomOf(fmt.Sprint("b", i), "1", list(i))
	}
	files["pom.xml"] = pomHead + list(0) + "<dependencies>" + pomDep("x", "", "") + "</dependencies></project>"
	start := time.Now()
	got := tell(maven(t, files))
	if !strings.Contains(got, "versions that no pom at hand states: g:x") || time.Since(start) > time.Minute {
		t.Error(got)
	}
}

func TestHugeFilesOfTheJVM(t *testing.T) {
	const n = 5_000
	var pom, lock, nuget, text strings.Builder
	pom.WriteString(pomHead + "<dependencies>")
	nuget.WriteString(`{"version": 1, "dependencies": {"net8.0": {`)
	text.WriteString("g:app:jar:1\n")
	for i := range n {
		pom.WriteString(pomDep(fmt.Sprint("a", i), "1", ""))
		fmt.Fprintf(&lock, "g:a%d:1=runtimeClasspath\n", i)
		fmt.Fprintf(&nuget, "%s\n"+`"A%d": {"type": "Transitive", "resolved": "1.0.0", "dependencies": {"a%d": "1.0.0"}}`, map[bool]string{true: "", false: ","}[i == 0], i, (i+1)%n)
		fmt.Fprintf(&text, "+- g:a%d:jar:1:compile\n", i)
	}
	pom.WriteString("</dependencies></project>")
	nuget.WriteString("}}}")
	for name, data := range map[string]string{
		"pom.xml": pom.String(), "gradle.lockfile": lock.String(), "packages.lock.json": nuget.String(), "dependency-tree.txt": text.String(),
	} {
		r := run(t, fstest.MapFS{name: {Data: []byte(data)}}, scan.Options{})
		if s := r.Inventory.Sources[0]; len(s.Components) != n+1 {
			t.Errorf("%s: %d components, %q", name, len(s.Components), s.Reasons)
		}
		r = run(t, fstest.MapFS{name: {Data: []byte(data)}}, scan.Options{Limits: scan.Limits{Packages: 100}})
		if s := r.Inventory.Sources[0]; !s.Lost || !strings.Contains(s.Reasons[0], "more than 100 ") {
			t.Errorf("%s: %v %q", name, s.Lost, s.Reasons)
		}
	}
}

func TestNothingOutsideIsReadForAPom(t *testing.T) {
	facts := map[string]struct {
		make func(dir string)
		want string
	}{
		"a parent above the tree": {
			func(dir string) {
				write(t, filepath.Join(dir, "../pom.xml"), "<project><groupId>g</groupId><artifactId>p</artifactId><version>1</version><properties><v>stolen</v></properties></project>")
				write(t, filepath.Join(dir, "pom.xml"), "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent><artifactId>a</artifactId><dependencies>"+pomDep("b", "${v}", "")+"</dependencies></project>")
			},
			"versions that no pom at hand states: g:b",
		},
		"a module above the tree": {
			func(dir string) {
				write(t, filepath.Join(dir, "../m/pom.xml"), "<project><groupId>stolen</groupId><artifactId>m</artifactId><version>1</version></project>")
				write(t, filepath.Join(dir, "pom.xml"), pomHead+"<modules><module>../m</module><module>"+filepath.Join(dir, "../m")+"</module></modules></project>")
			},
			"pkg:maven/g/app@1",
		},
		"a linked pom": {
			func(dir string) {
				write(t, filepath.Join(dir, "../x.xml"), pomOf("stolen", "1", ""))
				link(t, "../../x.xml", filepath.Join(dir, "a", "pom.xml"))
			},
			"a/pom.xml: tree, incomplete",
		},
		"a linked props file": {
			func(dir string) {
				write(t, filepath.Join(dir, "../p.props"), `<Project><ItemGroup><GlobalPackageReference Include="stolen" Version="1.0.0"/></ItemGroup></Project>`)
				link(t, "../p.props", filepath.Join(dir, "Directory.Packages.props"))
				write(t, filepath.Join(dir, "a.csproj"), `<Project><ItemGroup><PackageReference Include="b" Version="1.0.0"/></ItemGroup></Project>`)
			},
			"pkg:nuget/b@1.0.0",
		},
	}
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			if got := tell(onDisk(t, f.make)); !strings.Contains(got, f.want) {
				t.Errorf("%s\nwant %q", got, f.want)
			}
		})
	}
}

func TestCredentialsInPomsNeverComeOut(t *testing.T) {
	const url = "https://ana:geheimnis123@repo.acme.example/x?token=geheimnis456"
	r := run(t, fstest.MapFS{
		"pom.xml": {Data: []byte(pomHead + "<organization><name>" + url + "</name></organization><licenses><license><name>see " + url + "</name><url>" + url + "</url></license></licenses>" +
			"<scm><connection>scm:git:" + url + "</connection></scm><repositories><repository><url>" + url + "</url></repository></repositories>" +
			"<dependencies>" + pomDep("a", "["+url+",)", "") + "</dependencies></project>")},
		"packages.config": {Data: []byte(`<packages><package id="a" version="` + url + `"/></packages>`)},
		"x/x.csproj":      {Data: []byte(`<Project><ItemGroup><PackageReference Include="a" Version="` + url + `"/></ItemGroup></Project>`)},
	}, scan.Options{})
	if out := string(document(t, schema(t), r)); strings.Contains(out, "geheimnis123") {
		t.Error(out)
	}
}

func TestLatin1PomHasARightPackageURL(t *testing.T) {
	pom := `<?xml version="1.0" encoding="ISO-8859-1"?>` + "\n<project><groupId>g</groupId><artifactId>caf\xe9</artifactId><version>1+2</version></project>"
	r := run(t, fstest.MapFS{"pom.xml": {Data: []byte(pom)}}, scan.Options{})
	if got := r.Inventory.Sources[0].Components[0].PURL; got != "pkg:maven/g/caf%C3%A9@1%2B2" {
		t.Error(got)
	}
}
