// SPDX-License-Identifier: Apache-2.0

// gateledgerCommit checks that the workspace is the commit that Jenkins says it
// builds, unchanged; that nothing in the log contradicts that; and logs who wrote
// it. Returns the commit's full id. Call it first, where 'checkout scm' was.
//
//   key, logKey, policy, git …   as for gateledgerRecord and gateledgerVerify
String call(Map o = [:]) {
    def head = sh(label: 'the commit', script: 'git rev-parse --verify HEAD', returnStdout: true).trim()
    if (head != env.GIT_COMMIT) {
        error('gateledger: the workspace is at ' + head + ', and this build is of ' + env.GIT_COMMIT)
    }
    if (sh(label: 'no changes', script: 'git diff --quiet HEAD --', returnStatus: true) != 0) {
        error('gateledger: files of the workspace are not what commit ' + head + ' holds')
    }
    def known = gateledgerRun([policy: 'gateledger-policy', report: 'gateledger-report/verify-commit'] + o +
        [program: 'verify', key: null, logKey: null, keyless: false, args: ['commit', head] + (o.ledger ? ['--ledger=' + o.ledger] : [])])
    // 1: nobody has said anything about it yet.
    if (known.code != 0 && known.code != 1) {
        error('gateledger verify commit: exit ' + known.code)
    }
    gateledgerRecord(o + [kind: 'commit', subject: 'git:' + head])
    return head
}
