// Our own reader as the other followers are measured: the agent's shipper, delivering to a sink in this process.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './kit.js';

/** Bundles the shipper into `folder` and answers a follower of a directory. */
export async function ourReader(folder) {
  const outfile = join(folder, 'shipper.mjs');
  const entry = `export { createLogShipper } from './agent/logs/shipper.ts'; export { systemClock } from './src/core/clock.ts';`;
  await build({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: `import { createRequire as __cr } from 'node:module'; const require = __cr(${JSON.stringify(outfile)});`,
    },
    logLevel: 'error',
  });
  const { createLogShipper, systemClock } = await import(pathToFileURL(outfile).href);
  let turn = 0;
  return async (directory, take) => {
    const sink = await startSink(take);
    const silent = () => {};
    const logger = { debug: silent, info: silent, warn: silent, error: silent };
    const stateDirectory = join(folder, `state-${turn++}`);
    const shipper = createLogShipper({ stateDirectory, logger, clock: systemClock, random: Math.random });
    shipper.apply({
      directory,
      include: [],
      exclude: [],
      clusterId: 'c',
      agentId: 'a',
      agentVersion: '0',
      nodeName: undefined,
      target: { urls: [sink.url], username: '', password: '', index: 'i', ca: undefined, insecure: false },
      fields: {},
      redact: [],
      gzip: false,
    });
    const stop = async () => {
      sink.resume();
      await shipper.stop(1000);
      sink.close();
    };
    return { stop, stall: sink.stall, resume: sink.resume };
  };
}

/** As much of Elasticsearch as is needed; held back, it takes nothing. */
async function startSink(take) {
  let open = Promise.resolve();
  let release = () => {};
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    await open;
    const lines = Buffer.concat(chunks).toString().split('\n');
    const isBulk = request.url.includes('_bulk');
    const items = isBulk ? lines.flatMap((line, at) => (at % 2 === 1 ? [JSON.parse(line).message] : [])) : [];
    for (const message of items) take(message);
    const answer = { errors: false, items: items.map(() => ({ create: { status: 201 } })) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(isBulk ? answer : {}));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stall: () => {
      open = new Promise((resolve) => {
        release = resolve;
      });
    },
    resume: () => release(),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
