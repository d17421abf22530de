import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ClusterAgent, getSetupInstructions, listAgents, SetupInstructions } from '../../src/contract/clusters.ts';
import type { Deployment, listDeployments } from '../../src/contract/deployments.ts';
import type { AnswerOf } from '../../src/contract/endpoint.ts';
import { unwrap } from '../../src/contract/lists.ts';
import type { listOrgs, Org } from '../../src/contract/orgs.ts';

describe('unwrap', () => {
  it.each([
    ['deployments', { data: { total: 7, list: ['a', 'b'] } }, 7],
    ['agents', { data: ['a', 'b'] }, 2],
    ['setup instructions', { architectures: ['a', 'b'] }, 2],
    ['project monitor', { total: 9, size: 2, offset: 0, clusterCount: 9, userCount: 1, instance: ['a', 'b'] }, 9],
    ['organizations, projects, alarms, audit', { total: 8, data: ['a', 'b'] }, 8],
    ['Kubernetes connections', { total: 2, list: ['a', 'b'] }, 2],
    ['quotas', { quotas: ['a', 'b'], storage_class_name: 'x' }, 2],
    ['images', ['a', 'b'], 2],
  ])('%s', (_name, answer, total) => {
    expect(unwrap(answer)).toEqual({ total, items: ['a', 'b'] });
  });

  it.each([{ data: { total: 0, list: null } }, { data: null }, { total: 0, data: null }, { architectures: null }])(
    'reads null as the empty list: %j',
    (answer) => {
      expect(unwrap(answer)).toEqual({ total: 0, items: [] });
    },
  );

  it.each([undefined, null, 'text', {}, { data: 'text' }, { data: {} }, { other: [] }])(
    'refuses what has no list: %j',
    (answer) => {
      expect(() => unwrap(answer)).toThrow(TypeError);
    },
  );

  // tsc is the judge here: it reads the tests too.
  it('knows the types of the items', () => {
    expectTypeOf(unwrap<AnswerOf<typeof listDeployments>>).returns.toHaveProperty('items');
    expectTypeOf<
      ReturnType<typeof unwrap<AnswerOf<typeof listDeployments>>>['items'][number]
    >().toEqualTypeOf<Deployment>();
    expectTypeOf<
      ReturnType<typeof unwrap<AnswerOf<typeof listAgents>>>['items'][number]
    >().toEqualTypeOf<ClusterAgent>();
    expectTypeOf<ReturnType<typeof unwrap<AnswerOf<typeof listOrgs>>>['items'][number]>().toEqualTypeOf<Org>();
    expectTypeOf<
      ReturnType<typeof unwrap<AnswerOf<typeof getSetupInstructions>>>['items'][number]
    >().toEqualTypeOf<SetupInstructions>();
  });
});
