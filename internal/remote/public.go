// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/spf13/cobra"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/product"
)

// The files of Sigstore's TUF repository that we read.
const (
	rootTarget   = "trusted_root.json"
	configTarget = "signing_config.v0.2.json"
)

// A mirror is a TUF repository, by default that of the public-good Sigstore.
type mirror struct {
	url  string // empty: the public-good instance
	root string // file: the first root of trust; empty: the public-good instance's, built in
}

type fetchFlags struct {
	output, config string
	mirror         mirror
	timeout        time.Duration
}

// trustedRoot is the verb about the file that says which services are believed.
func trustedRoot(env *cli.Env, w wire) *cobra.Command {
	cmd := &cobra.Command{Use: "trusted-root", Short: "Get the file that says which services are believed"}
	cmd.AddCommand(fetch(env, w))
	return cmd
}

func fetch(env *cli.Env, w wire) *cobra.Command {
	var f fetchFlags
	cmd := &cobra.Command{
		Use:   "fetch -o FILE",
		Short: "Fetch the trusted root of the public-good Sigstore, by TUF",
		Long: `Fetch gets the newest trusted root by The Update Framework, from the root of
trust that is built in, writes it to FILE and prints its digest: what a policy
pins as sigstore.trusted-root. A private Sigstore has its own repository: name it
with --mirror, and its first root of trust, which you got some other way, with
--mirror-root.`,
		Example: `  gateledger-remote trusted-root fetch -o trusted_root.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runFetch(cmd.Context(), &signer{env: env, wire: w, timeout: f.timeout}, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "write to `FILE`")
	flags.StringVar(&f.config, "signing-config", "", "write the signing configuration to `FILE` too")
	flags.StringVar(&f.mirror.url, "mirror", "", "`URL` of another TUF repository")
	flags.StringVar(&f.mirror.root, "mirror-root", "", "`FILE` with the root.json that the other repository is checked against")
	timeoutFlag(cmd, &f.timeout)
	if err := cmd.MarkFlagRequired("output"); err != nil {
		panic(err)
	}
	return cmd
}

func runFetch(ctx context.Context, n *signer, f fetchFlags) error {
	if err := checkTimeout(f.timeout); err != nil {
		return err
	}
	client, err := n.repository(ctx, f.mirror)
	if err != nil {
		return err
	}
	data, err := target(client, rootTarget)
	if err != nil {
		return err
	}
	if _, err := root.NewTrustedRootFromJSON(data); err != nil {
		return cli.Fail(cli.Integrity, "", "read %s of the repository: %w", rootTarget, err)
	}
	if err := write(f.output, data); err != nil {
		return err
	}
	if f.config != "" {
		config, err := target(client, configTarget)
		if err != nil {
			return err
		}
		if err := write(f.config, config); err != nil {
			return err
		}
	}
	fmt.Fprintf(n.env.Stdout, "sha256:%x\n", sha256.Sum256(data))
	return nil
}

func write(name string, data []byte) error {
	folder, err := durable.Dir(filepath.Dir(name))
	if err == nil {
		err = durable.WriteFile(folder, filepath.Base(name), data)
	}
	if err != nil {
		return cli.Fail(cli.Usage, "", "write %s: %w", name, err)
	}
	return nil
}

// publicGood is the trusted root and signing configuration of the public-good
// Sigstore.
func (n *signer) publicGood(ctx context.Context) (*root.TrustedRoot, *root.SigningConfig, error) {
	client, err := n.repository(ctx, mirror{})
	if err != nil {
		return nil, nil, err
	}
	rootJSON, err := target(client, rootTarget)
	if err != nil {
		return nil, nil, err
	}
	configJSON, err := target(client, configTarget)
	if err != nil {
		return nil, nil, err
	}
	trusted, err := root.NewTrustedRootFromJSON(rootJSON)
	if err != nil {
		return nil, nil, cli.Fail(cli.Integrity, "", "read %s of the repository: %w", rootTarget, err)
	}
	config, err := root.NewSigningConfigFromJSON(configJSON)
	if err != nil {
		return nil, nil, cli.Fail(cli.Integrity, "", "read %s of the repository: %w", configTarget, err)
	}
	return trusted, config, nil
}

// repository opens a TUF repository and brings it up to date. What it held is
// kept in the user's cache, so that an older state later is noticed.
func (n *signer) repository(ctx context.Context, m mirror) (*tuf.Client, error) {
	options := &tuf.Options{Root: tuf.DefaultRoot(), RepositoryBaseURL: tuf.DefaultMirror, Context: ctx}
	if (m.url == "") != (m.root == "") {
		return nil, cli.Fail(cli.Usage, "", "--mirror and --mirror-root belong together")
	}
	if m.url != "" {
		u, err := address("the TUF repository", m.url, true)
		if err != nil {
			return nil, err
		}
		if options.Root, err = readFile("mirror-root", m.root); err != nil {
			return nil, err
		}
		options.RepositoryBaseURL = u.String()
	}
	options.CachePath = cacheFolder(n.env.Getenv)
	options.DisableLocalCache = options.CachePath == ""
	options.Fetcher = &tufFetcher{&asker{
		ctx: ctx, who: "the TUF repository", timeout: n.timeout, limit: maxAnswer, wire: n.wire,
		passes: []int{http.StatusForbidden, http.StatusNotFound}, // there is no newer root
	}}
	client, err := tuf.New(options)
	if err != nil {
		return nil, whyNoTarget(err)
	}
	return client, nil
}

// cacheFolder is where a repository's state is kept; empty: nowhere.
func cacheFolder(getenv func(string) string) string {
	base := getenv("XDG_CACHE_HOME")
	if base == "" && getenv("HOME") != "" {
		base = filepath.Join(getenv("HOME"), ".cache")
	}
	if !filepath.IsAbs(base) {
		return ""
	}
	return filepath.Join(base, product.Name, "tuf")
}

func target(client *tuf.Client, name string) ([]byte, error) {
	data, err := client.GetTarget(name)
	if err != nil {
		return nil, whyNoTarget(err)
	}
	return data, nil
}

// whyNoTarget gives an error of the TUF client its exit code: what it could
// not get is unknown, what does not verify is tampered with.
func whyNoTarget(err error) error {
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		return exit
	}
	http := (*metadata.ErrDownloadHTTP)(nil)
	if errors.As(err, &http) {
		return cli.Fail(cli.Unknown, "", "ask the TUF repository: %w", err)
	}
	return cli.Fail(cli.Integrity, "", "ask the TUF repository: its answer does not verify: %w", err)
}

// tufFetcher fetches files of a repository under our rules.
type tufFetcher struct{ ask *asker }

// DownloadFile fetches one file of at most limit bytes.
func (f *tufFetcher) DownloadFile(url string, limit int64, _ time.Duration) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.ask.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if slices.Contains(f.ask.passes, resp.StatusCode) {
		return nil, &metadata.ErrDownloadHTTP{StatusCode: resp.StatusCode, URL: url}
	}
	data, err := readBounded(resp.Body, limit)
	if errors.Is(err, errTooLarge) {
		return nil, &metadata.ErrDownloadLengthMismatch{Msg: err.Error()}
	}
	return data, err
}
