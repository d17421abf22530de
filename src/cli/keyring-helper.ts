import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { HelperAnswer, HelperRequest } from './keyring.ts';

// A process of its own, because the calls below block their thread, and one that waits for a person or for a dead bus
// can be ended by killing its process alone. The request comes through stdin: nobody can read it in a list of processes.

/** The part of `@napi-rs/keyring` that is used; an optional package, so it may be missing. */
interface KeyringPackage {
  readonly Entry: new (service: string, account: string, options: object) => Entry;
}

interface Entry {
  getSecret(): ArrayLike<number> | null;
  setSecret(secret: Uint8Array): void;
  deleteCredential(): boolean;
}

function open({ account }: HelperRequest): Entry {
  const require = createRequire(__filename);
  const { Entry } = require('@napi-rs/keyring') as KeyringPackage;
  // Else Linux without a Secret Service gets the kernel's keyring, which is empty after the next start.
  return new Entry('ecpctl', account, { linux: { store: 'secret-service' } });
}

/** The first line: what follows is for the package's authors. */
function reasonOf(error: unknown): string {
  return String((error as Error).message).split('\n', 1)[0] ?? '';
}

function answer(request: HelperRequest): HelperAnswer {
  let entry: Entry;
  try {
    entry = open(request);
  } catch (error) {
    return { kind: 'absent', reason: reasonOf(error) };
  }
  try {
    // As bytes: Windows keeps 2,560 of them, and a text takes two for each character there.
    if (request.verb === 'set') entry.setSecret(Buffer.from(request.secret ?? ''));
    if (request.verb === 'remove') entry.deleteCredential();
    const bytes = request.verb === 'get' ? entry.getSecret() : null;
    return { kind: 'done', ...(bytes && { secret: Buffer.from(Array.from(bytes)).toString() }) };
  } catch (error) {
    return { kind: 'refused', reason: reasonOf(error) };
  }
}

writeSync(1, JSON.stringify(answer(JSON.parse(readFileSync(0, 'utf8')) as HelperRequest)));
