#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Compares what `gateledger-sbom audit` and osv-scanner find in folders with the
# same database on disk, offline. osv-scanner is taken from $PEERS (a folder) or
# the PATH.
#
#	bench/sbom/osv.sh RECORDS FOLDER...
#
# RECORDS is a folder with OSV records, one a JSON file, however deep: a checkout
# of the Go vulnerability database, or the test data of a module
# ($(go list -m -f '{{.Dir}}' golang.org/x/vuln)). One line is a hit: < only
# osv-scanner has it, > only ours, = both. The exit code is 0 if osv-scanner has
# none that ours lacks, but for the differences that --allow FILE lists, one a
# line as they are printed; a # begins a reason (osv-prometheus.allow).
set -euo pipefail

allow=/dev/null
if [ "${1:-}" = --allow ]; then
  allow=$2
  shift 2
fi
if [ $# -lt 2 ]; then
  sed -n '3,18s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")/../.." && pwd)
records=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scanner=${PEERS:+$PEERS/osv-scanner}
scanner=${scanner:-$(command -v osv-scanner || true)}
[ -x "$scanner" ] || { echo "osv.sh: no osv-scanner in \$PEERS or the PATH" >&2; exit 2; }

(cd "$here" && go build -o "$work/own" ./cmd/gateledger-sbom)

# The layout that both read: ECOSYSTEM/all.zip.
export OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY=$work/db
find "$records" -name '*.json' -type f -print0 |
  xargs -0 jq -r 'select(type == "object" and has("id") and has("affected"))
    | .affected[].package.ecosystem // empty | split(":")[0] + "\t" + input_filename' | sort -u >"$work/list"
cut -f1 "$work/list" | sort -u | while read -r ecosystem; do
  mkdir -p "$work/db/osv-scalibr/$ecosystem"
  awk -F '\t' -v e="$ecosystem" '$1 == e { print $2 }' "$work/list" | zip -q -j -@ "$work/db/osv-scalibr/$ecosystem/all.zip"
done
# Of an ecosystem without records osv-scanner finds out nothing at all.
empty='{"schema_version":"1.6.0","id":"OSV-0","modified":"2020-01-01T00:00:00Z","affected":[]}'
echo "$empty" >"$work/OSV-0.json"
for ecosystem in npm PyPI crates.io Packagist RubyGems NuGet Maven Go 'GitHub Actions'; do
  archive="$work/db/osv-scalibr/$ecosystem/all.zip"
  mkdir -p "$(dirname "$archive")"
  [ -e "$archive" ] || zip -q -j "$archive" "$work/OSV-0.json"
done

failed=0
for folder in "$@"; do
  code=0
  "$scanner" scan source --offline --offline-vulnerabilities --no-ignore --no-call-analysis=all -r --format json "$folder" \
    >"$work/peer.json" 2>"$work/peer.err" || code=$?
  [ "$code" -le 1 ] || { tail -3 "$work/peer.err" >&2; echo "osv.sh: osv-scanner failed on $folder" >&2; exit 2; }
  code=0
  "$work/own" audit "$folder" --db "$work/db" --max-age none --allow-incomplete --exclude '' --format json \
    >"$work/own.json" 2>"$work/own.err" || code=$?
  [ -s "$work/own.json" ] || { cat "$work/own.err" >&2; exit 2; }
  # A v before a version, and letter case, say nothing here.
  jq -r '.results[]?.packages[] | .package as $p | .vulnerabilities[]?
    | [$p.ecosystem, $p.name, ($p.version | ltrimstr("v")), .id] | @tsv' "$work/peer.json" | LC_ALL=C sort -u >"$work/peer.hits"
  jq -r '.findings[] | select(.kind != "licence" and .kind != "package") | . as $f | .sources[]
    | [$f.ecosystem, $f.package, ($f.version | ltrimstr("v")), split(" ")[0]] | @tsv' "$work/own.json" | LC_ALL=C sort -u >"$work/own.hits"
  echo "$folder: osv-scanner $(wc -l <"$work/peer.hits") hits, ours $(wc -l <"$work/own.hits")"
  LC_ALL=C comm -12 "$work/peer.hits" "$work/own.hits" | sed 's/^/= /'
  LC_ALL=C comm -13 "$work/peer.hits" "$work/own.hits" | sed 's/^/> /'
  LC_ALL=C comm -23 "$work/peer.hits" "$work/own.hits" | sed 's/^/< /' >"$work/lack"
  cat "$work/lack"
  if sed 's/[[:space:]]*#.*//' "$allow" | grep -Fxv -f /dev/stdin "$work/lack" >/dev/null; then failed=1; fi
done
exit $failed
