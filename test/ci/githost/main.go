// SPDX-License-Identifier: Apache-2.0

// Command githost is a git host for tests: real git over HTTP on loopback, with
// accounts that may write and accounts that may only read, and the files of
// releases.
//
//	githost ROOT ACCOUNTS
//
// ROOT/OWNER/NAME.git is served at /OWNER/NAME and /OWNER/NAME.git, and
// ROOT/OWNER/NAME/releases/download/TAG/FILE at that path. ACCOUNTS has a line
// "TOKEN ACCOUNT read|write [OWNER/NAME]…" for each token; without repositories
// it is for all. As at GitHub the token is the password, and the user name
// doesn't matter. The address is printed on the first line of standard output,
// and every request on standard error. It ends with its standard input.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: githost ROOT ACCOUNTS")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "githost:", err)
		os.Exit(1)
	}
}

func run(root, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	accounts, err := parseAccounts(string(text))
	if err != nil {
		return fmt.Errorf("read accounts in %s: %w", file, err)
	}
	h, err := newHost(root, accounts, log.New(os.Stderr, "", 0))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = listener.Close()
		os.Exit(0)
	}()
	return http.Serve(listener, h)
}
