#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Real workflows, run by nektos/act in host mode through the published form of
# our actions, against a real git host with a shared log. Flags go to
# test/ci/act: -run PATTERN for some cases, -v for what the steps print.
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$(test/ci/tools/install act)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
unset CI GITHUB_ACTIONS GITLAB_CI ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN
go build -buildvcs=false -o "$work/rig" ./test/ci/act
"$work/rig" -tool "$tool" -work "$work" "$@"
