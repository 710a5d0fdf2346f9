#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Scores the SBOM of folders: by sbomqs (its own sum, NTIA 2021 and BSI TR-03183-2
# v2.1, each of ten) and by `gateledger-sbom score` (NTIA and BSI, in percent).
# sbomqs is taken from $PEERS (a folder) or the PATH; without it there is only our
# own score. Who answers for a document, and the version of a tree, only its maker
# knows: here they are made up, as flags. Everything else is from the folder.
#
#	bench/sbom/score.sh FOLDER...
#	bench/sbom/score.sh --lacking FOLDER    # what sbomqs has no full points for
set -euo pipefail

lacking=false
if [ "${1:-}" = --lacking ]; then
  lacking=true
  shift
fi
if [ $# -eq 0 ]; then
  sed -n '4,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sbomqs=${PEERS:+$PEERS/sbomqs}
[ -n "$sbomqs" ] && [ -x "$sbomqs" ] || sbomqs=$(command -v sbomqs || true)

(cd "$here" && go build -trimpath -buildvcs=auto -ldflags '-s -w' -o "$work/own" ./cmd/gateledger-sbom)

printf '%-20s %9s %6s %6s %9s %9s %9s\n' folder sbomqs ntia bsi comps 'own ntia' 'own bsi'
for folder in "$@"; do
  name=$(basename "$folder")
  SOURCE_DATE_EPOCH=1700000000 "$work/own" "$folder" --allow-incomplete --exclude '' --bsi \
    --author 'Release team <release@acme.example>' --supplier 'Acme=https://acme.example' \
    --sbom-licence CC0-1.0 --project-version 1.0.0 -o "$work/$name.json" 2>/dev/null
  own=$("$work/own" score "$work/$name.json" --json | jq -r '[.scores[] | (100 * .points / .max | floor | tostring)] | join(" ")')
  total=- ntia=- bsi=-
  if [ -n "$sbomqs" ]; then
    total=$("$sbomqs" score --json "$work/$name.json" | jq -r '.files[0].sbom_quality_score * 100 | round / 100')
    "$sbomqs" score --profile ntia,bsi-v2.1 --json "$work/$name.json" >"$work/profiles.json"
    read -r ntia bsi <<<"$(jq -r '[.files[0].profiles | sort_by(.profile | startswith("BSI"))[] | .score * 100 | round / 100 | tostring] | join(" ")' "$work/profiles.json")"
  fi
  read -r own_ntia own_bsi <<<"$own"
  printf '%-20s %9s %6s %6s %9s %8s%% %8s%%\n' "$name" "$total" "$ntia" "$bsi" "$(jq '.components | length' "$work/$name.json")" "$own_ntia" "$own_bsi"
  if $lacking && [ -n "$sbomqs" ]; then
    jq -r '.files[0].profiles[] | .profile as $p | .features[] | select(.score < 10 and (.ignored | not))
      | "    \($p): \(.score * 100 | round / 100) \(.key): \(.description)"' "$work/profiles.json"
  fi
done
