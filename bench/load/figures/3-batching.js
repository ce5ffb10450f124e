'use strict';

const { bars } = require('../chart');
const client = require('../client');
const path = require('node:path');
const report = require('../report');
const servers = require('../servers');
const { spread } = require('../statistics');
const turns = require('../turns');
const wrk = require('../wrk');

const callers = 64;
const columns = 784;

const title = 'a dense network (784-512-512-10), requests of one row run together';

async function measure(settings, folder, file) {
  const { rounds, seconds } = settings;
  const inside = await client.run(['batching', rounds, seconds], (rounds + 1) * seconds * 4 + 120);
  const of = (way) => inside.map((round) => round[way]);
  const ways = [
    ['64 callers, with batching', of('with')],
    ['64 callers, without', of('without')],
    ['one thread, batches of 32', of('oneThread')],
    ['one caller, batches of 32, all cores', of('allCores')],
  ];

  const larder = await servers.larder(folder);
  await servers.upload(larder.url, 'dense', path.join(settings.models, 'dense.onnx'));
  await servers.upload(larder.url, 'dense-apart', path.join(settings.models, 'dense.onnx'), { batching: { enabled: false } });
  const head = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, columns], parameters: { binary_data_size: columns * 4 } }],
    parameters: { binary_data_output: true },
  });
  const headers = { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': head.length };
  const body = file('dense.body', Buffer.concat([Buffer.from(head), Buffer.from(new Float32Array(columns).fill(0.5).buffer)]));
  const compared = [];
  for (const [name, model] of [['HTTP, with batching', 'dense'], ['HTTP, without', 'dense-apart']]) {
    const request = { url: `${larder.url}/v2/models/${model}/infer`, file: body, headers };
    await wrk.once(request);
    compared.push({ name, measure: (length) => wrk.load(request, callers, length) });
  }
  const taken = await turns.take(compared, settings);
  const [together, apart] = taken;
  return {
    method: `In process: ${callers} callers with their tensors filled, on Larder's session cache, and a bare \`InferenceSession.Run\`. Over HTTP: V2 with binary tensors, ${callers} connections.`,
    tables: [
      { columns: ['in process', 'rows/s'], rows: ways.map(([name, values]) => [name, spread(values, 0)]) },
      report.loadTable('over HTTP', taken),
    ],
    ratios: [
      report.ratio('rows/s, with batching / without', of('with'), of('without'), { atLeast: 2 }),
      report.ratio('rows/s, with batching / one thread with batches of 32', of('with'), of('oneThread'), { atLeast: 0.8 }),
      report.ratio('rows/s, with batching / one caller with batches of 32 on all cores', of('with'), of('allCores')),
      report.ratio('over HTTP: requests/s, with batching / without', turns.of(together, 'perSecond'), turns.of(apart, 'perSecond')),
    ],
    failures: report.loadFailures(taken),
    chart: bars([
      ...ways.map(([name, values]) => ({ name, values })),
      ...taken.map((one) => ({ name: one.name, values: turns.of(one, 'perSecond') })),
    ], { value: 'rows/s' }),
  };
}

module.exports = { title, measure };
