// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

// The limits of a request.
const (
	MaxRequest = 256 << 10 // bytes: a checkpoint has room for forty post-quantum signatures
	maxHashes  = 63        // of a consistency proof, by the specification
)

// ErrRequest says that the body of a request is not in the format.
var ErrRequest = errors.New("not an add-checkpoint request")

// A Request asks for a cosignature: the body of C2SP tlog-witness's
// add-checkpoint.
type Request struct {
	Old        uint64      // the size that the witness cosigned last, as far as the sender knows
	Proof      proof.Proof // that Checkpoint follows from there
	Checkpoint []byte      // a signed note
}

// Bytes is the body.
func (r Request) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", r.Old)
	for _, h := range r.Proof {
		b.WriteString(h.String())
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.Write(r.Checkpoint)
	return b.Bytes()
}

// ParseRequest reads a body. It has one spelling, which Bytes writes; the
// checkpoint in it is not looked at. It fails with ErrRequest.
func ParseRequest(body []byte) (Request, error) {
	if len(body) > MaxRequest {
		return Request{}, fmt.Errorf("%w: %d bytes, over the limit of %d", ErrRequest, len(body), MaxRequest)
	}
	line, rest, _ := strings.Cut(string(body), "\n")
	decimal, ok := strings.CutPrefix(line, "old ")
	if !ok {
		return Request{}, fmt.Errorf("%w: its first line is not the old size", ErrRequest)
	}
	old, err := strconv.ParseUint(decimal, 10, 64)
	if err != nil || strconv.FormatUint(old, 10) != decimal {
		return Request{}, fmt.Errorf("%w: old size %.40q", ErrRequest, decimal)
	}
	r := Request{Old: old}
	for {
		line, rest, ok = strings.Cut(rest, "\n")
		if !ok {
			return Request{}, fmt.Errorf("%w: no checkpoint", ErrRequest)
		}
		if line == "" {
			break
		}
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize || strings.Contains(line, "\r") {
			return Request{}, fmt.Errorf("%w: line %d is no hash", ErrRequest, len(r.Proof)+2)
		}
		if len(r.Proof) == maxHashes {
			return Request{}, fmt.Errorf("%w: over the limit of %d hashes", ErrRequest, maxHashes)
		}
		r.Proof = append(r.Proof, tlog.Hash(hash))
	}
	r.Checkpoint = []byte(rest)
	return r, nil
}
