'use strict';

const { lines } = require('../chart');
const client = require('../client');
const servers = require('../servers');

const title = 'ten minutes of everything at once';

async function measure(settings, folder) {
  const seconds = settings.short ? 60 : 600;
  const larder = await servers.larder(folder, { settings: await client.run(['mixed-settings'], 60) });
  const result = await client.run(['mixed', larder.url, larder.grpc, larder.pid, seconds], seconds + 300);
  const points = (value) => result.samples.map((sample) => [sample.seconds / 60, value(sample)]);
  return {
    method: `${seconds} s of predictions in all protocols, uploads, moves of aliases, deletions, loads and unloads, with memory for a few of the models. Growth is the median of the last quarter over that of the first one after a fifth of the time.`,
    tables: [{
      columns: ['operation', 'answers by status'],
      rows: result.operations.map(({ name, answers }) => [name, answers.map(({ status, count }) => `${status}: ${count}`).join(', ')]),
    }],
    ratios: [
      { text: 'growth of resident memory', values: [result.residentGrowth], atMost: 1.05 },
      { text: 'growth of open handles', values: [result.handleGrowth], atMost: 1.05 },
      { text: 'growth of threads', values: [result.threadGrowth], atMost: 1.05 },
    ],
    failures: result.failures.slice(0, 5),
    chart: lines([
      { value: 'memory, MiB', points: points(({ residentBytes }) => residentBytes / (1 << 20)) },
      { value: 'handles', points: points(({ handles }) => handles) },
      { value: 'threads', points: points(({ threads }) => threads) },
    ], { time: 'minutes' }),
  };
}

module.exports = { title, measure };
