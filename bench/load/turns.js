'use strict';

const processes = require('./processes');

/**
 * Lets each of the measured { name, measure } take its turn, in each round: a slow phase of the machine affects all of them. `measure(seconds)` gives a result, which
 * `rounds` of the answer collects; each is warmed up first.
 */
async function take(measured, { rounds, seconds, warmup }) {
  const taken = measured.map((one) => ({ ...one, rounds: [] }));
  for (const { measure } of taken) await measure(warmup);
  for (let round = 1; round <= rounds; round++) {
    for (const one of taken) {
      const result = await one.measure(seconds);
      one.rounds.push(result);
      processes.say(`  round ${round}: ${one.name} ${Math.round(result.perSecond)} requests/s`);
    }
  }
  return taken;
}

/** One figure of each round. */
function of(taken, figure) {
  return taken.rounds.map((result) => result[figure]);
}

module.exports = { of, take };
