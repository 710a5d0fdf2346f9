// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxText is the longest text of a certificate, in bytes.
const maxText = 4096

// Object identifiers of what we read in a certificate.
var (
	oidSubjectAltName = encasn1.ObjectIdentifier{2, 5, 29, 17}
	oidFulcio         = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1}
	oidOtherName      = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 7}
)

// Fulcio's extensions whose value is a DER UTF8String are those from 8 on.
// What is below says the same in raw bytes, and is not read.
const (
	firstText = 8
	lastText  = 24 // the raw subject of the OIDC token, which no rule asks for
)

// field returns where Fulcio's extension of that number goes, or nil.
func (id *Identity) field(n int) *string {
	fields := [...]*string{
		&id.Issuer, &id.BuildSignerURI, &id.BuildSignerDigest, &id.RunnerEnvironment,
		&id.SourceURI, &id.SourceDigest, &id.SourceRef, &id.RepositoryID,
		&id.OwnerURI, &id.OwnerID, &id.BuildConfigURI, &id.BuildConfigDigest,
		&id.Trigger, &id.RunURI, &id.Visibility, &id.Environment,
	}
	if n < firstText || n >= firstText+len(fields) {
		return nil
	}
	return fields[n-firstText]
}

// readExtensions reads Fulcio's extensions and the subject alternative name.
// An extension that comes twice, or whose text is not in DER, is
// ErrCertificate.
func readExtensions(extensions []pkix.Extension) (Identity, error) {
	var id Identity
	var seen []string
	for _, e := range extensions {
		if slices.Contains(seen, e.Id.String()) {
			return Identity{}, fmt.Errorf("%w: extension %s comes twice", ErrCertificate, e.Id)
		}
		seen = append(seen, e.Id.String())
		if err := id.read(e); err != nil {
			return Identity{}, fmt.Errorf("%w: extension %s: %w", ErrCertificate, e.Id, err)
		}
	}
	if id.Subject == "" {
		return Identity{}, fmt.Errorf("%w: it has no subject alternative name", ErrCertificate)
	}
	return id, nil
}

// read reads one extension, if it is one that tells who signed.
func (id *Identity) read(e pkix.Extension) error {
	if e.Id.Equal(oidSubjectAltName) {
		subject, err := readSubject(e.Value)
		id.Subject = subject
		return err
	}
	if len(e.Id) != len(oidFulcio)+1 || !e.Id[:len(oidFulcio)].Equal(oidFulcio) {
		return nil
	}
	n := e.Id[len(oidFulcio)]
	if n < firstText || n > lastText {
		return nil
	}
	value := cryptobyte.String(e.Value)
	text, err := readText(&value, asn1.UTF8String)
	if err != nil {
		return err
	}
	if !value.Empty() {
		return errors.New("data after the text")
	}
	if field := id.field(n); field != nil {
		*field = text
	}
	return nil
}

// readText reads a text of that tag, which must be there and in UTF-8.
func readText(in *cryptobyte.String, tag asn1.Tag) (string, error) {
	var text cryptobyte.String
	if !in.ReadASN1(&text, tag) {
		return "", errors.New("not a text in DER")
	}
	if len(text) > maxText {
		return "", fmt.Errorf("text of %d bytes, over the limit of %d", len(text), maxText)
	}
	if len(text) == 0 || !utf8.Valid(text) {
		return "", errors.New("text is empty or not in UTF-8")
	}
	return string(text), nil
}

// readSubject reads a subject alternative name that is exactly one e-mail
// address, URI or other name of Fulcio's.
func readSubject(der []byte) (string, error) {
	in := cryptobyte.String(der)
	var names cryptobyte.String
	if !in.ReadASN1(&names, asn1.SEQUENCE) || !in.Empty() {
		return "", errors.New("not in DER")
	}
	var subject string
	var err error
	const email, uri = asn1.Tag(1), asn1.Tag(6)
	switch {
	case names.PeekASN1Tag(email.ContextSpecific()):
		subject, err = readText(&names, email.ContextSpecific())
	case names.PeekASN1Tag(uri.ContextSpecific()):
		subject, err = readText(&names, uri.ContextSpecific())
	default:
		subject, err = readOtherName(&names)
	}
	if err != nil {
		return "", err
	}
	if !names.Empty() {
		return "", errors.New("more than one name")
	}
	return subject, nil
}

// readOtherName reads the other name that Fulcio gives to user names.
func readOtherName(names *cryptobyte.String) (string, error) {
	var other, value cryptobyte.String
	var oid encasn1.ObjectIdentifier
	if !names.ReadASN1(&other, tag0) || !other.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidOtherName) ||
		!other.ReadASN1(&value, tag0) || !other.Empty() {
		return "", errors.New("neither an e-mail address, nor a URI, nor Fulcio's other name")
	}
	text, err := readText(&value, asn1.UTF8String)
	if err == nil && !value.Empty() {
		err = errors.New("data after the text")
	}
	return text, err
}
