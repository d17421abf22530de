import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RegisterCheck, RegisterRequest } from '../../src/contract/control.ts';
import { getVersion } from '../../src/contract/version.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Failure, reasonOf } from '../../src/core/errors.ts';
import type { AgentConfig } from '../config/load.ts';
import { emqxSettings } from '../config/settings.ts';
import { createEmqxObserver } from '../emqx/observer.ts';
import type { Observation } from '../emqx/types.ts';
import type { Logger } from '../part.ts';
import { emqxOf } from './enrol.ts';

/** EMQX's first answer includes a login and a handful of calls; longer than this is trouble in itself. */
const lookLimitMs = 20_000;

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Looks at ECP (where nothing was asked of it yet), EMQX and the log directory. Changes nothing; never throws. */
export async function checkAll(request: RegisterRequest, config: AgentConfig): Promise<RegisterCheck[]> {
  const looking = look(request, config);
  const checks: Promise<RegisterCheck>[] = [looking.then(emqxCheck)];
  if (request.dryRun) checks.unshift(ecpCheck(request));
  if (request.enableLog ?? request.logDir !== undefined) {
    checks.push(looking.then((seen) => logCheck(request.logDir ?? seen?.logDirectory)));
  }
  return Promise.all(checks);
}

async function ecpCheck({ url, ca, insecure = false }: RegisterRequest): Promise<RegisterCheck> {
  const { createTransport } = await import('../../src/api/transport.ts');
  try {
    const transport = createTransport({ baseUrl: url, tls: { ca, insecure }, requestTimeoutMs: 15_000 });
    try {
      await transport.call(getVersion, {});
    } finally {
      await transport.close();
    }
  } catch (error) {
    // An ECP that wants a login even for its version has answered, and that was the question.
    if (!(error instanceof Failure && error.status === 401)) return failed('ecp', `ECP: ${reasonOf(error)}`);
  }
  return passed('ecp', `ECP answers at ${url}; the registration token is only tried by registering`);
}

/** One look at EMQX with an observer of its own; undefined where it takes too long. */
async function look(request: RegisterRequest, config: AgentConfig): Promise<Observation | undefined> {
  const observer = createEmqxObserver({ clock: systemClock, logger: silent, agentId: 'check' });
  const limit = new AbortController();
  try {
    const seen = new Promise<Observation>((resolve) => void observer.onLook(resolve));
    observer.apply(
      emqxSettings(emqxOf(request), { ...config, monitoring: { intervalMs: 60_000, exporterUrl: undefined } }),
    );
    return await Promise.race([seen, systemClock.sleep(lookLimitMs, limit.signal).then(() => undefined)]);
  } finally {
    limit.abort();
    await observer.stop(0);
  }
}

function emqxCheck(seen: Observation | undefined): RegisterCheck {
  if (!seen) return failed('emqx', `EMQX does not answer within ${lookLimitMs / 1000}s`);
  const trouble = seen.nodeConnectError || seen.clusterFetchError || seen.metricsFetchError;
  if (trouble !== '') return failed('emqx', trouble);
  return passed('emqx', `EMQX ${seen.version ?? ''} answers, ${seen.nodes.length} node(s)`);
}

/** Whether there are log files and this process may read them. */
export function logCheck(directory: string | undefined): RegisterCheck {
  if (directory === undefined) {
    return failed('logs', 'the log directory is not known: give it with --log-dir');
  }
  try {
    const names = readdirSync(directory).filter((name) => /\.log(\.\d+)?$/.test(name));
    if (names.length === 0) return failed('logs', `there are no log files in ${directory} yet`);
    for (const name of names) accessSync(join(directory, name), constants.R_OK);
    return passed('logs', `${names.length} log file(s) in ${directory} can be read`);
  } catch (error) {
    return failed('logs', `logs cannot be read: ${reasonOf(error)}`);
  }
}

function passed(subject: RegisterCheck['subject'], sentence: string): RegisterCheck {
  return { subject, ok: true, sentence };
}

function failed(subject: RegisterCheck['subject'], sentence: string): RegisterCheck {
  return { subject, ok: false, sentence };
}
