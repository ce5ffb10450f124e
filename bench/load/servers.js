'use strict';

// How each server is built, started and made ready for the same request at the same path.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const processes = require('./processes');
const { body } = require('./wrk');

const root = path.resolve(__dirname, '../..');
const model = path.join(root, 'samples/iris/iris.onnx');
const route = '/api/v1/models/iris/prediction';
const started = /Host started: (http:\S+)/;

/** The emulator's account and key: public, the same everywhere. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const starters = { larder: startLarder, previous: startPrevious, floor: startFloor, peer: startPeer };

/** Starts a server and makes sure that it gives the right answer; `url` of the answer is where to load it. */
async function start(name, folder, settings) {
  const url = await starters[name](folder, settings) + route;
  const response = await request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const values = JSON.parse(response).values?.flat();
  // The floor echoes what it was sent; the others say that this iris is a setosa, class 0.
  const expected = name === 'floor' ? JSON.parse(body).values.flat() : [0];
  if (JSON.stringify(values) !== JSON.stringify(expected)) throw new Error(`${name} answered ${response}`);
  return { name, url };
}

async function startLarder(folder) {
  return startRelease(await build(path.join(root, 'host')), path.join(folder, 'larder'));
}

async function startPrevious(folder, settings) {
  return startRelease(path.resolve(settings.previous), path.join(folder, 'previous'));
}

async function startRelease(program, folder) {
  fs.mkdirSync(folder);
  const storage = await startStorage(path.join(folder, 'storage'));
  const port = await freePort();
  const host = processes.start('dotnet', [program, '--port', String(port)], {
    cwd: folder,
    env: { AzureWebJobsStorage: storage, LocalFolder: path.join(folder, 'local') },
  });
  const [, address] = await processes.printed(host, started);

  const form = new FormData();
  form.append('path', new Blob([fs.readFileSync(model)]), 'iris.onnx');
  const url = new URL(address).origin;
  await request(`${url}/api/v1/models/iris`, { method: 'PUT', body: form });
  return url;
}

async function startFloor() {
  const server = processes.start('dotnet', [await build(path.join(__dirname, 'floor'))]);
  return (await processes.printed(server, started))[1];
}

async function startPeer(folder, settings) {
  const peer = path.join(__dirname, 'peer');
  if (!fs.existsSync(path.join(peer, 'node_modules/.package-lock.json'))) {
    processes.say('Installing the peer (once; about 100 MB)');
    await processes.run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: peer, seconds: 600 });
  }
  const server = processes.start(process.execPath, [path.join(peer, 'server.js'), model, String(settings['peer-processes'])], {
    env: { NODE_ENV: 'production' },
  });
  return (await processes.printed(server, started))[1];
}

async function startStorage(folder) {
  const azurite = processes.start(process.execPath, [
    path.join(root, 'node_modules/azurite/dist/src/azurite.js'),
    '--silent', '--skipApiVersionCheck', '--disableTelemetry', '--location', folder,
    '--blobPort', '0', '--queuePort', '0', '--tablePort', '0',
  ]);
  const endpoints = [];
  for (const service of ['Blob', 'Queue', 'Table']) {
    const [, address] = await processes.printed(
      azurite, new RegExp(`${service} service is successfully listening at (http:\\S+)`));
    endpoints.push(`${service}Endpoint=${address}/${account}`);
  }
  return ['DefaultEndpointsProtocol=http', `AccountName=${account}`, `AccountKey=${key}`, ...endpoints].join(';');
}

/** Builds a project for release and gives the path of its program. */
async function build(project) {
  if (!fs.existsSync(project)) throw new Error(`There is no ${path.relative(root, project)} to build.`);
  const release = ['-p:Configuration=Release', '--nologo'];
  await processes.run(
    'dotnet', ['build', project, ...release, '-v:q', '--disable-build-servers'], { cwd: root, seconds: 900 });
  const target = await processes.run(
    'dotnet', ['msbuild', project, ...release, '-getProperty:TargetPath'], { cwd: root, seconds: 120 });
  return target.trim();
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function request(url, options) {
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${options.method} ${url} answered ${response.status}: ${text}`);
  return text;
}

module.exports = { known: Object.keys(starters), start };
