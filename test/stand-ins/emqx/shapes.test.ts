import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as a4 from '../../../agent/emqx/v4-answers.ts';
import * as a5 from '../../../agent/emqx/v5-answers.ts';
import type { Knobs } from './knobs.ts';
import { type EmqxStandIn, startEmqx } from './server.ts';

const rest = fileURLToPath(new URL('../../../../shared/emqx-real/rest/', import.meta.url));
const there = existsSync(rest);
if (!there)
  console.log('No recorded answers of a real EMQX beside the repository: the comparison with them is skipped.');

/** Every place in a JSON value with the kinds of values seen there; items of a list are one place. */
function shapeOf(value: unknown, place = '', shape = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const kind = Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
  shape.set(place, (shape.get(place) ?? new Set()).add(kind));
  if (Array.isArray(value)) for (const item of value) shapeOf(item, `${place}[]`, shape);
  else if (kind === 'object') {
    for (const [name, inner] of Object.entries(value as object)) shapeOf(inner, `${place}/${name}`, shape);
  }
  return shape;
}

/** Places that one has and the other has not, and places with another kind of value; `but` may differ. */
function differences(real: unknown, ours: unknown, but: readonly RegExp[]): string[] {
  const [left, right] = [shapeOf(real), shapeOf(ours)];
  const found: string[] = [];
  for (const [place, kinds] of left) {
    const mine = right.get(place);
    if (!mine) found.push(`missing here: ${place}`);
    else if (![...mine].some((kind) => kinds.has(kind))) found.push(`${place}: ${[...mine]} instead of ${[...kinds]}`);
  }
  for (const place of right.keys()) if (!left.has(place)) found.push(`only here: ${place}`);
  return found.filter((line) => !but.some((pattern) => pattern.test(line)));
}

/** Path, recorded file, schema, and what may differ with the reason beside it. */
type Case = readonly [path: string, file: string, schema: TSchema, but: readonly RegExp[]];

// A recorded connector or action carries its whole configuration, which the agent does not read.
const configuration = /missing here: \[\]\/(?!type$|name$|status$|enable$|node_status)/;
// The recording is of the open edition; reasons and details come and go with the event.
const passing = /\/(status_reason|error|created_at|last_modified_at)$|\/details/;

const five: readonly Case[] = [
  ['/nodes', 'v5.8.6/nodes.json', a5.Nodes5, []],
  ['/nodes', 'v5.8.6-cluster2/nodes_node2_stopped.json', a5.Nodes5, []],
  ['/cluster', 'v5.8.6/cluster.json', a5.Cluster5, []],
  ['/stats?aggregate=true', 'v5.8.6/stats_aggregate_true.json', a5.Counters5, []],
  ['/metrics?aggregate=true', 'v5.8.6/metrics_aggregate_true.json', a5.Counters5, [/^missing here/]],
  ['/monitor_current', 'v5.8.6/monitor_current.json', a5.Monitor5, [/only here: \/license_quota/]],
  ['/alarms', 'v5.8.6/alarms.json', a5.Alarms5, [passing]],
  ['/rules', 'v5.8.6/rules.json', a5.Rules5, [/actions\[\]\/function/]],
  ['/connectors', 'v5.8.6/connectors.json', a5.Resources5, [configuration, passing]],
  ['/actions', 'v5.8.6/actions.json', a5.Resources5, [configuration, passing]],
  ['/bridges', 'v5.8.6/bridges.json', a5.Resources5, [configuration, passing, /only here: \[\]\/enable/]],
  ['/listeners', 'v5.8.6/listeners.json', a5.Listeners5, []],
  ['/license', 'v5.8.6-license/license.json', a5.License5, []],
  ['/license/setting', 'v5.8.6-license/license_setting.json', a5.Counters5, []],
  ['/configs/log', 'v5.8.6/configs_log.json', a5.LogConfig5, [/\/file\/(json|text)/]],
];

const wrapped = (data: unknown) => (data as { data: unknown }).data;
const four: readonly Case[] = [
  ['/nodes', 'v4.4.19/nodes.json', a4.Nodes4, []],
  ['/brokers', 'v4.4.19/brokers.json', a4.Brokers4, []],
  ['/stats', 'v4.4.19/stats.json', a4.Stats4, []],
  ['/metrics', 'v4.4.19/metrics.json', a4.Metrics4, [/^missing here/]],
  ['/alarms/activated', 'v4.4.19/alarms_activated.json', a4.Alarms4, [/only here: \/data\[\]\/alarms\[\]/]],
  ['/rules', 'v4.4.19/rules.json', a4.Rules4, [/\/actions\[\]|\/metrics\[\]\//]],
  ['/resources', 'v4.4.19/resources.json', a4.Resources4, [/\/config\//]],
  ['/listeners', 'v4.4.19/listeners.json', a4.Listeners4, [/\/shutdown_count/]],
];

describe.runIf(there)('the stand-in of EMQX answers in the shape of a real one', () => {
  const started: EmqxStandIn[] = [];
  const start = async (knobs: Partial<Knobs>) => {
    const emqx = await startEmqx(knobs);
    started.push(emqx);
    return emqx;
  };
  afterAll(() => Promise.all(started.map((emqx) => emqx.stop())));
  const recorded = (file: string): unknown => JSON.parse(readFileSync(rest + file, 'utf8'));

  describe('version 5', () => {
    let emqx: EmqxStandIn;
    beforeAll(async () => {
      emqx = await start({ nodes: ['emqx@127.0.0.1', 'emqx2@127.0.0.1'], stopped: ['emqx2@127.0.0.1'] });
    });
    const get = async (path: string) => {
      const authorization = `Basic ${Buffer.from('key:secret').toString('base64')}`;
      return (await fetch(`${emqx.apiUrl}/api/v5${path}`, { headers: { authorization } })).json();
    };

    it.each(five)('%s as %s', async (path, file, schema, but) => {
      const real = recorded(file);
      expect([...Value.Errors(schema, real)].slice(0, 3)).toEqual([]);
      emqx.knobs.stopped = file.includes('stopped') ? ['emqx2@127.0.0.1'] : [];
      const ours = await get(path);
      expect(differences(real, ours, but)).toEqual([]);
      expect([...Value.Errors(schema, ours)].slice(0, 3)).toEqual([]);
    });

    it('login, failures and the page for an unknown path', async () => {
      const post = async (password: string) =>
        fetch(`${emqx.apiUrl}/api/v5/login`, { method: 'POST', body: JSON.stringify({ username: 'admin', password }) });
      // A build from source has no roles.
      expect(differences(recorded('v5.8.6/login.json'), await (await post('public')).json(), [/\/role$/])).toEqual([]);
      const wrong = await post('wrong');
      expect(`${JSON.stringify(await wrong.json())} ${wrong.status}`).toBe(
        readFileSync(`${rest}v5.8.6/login_wrong.json`, 'utf8').trim(),
      );
      const bad = await fetch(`${emqx.apiUrl}/api/v5/nodes`, { headers: { authorization: 'Bearer nonsense' } });
      expect(`${JSON.stringify(await bad.json())} ${bad.status}`).toBe(
        readFileSync(`${rest}v5.8.6/bad_bearer.txt`, 'utf8').trim(),
      );
      const key = await fetch(`${emqx.apiUrl}/api/v5/nodes`, { headers: { authorization: 'Basic YTpi' } });
      expect(readFileSync(`${rest}v5.8.6/unauthorized.txt`, 'utf8')).toContain(await key.text());
      emqx.knobs.license = 'absent';
      const authorization = `Basic ${Buffer.from('key:secret').toString('base64')}`;
      const license = await fetch(`${emqx.apiUrl}/api/v5/license`, { headers: { authorization } });
      expect(await license.text()).toBe(readFileSync(`${rest}v5.8.6/license.json`, 'utf8').trim());
      emqx.knobs.license = 'official';
      const status = await (await fetch(`${emqx.apiUrl}/status`)).text();
      expect(status).toBe(readFileSync(`${rest}v5.8.6/status.txt`, 'utf8').trimEnd());
    });
  });

  describe('version 4.4', () => {
    let emqx: EmqxStandIn;
    beforeAll(async () => {
      emqx = await start({
        generation: 4,
        version: '4.4.19',
        edition: 'Opensource',
        apiKey: 'admin',
        apiSecret: 'public',
      });
    });
    const ask = (path: string, key = 'admin:public') => {
      const authorization = `Basic ${Buffer.from(key).toString('base64')}`;
      return fetch(`${emqx.apiUrl}/api/v4${path}`, { headers: { authorization } });
    };

    it.each(four)('%s as %s', async (path, file, schema, but) => {
      const real = recorded(file);
      expect([...Value.Errors(schema, wrapped(real))].slice(0, 3)).toEqual([]);
      const ours = await (await ask(path)).json();
      expect(differences(real, ours, but)).toEqual([]);
      expect([...Value.Errors(schema, wrapped(ours))].slice(0, 3)).toEqual([]);
    });

    it('failures are plain text', async () => {
      const wrong = await ask('/nodes', 'admin:wrong');
      expect(wrong.status).toBe(401);
      expect(readFileSync(`${rest}v4.4.19/unauthorized.txt`, 'utf8')).toContain(await wrong.text());
      expect(await (await ask('/license')).text()).toBe(readFileSync(`${rest}v4.4.19/license.json`, 'utf8').trim());
    });
  });
});
