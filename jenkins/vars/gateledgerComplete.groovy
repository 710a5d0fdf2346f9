// SPDX-License-Identifier: Apache-2.0

// gateledgerComplete says how the whole build ended and how long it took: in
// gateledger-report/pipeline.json, which is archived, and in the log. There it is
// an untrusted-report about the commit, for people to read and never evidence;
// the log takes one of a commit, and a second build's is only archived.
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
        args: ['untrusted-report', '--subject=git:' + said.commit, '--source=' + said.url, '--green-when-pending', file],
    ])
    if (ran.code == 1) {
        echo('gateledger: the log has a report about this commit already; this one is archived only')
    } else if (ran.code != 0) {
        error('gateledger record untrusted-report: exit ' + ran.code)
    }
    return said
}

@com.cloudbees.groovy.cps.NonCPS
String json(Map said) {
    return groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson(said)) + '\n'
}
