import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Agent, request, setGlobalDispatcher } from 'undici';

/**
 * What the embedded server takes in, and how fast it answers meanwhile and afterwards. The server is a process of its
 * own with its state on the disk; an agent's bulk calls come as fast as they are answered, two at a time, while somebody
 * else lists clusters every 10 ms. Then the log of a million records is asked in every way.
 */
const records = Number(process.env.RECORDS ?? 1_000_000);
const perCall = 5000;
const targets = { perSecond: 15_000, apiMs: 50 };

setGlobalDispatcher(new Agent({ connections: 8, pipelining: 1 }));
const home = mkdtempSync(join(tmpdir(), 'bench-intake-'));
const ready = join(home, 'ready.json');
writeFileSync(join(home, 'password'), 'correct horse 1\n', { mode: 0o600 });
const program = fileURLToPath(new URL('../../bin/ecpctl.js', import.meta.url));
const args = ['--listen', ':0', '--mqtt-listen', ':0', '--data-dir', join(home, 'state'), '--ready-file', ready];
const server = spawn(process.execPath, [program, 'server', ...args, '--admin-password-file', join(home, 'password')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 20));
const { url } = JSON.parse(readFileSync(ready, 'utf8')) as { url: string };

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
async function call(method: 'GET' | 'POST', path: string, token: string, body?: string | object): Promise<any> {
  const type = typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
  const { statusCode, body: answer } = await request(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': type }),
    },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const { accessToken } = await call('POST', '/api/account/login', '', {
  username: 'admin',
  password: 'correct horse 1',
});
const { orgId, id: projectId } = (await call('GET', '/api/projects?name=&orgId=', accessToken)).data[0];
const project = `/api/orgs/${orgId}/projects/${projectId}`;
const { id: clusterId } = await call('POST', `${project}/clusters/add-existing-cluster`, accessToken, 'name=plant-1');
const { registrationToken } = (await call('GET', `${project}/deployments/${clusterId}`, accessToken)).data;
const register = { nodeId: 'bench-node-1', registrationToken };
const { token } = await call('POST', '/api/clusters/agents/emqxee/register', '', register);
const { elasticsearch } = await call('GET', '/api/clusters/agents/emqxee/metadata', token);
const authorization = `Basic ${Buffer.from(`${elasticsearch.username}:${elasticsearch.password}`).toString('base64')}`;

const since = Date.now() - records;
const events = [
  [
    'warning',
    'tag: AUTHZ, clientid: client%, msg: cannot_publish_to_topic_due_to_not_authorized, peername: 127.0.0.1:%, username: user%, topic: republish-event/%, reason: not_authorized',
  ],
  [
    'warning',
    'tag: AUTHZ, clientid: client%, msg: authorization_permission_denied, peername: 10.0.0.7:%, username: user%, topic: t/#, action: SUBSCRIBE(Q0), ipaddr: {127,0,0,1}, source: file',
  ],
  [
    'error',
    'tag: RESOURCE, msg: start_resource_failed, id: <<"connector:mqtt:foo%">>, reason: {error,econnrefused}, stacktrace: [{emqx_resource_manager,start,2,[{file,"emqx_resource_manager.erl"},{line,812}]}]',
  ],
  [
    'info',
    'clientid: client%, msg: client_connected, peername: 192.168.3.%:40123, username: 用户%, keepalive: 60, clean_start: true',
  ],
] as const;

function bulkBody(from: number): Buffer {
  let text = '';
  for (let at = from; at < from + perCall; at++) {
    const [level, message] = events[at % events.length] ?? events[0];
    const id = Buffer.alloc(16);
    id.writeUInt32BE(7);
    id.writeUIntBE(at * 236, 10, 6);
    const document = {
      '@timestamp': new Date(since + at).toISOString(),
      'log.level': level,
      'event.dataset': 'emqx.log',
      'service.node.name': `emqx@10.0.0.${(at % 3) + 1}`,
      'labels.cluster_id': clusterId,
      'agent.id': 'bench-node-1',
      'agent.version': '0.1.0',
      'log.file.path': '/var/log/emqx/emqx.log.1',
      message: message.replaceAll('%', () => String((at * 7919) % 10_007)),
      'event.sequence': at,
      'log.offset': at * 236,
    };
    text += `{"create":{"_id":"${id.toString('base64url')}"}}\n${JSON.stringify(document)}\n`;
  }
  return gzipSync(text, { level: 1 });
}

console.log(`making ${records} records in calls of ${perCall} ...`);
const bodies = Array.from({ length: Math.ceil(records / perCall) }, (_, at) => bulkBody(at * perCall));

const apiTimes: number[] = [];
let running = true;
const probing = (async () => {
  while (running) {
    const start = performance.now();
    await call('GET', `${project}/deployments?limit=10&offset=0`, accessToken);
    apiTimes.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
})();

const cpuBefore = threads();
const start = performance.now();
let next = 0;
async function sender(): Promise<void> {
  for (let body = bodies[next++]; body; body = bodies[next++]) {
    const { statusCode, body: answer } = await request(`${url}/_bulk`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      body,
    });
    const text = await answer.text();
    if (statusCode !== 200 || !text.slice(0, 64).includes('"errors":false'))
      throw new Error(`${statusCode} ${text.slice(0, 300)}`);
  }
}
await Promise.all([sender(), sender()]);
const seconds = (performance.now() - start) / 1000;
running = false;
await probing;
const busiest = busiestThread(cpuBefore);

const sizes = readdirSync(join(home, 'state')).filter((name) => name.startsWith('logs.db'));
const megabytes = sizes.reduce((sum, name) => sum + statSync(join(home, 'state', name)).size, 0) / 1e6;
const perSecond = records / seconds;
console.log(
  `intake: ${perSecond.toFixed(0)} records/s, gzip, ${(records / busiest).toFixed(0)} for each second of the one thread that writes`,
);
console.log(`on the disk: ${megabytes.toFixed(0)} MB, ${((megabytes * 1e6) / records).toFixed(0)} bytes a record`);
console.log(`API meanwhile (list of clusters, ${apiTimes.length} calls): ${figures(apiTimes)}`);

const logPath = `/api/elastic/document/${orgId}/${projectId}/emqx?clusterId=${clusterId}`;
const middle = Math.floor((since + records / 2) / 1000);
const { data: newest } = await call('GET', `${logPath}&start=&end=&level=&msg=&size=100&order=desc`, accessToken);
const cursor = newest.at(-1).cursor;
const queries: readonly (readonly [string, string])[] = [
  ['the newest 100', 'start=&end=&level=&msg=&order=desc'],
  ['error or worse', 'start=&end=&level=error&msg=&order=desc'],
  ['one node', `start=&end=&level=&msg=&order=desc&node=${encodeURIComponent('emqx@10.0.0.2')}`],
  ['a common word, newest first', 'start=&end=&level=&msg=not_authorized&order=desc'],
  ['a common word, oldest first', 'start=&end=&level=&msg=not_authorized&order=asc'],
  [
    'a common word in one minute in the middle',
    `start=${middle}&end=${middle + 60}&level=&msg=not_authorized&order=desc`,
  ],
  ['a rare text', 'start=&end=&level=&msg=foo7777%22&order=desc'],
  ['a text that is nowhere', 'start=&end=&level=&msg=no-such-thing&order=desc'],
  ['two Chinese characters', `start=&end=&level=&msg=${encodeURIComponent('用户')}&order=desc`],
  ['what is new behind a cursor', `start=&end=&level=&msg=&order=asc&cursor=${cursor}`],
];
for (const [name, words] of queries) {
  const times: number[] = [];
  let total = 0;
  for (let turn = 0; turn < 50; turn++) {
    const at = performance.now();
    total = (await call('GET', `${logPath}&size=100&${words}`, accessToken)).total;
    times.push(performance.now() - at);
  }
  console.log(`${name.padEnd(44)} total ${String(total).padStart(5)}, ${figures(times)}`);
}

const apiP99 = at(apiTimes, 0.99);
const met = perSecond >= targets.perSecond && apiP99 < targets.apiMs;
console.log(
  `Target, ${targets.perSecond} records/s with the API under ${targets.apiMs} ms at p99: ${met ? 'met' : 'MISSED'}`,
);
process.exitCode = met ? 0 : 1;
server.kill('SIGTERM');
await new Promise((resolve) => server.once('exit', resolve));
rmSync(home, { recursive: true });

function at(list: number[], share: number): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length * share)] ?? Number.NaN;
}

function figures(list: number[]): string {
  return `median ${at(list, 0.5).toFixed(1)} ms, p99 ${at(list, 0.99).toFixed(1)} ms, worst ${Math.max(...list).toFixed(1)} ms`;
}

/** CPU seconds of each thread of the server. */
function threads(): Map<string, number> {
  const folder = `/proc/${server.pid}/task`;
  return new Map(
    readdirSync(folder).map((id) => {
      const fields = readFileSync(`${folder}/${id}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return [id, (Number(fields[11]) + Number(fields[12])) / 100];
    }),
  );
}

function busiestThread(before: Map<string, number>): number {
  return Math.max(...[...threads()].map(([id, seconds]) => seconds - (before.get(id) ?? 0)));
}
