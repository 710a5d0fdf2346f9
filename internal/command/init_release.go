// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/product"
)

// The names of the release, and of what it uses of ours.
const (
	githubReleaseFile = ".github/workflows/" + product.Name + "-release.yml"
	gitlabReleaseFile = ".gitlab/" + product.Name + "-release.yml"

	ownActions     = product.Name + "/" + product.Name
	actionsVersion = "v1"
	sampleArtifact = "dist/app.tar.gz"
)

// releaseFile is where the release of a provider stands; empty where it has
// none.
func releaseFile(provider string) string {
	switch provider {
	case hosting.GitHub:
		return githubReleaseFile
	case hosting.GitLab:
		return gitlabReleaseFile
	}
	return ""
}

// release is the text of the release for a host.
func (s *setup) release(ctx context.Context) ([]byte, error) {
	remote, branch, err := gitPlace(s.at)
	if err != nil {
		return nil, err
	}
	main, _ := s.defaultBranch(ctx, remote)
	parts := []string{"{binding}", binding(s.host.plan)}
	text := githubRelease
	if s.host.provider == hosting.GitLab {
		text = gitlabRelease
		parts = append(parts, "{ledger}", gitlabLedger(s.projectAddress(ctx), branch))
	} else {
		parts = append(parts, "{ledger}", elsewhere(branch, "          ledger: git:origin?branch="))
	}
	if s.unprotected() {
		parts = append(parts, "{environment}", "", "{production}", "")
	} else {
		parts = append(parts, "{environment}", githubGateEnvironment, "{production}", githubProduction)
	}
	names := []string{
		"{name}", product.Name, "{job: {name}-", "{job: " + product.Name + "-", "{job}", jobName,
		"{secret}", secretName(), "{event-secret}", eventSecretName(),
		"{action}", ownActions, "{v}", actionsVersion, "{checkout}", checkoutAction, "{upload}", uploadAction, "{download}", downloadAction,
		"{components}", components, "{cv}", componentsVersion, "{image}", sampleImage, "{report}", ci.ReportDir,
		"{artifact}", sampleArtifact, "{main}", branchFilter(main), "{file}", gitlabReleaseFile, "{log-file}", gitlabJob,
	}
	return []byte(strings.NewReplacer(names...).Replace(strings.NewReplacer(parts...).Replace(text))), nil
}

// elsewhere is a line for a log that is not on its usual branch.
func elsewhere(branch, line string) string {
	if branch == logBranch {
		return ""
	}
	return line + branch + "\n"
}

// unprotected says whether the named plan keeps no secret from those who may
// push. Of a plan that nobody named the files ask for the protection.
func (s *setup) unprotected() bool {
	return s.host.plan.Name != "" && s.host.plan.Key == hosting.NoProtection
}

// binding says, as comments, whom the gate stops.
func binding(p hosting.Plan) string {
	switch {
	case p.Name == "":
		return "# Whom this stops depends on your plan: docs/threat-model.md."
	case p.Gate != hosting.Advisory:
		return "# On " + p.Name + " this " + p.Gate.String() + "."
	}
	return "# On " + p.Name + " it is " + p.Gate.String() + ": whoever may push can\n" +
		"# have a job of their own read every secret, and deploy without asking. It binds\n" +
		"# where the target asks for itself: " + product.Name + " verify decision."
}

// branchFilter is one branch in a workflow's list of them, where some
// characters are a pattern's.
func branchFilter(name string) string {
	var b strings.Builder
	for _, r := range name {
		if strings.ContainsRune(`\*?+[]!`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return strconv.Quote(b.String())
}
