// SPDX-License-Identifier: Apache-2.0

// gateledgerVerify checks again, offline, under a policy of your own. Anything
// but a yes is an error.
//
//   check        artifact (the chain of custody), decision (it was allowed into
//                environment), environment (what is deployed there) or commit
//   subject      the file, sha256:HEX or commit
//   environment  for decision and environment
//   maxAge       for decision: refuse a permission that is older, such as 24h
//   policy       id of the secret file with your copy of the policy,
//                gateledger-policy
// and what gateledgerRun takes.
Map call(Map o) {
    def args = [o.check]
    if (o.check == 'decision') {
        args.addAll(['--for=' + o.subject, '--environment=' + o.environment])
        if (o.maxAge) {
            args.add('--max-age=' + o.maxAge)
        }
    } else {
        def about = (o.check == 'environment' ? o.environment : o.subject).toString()
        args.add(about.startsWith('-') ? './' + about : about)
    }
    if (o.ledger) {
        args.add('--ledger=' + o.ledger)
    }
    def ran = gateledgerRun([policy: 'gateledger-policy', report: 'gateledger-report/verify-' + o.check] + o + [program: 'verify', key: null, logKey: null, keyless: false, args: args])
    if (ran.code != 0) {
        error('gateledger verify ' + o.check + ': exit ' + ran.code)
    }
    return ran.outputs
}
