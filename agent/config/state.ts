import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import { readTextIfAny, writeFileAtomic } from '../../src/core/files.ts';
import type { Home } from './home.ts';

// Undefined may be written: JSON leaves it out.
const optionalText = Type.Optional(Type.Union([Type.String(), Type.Undefined()]));

/** What `register` was told and what ECP answered. Holds every secret the agent has, so that one file is to be guarded. */
const registrationSchema = Type.Object({
  version: Type.Literal(1),
  /** ECP's base URL, without `/api`. */
  url: Type.String({ minLength: 1 }),
  /** ECP's token for this agent. */
  token: Type.String({ minLength: 1 }),
  registeredAt: Type.Integer(),
  /** PEM, not a path: the file may be readable to root alone. */
  ca: optionalText,
  insecure: Type.Boolean(),
  emqx: Type.Object({
    dashboardUrl: Type.String(),
    apiUrl: Type.String(),
    username: optionalText,
    password: optionalText,
    apiKey: optionalText,
    apiSecret: optionalText,
  }),
  logs: Type.Object({ enabled: Type.Boolean(), directory: optionalText }),
});

export type Registration = Static<typeof registrationSchema>;

/** ECP's metadata as last received: with it logs go on after a restart while ECP is down. */
const metadataSchema = Type.Object({
  version: Type.Literal(1),
  /** The registration it belongs to. */
  registeredAt: Type.Integer(),
  metadata: Type.Unknown(),
});

const identitySchema = Type.Object({
  version: Type.Literal(1),
  nodeId: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
});

/** The agent's own files under HOME/var. All 0600, replaced in one step, owned by whoever owns the home. */
export class StateStore {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  get #identity(): string {
    return join(this.#home.state, 'identity.json');
  }

  get #registration(): string {
    return join(this.#home.state, 'registration.json');
  }

  get #metadata(): string {
    return join(this.#home.state, 'metadata.json');
  }

  /** The agent's UUID, made at the first call (contract: ours.md, Agent and server). Throws `state_damaged`. */
  nodeId(): string {
    const known = this.#read(this.#identity, identitySchema);
    if (known) return known.nodeId;
    const nodeId = randomUUID();
    this.#write(this.#identity, { version: 1, nodeId });
    return nodeId;
  }

  /** Throws `state_damaged` rather than to act as if never registered. */
  registration(): Registration | undefined {
    return this.#read(this.#registration, registrationSchema);
  }

  saveRegistration(registration: Registration): void {
    // The old registration's metadata goes first: after a crash in between, the new one just asks ECP again.
    rmSync(this.#metadata, { force: true });
    this.#write(this.#registration, registration);
  }

  /** What `unregister` leaves: the agent's id and the positions in log files, no secret. */
  forgetRegistration(): void {
    for (const file of [this.#metadata, this.#registration]) rmSync(file, { force: true });
    if (!existsSync(this.#home.state)) return;
    // A write that was killed half way leaves its temporary file, and in it the secret.
    for (const name of readdirSync(this.#home.state)) {
      if (/^(registration|metadata)\.json\..*\.tmp$/.test(name)) rmSync(join(this.#home.state, name), { force: true });
    }
  }

  /** Cached metadata of this registration; a damaged cache is no cache. */
  metadata(registration: Registration): unknown {
    try {
      const cached = this.#read(this.#metadata, metadataSchema);
      return cached?.registeredAt === registration.registeredAt ? cached.metadata : undefined;
    } catch {
      return undefined;
    }
  }

  saveMetadata(registration: Registration, metadata: unknown): void {
    this.#write(this.#metadata, { version: 1, registeredAt: registration.registeredAt, metadata });
  }

  #read<Schema extends TSchema>(path: string, schema: Schema): Static<Schema> | undefined {
    let text: string | undefined;
    try {
      text = readTextIfAny(path);
    } catch (error) {
      throw new Failure('unusable_path', { path, reason: reasonOf(error) });
    }
    if (text === undefined) return undefined;
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch {
      // The parser's message would quote the file, and the file holds secrets.
      throw new Failure('state_damaged', { path, reason: { en: 'not JSON', zh: '不是 JSON' } });
    }
    if (Value.Check(schema, content)) return content;
    const key = Value.Errors(schema, content).First()?.path || '/';
    throw new Failure('state_damaged', { path, reason: { en: `unexpected ${key}`, zh: `${key} 不符合预期` } });
  }

  #write(path: string, content: unknown): void {
    try {
      ownedDirectory(dirname(path), this.#home.root);
      writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
      ownLike(path, this.#home.state);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure('unusable_path', { path, reason: reasonOf(error) });
    }
  }
}

/** Creates a directory for the owner alone, and gives it to the owner of `like` when root creates it. */
export function ownedDirectory(path: string, like: string): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  ownLike(path, like);
}

/** `register` runs as root beside an agent that runs as its own user: what it writes must be readable to the agent. */
export function ownLike(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  if (uid !== 0) chownSync(path, uid, gid);
}
