'use strict';

const { bars } = require('../chart');
const client = require('../client');
const path = require('node:path');
const servers = require('../servers');
const { spread } = require('../statistics');

const title = 'a convolutional network on images of 224 x 224';

async function measure(settings, folder) {
  const { rounds, seconds, warmup, models } = settings;
  const larder = await servers.larder(folder);
  const floor = await servers.floor();
  await servers.upload(larder.url, 'mobilenet', path.join(models, 'mobilenet.onnx'));
  const send = (length) => client.run(['images', larder.url, floor.url, 'mobilenet', path.join(models, 'image.jpg'), length], length + 60);
  await send(warmup);
  const taken = [];
  for (let round = 0; round < rounds; round++) taken.push(await send(seconds));

  const of = (part) => taken.map((round) => round[part]);
  const parts = [['whole request, seen by the client', 'request'], ['Run', 'run'], ['decoding of the image', 'decode'], ['everything else', 'other'], ['a bare endpoint, busy for as long as decoding and Run', 'bare']];
  return {
    method: 'One caller sends a JPEG; the model has MobileNet\'s layers and 3.2 million parameters. Run and decoding are the server\'s own statistics (`v2/models/{model}/stats`), read after each request. The bare endpoint reads the same body and keeps one processor busy for that time; its figure is without it: what the way there and back costs on this machine, whose processors fall asleep meanwhile.',
    tables: [{ columns: ['p50 of', 'ms'], rows: parts.map(([name, part]) => [name, spread(of(part), 3)]) }],
    ratios: [
      { text: 'p50 of (request - Run - decoding) / Run', values: of('ratio'), atMost: 0.1, digits: 3 },
      { text: 'the same without what the bare endpoint needs', values: of('aboveBare'), digits: 3 },
    ],
    chart: bars(parts.map(([name, part]) => ({ name, values: of(part) })), { value: 'p50, ms' }),
  };
}

module.exports = { title, measure };
