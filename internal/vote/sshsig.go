// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// The parts of an SSHSIG that OpenSSH PROTOCOL.sshsig fixes.
const (
	magic    = "SSHSIG"
	version  = 1
	begin    = "-----BEGIN SSH SIGNATURE-----"
	end      = "-----END SSH SIGNATURE-----"
	lineSize = 70 // base64 characters a line, as ssh-keygen writes them
)

// The hashes a message may be signed by.
const (
	SHA256 = "sha256"
	SHA512 = "sha512" // ssh-keygen's default, and ours
)

// MaxSSHSIG is the largest armored signature read, in bytes. The largest RSA
// key there is makes one of under 6 KiB.
const MaxSSHSIG = 16 << 10

// A Signature is one SSHSIG, parsed. It says nothing until Verify returns nil.
type Signature struct {
	Key           ssh.PublicKey
	Namespace     string
	HashAlgorithm string // sha256 or sha512
	Blob          *ssh.Signature
}

// wire is the binary form after the magic.
type wire struct {
	Version       uint32
	Key           []byte
	Namespace     string
	Reserved      string
	HashAlgorithm string
	Signature     []byte
}

// ParseSSHSIG reads an armored SSH signature, as ssh-keygen -Y sign writes it,
// with LF or CRLF line ends. It fails on anything that PROTOCOL.sshsig does
// not ask for: another version, a reserved field that is not empty, a key or
// signature not in its one encoding, bytes left over, or text around the
// armor. It also fails on key types that may not vote at all, certificates
// among them, before their contents are read.
func ParseSSHSIG(armored []byte) (*Signature, error) {
	blob, err := dearmor(armored)
	if err != nil {
		return nil, fmt.Errorf("SSH signature: %w", err)
	}
	s, err := parseBlob(blob)
	if err != nil {
		return nil, fmt.Errorf("SSH signature: %w", err)
	}
	return s, nil
}

// ArmorSSHSIG returns s as ssh-keygen writes it. It is the inverse of
// ParseSSHSIG: each signature has one armored form.
func ArmorSSHSIG(s *Signature) []byte {
	text := base64.StdEncoding.EncodeToString(s.marshal())
	var b bytes.Buffer
	b.Grow(len(text) + len(text)/lineSize + len(begin) + len(end) + 3)
	b.WriteString(begin + "\n")
	for len(text) > 0 {
		n := min(lineSize, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	b.WriteString(end + "\n")
	return b.Bytes()
}

// SignedData returns the bytes that an SSH key signs to sign message under
// namespace, hashed by SHA256 or SHA512.
func SignedData(namespace, hash string, message []byte) ([]byte, error) {
	var sum []byte
	switch hash {
	case SHA256:
		h := sha256.Sum256(message)
		sum = h[:]
	case SHA512:
		h := sha512.Sum512(message)
		sum = h[:]
	default:
		return nil, fmt.Errorf("hash algorithm %.40q is neither %s nor %s", hash, SHA256, SHA512)
	}
	return append([]byte(magic), ssh.Marshal(struct {
		Namespace, Reserved, HashAlgorithm string
		Hash                               []byte
	}{namespace, "", hash, sum})...), nil
}

func (s *Signature) marshal() []byte {
	return append([]byte(magic), ssh.Marshal(wire{
		Version:       version,
		Key:           s.Key.Marshal(),
		Namespace:     s.Namespace,
		HashAlgorithm: s.HashAlgorithm,
		Signature:     ssh.Marshal(s.Blob),
	})...)
}

// dearmor returns the bytes between the armor's lines.
func dearmor(armored []byte) ([]byte, error) {
	if len(armored) > MaxSSHSIG {
		return nil, fmt.Errorf("%d bytes, over the limit of %d", len(armored), MaxSSHSIG)
	}
	text := bytes.ReplaceAll(armored, []byte("\r\n"), []byte("\n"))
	text, ok := bytes.CutPrefix(text, []byte(begin+"\n"))
	if !ok {
		return nil, errors.New("it does not start with " + begin)
	}
	text, ok = bytes.CutSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"+end))
	if !ok {
		return nil, errors.New("it does not end with " + end)
	}
	if bytes.ContainsRune(text, '\r') {
		return nil, errors.New("a carriage return inside a line")
	}
	// The decoder passes over line feeds by itself.
	blob, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return nil, fmt.Errorf("base64: %w", err)
	}
	return blob, nil
}

func parseBlob(blob []byte) (*Signature, error) {
	rest, ok := bytes.CutPrefix(blob, []byte(magic))
	if !ok {
		return nil, errors.New("it has no " + magic + " magic")
	}
	var w wire
	if err := ssh.Unmarshal(rest, &w); err != nil { // fails on bytes left over
		return nil, err
	}
	switch {
	case w.Version != version:
		return nil, fmt.Errorf("version %d, not %d", w.Version, version)
	case w.Namespace == "":
		return nil, errors.New("its namespace is empty")
	case w.Reserved != "":
		return nil, errors.New("its reserved field is not empty")
	case w.HashAlgorithm != SHA256 && w.HashAlgorithm != SHA512:
		return nil, fmt.Errorf("hash algorithm %.40q is neither %s nor %s", w.HashAlgorithm, SHA256, SHA512)
	}
	key, err := parseKey(w.Key)
	if err != nil {
		return nil, err
	}
	sig, err := parseSignature(w.Signature)
	if err != nil {
		return nil, err
	}
	return &Signature{Key: key, Namespace: w.Namespace, HashAlgorithm: w.HashAlgorithm, Blob: sig}, nil
}

// parseKey looks at the type's name first, so that the code that reads
// certificates is never reached from here.
func parseKey(data []byte) (ssh.PublicKey, error) {
	var head struct {
		Type string
		Rest []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	if formatsOf(head.Type) == nil {
		return nil, fmt.Errorf("public key: %w", refuseType(head.Type))
	}
	key, err := ssh.ParsePublicKey(data)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	if !bytes.Equal(key.Marshal(), data) {
		return nil, errors.New("public key: not in its one encoding")
	}
	return key, nil
}

func parseSignature(data []byte) (*ssh.Signature, error) {
	var sig ssh.Signature
	if err := ssh.Unmarshal(data, &sig); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if len(sig.Rest) > 0 && !isSecurityKey(sig.Format) {
		return nil, errors.New("signature: bytes left over")
	}
	if !bytes.Equal(ssh.Marshal(&sig), data) {
		return nil, errors.New("signature: not in its one encoding")
	}
	return &sig, nil
}
