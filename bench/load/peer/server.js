'use strict';

// The prediction that Larder serves, as a good Node.js programmer would write it: fastify with
// schemas (validation and serialisation compiled once), ONNX Runtime with one thread a run, since
// more cost a model of this size more than they give.
//
//   node server.js MODEL.onnx [PROCESSES]

const cluster = require('node:cluster');
const fastify = require('fastify');
const ort = require('onnxruntime-node');

const [model, processes = '1'] = process.argv.slice(2);
const features = 4;

const matrix = { type: 'array', items: { type: 'array', items: { type: 'number' } } };
const schema = {
  body: {
    type: 'object',
    required: ['values'],
    properties: {
      values: {
        type: 'array',
        minItems: 1,
        items: { type: 'array', minItems: features, maxItems: features, items: { type: 'number' } },
      },
    },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        http_status: {
          type: 'object',
          properties: { code: { type: 'integer' }, name: { type: 'string' }, description: { type: 'string' } },
        },
        values: { type: 'array', items: { type: 'integer' } },
        outputs: {
          type: 'object',
          properties: { label: { type: 'array', items: { type: 'integer' } }, probabilities: matrix },
        },
      },
    },
  },
};
const http_status = { code: 200, name: 'OK', description: 'Prediction successful' };

async function serve() {
  const session = await ort.InferenceSession.create(model, {
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    interOpNumThreads: 1,
    intraOpNumThreads: 1,
  });
  const app = fastify();
  app.post('/api/v1/models/iris/prediction', { schema }, async (request) => {
    const rows = request.body.values;
    const data = new Float32Array(rows.length * features);
    rows.forEach((row, index) => data.set(row, index * features));

    const answer = await session.run({ float_input: new ort.Tensor('float32', data, [rows.length, features]) });
    const label = Array.from(answer.label.data, Number);
    const [count, classes] = answer.probabilities.dims;
    const probabilities = Array.from({ length: count }, (_, row) =>
      Array.from(answer.probabilities.data.subarray(row * classes, (row + 1) * classes)));
    return { http_status, values: label, outputs: { label, probabilities } };
  });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

async function main() {
  if (processes === '1') {
    console.log(`Host started: ${await serve()}`);
  } else if (cluster.isPrimary) {
    // Workers that ask for any port are all given the same one.
    let waiting = Number(processes);
    cluster.on('message', (worker, address) => {
      if (--waiting === 0) console.log(`Host started: ${address}`);
    });
    for (let index = 0; index < Number(processes); index++) cluster.fork();
  } else {
    process.send(await serve());
  }
}

main();
