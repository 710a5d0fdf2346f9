#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The contracts: compiled as they are deployed, linted, tested by forge on that very
# bytecode, held to the gas they may cost, and compared with the Go bindings that are
# checked in. Nothing may be skipped.
#
#	contracts.sh            all of it
#	contracts.sh update     formats, and writes the bindings and the gas figures anew
#	contracts.sh forge …    forge itself, for one test: forge test --match-test NAME
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p bin/contracts
modules=$(test/chain/tools/install modules)
forge=$(test/chain/tools/install forge)
FOUNDRY_SOLC=$(test/chain/tools/install solc)
export FOUNDRY_SOLC FOUNDRY_DISABLE_NIGHTLY_WARNING=1
ln -sfn "$modules" contracts/node_modules
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node test/chain/compile.cjs "$modules" bin/contracts

forge() { (cd contracts && "$forge" "$@"); }

run() { # command…: quiet as long as it works
	"$@" >"$work/out" 2>&1 || { cat "$work/out" && exit 1; }
}

case ${1:-} in
forge)
	shift
	forge "$@"
	exit
	;;
update)
	run forge fmt src test
	run forge test
	test/chain/bindings
	git status --short contracts/snapshots internal/anchor/evm
	exit
	;;
esac

echo "lint"
run forge fmt --check src test
run forge lint src
if grep -E '^(warning|error)' "$work/out" >/dev/null; then
	cat "$work/out"
	exit 1
fi

echo "test"
FORGE_SNAPSHOT_CHECK=true run forge test
grep '^Ran .* test suites' "$work/out"
grep -E '^Ran .* test suites.*[1-9][0-9]* tests passed, 0 failed, 0 skipped' "$work/out" >/dev/null || {
	cat "$work/out"
	echo "some tests failed, or did not run"
	exit 1
}
git diff --exit-code --stat -- contracts/snapshots || {
	echo "other figures than those that are checked in: contracts.sh update"
	exit 1
}

echo "bindings"
test/chain/bindings "$work/bindings"
for package in loganchor deploymentgate evidenceregistry p256verifier; do
	diff -q "$work/bindings/$package/bindings.go" "internal/anchor/evm/$package/bindings.go" >/dev/null || {
		echo "internal/anchor/evm/$package is not what the contracts give: contracts.sh update"
		exit 1
	}
done
echo "contracts: done"
