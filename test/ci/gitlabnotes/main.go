// SPDX-License-Identifier: Apache-2.0

// Command gitlabnotes is a GitLab for the rig: project 42 with merge requests and
// their notes. It prints the address of its API on the first line. Then it does
// what lines on standard input say, answers each with "ok", and ends with it:
//
//	request IID COMMIT   open a merge request
//	note IID FILE        paste a file as a note
//	fail                 answer everything with 500
//	mend                 stop that
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

const project = 42

func main() {
	s := gitlabtest.New()
	defer s.Close()
	if err := run(s, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gitlabnotes:", err)
		os.Exit(1)
	}
}

func run(s *gitlabtest.Server, in io.Reader, out io.Writer) error {
	fmt.Fprintln(out, s.API)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := obey(s, strings.Fields(lines.Text())); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		fmt.Fprintln(out, "ok")
	}
	return lines.Err()
}

func obey(s *gitlabtest.Server, words []string) error {
	switch {
	case len(words) == 1 && words[0] == "fail":
		s.Fault(gitlabtest.Fault{Answer: gitlabtest.Status(500, "")})
		return nil
	case len(words) == 1 && words[0] == "mend":
		s.Mend()
		return nil
	case len(words) == 3 && (words[0] == "request" || words[0] == "note"):
	default:
		return fmt.Errorf("have request IID COMMIT, note IID FILE, fail, mend")
	}
	iid, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return err
	}
	if words[0] == "request" {
		s.MergeRequest(project, iid, words[2])
		return nil
	}
	text, err := os.ReadFile(words[2])
	if err != nil {
		return err
	}
	s.Note(project, iid, 1001, "somebody", string(text))
	return nil
}
