#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Anchors on real nodes, geth and anvil, both with the rules of the Osaka fork:
# growth, rollback and fork, restarts, reorganisations, stuck and replaced
# transactions, several jobs at once, and a liar between. It prints how long an
# anchor takes and what it costs.
set -euo pipefail
cd "$(dirname "$0")/../.."
GATELEDGER_ANVIL=$(test/chain/tools/install anvil)
GATELEDGER_GETH=$(test/chain/tools/install geth)
export GATELEDGER_ANVIL GATELEDGER_GETH
go test -tags chain -count=1 -timeout 10m -run '^Test(Node|Anvil|Geth)' -v "$@" ./internal/anchor/evm | grep -v '^=== '
