// SPDX-License-Identifier: Apache-2.0

package command

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/cli"
)

// sbomCredits are who answers for an SBOM, and what else of it only its maker
// can say. Nothing of it is made up: without these flags it is not there.
type sbomCredits struct {
	authors           []string
	supplier, licence string
	version           string
	bsi               bool
}

func (c *sbomCredits) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&c.authors, "author", nil, "who answers for the document: `PERSON`, as Name <mail@example.org>; repeatable")
	flags.StringVar(&c.supplier, "supplier", "", "who supplies what it is about: `NAME` or NAME=URL")
	flags.StringVar(&c.licence, "sbom-licence", "", "SPDX `ID` of the licence that the document itself is under")
	flags.StringVar(&c.version, "project-version", "", "`VERSION` of what it is about, and of the projects in the tree, where they state none")
	flags.BoolVar(&c.bsi, "bsi", false, "add what BSI TR-03183-2 asks for about each distributed file; the document grows by half")
}

// give puts them into an inventory.
func (c sbomCredits) give(inv *bom.Inventory) error {
	for _, text := range c.authors {
		a, err := author(text)
		if err != nil {
			return err
		}
		inv.Authors = append(inv.Authors, a)
	}
	var err error
	if inv.Supplier, err = supplier(c.supplier); err != nil {
		return err
	}
	if inv.Licence = bom.ParseLicence(c.licence).ID; c.licence != "" && inv.Licence == "" {
		return cli.Fail(cli.Usage, "such as CC0-1.0", "--sbom-licence %.60q is no SPDX identifier", c.licence)
	}
	if strings.ContainsFunc(c.version, unicode.IsControl) || !utf8.ValidString(c.version) || utf8.RuneCountInString(c.version) > bom.MaxVersion {
		return cli.Fail(cli.Usage, "", "--project-version has control characters, or over %d", bom.MaxVersion)
	}
	inv.Version = strings.TrimSpace(c.version)
	if c.bsi {
		bom.AddBSI(inv)
	}
	return nil
}

// supplier reads NAME or NAME=URL. An address with a password in it is none.
func supplier(text string) (bom.Author, error) {
	name, at, given := strings.Cut(text, "=")
	by := bom.Author{Name: strings.TrimSpace(name), URL: at}
	if !given && (text == "" || by.Name != "") {
		return by, nil
	}
	u, err := url.Parse(at)
	if by.Name == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return bom.Author{}, cli.Fail(cli.Usage, "write NAME or NAME=https://example.org", "read --supplier: it is no name, or no URL of a host follows the =")
	}
	return by, nil
}

// author reads "Name <mail>", a mail address, or a name alone. What a mail's
// header may hold besides, as comments and encoded words, is not read.
func author(text string) (bom.Author, error) {
	name, address := strings.TrimSpace(text), ""
	if strings.ContainsAny(text, "<@") {
		var angled bool
		if name, address, angled = strings.Cut(name, "<"); !angled {
			name, address = "", name
		} else if address, angled = strings.CutSuffix(address, ">"); !angled {
			address = ""
		}
		name = unquoted(strings.TrimSpace(name))
	}
	if name == "" && address == "" || strings.ContainsAny(text, "<@") && !bom.IsMailbox(address) || strings.ContainsFunc(text, unicode.IsControl) {
		return bom.Author{}, cli.Fail(cli.Usage, "write Name <mail@example.org>", "read --author %.100q: it is no name and mail address", text)
	}
	return bom.Author{Name: name, Email: address}, nil
}

// unquoted takes the quotes off a name that stands in quotes.
func unquoted(name string) string {
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(name[1 : len(name)-1])
	}
	return name
}

// ballast keeps the collector from running often while there is little to
// collect: it is never touched, so that it takes room in no memory.
func ballast() []byte { return make([]byte, 32<<20) }
