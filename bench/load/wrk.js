'use strict';

const fs = require('node:fs');
const path = require('node:path');
const processes = require('./processes');

/**
 * Keeps `connections` busy with a request for a while, each with one in flight, and gives requests per second, latencies in milliseconds, and failures. The request is
 * { url, file, headers }: the file is its body.
 */
async function load({ url, file, headers = {} }, connections, seconds) {
  // One thread: the servers under load need the other processors more.
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { requests, microseconds, p50, p99, refused, broken } = await processes.result(
    'wrk',
    ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', path.join(__dirname, 'post.lua'), ...named, url, '--', file],
    { seconds: seconds + 30 });
  return { perSecond: requests / microseconds * 1e6, p50: p50 / 1000, p99: p99 / 1000, refused, broken };
}

/** Sends a request once and gives the answer as text; throws when it is an error. */
async function once({ url, file, headers = {} }) {
  const response = await fetch(url, { method: 'POST', headers, body: fs.readFileSync(file), signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${text}`);
  return text;
}

module.exports = { load, once };
