// SPDX-License-Identifier: Apache-2.0

// Command oidcd is an identity provider for tests. It speaks what GitHub's and
// GitLab's job tokens and a login of a person speak, and says of anybody
// whatever the request asks for: it must only ever listen on loopback.
//
//	/github/token   the contract of ACTIONS_ID_TOKEN_REQUEST_URL; needs the bearer
//	/gitlab/mint    {"value": token} of a GitLab job
//	/people/mint    {"value": token} of a person (email=…)
//	/people/auth    a login that says yes at once (code flow with PKCE)
//
// Every claim can be set by a query parameter of its name: repository, ref,
// event_name, environment, sha, … aud sets the audience against what the client
// asked for, ttl the seconds until the token ends (negative: it has), iss
// another issuer.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:28400", "loopback address")
	bearer := flag.String("bearer", "test-request-token", "what /github/token wants")
	flag.Parse()
	if err := run(*listen, *bearer); err != nil {
		fmt.Fprintln(os.Stderr, "oidcd:", err)
		os.Exit(1)
	}
}

func run(listen, bearer string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("listen on %s: not loopback", listen)
	}
	p, err := newProvider("http://"+listen, bearer)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: listen, Handler: p.routes(), ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}
