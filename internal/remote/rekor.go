// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	tiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	rekorv1 "github.com/sigstore/rekor/pkg/generated/client"
	"github.com/sigstore/rekor/pkg/generated/client/entries"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/cli"
)

// rekor is the stock client of a log, held to our rules: its own would follow
// redirects, and for version 1 read answers of any size.
func (n *signer) rekor(ctx context.Context, service root.Service) (*sign.Rekor, error) {
	u, err := address("the transparency log", service.URL, false)
	if err != nil {
		return nil, err
	}
	ask := logAsker(ctx, n.wire, n.timeout)
	options := &sign.RekorOptions{BaseURL: service.URL, Version: service.MajorAPIVersion, Timeout: -1}
	switch service.MajorAPIVersion {
	case 1:
		ask.passes = []int{http.StatusConflict} // it is logged already: the client fetches it
		path := u.Path
		if path == "" {
			path = rekorv1.DefaultBasePath
		}
		transport := httptransport.NewWithClient(u.Host, path, []string{u.Scheme}, &http.Client{Transport: ask})
		options.Client = rekorV1{rekorv1.New(transport, strfmt.Default).Entries}
	case 2:
		options.ClientV2 = &rekorV2{ask: ask, url: u}
	default:
		return nil, cli.Fail(cli.Usage, "", "the transparency log at %s is version %d; have 1, 2", u.Host, service.MajorAPIVersion)
	}
	return sign.NewRekor(options), nil
}

func whyNotLogged(log string, err error) error {
	if no := (*refused)(nil); errors.As(err, &no) {
		return &cli.Exit{Code: cli.No, Err: no}
	}
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		return exit
	}
	return cli.Fail(cli.Unknown, "", "ask the transparency log at %.200s: %w", log, err)
}

// rekorV1 is the stock client of
// https://github.com/sigstore/rekor/blob/main/openapi.yaml, without answers
// that its caller would fall over.
type rekorV1 struct{ entries.ClientService }

// CreateLogEntry logs one entry.
func (r rekorV1) CreateLogEntry(q *entries.CreateLogEntryParams, opts ...entries.ClientOption) (*entries.CreateLogEntryCreated, error) {
	created, err := r.ClientService.CreateLogEntry(q, opts...)
	if err != nil {
		return nil, err
	}
	return created, whole(created.Payload, created.ETag)
}

// GetLogEntryByUUID gets an entry that was there already.
func (r rekorV1) GetLogEntryByUUID(q *entries.GetLogEntryByUUIDParams, opts ...entries.ClientOption) (*entries.GetLogEntryByUUIDOK, error) {
	got, err := r.ClientService.GetLogEntryByUUID(q, opts...)
	if err != nil {
		return nil, err
	}
	for name := range got.Payload {
		err = errors.Join(err, whole(got.Payload, name))
	}
	if len(got.Payload) != 1 {
		err = fmt.Errorf("its answer holds %d entries, want 1", len(got.Payload))
	}
	return got, err
}

// whole says what a log entry lacks.
func whole(answer models.LogEntry, name string) error {
	e, ok := answer[name]
	body, text := e.Body.(string)
	switch {
	case !ok:
		return errors.New("its answer does not hold the entry")
	case !text, body == "", e.IntegratedTime == nil, e.LogID == nil, e.LogIndex == nil, e.Verification == nil, e.Verification.InclusionProof == nil:
		return errors.New("its answer is no whole log entry")
	}
	return e.Verification.InclusionProof.Validate(strfmt.Default)
}

// rekorV2 writes to a log that speaks
// https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor_service.proto.
type rekorV2 struct {
	ask *asker
	url *url.URL
}

// Add logs one entry and returns where it stands, with its proof.
func (r *rekorV2) Add(ctx context.Context, entry any) (*protorekor.TransparencyLogEntry, error) {
	hashed, ok := entry.(*tiles.HashedRekordRequestV002)
	if !ok {
		return nil, fmt.Errorf("write log entry: unknown kind %T", entry)
	}
	body, err := protojson.Marshal(&tiles.CreateEntryRequest{Spec: &tiles.CreateEntryRequest_HashedRekordRequestV002{HashedRekordRequestV002: hashed}})
	if err != nil {
		return nil, fmt.Errorf("write log entry: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url.JoinPath("api/v2/log/entries").String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the transparency log: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.ask.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := readBounded(resp.Body, r.ask.limit)
	if err != nil {
		return nil, r.ask.silent(req, err)
	}
	logged := new(protorekor.TransparencyLogEntry)
	if err := protojson.Unmarshal(data, logged); err != nil {
		return nil, cli.Fail(cli.Unknown, "", "ask %s at %s: its answer is no log entry: %w", r.ask.who, r.url.Host, err)
	}
	return logged, nil
}
