// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
)

func readGitLabPosture(context.Context, PostureQuery) ([]event.PosturePredicate, error) {
	return nil, fmt.Errorf("%w: postures of GitLab are not read", ErrSetup)
}
