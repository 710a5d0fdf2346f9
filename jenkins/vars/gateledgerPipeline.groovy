// SPDX-License-Identifier: Apache-2.0

// gateledgerPipeline is a whole pipeline: it checks the commit, builds and logs
// the build, tests, scans and logs what was found, asks the gate, deploys, logs
// and verifies the deployment, and says how it ended and how long it took.
//
//   gateledgerPipeline(
//       artifact: 'dist/app', environment: 'production',
//       label: 'build', gateLabel: 'gate',
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
//   label         of the agents that run the project's code: build, test, scan, deploy
//   gateLabel     of the agents that hold our keys, and run nothing of a project;
//                 needed, and another than label
//   keysWithCode  true goes without gateLabel: our keys are then on agents that ran
//                 the project's code, which can take them
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
    def apart = o.gateLabel && o.gateLabel != o.label
    if (!apart && !o.keysWithCode) {
        error('gateledgerPipeline: gateLabel is needed: the label of agents that run nothing of a project, for they hold the keys')
    }
    if (!apart) {
        echo('WARNING: gateledger: there is no gateLabel of its own, so the log key and the event key are where code of this project ran. ' +
            'That code can take them, and write what it likes: this gate stops nobody who may change it')
    }
    def keys = o.gateLabel ?: o.label ?: ''
    def at = [:]
    def status = 'FAILURE'
    try {
        node(keys) {
            at = begun(o)
        }
        withEnv(variables(at)) {
            node(o.label ?: '') {
                made(o, at)
            }
            node(keys) {
                recorded(o, at)
            }
            def allowed = [:]
            stage('Approval') {
                allowed = gateledgerGate(o + [label: keys, subject: null])
            }
            shipped(o, at, allowed, keys)
        }
        status = 'SUCCESS'
    } catch (e) {
        status = currentBuild.result ?: (e.class.simpleName == 'FlowInterruptedException' ? 'ABORTED' : 'FAILURE')
        throw e
    } finally {
        complete(o, at, status, keys)
    }
    return at
}

// begun checks out and logs the commit, where nothing of the project runs.
Map begun(Map o) {
    def at = [:]
    stage('Checkout') {
        at = checkout(scm)
    }
    withEnv(variables(at)) {
        stage('Commit') {
            gateledgerCommit(o + [logKey: null])
        }
    }
    return at
}

// made runs what is the project's, up to the artifact. It holds no key.
void made(Map o, Map at) {
    again(at)
    stage('Build') {
        o.build.call()
        gateledgerSbom(o + [path: '.', subject: null, output: 'sbom.cdx.json'])
    }
    if (o.test) {
        stage('Test') {
            o.test.call()
        }
    }
    if (o.scan) {
        stage('Scan') {
            o.scan.call()
        }
    }
    def files = carried(o)
    if (files) {
        stash(name: 'gateledger', includes: files)
    }
    stash(name: 'gateledger-reports', includes: reports(o))
}

// recorded signs what was made, on an agent that runs none of it.
void recorded(Map o, Map at) {
    again(at)
    if (carried(o)) {
        unstash('gateledger')
    }
    unstash('gateledger-reports')
    stage('Record') {
        record(o, 'build', null)
        record(o, 'sbom', 'sbom.cdx.json')
        if (o.test) {
            record(o, 'test', o.testReports)
        }
        if (o.scan) {
            record(o, 'scan', o.scanReports)
        }
    }
}

void record(Map o, String kind, Object reports) {
    gateledgerRecord(o + [kind: kind, subject: o.artifact, reports: reports, environment: null, result: null, logKey: null])
}

// shipped has the project's code deploy, and then, elsewhere, logs how that went
// and verifies it.
void shipped(Map o, Map at, Map allowed, String keys) {
    def thrown = null
    stage('Deploy') {
        def began = false
        try {
            node(o.label ?: '') {
                again(at)
                if (carried(o)) {
                    unstash('gateledger')
                }
                same(o, allowed.allowed ?: '')
                began = true
                o.deploy.call()
            }
        } catch (e) {
            if (!began) {
                throw e
            }
            thrown = e
        }
        node(keys) {
            again(at)
            if (carried(o)) {
                unstash('gateledger')
            }
            logged(o, allowed, thrown)
        }
        if (thrown != null) {
            throw thrown
        }
    }
    stage('Verify Deployment') {
        node(keys) {
            again(at)
            if (carried(o)) {
                unstash('gateledger')
            }
            gateledgerVerify(o + [check: 'environment'])
            gateledgerVerify(o + [check: 'artifact', subject: o.artifact])
        }
    }
}

// logged logs that a deployment was healthy, or failed. It hides no error of the
// deployment behind one of its own.
void logged(Map o, Map allowed, Throwable thrown) {
    try {
        gateledgerRecord([logKey: 'gateledger-log-key'] + o + [kind: 'deployment', subject: o.artifact, reports: null,
            result: thrown == null ? 'healthy' : 'failed', request: allowed.request, url: null])
    } catch (e) {
        if (thrown == null) {
            throw e
        }
        echo('gateledger: that the deployment failed could not be logged: ' + e.message)
    }
}

// same holds the very bytes that are here against what the gate allowed in this
// build, and what was ever allowed into the environment.
void same(Map o, String allowed) {
    def hex = ''
    def fixed = digest(o.artifact.toString())
    if (fixed) {
        hex = fixed
    } else {
        withEnv(['GATELEDGER_ARTIFACT=' + o.artifact]) {
            hex = sh(label: 'the bytes at hand', returnStdout: true, script: '''#!/bin/sh
[ ! -d "$GATELEDGER_ARTIFACT" ] || { echo folder; exit 0; }
if command -v sha256sum >/dev/null; then sha256sum <"$GATELEDGER_ARTIFACT"; else shasum -a 256 <"$GATELEDGER_ARTIFACT"; fi | cut -c 1-64
''').trim()
        }
    }
    // A folder has a digest of our own, which the program takes and compares.
    if (hex != 'folder' && !names(allowed, hex)) {
        error('gateledger: ' + o.artifact + ' has the SHA-256 ' + hex + ', and that is not what the gate allowed')
    }
    gateledgerVerify(o + [check: 'decision', subject: fixed ? 'sha256:' + fixed : o.artifact])
}

// digest is that of NAME@sha256:HEX, empty for a file.
@com.cloudbees.groovy.cps.NonCPS
String digest(String artifact) {
    def m = artifact =~ /.*@sha256:([0-9a-f]{64})/
    return m.matches() ? m.group(1) : ''
}

// names says whether one of the lines is of this digest.
@com.cloudbees.groovy.cps.NonCPS
boolean names(String lines, String hex) {
    for (line in lines.split('\n')) {
        if (hex.length() == 64 && line.startsWith(hex + '  ')) {
            return true
        }
    }
    return false
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

// reports are the files to be recorded, an Ant pattern.
@com.cloudbees.groovy.cps.NonCPS
String reports(Map o) {
    def list = ['sbom.cdx.json']
    for (some in [o.test ? o.testReports : null, o.scan ? o.scanReports : null]) {
        for (r in (some instanceof List ? some : [some])) {
            if (r) {
                list.add(r.toString())
            }
        }
    }
    return list.join(',')
}

// complete is the end of every build that was not put off. It hides no error of
// the build behind one of its own.
void complete(Map o, Map at, String status, String keys) {
    if (!at.GIT_COMMIT || status == 'NOT_BUILT') {
        return
    }
    try {
        withEnv(variables(at)) {
            node(keys) {
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
