// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// Parents says which commits a commit came after.
func (s *Server) Parents(sha string, parents ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[sha].parents = parents
}

// File puts a file into a commit.
func (s *Server) File(sha, path, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.made[sha]
	if c.files == nil {
		c.files = map[string]string{}
	}
	c.files[path] = content
}

// Changes says which files a pull request changes; OLD>NEW is one that was
// renamed.
func (s *Server) Changes(number int64, files ...string) {
	s.change(number, func(p *pull) { p.files = files })
}

// Into says which branch a pull request is for.
func (s *Server) Into(number int64, branch string) {
	s.change(number, func(p *pull) { p.base = branch })
}

// shownHere is how large a file may be that is shown with its name. A larger one
// is a blob. GitHub's own limit is a megabyte.
const shownHere = 1 << 20

func blobOf(content string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(content))) }

// lines is base64 as GitHub has it, a line of 60.
func lines(content string) string {
	var b strings.Builder
	for text := base64.StdEncoding.EncodeToString([]byte(content)); text != ""; {
		n := min(60, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}

func (s *Server) serveFiles(w http.ResponseWriter, r *http.Request) {
	p := s.find(w, r)
	if p == nil {
		return
	}
	var list []any
	for _, name := range p.files[:min(len(p.files), 3000)] {
		at := "https://api.github.com/repos/" + Owner + "/" + Name + "/contents/x"
		one := map[string]any{
			"sha": blobOf(name), "filename": name, "status": "modified", "additions": 1, "deletions": 1, "changes": 2,
			"blob_url": at, "raw_url": at, "contents_url": at, "patch": "@@ -1 +1 @@",
		}
		if old, now, renamed := strings.Cut(name, ">"); renamed {
			one["filename"], one["previous_filename"], one["status"] = now, old, "renamed"
		}
		list = append(list, one)
	}
	serveList(w, r, list)
}

func (s *Server) serveContent(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("path")
	c := s.made[r.URL.Query().Get("ref")]
	if c == nil {
		s.serveContents(w, r)
		return
	}
	content, ok := c.files[path]
	if !ok {
		say(w, http.StatusNotFound, "Not Found")
		return
	}
	at := "https://api.github.com/repos/" + Owner + "/" + Name + "/contents/" + path
	one := map[string]any{
		"type": "file", "name": path, "path": path, "sha": blobOf(content), "size": len(content), "encoding": "base64", "content": lines(content),
		"url": at, "git_url": at, "html_url": at, "download_url": at, "_links": map[string]any{"git": at, "self": at, "html": at},
	}
	if len(content) > shownHere {
		one["encoding"], one["content"] = "none", ""
	}
	serve(w, r, one)
}

func (s *Server) serveBlob(w http.ResponseWriter, r *http.Request) {
	for _, c := range s.made {
		for _, content := range c.files {
			if sha := blobOf(content); sha == r.PathValue("sha") {
				at := "https://api.github.com/repos/" + Owner + "/" + Name + "/git/blobs/" + sha
				serve(w, r, map[string]any{"sha": sha, "node_id": "B_" + sha, "size": len(content), "url": at, "encoding": "base64", "content": lines(content)})
				return
			}
		}
	}
	say(w, http.StatusNotFound, "Not Found")
}
