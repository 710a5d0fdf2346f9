// SPDX-License-Identifier: Apache-2.0

package command

// githubRelease is the workflow that releases. What runs project code holds no
// key; what holds the jobs' key runs no project code; and the log key is for the
// one job that checks nothing out.
const githubRelease = `# Written by '{name} init --github'. Yours to change: put your own build,
# tests and deployment where it says so.
#
# Five jobs, and each has what it needs: the build and the deployment run your code
# and hold no key; the record and the deployed sign what was built and deployed;
# the gate holds the log key. It is asked about one SHA-256, the deployment takes
# only bytes that have it, and runs only if the gate said "allowed". Votes that come
# later count once the job "gate" is run again.
#
{binding}
name: release

on:
  push:
    branches: [{main}]

permissions: {}

# One release at a time; of those that wait, the newest.
concurrency:
  group: {name}-release
  cancel-in-progress: false

jobs:
  build:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read # to check out
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - name: Build and test
        # Yours. What you ship is named {artifact} from here on.
        run: |
          mkdir -p dist
          git archive --format=tar HEAD | gzip -n > {artifact}
      - uses: {upload}
        with:
          name: dist
          path: {artifact}
          if-no-files-found: error

  record:
    needs: build
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: write # to leave what it signed at refs/{name}/pending
    outputs:
      sha256: ${{ steps.bytes.outputs.sha256 }}
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - uses: {download}
        with:
          name: dist
          path: dist
      - id: bytes
        run: |
          sum="$(sha256sum {artifact})"
          echo "sha256=${sum%% *}" >> "$GITHUB_OUTPUT"
      # The SBOM of this commit, and that these bytes were built from it.
      - uses: {action}@{v}
        with:
          subject: {artifact}@sha256:${{ steps.bytes.outputs.sha256 }}
          # report: dist/test-report.xml
          # Without a key: take this line out, add "id-token: write" above, at the
          # gate and at deployed, and let the policy name this workflow
          # (docs/shared-log.md).
          key: ${{ secrets.{event-secret} }}

  gate:
    needs: record
    runs-on: ubuntu-24.04
    timeout-minutes: 10
{environment}    permissions:
      contents: write # to log the decision
    outputs:
      verdict: ${{ steps.gate.outputs.verdict }}
      request: ${{ steps.gate.outputs.request }}
    steps:
      # Nothing is checked out here, and nothing of the project runs. What is
      # asked about is the very digest that the deployment checks.
      - id: gate
        uses: {action}/actions/gate@{v}
        with:
          environment: production
          subject: {artifact}@sha256:${{ needs.record.outputs.sha256 }}
{ledger}          key: ${{ secrets.{event-secret} }}
          log-key: ${{ secrets.{secret} }}

  deploy:
    needs: [record, gate]
    if: needs.gate.outputs.verdict == 'allowed'
    runs-on: ubuntu-24.04
    timeout-minutes: 30
{production}    permissions:
      contents: read # to check out
    outputs:
      outcome: ${{ steps.deploy.outcome }}
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - uses: {download}
        with:
          name: dist
          path: dist
      - name: Exactly what the gate was asked about
        env:
          SHA256: ${{ needs.record.outputs.sha256 }}
        run: | # one file, this one, with these bytes
          test "$(find dist ! -type d -printf '%y %p\n')" = "f {artifact}"
          echo "$SHA256  {artifact}" | sha256sum --check --strict
      - id: deploy
        name: Deploy
        # Yours.
        run: echo "this is where {artifact} would go to production"

  deployed:
    needs: [record, gate, deploy]
    if: ${{ !cancelled() && contains(fromJSON('["success", "failure"]'), needs.deploy.outputs.outcome) }}
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: write # to leave the record of the deployment
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - uses: {action}/actions/record@{v}
        with:
          kind: deployment
          subject: {artifact}@sha256:${{ needs.record.outputs.sha256 }}
          environment: production
          result: ${{ needs.deploy.outputs.outcome == 'success' && 'healthy' || 'failed' }}
          request: ${{ needs.gate.outputs.request }}
          key: ${{ secrets.{event-secret} }}
`

// The actions of others that the release uses, each at one commit.
const (
	checkoutAction = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
	uploadAction   = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0"
	downloadAction = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
)

// Parts of githubRelease that depend on what the plan can protect.
const (
	githubGateEnvironment = `    # Its settings give the log key to jobs of the default branch only.
    environment: {job}
`
	githubProduction = `    # Keep the credentials of the deployment in it, for the default branch only.
    environment: production
`
)
