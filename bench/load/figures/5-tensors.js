'use strict';

const { bars } = require('../chart');
const path = require('node:path');
const report = require('../report');
const servers = require('../servers');
const turns = require('../turns');
const wrk = require('../wrk');

const connections = 8;
const columns = 262_144;

const title = 'binary tensors of 1 MiB';

async function measure(settings, folder, file) {
  const larder = await servers.larder(folder);
  const floor = await servers.floor();
  await servers.upload(larder.url, 'first-column', path.join(settings.models, 'first-column.onnx'));
  const head = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, columns], parameters: { binary_data_size: columns * 4 } }],
    parameters: { binary_data_output: true },
  });
  const headers = { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': head.length };
  const body = file('tensor.body', Buffer.concat([Buffer.from(head), Buffer.from(new Float32Array(columns).fill(0.5).buffer)]));
  const compared = [];
  for (const [name, url] of [['Larder, V2 binary', `${larder.url}/v2/models/first-column/infer`], ['floor: bare Kestrel reads the body into memory', `${floor.url}/bytes`]]) {
    const request = { url, file: body, headers };
    await wrk.once(request);
    compared.push({ name, measure: (seconds) => wrk.load(request, connections, seconds) });
  }

  const taken = await turns.take(compared, settings);
  const [ours, bare] = taken;
  return {
    method: `${connections} connections. The model gives the first of ${columns.toLocaleString('en')} columns, so the run is next to no work.`,
    tables: [report.loadTable('server', taken)],
    ratios: [report.ratio('requests/s, Larder / floor', turns.of(ours, 'perSecond'), turns.of(bare, 'perSecond'), { atLeast: 0.7 })],
    failures: report.loadFailures(taken),
    chart: bars(taken.map((one) => ({ name: one.name, values: turns.of(one, 'perSecond') })), { value: 'requests/s' }),
  };
}

module.exports = { title, measure };
