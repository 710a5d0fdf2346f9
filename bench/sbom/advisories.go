// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/scan"
)

// aboutIt is how many of the synthetic records are about a package that is in
// the folder: one of so many.
const aboutIt = 100

// auditMany measures `sbom audit` of a folder with a database of many records,
// in the layout that OSV publishes. The records are a load and no facts: each is
// a real one with another name, about a package of npm that does not exist, or
// one of the folder's.
func auditMany(records, dir string, count, runs int, peers []string) error {
	work, err := os.MkdirTemp("", "bench-sbom")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	own, err := buildOwn(work)
	if err != nil {
		return err
	}
	real, err := realRecords(records)
	if err != nil {
		return err
	}
	names, err := npmNames(dir)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no package of npm", dir)
	}
	db := filepath.Join(work, "db")
	packed, unpacked, err := writeLoad(filepath.Join(db, "osv-scalibr", "npm"), real, names, count)
	if err != nil {
		return err
	}
	fmt.Printf("%d synthetic records made of %d real ones: %d MiB packed, %d MiB unpacked; %d packages of npm in %s\n",
		count, len(real), packed>>20, unpacked>>20, len(names), dir)
	if err := os.Setenv("OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY", db); err != nil { // where osv-scanner looks
		return err
	}
	bom := filepath.Join(work, "sbom.cdx.json")
	list := exec.Command(own, dir, "--allow-incomplete", "-o", bom)
	if text, err := list.CombinedOutput(); err != nil {
		return fmt.Errorf("list: %w: %s", err, text)
	}
	fmt.Printf("%-24s %10s %10s %10s\n", "program", "cpu", "wall", "peak MiB")
	commands := append([]string{own + " audit " + bom + " --db " + db + " --max-age none --allow-incomplete --format json"}, peers...)
	for _, command := range commands {
		c, err := least(strings.ReplaceAll(command, "DB", db), dir, runs, 0, 1, 3)
		if err != nil {
			return err
		}
		fmt.Printf("%-24s %10s %10s %10.1f\n", filepath.Base(strings.Fields(command)[0]), c.cpu.Round(time.Millisecond), c.wall.Round(time.Millisecond), float64(c.peak)/(1<<20))
	}
	return nil
}

// realRecords reads the OSV records below a folder, or in an archive.
func realRecords(name string) ([]map[string]any, error) {
	var files fs.FS = os.DirFS(name)
	if strings.HasSuffix(name, ".zip") {
		z, err := zip.OpenReader(name)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		files = z
	}
	var out []map[string]any
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".json") {
			return err
		}
		data, err := fs.ReadFile(files, p)
		if err != nil {
			return err
		}
		var record map[string]any
		if json.Unmarshal(data, &record) != nil || record["id"] == nil {
			return nil // test data of something else
		}
		if list, _ := record["affected"].([]any); len(list) > 0 {
			out = append(out, record)
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = errors.New("no OSV record with packages in " + name)
	}
	return out, err
}

// npmNames lists the packages of npm that are in a folder.
func npmNames(dir string) ([]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	result, err := scan.Scan(context.Background(), scan.Dir(root), scan.Options{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range result.Inventory.Sources {
		for _, c := range s.Components {
			if !strings.HasPrefix(c.PURL, "pkg:npm/") {
				continue
			}
			name := c.Name
			if c.Group != "" {
				name = c.Group + "/" + c.Name
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// writeLoad writes FOLDER/all.zip.
func writeLoad(folder string, real []map[string]any, names []string, count int) (packed, unpacked int64, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, 0, err
	}
	f, err := os.Create(filepath.Join(folder, "all.zip"))
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	to := bufio.NewWriterSize(f, 1<<20)
	z := zip.NewWriter(to)
	for i := range count {
		data, err := loadRecord(real[i%len(real)], i, names)
		if err != nil {
			return 0, 0, err
		}
		w, err := z.Create(fmt.Sprintf("LOAD-%07d.json", i))
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			return 0, 0, err
		}
		unpacked += int64(len(data))
	}
	if err := errors.Join(z.Close(), to.Flush()); err != nil {
		return 0, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	return info.Size(), unpacked, nil
}

// loadRecord is the i-th record of the load: a real one under another name.
func loadRecord(real map[string]any, i int, names []string) ([]byte, error) {
	record := map[string]any{}
	for key, value := range real {
		record[key] = value
	}
	record["id"] = fmt.Sprintf("LOAD-%07d", i)
	record["summary"] = fmt.Sprintf("SYNTHETIC LOAD made of %v, not a fact", real["id"])
	delete(record, "aliases")
	delete(record, "withdrawn")
	var affected []any
	for j, one := range real["affected"].([]any) {
		copied := map[string]any{}
		for key, value := range one.(map[string]any) {
			copied[key] = value
		}
		name := fmt.Sprintf("synthetic-load-%d-%d", i, j)
		if i%aboutIt == 0 && j == 0 {
			name = names[i/aboutIt%len(names)]
		}
		copied["package"] = map[string]any{"ecosystem": "npm", "name": name, "purl": "pkg:npm/" + name}
		affected = append(affected, copied)
	}
	record["affected"] = affected
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(record)
	return out.Bytes(), err
}
