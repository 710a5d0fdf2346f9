// SPDX-License-Identifier: Apache-2.0
//
// What test/e2e/chain.sh does on its chain beside gateledger: keys, contracts, votes.
//
//	node chain.cjs keystore FILE PASSWORD     the payer's key, sealed as geth does
//	node chain.cjs address NAME               an account, with its checksum
//	node chain.cjs deploy CONTRACT            prints where it is
//	node chain.cjs submitter CONTRACT ORIGIN  the payer submits this log
//	node chain.cjs fork CONTRACT ORIGIN SIZE  the payer submits a root of its own making
//	node chain.cjs nonce NAME                 how many transactions an account sent
//	node chain.cjs policy GATE                two of lead approve, each may veto
//	node chain.cjs propose GATE REQUEST ARTIFACT COMMIT
//	node chain.cjs approve GATE REQUEST ARTIFACT COMMIT NAME…
//	node chain.cjs veto GATE REQUEST ARTIFACT COMMIT NAME
//
// CHAIN_URL is the node, CHAIN_MODULES the folder of npm packages. The accounts are
// those that anvil begins with; whoever relays votes is none of the voters.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { keccak256 } = require(path.join(process.env.CHAIN_MODULES, 'js-sha3'));
const people = ['owner', 'payer', 'relayer', 'ana', 'bo', 'mallory'];
const payerKey = '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const requestFields = [['bytes32', 'request'], ['bytes32', 'environment'], ['bytes32', 'artifact'], ['bytes32', 'commit'],
	['uint32', 'epoch'], ['uint40', 'expires'], ['uint24', 'excluded']];
const requestTuple = `(${requestFields.map(([type]) => type)})`;
const expires = BigInt(Math.floor(Date.now() / 86400000) + 30) * 86400n; // midnight, in a month

let id = 0;
async function ask(method, ...params) {
	const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params });
	const answer = await (await fetch(process.env.CHAIN_URL, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();
	if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
	return answer.result;
}

function checksummed(address) {
	const plain = address.slice(2).toLowerCase();
	const hash = keccak256(plain);
	return '0x' + [...plain].map((c, i) => (parseInt(hash[i], 16) > 7 ? c.toUpperCase() : c)).join('');
}

async function account(name) {
	if (!people.includes(name)) throw new Error(`there is no ${name}`);
	return checksummed((await ask('eth_accounts'))[people.indexOf(name)]);
}

// split takes the types of a list apart: those of a tuple stay together.
function split(list) {
	const parts = [];
	let depth = 0;
	for (const piece of list.split(/(?=[(),])|(?<=[(),])/)) {
		if (piece === ',' && depth === 0) {
			parts.push('');
			continue;
		}
		depth += (piece === '(') - (piece === ')');
		parts.push((parts.pop() || '') + piece);
	}
	return parts;
}

const word = (v) => BigInt(v).toString(16).padStart(64, '0');
const dynamic = (type) => type === 'bytes' || type.endsWith('[]') || (type[0] === '(' && split(inner(type)).some(dynamic));
const inner = (type) => type.slice(1, type.lastIndexOf(')'));

function encode(type, v) {
	const list = type.match(/^(.*)\[(\d*)\]$/);
	if (list) return (list[2] ? '' : word(v.length)) + encodeAll(v.map(() => list[1]), v);
	if (type[0] === '(') return encodeAll(split(inner(type)), v);
	if (type !== 'bytes') return word(v);
	const data = v.slice(2);
	return word(data.length / 2) + data.padEnd(Math.ceil(data.length / 64) * 64, '0');
}

function encodeAll(types, values) {
	const parts = types.map((type, i) => encode(type, values[i]));
	let at = types.reduce((sum, type, i) => sum + (dynamic(type) ? 32 : parts[i].length / 2), 0);
	let heads = '';
	let tails = '';
	types.forEach((type, i) => {
		if (!dynamic(type)) {
			heads += parts[i];
			return;
		}
		heads += word(at);
		tails += parts[i];
		at += parts[i].length / 2;
	});
	return heads + tails;
}

async function send(from, to, data) {
	const hash = await ask('eth_sendTransaction', { from: await account(from), to, data });
	for (;;) {
		const receipt = await ask('eth_getTransactionReceipt', hash);
		if (receipt && receipt.status !== '0x1') throw new Error('the transaction reverted');
		if (receipt) return receipt;
		await new Promise((done) => setTimeout(done, 10));
	}
}

function call(from, to, signature, ...values) {
	const types = split(inner(signature.slice(signature.indexOf('('))));
	return send(from, to, '0x' + keccak256(signature).slice(0, 8) + encodeAll(types, values));
}

const sha256 = (text) => '0x' + crypto.createHash('sha256').update(text).digest('hex');

function request(hash, artifact, commit) {
	return ['0x' + hash, sha256('production'), '0x' + artifact, '0x' + commit.padEnd(64, '0'), 1n, expires, 0n];
}

// vote is what a person signs: EIP-712, without gas.
async function vote(gate, r, decision, name) {
	const field = ([type, name]) => ({ name, type });
	const typed = {
		types: {
			EIP712Domain: [['string', 'name'], ['string', 'version'], ['uint256', 'chainId'], ['address', 'verifyingContract']].map(field),
			Request: requestFields.map(field),
			Vote: [['Request', 'request'], ['uint8', 'decision'], ['uint40', 'validUntil']].map(field),
		},
		primaryType: 'Vote',
		domain: { name: 'Gateledger DeploymentGate', version: '1', chainId: Number(await ask('eth_chainId')), verifyingContract: gate },
		message: {
			request: Object.fromEntries(requestFields.map(([, name], i) => [name, String(r[i])])),
			decision, validUntil: String(expires),
		},
	};
	const signer = await account(name);
	return [signer, expires, await ask('eth_signTypedData_v4', signer, typed)];
}

const commands = {
	keystore(file, password) {
		const [salt, iv] = [crypto.randomBytes(32), crypto.randomBytes(16)];
		const secret = crypto.scryptSync(password, salt, 32, { N: 4096, r: 8, p: 1 });
		const cipher = crypto.createCipheriv('aes-128-ctr', secret.subarray(0, 16), iv);
		const sealed = Buffer.concat([cipher.update(Buffer.from(payerKey, 'hex')), cipher.final()]);
		fs.writeFileSync(file, JSON.stringify({
			version: 3, id: crypto.randomUUID(), address: '70997970c51812dc3a010c7d01b50e0d17dc79c8',
			crypto: {
				cipher: 'aes-128-ctr', ciphertext: sealed.toString('hex'), cipherparams: { iv: iv.toString('hex') },
				kdf: 'scrypt', kdfparams: { dklen: 32, n: 4096, r: 8, p: 1, salt: salt.toString('hex') },
				mac: keccak256(Buffer.concat([secret.subarray(16), sealed])),
			},
		}), { mode: 0o600 });
	},
	address: account,
	async deploy(name) {
		const bindings = path.join(__dirname, '../../internal/anchor/evm', name.toLowerCase(), 'bindings.go');
		const [, code] = fs.readFileSync(bindings, 'utf8').match(/\bBin: "(0x[0-9a-f]+)"/);
		const given = { LogAnchor: [['address'], [await account('owner')]], DeploymentGate: [['address', 'uint48'], [await account('owner'), 0n]] }[name] || [[], []];
		return checksummed((await send('owner', undefined, code + encodeAll(...given))).contractAddress);
	},
	async submitter(contract, origin) {
		await call('owner', contract, 'setSubmitter(bytes32,address)', sha256(origin), await account('payer'));
	},
	async fork(contract, origin, size) {
		await call('payer', contract, 'anchor(bytes32,uint64,bytes32)', sha256(origin), BigInt(size), sha256('another log'));
	},
	nonce: async (name) => Number(await ask('eth_getTransactionCount', await account(name), 'latest')),
	async policy(gate) {
		await call('owner', gate, 'grantRole(bytes32,address)', '0x' + keccak256('PROPOSER_ROLE'), await account('relayer'));
		const seats = [await account('owner'), [2n, 0n, 0n, 0n], 1n, 0xffffffn];
		const voters = [[1n, [await account('ana')]], [1n, [await account('bo')]]];
		await call('owner', gate, 'setPolicy(bytes32,(address,uint8[4],uint8,uint24),(uint8,bytes[])[])', sha256('production'), seats, voters);
	},
	async propose(gate, ...asked) {
		await call('relayer', gate, `propose(${requestTuple})`, request(...asked));
	},
	async approve(gate, hash, artifact, commit, ...names) {
		const r = request(hash, artifact, commit);
		const votes = await Promise.all(names.map((name) => vote(gate, r, 1, name)));
		await call('relayer', gate, `approve(${requestTuple},(bytes,uint40,bytes)[])`, r, votes);
	},
	async veto(gate, hash, artifact, commit, name) {
		const r = request(hash, artifact, commit);
		await call('relayer', gate, `veto(${requestTuple},(bytes,uint40,bytes))`, r, await vote(gate, r, 2, name));
	},
};

async function main() {
	const [command, ...given] = process.argv.slice(2);
	const said = await commands[command](...given);
	if (said !== undefined) console.log(said);
}
main().catch((e) => {
	console.error(e.message);
	process.exit(1);
});
