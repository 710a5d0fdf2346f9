// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/gateledger/gateledger/internal/cli"
)

// address reads the address of a service. It must be https, or on this
// machine, unless plain says that what is asked there is no secret and its
// answer is signed, as a timestamp's is. An address with a password in it is
// refused: arguments and files are read by others.
func address(what, raw string, plain bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		err = errors.New("not an address") // url.Error repeats it, and it may hold a password
	case u.Host == "" || u.Opaque != "":
		err = errors.New("not an address with a host")
	case u.User != nil:
		err = errors.New("it holds a user name or password")
	case u.Fragment != "":
		err = errors.New("it holds a fragment (#…)")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && (plain || loopback(u.Hostname())):
		return u, nil
	case u.Scheme == "http":
		err = errors.New("it must begin with https://")
	default:
		err = fmt.Errorf("it begins with %.20q, want https", u.Scheme)
	}
	return nil, cli.Fail(cli.Usage, "", "address of %s: %w", what, err)
}

// loopback says whether host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
