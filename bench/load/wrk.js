'use strict';

const path = require('node:path');
const processes = require('./processes');

/** One observation: what every request of every server carries. */
const body = '{"values":[[5.1,3.5,1.4,0.2]]}';

/** Keeps `connections` busy for a while, and gives requests per second, latencies in milliseconds, and failures. */
async function load(url, connections, seconds) {
  // One thread: the servers under load need the other processors more.
  const output = await processes.run(
    'wrk',
    ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', path.join(__dirname, 'post.lua'), url, '--', body],
    { seconds: seconds + 30 });
  const line = /^RESULT (.*)$/m.exec(output);
  if (!line) throw new Error(`wrk printed no result:\n${output}`);
  const { requests, microseconds, p50, p99, refused, broken } = JSON.parse(line[1]);
  return { perSecond: requests / microseconds * 1e6, p50: p50 / 1000, p99: p99 / 1000, refused, broken };
}

module.exports = { body, load };
