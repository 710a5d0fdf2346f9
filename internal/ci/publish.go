// SPDX-License-Identifier: Apache-2.0

package ci

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
)

// A Level says how loud a Note is. The zero value is the softest.
type Level int

// The levels that every host knows.
const (
	Notice Level = iota
	Warning
	Error
)

// A Note is one remark about the run, shown where people look. Its texts may
// hold anything: what can't be seen is shown as an escape.
type Note struct {
	Level Level
	Title string // one line; may be empty
	Text  string
	File  string // in the checkout, slash-separated; empty: about no file
	Line  int    // from 1; 0: about no line
	URL   string // http or https, for more; may be empty
}

// A Publication is what a verb has to say to its host.
type Publication struct {
	Outputs [][2]string // name in kebab-case and value, in the order to be shown
	Summary string      // Markdown, with its hostile parts escaped already
	Notes   []Note
	Link    string // to the whole, where the summary is cut; may be empty
}

// ReportDir is the folder that a report goes to where none is named.
const ReportDir = "gateledger-report"

// The files of a report.
const (
	OutputsDotenv   = "outputs.env"      // for GitLab's artifacts:reports:dotenv
	OutputsShell    = "outputs.sh"       // for '.' of a POSIX shell, and CircleCI's BASH_ENV
	OutputsJSON     = "outputs.json"     // one object, by the outputs' own names
	SummaryFile     = "summary.md"       // the Markdown
	AnnotationsFile = "annotations.json" // for GitLab's artifacts:reports:annotations
)

// PublishOptions say where to. On GitHub that is the runner's own files and
// the log; elsewhere, or where Dir is given, the report folder.
type PublishOptions struct {
	Getenv func(string) string
	Dir    string    // folder for the report; empty: none on GitHub, else ReportDir
	Stdout io.Writer // takes GitHub's workflow commands, which may stand on standard error too
	Rand   io.Reader // for delimiters; nil: the system's
}

// ErrPublish says that the host was not told, or not all of it.
var ErrPublish = errors.New("not published")

// Publish tells the host. Nothing in a value can become another output, a
// command or a variable: what can't be written so is an error. Outputs, which
// later steps go by, are written all or none, and last: only once the rest is
// told, which goes out also where they can't. A report folder holds the files
// of the last call only, and after an error no outputs of an earlier one. A
// caller whose answer matters must not end with success after an error.
func Publish(o PublishOptions, p Publication) error {
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	onGitHub := Detect(o.Getenv) == "github"
	if o.Dir == "" && !onGitHub {
		o.Dir = ReportDir
	}
	var places []place
	if o.Dir != "" {
		places = append(places, o.report(p))
	}
	if onGitHub {
		places = append(places, o.runner(p))
	}
	var errs []error
	for _, to := range places {
		errs = append(errs, to.err, to.rest())
	}
	for _, to := range places {
		if together(errs...) == nil {
			errs = append(errs, to.outputs())
		}
	}
	if err := together(errs...); err != nil {
		return fmt.Errorf("%w: %w", ErrPublish, err)
	}
	return nil
}

// together is errors.Join on one line.
func together(errs ...error) error {
	var all error
	for _, err := range errs {
		switch {
		case all == nil:
			all = err
		case err != nil:
			all = fmt.Errorf("%w; %w", all, err)
		}
	}
	return all
}

// A place is one that is told.
type place struct {
	err     error        // why it can't be given the outputs
	rest    func() error // tells all but the outputs
	outputs func() error // gives it the outputs
}

// runner is a runner of GitHub Actions.
func (o PublishOptions) runner(p Publication) place {
	text, err := heredocs(p.Outputs, o.Rand)
	if err == nil && text != "" {
		err = o.appendTo("GITHUB_OUTPUT", "")
	}
	rest := func() error {
		var errs []error
		if p.Summary != "" {
			errs = append(errs, o.appendSummary(p))
		}
		if len(p.Notes) > 0 {
			errs = append(errs, annotate(o.Stdout, p.Notes))
		}
		return together(errs...)
	}
	outputs := func() error {
		if text == "" {
			return nil
		}
		return o.appendTo("GITHUB_OUTPUT", text)
	}
	return place{err, rest, outputs}
}

// report is a report folder.
func (o PublishOptions) report(p Publication) place {
	files, err := outputFiles(p.Outputs)
	rest := func() error {
		links, err := annotations(p)
		if err != nil {
			return err
		}
		return inFolder(o.Dir, func(f folder) error {
			if err := f.clear(OutputsDotenv, OutputsShell, OutputsJSON, SummaryFile, AnnotationsFile); err != nil {
				return err
			}
			return together(f.write(SummaryFile, summary(p, maxSummary)), f.write(AnnotationsFile, links))
		})
	}
	outputs := func() error {
		return inFolder(o.Dir, func(f folder) error {
			for _, file := range files {
				if err := f.write(file[0], file[1]); err != nil {
					return together(err, f.clear(OutputsDotenv, OutputsShell, OutputsJSON))
				}
			}
			return nil
		})
	}
	return place{err, rest, outputs}
}
