// SPDX-License-Identifier: Apache-2.0

'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { greeting } = require('./server.js');

test('a greeting is centred', () => {
  assert.strictEqual(greeting('Ada'), ' '.repeat(15) + 'Hello, Ada');
});
