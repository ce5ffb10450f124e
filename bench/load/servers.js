'use strict';

// How each server is built and started.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const processes = require('./processes');

const root = path.resolve(__dirname, '../..');
const iris = path.join(root, 'samples/iris/iris.onnx');
const started = /Host started: (http:\S+)/;
const grpc = /gRPC: (http:\S+)/;

/** The emulator's account and key: public, the same everywhere. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/**
 * Starts Larder, with storage of its own unless it is given the one of a server before, which `storage` of the answer is. `program` is that of another release.
 * The answer is { url, grpc, pid, storage, child }.
 */
async function larder(folder, { program, settings = {}, storage } = {}) {
  const own = fs.mkdtempSync(path.join(folder, 'larder-'));
  storage ??= await startStorage(path.join(own, 'storage'));
  program = program ? path.resolve(program) : await build(path.join(root, 'host'));
  const [port, grpcPort] = [await freePort(), await freePort()];
  const child = processes.start('dotnet', [program, '--port', String(port), '--grpc-port', String(grpcPort)], {
    cwd: own,
    env: { AzureWebJobsStorage: storage, LocalFolder: path.join(own, 'local'), ...settings },
  });
  const [, address] = await processes.printed(child, started);
  return { url: new URL(address).origin, grpc: `http://127.0.0.1:${grpcPort}`, pid: child.pid, storage, child };
}

/** Makes a file the first version of a model. */
async function upload(url, name, file, settings) {
  const form = new FormData();
  form.append('path', new Blob([fs.readFileSync(file)]), path.basename(file));
  await request(`${url}/api/v1/models/${name}`, { method: 'PUT', body: form });
  if (settings) {
    const body = JSON.stringify({ settings });
    await request(`${url}/api/v1/models/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  }
}

/** Starts the bare server; { url, grpc }. */
async function floor() {
  const child = processes.start('dotnet', [await build(path.join(__dirname, 'floor'))]);
  const [, url] = await processes.printed(child, started);
  return { url, grpc: grpc.exec(child.output)[1], child };
}

/** Starts the server on Node.js; { url }. */
async function peer(count) {
  const folder = path.join(__dirname, 'peer');
  await install(folder, 'the peer (once; about 100 MB)');
  const child = processes.start(process.execPath, [path.join(folder, 'server.js'), iris, String(count)], { env: { NODE_ENV: 'production' } });
  return { url: (await processes.printed(child, started))[1], child };
}

/** Installs the packages of a folder, unless they are there. */
async function install(folder, what) {
  if (fs.existsSync(path.join(folder, 'node_modules/.package-lock.json'))) return;
  processes.say(`Installing ${what}`);
  await processes.run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, seconds: 600 });
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

const built = new Map();

/** Builds a project for release, once, and gives the path of its program. */
function build(project) {
  if (!built.has(project)) built.set(project, buildNow(project));
  return built.get(project);
}

async function buildNow(project) {
  processes.say(`Building ${path.relative(root, project)}`);
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

module.exports = { build, floor, freePort, install, iris, larder, peer, request, startStorage, upload };
