// SPDX-License-Identifier: Apache-2.0
//
// Compiles the contracts as they are deployed: each by itself, by the settings of
// contracts/settings.json, with solc and OpenZeppelin of test/chain/tools.
//
//	node compile.cjs MODULES OUT
//
// writes OUT/NAME.input.json, the standard JSON that anyone can give to solc 0.8.37,
// OUT/NAME.json, the combined JSON that abigen reads, and OUT/NAME.bytecode.json,
// which the tests deploy. What is there already of the same input stays.
'use strict';
const fs = require('fs');
const path = require('path');

const [modules, out] = process.argv.slice(2).map((p) => path.resolve(p));
const contracts = path.resolve(__dirname, '../../contracts');
const solc = require(path.join(modules, 'solc'));
const settings = JSON.parse(fs.readFileSync(path.join(contracts, 'settings.json'), 'utf8'));

// sources is a file and all that it imports, by the names they import each other by.
function sources(name, found = {}) {
	if (found[name]) return found;
	const file = path.join(name.startsWith('@') ? modules : contracts, name);
	const content = fs.readFileSync(file, 'utf8');
	found[name] = { content };
	for (const [, to] of content.matchAll(/^\s*(?:import|\}\s*from)\b[^;"']*["']([^"']+)["']/gm)) {
		sources(to.startsWith('.') ? path.posix.join(path.posix.dirname(name), to) : to, found);
	}
	return found;
}

// The last two are what bench/chain measures ours beside.
for (const file of ['src/LogAnchor.sol', 'src/DeploymentGate.sol', 'src/EvidenceRegistry.sol', 'src/P256Verifier.sol',
	'test/faulty/Governance.sol', 'test/faulty/Registry.sol']) {
	const name = path.basename(file, '.sol');
	const input = {
		language: 'Solidity',
		sources: sources(file),
		settings: { ...settings, outputSelection: { [file]: { [name]: ['abi', 'evm.bytecode.object'] } } },
	};
	const text = JSON.stringify(input);
	const given = path.join(out, `${name}.input.json`);
	if (fs.existsSync(given) && fs.readFileSync(given, 'utf8') === text) continue;
	const compiled = JSON.parse(solc.compile(text));
	for (const e of compiled.errors || []) console.error(e.formattedMessage);
	if ((compiled.errors || []).length > 0) process.exit(1);
	const { abi, evm } = compiled.contracts[file][name];
	const combined = { contracts: { [`${file}:${name}`]: { abi, bin: evm.bytecode.object } }, version: solc.version() };
	fs.writeFileSync(path.join(out, `${name}.json`), JSON.stringify(combined));
	fs.writeFileSync(path.join(out, `${name}.bytecode.json`), JSON.stringify({ bytecode: '0x' + evm.bytecode.object }));
	fs.writeFileSync(given, text);
}
