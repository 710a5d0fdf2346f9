// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// A Cache holds answers by their ETag (RFC 9110 section 13.1.2), in memory, so
// that asking again costs little where nothing changed. GitHub does not count
// an answer 304 against its limit. It holds facts, too, that no later answer
// can change. The zero Cache is ready, and safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	answers map[[sha256.Size]byte]cached
	size    int64
	facts   map[[sha256.Size]byte]bool
}

// A cached answer is one that was whole: 200, and a document.
type cached struct {
	tag    string
	header http.Header
	body   []byte
}

// The limits of a cache. What does not fit is not kept.
const (
	maxCached     = 1000
	maxCachedSize = 64 << 20 // bytes of bodies
	maxTag        = 1 << 10  // bytes
	maxFacts      = 10_000
)

// key is what an answer depends on: who asked for what, in which form.
func key(req *http.Request) [sha256.Size]byte {
	parts := []string{req.URL.String()}
	for _, name := range []string{"Accept", "Authorization", "Job-Token", "Private-Token", "X-Github-Api-Version"} {
		parts = append(parts, name+": "+strings.Join(req.Header.Values(name), ", "))
	}
	return sha256.Sum256([]byte(strings.Join(parts, "\n")))
}

func (c *Cache) get(req *http.Request) (cached, bool) {
	if c == nil || req.Method != http.MethodGet { // a body is no part of the key
		return cached{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, ok := c.answers[key(req)]
	return answer, ok
}

// put keeps an answer that has a tag, in the place of an earlier one.
func (c *Cache) put(req *http.Request, h http.Header, body []byte) {
	tag := h.Get("ETag")
	if c == nil || req.Method != http.MethodGet || tag == "" || len(tag) > maxTag {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := key(req)
	if old, ok := c.answers[k]; ok {
		c.size -= int64(len(old.body))
		delete(c.answers, k)
	}
	if len(c.answers) >= maxCached || c.size+int64(len(body)) > maxCachedSize {
		return
	}
	if c.answers == nil {
		c.answers = map[[sha256.Size]byte]cached{}
	}
	c.answers[k] = cached{tag, h.Clone(), body}
	c.size += int64(len(body))
}

// Note keeps a fact. Its words have to name all that it depends on, such as who
// asked whom.
func (c *Cache) Note(fact ...string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.facts) >= maxFacts {
		return
	}
	if c.facts == nil {
		c.facts = map[[sha256.Size]byte]bool{}
	}
	c.facts[factKey(fact)] = true
}

// Noted reports whether a fact was kept.
func (c *Cache) Noted(fact ...string) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.facts[factKey(fact)]
}

func factKey(fact []string) [sha256.Size]byte { return sha256.Sum256(fmt.Appendf(nil, "%q", fact)) }

// fresh is the header of a kept answer after a 304: what that says about now
// goes before what was said then.
func (a cached) fresh(now http.Header) http.Header {
	h := a.header.Clone()
	for name, values := range now {
		if name == "Date" || strings.HasPrefix(name, "X-Ratelimit-") {
			h[name] = values
		}
	}
	return h
}
