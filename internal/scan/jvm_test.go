// SPDX-License-Identifier: Apache-2.0

package scan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// A jvmStory is a tree and a local repository of Maven, which in the .txtar
// file is the folder "m2".
func jvmStory(a *txtar.Archive) (tree, repository fstest.MapFS, want string) {
	tree, repository = fstest.MapFS{}, fstest.MapFS{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "m2/"); ok {
			repository[name] = &fstest.MapFile{Data: f.Data}
		} else if f.Name == "want" {
			want = string(f.Data)
		} else {
			tree[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return tree, repository, want
}

func TestJVMAndNuGetStories(t *testing.T) {
	files, err := filepath.Glob("testdata/jvm/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	s := schema(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tree, repository, want := jvmStory(archive)
			o := scan.Options{MavenRepository: repository}
			got := tell(run(t, tree, o))
			if *update {
				i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
				if i < 0 {
					i, archive.Files = len(archive.Files), append(archive.Files, txtar.File{Name: "want"})
				}
				archive.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
			first := document(t, s, run(t, tree, o))
			again := document(t, s, run(t, reversed{tree}, o))
			if !bytes.Equal(first, again) {
				t.Error("another order of the folders, another document")
			}
			if bytes.Contains(first, []byte("geheimnis")) || bytes.Contains(first, []byte("/home/ana")) {
				t.Error("a credential or a path of the machine is in the document")
			}
		})
	}
}

// maven scans a tree with a local repository.
func maven(t testing.TB, files map[string]string) scan.Result {
	t.Helper()
	a := &txtar.Archive{}
	for name, data := range files {
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
	}
	tree, repository, _ := jvmStory(a)
	return run(t, tree, scan.Options{MavenRepository: repository})
}

const pomHead = `<project><groupId>g</groupId><artifactId>app</artifactId><version>1</version>`

func pomDep(artifact, version, rest string) string {
	return "<dependency><groupId>g</groupId><artifactId>" + artifact + "</artifactId><version>" + version + "</version>" + rest + "</dependency>"
}

func pomOf(artifact, version, rest string) string {
	return "<project><groupId>g</groupId><artifactId>" + artifact + "</artifactId><version>" + version + "</version>" + rest + "</project>"
}

func TestWhatMavenMediates(t *testing.T) {
	repository := map[string]string{
		"m2/g/a/1/a-1.pom": pomOf("a", "1", "<dependencies>"+pomDep("c", "1", "")+pomDep("d", "1", "<scope>runtime</scope>")+"</dependencies>"),
		"m2/g/b/1/b-1.pom": pomOf("b", "1", "<dependencies>"+pomDep("c", "2", "")+pomDep("e", "1", "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>")+"</dependencies>"),
		"m2/g/c/1/c-1.pom": pomOf("c", "1", ""),
		"m2/g/c/2/c-2.pom": pomOf("c", "2", "<dependencies>"+pomDep("f", "1", "")+"</dependencies>"),
		"m2/g/d/1/d-1.pom": pomOf("d", "1", ""),
		"m2/g/e/1/e-1.pom": pomOf("e", "1", "<dependencies>"+pomDep("f", "1", "")+"</dependencies>"),
		"m2/g/f/1/f-1.pom": pomOf("f", "1", "<dependencies>"+pomDep("a", "1", "")+pomDep("app", "9", "")+"</dependencies>"),
		"m2/g/w/1/w-1.pom": pomOf("w", "1", "<dependencies>"+pomDep("a", "1", "")+"</dependencies>"),
	}
	facts := map[string]struct{ pom, want string }{
		"the first of two that are equally near": {
			"<dependencies>" + pomDep("a", "1", "") + pomDep("b", "1", "") + "</dependencies>", "a@1 b@1 c@1 d@1 e@1",
		},
		"the other order": {
			"<dependencies>" + pomDep("b", "1", "") + pomDep("a", "1", "") + "</dependencies>", "a@1 b@1 c@2 d@1 e@1 f@1",
		},
		"what the project says itself is nearest": {
			"<dependencies>" + pomDep("b", "1", "") + pomDep("c", "1", "<scope>test</scope>") + "</dependencies>", "b@1 c@1(excluded) e@1",
		},
		"what the project manages counts below": {
			"<dependencyManagement><dependencies>" + pomDep("c", "2", "") + "</dependencies></dependencyManagement><dependencies>" + pomDep("a", "1", "") + "</dependencies>",
			"a@1 c@2 d@1 f@1",
		},
		"a managed scope is not derived": {
			"<dependencyManagement><dependencies>" + pomDep("d", "1", "<scope>test</scope>") + "</dependencies></dependencyManagement><dependencies>" + pomDep("a", "1", "") + "</dependencies>",
			"a@1 c@1 d@1(excluded)",
		},
		"an exclusion": {
			"<dependencies>" + pomDep("a", "1", "<exclusions><exclusion><groupId>g</groupId><artifactId>c</artifactId></exclusion></exclusions>") + "</dependencies>", "a@1 d@1",
		},
		"a cycle, and the project itself": {
			"<dependencies>" + pomDep("f", "1", "") + "</dependencies>", "a@1 c@1 d@1 f@1",
		},
		"a test's dependencies are for tests": {
			"<dependencies>" + pomDep("a", "1", "<scope>test</scope>") + "</dependencies>", "a@1(excluded) c@1(excluded) d@1(excluded)",
		},
		"and not, if something else needs them": {
			"<dependencies>" + pomDep("a", "1", "<scope>test</scope>") + pomDep("b", "1", "") + "</dependencies>", "a@1(excluded) b@1 c@1 d@1(excluded) e@1",
		},
		"an optional dependency's are optional": {
			"<dependencies>" + pomDep("a", "1", "<optional>true</optional>") + "</dependencies>", "a@1(optional) c@1(optional) d@1(optional)",
		},
		"a war holds what it needs": {
			"<dependencies>" + pomDep("w", "1", "<type>war</type>") + "</dependencies>", "w@1?type=war",
		},
		"of two in one pom the last counts": {
			"<dependencies>" + pomDep("c", "2", "") + pomDep("c", "1", "") + "</dependencies>", "c@1",
		},
	}
	for fact, f := range facts {
		files := map[string]string{"pom.xml": pomHead + f.pom + "</project>"}
		for name, data := range repository {
			files[name] = data
		}
		s := maven(t, files).Inventory.Sources[0]
		var got []string
		for _, c := range s.Components[1:] {
			text := strings.TrimPrefix(c.PURL, "pkg:maven/g/")
			if c.Scope != bom.Required {
				text += "(" + c.Scope.String() + ")"
			}
			got = append(got, text)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != f.want || s.State != bom.Complete {
			t.Errorf("%s: %q, %v %q; want %q", fact, got, s.State, s.Reasons, f.want)
		}
	}
}

// TestMavenAgrees compares what we resolve with what Maven's own resolver
// answered for the same poms (testdata/maven/README.md).
func TestMavenAgrees(t *testing.T) {
	files, err := filepath.Glob("testdata/maven/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, repository, want := jvmStory(archive)
		s := run(t, tree, scan.Options{MavenRepository: repository}).Inventory.Sources[0]
		var got []string
		for _, c := range s.Components[1:] {
			got = append(got, strings.TrimPrefix(c.PURL, "pkg:maven/g/")+" "+c.Scope.String())
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, strings.Join(got, "\n")+"\n"); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestSuppliersAreOnlyWhatAPomStates(t *testing.T) {
	r := maven(t, map[string]string{
		"pom.xml":          pomHead + "<organization><name>Acme ${x}</name></organization><properties><x>Ltd</x></properties><dependencies>" + pomDep("a", "1", "") + pomDep("b", "1", "") + "</dependencies></project>",
		"m2/g/a/1/a-1.pom": pomOf("a", "1", "<organization><name>A</name></organization><developers><developer><name>B</name></developer></developers>"),
		"m2/g/b/1/b-1.pom": pomOf("b", "1", "<organization><name>${nobody}</name></organization>"),
	})
	for i, want := range []string{"Acme Ltd", "A", ""} {
		if got := r.Inventory.Sources[0].Components[i].Supplier; got != want {
			t.Errorf("%s is from %q, want %q", r.Inventory.Sources[0].Components[i].Name, got, want)
		}
	}
	var doc struct {
		Components []struct {
			Name     string
			Supplier *struct{ Name string }
		}
	}
	if err := json.Unmarshal(document(t, schema(t), r), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Components[0].Supplier == nil || doc.Components[0].Supplier.Name != "A" || doc.Components[1].Supplier != nil {
		t.Errorf("%+v", doc.Components)
	}
}

// jvmFuzzed is fuzzed with a local repository.
func jvmFuzzed(t *testing.T, tree, repository fstest.MapFS) {
	once := func() []byte {
		r, err := scan.Scan(context.Background(), tree, scan.Options{MavenRepository: repository, Limits: scan.Limits{Packages: 200}})
		if err != nil && !errors.Is(err, scan.ErrNothing) {
			t.Fatal(err)
		}
		out, err := bom.Marshal(r.Inventory)
		if errors.Is(err, bom.ErrCredential) {
			return nil
		} else if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := once()
	if !bytes.Equal(first, once()) {
		t.Fatal("twice the same tree, two documents")
	}
	if first != nil {
		if err := bom.CheckReferences(first); err != nil {
			t.Fatal(err)
		}
	}
}

// jvmSeeds calls add with every file of a name in the stories.
func jvmSeeds(f *testing.F, base string, add func(data []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/jvm/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no stories", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, member := range a.Files {
			if ok, _ := filepath.Match(base, filepath.Base(member.Name)); ok {
				add(member.Data)
			}
		}
	}
}

func FuzzPom(f *testing.F) {
	jvmSeeds(f, "pom.xml", func(data []byte) { f.Add(data, data, data) })
	jvmSeeds(f, "*.pom", func(data []byte) {
		f.Add([]byte(pomHead+"<modules><module>m</module></modules><dependencies>"+pomDep("a", "1", "")+"</dependencies></project>"), data, data)
	})
	f.Fuzz(func(t *testing.T, pom, member, stored []byte) {
		jvmFuzzed(t, fstest.MapFS{"pom.xml": {Data: pom}, "m/pom.xml": {Data: member}}, fstest.MapFS{
			"g/a/1/a-1.pom": {Data: stored}, "org/lib/a/1.0/a-1.0.pom": {Data: stored}, "org/lib/bom/7/bom-7.pom": {Data: stored},
		})
	})
}

func FuzzMavenTree(f *testing.F) {
	jvmSeeds(f, "dependency-tree.txt", func(data []byte) { f.Add(data, []byte("{}")) })
	jvmSeeds(f, "maven.graph.json", func(data []byte) { f.Add([]byte("g:a:jar:1\n"), data) })
	f.Fuzz(func(t *testing.T, text, graph []byte) {
		jvmFuzzed(t, fstest.MapFS{
			"dependency-tree.txt": {Data: text}, "a/dependency-tree.json": {Data: graph},
			"pom.xml": {Data: []byte(pomHead + "</project>")},
		}, nil)
	})
}

func FuzzGradle(f *testing.F) {
	jvmSeeds(f, "*.lockfile", func(data []byte) { f.Add(data, []byte("<verification-metadata/>"), []byte("dependencies {}")) })
	jvmSeeds(f, "verification-metadata.xml", func(data []byte) { f.Add([]byte("g:a:1=x\n"), data, []byte("rootProject.name = 'x'")) })
	f.Fuzz(func(t *testing.T, lock, hashes, script []byte) {
		jvmFuzzed(t, fstest.MapFS{
			"gradle.lockfile": {Data: lock}, "gradle/verification-metadata.xml": {Data: hashes}, "settings.gradle": {Data: script},
			"old/gradle/dependency-locks/compileClasspath.lockfile": {Data: lock}, "x/gradle/verification-metadata.xml": {Data: hashes},
			"y/build.gradle": {Data: script},
		}, nil)
	})
}

func FuzzNuGetLock(f *testing.F) {
	jvmSeeds(f, "packages.lock.json", func(data []byte) { f.Add(data, []byte("{}")) })
	jvmSeeds(f, "project.assets.json", func(data []byte) { f.Add([]byte("{}"), data) })
	f.Fuzz(func(t *testing.T, lock, assets []byte) {
		jvmFuzzed(t, fstest.MapFS{
			"packages.lock.json": {Data: lock}, "b/obj/project.assets.json": {Data: assets},
			"a/Acme.Core.csproj": {Data: []byte("<Project/>")},
		}, nil)
	})
}

func FuzzMSBuild(f *testing.F) {
	jvmSeeds(f, "*.csproj", func(data []byte) { f.Add(data, []byte("<Project/>"), []byte("<packages/>")) })
	jvmSeeds(f, "Directory.Packages.props", func(data []byte) {
		f.Add([]byte(`<Project><ItemGroup><PackageReference Include="Serilog"/></ItemGroup></Project>`), data, []byte("<packages/>"))
	})
	jvmSeeds(f, "packages.config", func(data []byte) { f.Add([]byte("<Project/>"), []byte("<Project/>"), data) })
	f.Fuzz(func(t *testing.T, project, props, config []byte) {
		jvmFuzzed(t, fstest.MapFS{
			"a/a.csproj": {Data: project}, "a/Directory.Build.props": {Data: props}, "Directory.Packages.props": {Data: props},
			"b/packages.config": {Data: config}, "b/b.fsproj": {Data: project},
		}, nil)
	})
}
