// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// maxPassword is the longest password that is read, in bytes.
const maxPassword = 4 << 10

// A password comes from a file, from standard input or from a person. It is
// never an argument, which every process on the machine can read.

// PasswordFile returns the first line of the file at path.
func PasswordFile(path string) func() ([]byte, error) {
	return func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read password: %w", err)
		}
		defer f.Close()
		return readPassword(f)
	}
}

// PasswordReader returns the first line of r.
func PasswordReader(r io.Reader) func() ([]byte, error) {
	return func() ([]byte, error) { return readPassword(r) }
}

// PasswordPrompt asks on out and reads from the terminal in without echo. It
// fails where in is no terminal: a job must give a file.
func PasswordPrompt(in *os.File, out io.Writer, prompt string) func() ([]byte, error) {
	return func() ([]byte, error) {
		fd := int(in.Fd())
		if !term.IsTerminal(fd) {
			return nil, errors.New("read password: no terminal to ask on; give a password file")
		}
		fmt.Fprint(out, prompt)
		pass, err := term.ReadPassword(fd)
		fmt.Fprintln(out)
		if err != nil {
			return nil, fmt.Errorf("read password: %w", err)
		}
		return pass, nil
	}
}

// readPassword reads up to the end of the line, which is not part of it.
func readPassword(r io.Reader) ([]byte, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPassword+1)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read password: %w", err)
	}
	if len(line) > maxPassword {
		return nil, fmt.Errorf("read password: longer than the limit of %d bytes", maxPassword)
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}
