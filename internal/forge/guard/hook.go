// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"

	"github.com/gateledger/gateledger/internal/pattern"
)

// The addresses that a Hook answers at.
const (
	HookPath      = "/github"
	CheckHookPath = "/gitlab"
	HealthPath    = "/healthz"
)

// The limits of a Hook.
const (
	maxBody  = 2 << 20 // bytes of a delivery
	maxSeen  = 4096    // deliveries that are remembered
	maxQueue = 64      // deliveries that wait
	maxReads = 16      // deliveries that are read at once: nobody knows yet who sent them
)

// A Hook takes what a forge delivers. It says 202 to what it will look at, and
// the rest is in the answer's status: nobody learns more.
type Hook struct {
	secret []byte
	path   string
	read   func(h http.Header, body []byte) delivered
	log    Logger
	hints  chan Hint
	reads  chan struct{} // one for each delivery that is read now

	mu     sync.Mutex
	seen   map[[sha256.Size]byte]bool
	order  [][sha256.Size]byte
	closed bool
}

// A delivered is what was made of a delivery. Without a hint, status and why
// are the answer to it.
type delivered struct {
	hint   *Hint
	id     string // its own, by whoever sent it; empty: it has none
	status int
	why    string
}

// NewHook returns a hook for the repository of o at GitHub. Without a secret it
// answers for its health only.
func NewHook(o Options, secret []byte) *Hook {
	return newHook(o, secret, HookPath, func(h http.Header, body []byte) delivered { return readGitHub(o, secret, h, body) })
}

func newHook(o Options, secret []byte, path string, read func(http.Header, []byte) delivered) *Hook {
	return &Hook{secret: secret, path: path, read: read, log: o.Log, hints: make(chan Hint, maxQueue), reads: make(chan struct{}, maxReads), seen: map[[sha256.Size]byte]bool{}}
}

// Hints are what was delivered, in order.
func (h *Hook) Hints() <-chan Hint { return h.hints }

// Close lets no more in.
func (h *Hook) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
}

// ServeHTTP answers one request.
func (h *Hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == HealthPath && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		h.health(w)
	case r.URL.Path != h.path || len(h.secret) == 0:
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		status, why := h.take(r)
		if why != "" {
			level := Info
			if status >= 400 {
				level = Warn
			}
			h.log(level, "delivery: "+why, "status", http.StatusText(status))
		}
		w.WriteHeader(status)
	}
}

func (h *Hook) health(w http.ResponseWriter) {
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if closed {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "stopping\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

var deliveryPattern = pattern.New(`^[A-Za-z0-9-]{1,64}$`)

// take checks one delivery, its signature before anything that it says, and
// queues it.
func (h *Hook) take(r *http.Request) (status int, why string) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusUnsupportedMediaType, "its content type is not application/json"
	}
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	default:
		return http.StatusServiceUnavailable, "too many are read at once"
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return http.StatusBadRequest, "its body broke off"
	}
	if len(body) > maxBody {
		return http.StatusRequestEntityTooLarge, "its body is over the limit"
	}
	d := h.read(r.Header, body)
	if d.hint == nil {
		return d.status, d.why
	}
	keys := [][sha256.Size]byte{sha256.Sum256(body)}
	if d.id != "" {
		keys = append(keys, sha256.Sum256([]byte(d.id)))
	}
	return h.queue(*d.hint, keys)
}

// readGitHub reads a delivery of GitHub's.
func readGitHub(o Options, secret []byte, h http.Header, body []byte) delivered {
	if err := Signed(secret, body, h.Get("X-Hub-Signature-256")); err != nil {
		return delivered{status: http.StatusUnauthorized, why: err.Error()}
	}
	id := h.Get("X-GitHub-Delivery")
	if !deliveryPattern.MatchString(id) {
		return delivered{status: http.StatusBadRequest, why: "it has no id"}
	}
	switch event := h.Get("X-GitHub-Event"); event {
	case "deployment_protection_rule":
	case "ping":
		return delivered{status: http.StatusOK, why: "ping"}
	default:
		return delivered{status: http.StatusOK} // of events that we did not ask for
	}
	hint, err := ReadPayload(body, o.API, o.Repository, o.RepositoryID)
	return found(hint, id, err)
}

// found is what is made of a payload.
func found(hint Hint, id string, err error) delivered {
	switch {
	case errors.Is(err, ErrElsewhere):
		return delivered{status: http.StatusOK, why: err.Error()}
	case err != nil:
		return delivered{status: http.StatusUnprocessableEntity, why: err.Error()}
	}
	return delivered{hint: &hint, id: id}
}

// queue queues a hint that was not delivered before. An id is not signed, so
// the same body is the same delivery too, whatever its id.
func (h *Hook) queue(hint Hint, keys [][sha256.Size]byte) (status int, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return http.StatusServiceUnavailable, "we are stopping"
	}
	for _, key := range keys {
		if h.seen[key] {
			return http.StatusOK, "it was delivered before"
		}
	}
	select {
	case h.hints <- hint:
	default:
		return http.StatusServiceUnavailable, "too many wait"
	}
	for _, key := range keys {
		if len(h.order) == maxSeen {
			delete(h.seen, h.order[0])
			h.order = h.order[1:]
		}
		h.seen[key], h.order = true, append(h.order, key)
	}
	return http.StatusAccepted, ""
}
