// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"cmp"
	"context"
	"crypto/sha1" // what Git names objects by
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/forge/ask"
)

// entryWire is an entry of a tree
// (https://docs.gitlab.com/api/repositories/#list-all-repository-trees-in-a-project).
type entryWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Mode string `json:"mode"`
}

func (e entryWire) Version() string { return e.Mode + " " + e.ID + " " + e.Name }

// Tree returns the tree of a commit, in hex. GitLab does not tell it, but what
// stands in it, and that is what Git makes the id of
// (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). A name that is
// not UTF-8 makes it a tree that there is not.
func (c *Client) Tree(ctx context.Context, project int64, commit string) (string, error) {
	if !objectPattern.MatchString(commit) {
		return "", fmt.Errorf("read the tree of commit %.80q: %w: that is no object id", commit, ask.ErrRefused)
	}
	path := fmt.Sprintf("projects/%d/repository/tree", project)
	entries, err := all[entryWire](ctx, c, path, url.Values{"ref": {commit}}.Encode())
	if err != nil {
		return "", fmt.Errorf("read the tree of commit %.12s: %w", commit, err)
	}
	tree, err := treeID(entries, len(commit))
	if err != nil {
		return "", fmt.Errorf("read the tree of commit %.12s: %w", commit, err)
	}
	return tree, nil
}

// treeID is the id of a tree of these entries, of as many digits as the ids of
// the repository have.
func treeID(entries []entryWire, digits int) (string, error) {
	name := func(e entryWire) string { // as Git sorts it
		if e.Mode == "040000" {
			return e.Name + "/"
		}
		return e.Name
	}
	arrange.By(entries, func(a, b entryWire) int { return cmp.Compare(name(a), name(b)) })
	var body []byte
	for i, e := range entries {
		id, err := hex.DecodeString(e.ID)
		if err != nil || len(e.ID) != digits || e.Name == "" || strings.ContainsAny(e.Name, "/\x00") || len(e.Mode) != 6 || i > 0 && entries[i-1].Name == e.Name {
			return "", fmt.Errorf("%w: what should be an entry of it is none: %.80q", ask.ErrUnavailable, e.Name)
		}
		body = append(body, strings.TrimLeft(e.Mode, "0")+" "+e.Name+"\x00"...)
		body = append(body, id...)
	}
	h := sha1.New()
	if digits == 2*sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "tree %d\x00", len(body))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil)), nil
}
