// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"fmt"
	"net/http"

	"github.com/gateledger/gateledger/internal/canon"
)

// NewCheckHook returns a hook for an external status check of the project that o
// has as its repository's number. Without a secret it answers for its health
// only: GitLab signs what it delivers with the secret of the check, if it has
// one, and by nothing else.
func NewCheckHook(o Options, check int64, secret []byte) *Hook {
	return newHook(o, secret, CheckHookPath, func(h http.Header, body []byte) delivered {
		if err := Signed(secret, body, "sha256="+h.Get("X-Gitlab-Signature")); err != nil {
			return delivered{status: http.StatusUnauthorized, why: err.Error()}
		}
		hint, err := ReadCheckPayload(body, o.RepositoryID, check)
		return found(hint, "", err)
	})
}

// checkPayload is what we read of what GitLab sends to the service of an
// external status check
// (https://docs.gitlab.com/api/status_checks/#example-payload-sent-to-external-service).
type checkPayload struct {
	Kind    string `json:"object_kind"`
	Project struct {
		ID int64 `json:"id"`
	} `json:"project"`
	Request struct {
		IID    int64 `json:"iid"`
		Target int64 `json:"target_project_id"`
		Last   struct {
			ID string `json:"id"`
		} `json:"last_commit"`
	} `json:"object_attributes"`
	Check struct {
		ID int64 `json:"id"`
	} `json:"external_approval_rule"`
}

// ReadCheckPayload reads the body of a delivery about an external status check
// of a project, both by number.
func ReadCheckPayload(body []byte, project, check int64) (Hint, error) {
	var p checkPayload
	if err := canon.DecodeOpen(body, &p); err != nil {
		return Hint{}, fmt.Errorf("%w: not the JSON that is expected", ErrPayload)
	}
	switch {
	case p.Kind != "merge_request":
		return Hint{}, fmt.Errorf("%w: it is about %.40q", ErrPayload, p.Kind)
	case project <= 0 || p.Project.ID != project || p.Request.Target != project:
		return Hint{}, ErrElsewhere
	case check <= 0 || p.Check.ID != check:
		return Hint{}, fmt.Errorf("%w, or for another check", ErrElsewhere)
	case p.Request.IID <= 0:
		return Hint{}, fmt.Errorf("%w: it names no merge request", ErrPayload)
	case p.Request.Last.ID != "" && !shaPattern.MatchString(p.Request.Last.ID):
		return Hint{}, fmt.Errorf("%w: its commit is none", ErrPayload)
	}
	return Hint{Change: p.Request.IID, Commit: p.Request.Last.ID}, nil
}
