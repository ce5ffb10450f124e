'use strict';

// Child processes that do not outlive the script: each has a process group of its own, and every group
// still there is ended when the script ends, however it ends.

const { spawn } = require('node:child_process');

const running = new Set();

/** Progress, apart from the figures. */
function say(text) {
  console.error(text);
}

/** Starts a program; `output` of the answer holds the end of what it printed. */
function start(command, args, { env, cwd } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.output = '';
  child.title = [command, ...args].join(' ');
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      child.output = (child.output + text).slice(-1_000_000);
      child.emit('output');
    });
  }
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(code === 0 ? null : `ended with ${signal ?? code}`));
  }).finally(() => running.delete(child));
  return child;
}

/** Runs a program to its end and gives what it printed; throws when it fails or takes longer than `seconds`. */
async function run(command, args, { seconds, ...options }) {
  const child = start(command, args, options);
  const trouble = await within(seconds, child, child.ended);
  if (trouble) throw new Error(`${child.title} ${trouble}\n${child.output}`);
  return child.output;
}

/** Runs a program to its end and gives what it printed as JSON in the line that begins with RESULT. */
async function result(command, args, options) {
  const output = await run(command, args, options);
  const line = /^RESULT (.*)$/m.exec(output);
  if (!line) throw new Error(`${command} printed no result:\n${output}`);
  return JSON.parse(line[1]);
}

/** Waits until a started program has printed what matches; gives the match. */
async function printed(child, pattern, seconds = 60) {
  let look;
  const found = new Promise((resolve) => {
    look = () => {
      const match = pattern.exec(child.output);
      if (match) resolve({ match });
    };
    child.on('output', look);
    look();
  });
  const ended = child.ended.then((trouble) => ({ trouble: trouble ?? 'ended' }));
  const { match, trouble } = await within(seconds, child, Promise.race([found, ended]));
  child.off('output', look);
  if (trouble) throw new Error(`${child.title} ${trouble}\n${child.output}`);
  return match;
}

async function within(seconds, child, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${child.title} took longer than ${seconds} s\n${child.output}`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Asks a program to stop, and waits until it has. */
async function stop(child) {
  signal(child, 'SIGTERM');
  await within(60, child, child.ended);
}

/** Asks every program to stop, and after ten seconds does not ask. */
async function stopAll() {
  const children = [...running].filter(({ pid }) => pid);
  const timer = setTimeout(() => children.forEach((child) => signal(child, 'SIGKILL')), 10_000);
  children.forEach((child) => signal(child, 'SIGTERM'));
  await Promise.all(children.map(({ ended }) => ended));
  clearTimeout(timer);
}

/** On Ctrl-C and the like: stop everything, clean up, and end as the signal would have. */
function stopOnSignals(cleanUp) {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(name, async () => {
      await stopAll();
      cleanUp();
      process.kill(process.pid, name);
    });
  }
  process.on('exit', () => {
    for (const child of running) if (child.pid) signal(child, 'SIGKILL');
  });
}

/** Throws a sentence that names what is not installed. */
async function requireTools() {
  const wanted = [['wrk', 'Debian and Ubuntu: apt-get install wrk'], ['npm', 'it comes with Node.js'], ['dotnet', 'the .NET 10 SDK']];
  for (const [tool, where] of wanted) {
    const child = start('sh', ['-c', `command -v ${tool}`]);
    if (await child.ended) throw new Error(`${tool} is missing (${where}).`);
  }
}

module.exports = { printed, requireTools, result, run, say, start, stop, stopAll, stopOnSignals };
