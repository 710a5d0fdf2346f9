// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpoint bounds a signed checkpoint: three lines and a hundred
// signature lines with room for post-quantum ones.
const maxCheckpoint = 512 << 10

// EmptyRoot returns the root of the tree without leaves: the SHA-256 of
// nothing, by RFC 6962.
func EmptyRoot() tlog.Hash { return sha256.Sum256(nil) }

// ParseCheckpoint checks the signature on raw and then reads it. One
// signature by a key of keys is needed, signatures by unknown keys are passed
// over, as the signed-note specification asks. Extension lines are refused:
// nothing of ours reads them.
//
// It fails with ErrOrigin for another log's checkpoint, ErrUnsigned if no
// trusted key signed, ErrSignature if one did but not these bytes, and
// ErrMalformed.
func ParseCheckpoint(raw []byte, keys Keys) (Checkpoint, error) {
	if len(raw) > maxCheckpoint {
		return Checkpoint{}, fmt.Errorf("checkpoint of %d bytes, at most %d: %w", len(raw), maxCheckpoint, ErrMalformed)
	}
	n, err := note.Open(raw, note.VerifierList(keys.Verifiers...))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint of %q: %w", keys.Origin, openError(err, keys))
	}
	if err := checkSpelling(n); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint of %q: %w", keys.Origin, err)
	}
	c, err := parseText(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != keys.Origin {
		return Checkpoint{}, fmt.Errorf("checkpoint of %q, want %q: %w", c.Origin, keys.Origin, ErrOrigin)
	}
	c.Raw = bytes.Clone(raw)
	return c, nil
}

// openError says which of our errors a failure of note.Open is.
func openError(err error, keys Keys) error {
	var invalid *note.InvalidSignatureError
	if errors.As(err, &invalid) {
		return fmt.Errorf("key %s+%08x: %w", invalid.Name, invalid.Hash, ErrSignature)
	}
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	n := unverified.Note
	if mislabelled(n, keys) {
		return fmt.Errorf("a trusted key's signature under another key's name: %w", ErrSignature)
	}
	if origin, _, _ := strings.Cut(n.Text, "\n"); origin != keys.Origin {
		return fmt.Errorf("it is of %q: %w", origin, ErrOrigin)
	}
	return ErrUnsigned
}

// mislabelled reports whether a trusted key did sign n but the name or hash
// on the signature line was changed: that is damage, not another key.
func mislabelled(n *note.Note, keys Keys) bool {
	for _, s := range n.UnverifiedSigs {
		sig, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil || len(sig) < 4 {
			continue
		}
		for _, v := range keys.Verifiers {
			if v.Verify([]byte(n.Text), sig[4:]) {
				return true
			}
		}
	}
	return false
}

// checkSpelling refuses base64 with stray bits at its end, which package note
// lets pass: a checkpoint has one spelling, so a flipped bit always shows.
func checkSpelling(n *note.Note) error {
	for _, s := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return fmt.Errorf("signature of %s+%08x: %w", s.Name, s.Hash, ErrMalformed)
		}
	}
	return nil
}

// parseText reads the three lines of a checkpoint.
func parseText(text string) (Checkpoint, error) {
	if strings.Count(text, "\n") > 3 {
		return Checkpoint{}, fmt.Errorf("checkpoint is not of three lines: %w", ErrMalformed)
	}
	c, err := ParseText(text)
	if err == nil && c.Size == 0 && c.Root != EmptyRoot() {
		return Checkpoint{}, fmt.Errorf("checkpoint root of the empty tree is %s: %w", c.Root, ErrMalformed)
	}
	return c, err
}

// ParseText reads the text of anybody's checkpoint, before its signatures:
// three lines, and extension lines, which it passes over. It believes what it
// reads, also of an empty tree. It fails with ErrMalformed.
func ParseText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || slices.Contains(lines[:len(lines)-1], "") {
		return Checkpoint{}, fmt.Errorf("checkpoint is not of three lines: %w", ErrMalformed)
	}
	size, err := parseDecimal(lines[1])
	if err != nil || size > MaxSize {
		return Checkpoint{}, fmt.Errorf("checkpoint size %q: %w", lines[1], ErrMalformed)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint root: %w", err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// SignCheckpoint makes the checkpoint of a tree. The signer's name must be
// origin, and origin must be one a note key can have: without spaces or plus.
func SignCheckpoint(origin string, size uint64, root tlog.Hash, s note.Signer) (Checkpoint, error) {
	if s.Name() != origin {
		return Checkpoint{}, fmt.Errorf("sign checkpoint of %q with key of %q: %w", origin, s.Name(), ErrOrigin)
	}
	if size > MaxSize {
		return Checkpoint{}, fmt.Errorf("sign checkpoint of %d leaves, at most %d: %w", size, uint64(MaxSize), ErrMalformed)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
	raw, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign checkpoint of %q: %w", origin, err)
	}
	return Checkpoint{Origin: origin, Size: size, Root: root, Raw: raw}, nil
}

// parseDecimal reads an ASCII decimal without sign or leading zeroes.
func parseDecimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("number %q: %w", s, ErrMalformed)
	}
	return n, nil
}

// parseHash reads 32 bytes in strict base64, so that a hash has one spelling.
func parseHash(s string) (tlog.Hash, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("hash %q: %w", s, ErrMalformed)
	}
	return tlog.Hash(b), nil
}
