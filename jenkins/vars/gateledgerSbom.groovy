// SPDX-License-Identifier: Apache-2.0

// gateledgerSbom lists what the workspace is made of, as CycloneDX.
//
//   path     folder to look into, .
//   output   file of the SBOM, sbom.cdx.json
//   subject  the artifact this is the SBOM of; by default the project
// and what gateledgerRun takes. An SBOM with gaps (exit 3) is an error, unless
// allowIncomplete is true.
Map call(Map o = [:]) {
    def output = o.output ?: 'sbom.cdx.json'
    def path = (o.path ?: '.').toString()
    def args = ['--output=' + output]
    if (o.subject) {
        args.add('--subject=' + o.subject)
    }
    if (o.allowIncomplete) {
        args.add('--allow-incomplete')
    }
    def ran = gateledgerRun([report: 'gateledger-report/sbom'] + o + [program: 'sbom', key: null, logKey: null, policy: null, git: null, args: args + [path.startsWith('-') ? './' + path : path]])
    if (ran.code != 0) {
        error('gateledger sbom: exit ' + ran.code)
    }
    archiveArtifacts(artifacts: output)
    return ran.outputs
}
