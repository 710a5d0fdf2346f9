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
	HookPath   = "/github"
	HealthPath = "/healthz"
)

// The limits of a Hook.
const (
	maxBody  = 2 << 20 // bytes of a delivery
	maxSeen  = 4096    // deliveries that are remembered
	maxQueue = 64      // deliveries that wait
)

// A Hook takes what GitHub delivers. It says 202 to what it will look at, and
// the rest is in the answer's status: nobody learns more.
type Hook struct {
	secret     []byte
	api        string
	repository string
	id         int64
	log        Logger
	hints      chan Hint

	mu     sync.Mutex
	seen   map[[sha256.Size]byte]bool
	order  [][sha256.Size]byte
	closed bool
}

// NewHook returns a hook for the repository of o. Without a secret it answers
// for its health only.
func NewHook(o Options, secret []byte) *Hook {
	return &Hook{
		secret: secret, api: o.API, repository: o.Repository, id: o.RepositoryID, log: o.Log,
		hints: make(chan Hint, maxQueue), seen: map[[sha256.Size]byte]bool{},
	}
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
	case r.URL.Path != HookPath || len(h.secret) == 0:
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
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return http.StatusBadRequest, "its body broke off"
	}
	if len(body) > maxBody {
		return http.StatusRequestEntityTooLarge, "its body is over the limit"
	}
	if err := Signed(h.secret, body, r.Header.Get("X-Hub-Signature-256")); err != nil {
		return http.StatusUnauthorized, err.Error()
	}
	id := r.Header.Get("X-GitHub-Delivery")
	if !deliveryPattern.MatchString(id) {
		return http.StatusBadRequest, "it has no id"
	}
	switch event := r.Header.Get("X-GitHub-Event"); event {
	case "deployment_protection_rule":
	case "ping":
		return http.StatusOK, "ping"
	default:
		return http.StatusOK, "" // of events that we did not ask for
	}
	hint, err := ReadPayload(body, h.api, h.repository, h.id)
	switch {
	case errors.Is(err, ErrElsewhere):
		return http.StatusOK, err.Error()
	case err != nil:
		return http.StatusUnprocessableEntity, err.Error()
	}
	return h.queue(hint, sha256.Sum256([]byte(id)), sha256.Sum256(body))
}

// queue queues a hint that was not delivered before. An id is not signed, so
// the same body is the same delivery too, whatever its id.
func (h *Hook) queue(hint Hint, id, body [sha256.Size]byte) (status int, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return http.StatusServiceUnavailable, "we are stopping"
	}
	if h.seen[id] || h.seen[body] {
		return http.StatusOK, "it was delivered before"
	}
	select {
	case h.hints <- hint:
	default:
		return http.StatusServiceUnavailable, "too many wait"
	}
	for _, key := range [][sha256.Size]byte{id, body} {
		if h.seen[key] {
			continue
		}
		if len(h.order) == maxSeen {
			delete(h.seen, h.order[0])
			h.order = h.order[1:]
		}
		h.seen[key], h.order = true, append(h.order, key)
	}
	return http.StatusAccepted, ""
}
