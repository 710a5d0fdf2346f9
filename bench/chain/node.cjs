// SPDX-License-Identifier: Apache-2.0
//
// Deploys LogAnchor to a node of its own and prints what anchors cost there, and how
// long one takes from being sent to its receipt.
'use strict';
const fs = require('fs');
const [url, file] = process.argv.slice(2);
const { bytecode } = JSON.parse(fs.readFileSync(file, 'utf8'));
const selectors = { setSubmitter: '0x4006383c', anchor: '0x70c127c6' };
const word = (v) => BigInt(v).toString(16).padStart(64, '0');
const root = (i) => '0x' + (0xa1b2c3d4e5f6n * BigInt(i)).toString(16).padStart(32, 'f').repeat(2);

let id = 0;
async function ask(method, ...params) {
	const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params });
	const answer = await (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();
	if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
	return answer.result;
}

async function send(from, to, data) {
	const hash = await ask('eth_sendTransaction', { from, to, data });
	for (;;) {
		const receipt = await ask('eth_getTransactionReceipt', hash);
		if (receipt && receipt.status !== '0x1') throw new Error('reverted');
		if (receipt) return receipt;
		await new Promise((done) => setTimeout(done, 2));
	}
}

async function main() {
	const [from] = await ask('eth_accounts');
	const { contractAddress: log } = await send(from, undefined, bytecode + word(from));
	const origin = word('0x' + 'c7'.repeat(32));
	await send(from, log, selectors.setSubmitter + origin + word(from));
	const gas = [];
	const times = [];
	for (let i = 1; i <= 50; i++) {
		const began = performance.now();
		const receipt = await send(from, log, selectors.anchor + origin + word(i * 1000) + word(root(i)));
		times.push(performance.now() - began);
		gas.push(Number(receipt.gasUsed));
	}
	times.sort((a, b) => a - b);
	console.log(`anvil: first anchor ${gas[0]} gas, then ${Math.min(...gas.slice(1))} to ${Math.max(...gas.slice(1))}; p50 ${times[25].toFixed(1)} ms`);
}
main().catch((e) => {
	console.error(e);
	process.exit(1);
});
