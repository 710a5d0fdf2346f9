// SPDX-License-Identifier: Apache-2.0

// Package cli is the door between a command and the world: where arguments,
// environment, streams, time and randomness come from, and what an exit code
// means.
package cli

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"time"
)

// The exit codes of every command.
const (
	OK        = 0 // yes: done, allowed, verified
	No        = 1 // no: denied, vetoed, expired, used, superseded, a policy finding
	Usage     = 2 // usage, configuration, posture or missing trust
	Unknown   = 3 // could not find out: a source, ledger, body or network is unavailable
	Integrity = 4 // something was tampered with
	Pending   = 8 // not yet: votes or evidence are missing
)

// A Code is an exit code as people read of it.
type Code struct {
	Code    int
	Answer  string
	Meaning string
}

// Codes are the exit codes, in order, for help and documentation.
func Codes() []Code {
	return []Code{
		{OK, "yes", "done, allowed, verified"},
		{No, "no", "denied, vetoed, expired, used up, superseded, or a finding; waiting will not change it"},
		{Usage, "not like this", "usage, configuration, or missing trust; the hint says what to change"},
		{Unknown, "could not find out", "a source, ledger, body or network is unavailable, or something unforeseen happened"},
		{Integrity, "tampered with", "a signature, hash, receipt or log is not what it must be"},
		{Pending, "not yet", "votes or evidence are missing; the answer says which, and who can supply them"},
	}
}

// Env is everything a command may take from outside.
type Env struct {
	Args           []string // Args[0] is the program
	Getenv         func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	Rand           io.Reader
}

// System is the real world.
func System() *Env {
	return &Env{
		Args: os.Args, Getenv: os.Getenv,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now: time.Now, Rand: rand.Reader,
	}
}

// Exit is an error that knows its exit code and what the person should do
// next.
type Exit struct {
	Code  int
	Hint  string
	Err   error
	Quiet bool // the command has said why already: print only the hint
	Final bool // it stands though the command was interrupted: that is how this command ends
}

func (e *Exit) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

func (e *Exit) Unwrap() error { return e.Err }

// Fail returns an Exit with a formatted cause; %w keeps the cause.
func Fail(code int, hint, format string, args ...any) error {
	return &Exit{Code: code, Hint: hint, Err: fmt.Errorf(format, args...)}
}
