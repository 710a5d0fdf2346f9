#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The built programs on a real chain: anvil, or with 'chain.sh geth' geth, both held to
# the rules of the Osaka fork. The log is anchored in a contract, once for each
# checkpoint; a node that is down costs nothing but time, and a fork that the contract
# took is found. An SBOM goes to a registry there, and people vote in a contract, one of
# them by a Safe and one by a P-256 key: the gate counts them, lets nothing through
# before the contract has its word (tier: anchored), and with the node gone that is
# hearsay. A private Sigstore says what time it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
node=${1:-anvil}
program=$(test/chain/tools/install "$node")
CHAIN_MODULES=$(test/chain/tools/install modules)
GATELEDGER_TOOLS=$(test/sigstore/build)
export CHAIN_MODULES GATELEDGER_TOOLS
if [ "${2:-}" != inside ]; then
	# In there is no network to get modules from.
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' ./cmd/gateledger ./cmd/gateledger-remote ./test/sigstore/...
	exec test/sigstore/within "$0" "$node" inside
fi

work=$(mktemp -d)
cleanup() { # ends the node, and the Sigstore
	[ ! -f "$work/node.pid" ] || down
	"$top/test/sigstore/down" "$work/sigstore"
	rm -rf "$work"
}
trap cleanup EXIT
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' -o "$work/bin/" ./cmd/gateledger ./cmd/gateledger-remote
GOMODCACHE=$(go env GOMODCACHE) GOCACHE=$(go env GOCACHE)
export GOMODCACHE GOCACHE PATH="$work/bin:$PATH" HOME="$work/home" GIT_CONFIG_NOSYSTEM=1
unset CI GITHUB_ACTIONS GITLAB_CI XDG_CONFIG_HOME
mkdir -p "$HOME" "$work/app"
git config --global user.name Dana
git config --global user.email dana@acme.example
git config --global init.defaultBranch main
# shellcheck source=test/e2e/expect
. "$top/test/e2e/expect"
CHAIN_URL=http://127.0.0.1:28450
export CHAIN_URL
up() { # with what it knew when it was stopped
	local command=("$program" --host 127.0.0.1 --port 28450 --hardfork osaka --chain-id 1337 --state "$work/chain.json")
	if [ "$node" = geth ]; then
		command=("$program" --dev --datadir "$work/chain" --cache 64 --http --http.addr 127.0.0.1 --http.port 28450 --authrpc.port 28451
			--nodiscover --maxpeers 0 --port 0 --ipcdisable --verbosity 1)
		[ -d "$work/chain" ] || {
			"$program" --dev dumpgenesis 2>/dev/null | chain genesis >"$work/genesis.json"
			"$program" init --datadir "$work/chain" "$work/genesis.json" >"$work/node.log" 2>&1 || { cat "$work/node.log" && exit 1; }
		}
	fi
	"${command[@]}" >"$work/node.log" 2>&1 &
	echo $! >"$work/node.pid"
	for _ in $(seq 300); do
		! chain nonce payer >/dev/null 2>&1 || return 0
		kill -0 "$(cat "$work/node.pid")" 2>/dev/null || break
		sleep 0.1
	done
	echo "$node does not answer" && cat "$work/node.log" && exit 1
}
down() { # by its own process id; it writes down what it knows
	local pid
	pid=$(cat "$work/node.pid")
	kill "$pid" && rm "$work/node.pid"
	wait "$pid" || true
}
chain() { node "$top/test/e2e/chain.cjs" "$@"; }
paid() { chain nonce payer; } # how many transactions the payer sent
record() { echo "$1" >"$1" && gateledger record build --subject "$1" >/dev/null 2>&1; }

echo "= a chain, its contracts, a log"
up
[ "$node" = geth ] || chain fund
cd "$work/app"
git init -q
git init -q --bare ../remote.git
git remote add origin "$work/remote.git"
gateledger init --ledger git:origin >/dev/null
"$top/test/sigstore/up" "$work/sigstore"
# shellcheck disable=SC1091
. "$work/sigstore/env"
mkdir .gateledger
cp "$SIGSTORE_TRUSTED_ROOT" .gateledger/trusted_root.json
root=$(sha256sum .gateledger/trusted_root.json | cut -d' ' -f1)
origin=$(sed -n 's/^  keys: \["\([^+]*\)+.*/\1/p' .gateledger.yml)
log=$(chain deploy LogAnchor)
registry=$(chain deploy EvidenceRegistry)
ballot=$(chain deploy DeploymentGate)
CHAIN_SAFE=$(chain safe)
CHAIN_VERIFIER=$(chain deploy P256Verifier)
export CHAIN_SAFE CHAIN_VERIFIER
chain policy "$ballot"
chain submitter "$log" "$origin"
echo 'open sesame' >"$work/password"
chain keystore "$work/key.json" 'open sesame'
export GATELEDGER_EVM_KEYSTORE=$work/key.json GATELEDGER_EVM_PASSWORD_FILE=$work/password
for name in ana bo cy dana; do
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$work/$name"
	gateledger policy add "$name" --ssh "$work/$name.pub" --email "$name@acme.example" --role lead >/dev/null
done
for name in ana bo cy; do
	sed -i "s|^    emails: \[\"$name@.*|    evm: \"$(chain signer "$name")\"\n&|" .gateledger.yml
done
sed -i -e 's|, tier: fast}|, tier: anchored}|' -e 's|^    tier: fast|    tier: anchored\n    anchors: [main]|' \
	-e "s|{role: lead, count: 2}      #.*|{role: lead, count: 2, source: [evm]}|" \
	-e "0,/^    require:/s||    deployment-gate: {evm: \"$CHAIN_URL\", chain: 1337, contract: \"$ballot\", confirmations: 1}\n&|" .gateledger.yml
cat >>.gateledger.yml <<YAML
sigstore: {trusted-root: "sha256:$root", timestamp: "$SIGSTORE_TSA"}
anchors:
  main: {evm: "$CHAIN_URL", chain: 1337, contract: "$log", confirmations: 1}
registry: {evm: "$CHAIN_URL", chain: 1337, contract: "$registry", confirmations: 1, publishers: ["$(chain address payer)"], reporters: ["$(chain address cy)"]}
YAML
expect 0 '' gateledger policy lint
git add . && git commit -qm first && git push -q origin HEAD:main
gateledger trust --yes >/dev/null 2>&1
record one

echo "= a checkpoint is anchored, and not again"
is 'transactions before' "$(paid)" 0
expect 0 'evm main: proves unique and dated of 1 entry' gateledger anchor
grep -qE 'cost [0-9]+ gas, [0-9]+ wei' <<<"$(told)" || { echo 'it does not say what it cost' && cat "$work/out" && exit 1; }
is 'transactions' "$(paid)" 1
expect 0 'of 1 entry' gateledger anchor
! grep -qE 'cost [0-9]' <<<"$(told)" || { echo 'it cost something again' && cat "$work/out" && exit 1; }
is 'transactions of the second' "$(paid)" 1
record two
expect 0 'of 2 entries' gateledger anchor
is 'transactions of a larger log' "$(paid)" 2
expect 0 'ok: 2 entries' gateledger verify ledger --online
! said 'warning' || { cat "$work/out" && exit 1; }

echo "= another chain, another contract, and none"
record three
refused() { # SED TEXT: by such a policy
	sed "$1" .gateledger.yml >"$work/wrong.yml"
	expect 2 "$2" gateledger anchor --policy "$work/wrong.yml"
}
refused 's|chain: 1337|chain: 1|' 'is a node of chain 1337, want 1'
refused "s|$log|$registry|" "the contract at $registry is no LogAnchor"
refused "s|$log|$(chain address mallory)|" 'has no contract at'

echo "= the node is stopped, and comes back"
down
expect 8 '1 outstanding' gateledger anchor
expect 3 'could not find out what the contract of main took' gateledger verify ledger --online
expect 0 'ok: 3 entries' gateledger verify ledger
up
is 'transactions after all that' "$(paid)" 2
expect 0 'of 3 entries' gateledger anchor
is 'transactions' "$(paid)" 3
expect 0 'ok: 3 entries' gateledger verify ledger --online
! said 'warning' || { cat "$work/out" && exit 1; }

echo "= an SBOM in a registry"
bom() { # NAME VERSION: an SBOM of the file NAME, with the program in this version
	printf '{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","bom-ref":"app","name":"app","version":"%s","hashes":[{"alg":"SHA-256","content":"%s"}]}},"components":[{"type":"library","bom-ref":"l","name":"left","version":"1.0.0","purl":"pkg:npm/left@1.0.0"}],"dependencies":[{"ref":"app","dependsOn":["l"]}]}' "$2" "$(sha256sum "$1" | cut -d' ' -f1)"
}
echo app >app
bom app 1.0.0 >bom.json
bom app 1.0.1 >other.json
mkdir osv
printf '{"schema_version":"1.3.0","id":"GHSA-jfh8-c2jp-5v3q","modified":"2022-03-25T20:56:18Z","published":"2021-12-10T00:40:56Z","summary":"another package","affected":[{"package":{"ecosystem":"npm","name":"right"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}' >osv/GHSA-jfh8-c2jp-5v3q.json
audit() { gateledger sbom audit "$1" --registry --db osv --max-age none; }
before=$(paid)
expect 0 'does not know this SBOM' audit bom.json
expect 0 'recorded sbom' gateledger record sbom --subject app bom.json --registry
grep -qE 'the registry cost [0-9]+ gas' <<<"$(told)" || { echo 'it does not say what it cost' && cat "$work/out" && exit 1; }
is 'transactions' "$(paid)" "$((before + 1))"
expect 0 'was recorded before' gateledger record sbom --subject app bom.json --registry
is 'transactions of the second' "$(paid)" "$((before + 1))"
expect 0 'checksums confirmed: 1, unknown: 0' audit bom.json
expect 1 'has another checksum' audit other.json
down
expect 3 'the registry could not be asked' audit bom.json
up
expect 0 'checksums confirmed: 1, unknown: 0' audit bom.json

echo "= people vote in a contract"
printf '{"Action":"run","Package":"p","Test":"T"}\n{"Action":"pass","Package":"p","Test":"T","Elapsed":0.01}\n{"Action":"pass","Package":"p","Elapsed":0.02}\n' >tests.json
ask() { # FILE: a gate asks for it; leaves in asked what the contract is asked
	gateledger record build --subject "$1" >/dev/null 2>&1
	gateledger record test --subject "$1" tests.json >/dev/null 2>&1
	gateledger record sbom --subject "$1" bom.json >/dev/null 2>&1
	expect 8 '' gateledger gate --subject "$1" --run "$1"
	digest=$(sha256sum "$1" | cut -d' ' -f1)
	asked=("$(gateledger request list --json | jq -r --arg of "$digest" '.requests[] | select(.subjects[0].digest.sha256 == $of).request')" "$digest" "$(git rev-parse HEAD)")
	chain propose "$ballot" "${asked[@]}"
}
before=$(paid)
ask app
expect 1 'revert' chain approve "$ballot" "${asked[@]}" ana mallory
expect 1 'revert' chain approve "$ballot" "${asked[@]}" lone bo
expect 1 'revert' chain approve "$ballot" "${asked[@]}" ana forged
expect 8 '' gateledger gate --subject app --run app
chain approve "$ballot" "${asked[@]}" ana bo
down
expect 3 '' gateledger gate --subject app --run app
up
expect 8 'waiting for anchors: main' env GATELEDGER_EVM_MAX_SPEND=0.000000001 gateledger gate --subject app --run app
! said ALLOWED || { cat "$work/out" && exit 1; }
is 'transactions that are too dear' "$(paid)" "$before"
expect 0 'ALLOWED' gateledger gate --subject app --run app
said 'read evm: 2 votes' || { cat "$work/out" && exit 1; }
is 'transactions: the consumption is anchored' "$(paid)" "$((before + 1))"
expect 0 'unique by main' gateledger verify decision --for app --environment production --online
expect 0 'ok: ' gateledger verify ledger --online
down
expect 3 'by hearsay' gateledger verify decision --for app --environment production
expect 3 '' gateledger verify ledger
expect 3 'could not find out' gateledger verify ledger --online
up
expect 0 'ok: ' gateledger verify ledger --online
echo next >next
ask next
chain approve "$ballot" "${asked[@]}" ana cy
chain veto "$ballot" "${asked[@]}" bo
expect 1 'DENIED' gateledger gate --subject next --run next
is 'transactions of the payer' "$(paid)" "$((before + 1))"

echo "= the payer's key shows the contract another log"
size=$(gateledger verify ledger --online --json | jq .size)
chain fork "$log" "$origin" "$((size + 1))"
record four
expect 4 'another log' gateledger verify ledger --online
expect 4 'another log' gateledger anchor
expect 4 'another log' gateledger verify decision --for app --environment production --online
is 'transactions, its own included' "$(paid)" "$((before + 2))"
echo "$node: $checks checks passed in $SECONDS s"
