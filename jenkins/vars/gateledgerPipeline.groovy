// SPDX-License-Identifier: Apache-2.0

// gateledgerPipeline is a whole pipeline: it checks the commit, builds and logs
// the build, tests, scans and logs what was found, asks the gate, deploys, logs
// and verifies the deployment, and says how it ended and how long it took.
//
//   gateledgerPipeline(
//       artifact: 'dist/app', environment: 'production',
//       build: { sh 'make dist/app' },
//       test: { sh 'make test' }, testReports: ['report.xml'],
//       scan: { sh 'trivy fs --format json --output scan.json .' }, scanReports: ['scan.json'],
//       deploy: { sh './deploy dist/app' },
//   )
//
//   artifact      the file, folder or NAME@sha256:HEX that is deployed
//   environment   where to
//   build, deploy closures; test and scan may be left out, with their reports
//   files         more files that deploy needs, an Ant pattern
//   label         of the agents
//   gateLabel     of the agents that hold the log key, which should run nothing of
//                 a project; by default label
//   wait          minutes to wait for votes, 0; no agent waits
//   key, logKey, policy, git, ledger, keyless, binaryPath, releaseUrl   as for the
//                 steps it is made of
// A build that waits for votes ends as NOT_BUILT, and is built again.
Map call(Map o) {
    for (needed in ['artifact', 'environment', 'build', 'deploy']) {
        if (!o[needed]) {
            error('gateledgerPipeline: ' + needed + ' is needed')
        }
    }
    def at = [:]
    def status = 'FAILURE'
    try {
        node(o.label ?: '') {
            at = made(o)
        }
        withEnv(variables(at)) {
            def allowed = [:]
            stage('Approval') {
                allowed = gateledgerGate(o + [label: o.gateLabel ?: o.label ?: '', subject: null])
            }
            node(o.label ?: '') {
                deployed(o, at, allowed)
            }
        }
        status = 'SUCCESS'
    } catch (e) {
        status = currentBuild.result ?: (e.class.simpleName == 'FlowInterruptedException' ? 'ABORTED' : 'FAILURE')
        throw e
    } finally {
        complete(o, at, status)
    }
    return at
}

// made is everything up to the artifact. It returns what was checked out.
Map made(Map o) {
    def at = [:]
    stage('Checkout') {
        at = checkout(scm)
    }
    withEnv(variables(at)) {
        stage('Commit') {
            gateledgerCommit(o + [logKey: null])
        }
        stage('Build') {
            o.build.call()
            gateledgerSbom(o + [path: '.', subject: null, output: 'sbom.cdx.json'])
            record(o, 'build', null)
            record(o, 'sbom', 'sbom.cdx.json')
        }
        if (o.test) {
            stage('Test') {
                o.test.call()
                record(o, 'test', o.testReports)
            }
        }
        if (o.scan) {
            stage('Scan') {
                o.scan.call()
                record(o, 'scan', o.scanReports)
            }
        }
        def files = carried(o)
        if (files) {
            stash(name: 'gateledger', includes: files)
        }
    }
    return at
}

void record(Map o, String kind, Object reports) {
    gateledgerRecord(o + [kind: kind, subject: o.artifact, reports: reports, environment: null, result: null, logKey: null])
}

// deployed deploys, logs it with the log key, and verifies it.
void deployed(Map o, Map at, Map allowed) {
    def key = o.logKey ?: 'gateledger-log-key'
    again(at)
    if (carried(o)) {
        unstash('gateledger')
    }
    stage('Deploy') {
        // Once more, of the very bytes that are here.
        gateledgerVerify(o + [check: 'decision', subject: o.artifact])
        gateledgerDeploy(o + [subject: o.artifact, request: allowed.request, url: null, logKey: key]) {
            o.deploy.call()
        }
    }
    stage('Verify Deployment') {
        gateledgerVerify(o + [check: 'environment'])
        gateledgerVerify(o + [check: 'artifact', subject: o.artifact])
    }
}

// again checks out the same commit. A branch may have moved since.
void again(Map at) {
    def now = checkout(scm)
    if (now.GIT_COMMIT != at.GIT_COMMIT) {
        sh(label: 'the same commit', script: '#!/bin/sh\ngit checkout --quiet --detach "$GIT_COMMIT"')
    }
}

// carried are the files that deploy needs and the checkout does not have, an Ant
// pattern; empty where the artifact is elsewhere.
@com.cloudbees.groovy.cps.NonCPS
String carried(Map o) {
    def artifact = o.artifact.toString()
    def elsewhere = artifact ==~ /.*@sha(256|512):[0-9a-f]+/
    def list = elsewhere ? [] : [artifact, artifact + '/**']
    if (o.files) {
        list.add(o.files.toString())
    }
    return list.join(',')
}

// complete is the end of every build that was not put off. It hides no error of
// the build behind one of its own.
void complete(Map o, Map at, String status) {
    if (!at.GIT_COMMIT || status == 'NOT_BUILT') {
        return
    }
    try {
        withEnv(variables(at)) {
            node(o.label ?: '') {
                again(at)
                gateledgerComplete(o + [status: status, logKey: o.logKey ?: 'gateledger-log-key'])
            }
        }
    } catch (e) {
        unstable('gateledger: how the build ended could not be logged: ' + e.message)
    }
}

// variables are those of the commit, which a scripted pipeline has to set.
@com.cloudbees.groovy.cps.NonCPS
List variables(Map at) {
    def list = []
    for (name in ['GIT_URL', 'GIT_COMMIT', 'GIT_BRANCH', 'GIT_LOCAL_BRANCH']) {
        if (at[name]) {
            list.add(name + '=' + at[name])
        }
    }
    return list
}
