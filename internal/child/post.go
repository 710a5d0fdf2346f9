// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/product"
)

// PostSchema names the answer to 'post', so that one of another version is not
// taken for ours.
const PostSchema = product.PredicateBase + "remote-post/v1"

// A PostQuestion is what 'post' reads: where a request is shown, and the signed
// vote to leave there. A person's token comes with it, and from nowhere else.
type PostQuestion struct {
	Forge        string `json:"forge"` // github or gitlab
	API          string `json:"api"`   // its address
	Repository   string `json:"repository"`
	RepositoryID string `json:"repository_id"`
	Token        string `json:"token"`
	Commit       string `json:"commit"`
	Environment  string `json:"environment"`
	Request      string `json:"request"`
	Text         string `json:"text"` // the comment; empty: only the place is looked up
}

// A PostAnswer is what 'post' writes once the forge has taken the comment. The
// forge's words in it are not cleaned.
type PostAnswer struct {
	Schema  string `json:"schema"`
	Place   string `json:"place"`           // for people
	Address string `json:"address"`         // where a browser finds it; may be empty
	Before  bool   `json:"before,omitzero"` // the same vote was there already, and none was left
}

// Post leaves a signed vote where its request is shown, or only says where that
// is. The child gets no variable of the environment that holds a secret. Without
// an error the vote is there; after ErrUnavailable it may be.
func (r Remote) Post(ctx context.Context, q PostQuestion) (PostAnswer, error) {
	fail := func(err error) (PostAnswer, error) {
		return PostAnswer{}, fmt.Errorf("leave the vote at %s: %w", q.Forge, err)
	}
	if r.Timeout == 0 {
		r.Timeout = announceTimeout
	}
	var answer PostAnswer
	if err := r.call(ctx, []string{"post"}, nil, q, &answer); err != nil {
		return fail(err)
	}
	switch {
	case answer.Schema != PostSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, answer.Schema, PostSchema))
	case answer.Place == "":
		return fail(fmt.Errorf("%w: it does not say where", errOdd))
	}
	return answer, nil
}
