// SPDX-License-Identifier: Apache-2.0

'use strict';

const express = require('express');
const width = require('width');

// greeting centres a name in a line of 40 columns.
function greeting(name) {
  const text = `Hello, ${name}`;
  return ' '.repeat(Math.max(0, Math.floor((40 - width(text)) / 2))) + text;
}

function app() {
  const server = express();
  server.get('/:name', (request, response) => {
    response.type('text/plain').send(greeting(request.params.name) + '\n');
  });
  return server;
}

if (require.main === module) {
  app().listen(process.env.PORT || 8080);
}

module.exports = { app, greeting };
