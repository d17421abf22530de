import { describe, expect, it } from 'vitest';
import type { Named } from '../../src/contract/state-table.ts';
import {
  certificateType,
  clusterStatus,
  clusterType,
  isFailed,
  isFinal,
  isOneOf,
  numberOf,
  stateKey,
  stateName,
  tables,
  tablesWith,
  taskStatus,
} from '../../src/contract/states.ts';

describe.each(Object.entries(tables))('table %s', (_name, table) => {
  const rows: readonly Named[] = table.rows;

  it('has no number and no key twice', () => {
    expect(new Set(rows.map((row) => row.number)).size).toBe(rows.length);
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });

  it('names every row in both languages and by a key that scripts can match', () => {
    for (const row of rows) {
      expect(row.name.en).toMatch(/^[\x20-\x7e]+$/);
      expect(row.name.zh).toMatch(/[\u4e00-\u9fa5]/);
      expect(row.key).toMatch(/^[a-z][a-z0-9-]*$/);
    }
  });

  it('lets an unknown number live', () => {
    expect(stateKey(table, 250)).toBe('unknown(250)');
    expect(stateName(table, 250, 'en')).toBe('unknown(250)');
    expect(stateName(table, 250, 'zh')).toBe('unknown(250)');
  });
});

describe('names', () => {
  it("are the product's in Chinese", () => {
    const names = clusterStatus.rows.map((row) => row.name.zh);
    expect(names.toSorted()).toEqual(
      ['创建中', '更新中', '启动中', '运行中', '停止中', '已停止', '状态同步中', '降级运行中', '异常', '不存在']
        .concat(['已创建', '注册中', '删除中'])
        .toSorted(),
    );
  });

  it('follow the language', () => {
    const running = numberOf(clusterStatus, 'running');
    expect(stateName(clusterStatus, running, 'en')).toBe('Running');
    expect(stateName(clusterStatus, running, 'zh')).toBe('运行中');
    expect(stateKey(clusterStatus, running)).toBe('running');
  });
});

describe('courses', () => {
  it.each([
    ['running', true, false],
    ['stopped', true, false],
    ['created', true, false],
    ['error', true, true],
    ['not-found', true, true],
    ['degraded', false, false],
    ['updating', false, false],
    ['deleting', false, false],
  ] as const)('cluster status %s: final %s, failed %s', (key, final, failed) => {
    const number = numberOf(clusterStatus, key);
    expect([isFinal(clusterStatus, number), isFailed(clusterStatus, number)]).toEqual([final, failed]);
  });

  it.each([
    [0, false, false],
    [1, false, false],
    [2, false, false],
    [3, true, false],
    [4, true, true],
    [30, true, true],
    [31, true, true],
    [32, true, true],
    [33, false, false],
  ])('task status %i: final %s, failed %s', (number, final, failed) => {
    expect([isFinal(taskStatus, number), isFailed(taskStatus, number)]).toEqual([final, failed]);
  });
});

describe('certificates', () => {
  it('say which listener uses which', () => {
    expect(certificateType.byNumber.get(7)).toMatchObject({ wss: 'wssCaCrt', mqtts: 'mqttsTlsCrt' });
    const pairs = certificateType.rows.map((row) => `${row.wss} ${row.mqtts}`);
    expect(new Set(pairs).size).toBe(9);
  });
});

describe('overrides', () => {
  it('give other numbers to the same rows', () => {
    const own = tablesWith({ clusterStatus: { 0: 'running', 9: 'running', 4: 'error' } });
    expect(stateKey(own.clusterStatus, 0)).toBe('running');
    expect(stateKey(own.clusterStatus, 9)).toBe('running');
    expect(stateKey(own.clusterStatus, 4)).toBe('error');
    expect(isFailed(own.clusterStatus, 4)).toBe(true);
    expect(isOneOf(own.clusterStatus, 9, 'stopped', 'running')).toBe(true);
    expect(numberOf(own.clusterStatus, 'error')).toBe(4);
    expect(stateKey(own.clusterStatus, 1)).toBe('creating');
    expect(own.taskStatus).toBe(tables.taskStatus);
    expect(stateKey(tables.clusterStatus, 4)).toBe('running');
  });

  it('take a number away from a row that had it', () => {
    const own = tablesWith({ clusterType: { 1: 'managed' } });
    expect(stateKey(own.clusterType, 1)).toBe('managed');
    expect(stateKey(own.clusterType, 3)).toBe('unknown(3)');
    expect(() => numberOf(own.clusterType, 'hosted-v4')).toThrow('no number stands for it');
    expect(numberOf(clusterType, 'hosted-v4')).toBe(1);
  });

  it.each([
    [{ nothing: {} }, 'states.nothing: no such table'],
    [{ toString: {} }, 'states.toString: no such table'],
    [{ clusterStatus: { x: 'running' } }, 'states.clusterStatus.x: not a number'],
    [{ clusterStatus: { 4: 'dancing' } }, 'states.clusterStatus.4: "dancing" is none of creating'],
  ])('refuse %j', (overrides, message) => {
    expect(() => tablesWith(overrides as Record<string, Record<string, string>>)).toThrow(message);
  });
});
