'use strict';

const { bars } = require('../chart');
const client = require('../client');
const report = require('../report');
const servers = require('../servers');
const turns = require('../turns');
const wrk = require('../wrk');

const connections = 32;
const json = { 'Content-Type': 'application/json' };
const row = [5.1, 3.5, 1.4, 0.2];

const title = 'iris in each protocol';

async function measure(settings, folder, file) {
  const larder = await servers.larder(folder);
  const floor = await servers.floor();
  await servers.upload(larder.url, 'iris', servers.iris);

  const head = JSON.stringify({
    inputs: [{ name: 'float_input', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: 16 } }],
    parameters: { binary_data_output: true },
  });
  const requests = [
    ['Larder\'s own', '/api/v1/models/iris/prediction', JSON.stringify({ values: [row] }), json],
    ['V2 JSON', '/v2/models/iris/infer', JSON.stringify({ inputs: [{ name: 'float_input', datatype: 'FP32', shape: [1, 4], data: row }] }), json],
    ['V2 binary', '/v2/models/iris/infer', Buffer.concat([Buffer.from(head), Buffer.from(Float32Array.from(row).buffer)]),
      { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': head.length }],
    ['TensorFlow Serving', '/v1/models/iris:predict', JSON.stringify({ instances: [row] }), json],
    ['MLflow scoring', '/api/v1/models/iris/invocations', JSON.stringify({ inputs: [row] }), json],
  ];
  const compared = [];
  for (const [name, path, body, headers] of requests) {
    const request = { url: larder.url + path, file: file(`${name.replace(/\W/g, '')}.body`, body), headers };
    await wrk.once(request);
    compared.push({ name, measure: (seconds) => wrk.load(request, connections, seconds) });
  }
  for (const [name, address] of [['gRPC', larder.grpc], ['gRPC, bare echo', floor.grpc]]) {
    compared.push({ name, measure: (seconds) => client.run(['grpc', address, connections, seconds], seconds + 60) });
  }

  const taken = await turns.take(compared, settings);
  const [own, ...others] = taken.slice(0, requests.length);
  const [grpc, echo] = taken.slice(requests.length);
  return {
    method: `${connections} connections. HTTP is sent by wrk, gRPC by Grpc.Net.Client, which needs more of the machine: HTTP and gRPC are not to be compared with each other. The echo is a generated service of Grpc.AspNetCore that answers the same message's tensors.`,
    tables: [report.loadTable('protocol', taken)],
    ratios: [
      ...others.map((one) => report.ratio(`requests/s, ${one.name} / Larder's own`, turns.of(one, 'perSecond'), turns.of(own, 'perSecond'), { atLeast: 0.85 })),
      report.ratio('requests/s, gRPC / bare echo', turns.of(grpc, 'perSecond'), turns.of(echo, 'perSecond'), { atLeast: 0.8 }),
    ],
    failures: report.loadFailures(taken),
    chart: bars(taken.map((one) => ({ name: one.name, values: turns.of(one, 'perSecond') })), { value: 'requests/s' }),
  };
}

module.exports = { title, measure };
