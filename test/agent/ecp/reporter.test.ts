import { describe, expect, it } from 'vitest';
import { cadence } from '../../../agent/ecp/cadence.ts';
import { connectEcp } from '../../../agent/ecp/connect.ts';
import { createReporter, type ReportSettings } from '../../../agent/ecp/reporter.ts';
import type { Report } from '../../../src/contract/agent.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { type FakeEcp, fakeEcp, registrationToken } from '../fake-ecp.ts';
import { atEnd, pause } from '../process.ts';

const body: Report = {
  nodeId: '1',
  agentVersion: '1',
  clusterNodes: [],
  dashboardEnabled: true,
  nodeConnectError: '',
  clusterFetchError: '',
  metricsFetchError: '',
  logsFetchError: '',
  mqttConnectError: '',
};

/** Waits last a hundredth, and are written down. */
function quickClock(waits: number[]): Clock {
  return {
    ...systemClock,
    sleep: (ms, signal) => {
      waits.push(ms);
      return systemClock.sleep(ms / 100, signal);
    },
  };
}

async function registered(ecp: FakeEcp): Promise<string> {
  const connection = await connectEcp({ url: ecp.url, ca: undefined, insecure: false });
  const token = await connection.register('1', registrationToken);
  await connection.close();
  return token;
}

async function reporting(ecp: FakeEcp) {
  const waits: number[] = [];
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const reporter = createReporter({
    clock: quickClock(waits),
    random: Math.random,
    log: { debug: say, info: say, warn: say, error: say },
    connect: connectEcp,
    report: () => body,
    received: () => {},
  });
  atEnd(() => reporter.stop(0));
  const settings: ReportSettings = {
    url: ecp.url,
    ca: undefined,
    insecure: false,
    token: await registered(ecp),
    intervalMs: 10_000,
  };
  return { reporter, settings, waits, lines };
}

async function until(good: () => boolean): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (good()) return;
    await pause(20);
  }
  throw new Error('not reached');
}

describe('reports', () => {
  it('are sent every interval, a tenth more or less', async () => {
    const ecp = await fakeEcp();
    const { reporter, settings, waits } = await reporting(ecp);
    expect(reporter.status().state).toBe('off');
    reporter.apply(settings);
    expect(reporter.status().state).toBe('starting');
    await until(() => ecp.reports.length >= 4);
    expect(reporter.status()).toMatchObject({ state: 'healthy', refused: false });
    const heartbeats = waits.filter((ms) => ms < 60_000);
    expect(Math.min(...heartbeats)).toBeGreaterThanOrEqual(9000);
    expect(Math.max(...heartbeats)).toBeLessThanOrEqual(11_000);
    expect(new Set(heartbeats).size).toBeGreaterThan(1);
    // The metadata come once in ten minutes.
    expect(ecp.calls.filter((call) => call === 'metadata')).toHaveLength(1);
  });

  it('stop after a 401 with a sentence, and go on with a new registration', async () => {
    const ecp = await fakeEcp();
    const { reporter, settings } = await reporting(ecp);
    reporter.apply(settings);
    await until(() => ecp.reports.length > 0);
    ecp.tokens.clear();
    await until(() => reporter.status().refused);
    expect(reporter.status()).toMatchObject({
      state: 'failing',
      reason: expect.stringMatching(/^ECP no longer accepts this agent/),
    });
    const before = ecp.calls.length;
    reporter.apply({ ...settings });
    await pause(300);
    expect(ecp.calls.length).toBe(before);
    reporter.apply({ ...settings, token: await registered(ecp) });
    await until(() => reporter.status().state === 'healthy');
    expect(reporter.status().refused).toBe(false);
  });

  it('say why ECP cannot be had, and that it is there again', async () => {
    const ecp = await fakeEcp();
    const { reporter, settings, lines } = await reporting(ecp);
    reporter.apply(settings);
    await until(() => ecp.reports.length > 0);
    await ecp.stop();
    await until(() => reporter.status().state === 'failing');
    expect(reporter.status().reason).toBe(`cannot reach ${ecp.url}: connection refused`);
    await ecp.start();
    await until(() => reporter.status().state === 'healthy');
    expect(reporter.status().reason).toBeUndefined();
    expect(lines).toContain('report works again');
  });

  it('end when they are switched off', async () => {
    const ecp = await fakeEcp();
    const { reporter, settings } = await reporting(ecp);
    reporter.apply(settings);
    await until(() => ecp.reports.length > 1);
    reporter.apply(undefined);
    expect(reporter.status().state).toBe('off');
    const before = ecp.calls.length;
    await pause(300);
    expect(ecp.calls.length).toBeLessThanOrEqual(before + 1);
  });

  it('ask for the metadata again when they are told to, not more than once a minute', async () => {
    const ecp = await fakeEcp();
    const { reporter, settings } = await reporting(ecp);
    reporter.apply(settings);
    await until(() => ecp.calls.includes('metadata'));
    for (let turn = 0; turn < 10; turn++) reporter.refreshMetadata();
    await until(() => ecp.reports.length > 2);
    expect(ecp.calls.filter((call) => call === 'metadata')).toHaveLength(1);
  });
});

describe('cadence', () => {
  it('waits a full-jitter backoff up to a minute, and begins anew after a success', async () => {
    const waits: number[] = [];
    const goes = [...Array<boolean>(12).fill(false), true, false, false, true];
    const stop = new AbortController();
    await cadence(
      {
        everyMs: () => 10_000,
        work: async () => {
          if (!goes.shift()) throw new Error('down');
        },
        succeeded: () => {
          if (goes.length === 0) stop.abort();
        },
        failed: () => true,
      },
      { clock: { ...systemClock, sleep: async (ms) => void waits.push(ms) }, random: () => 0.999 },
      stop.signal,
    );
    const ceilings = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60].map((seconds) => Math.floor(seconds * 999));
    expect(waits.slice(0, 12)).toEqual(ceilings);
    expect(waits[12]).toBeCloseTo(10_998);
    expect(waits.slice(13, 15)).toEqual([999, 1998]);
  });
});
