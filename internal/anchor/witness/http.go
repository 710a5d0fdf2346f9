// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/product"
)

// Handler serves the witness: POST /add-checkpoint, GET /HASH/checkpoint for
// the last checkpoint of a log by OriginHash, and GET /healthz.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.serveAdd)
	mux.HandleFunc("GET /{hash}/checkpoint", w.serveCheckpoint)
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, say(200, "ok")) })
	return mux
}

func (w *Witness) serveAdd(rw http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, MaxRequest))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		reply(rw, say(413, "over the limit of %d bytes", MaxRequest))
	case err != nil:
		reply(rw, say(400, "the request was cut off"))
	default:
		reply(rw, w.add(body))
	}
}

func (w *Witness) serveCheckpoint(rw http.ResponseWriter, req *http.Request) {
	raw, ok := w.Checkpoint(req.PathValue("hash"))
	if !ok {
		reply(rw, say(404, "no checkpoint of that log was cosigned here"))
		return
	}
	reply(rw, answer{200, plainText, string(raw)})
}

// Checkpoint is the checkpoint of a log that was cosigned last: a signed note
// with the log's signatures and the cosignature.
func (w *Witness) Checkpoint(originHash string) (raw []byte, ok bool) {
	l := w.byHash[originHash]
	if l == nil {
		return nil, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last.head.Raw, l.last.line != ""
}

func reply(rw http.ResponseWriter, a answer) {
	rw.Header()["Content-Type"] = []string{a.kind}
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.status == 429 || a.status == 503 {
		rw.Header().Set("Retry-After", "1")
	}
	rw.WriteHeader(a.status)
	_, _ = io.WriteString(rw, a.body)
}

// Metrics are the witness's figures in Prometheus' text form.
func (w *Witness) Metrics() []byte {
	var b bytes.Buffer
	metric := func(name, kind, help string) {
		fmt.Fprintf(&b, "# HELP %s_witness_%s %s\n# TYPE %s_witness_%s %s\n", product.Name, name, help, product.Name, name, kind)
	}
	metric("answers_total", "counter", "Answers to add-checkpoint, by status.")
	w.mu.Lock()
	for _, status := range sorted(w.counts) {
		fmt.Fprintf(&b, "%s_witness_answers_total{status=\"%d\"} %d\n", product.Name, status, w.counts[status])
	}
	w.mu.Unlock()
	var size, cosigned, forks strings.Builder
	for _, origin := range sorted(w.logs) {
		l := w.logs[origin]
		label := `{origin="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(origin) + `"}`
		l.mu.Lock()
		fmt.Fprintf(&size, "%s_witness_size%s %d\n", product.Name, label, l.last.head.Size)
		if l.last.line != "" {
			fmt.Fprintf(&cosigned, "%s_witness_cosigned_timestamp_seconds%s %d\n", product.Name, label, l.last.at.Unix())
		}
		fmt.Fprintf(&forks, "%s_witness_forks%s %d\n", product.Name, label, len(l.forks))
		l.mu.Unlock()
	}
	metric("size", "gauge", "Leaves of the checkpoint that was cosigned last.")
	b.WriteString(size.String())
	metric("cosigned_timestamp_seconds", "gauge", "When a checkpoint was cosigned last.")
	b.WriteString(cosigned.String())
	metric("forks", "gauge", "Pieces of evidence that a log has two histories.")
	b.WriteString(forks.String())
	return b.Bytes()
}

func sorted[K int | string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
