// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command sbom measures what one SBOM costs: processor time and peak memory of
// a fresh process, for this repository (or -dir) and for generated lockfiles
// of -packages packages, one of each format. Peers are measured the same way:
//
//	go run ./bench/sbom
//	go run ./bench/sbom -peer 'syft dir:DIR -o cyclonedx-json' -peer 'trivy fs --format cyclonedx DIR'
//
// DIR stands for the folder. Each row is the least of -runs runs.
//
// With -advisories it measures `sbom audit` of -dir instead, with a database of
// -records synthetic advisories about packages of npm, made of real OSV records
// (a folder or archive of them), and DB stands for its folder:
//
//	go run ./bench/sbom -advisories RECORDS -dir repos/vite
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// A cost is what one run of a process took.
type cost struct {
	cpu, wall time.Duration
	peak      int64  // bytes
	said      string // on standard error
}

func main() {
	dir := flag.String("dir", ".", "folder to scan, beside the generated one")
	packages := flag.Int("packages", 200_000, "packages in the generated lockfile")
	runs := flag.Int("runs", 3, "runs of which the least counts")
	child := flag.String("scan", "", "scan a folder in this process and write the SBOM to standard output")
	expect := flag.Int("expect", 0, "with -scan: fail unless there are as many components")
	var peers []string
	flag.Func("peer", "command to compare with; DIR stands for the folder", func(s string) error {
		peers = append(peers, s)
		return nil
	})
	only := flag.String("generate", "", "only generate the lockfiles, below this `FOLDER`")
	var formats []string
	flag.Func("format", "generate only lockfiles of this format; repeatable", func(s string) error {
		formats = append(formats, s)
		return nil
	})
	profile := flag.String("cpu", "", "with -scan: write a profile of the processor time to FILE")
	heap := flag.String("heap", "", "with -scan: write a profile of the memory in use at its highest to FILE")
	advisories := flag.String("advisories", "", "measure an audit with synthetic records made of the real ones in this `FOLDER` or archive")
	records := flag.Int("records", 220_000, "with -advisories: how many")
	flag.Parse()
	err := error(nil)
	switch {
	case *only != "":
		err = generateAll(*only, *packages, formats)
	case *child != "":
		watch(*heap)
		stop := profiled(*profile)
		err = scanOnce(*child, os.Stdout, *expect)
		stop()
	case *advisories != "":
		err = auditMany(*advisories, *dir, *records, *runs, peers)
	default:
		err = measure(*dir, *packages, *runs, formats, peers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/sbom:", err)
		os.Exit(1)
	}
}

// generateAll writes lockfiles of some formats, or of all, each in its folder.
func generateAll(dir string, packages int, formats []string) error {
	for _, f := range lockFormats() {
		if len(formats) > 0 && !slices.Contains(formats, f.name) {
			continue
		}
		into := filepath.Join(dir, f.name)
		if err := os.MkdirAll(into, 0o755); err != nil {
			return err
		}
		if err := f.generate(into, packages); err != nil {
			return err
		}
	}
	return nil
}

// A folder is what is scanned.
type folder struct {
	label, dir string
	packages   int // at least so many; 0: unknown
}

func measure(dir string, packages, runs int, formats, peers []string) error {
	base, err := os.MkdirTemp("", "bench-sbom")
	if err != nil {
		return err
	}
	defer os.RemoveAll(base)
	folders := []folder{{dir, dir, 0}}
	for _, f := range lockFormats() {
		if len(formats) > 0 && !slices.Contains(formats, f.name) {
			continue
		}
		generated := filepath.Join(base, f.name)
		if err := os.Mkdir(generated, 0o755); err != nil {
			return err
		}
		if err := f.generate(generated, packages); err != nil {
			return err
		}
		folders = append(folders, folder{fmt.Sprintf("%s lock, %d packages", f.name, packages), generated, packages})
	}
	own, err := buildOwn(base)
	if err != nil {
		return err
	}
	fmt.Printf("%-36s %-24s %10s %10s\n", "folder", "program", "cpu", "peak MiB")
	for _, folder := range folders {
		for i, command := range append([]string{own + " DIR --allow-incomplete"}, peers...) {
			c, err := least(command, folder.dir, runs, 0)
			if err == nil && i == 0 {
				err = complete(c.said, folder.packages)
			}
			if err != nil {
				return err
			}
			name := filepath.Base(strings.Fields(command)[0])
			fmt.Printf("%-36s %-24s %10s %10.1f\n", folder.label, name, c.cpu.Round(time.Millisecond), float64(c.peak)/(1<<20))
		}
	}
	return nil
}

// buildOwn builds the program that is measured, as it is released.
func buildOwn(dir string) (string, error) {
	own := filepath.Join(dir, "gateledger-sbom")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", own, "./cmd/gateledger-sbom")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	return own, nil
}

var counted = regexp.MustCompile(`: (\d+) components`)

// complete fails if our program found fewer components than there are: a
// lockfile that it refuses costs little.
func complete(said string, packages int) error {
	m := counted.FindStringSubmatch(said)
	if m == nil {
		return fmt.Errorf("no components: %s", said)
	}
	if n, err := strconv.Atoi(m[1]); err != nil || n < packages {
		return fmt.Errorf("%d components of %d: %s", n, packages, said)
	}
	return nil
}

// least runs a command several times and returns the least processor time,
// with the time and memory of that run. The command may end with some codes.
func least(command, dir string, runs int, codes ...int) (cost, error) {
	var best cost
	for i := range runs {
		args := strings.Fields(strings.ReplaceAll(command, "DIR", dir))
		cmd := exec.Command(args[0], args[1:]...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = io.Discard, &said
		start := time.Now()
		if err := cmd.Run(); err != nil && (cmd.ProcessState == nil || !slices.Contains(codes, cmd.ProcessState.ExitCode())) {
			return cost{}, fmt.Errorf("%s: %w: %s", command, err, said.String())
		}
		c := cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(start), said: said.String()}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			c.peak = int64(usage.Maxrss) << 10 // Linux counts in KiB
		}
		if i == 0 || c.cpu < best.cpu {
			best = c
		}
	}
	return best, nil
}

// watch writes a memory profile to a file whenever more is in use than ever
// before. It costs time: a run that is watched is not one to measure.
func watch(file string) {
	if file == "" {
		return
	}
	runtime.MemProfileRate = 16 << 10
	go func() {
		for highest := uint64(0); ; time.Sleep(10 * time.Millisecond) {
			var m runtime.MemStats
			if runtime.ReadMemStats(&m); m.HeapInuse < highest+highest/50 {
				continue
			}
			highest = m.HeapInuse
			f, err := os.Create(file)
			if err == nil {
				err = errors.Join(pprof.WriteHeapProfile(f), f.Close())
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, "bench/sbom:", err)
				return
			}
			fmt.Fprintf(os.Stderr, "%.1f MiB in use\n", float64(highest)/(1<<20))
		}
	}()
}

// profiled writes a profile of the processor time until it is stopped.
func profiled(file string) (stop func()) {
	if file == "" {
		return func() {}
	}
	f, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/sbom:", err)
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}
}

// scanOnce does what the sbom verb does, without its flags.
func scanOnce(dir string, out io.Writer, expect int) error {
	debug.SetGCPercent(20) // as the verb
	ballast := make([]byte, 32<<20)
	defer runtime.KeepAlive(ballast)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	o := scan.Options{Exclude: []string{"testdata"}}
	if cache, err := os.OpenRoot(filepath.Join(os.Getenv("HOME"), "go/pkg/mod")); err == nil {
		defer cache.Close()
		o.ModuleCache = scan.Dir(cache)
	}
	result, err := scan.Scan(context.Background(), scan.Dir(root), o)
	if err != nil {
		return err
	}
	doc, err := bom.New(result.Inventory)
	if err != nil {
		return err
	}
	if n := doc.Stats().Total; n < expect {
		return fmt.Errorf("%d components of %d: %v", n, expect, result.Inventory.Sources[0].Reasons)
	}
	debug.SetGCPercent(60)
	return doc.Stream(out)
}
