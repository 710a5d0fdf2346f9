// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command sbom measures what one SBOM costs: processor time and peak memory of
// a fresh process, for this repository (or -dir) and for a generated npm
// lockfile of -packages packages. Peers are measured the same way:
//
//	go run ./bench/sbom
//	go run ./bench/sbom -peer 'syft dir:DIR -o cyclonedx-json' -peer 'trivy fs --format cyclonedx DIR'
//
// DIR stands for the folder. Each row is the least of -runs runs.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/scan"
)

// A cost is what one run of a process took.
type cost struct {
	cpu  time.Duration
	peak int64 // bytes
}

func main() {
	dir := flag.String("dir", ".", "folder to scan, beside the generated one")
	packages := flag.Int("packages", 200_000, "packages in the generated lockfile")
	runs := flag.Int("runs", 3, "runs of which the least counts")
	child := flag.String("scan", "", "scan a folder in this process and write the SBOM to standard output")
	var peers []string
	flag.Func("peer", "command to compare with; DIR stands for the folder", func(s string) error {
		peers = append(peers, s)
		return nil
	})
	flag.Parse()
	err := error(nil)
	if *child != "" {
		err = scanOnce(*child, os.Stdout)
	} else {
		err = measure(*dir, *packages, *runs, peers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/sbom:", err)
		os.Exit(1)
	}
}

func measure(dir string, packages, runs int, peers []string) error {
	generated, err := os.MkdirTemp("", "bench-sbom")
	if err != nil {
		return err
	}
	defer os.RemoveAll(generated)
	if err := writeLock(filepath.Join(generated, "package-lock.json"), packages); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("%-28s %-24s %10s %10s\n", "folder", "program", "cpu", "peak MiB")
	for _, folder := range []string{dir, generated} {
		label := folder
		if folder == generated {
			label = fmt.Sprintf("npm lock, %d packages", packages)
		}
		for _, command := range append([]string{self + " -scan DIR"}, peers...) {
			c, err := least(command, folder, runs)
			if err != nil {
				return err
			}
			name := filepath.Base(strings.Fields(command)[0])
			if strings.HasPrefix(command, self) {
				name = "gateledger"
			}
			fmt.Printf("%-28s %-24s %10s %10.1f\n", label, name, c.cpu.Round(time.Millisecond), float64(c.peak)/(1<<20))
		}
	}
	return nil
}

// least runs a command several times and returns the least processor time,
// with the memory of that run.
func least(command, dir string, runs int) (cost, error) {
	var best cost
	for i := range runs {
		args := strings.Fields(strings.ReplaceAll(command, "DIR", dir))
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
		if err := cmd.Run(); err != nil {
			return cost{}, fmt.Errorf("%s: %w", command, err)
		}
		c := cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			c.peak = int64(usage.Maxrss) << 10 // Linux counts in KiB
		}
		if i == 0 || c.cpu < best.cpu {
			best = c
		}
	}
	return best, nil
}

// scanOnce does what the sbom verb does, without its flags.
func scanOnce(dir string, out io.Writer) error {
	debug.SetGCPercent(20) // as the verb
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
	data, err := bom.Marshal(result.Inventory)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

// writeLock writes a lockfile in which every package depends on the next two,
// with the fields that matter, about 350 bytes a package. It writes as it goes: the peak memory
// of a process counts for the children it starts.
func writeLock(name string, packages int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	b.WriteString("{\n  \"name\": \"big\",\n  \"version\": \"1.0.0\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n" +
		"    \"\": {\n      \"name\": \"big\",\n      \"version\": \"1.0.0\",\n      \"dependencies\": {\"p0\": \"^1.0.0\"}\n    }")
	for i := range packages {
		sum := make([]byte, 64)
		copy(sum, fmt.Sprint(i))
		fmt.Fprintf(b, ",\n    \"node_modules/p%d\": {\n      \"version\": \"1.0.%d\",\n"+
			"      \"resolved\": \"https://registry.example.org/p%d/-/p%d-1.0.%d.tgz\",\n"+
			"      \"integrity\": \"sha512-%s\",\n      \"license\": \"MIT\",\n      \"dependencies\": {",
			i, i%100, i, i, i%100, base64.StdEncoding.EncodeToString(sum))
		for j := 1; j <= 2 && i+j < packages; j++ {
			if j > 1 {
				b.WriteString(",")
			}
			fmt.Fprintf(b, "\n        \"p%d\": \"^1.0.0\"", i+j)
		}
		b.WriteString("\n      }\n    }")
	}
	b.WriteString("\n  }\n}\n")
	return errors.Join(b.Flush(), f.Close())
}
