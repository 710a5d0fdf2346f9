#!/usr/bin/env bash
# gateledger-remote against a real private Sigstore (test/sigstore): Fulcio, a
# timestamp authority, Rekor v2; stock cosign as outside verifier; and every
# service on a bad day. Rekor v1 is in rekor1.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
top=$PWD
tools=$(test/sigstore/build)
export GATELEDGER_TOOLS=$tools
if [ "${1:-}" != inside ]; then
	# In there is no network to get modules from.
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' ./cmd/gateledger-remote ./test/sigstore/...
	exec test/sigstore/within "$0" inside
fi

work=$(mktemp -d)
trap 'test/sigstore/down "$work/sigstore"; rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' -o "$work/bin/" ./cmd/gateledger-remote
export PATH="$work/bin:$PATH"
unset CI GITHUB_ACTIONS GITLAB_CI SIGSTORE_ID_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN

test/sigstore/up "$work/sigstore"
# shellcheck disable=SC1091
. "$work/sigstore/env"
export HOME="$work/home"
mkdir "$HOME"
files=(--trusted-root "$SIGSTORE_TRUSTED_ROOT" --signing-config "$SIGSTORE_CONFIG")
checks=0

# question TOKEN: what 'sign' reads
printf 'the artifact' >"$work/artifact"
digest=$(sha256sum "$work/artifact" | cut -d' ' -f1)
printf '{"_type":"https://in-toto.io/Statement/v1","predicate":{"n":1},"predicateType":"https://example.org/e2e/v1","subject":[{"digest":{"sha256":"%s"},"name":"artifact"}]}' "$digest" >"$work/statement"
question() { jq -cn --arg p "$(base64 -w0 <"$work/statement")" --arg t "${1:-}" '{payload: $p} + (if $t == "" then {} else {token: $t} end)'; }
mint() { curl -sSf "$SIGSTORE_OIDC/$1" | jq -r .value; }
asGitHub() { # query…: runs what follows -- as a job of which the query says what
	local query=$1
	shift
	ACTIONS_ID_TOKEN_REQUEST_URL="$SIGSTORE_GITHUB?$query" ACTIONS_ID_TOKEN_REQUEST_TOKEN=$SIGSTORE_GITHUB_BEARER "$@"
}

# expect CODE TEXT COMMAND…: COMMAND ends with CODE and says TEXT; if it fails it
# answers nothing and shows no token. Its answer is in $work/out.
expect() {
	local want=$1 text=$2 code=0
	shift 2
	"$@" >"$work/out" 2>"$work/err" || code=$?
	if [ "$code" != "$want" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$work/err"; }; then
		echo "exit $code, want $want with '$text': $*"
		cat "$work/err"
		exit 1
	fi
	if [ "$want" != 0 ] && [ -s "$work/out" ]; then
		echo "an answer and exit $code: $*" && exit 1
	fi
	if grep -qE "eyJ|$SIGSTORE_GITHUB_BEARER" "$work/err"; then
		echo "a token is shown: $*" && cat "$work/err" && exit 1
	fi
	checks=$((checks + 1))
}
sign() { gateledger-remote sign "${files[@]}" "$@" <"$work/question"; }
verify() { # bundle, identity, issuer
	"$SIGSTORE_COSIGN" verify-blob-attestation --bundle "$1" --trusted-root "$SIGSTORE_TRUSTED_ROOT" --type https://example.org/e2e/v1 \
		--certificate-identity "$2" --certificate-oidc-issuer "$3" --insecure-ignore-sct --use-signed-timestamps "$work/artifact"
}
says() { # text: the certificate in $work/out says it
	jq -r .certificate "$work/out" | base64 -d | openssl x509 -inform der -noout -text | grep -qF -- "$1" || { echo "the certificate doesn't say $1" && exit 1; }
	checks=$((checks + 1))
}

echo "= identities"
question >"$work/question"
expect 0 '' asGitHub 'repository=acme/shop&ref=refs/tags/v1.2&event_name=release&repository_id=77&environment=production' sign
for text in https://github.com/acme/shop/.github/workflows/build.yml@refs/tags/v1.2 refs/tags/v1.2 release 77 production github-hosted; do
	says "$text"
done
jq -e '(.timestamps | length == 1) and (.entries | length == 1) and .bundle != null' "$work/out" >/dev/null
jq .bundle "$work/out" >"$work/github.json"
expect 0 '' asGitHub 'event_name=pull_request_target' sign --rekor=false
says pull_request_target
jq -e '(.timestamps | length == 1) and .entries == null and .bundle == null' "$work/out" >/dev/null
SIGSTORE_ID_TOKEN=$(mint 'gitlab/mint?project_id=4711') expect 0 '' sign
says https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main
says 4711
jq .bundle "$work/out" >"$work/gitlab.json"
mint 'people/mint?email=ana@acme.example' >"$work/token"
chmod 600 "$work/token"
expect 0 '' sign --token-file "$work/token"
says email:ana@acme.example
jq .bundle "$work/out" >"$work/person.json"
question "$(cat "$work/token")" >"$work/question"
expect 0 '' sign --rekor=false
says email:ana@acme.example
question >"$work/question"
BROWSER="curl -sSL -o /dev/null" expect 0 'log in with your browser' sign --rekor=false --oidc browser
says email:bob@acme.example

echo "= identities that are refused"
expect 1 'get a new one' asGitHub 'ttl=-60' sign
expect 2 'want "sigstore"' asGitHub 'aud=https://cloud.example' sign
expect 1 'the identity was refused' asGitHub 'iss=https://token.actions.githubusercontent.com' sign
expect 1 'the identity was refused' asGitHub "iss=$SIGSTORE_OIDC/people" sign
ACTIONS_ID_TOKEN_REQUEST_URL=$SIGSTORE_GITHUB ACTIONS_ID_TOKEN_REQUEST_TOKEN=wrong expect 1 'id-token: write' sign
expect 2 'no identity token' sign --interactive=false
SIGSTORE_ID_TOKEN=$(mint 'people/mint?email_verified=false') expect 3 'not verified' sign

echo "= timestamps"
stamp() { echo '{"message":"aGVsbG8="}' | gateledger-remote timestamp "$@"; }
expect 0 '' stamp --url "$SIGSTORE_TSA" --trusted-root "$SIGSTORE_TRUSTED_ROOT"
jq -e '.verified and (.token | length > 500)' "$work/out" >/dev/null
jq -r .token "$work/out" | base64 -d >"$work/stamp.tsr"
curl -sSf "$SIGSTORE_TSA/certchain" >"$work/tsa.pem"
printf hello | openssl ts -verify -data /dev/stdin -in "$work/stamp.tsr" -CAfile "$work/tsa.pem" -untrusted "$work/tsa.pem" >/dev/null 2>&1 || { echo "openssl refuses the timestamp" && exit 1; }

echo "= services on a bad day"
pid=
faulty() { # service, mode: sets $config, in which the service is so
	local to member url=http://127.0.0.1:$SIGSTORE_FREE_PORT path=
	case $1 in
	fulcio) to=$SIGSTORE_FULCIO member=caUrls ;;
	tsa) to=${SIGSTORE_TSA%/api/v1/timestamp} member=tsaUrls path=/api/v1/timestamp ;;
	rekor) to=$SIGSTORE_REKOR member=rekorTlogUrls ;;
	github) to=$SIGSTORE_OIDC member=none ;;
	esac
	config=$work/config.json
	jq --arg m "$member" --arg u "$url$path" 'if has($m) then .[$m][0].url = $u else . end' "$SIGSTORE_CONFIG" >"$config"
	github=$SIGSTORE_GITHUB
	[ "$1" != github ] || github=$url/github/token
	[ "$2" != down ] || return 0
	timeout 120 "$SIGSTORE_BIN/faulty" -listen "127.0.0.1:$SIGSTORE_FREE_PORT" -to "$to" -mode "$2" 2>/dev/null &
	pid=$!
	for _ in $(seq 100); do
		curl -s --max-time 1 -o /dev/null "$url/faulty" && return
		sleep 0.05
	done
	echo "faulty does not answer" && exit 1
}
heal() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid" 2>/dev/null || true; }
	pid=
}
signHere() {
	ACTIONS_ID_TOKEN_REQUEST_URL=$github ACTIONS_ID_TOKEN_REQUEST_TOKEN=$SIGSTORE_GITHUB_BEARER gateledger-remote sign \
		--trusted-root "$SIGSTORE_TRUSTED_ROOT" --signing-config "$config" --timeout 2s "$@" <"$work/question"
}

while read -r mode code text; do
	for service in fulcio tsa rekor github; do
		log=--rekor=false
		[ "$service" != rekor ] || log=--rekor
		faulty "$service" "$mode"
		# A log that hears an entry twice says the second time that it has it.
		if [ "$service $mode" = "rekor again" ]; then
			expect 3 409 signHere "$log"
		else
			expect "$code" "$text" signHere "$log"
		fi
		heal
	done
done <<'MODES'
down 3 connection refused
slow 3 no answer within 2s
drip 3 no answer within 2s
flood 3 limit
broken 3 it answered 500
redirect 3 redirects are not followed
vanish 3 EOF
garbage 3 ask
stutter 3 ask
busy 0
twice 0
again 0
MODES

echo "= answers of yesterday"
for service in fulcio tsa rekor; do
	log=--rekor=false
	[ "$service" != rekor ] || log=--rekor
	faulty "$service" stale
	expect 0 '' signHere "$log"
	expect 4 '' signHere "$log"
	heal
done
faulty tsa stale
expect 0 '' stamp --url "http://127.0.0.1:$SIGSTORE_FREE_PORT/api/v1/timestamp"
expect 4 'may be an old one' stamp --url "http://127.0.0.1:$SIGSTORE_FREE_PORT/api/v1/timestamp"
heal

echo "= somebody else's root"
cp "$SIGSTORE_TRUSTED_ROOT" "$work/root.json"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /O=other -days 1 -outform der -out "$work/other.der" 2>/dev/null
for part in certificateAuthorities timestampAuthorities; do
	jq --arg c "$(base64 -w0 <"$work/other.der")" --arg p "$part" '.[$p][0].certChain.certificates[-1].rawBytes = $c' "$SIGSTORE_TRUSTED_ROOT" >"$work/root.json"
	expect 4 'does not verify' asGitHub '' gateledger-remote sign --trusted-root "$work/root.json" --signing-config "$SIGSTORE_CONFIG" --rekor=false <"$work/question"
done
expect 4 'no authority of the trusted root' stamp --url "$SIGSTORE_TSA" --trusted-root "$work/root.json"

echo "= stock cosign, with every service gone"
test/sigstore/down "$work/sigstore"
expect 0 'Verified OK' verify "$work/github.json" https://github.com/acme/shop/.github/workflows/build.yml@refs/tags/v1.2 "$SIGSTORE_OIDC/github"
expect 0 'Verified OK' verify "$work/gitlab.json" https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main "$SIGSTORE_OIDC/gitlab"
expect 0 'Verified OK' verify "$work/person.json" ana@acme.example "$SIGSTORE_OIDC/people"
expect 1 '' verify "$work/person.json" bob@acme.example "$SIGSTORE_OIDC/people"
expect 3 'connection refused' asGitHub '' sign
[ -z "$(find "$HOME" -type f)" ] || { echo "files were left in the home folder" && find "$HOME" -type f && exit 1; }
size=$(stat -c %s "$work/bin/gateledger-remote")
[ "$size" -lt $((45 << 20)) ] || { echo "gateledger-remote has $size bytes, over 45 MiB" && exit 1; }
echo "$checks checks passed; gateledger-remote has $((size >> 10)) KiB"
cd "$top"
