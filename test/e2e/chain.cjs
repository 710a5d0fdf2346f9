// SPDX-License-Identifier: Apache-2.0
//
// What test/e2e/chain.sh does on its chain beside gateledger: keys, contracts, votes.
//
//	node chain.cjs genesis <FILE              geth's own, by the rules of Osaka, with money for everybody
//	node chain.cjs fund                       the same on anvil
//	node chain.cjs keystore FILE PASSWORD     the payer's key, sealed as geth does
//	node chain.cjs address NAME               an account, with its checksum
//	node chain.cjs deploy CONTRACT            prints where it is
//	node chain.cjs safe                       a Safe of three keys that needs two of them; prints where it is
//	node chain.cjs signer NAME                as a contract and a policy name a voter
//	node chain.cjs submitter CONTRACT ORIGIN  the payer submits this log
//	node chain.cjs fork CONTRACT ORIGIN SIZE  the payer submits a root of its own making
//	node chain.cjs nonce NAME                 how many transactions an account sent
//	node chain.cjs policy GATE                two of lead approve, each may veto
//	node chain.cjs propose GATE REQUEST ARTIFACT COMMIT
//	node chain.cjs approve GATE REQUEST ARTIFACT COMMIT NAME…
//	node chain.cjs veto GATE REQUEST ARTIFACT COMMIT NAME
//
// CHAIN_URL is the node, CHAIN_MODULES the folder of npm packages. Ana votes by the Safe
// CHAIN_SAFE, bo by a P-256 key behind the verifier CHAIN_VERIFIER, the others by
// accounts; lone is one of the Safe's keys, who says it is the Safe, and forged another
// P-256 key, which says it is bo's. Whoever relays votes is none of the voters. Nothing
// is signed by the node.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { keccak256 } = require(path.join(process.env.CHAIN_MODULES, 'js-sha3'));
const keys = ['ana one', 'ana two', 'ana three'];
const people = ['owner', 'payer', 'relayer', 'cy', 'mallory'];
const voters = ['ana', 'bo', 'cy'];
const requestFields = [['bytes32', 'request'], ['bytes32', 'environment'], ['bytes32', 'artifact'], ['bytes32', 'commit'],
	['uint32', 'epoch'], ['uint40', 'expires'], ['uint24', 'excluded']];
const requestTuple = `(${requestFields.map(([type]) => type)})`;
const requestType = `Request(${requestFields.map((field) => field.join(' '))})`;
const expires = BigInt(Math.floor(Date.now() / 86400000) + 30) * 86400n; // midnight, in a month
const orders = {
	secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
	prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

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

const secret = (name) => crypto.createHash('sha256').update(`test/e2e/chain.cjs ${name}`).digest();
const big = (bytes) => BigInt('0x' + Buffer.from(bytes).toString('hex'));
const hex = (v) => BigInt(v).toString(16).padStart(64, '0');

// point is the public half of a key: x and y.
function point(curve, name) {
	const pair = crypto.createECDH(curve);
	pair.setPrivateKey(secret(name));
	return pair.getPublicKey().subarray(1);
}

function account(name) {
	if (!people.includes(name) && !keys.includes(name)) throw new Error(`there is no ${name}`);
	return checksummed('0x' + keccak256(point('secp256k1', name)).slice(24));
}

// sign makes an ECDSA signature of what is hashed already, which node's own would hash
// again. The point is node's, the rest arithmetic; s is the lower one.
function sign(curve, name, digest) {
	const n = orders[curve];
	const nonce = crypto.createECDH(curve);
	const at = nonce.generateKeys();
	const r = big(at.subarray(1, 33)) % n;
	let s = (inverse(big(nonce.getPrivateKey()), n) * (BigInt('0x' + digest) + r * big(secret(name)))) % n;
	let odd = at[64] & 1;
	if (s > n / 2n) [s, odd] = [n - s, odd ^ 1];
	return { r, s, odd };
}

function inverse(v, n) { // n is prime: v^(n-2)
	let power = 1n;
	for (let e = n - 2n; e > 0n; e >>= 1n) {
		if (e & 1n) power = (power * v) % n;
		v = (v * v) % n;
	}
	return power;
}

// by is a signature by an account.
function by(name, digest) {
	const { r, s, odd } = sign('secp256k1', name, digest);
	return hex(r) + hex(s) + (27 + odd).toString(16);
}

// signer is a voter: an address, or that of a verifier with a key behind it (ERC-7913).
function signer(name) {
	if (name === 'ana' || name === 'lone') return process.env.CHAIN_SAFE;
	if (name === 'bo' || name === 'forged') return process.env.CHAIN_VERIFIER + point('prime256v1', 'bo').toString('hex');
	return account(name);
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

const dynamic = (type) => type === 'bytes' || type.endsWith('[]') || (type[0] === '(' && split(inner(type)).some(dynamic));
const inner = (type) => type.slice(1, type.lastIndexOf(')'));

function encode(type, v) {
	const list = type.match(/^(.*)\[(\d*)\]$/);
	if (list) return (list[2] ? '' : hex(v.length)) + encodeAll(v.map(() => list[1]), v);
	if (type[0] === '(') return encodeAll(split(inner(type)), v);
	if (type !== 'bytes') return hex(v);
	const data = v.slice(2);
	return hex(data.length / 2) + data.padEnd(Math.ceil(data.length / 64) * 64, '0');
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
		heads += hex(at);
		tails += parts[i];
		at += parts[i].length / 2;
	});
	return heads + tails;
}

// rlp encodes bytes, and lists of them (Ethereum's yellow paper, appendix B).
function rlp(v) {
	const head = (from, n) => (n < 56 ? Buffer.from([from + n]) : Buffer.concat([Buffer.from([from + 55 + whole(n).length]), whole(n)]));
	if (!Array.isArray(v)) return v.length === 1 && v[0] < 0x80 ? v : Buffer.concat([head(0x80, v.length), v]);
	const all = Buffer.concat(v.map(rlp));
	return Buffer.concat([head(0xc0, all.length), all]);
}

function whole(v) { // a number, without zeros before it
	const digits = BigInt(v).toString(16);
	return BigInt(v) === 0n ? Buffer.alloc(0) : Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

const raw = (text) => Buffer.from(text.slice(2), 'hex');

// send sends a transaction (EIP-1559) and waits until it is in a block.
async function send(from, to, data) {
	const sender = account(from);
	const gas = BigInt(await ask('eth_estimateGas', { from: sender, to, data }));
	const { baseFeePerGas } = await ask('eth_getBlockByNumber', 'latest', false);
	const fields = [whole(await ask('eth_chainId')), whole(await ask('eth_getTransactionCount', sender, 'pending')), whole(10n ** 9n),
		whole(2n * BigInt(baseFeePerGas) + 10n ** 9n), whole((gas * 5n) / 4n), raw(to || '0x'), whole(0), raw(data), []];
	const { r, s, odd } = sign('secp256k1', from, keccak256(Buffer.concat([Buffer.from([2]), rlp(fields)])));
	const hash = await ask('eth_sendRawTransaction', '0x02' + rlp([...fields, whole(odd), whole(r), whole(s)]).toString('hex'));
	for (;;) {
		const receipt = await ask('eth_getTransactionReceipt', hash).catch(() => null); // geth may still be indexing
		if (receipt && receipt.status !== '0x1') throw new Error('the transaction reverted');
		if (receipt) return receipt;
		await new Promise((done) => setTimeout(done, 10));
	}
}

function encodeCall(signature, ...values) {
	const types = split(inner(signature.slice(signature.indexOf('(')))).filter(Boolean);
	return '0x' + keccak256(signature).slice(0, 8) + encodeAll(types, values);
}

const call = (from, to, signature, ...values) => send(from, to, encodeCall(signature, ...values));

const sha256 = (text) => '0x' + crypto.createHash('sha256').update(text).digest('hex');

function request(hash, artifact, commit) {
	return ['0x' + hash, sha256('production'), '0x' + artifact, '0x' + commit.padEnd(64, '0'), 1n, expires, 0n];
}

// struct is the hash of a type whose fields are a word each (EIP-712).
const struct = (type, ...fields) => keccak256(Buffer.from(keccak256(type) + fields.map(hex).join(''), 'hex'));
const digestOf = (domain, message) => keccak256(Buffer.from('1901' + domain + message, 'hex'));

// vote is what a person signs: EIP-712, without gas.
async function vote(gate, r, decision, name) {
	const domain = struct('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
		'0x' + keccak256('Gateledger DeploymentGate'), '0x' + keccak256('1'), await ask('eth_chainId'), gate);
	const message = struct(`Vote(Request request,uint8 decision,uint40 validUntil)${requestType}`, '0x' + struct(requestType, ...r), decision, expires);
	const digest = digestOf(domain, message);
	if (name === 'bo' || name === 'forged') {
		const { r: x, s } = sign('prime256v1', name, digest);
		return [signer(name), expires, '0x' + hex(x) + hex(s)];
	}
	if (signer(name) !== process.env.CHAIN_SAFE) return [signer(name), expires, '0x' + by(name, digest)];
	// A Safe hashes again what it is asked about; its keys sign that, in the order of
	// their addresses.
	const safe = await ask('eth_call', { to: signer(name), data: encodeCall('domainSeparator()') }, 'latest');
	const again = digestOf(safe.slice(2), struct('SafeMessage(bytes message)', '0x' + keccak256(Buffer.from(digest, 'hex'))));
	const who = name === 'lone' ? keys.slice(0, 1) : keys.slice(1).sort((a, b) => (BigInt(account(a)) < BigInt(account(b)) ? -1 : 1));
	return [signer(name), expires, '0x' + who.map((key) => by(key, again)).join('')];
}

const commands = {
	genesis() {
		const g = JSON.parse(fs.readFileSync(0, 'utf8'));
		delete g.config.bogotaTime;
		delete g.config.amsterdamTime;
		g.gasLimit = '0x3938700'; // 60 million
		for (const name of people) g.alloc[account(name).slice(2)] = { balance: '0x56bc75e2d63100000' };
		return JSON.stringify(g);
	},
	async fund() {
		for (const name of people) await ask('anvil_setBalance', account(name), '0x56bc75e2d63100000');
	},
	keystore(file, password) {
		const [salt, iv] = [crypto.randomBytes(32), crypto.randomBytes(16)];
		const sealing = crypto.scryptSync(password, salt, 32, { N: 4096, r: 8, p: 1 });
		const cipher = crypto.createCipheriv('aes-128-ctr', sealing.subarray(0, 16), iv);
		const sealed = Buffer.concat([cipher.update(secret('payer')), cipher.final()]);
		fs.writeFileSync(file, JSON.stringify({
			version: 3, id: crypto.randomUUID(), address: account('payer').slice(2).toLowerCase(),
			crypto: {
				cipher: 'aes-128-ctr', ciphertext: sealed.toString('hex'), cipherparams: { iv: iv.toString('hex') },
				kdf: 'scrypt', kdfparams: { dklen: 32, n: 4096, r: 8, p: 1, salt: salt.toString('hex') },
				mac: keccak256(Buffer.concat([sealing.subarray(16), sealed])),
			},
		}), { mode: 0o600 });
	},
	address: account,
	signer,
	async deploy(name) {
		const bindings = path.join(__dirname, '../../internal/anchor/evm', name.toLowerCase(), 'bindings.go');
		const [, code] = fs.readFileSync(bindings, 'utf8').match(/\bBin: "(0x[0-9a-f]+)"/);
		const given = { LogAnchor: [['address'], [account('owner')]], DeploymentGate: [['address', 'uint48'], [account('owner'), 0n]] }[name] || [[], []];
		return checksummed((await send('owner', undefined, code + encodeAll(...given))).contractAddress);
	},
	async safe() {
		const create = async (name) => {
			const file = path.join(process.env.CHAIN_MODULES, '@safe-global/safe-smart-account/build/artifacts/contracts', `${name}.json`);
			return (await send('owner', undefined, JSON.parse(fs.readFileSync(file, 'utf8')).bytecode)).contractAddress;
		};
		const singleton = await create('Safe.sol/Safe');
		const handler = await create('handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler');
		const factory = await create('proxies/SafeProxyFactory.sol/SafeProxyFactory');
		const setup = encodeCall('setup(address[],uint256,address,bytes,address,address,uint256,address)', keys.map(account), 2n, 0n, '0x', handler, 0n, 0n, 0n);
		const made = await call('owner', factory, 'createProxyWithNonce(address,bytes,uint256)', singleton, setup, 1n);
		return checksummed('0x' + made.logs.find((log) => log.address === factory).topics[1].slice(26));
	},
	async submitter(contract, origin) {
		await call('owner', contract, 'setSubmitter(bytes32,address)', sha256(origin), account('payer'));
	},
	async fork(contract, origin, size) {
		await call('payer', contract, 'anchor(bytes32,uint64,bytes32)', sha256(origin), BigInt(size), sha256('another log'));
	},
	nonce: async (name) => Number(await ask('eth_getTransactionCount', account(name), 'latest')),
	async policy(gate) {
		await call('owner', gate, 'grantRole(bytes32,address)', '0x' + keccak256('PROPOSER_ROLE'), account('relayer'));
		const seats = [account('owner'), [2n, 0n, 0n, 0n], 1n, 0xffffffn];
		await call('owner', gate, 'setPolicy(bytes32,(address,uint8[4],uint8,uint24),(uint8,bytes[])[])', sha256('production'), seats, voters.map((name) => [1n, [signer(name)]]));
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
