import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOrg, createProject } from '../../src/server/domain/scopes.ts';
import type { Store } from '../../src/server/store/open.ts';
import { openStore } from '../../src/server/store/open.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore(undefined);
});
afterEach(() => store.close());

const operator = { id: 'user00000001', name: 'admin', address: '127.0.0.1' };
const named = (name: string) => ({ name, members: [] });
const times = { created_at: 0, updated_at: 0 };
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

async function addOrgs(count: number) {
  const rows = numbers(count).map((n) => ({ id: `org${n}`, name: `org ${n}`, ...times }));
  await store.db.insertInto('orgs').values(rows).execute();
  return rows;
}

async function addProjects(orgId: string, count: number): Promise<void> {
  const rows = numbers(count).map((n) => {
    return { id: `${orgId}-${n}`, org_id: orgId, name: `project ${n}`, creator: 'admin', ...times };
  });
  await store.db.insertInto('projects').values(rows).execute();
}

test('the hundredth organization is the last', async () => {
  await addOrgs(99);
  await createOrg(store.db, 1, operator, named('the 100th'));
  await expect(createOrg(store.db, 1, operator, named('one too many'))).rejects.toMatchObject({
    code: 'refused',
    values: { reason: 'there are 100 organizations already, the most there may be' },
  });
});

test('the hundredth project of an organization is its last; another has room', async () => {
  const [one, two] = await addOrgs(2);
  if (!one || !two) throw new Error('unreachable');
  await addProjects(one.id, 99);
  await createProject(store.db, 1, operator, one, named('the 100th'));
  await expect(createProject(store.db, 1, operator, one, named('one too many'))).rejects.toMatchObject({
    code: 'refused',
    values: { reason: 'there are 100 projects in one organization already, the most there may be' },
  });
  await createProject(store.db, 1, operator, two, named('elsewhere'));
});

test('the thousandth project of all is the last, also where its organization has room', async () => {
  const orgs = await addOrgs(12);
  for (const org of orgs.slice(0, 10)) await addProjects(org.id, 99);
  const [, , , , , , , , , , eleventh, twelfth] = orgs;
  if (!eleventh || !twelfth) throw new Error('unreachable');
  await addProjects(eleventh.id, 9);
  await createProject(store.db, 1, operator, twelfth, named('the 1,000th'));
  await expect(createProject(store.db, 1, operator, twelfth, named('one too many'))).rejects.toMatchObject({
    code: 'refused',
    values: { reason: 'there are 1000 projects already, the most there may be' },
  });
});
