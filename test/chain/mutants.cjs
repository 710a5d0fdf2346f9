// SPDX-License-Identifier: Apache-2.0
//
// Leaves out or changes one check of the contracts after the other, and sees that a
// test fails for each. What is tested is the bytecode, so the tests themselves are
// compiled once. It takes a quarter of an hour, and is not part of CI.
//
//	node test/chain/mutants.cjs [CONTRACT…]
'use strict';
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const top = path.resolve(__dirname, '../..');
const tool = (name) => execFileSync(path.join(top, 'test/chain/tools/install'), [name], { encoding: 'utf8' }).trim();

// Contract, what stands there, and what stands there instead.
const mutants = [
	['LogAnchor', 'if (msg.sender != log.submitter) _refuseCaller(origin);', ''],
	['LogAnchor', 'next & _SIZE <= last & _SIZE', 'next & _SIZE < last & _SIZE'],
	['LogAnchor', ' || size > _SIZE) _refuse', ') _refuse'],
	['LogAnchor', 'if (_pack(size, root) == last) revert AlreadyAnchored(origin, size);', ''],
	['LogAnchor', 'function setSubmitter(bytes32 origin, address submitter) external onlyOwner', 'function setSubmitter(bytes32 origin, address submitter) external'],
	['LogAnchor', 'return isHead(origin, size, root) && Merkle', 'return Merkle'],
	['Merkle', 'if (index >= size) return false;', ''],
	['Merkle', '            if (sn == 0) return false;\n            if (fn & 1 == 1 || fn == sn) {\n                hash', '            if (fn & 1 == 1 || fn == sn) {\n                hash'],
	['Merkle', 'return sn == 0 && hash == root;', 'return hash == root;'],
	['Merkle', 'return sn == 0 && older == firstRoot && newer == secondRoot;', 'return sn == 0 && newer == secondRoot;'],
	['Merkle', 'return sn == 0 && older == firstRoot && newer == secondRoot;', 'return older == firstRoot && newer == secondRoot;'],
	['Merkle', 'return path.length == 0 && firstRoot == secondRoot;', 'return firstRoot == secondRoot;'],
	['Merkle', 'if (first == 0 || first > second) return false;', 'if (first > second) return false;'],
	['Merkle', 'mstore8(at, 1)', ''],
	['DeploymentGate', 'if (policy.executor == address(0)) revert BadPolicy(1);', ''],
	['DeploymentGate', 'if (r.expires > block.timestamp + policy.maxAge) {', 'if (false) {'],
	['DeploymentGate', 'if (m.exists && !_has(r.excluded, m.person)) revert ProposerNotExcluded(m.person);', ''],
	['DeploymentGate', 'if (_records[id].status != Status.None) revert AlreadyProposed(id);', ''],
	['DeploymentGate', 'if (record.status != Status.Open && !lapsed) revert WrongStatus(id, record.status);\n        if', 'if'],
	['DeploymentGate', '&& !lapsed) revert', ') revert'],
	['DeploymentGate', 'if (block.timestamp > r.expires) revert Expired(r.expires);\n        InForce memory policy = _inForce(r);\n        (record', 'InForce memory policy = _inForce(r);\n        (record'],
	['DeploymentGate', 'if (m.roles & _inForce(r).vetoRoles == 0) revert NoVeto(m.person);', ''],
	['DeploymentGate', '        _inForce(r);\n        Member memory m = _checked(r, id, Decision.Withdraw', '        Member memory m = _checked(r, id, Decision.Withdraw'],
	['DeploymentGate', 'if (_has(record.withdrawn, m.person)) revert HasWithdrawn(0, m.person);', ''],
	['DeploymentGate', '            record.status = Status.Open;\n            record.voters = 0;', '            record.voters = 0;'],
	['DeploymentGate', '            record.until = r.expires;\n', ''],
	['DeploymentGate', 'record.withdrawn |= _bit(m.person);', 'record.withdrawn = _bit(m.person);'],
	['DeploymentGate', 'if (msg.sender != record.proposer && !hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) revert NotAllowed(msg.sender);', ''],
	['DeploymentGate', 'if (_inForce(r).executor != msg.sender) revert NotAllowed(msg.sender);', '_inForce(r);'],
	['DeploymentGate', 'if (_inForce(r).executor != msg.sender) revert NotAllowed(msg.sender);', 'if (_policies[r.environment].executor != msg.sender) revert NotAllowed(msg.sender);'],
	['DeploymentGate', 'if (record.status != Status.Approved) revert WrongStatus(id, record.status);', ''],
	['DeploymentGate', 'if (block.timestamp > record.until) revert Expired(record.until);', ''],
	['DeploymentGate', 'record.status = Status.Executed;', ''],
	['DeploymentGate', 'if (_has(r.excluded, m.person)) revert Excluded(i, m.person);', ''],
	['DeploymentGate', 'if (_has(withdrawn, m.person)) revert HasWithdrawn(i, m.person);', ''],
	['DeploymentGate', 'if (_has(voters, m.person)) revert Duplicate(i, m.person);', ''],
	['DeploymentGate', 'if (votes[i].validUntil < until) until = votes[i].validUntil;', ''],
	['DeploymentGate', 'if (!Seats.filled(seats, roles, votes.length)) revert NoQuorum();', ''],
	['DeploymentGate', 'if (!m.exists) revert NotMember(index);', ''],
	['DeploymentGate', 'if (block.timestamp > vote.validUntil) revert VoteExpired(index, vote.validUntil);', ''],
	['DeploymentGate', 'if (!_signed(vote, _voteDigest(id, decision, vote.validUntil))) revert BadSignature(index);', ''],
	['DeploymentGate', 'if (policy.epoch != r.epoch) revert WrongEpoch(policy.epoch, r.epoch);', ''],
	['DeploymentGate', 'if (policy.seats == 0) revert NoPolicy(r.environment);', ''],
	['DeploymentGate', 'if (m.exists) revert BadPolicy(7);', ''],
	['DeploymentGate', '_policies[environment] = InForce(address(0), epoch + 1, 0, 0, 0);', '_policies[environment] = InForce(address(0), epoch, 0, 0, 0);'],
	['DeploymentGate', 'return policy.seats != 0 && policy.epoch == r.epoch &&', 'return policy.seats != 0 &&'],
	['DeploymentGate', 'if (n == 0 || n > MAX_SIGNERS) revert BadPolicy(5);', 'if (n == 0) revert BadPolicy(5);'],
	['DeploymentGate', 'abi.encode(VOTE_TYPEHASH, id, decision, validUntil)', 'abi.encode(VOTE_TYPEHASH, id, validUntil)'],
	['DeploymentGate', 'return keccak256(abi.encode(environment, epoch, signer));', 'return keccak256(abi.encode(environment, signer));'],
	['DeploymentGate', 'return keccak256(abi.encode(environment, epoch, signer));', 'return keccak256(abi.encode(epoch, signer));'],
	['Seats', 'if (need != 0) return false;', 'if (need != 0 && set == wanted) return false;'],
	['Admin', 'if (newAdmin == address(0)) revert AdminCannotVanish();', ''],
	['EvidenceRegistry', 'if (have != 0) revert Conflict(kind, subject, have);', ''],
	['EvidenceRegistry', 'if (e.state != State.Published) revert NotPublished(kind, subject);', ''],
	['EvidenceRegistry', 'if (from != Vex.Unknown) --t[uint256(from)];', ''],
	['EvidenceRegistry', 'return keccak256(abi.encode(who, first, second));', 'return keccak256(abi.encode(first, second));'],
	['EvidenceRegistry', 'return e.state == State.Published && e.document == document;', 'return e.document == document;'],
	['LogAnchor', 'if (msg.sender != submitterOf(origin)) _refuseCaller(origin);', ''],
	['LogAnchor', 'if (size <= have || size > _SIZE) _refuse(origin, last, size, root);\n        bool first', 'bool first'],
	['LogAnchor', 'bool first = last == 0 && path.length == 0;', 'bool first = last == 0;'],
	['LogAnchor', 'bool first = last == 0 && path.length == 0;', 'bool first = path.length == 0;'],
	['LogAnchor', 'bool adds = _pack(have, lastRoot) == last && Merkle', 'bool adds = Merkle'],
	['LogAnchor', 'bool adds = _pack(have, lastRoot) == last && Merkle.consistent(have, size, lastRoot, root, path);', 'bool adds = _pack(have, lastRoot) == last;'],
	['LogAnchor', 'if (log.head != 0 || log.strict) revert TooLate(origin);', 'if (log.strict) revert TooLate(origin);'],
	['LogAnchor', 'if (log.head != 0 || log.strict) revert TooLate(origin);', 'if (log.head != 0) revert TooLate(origin);'],
	['LogAnchor', '(log.strict, log.extender, log.submitter) = (true, log.submitter, address(0));', '(log.strict, log.extender) = (true, log.submitter);'],
	['LogAnchor', 'if (log.strict) log.extender = submitter;\n        else log.submitter', 'log.submitter'],
	['LogAnchor', 'function setStrict(bytes32 origin) external onlyOwner', 'function setStrict(bytes32 origin) external'],
];

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'mutants-'));
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }));
const modules = tool('modules');
const copy = (name) => fs.cpSync(path.join(top, name), path.join(work, name), { recursive: true, filter: (f) => path.basename(f) !== 'node_modules' });
copy('contracts');
copy('bin');
fs.symlinkSync(modules, path.join(work, 'contracts/node_modules'));
const forge = tool('forge');
const env = { ...process.env, FOUNDRY_SOLC: tool('solc'), FORGE_SNAPSHOT_EMIT: 'false' };
// A mutant may have a variable that nothing uses any more: the compiler's warnings don't count.
const compiler = fs.readFileSync(path.join(__dirname, 'compile.cjs'), 'utf8').replaceAll('(compiled.errors || []).length > 0', "(compiled.errors || []).some((e) => e.severity === 'error')");
fs.mkdirSync(path.join(work, 'test/chain'), { recursive: true });
fs.writeFileSync(path.join(work, 'test/chain/compile.cjs'), compiler);

// failing is the test that fails on what the sources compile to, with one of them changed; empty where all pass.
function failing(file, text) {
	const original = fs.readFileSync(file, 'utf8');
	fs.writeFileSync(file, text);
	try {
		execFileSync('node', [path.join(work, 'test/chain/compile.cjs'), modules, path.join(work, 'bin/contracts')], { stdio: ['ignore', 'ignore', 'pipe'] });
	} finally {
		fs.writeFileSync(file, original);
	}
	for (const kept of ['invariant', 'fuzz']) fs.rmSync(path.join(work, 'bin/forge/cache', kept), { recursive: true, force: true });
	const ran = spawnSync(forge, ['test'], { cwd: path.join(work, 'contracts'), env, encoding: 'utf8', maxBuffer: 1 << 28 });
	const failed = ran.stdout.match(/^\[FAIL.*\] (\w+)\(/m);
	if (ran.status !== 0 && !failed) throw new Error(ran.stdout + ran.stderr);
	return failed ? failed[1] : '';
}

const wanted = process.argv.slice(2);
let survived = 0;
const own = path.join(work, 'contracts/src/Seats.sol');
if (failing(own, fs.readFileSync(own, 'utf8')) !== '') throw new Error('the tests fail as it is');
for (const [name, from, to] of mutants) {
	if (wanted.length > 0 && !wanted.includes(name)) continue;
	const file = path.join(work, 'contracts/src', name + '.sol');
	const text = fs.readFileSync(file, 'utf8');
	if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
	const by = failing(file, text.replace(from, () => to));
	if (by === '') survived++;
	console.log(`${by === '' ? 'NOT SEEN' : 'seen by ' + by}: ${name}: ${from.split('\n')[0].trim()}`);
}
console.log(`${survived} not seen`);
process.exit(survived === 0 ? 0 : 1);
