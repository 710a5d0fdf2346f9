// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
)

type signFlags struct {
	trustedRoot, config string
	rekor               bool
	log                 logging
	oidc, audience      string
	tokenFile, variable string
	interactive         bool
	timeout             time.Duration
}

// signVerb is the verb that signs a statement with a short-lived certificate.
func signVerb(env *cli.Env, w wire) *cobra.Command {
	var f signFlags
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Sign a statement keyless: who you are is the key",
		Long: `Sign reads {"payload": base64} from standard input: a canonical in-toto
statement. It makes a key, has the certificate authority (Fulcio) certify that
the key is whom the identity token names, signs, throws the key away, has the
signature timestamped (RFC 3161) and, where the signing configuration names a
transparency log or --rekor says so, logged (Rekor). It writes {"signature",
"certificate", "timestamps", "entries", "bundle"} once all of it verifies
against the trusted root.

Which services: those of --signing-config, believed by --trusted-root. Without
these files it is the public-good instance of Sigstore, where everybody can read
the certificate: it names the repository, the workflow or your e-mail address.

Whose token: --token-file or "token" on standard input, else that of the GitHub
or GitLab job, else a browser's login. A token is never printed.`,
		Example: `  gateledger-remote sign --trusted-root trusted_root.json --signing-config signing_config.json < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("rekor") {
				f.log = never
				if f.rekor {
					f.log = always
				}
			}
			return runSign(cmd.Context(), &signer{env: env, wire: w, timeout: f.timeout}, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.trustedRoot, "trusted-root", "", "`FILE` with the Sigstore TrustedRoot to check against")
	flags.StringVar(&f.config, "signing-config", "", "`FILE` with the Sigstore SigningConfig v0.2 that names the services")
	flags.BoolVar(&f.rekor, "rekor", false, "log it in a transparency log; default: where the signing configuration names one")
	flags.StringVar(&f.oidc, "oidc", "auto", "where the identity token is from: `HOW` is one of "+oidcNames())
	flags.StringVar(&f.audience, "audience", "sigstore", "whom the identity token is for, as the certificate authority wants it")
	flags.StringVar(&f.tokenFile, "token-file", "", "`FILE` with an identity token; only you should be able to read it")
	flags.StringVar(&f.variable, "token-variable", child.DefaultVariable, "`NAME` of the variable with GitLab's identity token")
	flags.BoolVar(&f.interactive, "interactive", cli.IsTerminal(env.Stderr), "somebody is there: auto may open a browser")
	timeoutFlag(cmd, &f.timeout)
	return cmd
}

func runSign(ctx context.Context, n *signer, f signFlags) error {
	q, err := f.question(n.env)
	if err != nil {
		return err
	}
	trusted, config, err := n.trust(ctx, f.trustedRoot, f.config)
	if err != nil {
		return err
	}
	if n.services, err = pick(trusted, config, f.log, n.env.Now()); err != nil {
		return err
	}
	from := &tokens{
		env: n.env, wire: n.wire, timeout: f.timeout, audience: f.audience, how: f.oidc,
		file: f.tokenFile, input: q.Token, variable: f.variable, interactive: f.interactive, issuer: n.services.issuer,
	}
	id, err := from.identity(ctx)
	if err != nil {
		return err
	}
	answer, err := n.sign(ctx, q.Payload, id)
	if err != nil {
		return err
	}
	return writeAnswer(n.env, answer)
}

// question reads what to sign, and refuses what could not be an event before
// anybody is asked for anything.
func (f *signFlags) question(env *cli.Env) (child.SignQuestion, error) {
	var q child.SignQuestion
	if err := checkTimeout(f.timeout); err != nil {
		return q, err
	}
	if (f.trustedRoot == "") != (f.config == "") {
		return q, cli.Fail(cli.Usage, "give both, or neither for the public-good instance", "--trusted-root and --signing-config belong together")
	}
	if err := readQuestion(env, &q); err != nil {
		return q, err
	}
	if _, err := event.ParseStatement(q.Payload); err != nil {
		return q, cli.Fail(cli.Usage, "", "payload: %w", err)
	}
	return q, nil
}

// trust is the trusted root and signing configuration in two files, or the
// public-good instance's.
func (n *signer) trust(ctx context.Context, rootFile, configFile string) (*root.TrustedRoot, *root.SigningConfig, error) {
	if rootFile == "" {
		return n.publicGood(ctx)
	}
	trusted, err := readTrustedRoot(rootFile)
	if err != nil {
		return nil, nil, err
	}
	data, err := readFile("signing-config", configFile)
	if err != nil {
		return nil, nil, err
	}
	config, err := root.NewSigningConfigFromJSON(data)
	if err != nil {
		return nil, nil, cli.Fail(cli.Usage, "it is a Sigstore SigningConfig v0.2 in JSON", "--signing-config: read %s: %w", configFile, err)
	}
	return trusted, config, nil
}
