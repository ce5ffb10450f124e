'use strict';

const { lines } = require('../chart');
const client = require('../client');
const processes = require('../processes');
const servers = require('../servers');

const models = 200;
const fitting = 50;
const mebibyte = 1 << 20;

const title = '200 models of 1 MiB, memory for 50';

async function measure(settings, folder) {
  const requests = settings.short ? 3_000 : 10_000;
  processes.say(` Uploading ${models} models`);
  const uploading = await servers.larder(folder);
  const { fileBytes } = await client.run(['upload-many', uploading.url, models], 600);
  await processes.stop(uploading.child);

  // Larder counts a model with twice its file and 256 KiB.
  const budget = fitting * (2 * fileBytes + (256 << 10));
  const larder = await servers.larder(folder, { storage: uploading.storage, settings: { Limits__LoadedBytes: String(budget) } });
  const result = await client.run(['evictions', larder.url, larder.pid, models, fitting, requests], 900);
  const above = (result.mostBytes - result.idleBytes) / budget;
  const percent = (part) => `${(100 * part).toFixed(1)} %`;
  const size = (bytes) => (bytes / mebibyte).toFixed(0);
  return {
    method: `${requests.toLocaleString('en')} predictions by 4 callers, after half as many that fill the memory; model i is asked for in proportion to 1 / i (Zipf). The ideal is a cache of ${fitting} models that evicts the least recently used one, given the same requests one after the other. ` +
      `\`Limits:LoadedBytes\` is what Larder counts ${fitting} models with: ${size(budget)} MiB. The idle server has served one model 2,000 times.`,
    tables: [{
      columns: ['', ''],
      rows: [
        ['failed requests', result.failed],
        ['found in memory, Larder', percent(result.hitRate)],
        ['found in memory, ideal cache', percent(result.idealHitRate)],
        ['resident memory, idle, MiB', size(result.idleBytes)],
        ['resident memory, most, MiB', size(result.mostBytes)],
      ],
    }],
    ratios: [
      { text: 'found in memory, Larder / ideal', values: [result.hitRate / result.idealHitRate], atLeast: 0.95 },
      { text: 'memory above the idle server\'s / budget', values: [above], atMost: 1.15 },
    ],
    failures: result.failed > 0 ? ['Some requests failed.'] : [],
    chart: lines([{
      value: 'resident memory, MiB',
      points: result.samples.map(({ seconds, residentBytes }) => [seconds, residentBytes / mebibyte]),
      limit: (result.idleBytes + 1.15 * budget) / mebibyte,
    }], { time: 'seconds (dashed: idle server, budget and 15 %)' }),
  };
}

module.exports = { title, measure };
