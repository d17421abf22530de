import { describe, expect, test } from 'vitest';
import { ManagedProvider } from '../../src/server/providers/managed.ts';
import type { Job } from '../../src/server/providers/provider.ts';

/** What a managed cluster's change asks of EMQX. */
describe('a managed cluster', () => {
  const job = (operation: Job['operation'], reserved: number): Job => ({
    operation,
    cluster: { id: 'c1', name: 'plant', namespace: '' },
    spec: {} as Job['spec'],
    files: {},
    backup: undefined,
    reserved,
    step: 0,
  });
  const provider = (asked: number[], failure?: string) =>
    new ManagedProvider({
      set: async (_, connections) => {
        asked.push(connections);
        if (failure !== undefined) throw new Error(failure);
      },
    });
  const perform = (of: ManagedProvider, what: Job) => of.perform(what, async () => {}, new AbortController().signal);

  test('is told its limit', async () => {
    const asked: number[] = [];
    await perform(provider(asked), job('connections', 500));
    expect(asked).toEqual([500]);
  });

  test('gives its connections back before it is deleted, and stays when it cannot', async () => {
    const asked: number[] = [];
    await perform(provider(asked), job('delete', 500));
    expect(asked).toEqual([0]);
    await expect(perform(provider([], 'no agent'), job('delete', 500))).rejects.toThrow('no agent');
  });

  test('that holds none is deleted without a word to EMQX', async () => {
    const asked: number[] = [];
    await perform(provider(asked, 'no agent'), job('delete', 0));
    expect(asked).toEqual([]);
  });
});
