// SPDX-License-Identifier: Apache-2.0

// gateledgerComplete says how the whole build ended and how long it took: in
// gateledger-report/pipeline.json, which is archived, and in the log, as a
// pipeline event about the commit, for people to read; no rule counts it.
//
//   status    such as SUCCESS; by default what the build is until now
//   commit    full id; by default what was checked out
// and what gateledgerRecord takes.
Map call(Map o = [:]) {
    def file = 'gateledger-report/pipeline.json'
    def said = [
        job: env.JOB_NAME, build: env.BUILD_NUMBER, url: env.BUILD_URL, commit: o.commit ?: env.GIT_COMMIT,
        status: o.status ?: currentBuild.currentResult, duration: currentBuild.duration,
    ]
    writeFile(file: file, text: json(said), encoding: 'UTF-8')
    archiveArtifacts(artifacts: file)
    def ran = gateledgerRun([key: 'gateledger-event-key', report: 'gateledger-report/pipeline'] + o + [
        program: 'record', policy: null,
        args: [
            'pipeline', '--subject=git:' + said.commit, '--result=' + ended(said.status),
            '--duration=' + said.duration + 'ms', '--url=' + said.url, '--green-when-pending',
        ],
    ])
    if (ran.code != 0) {
        error('gateledger record pipeline: exit ' + ran.code)
    }
    return said
}

// ended is the event's word for a result of Jenkins. What is neither a success
// nor stopped by somebody has failed.
@com.cloudbees.groovy.cps.NonCPS
String ended(String status) {
    return [SUCCESS: 'succeeded', ABORTED: 'cancelled'].get(status) ?: 'failed'
}

@com.cloudbees.groovy.cps.NonCPS
String json(Map said) {
    return groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson(said)) + '\n'
}
