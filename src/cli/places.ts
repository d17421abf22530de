import type { Place } from '../api/clusters.ts';
import { Failure } from '../core/errors.ts';
import type { Text } from '../core/text.ts';
import { quoted } from './confirm.ts';
import type { EcpContext } from './session.ts';
import { nearest } from './suggest.ts';

export interface NamedThing {
  readonly id: string;
  readonly name: string;
}

export const kinds = {
  org: { en: 'organization', zh: '组织' },
  project: { en: 'project', zh: '项目' },
  cluster: { en: 'cluster', zh: '集群' },
} as const satisfies Record<string, Text>;

/**
 * The one thing that `word` names: its id, else its name as it is written.
 *
 * @throws Failure ambiguous_name listing the ids; not_found with the nearest name.
 */
export function pickByName<T extends NamedThing>(things: readonly T[], word: string, kind: Text): T {
  const byId = things.find((thing) => thing.id === word);
  if (byId) return byId;
  const [first, ...others] = things.filter((thing) => thing.name === word);
  if (!first) {
    const failure = noSuch(things, word, kind);
    if (failure.hint || things.length === 0) throw failure;
    const hint = { en: `There are: ${someOf(things)}`, zh: `现有：${someOf(things)}` };
    throw new Failure('not_found', failure.values, { hint });
  }
  if (others.length === 0) return first;
  const ids = [first, ...others].map((thing) => thing.id).join(', ');
  throw new Failure('ambiguous_name', { kind, name: word, ids });
}

export function noSuch(things: readonly NamedThing[], word: string, kind: Text): Failure {
  const guess = nearest(
    word,
    things.map((thing) => thing.name),
  );
  return new Failure(
    'not_found',
    { kind, name: word },
    guess === undefined ? {} : { hint: { en: `Did you mean: ${guess}`, zh: `您是否想用：${guess}` } },
  );
}

/** The organization: what was asked for, else the context's, else the only one there is. */
export async function resolveOrg(context: EcpContext): Promise<NamedThing> {
  const { org, entry } = await context.settings();
  if (org?.source === 'context' && entry?.org) return entry.org;
  const orgs = await (await context.client()).orgs.names(context.signal);
  if (org) return pickByName(orgs, org.value, kinds.org);
  return chooseOne(context, orgs, kinds.org, '--org');
}

/** A project by name or id, or the only one of its organization. */
export async function resolveProject(
  context: EcpContext,
  org: NamedThing,
  word: string | undefined,
): Promise<NamedThing> {
  const projects = await (await context.client()).orgs.projectNames(org.id, context.signal);
  return word === undefined
    ? chooseOne(context, projects, kinds.project, '--project')
    : pickByName(projects, word, kinds.project);
}

export async function resolvePlace(context: EcpContext): Promise<Place> {
  const { project, entry } = await context.settings();
  const org = await resolveOrg(context);
  // The context's project belongs to the context's organization; with another one it means nothing.
  const kept = project?.source === 'context' ? entry?.project : undefined;
  if (kept && entry?.org?.id === org.id) return { orgId: org.id, projectId: kept.id };
  const asked = project && project.source !== 'context' ? project.value : undefined;
  return { orgId: org.id, projectId: (await resolveProject(context, org, asked)).id };
}

/** Their names, as many as make a line or two. */
function someOf(things: readonly NamedThing[]): string {
  const names = things.slice(0, 10).map((thing) => quoted(thing.name));
  return (names.length < things.length ? [...names, '...'] : names).join(', ');
}

const noneSeen: Text = {
  en: 'You may see none: ask an administrator to make you a member',
  zh: '您没有可见的项：请联系管理员将您加为成员',
};

/** The only one; on a terminal the person chooses among several. */
export async function chooseOne<T extends NamedThing>(
  context: EcpContext,
  things: readonly T[],
  kind: Text,
  flag: string,
): Promise<T> {
  const [first, ...others] = things;
  if (first && others.length === 0) return first;
  if (!first) throw new Failure('not_found', { kind, name: '*' }, { hint: noneSeen });
  if (!context.interactive) {
    const hint = {
      en: `Give it with ${flag}, one of: ${someOf(things)}`,
      zh: `请用 ${flag} 提供，可选：${someOf(things)}`,
    };
    throw new Failure('input_required', { name: kind, flag }, { hint });
  }
  const prompt = await context.prompt();
  return prompt.pick(
    { en: `Which ${kind.en}?`, zh: `选择${kind.zh}` },
    things.map((thing) => ({ name: thing.name, value: thing, hint: thing.id })),
  );
}
