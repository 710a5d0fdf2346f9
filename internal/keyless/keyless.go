// SPDX-License-Identifier: Apache-2.0

// Package keyless says who signed an event with a short-lived certificate,
// and when a signature existed: the identity that Fulcio certified, by a
// trusted root the verifier chose, at a time that a timestamp authority or a
// Rekor v1 log proves. It is pure and offline.
//
// It reads what others wrote, so it names what it passes over, and reads
// everything else strictly:
//
//   - members of a trusted root that it does not know (its specification
//     grows by members, and what is unknown makes nobody trusted);
//   - in an RFC 3161 token, the certificates, except for the signer's where the
//     root does not name that: the chain comes from the trusted root;
//   - in a checkpoint, signature lines by keys that the root does not have
//     (cosignatures of witnesses), as the signed-note specification asks;
//   - in a DSSE envelope, the keyid, which that specification calls a hint;
//   - in a Rekor v1 entry, the hash of the envelope's own JSON (payload and
//     signature are compared), and without a signed entry timestamp its
//     logIndex and integratedTime, which are then nobody's word.
package keyless

import (
	"errors"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// What can be wrong, told apart by errors.Is. What ErrExpired and ErrTimestamp
// say rests on tokens that a log does not commit to: of a signature that would
// stop something, they prove nothing, because somebody may have put a later
// token in the place of the one that was there.
var (
	ErrRoot        = errors.New("no usable trusted root")                     // could not find out
	ErrUntrusted   = errors.New("certificate of nobody the trusted root has") // no
	ErrExpired     = errors.New("outside the validity of the certificate")    // no, by the tokens at hand
	ErrUndated     = errors.New("no proof of when it was signed")             // could not find out
	ErrTimestamp   = errors.New("timestamp does not hold")                    // tampered
	ErrCertificate = errors.New("malformed certificate")                      // tampered
	ErrEntry       = errors.New("entry of a transparency log does not hold")  // tampered
)

// A Root is a Sigstore trusted root: the certificate authorities, timestamp
// authorities and logs a verifier believes. A nil Root believes nobody, and
// neither does the zero Root.
type Root struct {
	Digest string // "sha256:" and the hex SHA-256 of the file's bytes

	authorities []authority // issue certificates for code signing
	stampers    []authority // sign RFC 3161 tokens
	logs        []logKey    // Rekor
	certLogs    []logKey    // certificate transparency
}

// Limits of what is believed beside one signature. Each is named in the error
// that it causes.
const (
	maxTokens  = 32        // RFC 3161 tokens
	maxEntries = 32        // entries of logs
	maxToken   = 64 << 10  // bytes
	maxEntry   = 512 << 10 // bytes of an entry's JSON
)

// Time returns a time before which s was certainly signed: the earliest that
// a token in s or a signed entry timestamp of a Rekor v1 entry in s proves.
// Every token and every entry must hold, because what a ledger keeps beside a
// signature, it wrote itself.
//
// It fails with ErrUndated where nothing proves a time, or something is of an
// authority or a log that the root does not name; with ErrTimestamp where one
// is of another signature or does not verify; and with ErrRoot for a nil Root.
func (r *Root) Time(s event.Signed) (time.Time, error) {
	if r == nil {
		return time.Time{}, ErrRoot
	}
	entries, err := parseEntries(s.Entries)
	if err != nil {
		return time.Time{}, err
	}
	at, _, err := r.prove(s, entries)
	return at, err
}

// An Identity is what a Fulcio certificate says, by
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
type Identity struct {
	Issuer            string // 1.3.6.1.4.1.57264.1.8
	Subject           string // the one subject alternative name: URI, e-mail or other name
	BuildSignerURI    string // .9
	BuildSignerDigest string // .10
	RunnerEnvironment string // .11
	SourceURI         string // .12
	SourceDigest      string // .13
	SourceRef         string // .14
	RepositoryID      string // .15
	OwnerURI          string // .16
	OwnerID           string // .17
	BuildConfigURI    string // .18
	BuildConfigDigest string // .19
	Trigger           string // .20
	RunURI            string // .21
	Visibility        string // .22
	Environment       string // .23, the deployment environment, where the certificate has it

	NotBefore, NotAfter time.Time
	Time                time.Time // before which it was certainly signed
}
