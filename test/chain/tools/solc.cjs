// SPDX-License-Identifier: Apache-2.0
//
// Speaks as much of the native compiler's command line as forge uses: --version,
// and --standard-json on standard input. The compiler itself is solc from npm, the
// same release as WebAssembly.
'use strict';
const fs = require('fs');
const path = require('path');
const solc = require(path.join(process.env.GATELEDGER_CHAIN_MODULES, 'solc'));

const args = process.argv.slice(2);
if (args.includes('--version')) {
	// forge wants to read the name of a platform that it knows.
	const version = solc.version().replace('Emscripten.clang', 'Linux.g++');
	console.log('solc, the solidity compiler commandline interface\nVersion: ' + version);
	process.exit(0);
}
const at = args.indexOf('--base-path');
const base = at >= 0 ? args[at + 1] : process.cwd();

function read(name) {
	try {
		return { contents: fs.readFileSync(path.resolve(base, name), 'utf8') };
	} catch (e) {
		return { error: String(e) };
	}
}
process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8'), { import: read }));
