// SPDX-License-Identifier: Apache-2.0

package command

import (
	"net/mail"
	"testing"
)

func TestAuthorIsReadAsAMailHeaderReadsIt(t *testing.T) {
	for _, text := range []string{
		"Ana Ode <ana@example.org>", "ana@example.org", "<ana@example.org>", " Ana  <ana@example.org> ", `"Ode, Ana" <ana.ode@example.org>`,
		`"Ana \"A\" \\ Ode" <ana@example.org>`, "Änne Öde <änne@example.org>", "Ana <a+b=c@sub.example.org>",
	} {
		want, err := mail.ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := author(text)
		if err != nil || got.Name != want.Name || got.Email != want.Address {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestAuthorWithoutAMail(t *testing.T) {
	got, err := author(" Release team ")
	if err != nil || got.Name != "Release team" || got.Email != "" {
		t.Error(got, err)
	}
}

func TestAuthorThatIsNone(t *testing.T) {
	for _, text := range []string{
		"", " ", "ana@", "@example.org", "Ana <ana@>", "Ana <>", "Ana <", "Ana <ana@example.org", "Ana <ana@example.org> x", "ana@@example.org",
		"ana@b@c", "Ana <ana example.org>", "Ana ana@example.org", "a..b@example.org", ".a@example.org", "a@example.org.", "a@b, c@d",
		"<a@b>, <c@d>", "Ana\n<ana@example.org>", "Ana\x1b <ana@example.org>", "<<a@b>>", "a@\xff", "Ana <ana@exa\tmple.org>",
	} {
		if got, err := author(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
