import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EmqxVersion } from '../../src/contract/emqx-version.ts';
import { compareEmqxVersions, generationOf, isEmqxAtLeast, parseEmqxVersion } from '../../src/contract/emqx-version.ts';
import type { Feature, Subject } from '../../src/contract/features.ts';
import { features, manageable, offered, subjectOf } from '../../src/contract/features.ts';
import { clusterType, numberOf } from '../../src/contract/states.ts';

const read = (text: string): EmqxVersion => {
  const version = parseEmqxVersion(text);
  if (!version) throw new Error(`no version: ${text}`);
  return version;
};

const hosted = (version: string, platform: Subject['platform'] = 'kubernetes'): Subject => ({
  hosted: true,
  generation: generationOf(read(version)),
  version: read(version),
  platform,
});
const managed = (version: string): Subject => ({ ...hosted(version), hosted: false });

const columns: Readonly<Record<string, Subject>> = {
  'hosted v4': hosted('4.4.19'),
  'hosted v5': hosted('5.8.6'),
  'managed v4': managed('4.4.19'),
  'managed v5': managed('5.8.6'),
  'managed v5.6': managed('5.6.1'),
  'managed v4.4.5': managed('4.4.5'),
  'hosted v5 on Docker': hosted('5.8.6', 'docker'),
};

const expected: Readonly<Record<Feature, readonly [boolean, boolean, boolean, boolean, boolean, boolean, boolean]>> = {
  start: [true, true, false, false, false, false, false],
  scale: [true, true, false, false, false, false, false],
  vertical: [true, true, false, false, false, false, false],
  network: [true, true, false, false, false, false, false],
  image: [true, true, false, false, false, false, false],
  connections: [true, true, true, true, false, false, false],
  repair: [true, true, false, false, false, false, true],
  certificates: [true, true, false, false, false, false, true],
  license: [true, true, false, false, false, false, true],
  backup: [true, true, false, false, false, false, true],
  agents: [false, false, true, true, true, true, false],
  monitor: [false, false, false, true, true, false, false],
  alarms: [false, false, false, true, true, false, false],
  logs: [true, true, true, true, true, true, true],
  transfer: [true, true, true, true, true, true, true],
  delete: [true, true, true, true, true, true, true],
};

describe('feature matrix', () => {
  it.each(features)('%s', (feature) => {
    const answers = Object.values(columns).map((subject) => offered(feature, subject) === true);
    expect(Object.fromEntries(Object.keys(columns).map((name, at) => [name, answers[at]]))).toEqual(
      Object.fromEntries(Object.keys(columns).map((name, at) => [name, expected[feature][at]])),
    );
  });

  it.each([
    ['scale', managed('5.8.6'), 'horizontal scaling is for hosted clusters only'],
    ['agents', hosted('5.8.6'), 'registering agents is for managed clusters only'],
    ['network', hosted('5.8.6', 'docker'), 'changing the network type is not offered where ECP runs on Docker'],
    ['monitor', managed('4.4.19'), 'monitoring is not offered for EMQX v4'],
    ['connections', managed('e5.6.1'), 'changing the connections needs EMQX 5.7.0 or later; the cluster runs 5.6.1'],
    [
      'connections',
      { hosted: false, generation: undefined, version: undefined, platform: undefined },
      'changing the connections depends on the version of EMQX, and no node has registered yet',
    ],
  ] as const)('%s says why not', (feature, subject, sentence) => {
    expect(offered(feature, subject)).toMatchObject({ en: sentence, zh: expect.stringMatching(/[\u4e00-\u9fa5]/) });
  });

  it('refuses nothing that it cannot know', () => {
    const unknown: Subject = { hosted: undefined, generation: undefined, version: undefined, platform: undefined };
    for (const feature of features) expect(offered(feature, unknown)).toBe(true);
    expect(offered('connections', { ...unknown, hosted: false, generation: 5 })).toBe(true);
  });
});

describe('subjectOf', () => {
  const cluster = { type: 0, version: '', image: '' };

  it.each([
    ['hosted-v4', { image: 'registry:5000/emqx/emqx-ee:4.4.19' }, true, 4, 19],
    ['hosted-v5', { image: 'emqx/emqx-enterprise:5.8.6' }, true, 5, 6],
    ['managed-v5', { version: 'e5.7.1' }, false, 5, 1],
    ['managed', { version: '4.4.6' }, false, 4, 6],
    ['managed', {}, false, undefined, undefined],
  ] as const)('%s %j', (key, fields, isHosted, generation, patch) => {
    const subject = subjectOf({ ...cluster, type: numberOf(clusterType, key), ...fields }, clusterType);
    expect(subject).toMatchObject({ hosted: isHosted, generation });
    expect(subject.version?.patch).toBe(patch);
  });

  it('does not guess what an unknown type is', () => {
    expect(subjectOf({ ...cluster, type: 99, version: '5.8.6' }, clusterType)).toMatchObject({
      hosted: undefined,
      generation: 5,
    });
  });
});

describe('manageable', () => {
  it.each(['4.4.6', 'v4.4.19', '5.6.0', 'e5.10.1', '6.0.1'])('%s may join', (text) => {
    expect(manageable(read(text))).toBe(true);
  });

  it.each(['4.4.5', '4.3.22', '5.5.1', '5.6.0-rc.1', '3.4.5'])('%s may not', (text) => {
    expect(manageable(read(text))).toMatchObject({ en: expect.stringContaining('v4 from 4.4.6, v5 from 5.6.0') });
  });
});

describe('versions of EMQX', () => {
  it.each([
    ['5.7.0', [5, 7, 0], []],
    ['e5.7.0', [5, 7, 0], []],
    ['v4.4.19', [4, 4, 19], []],
    ['5.8.6-alpha.1', [5, 8, 6], ['alpha', '1']],
    ['5.10.0-M1.202505', [5, 10, 0], ['m1', '202505']],
    ['emqx/emqx-ee:4.4.19-alpine3.15.1', [4, 4, 19], []],
    ['registry.local:5000/emqx/emqx-enterprise:5.8-elixir', [5, 8, 0], []],
  ])('%s', (text, [major, minor, patch], pre) => {
    expect(parseEmqxVersion(text)).toEqual({ major, minor, patch, pre });
  });

  it.each(['', 'latest', 'emqx/emqx-ee', 'registry.local:5000/emqx', '5', 'x5.7.0'])('%s is none', (text) => {
    expect(parseEmqxVersion(text)).toBeUndefined();
  });

  it('stand in this order', () => {
    const order = ['4.4.6', '4.4.19', '5.6.0', '5.7.0-alpha.1', '5.7.0-alpha.2', '5.7.0-alpha.10', '5.7.0-beta.1'];
    order.push('5.7.0-rc.1', '5.7.0', '5.7.1', '5.10.0', '6.0.0');
    expect(order.toReversed().toSorted((a, b) => compareEmqxVersions(read(a), read(b)))).toEqual(order);
    expect(isEmqxAtLeast(read('5.7.0-rc.1'), '5.7.0')).toBe(false);
    expect(isEmqxAtLeast(read('e5.7.0'), '5.7.0')).toBe(true);
  });

  it('are ordered alike from both sides', () => {
    const version = fc.record({
      major: fc.integer({ min: 4, max: 6 }),
      minor: fc.integer({ min: 0, max: 3 }),
      patch: fc.integer({ min: 0, max: 3 }),
      pre: fc.array(fc.constantFrom('alpha', 'beta', 'rc', '1', '2', '10'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareEmqxVersions(a, b))).toBe(0 - Math.sign(compareEmqxVersions(b, a)));
        if (compareEmqxVersions(a, b) <= 0 && compareEmqxVersions(b, c) <= 0) {
          expect(compareEmqxVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
