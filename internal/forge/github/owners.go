// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// MaxFiles is how many files of a pull request GitHub lists. Where there are as
// many, there may be more.
const MaxFiles = 3000

// fileWire is a file of a pull request as GitHub has it
// (https://docs.github.com/rest/pulls/pulls#list-pull-requests-files).
type fileWire struct {
	SHA      *string `json:"sha"`
	Filename string  `json:"filename"`
	Previous string  `json:"previous_filename"`
	Status   string  `json:"status"`
}

func (f fileWire) Version() string { return f.Filename + "\x00" + f.Status + "\x00" + text(f.SHA) }

func (f fileWire) check() error {
	if f.Filename == "" || f.Status == "renamed" && f.Previous == "" {
		return errors.New("it is no file that changed")
	}
	return nil
}

// Files returns the paths that a pull request changes, of a renamed file both;
// at most those of MaxFiles files.
func (c *Client) Files(ctx context.Context, number int64) (paths []string, whole bool, err error) {
	wires, err := all[fileWire](ctx, c, fmt.Sprintf("%s/pulls/%d/files", c.path, number), nil)
	if err != nil {
		return nil, false, fmt.Errorf("read the files of pull request %d: %w", number, err)
	}
	for _, w := range wires {
		if paths = append(paths, w.Filename); w.Previous != "" {
			paths = append(paths, w.Previous)
		}
	}
	return paths, len(wires) < MaxFiles, nil
}

// contentWire is a file, or its blob, as GitHub has it
// (https://docs.github.com/rest/repos/contents#get-repository-content,
// https://docs.github.com/rest/git/blobs#get-a-blob).
type contentWire struct {
	Type     string `json:"type"`
	SHA      string `json:"sha"`
	Size     int64  `json:"size"`
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
}

// ErrAbsent is the error about what is not there, or not shown.
var ErrAbsent = ask.ErrAbsent

// ErrTooLarge is the error about a file that is larger than was asked for.
var ErrTooLarge = fmt.Errorf("%w: it is too large", ask.ErrRefused)

// File returns what a file of a commit holds, of at most limit bytes. One that
// is not there, or not shown, is ask.ErrAbsent; what is no file, or larger, is
// ask.ErrRefused too.
func (c *Client) File(ctx context.Context, path, commit string, limit int64) ([]byte, error) {
	data, err := c.file(ctx, path, commit, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s of commit %.12s: %w", path, commit, err)
	}
	return data, nil
}

func (c *Client) file(ctx context.Context, path, commit string, limit int64) ([]byte, error) {
	var w contentWire
	if _, err := c.get(ctx, c.path+"/contents/"+path+"?ref="+commit, &w); err != nil {
		return nil, err
	}
	switch {
	case w.Type != "file" || !shaPattern.MatchString(w.SHA):
		return nil, fmt.Errorf("%w: it is no file", ask.ErrRefused)
	case w.Size > limit:
		return nil, ErrTooLarge
	case w.Encoding == "none": // GitHub shows only small ones here
		size := w.Size
		if _, err := c.get(ctx, c.path+"/git/blobs/"+w.SHA, &w); err != nil {
			return nil, err
		}
		if w.Size != size {
			return nil, fmt.Errorf("%w: it has two sizes", ask.ErrUnavailable)
		}
	}
	if w.Encoding != "base64" {
		return nil, fmt.Errorf("%w: unknown encoding %.40q", ask.ErrUnavailable, w.Encoding)
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(w.Content, "\n", ""))
	if err != nil || int64(len(data)) != w.Size {
		return nil, fmt.Errorf("%w: it is not shown whole", ask.ErrUnavailable)
	}
	return data, nil
}

// An OwnerError is what GitHub has against a line of CODEOWNERS
// (https://docs.github.com/rest/repos/repos#list-codeowners-errors).
type OwnerError struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Kind   string `json:"kind"`   // "Unknown owner", "Invalid pattern", …
	Source string `json:"source"` // the line
	Path   string `json:"path"`   // the file
}

// Owner is the word that the error is about; empty if it can't be told.
func (e OwnerError) Owner() string {
	if e.Column < 1 || e.Column > len(e.Source) || e.Column > 1 && !strings.ContainsAny(e.Source[e.Column-2:e.Column-1], " \t") {
		return ""
	}
	word, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimRight(e.Source[e.Column-1:], "\r\n"), "\t", " "), " ")
	return word
}

// OwnerErrors reads what GitHub has against the CODEOWNERS file of a branch: it
// passes over lines that it does not understand, and over owners that are not
// there or may not write.
func (c *Client) OwnerErrors(ctx context.Context, branch string) ([]OwnerError, error) {
	var w struct {
		Errors []OwnerError `json:"errors"`
	}
	_, err := c.get(ctx, c.path+"/codeowners/errors?ref="+url.QueryEscape(branch), &w)
	if err == nil && w.Errors == nil {
		err = fmt.Errorf("%w: it lists none", ask.ErrUnavailable)
	}
	for _, e := range w.Errors {
		if e.Line < 1 || e.Kind == "" || e.Path == "" {
			err = fmt.Errorf("%w: what should be an error is none", ask.ErrUnavailable)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read what GitHub has against CODEOWNERS: %w", err)
	}
	return w.Errors, nil
}
