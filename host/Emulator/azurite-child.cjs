'use strict';
// Runs Azurite as part of the host that started it: `node --eval THIS -- azurite.js OPTIONS...`
//
// The pipe on stdin is the only thing that ends it. While the host lives, it keeps the other end open; when the host stops, or is killed, the pipe
// ends and Azurite closes as on SIGTERM, which writes its state to disk. Signals do not end it: Ctrl-C reaches every process of the
// terminal at once, and the host may still have requests to finish that need storage.
const ignored = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const graceMilliseconds = 10000;

let close = () => process.exit(0); // until Azurite is up there is nothing to save
const once = process.once;
process.once = function (event, listener) {
  if (event === 'SIGTERM') close = listener;
  return ignored.includes(event) ? this : once.call(this, event, listener);
};
for (const signal of ignored) process.on(signal, () => {});

let ended = false;
function end() {
  if (ended) return;
  ended = true;
  close();
  // Azurite saves at once, but then waits for connections in use, however long they take.
  setTimeout(() => process.exit(0), graceMilliseconds).unref();
}
// A host that was killed does not read what Azurite says at its end.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.stdin.on('end', end).on('error', end).resume();

// Its telemetry is switched off, and the library for it would be more than half of the work at its start. (In a checkout there is nothing in its place.)
try {
  const telemetry = require.resolve('applicationinsights', { paths: [require('path').dirname(process.argv[1])] });
  require.cache[telemetry] = { id: telemetry, exports: {}, loaded: true };
} catch {
  // A version of Azurite without that library.
}

require(process.argv[1]);
