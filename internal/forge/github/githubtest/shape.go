// SPDX-License-Identifier: Apache-2.0

package githubtest

import "github.com/gateledger/gateledger/internal/forge/forgetest"

// like returns the example that GitHub publishes of what an operation answers,
// of a list its first entry, with our fields in the place of its own.
func like(operation string, ours map[string]any) map[string]any {
	return forgetest.Like(operation, ours)
}

// withoutOld takes away what the example of a pull request has of its
// repository, and its description has no more.
func withoutOld(pull map[string]any) map[string]any {
	for _, end := range []string{"head", "base"} {
		for _, old := range []string{"subscribers_count", "network_count", "template_repository"} {
			delete(pull[end].(map[string]any)["repo"].(map[string]any), old)
		}
	}
	return pull
}

// ghostID is the number here of the account "ghost", which GitHub shows in the
// place of a deleted one. We show it where the description lets nothing be null.
const ghostID = 10137

// someoneJSON is an account, the ghost's if it is gone.
func (s *Server) someoneJSON(id int64) any {
	if u := s.userJSON(id); u != nil {
		return u
	}
	return accountJSON(&user{ghostID, "ghost", "User"})
}

// collaboratorJSON is an account with its role, null if it is gone.
func (s *Server) collaboratorJSON(id int64, role string) any {
	u, ok := s.userJSON(id).(map[string]any)
	if !ok {
		return nil
	}
	u["role_name"] = role
	return u
}

func teamJSON(slug string) map[string]any {
	return like("teams/get-by-name", map[string]any{
		"id": 5, "node_id": "T_5", "name": slug, "slug": slug, "type": "organization",
		"organization": map[string]any{"archived_at": nil, "type": "Organization"},
	})
}
