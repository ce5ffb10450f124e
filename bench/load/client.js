'use strict';

// The program load/client: what wrk cannot do.

const path = require('node:path');
const processes = require('./processes');
const servers = require('./servers');

/** Runs a part of it and gives its figures. */
async function run(args, seconds) {
  const program = await servers.build(path.join(__dirname, 'client'));
  return processes.result('dotnet', [program, ...args.map(String)], { seconds });
}

module.exports = { run };
