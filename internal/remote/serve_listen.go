// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge/guard"
)

// A listener is where deliveries come in. The zero listener is nowhere.
type listener struct {
	address string
	hook    *guard.Hook
	server  *http.Server
	failed  chan error
}

// shortestSecret is how long a webhook's secret must be, in bytes: whoever can
// guess it can have us look at runs, though not move an answer.
const shortestSecret = 16

// listening listens where the configuration says. Without TLS that is this
// machine alone, unless something that speaks TLS is said to stand before it.
func listening(ctx context.Context, o guard.Options, c child.ServeConfig) (*listener, error) {
	if c.Listen == "" {
		return &listener{}, nil
	}
	door := door{address: c.Listen, certificate: c.Certificate, key: c.Key, proxied: c.Proxied}
	if err := door.check(); err != nil {
		return nil, err
	}
	secret, err := webhookSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	l := &listener{hook: guard.NewHook(o, secret), failed: make(chan error, 1)}
	if c.Project != 0 {
		l.hook = guard.NewCheckHook(o, c.StatusCheck, secret)
	}
	l.server = &http.Server{
		Handler: l.hook, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	socket, err := door.open(ctx, l.server)
	if err != nil {
		return nil, err
	}
	l.address = socket.Addr().String()
	go func() { l.failed <- door.serve(l.server, socket) }()
	return l, nil
}

// A door is where a server listens.
type door struct {
	address, certificate, key string
	proxied                   bool // something that speaks TLS stands before it
}

// check refuses to be reached from elsewhere without TLS.
func (d door) check() error {
	if (d.certificate == "") != (d.key == "") {
		return cli.Fail(cli.Usage, "", "TLS needs both a certificate and its key")
	}
	if d.certificate == "" && !d.proxied && !ownMachine(d.address) {
		return cli.Fail(cli.Usage, "give --tls-cert and --tls-key; or --behind-proxy, if something that speaks TLS stands before it", "--listen %s can be reached from elsewhere, without TLS", d.address)
	}
	return nil
}

// open begins to listen, and gives server its certificate.
func (d door) open(ctx context.Context, server *http.Server) (net.Listener, error) {
	if d.certificate != "" {
		pair, err := tls.LoadX509KeyPair(d.certificate, d.key)
		if err != nil {
			return nil, cli.Fail(cli.Usage, "", "--tls-cert %s with --tls-key %s can't be used: no certificate in PEM with its key", d.certificate, d.key)
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	}
	var open net.ListenConfig
	socket, err := open.Listen(ctx, "tcp", d.address)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "another --listen HOST:PORT", "listen: %w", err)
	}
	return socket, nil
}

// serve serves until the server is shut down; then it returns
// http.ErrServerClosed.
func (d door) serve(server *http.Server, socket net.Listener) error {
	if d.certificate != "" {
		return server.ServeTLS(socket, "", "")
	}
	return server.Serve(socket)
}

// ownMachine reports whether nobody else can reach an address.
func ownMachine(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, bad := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || bad == nil && ip.IsLoopback())
}

// webhookSecret reads a webhook's secret; none without a file.
func webhookSecret(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	data, err := readFile("webhook-secret-file", file)
	if err != nil {
		return nil, err
	}
	secret := bytes.TrimRight(data, "\r\n")
	if len(secret) < shortestSecret {
		return nil, cli.Fail(cli.Usage, "make one: openssl rand -hex 32", "--webhook-secret-file %s: a secret of %d bytes; it must have %d or more", file, len(secret), shortestSecret)
	}
	return secret, nil
}

// hints are what is delivered.
func (l *listener) hints() <-chan guard.Hint {
	if l.hook == nil {
		return nil
	}
	return l.hook.Hints()
}

// shut takes nothing more on.
func (l *listener) shut() {
	if l.hook == nil {
		return
	}
	l.hook.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = l.server.Shutdown(ctx)
}
