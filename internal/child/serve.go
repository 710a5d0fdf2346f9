// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// 'serve' goes on, as 'witness' does. It reads a ServeConfig, one line, and
// writes a ServeLine for everything that happens; to each that asks it waits
// for a ServeAnswer, one line. At the end of its input it takes nothing more
// on, finishes what it does, and ends.

// ServeSchema names its lines, so that one of another version is not taken for
// ours.
const ServeSchema = product.PredicateBase + "remote-serve/v1"

// The states of an answer. The zero state keeps a run waiting.
const (
	ServeWaiting  = ""
	ServeApproved = "approved"
	ServeRejected = "rejected"
)

// The limits of 'serve'.
const (
	MaxServeLine = 1 << 20         // bytes of a line, either way
	serveJudge   = 5 * time.Minute // for one answer
	serveStop    = time.Minute     // to finish, once it should end
)

// A ServeConfig says what 'serve' does. Secrets are in files that it names.
type ServeConfig struct {
	API          string `json:"api"`                     // address of the forge's API
	Repository   string `json:"repository,omitempty"`    // OWNER/NAME, at GitHub
	RepositoryID int64  `json:"repository-id,omitempty"` // 0: looked up when it starts

	Project     int64  `json:"project,omitempty"`      // at GitLab, by its number; 0: it is GitHub that asks
	StatusCheck int64  `json:"status-check,omitempty"` // GitLab's external status check, by its number
	Environment string `json:"environment,omitempty"`  // that merge requests ask for

	Listen      string `json:"listen,omitempty"`      // HOST:PORT; empty: nowhere
	Certificate string `json:"certificate,omitempty"` // FILE, for TLS
	Key         string `json:"key,omitempty"`         // FILE
	Proxied     bool   `json:"proxied,omitempty"`     // something that speaks TLS stands before it
	SecretFile  string `json:"secret-file,omitempty"` // of the webhook; empty: none is taken

	TokenFile    string `json:"token-file,omitempty"` // read at each use
	AppID        string `json:"app-id,omitempty"`
	AppKeyFile   string `json:"app-key-file,omitempty"`
	Installation int64  `json:"installation,omitempty"` // 0: the repository's

	Every int `json:"every"` // seconds between two looks at what waits
}

// A ServeLine is one thing that happened: one of its parts is there.
type ServeLine struct {
	Schema string    `json:"schema"`
	Ask    *ServeAsk `json:"ask,omitempty"`
	Log    *ServeLog `json:"log,omitempty"`
}

// A ServeAsk is a run that waits for an answer; at GitLab it is the pipeline of a
// merge request that waits. All of it is the forge's word,
// read back from its API; not cleaned.
type ServeAsk struct {
	ID           uint64          `json:"id"` // of the question
	Host         string          `json:"host"`
	Repository   string          `json:"repository"`
	RepositoryID int64           `json:"repository-id"`
	Run          int64           `json:"run"`
	Attempt      int             `json:"attempt"`
	Event        string          `json:"event,omitempty"`
	Commit       string          `json:"commit"`
	Workflow     string          `json:"workflow,omitempty"`
	Branch       string          `json:"branch,omitempty"`
	Actor        *event.Identity `json:"actor,omitempty"`
	Environment  string          `json:"environment"`
	Told         bool            `json:"told,omitempty"` // by a webhook
	Token        string          `json:"token"`          // that may read the repository

	Provider     string `json:"provider"`                // github or gitlab
	MergeRequest int64  `json:"merge-request,omitempty"` // at GitLab, that waits
}

// A ServeAnswer answers a ServeAsk. Without a state the run goes on waiting.
type ServeAnswer struct {
	ID      uint64 `json:"id"`
	State   string `json:"state,omitempty"`   // approved or rejected
	Comment string `json:"comment,omitempty"` // shown at the run; without a state, empty for none
	Failed  bool   `json:"failed,omitempty"`  // it could not be found out: look again later, ever later
}

// A ServeLog is something to be logged. Its attributes are names and values in
// turn; nothing in it is cleaned.
type ServeLog struct {
	Level      string   `json:"level"`
	Message    string   `json:"message"`
	Attributes []string `json:"attributes,omitempty"`
}

// Serve runs 'serve' until ctx ends or it does. It has judge answer, one
// question at a time; the one at hand is finished also after ctx has ended. It
// returns nil only where ctx has ended and the child ended well.
func (r Remote) Serve(ctx context.Context, config ServeConfig, judge func(context.Context, ServeAsk) ServeAnswer, log func(ServeLog)) error {
	return r.attend(ctx, "serve", config, judge, log)
}

// attend runs a verb that goes on. Without a judge it may ask nothing.
func (r Remote) attend(ctx context.Context, verb string, config any, judge func(context.Context, ServeAsk) ServeAnswer, log func(ServeLog)) error {
	fail := func(err error) error { return fmt.Errorf("%s: %w", verb, err) }
	cmd := exec.Command(r.Program, verb)
	cmd.Env = r.environment(nil)
	talk := &talk{to: r.Stderr, left: maxTalk}
	cmd.Stderr = talk
	in, err := cmd.StdinPipe()
	if err != nil {
		return fail(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(fmt.Errorf("%w: %w", ErrNoRemote, err))
	}
	s := &serving{in: in, judge: judge, log: log}
	said := s.say(config)
	stop := context.AfterFunc(ctx, func() { s.end(cmd) })
	defer stop()
	if said == nil {
		said = s.talk(ctx, out)
	}
	if said != nil {
		s.end(cmd)
	}
	_, _ = io.Copy(io.Discard, out) // so that it can end
	err = cmd.Wait()
	s.ended()
	talk.end()
	exit := (*exec.ExitError)(nil)
	switch {
	case said != nil:
		return fail(said)
	case err == nil && ctx.Err() != nil:
		return nil
	case err == nil:
		return fail(fmt.Errorf("%w: it ended by itself", ErrUnavailable))
	case errors.As(err, &exit):
		return fail(&Error{Code: exit.ExitCode(), Message: talk.message, Hint: talk.hint})
	}
	return fail(fmt.Errorf("%w: %w", ErrUnavailable, err))
}
