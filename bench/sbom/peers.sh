#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Compares this program with trivy and syft on real folders: processor time and
# memory of the whole process, and what each of them found. Peers are taken from
# $PEERS (a folder) or the PATH; one that is not there is left out. With --build,
# syft is built into $PEERS. It reads the folders and changes nothing in them.
#
#	bench/sbom/peers.sh FOLDER...
#	RUNS=5 PEERS=/opt/peers bench/sbom/peers.sh repos/*
#
# Columns: seconds of CPU (the least of $RUNS), MiB, components (by package URL),
# edges (by package URL, each once), components with a hash, CPU of ours as a
# part of the peer's, and how many components and edges of the peer ours lacks.
# Package URLs are compared without case, qualifiers and escapes. With --missing,
# those are listed.
set -euo pipefail

runs=${RUNS:-3}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
peers=${PEERS:-$work/peers}
missing=false

while [ $# -gt 0 ]; do
  case $1 in
    --build)
      mkdir -p "$peers"
      GOBIN=$(cd "$peers" && pwd) go install github.com/anchore/syft/cmd/syft@v1.52.0 ;;
    --missing) missing=true ;;
    -*) echo "peers.sh: unknown option $1" >&2; exit 2 ;;
    *) break ;;
  esac
  shift
done
if [ $# -eq 0 ]; then
  sed -n '3,18s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
for tool in jq /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "peers.sh: needs $tool" >&2; exit 2; }
done

(cd "$here" && go build -trimpath -ldflags '-s -w' -o "$work/own" ./cmd/gateledger-sbom)

# program NAME prints where a program is, if it is there.
program() {
  if [ "$1" = own ]; then echo "$work/own"
  elif [ -x "$peers/$1" ]; then echo "$peers/$1"
  else command -v "$1" || true
  fi
}

# command NAME FOLDER runs one program once.
once() {
  case $1 in
    own) "$(program own)" "$2" --allow-incomplete --exclude '' ;;
    trivy) "$(program trivy)" fs --offline-scan --include-dev-deps --skip-db-update --quiet --format cyclonedx "$2" ;;
    syft) SYFT_CHECK_FOR_APP_UPDATE=false "$(program syft)" "dir:$2" --quiet --output cyclonedx-json ;;
  esac
}
export -f once program
export work peers

# measure NAME FOLDER leaves the document in $work/NAME.json and prints the
# least processor time and the memory of that run.
measure() {
  local best='' memory=0 user system peak cpu
  for _ in $(seq "$runs"); do
    if ! /usr/bin/time -f '%U %S %M' -o "$work/cost" bash -c 'once "$@"' once "$1" "$2" >"$work/$1.json" 2>"$work/$1.err"; then
      tail -3 "$work/$1.err" >&2
      return 1
    fi
    read -r user system peak <"$work/cost"
    cpu=$(awk -v a="$user" -v b="$system" 'BEGIN { printf "%.2f", a + b }')
    if [ -z "$best" ] || awk -v a="$cpu" -v b="$best" 'BEGIN { exit !(a < b) }'; then
      best=$cpu memory=$((peak / 1024))
    fi
  done
  echo "$best $memory"
}

# What a document says, in a form that can be compared: one component or one
# edge a line.
cat >"$work/graph.jq" <<'JQ'
def text: explode | . as $bytes | {i: 0, out: []}
  | until(.i >= ($bytes | length);
      if $bytes[.i] == 37 and .i + 2 < ($bytes | length) then
        ($bytes[.i + 1:.i + 3] | implode | ascii_downcase | explode
          | map(if . >= 97 then . - 87 else . - 48 end) | .[0] * 16 + .[1]) as $byte
        | {i: (.i + 3), out: (.out + [$byte])}
      else {i: (.i + 1), out: (.out + [$bytes[.i]])} end)
  | .out | implode;
def norm: split("?")[0] | split("#")[0] | (if contains("%") then text else . end) | ascii_downcase;
([.metadata.component, (.components[]? | ., (.. | objects | select(has("bom-ref") and has("purl"))))]
  | map(select(. != null and .purl != null and .["bom-ref"] != null) | {key: .["bom-ref"], value: (.purl | norm)}) | from_entries) as $purl
| ($purl | to_entries[] | "C " + .value),
  (.dependencies[]? | $purl[.ref] as $from | .dependsOn[]? | $purl[.] as $to
    | select($from != null and $to != null and $from != $to) | "E " + $from + " " + $to)
JQ

printf '%-20s %-6s %7s %5s %7s %7s %7s %6s %10s %10s\n' folder tool cpu MiB comps edges hashes ratio 'only comps' 'only edges'
for folder in "$@"; do
  own=''
  for tool in own trivy syft; do
    [ -n "$(program "$tool")" ] || continue
    if ! cost=$(measure "$tool" "$folder"); then
      printf '%-20s %-6s failed\n' "$(basename "$folder")" "$tool"
      continue
    fi
    read -r cpu memory <<<"$cost"
    jq -r -f "$work/graph.jq" "$work/$tool.json" | LC_ALL=C sort -u >"$work/$tool.graph"
    hashes=$(jq '[.components[]? | select(.type != "file" and (.hashes or ([.externalReferences[]?.hashes] | any)))] | length' "$work/$tool.json")
    ratio='' lackc='' lacke=''
    if [ "$tool" = own ]; then
      own=$cpu
    elif [ -n "$own" ]; then
      ratio=$(awk -v a="$own" -v b="$cpu" 'BEGIN { if (b > 0) printf "%.2f", a / b }')
      LC_ALL=C comm -13 "$work/own.graph" "$work/$tool.graph" >"$work/lack"
      lackc=$(grep -c '^C' "$work/lack" || true)
      lacke=$(grep -c '^E' "$work/lack" || true)
    fi
    printf '%-20s %-6s %7s %5s %7s %7s %7s %6s %10s %10s\n' "$(basename "$folder")" "$tool" "$cpu" "$memory" \
      "$(grep -c '^C' "$work/$tool.graph" || true)" "$(grep -c '^E' "$work/$tool.graph" || true)" "$hashes" "$ratio" "$lackc" "$lacke"
    if $missing && [ "$tool" != own ]; then sed 's/^/    /' "$work/lack"; fi
  done
done
