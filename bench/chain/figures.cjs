// SPDX-License-Identifier: Apache-2.0
//
// Prints the gas figures of contracts/snapshots as a table.
'use strict';
const fs = require('fs');
const path = require('path');
const folder = process.argv[2];
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name + '.json'), 'utf8'));
const ours = read('gateledger');
const theirs = read('faulty');
const n = (v) => (v === undefined ? '' : Math.round(Number(v)).toLocaleString('en').replace(/,/g, ' '));

const flow = ['propose', 'approve, three votes', 'execute'].map((k) => Number(ours['DeploymentGate.' + k]));
const anchor = Number(ours['LogAnchor.anchor, worst']);
const perEvent = Number(theirs.report);
const rows = [
	['three approvals', ours['DeploymentGate.approve, three votes'], Number(theirs['approve, first']) + Number(theirs['approve, second']) + Number(theirs['approve, last']), 91000],
	['account, P-256 key and a Safe of 2 of 3', ours['DeploymentGate.approve, account, P-256 key and Safe of 2 of 3']],
	['propose', ours['DeploymentGate.propose'], theirs.propose],
	['execute', ours['DeploymentGate.execute'], undefined, 36500],
	['a whole deployment (theirs has no execution)', flow.reduce((a, b) => a + b), theirs['propose and three approvals, four transactions']],
	['anchor, first', ours['LogAnchor.anchor, first']],
	['anchor, steady', ours['LogAnchor.anchor, steady'], undefined, 31700],
	['anchor, the dearest there is', anchor, undefined, 31700],
	['anchor with a proof (extend), a million leaves by a thousand', ours['LogAnchor.extend, a million leaves by a thousand']],
	['one event of 1 000 under one anchor (theirs: one report each)', anchor / 1000, perEvent, 38],
	['SBOM of 10 dependencies', ours['EvidenceRegistry.publish'], theirs['create, 10 dependencies']],
	['SBOM of 100 dependencies', ours['EvidenceRegistry.publish'], theirs['create, 100 dependencies']],
	['vulnerability, first (theirs: report)', ours['EvidenceRegistry.advise, first'], theirs.report],
	['vulnerability, changed (theirs: cannot)', ours['EvidenceRegistry.advise, update']],
	['checksum', ours['EvidenceRegistry.publish'], theirs.setChecksum],
];
console.log('| gas | ours | the faulty form | at most |\n|---|---|---|---|');
for (const [what, a, b, most] of rows) console.log(`| ${what} | ${n(a)} | ${n(b)} | ${n(most)} |`);
