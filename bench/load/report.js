'use strict';

const os = require('node:os');
const { median, spread, sum } = require('./statistics');

/** The table of load on servers, each { name, rounds } with the results of wrk. */
function loadTable(title, servers) {
  return {
    columns: [title, 'requests/s', 'p50, ms', 'p99, ms', 'error answers', 'broken requests'],
    rows: servers.map(({ name, rounds }) => [
      name,
      spread(rounds.map(({ perSecond }) => perSecond), 0),
      spread(rounds.map(({ p50 }) => p50), 2),
      spread(rounds.map(({ p99 }) => p99), 2),
      sum(rounds.map(({ refused }) => refused)),
      sum(rounds.map(({ broken }) => broken)),
    ]),
  };
}

/** One ratio of each round, with what it should be: at least or at most a number. Without both it is for information. */
function ratio(text, numerators, denominators, { atLeast, atMost } = {}) {
  return { text, values: numerators.map((value, round) => value / denominators[round]), atLeast, atMost };
}

/** Failures of load on servers, as sentences; figures with failures are not valid. */
function loadFailures(servers) {
  return servers
    .filter(({ rounds }) => rounds.some(({ refused, broken }) => refused + broken > 0))
    .map(({ name }) => `${name} failed requests (see the table): the figures are not valid.`);
}

/** A figure as a part of a Markdown page. */
function markdown({ number, title, method, tables = [], ratios = [], failures = [] }, picture) {
  const lines = [`### ${number}. ${title}`, '', `![${title}](${picture})`, '', method];
  for (const { columns, rows } of tables) lines.push('', ...table(columns, rows));
  if (ratios.length > 0) lines.push('', ...table(['round by round', 'median', 'target', 'met'], ratios.map(ratioRow)));
  for (const failure of failures) lines.push('', `**${failure}**`);
  return lines.join('\n');
}

function ratioRow({ text, values, atLeast, atMost, digits = 2 }) {
  const middle = median(values);
  const cells = [text, spread(values, digits)];
  if (atLeast !== undefined) return [...cells, `at least ${atLeast}`, middle >= atLeast ? 'yes' : '**no**'];
  if (atMost !== undefined) return [...cells, `at most ${atMost}`, middle <= atMost ? 'yes' : '**no**'];
  return [...cells, '', ''];
}

/** Where and how the figures were taken. */
function conditions({ short, rounds, seconds, busy }) {
  return [
    `${os.cpus().length} x ${os.cpus()[0].model.trim()}, shared by the client and the server. Node.js ${process.version}. ${rounds} rounds, of ${seconds} s for each server${short ? ' (a short run)' : ''};`,
    `medians of the rounds, in brackets the lowest and highest. Load average over one minute before the start: ${busy.toFixed(2)}.`,
  ].join('\n');
}

function table(columns, rows) {
  return [row(columns), row(columns.map(() => '---')), ...rows.map(row)];
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

module.exports = { conditions, loadFailures, loadTable, markdown, ratio, row };
