// Validated posts per second: fastify against bare node:http with ajv, the same schema, client in a process of its own.
//   node scripts/measure/http-server.js
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fastify from 'fastify';
import { Pool } from 'undici';
import { machine, median, table } from './kit.js';

const seconds = 3;
const body = JSON.stringify({
  nodeId: 'a'.repeat(36),
  agentVersion: '1.0.0',
  clusterNodes: [{ node: 'emqx@127.0.0.1', uptime: 1 }],
});
const schema = {
  type: 'object',
  required: ['nodeId', 'agentVersion', 'clusterNodes'],
  properties: {
    nodeId: { type: 'string', minLength: 1 },
    agentVersion: { type: 'string' },
    clusterNodes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['node'],
        properties: { node: { type: 'string' }, uptime: { type: 'integer' } },
      },
    },
  },
};

const servers = {
  fastify: async () => {
    const app = fastify();
    app.post('/', { schema: { body: schema } }, async () => ({ ok: true }));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server.address().port;
  },
  'node:http with ajv': async () => {
    // The ajv that fastify itself brings.
    const require = createRequire(createRequire(import.meta.url).resolve('@fastify/ajv-compiler'));
    const validate = new (require('ajv'))().compile(schema);
    const server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const ok = validate(JSON.parse(Buffer.concat(chunks)));
      response.writeHead(ok ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify({ ok }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },
};

async function rate(name) {
  const child = fork(fileURLToPath(import.meta.url), [name]);
  const [port] = await once(child, 'message');
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 16 });
  let answers = 0;
  const post = async (until) => {
    while (performance.now() < until) {
      const answer = await pool.request({
        path: '/',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}`);
      await answer.body.dump();
      answers++;
    }
  };
  await Promise.all(Array.from({ length: 16 }, () => post(performance.now() + 1000)));
  answers = 0;
  await Promise.all(Array.from({ length: 16 }, () => post(performance.now() + seconds * 1000)));
  await pool.close();
  child.kill();
  return answers / seconds;
}

if (process.send) {
  process.send(await servers[process.argv[2]]());
} else {
  console.log(`${machine()}, 16 connections, ${seconds} s, median of 3`);
  const rows = [['server', 'validated posts/s']];
  for (const name of Object.keys(servers))
    rows.push([name, Math.round(median([await rate(name), await rate(name), await rate(name)]))]);
  table(rows);
}
