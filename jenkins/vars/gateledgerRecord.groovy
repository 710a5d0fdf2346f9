// SPDX-License-Identifier: Apache-2.0

// gateledgerRecord signs and logs what happened.
//
//   kind         build, sbom, test, scan, commit, deployment, pipeline or untrusted-report
//   subject      what it is about, a text or a list of them: FILE, FOLDER,
//                NAME@sha256:HEX, git:REV
//   reports      files, a text or a list, for the kinds that have some
//   environment, result, request, url, source   for the kinds that have them
//   key          id of the secret file with the event key, gateledger-event-key
//   logKey       id of the secret file with the log key. Without it the event is
//                left for who has it, and the step is green; the gate takes it in
//   strict       be red as long as the event is not in the log
// and what gateledgerRun takes.
Map call(Map o) {
    def args = [o.kind]
    for (s in (o.subject instanceof List ? o.subject : [o.subject])) {
        if (s) {
            args.add('--subject=' + s)
        }
    }
    def known = [deployment: ['environment', 'result', 'request', 'url'], test: ['url'], pipeline: ['result', 'duration', 'url'], 'untrusted-report': ['source']]
    for (name in (known[o.kind] ?: []) + ['ledger']) {
        if (o[name]) {
            args.add('--' + name + '=' + o[name])
        }
    }
    if (!o.strict) {
        args.add('--green-when-pending')
    }
    for (r in (o.reports instanceof List ? o.reports : [o.reports])) {
        if (r) {
            args.add(r.toString().startsWith('-') ? './' + r : r)
        }
    }
    def ran = gateledgerRun([key: 'gateledger-event-key', report: 'gateledger-report/' + o.kind] + o + [program: 'record', policy: null, args: args])
    if (ran.code != 0) {
        error('gateledger record ' + o.kind + ': exit ' + ran.code)
    }
    return ran.outputs
}
