// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/anchor/witness"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/forge/guard"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/proof"
)

// The limits of 'witness'.
const (
	maxConnections = 100_000
	maxRate        = 100_000
	metricsEvery   = 5 * time.Second
)

// witnessVerb is the verb that cosigns what logs show it.
func witnessVerb(env *cli.Env, _ wire) *cobra.Command {
	return &cobra.Command{
		Use:   "witness",
		Short: "Cosign checkpoints of logs, over HTTP",
		Long: `Witness reads one JSON object, a line, from standard input: where its key and its
state are, where to listen, and the verifier keys of the logs that it witnesses. It
then serves C2SP tlog-witness, and writes a line for what is to be logged. At the end
of its input it finishes what it does, and ends; with exit code 4 where a log was
caught with two histories.`,
		Example: `  gateledger witness serve --key w1.key --state w1 --log "$VERIFIER_KEY"   # runs it`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runWitness(ctx, env)
		},
	}
}

func runWitness(ctx context.Context, env *cli.Env) error {
	p := newParent(env)
	var c child.WitnessConfig
	if err := p.first(&c); err != nil {
		return err
	}
	w, err := openWitness(env, p, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = serveWitness(ctx, cancel, p, c, w)
	if failed := w.Close(); err == nil {
		err = failed
	}
	if forked := w.Forked(); err == nil && len(forked) > 0 {
		return &cli.Exit{
			Code: cli.Integrity, Final: true, Hint: "the evidence is in " + c.State + ": fork-….json has both signed checkpoints",
			Err: fmt.Errorf("two histories of a log were shown: %s", strings.Join(forked, ", ")),
		}
	}
	return cmp.Or(err, p.fault())
}

// begunSuffix is on the name of the file beside a key that says where its state
// was begun: a key whose state is not there, because a disk is not mounted or a
// path is mistyped, must not begin another.
const begunSuffix = ".begun"

// openWitness reads the key and takes up the state.
func openWitness(env *cli.Env, p *parent, c child.WitnessConfig) (*witness.Witness, error) {
	if c.Rate < 0 || c.Rate > maxRate || c.Connections < 1 || c.Connections > maxConnections {
		return nil, cli.Fail(cli.Usage, "", "%d checkpoints a second, of %d connections; at most %d and 1 to %d", c.Rate, c.Connections, maxRate, maxConnections)
	}
	data, err := keyring.ReadKeyFile(c.KeyFile)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "gateledger witness keygen NAME -o FILE makes one", "--key: %w", err)
	}
	key, err := proof.ParseCosignerKey(strings.TrimRight(string(data), "\r\n"))
	if err != nil {
		return nil, cli.Fail(cli.Usage, "gateledger witness keygen NAME -o FILE makes one", "--key %s: %w", c.KeyFile, err)
	}
	begun, err := os.ReadFile(c.KeyFile + begunSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Fail(cli.Usage, "", "--key: %w", err)
	}
	w, err := witness.Open(c.State, witness.Options{Key: key, Logs: c.Logs, Rate: c.Rate, Begun: begun != nil, Now: env.Now, Log: p.log})
	switch {
	case errors.Is(err, witness.ErrState), errors.Is(err, witness.ErrLost):
		hint := "a witness that goes on from another state could cosign two histories: bring back the right one"
		if begun != nil {
			hint += ", which was begun at " + strings.TrimSpace(string(begun))
		}
		return nil, cli.Fail(cli.Integrity, hint+"; or make a new key", "%w", err)
	case errors.Is(err, witness.ErrBusy):
		return nil, cli.Fail(cli.Usage, "one process works with a state, on a disk that is its own", "%w", err)
	case err != nil:
		return nil, cli.Fail(cli.Usage, "", "%w", err)
	}
	if begun == nil {
		err := keyring.CreateKeyFile(c.KeyFile+begunSuffix, []byte(c.State+"\n"))
		if errors.Is(err, keyring.ErrExists) { // since it was looked for; or it is a link to nothing
			return nil, cli.Fail(cli.Integrity, "one key has one state", "the key %s was begun elsewhere: %w", c.KeyFile, errors.Join(err, w.Close()))
		}
		if err != nil {
			p.log(guard.Warn, "could not note beside the key that it has begun: should its state be lost, nothing would stop it from beginning anew", "error", err.Error())
		}
	}
	p.log(guard.Info, "witness", "name", key.Name(), "key", key.String(), "logs", fmt.Sprint(len(c.Logs)))
	return w, nil
}

// serveWitness serves until ctx ends.
func serveWitness(ctx context.Context, cancel func(), p *parent, c child.WitnessConfig, w *witness.Witness) error {
	door := door{address: c.Listen, certificate: c.Certificate, key: c.Key, proxied: c.Proxied}
	if err := door.check(); err != nil {
		return err
	}
	server := &http.Server{
		Handler: w.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	socket, err := door.open(ctx, server)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- door.serve(server, limit(socket, c.Connections)) }()
	m := &metricsFile{name: c.Metrics, of: w.Metrics}
	p.log(guard.Info, "ready", "listen", socket.Addr().String())
	go p.read(cancel)
	ticker := time.NewTicker(metricsEvery)
	defer ticker.Stop()
	for err == nil && ctx.Err() == nil {
		if fault := m.write(); fault != nil {
			p.log(guard.Warn, "could not write the metrics", "error", fault.Error())
		}
		select {
		case <-ctx.Done():
		case fault := <-failed:
			err = cli.Fail(cli.Unknown, "", "listen: %w", fault)
		case <-ticker.C:
		}
	}
	end, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	_ = server.Shutdown(end)
	_ = m.write()
	p.log(guard.Info, "stopped")
	return err
}

// A metricsFile is written when its figures have changed. Without a name it is
// nowhere.
type metricsFile struct {
	name string
	of   func() []byte
	last []byte
}

func (m *metricsFile) write() error {
	now := m.of()
	if m.name == "" || bytes.Equal(now, m.last) {
		return nil
	}
	folder, err := durable.Dir(filepath.Dir(m.name))
	if err == nil {
		err = durable.WriteFile(folder, filepath.Base(m.name), now)
	}
	if err == nil {
		m.last = now
	}
	return err
}

// limit accepts so many connections at once; others wait in the system's queue.
func limit(l net.Listener, connections int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, connections), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &counted{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// counted is a connection that gives its slot free once.
type counted struct {
	net.Conn
	free func()
}

func (c *counted) Close() error {
	defer c.free()
	return c.Conn.Close()
}
