'use strict';

const { groupedBars } = require('../chart');
const processes = require('../processes');
const report = require('../report');
const servers = require('../servers');
const turns = require('../turns');
const wrk = require('../wrk');

const connections = [1, 8, 32, 128];
const route = '/api/v1/models/iris/prediction';
const headers = { 'Content-Type': 'application/json' };

const title = 'iris in JSON, by connections';

async function measure(settings, folder, file) {
  const body = file('iris.json', '{"values":[[5.1,3.5,1.4,0.2]]}');
  const larder = await servers.larder(folder);
  const floor = await servers.floor();
  const peer = await servers.peer(settings['peer-processes']);
  await servers.upload(larder.url, 'iris', servers.iris);
  const compared = [
    { name: 'Larder', url: larder.url, answer: [0] },
    { name: 'floor: bare Kestrel, parse and echo', url: floor.url, answer: [5.1, 3.5, 1.4, 0.2] },
    { name: 'peer: fastify, onnxruntime-node 1.30', url: peer.url, answer: [0] },
  ];
  if (settings.previous) {
    const previous = await servers.larder(folder, { program: settings.previous });
    await servers.upload(previous.url, 'iris', servers.iris);
    compared.push({ name: 'another release of Larder', url: previous.url, answer: [0] });
  }
  for (const { name, url, answer } of compared) {
    const values = JSON.parse(await wrk.once({ url: url + route, file: body, headers })).values.flat();
    if (JSON.stringify(values) !== JSON.stringify(answer)) throw new Error(`${name} answered ${values}.`);
  }

  const [tables, ratios, failures, plotted] = [[], [], [], []];
  for (const count of connections) {
    processes.say(` ${count} connections`);
    const taken = await turns.take(
      compared.map(({ name, url }) => ({ name, measure: (seconds) => wrk.load({ url: url + route, file: body, headers }, count, seconds) })), settings);
    const [ours, bare, node, before] = taken;
    tables.push(report.loadTable(`connections: ${count}`, taken));
    failures.push(...report.loadFailures(taken));
    plotted.push(...taken.map((one) => ({ group: String(count), name: one.name, values: turns.of(one, 'perSecond') })));
    const perSecond = (over) => [turns.of(ours, 'perSecond'), turns.of(over, 'perSecond')];
    ratios.push(
      report.ratio(`at ${count}: requests/s, Larder / floor`, ...perSecond(bare), count === 32 ? { atLeast: 0.8 } : {}),
      report.ratio(`at ${count}: requests/s, Larder / peer`, ...perSecond(node), count === 32 ? { atLeast: 2 } : {}),
      report.ratio(`at ${count}: p99, Larder / floor`, turns.of(ours, 'p99'), turns.of(bare, 'p99'), count === 32 ? { atMost: 1.3 } : {}));
    if (before) ratios.push(report.ratio(`at ${count}: requests/s, Larder / the other release`, ...perSecond(before), { atLeast: 0.95 }));
  }
  return {
    method: `The peer is one Node.js process${settings['peer-processes'] > 1 ? ` with ${settings['peer-processes']} workers` : ''}; onnxruntime-node 1.30.0 is the newest there is, and Larder is on ONNX Runtime 1.31.1.`,
    tables, ratios, failures,
    chart: groupedBars(plotted, { groups: 'connections', value: 'requests/s' }),
  };
}

module.exports = { title, measure };
