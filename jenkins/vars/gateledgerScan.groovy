// SPDX-License-Identifier: Apache-2.0

// gateledgerScan logs what a scanner found: SARIF, or JSON of Trivy, grype or
// osv-scanner. Takes what gateledgerRecord takes; reports are needed. What may be
// found is for the policy to say, and for the gate to refuse.
Map call(Map o) {
    return gateledgerRecord(o + [kind: 'scan'])
}
