import { generationOf, parseEmqxVersion } from '../../contract/emqx-version.ts';
import type { Feature, Subject } from '../../contract/features.ts';
import { offered } from '../../contract/features.ts';
import type { ClusterStatus, Generation, TaskType } from '../../contract/states.ts';
import { Failure } from '../../core/errors.ts';
import type { ClusterRow } from '../store/schema.ts';
import type { Settings } from './world.ts';

/** Refuses what the kind, the EMQX version or the platform does not offer, in the words that the client has too. */
export function checkOffered(feature: Feature, cluster: ClusterRow, platform: Settings['platform']): void {
  const word = offered(feature, subjectOf(cluster, platform));
  if (word !== true) throw new Failure('refused', { reason: word });
}

/** The feature that a task belongs to; `undefined` for those that every cluster has. */
export function featureOf(type: TaskType): Feature | undefined {
  if (type === 'create') return undefined;
  if (type === 'stop') return 'start';
  return type === 'restore' ? 'backup' : type;
}

function subjectOf(cluster: ClusterRow, platform: Settings['platform']): Subject {
  const version = parseEmqxVersion(cluster.version);
  return { hosted: isHosted(cluster), generation: version && generationOf(version), version, platform };
}

export function isHosted(cluster: Pick<ClusterRow, 'type'>): boolean {
  return cluster.type.startsWith('hosted');
}

export function generationOfText(text: string): Generation | undefined {
  const version = parseEmqxVersion(text);
  return version && generationOf(version);
}

/** `5.8.6` of `emqx/emqx-enterprise:5.8.6`; empty where the image has no version. */
export function versionOfImage(image: string): string {
  const version = parseEmqxVersion(image);
  if (!version) return '';
  const { major, minor, patch, pre } = version;
  return `${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join('.')}` : ''}`;
}

/** States in which a cluster can be changed. */
export const usable: readonly ClusterStatus[] = ['running', 'degraded'];

/** Refuses an operation that makes no sense now, with the next step. */
export function refuseInState(cluster: ClusterRow, states: readonly ClusterStatus[], type: TaskType): void {
  if (states.includes(cluster.status)) return;
  const next =
    cluster.status === 'stopped'
      ? 'start it first'
      : cluster.status === 'error'
        ? 'repair it first'
        : `it has to be ${states.join(' or ')}`;
  throw new Failure('conflict', { reason: `the cluster is ${cluster.status}: no ${type} now, ${next}` });
}
