// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
)

// Newest asks a witness for the checkpoint of a log that it cosigned last: a
// signed note, of which nothing is checked yet. It is nil where the witness
// never cosigned one. It fails with ErrSetup and ErrUnavailable of package
// anchor.
func Newest(ctx context.Context, spec anchored.Spec, w anchor.World, origin string) ([]byte, error) {
	u, err := anchor.Address(spec.URL, true)
	if err != nil {
		return nil, err
	}
	fail := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("ask witness %s for its newest checkpoint: %w: %w", spec.Name, anchor.ErrUnavailable, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath(OriginHash(origin), "checkpoint").String(), nil)
	if err != nil {
		return fail(errors.New("its address is none"))
	}
	resp, err := w.Ask(ctx, "witness "+spec.Name, MaxRequest).RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fail(err)
	case resp.StatusCode == http.StatusNotFound:
		return nil, nil
	case resp.StatusCode != http.StatusOK || len(body) == 0:
		return fail(errors.New(anchor.Said(resp.StatusCode, body)))
	}
	return body, nil
}
