// SPDX-License-Identifier: Apache-2.0

// gateledgerDeploy deploys and logs how that went: healthy, or failed if the
// closure throws; what it threw is thrown on.
//
//   gateledgerDeploy(environment: 'production', subject: 'dist/app') {
//       sh './deploy dist/app'
//   }
//
// Ask gateledgerGate first. Takes what gateledgerRecord takes.
Map call(Map o, Closure deploy) {
    try {
        deploy()
    } catch (e) {
        try {
            gateledgerRecord(o + [kind: 'deployment', result: 'failed'])
        } catch (also) {
            echo('gateledger: that the deployment failed could not be logged: ' + also.message)
        }
        throw e
    }
    return gateledgerRecord(o + [kind: 'deployment', result: 'healthy'])
}
