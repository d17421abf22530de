import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance } from 'fastify';
import type { Architecture } from '../../contract/common.ts';
import { architectures } from '../../contract/common.ts';
import { Failure } from '../../core/errors.ts';
import type { AgentFile } from '../domain/setup.ts';
import { agentFileName } from '../domain/setup.ts';

export interface AgentFiles {
  /** The files that are there, with their digests. */
  all(): Promise<ReadonlyMap<Architecture, AgentFile>>;
}

interface Known {
  readonly changedAt: number;
  readonly size: number;
  readonly sha256: string;
}

/** The agent's files in a directory, for setup instructions and for download. A digest is made once for each content. */
export function agentFiles(directory: string | undefined): AgentFiles {
  const known = new Map<string, Known>();

  async function digest(path: string): Promise<string | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const before = known.get(path);
    if (before && before.changedAt === found.mtimeMs && before.size === found.size) return before.sha256;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const sha256 = hash.digest('hex');
    known.set(path, { changedAt: found.mtimeMs, size: found.size, sha256 });
    return sha256;
  }

  return {
    async all() {
      const files = new Map<Architecture, AgentFile>();
      if (directory === undefined) return files;
      for (const architecture of architectures) {
        const name = agentFileName(architecture);
        const sha256 = await digest(join(directory, name));
        if (sha256 !== undefined) files.set(architecture, { name, sha256 });
      }
      return files;
    },
  };
}

/** What lies beside the agent's files, as `npm run build:agent` leaves it. */
const served = [...architectures.map(agentFileName).flatMap((name) => [name, `${name}.gz`]), 'install.sh'];

/** `GET /api/x/agents/{name}`: open to everybody, as the machine that fetches it has no account yet. */
export function serveAgentFiles(app: FastifyInstance, directory: string | undefined, files: AgentFiles): void {
  // Made here instead of read: the sums are always those of what is handed out.
  app.get('/api/x/agents/SHA256SUMS', async (_request, reply) => {
    const lines = [...(await files.all()).values()].map(({ name, sha256 }) => `${sha256}  ${name}\n`);
    return reply.type('text/plain').send(lines.join(''));
  });
  app.get<{ Params: { name: string } }>('/api/x/agents/:name', async (request, reply) => {
    // Only the names we know: no path of the request ever reaches the file system.
    const name = served.find((candidate) => candidate === request.params.name);
    const path = name !== undefined && directory !== undefined ? join(directory, name) : undefined;
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (path === undefined || !found?.isFile())
      throw new Failure('not_found', { kind: 'file', name: request.params.name });
    return reply
      .type('application/octet-stream')
      .header('content-length', found.size)
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(createReadStream(path));
  });
}
