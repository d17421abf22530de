import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpoint } from '../../../contract/endpoint.ts';
import { audit } from '../../domain/audit.ts';
import type { World } from '../../domain/world.ts';
import type { Store } from '../../store/open.ts';
import type { On } from '../router.ts';

/** Ours: the whole state as one SQLite file, consistent, while the server runs. */
const downloadState = endpoint({ method: 'GET', path: '/api/x/state', caller: 'user', answerKind: 'bytes' });

export function stateRoutes(on: On, { db }: World, store: Store): void {
  on(downloadState, 'system', async ({ now, operator }) => {
    await audit(db, now, { resource: 'configuration', operation: 'backup', operator, after: { what: 'state' } });
    const directory = await mkdtemp(join(tmpdir(), 'ecp-state-'));
    try {
      store.copyTo(join(directory, 'state.db'));
      const stream = createReadStream(join(directory, 'state.db'));
      await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
      return stream;
    } finally {
      // The open file stays readable without its name; nothing is left behind, however the download ends.
      await rm(directory, { recursive: true, force: true });
    }
  });
}
