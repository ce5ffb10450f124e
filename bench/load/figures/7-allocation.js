'use strict';

const { bars } = require('../chart');
const client = require('../client');
const servers = require('../servers');
const { spread } = require('../statistics');

const title = 'bytes that a warm request allocates';

async function measure(settings, folder) {
  const rounds = settings.short ? 1 : 3;
  const larder = await servers.larder(folder);
  const floor = await servers.floor();
  await servers.upload(larder.url, 'iris', servers.iris);
  const taken = await client.run(['allocation', larder.url, floor.url, rounds], 600);
  const of = (server) => taken.map((round) => round[server]);
  const compared = [['Larder, iris in JSON', 'larder'], ['bare endpoint', 'bare'], ['bare endpoint that parses and echoes', 'echo']];
  return {
    method: 'Over HTTP, on the managed heap of the server\'s process: all that it allocates, divided by the requests. The bare endpoint reads the body and answers with fixed bytes. A test holds a debug build to the same difference (`bench/allocation-budget.json`).',
    tables: [{ columns: ['server', 'bytes a request'], rows: compared.map(([name, server]) => [name, spread(of(server), 0)]) }],
    ratios: [{ text: 'bytes above the bare endpoint\'s', values: taken.map(({ larder: ours, bare }) => ours - bare), atMost: 512, digits: 0 }],
    chart: bars(compared.map(([name, server]) => ({ name, values: of(server) })), { value: 'bytes a request' }),
  };
}

module.exports = { title, measure };
