// SPDX-License-Identifier: Apache-2.0

// gateledgerRun runs one of our programs on this agent and returns its exit code
// and its outputs: [code: 8, outputs: [verdict: 'pending', …]]. The other steps
// are made of it.
//
//   program   sbom, record, gate or verify
//   args      its arguments, a list; each reaches it as it is, whatever it holds
//   key       id of the secret file with the event key, or null
//   logKey    id of the secret file with the log key, or null
//   policy    id of the secret file with your own copy of the policy, or null
//   git       id of the user name and password for the remote, or null
//   keyless   sign with a certificate instead of a key
//   remote    bring gateledger-remote too, as the gate does: to check where the
//             policy has a condition (when)
//   report    folder of the workspace for the report, gateledger-report
//   binaryPath, releaseUrl   where our programs are; see the README
Map call(Map o) {
    if (!isUnix()) {
        error('gateledger: this library runs on agents with a POSIX shell')
    }
    def bound = []
    if (o.key && !o.keyless) {
        bound.add(file(credentialsId: o.key, variable: 'EVENT_KEY'))
    }
    if (o.logKey) {
        bound.add(file(credentialsId: o.logKey, variable: 'LOG_KEY'))
    }
    if (o.policy) {
        bound.add(file(credentialsId: o.policy, variable: 'OWN_POLICY'))
    }
    if (o.git) {
        bound.add(usernamePassword(credentialsId: o.git, usernameVariable: 'GIT_LOGIN_USR', passwordVariable: 'GIT_LOGIN_PSW'))
    }
    def report = o.report ?: 'gateledger-report'
    def code = 3 // could not find out
    withCredentials(bound) {
        code = sh(label: 'gateledger ' + o.program, script: text(o, report), returnStatus: true)
    }
    def outputs = [:]
    if (fileExists(report + '/outputs.env')) {
        outputs = parse(readFile(file: report + '/outputs.env', encoding: 'UTF-8'))
    }
    if (code == 0 && o.program == 'gate' && fileExists(report + '/allowed.sha256')) {
        outputs.allowed = readFile(file: report + '/allowed.sha256', encoding: 'UTF-8')
    }
    archiveArtifacts(artifacts: report + '/**', allowEmptyArchive: true)
    return [code: code, outputs: outputs]
}

// text is the shell's text. It begins with #! so that Jenkins does not run it
// with -x, and every value in it is quoted.
@com.cloudbees.groovy.cps.NonCPS
String text(Map o, String report) {
    def args = ''
    for (a in (o.args ?: [])) {
        args += ' ' + quote(a.toString())
    }
    if (o.keyless) {
        args += ' --keyless'
    }
    return '#!/bin/sh\n' +
        'program=' + quote(o.program.toString()) + '\n' +
        'remote=' + (o.keyless || o.remote || o.program == 'gate' ? 'true' : 'false') + '\n' +
        'programs=' + quote((o.binaryPath ?: '').toString()) + '\n' +
        'release=' + quote((o.releaseUrl ?: 'https://github.com/gateledger/gateledger/releases/download').toString()) + '\n' +
        'report=' + quote(report) + '\n' +
        'set --' + args + '\n' +
        shell()
}

// quote is text as one word of a POSIX shell.
@com.cloudbees.groovy.cps.NonCPS
String quote(String text) {
    if (text.indexOf('\0') >= 0) {
        throw new IllegalArgumentException('gateledger: a value holds a NUL character')
    }
    return "'" + text.replace("'", "'\\''") + "'"
}

// parse reads lines GATELEDGER_LOG_INDEX=4 into a map with the key log-index.
@com.cloudbees.groovy.cps.NonCPS
Map parse(String text) {
    def outputs = [:]
    for (line in text.split('\n')) {
        def i = line.indexOf('=')
        if (i > 0 && line.startsWith('GATELEDGER_')) {
            outputs[line.substring('GATELEDGER_'.length(), i).toLowerCase().replace('_', '-')] = line.substring(i + 1)
        }
    }
    return outputs
}

@com.cloudbees.groovy.cps.NonCPS
String shell() {
    return '''
# block release
# Filled in when a version is released; empty in the source tree.
version=
checksum() {
  case "$1" in
  *) ;;
  esac
}
# end release
# block install
die() {
  code=$1
  shift
  printf 'gateledger: %s\\n' "$*" >&2
  exit "$code"
}

# asset NAME says what the release calls program NAME on this machine.
asset() {
  case "$(uname -s)/$(uname -m)" in
  Linux/x86_64) echo "$1_linux_amd64" ;;
  Linux/aarch64 | Linux/arm64) echo "$1_linux_arm64" ;;
  Darwin/x86_64) echo "$1_darwin_amd64" ;;
  Darwin/arm64) echo "$1_darwin_arm64" ;;
  esac
}

# download URL FILE
download() {
  if command -v curl >/dev/null; then
    curl -fsSL --connect-timeout 20 --retry 5 --retry-delay 2 -o "$2" -- "$1"
  else
    wget -q -O "$2" -- "$1"
  fi
}

sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  else
    shasum -a 256 <"$1"
  fi | cut -c 1-64
}

# install NAME puts program NAME into $bin: the one in the folder $programs;
# if that is empty, the release's, if its bytes are those that are named here.
install() {
  if [ -n "$programs" ]; then
    cp -- "$programs/$1" "$bin/$1" || die 2 "binary-path: there is no $1 in $programs"
    chmod 700 "$bin/$1"
    return
  fi
  name="$(asset "$1")"
  want="$(checksum "$name")"
  [ -n "$want" ] || die 2 "this file names no release for $(uname -s) $(uname -m): use a released version of it, or give binary-path"
  download "$release/$version/$name" "$bin/$1" || die 3 "get $release/$version/$name"
  got="$(sha256 "$bin/$1")"
  if [ "$got" != "$want" ]; then
    rm -f "$bin/$1"
    die 4 "$release/$version/$name has the SHA-256 $got, want $want"
  fi
  chmod 700 "$bin/$1"
}
# end install
# block begin
set -e
work="$(mktemp -d)" || die 3 "make a temporary folder"
trap 'rm -rf "$work"' EXIT
bin=$work/bin
mkdir "$bin" "$work/home"

# secret VARIABLE FILE puts what the variable holds into FILE: a text, the same
# in base64, or the file that the variable names. Nothing of it is in an
# argument, and no program gets the variable.
secret() {
  eval "text=\\${$1:-}"
  [ -n "$text" ] || return 1
  (
    umask 077
    if [ -f "$text" ]; then
      cat -- "$text"
    else
      case "$text" in
      LS0tLS1CRUdJTi*) printf '%s' "$text" | base64 -d ;;
      *) printf '%s\\n' "$text" ;;
      esac
    fi >"$2"
  ) || die 2 "read the variable $1"
  unset "$1" text
}

# forget drops the variables that would be taken for flags, but for the request
# that a gate's report names.
forget() {
  for name in $(env | sed -n 's/^\\(GATELEDGER_[A-Z0-9_]*\\)=.*/\\1/p'); do
    [ "$name" = GATELEDGER_REQUEST ] || unset "$name"
  done
}
# end begin
# block allowed
# allowed FLAG… writes what the gate has just allowed to allowed.sha256 of the
# report, in the form of sha256sum: who deploys holds the bytes at hand against it.
# The gate is asked for the same request again, and nothing is used up. Where it
# gave advice only, or anything is amiss, the file is empty, and no bytes are in it.
allowed() {
  mkdir -p "$report"
  : >"$report/allowed.sha256"
  [ "$consume" = true ] || return 0
  "$bin/gateledger-gate" "$@" --consume=false --format=json >"$work/decision.json" || die "$?" "the gate said yes, and now does not"
  request="$(sed -n 's/^GATELEDGER_REQUEST=//p' "$report/outputs.env")"
  grep -qxF "  \\"request\\": \\"$request\\"," "$work/decision.json" || die 3 "the gate names another request than $request"
  grep -qxF '  "verdict": "allowed",' "$work/decision.json" || die 3 "the gate said yes, and now does not"
  sed -n '/^    "subjects": \\[$/,/^    \\]/{
    /^        "name": "/{ s/^        "name": "\\(.*\\)",$/\\1/; h; }
    /^          "sha256": "[0-9a-f]\\{64\\}",\\{0,1\\}$/{ s/^ *"sha256": "\\([0-9a-f]*\\)".*/\\1/; G; s/\\n/  /; p; }
  }' "$work/decision.json" >"$report/allowed.sha256"
}
# end allowed
# block jenkins
# What was bound is in files of our own, and git gets in by a .netrc in a home
# of its own. Without a login it gets in as it does on this agent.
export XDG_CONFIG_HOME="$work/home"
if [ -n "${GIT_LOGIN_USR:-}" ]; then
  where=${GIT_URL#*://}
  where=${where#*@}
  export HOME="$work/home"
  printf 'machine %s login %s password %s\\n' "${where%%[:/]*}" "$GIT_LOGIN_USR" "$GIT_LOGIN_PSW" >"$HOME/.netrc"
  git config --global --add safe.directory "$PWD"
  unset GIT_LOGIN_USR GIT_LOGIN_PSW
fi
# What an earlier step left here must not be taken for this one's answer.
report=$PWD/$report
rm -rf "$report"
consume=true
if secret EVENT_KEY "$work/event.key"; then set -- "$@" --key="$work/event.key"; fi
if secret LOG_KEY "$work/log.key"; then set -- "$@" --log-key="$work/log.key"; fi
if secret OWN_POLICY "$work/policy.yml"; then set -- "$@" --policy="$work/policy.yml"; fi
install "gateledger-$program"
[ "$remote" != true ] || install gateledger-remote
[ "$program" = gate ] || [ "$program" = verify ] || forget
# The gate is not asked in the checkout: nothing of the project is read.
if [ "$program" = gate ]; then cd "$work/home"; fi
"$bin/gateledger-$program" "$@" --publish --report-dir="$report"
if [ "$program" = gate ]; then allowed "$@"; fi
# end jenkins
'''
}
