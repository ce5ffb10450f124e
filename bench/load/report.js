'use strict';

const os = require('node:os');

/** What Larder aims at: its figure over another server's, in the same round. */
const targets = [
  { of: 'perSecond', over: 'floor', text: 'requests/s, Larder / floor', target: 'at least 0.6', met: (ratio) => ratio >= 0.6 },
  { of: 'perSecond', over: 'peer', text: 'requests/s, Larder / peer', target: 'at least 2', met: (ratio) => ratio >= 2 },
  { of: 'perSecond', over: 'previous', text: 'requests/s, Larder / the other release', target: 'at least 0.95', met: (ratio) => ratio >= 0.95 },
  { of: 'p99', over: 'floor', text: 'p99, Larder / floor', target: 'at most 2', met: (ratio) => ratio <= 2 },
];

const titles = {
  larder: 'Larder',
  previous: 'another release of Larder',
  floor: 'floor: bare Kestrel, parse and echo',
  peer: 'peer: fastify, onnxruntime-node',
};

function markdown(servers, settings) {
  const { rounds, seconds, connections, busy } = settings;
  const lines = [
    `${connections} connections, ${rounds} rounds of ${seconds} s each in turn; medians of the rounds, in brackets the lowest and highest.`,
    `${os.cpus().length} x ${os.cpus()[0].model.trim()}, shared by wrk and the server. Node.js ${process.version}.`,
    `Processes that wanted a processor before the start (load average over one minute): ${busy.toFixed(2)}.`,
    '',
    '| server | requests/s | p50, ms | p99, ms | error answers | broken requests |',
    '| --- | --- | --- | --- | --- | --- |',
    ...servers.map((server) => row([
      title(server.name, settings),
      spread(server.rounds.map(({ perSecond }) => perSecond), 0),
      spread(server.rounds.map(({ p50 }) => p50), 2),
      spread(server.rounds.map(({ p99 }) => p99), 2),
      sum(server.rounds.map(({ refused }) => refused)),
      sum(server.rounds.map(({ broken }) => broken)),
    ])),
  ];

  const larder = servers.find(({ name }) => name === 'larder');
  const compared = targets
    .map((target) => ({ ...target, other: servers.find(({ name }) => name === target.over) }))
    .filter(({ other }) => larder && other);
  if (compared.length > 0) {
    lines.push('', '| ratio, round by round | median | target | met |', '| --- | --- | --- | --- |');
    for (const { of, other, text, target, met } of compared) {
      const ratios = larder.rounds.map((round, index) => round[of] / other.rounds[index][of]);
      lines.push(row([text, spread(ratios, 2), target, met(median(ratios)) ? 'yes' : 'no']));
    }
  }
  return lines.join('\n');
}

function title(name, settings) {
  const processes = settings['peer-processes'];
  return name === 'peer' && processes > 1 ? `${titles.peer}, ${processes} processes` : titles[name];
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

function spread(numbers, digits) {
  const [middle, low, high] = [median(numbers), Math.min(...numbers), Math.max(...numbers)];
  return `${middle.toFixed(digits)} (${low.toFixed(digits)} - ${high.toFixed(digits)})`;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

module.exports = { markdown };
