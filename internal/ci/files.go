// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/report"
)

// appendTo adds whole lines to a file that the runner made for this step and
// named in a variable.
func (o PublishOptions) appendTo(variable, text string) error {
	f, err := o.openAppend(variable)
	if err != nil {
		return err
	}
	return together(f.add(text), f.Close())
}

// maxSummary is the most of a summary that GitHub shows of one step, in bytes:
// it drops a longer one whole.
const maxSummary = 1 << 20

// summary is the Markdown, cut to limit bytes where it is longer.
func summary(p Publication, limit int) string {
	return report.Cut(strings.ToValidUTF8(p.Summary, "\ufffd"), limit, p.Link)
}

// appendSummary adds as much of the summary as earlier commands of the step
// left room for.
func (o PublishOptions) appendSummary(p Publication) error {
	f, err := o.openAppend("GITHUB_STEP_SUMMARY")
	if err != nil {
		return err
	}
	const breaks = 2 // one before, one after
	text := summary(p, int(maxSummary-breaks-min(f.size, maxSummary-breaks)))
	if text == "" {
		return together(fmt.Errorf("write the summary: earlier commands of this step left no room in %d bytes", maxSummary), f.Close())
	}
	return together(f.add(text+"\n"), f.Close())
}

// A stream is an open file that is only added to.
type stream struct {
	*os.File
	variable string
	size     int64
	ragged   bool // it does not end with a line break
}

// openAppend opens the file that a variable names. It must be there and be a
// regular file: what a build put in its place (a link, a pipe) is not opened.
func (o PublishOptions) openAppend(variable string) (stream, error) {
	name := o.Getenv(variable)
	if name == "" {
		return stream{}, fmt.Errorf("%s is not set, so this runner can't be told; give a report folder", variable)
	}
	before, err := os.Lstat(name)
	if err != nil {
		return stream{}, fmt.Errorf("open %s: %w", variable, err)
	}
	if !before.Mode().IsRegular() {
		return stream{}, fmt.Errorf("open %s: %s is no regular file", variable, name)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|noFollow, 0)
	if err != nil {
		return stream{}, fmt.Errorf("open %s: %w", variable, err)
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = errors.New("it was replaced")
	}
	s := stream{File: f, variable: variable}
	if err == nil {
		s.size = after.Size()
		s.ragged, err = ragged(f, s.size)
	}
	if err != nil {
		return stream{}, together(fmt.Errorf("open %s: %w", variable, err), f.Close())
	}
	return s, nil
}

// ragged reports a last line without its end, which would swallow ours.
func ragged(f *os.File, size int64) (bool, error) {
	if size == 0 {
		return false, nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return last[0] != '\n', nil
}

// add writes text in one piece, on lines of its own. No text is no write.
func (s stream) add(text string) error {
	if text == "" {
		return nil
	}
	if s.ragged {
		text = "\n" + text
	}
	if _, err := s.WriteString(text); err != nil {
		return fmt.Errorf("write %s: %w", s.variable, err)
	}
	return nil
}

// A folder is an open report folder.
type folder struct {
	root *os.Root
	name string
}

// inFolder opens the folder, which is made if it is not there, for do. A link
// in its place is refused, wherever it leads.
func inFolder(dir string, do func(folder) error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make report folder: %w", err)
	}
	if info, err := os.Lstat(filepath.Clean(dir)); err != nil || !info.IsDir() {
		return together(fmt.Errorf("open report folder %s: it is no folder", dir), err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open report folder: %w", err)
	}
	return together(do(folder{root, dir}), root.Close())
}

// clear removes what an earlier call left, so that an old answer can't be
// taken for this one's. Of a link or pipe only the name goes. A folder stays,
// and is an error.
func (f folder) clear(names ...string) error {
	var errs []error
	for _, name := range names {
		info, err := f.root.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err == nil && info.IsDir():
			err = errors.New("it is a folder")
		case err == nil:
			err = f.root.Remove(name)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("remove %s of an earlier report: %w", filepath.Join(f.name, name), err))
		}
	}
	return together(errs...)
}

// write makes a file that is not there. What is left of one that could not be
// written whole is removed.
func (f folder) write(name, text string) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write report %s: %w", f.name, err)
	}
	_, err = file.WriteString(text)
	if err = together(err, file.Close()); err != nil {
		return fmt.Errorf("write report %s: %w", filepath.Join(f.name, name), together(err, f.root.Remove(name)))
	}
	return nil
}

// Limits on the links that GitLab takes: 80 KiB and 1000 in a list.
const (
	maxLinks       = 100
	maxAnnotations = 64 << 10 // bytes
)

// annotations are notes as GitLab shows them beside a job
// (https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations):
// links only. A note without a link has the publication's; without either it
// is not in the file.
func annotations(p Publication) (string, error) {
	type externalLink struct {
		Label string `json:"label"`
		URL   string `json:"url"`
	}
	type annotation struct {
		Link externalLink `json:"external_link"`
	}
	list := []annotation{}
	size := 0
	for _, n := range p.Notes {
		link := pageURL(n.URL)
		if link == "" {
			link = pageURL(p.Link)
		}
		label := clean.Field(n.Title)
		if label == "" {
			label = clean.Field(n.Text)
		}
		size += len(label) + len(link) + 100
		if link == "" || label == "" || len(list) == maxLinks || size > maxAnnotations {
			continue
		}
		list = append(list, annotation{externalLink{label, link}})
	}
	data, err := json.MarshalIndent(map[string]any{"Gateledger": list}, "", "  ")
	return string(data) + "\n", err
}
