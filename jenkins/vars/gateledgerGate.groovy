// SPDX-License-Identifier: Apache-2.0

// gateledgerGate asks whether these bytes may be deployed. It returns only if
// they may, with the outputs of the gate; everything else ends the build:
//
//   denied (exit 1)    FAILURE
//   pending (exit 8)   NOT_BUILT: nobody said no, and nothing was deployed. Build
//                      again once the votes are there
//   anything else      FAILURE
//
//   subject      NAME@sha256:HEX, a text or a list; by default what this build
//                recorded
//   environment  by default the only one of the policy
//   key, logKey  ids of the secret files, gateledger-event-key, gateledger-log-key
//   ledger       by default git: and the address that was checked out
//   newRequest   ask anew, with no votes, even where a request is open or used up
//   breakGlass   in an emergency: ask to be let through by those whom the policy names
//                for that; it needs reason and ticket, and leaves a debt
//   reason       with breakGlass: why, in one line that is logged
//   ticket       with breakGlass: the ticket of the incident
//   wait         minutes to wait for votes, 0. Wait outside of node, or an agent
//                waits too; gateledgerPipeline does
//   every        minutes between two questions, 5
// and what gateledgerRun takes.
Map call(Map o = [:]) {
    def left = (o.wait ?: 0) as int
    def every = Math.max(1, (o.every ?: 5) as int)
    while (true) {
        def answer = o.label == null ? ask(o) : node(o.label) { ask(o) }
        if (answer.code == 0 && answer.outputs.verdict == 'allowed') {
            return answer.outputs
        }
        if (answer.code != 8) {
            error('gateledger gate: ' + words(answer))
        }
        if (left <= 0) {
            // A result only gets worse, and FAILURE is better than this one: the
            // build ends here, and is no failure.
            currentBuild.result = 'NOT_BUILT'
            error('gateledger gate: ' + words(answer))
        }
        sleep(time: every, unit: 'MINUTES')
        left -= every
    }
}

Map ask(Map o) {
    def args = ['--ledger=' + (o.ledger ?: 'git:' + env.GIT_URL)]
    for (s in (o.subject instanceof List ? o.subject : [o.subject])) {
        if (s) {
            args.add('--subject=' + s)
        }
    }
    if (o.environment) {
        args.add('--environment=' + o.environment)
    }
    if (o.newRequest) {
        args.add('--new-request')
    }
    if (o.breakGlass) {
        args.addAll(['--break-glass', '--reason=' + (o.reason ?: ''), '--ticket=' + (o.ticket ?: '')])
    }
    return gateledgerRun([key: 'gateledger-event-key', logKey: 'gateledger-log-key', report: 'gateledger-report/gate'] + o + [program: 'gate', policy: null, args: args])
}

// words say what to do, in one line.
@com.cloudbees.groovy.cps.NonCPS
String words(Map answer) {
    def verdict = answer.code == 8 ? 'pending' : answer.code == 1 ? 'denied' : 'exit ' + answer.code
    def more = answer.outputs.missing ? ': ' + answer.outputs.missing : ''
    def next = answer.code == 8 && answer.outputs.request ? '; gateledger approve ' + answer.outputs.request.take(12) : ''
    return verdict + more + next
}
