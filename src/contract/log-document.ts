/**
 * The log document as the agent writes it to an Elasticsearch-compatible `_bulk` endpoint (contract: ours.md, Logs).
 * Names with dots are written flat (`"log.level":"error"`), which Elasticsearch and OpenSearch read like nested ones.
 */
export const logFields = {
  /** ISO 8601 with microseconds and the offset that EMQX wrote. */
  '@timestamp': 'date',
  'log.level': 'keyword',
  /** The line behind time and level; of a JSON line its values in the layout of a text line. */
  message: 'text',
  /** File order: grows by one with each record of a set. */
  'event.sequence': 'long',
  'log.offset': 'long',
  'event.dataset': 'keyword',
  'service.node.name': 'keyword',
  'labels.cluster_id': 'keyword',
  'agent.id': 'keyword',
  'agent.version': 'keyword',
  'log.file.path': 'keyword',
  /** `truncated` on a record that was cut, `gap` on one that stands for what was overwritten before it was read. */
  'log.flags': 'keyword',
  'emqx.clientid': 'keyword',
  'emqx.msg': 'keyword',
  'emqx.peername': 'keyword',
  'emqx.username': 'keyword',
  'emqx.topic': 'keyword',
  'emqx.tag': 'keyword',
  'emqx.mfa': 'keyword',
  'emqx.pid': 'keyword',
} as const;

export type LogField = keyof typeof logFields;

/** The type of each field in the index, for a template. */
export type LogFieldType = (typeof logFields)[LogField];

/** The part of `message` that finds substrings, where the engine has the type (Elasticsearch 7.9, OpenSearch 2.15). */
export const substringField = 'message.wildcard';

/**
 * Mappings of an index for these documents, with fields renamed as told. Field types differ between EMQX's events, so
 * nothing beyond the table is indexed (emqx.md C6).
 */
export function logMappings(options: {
  readonly substrings: boolean;
  readonly renames?: Readonly<Record<string, string>>;
}): object {
  const { substrings, renames = {} } = options;
  const properties = Object.entries(logFields).map(([field, type]) => [
    Object.hasOwn(renames, field) ? renames[field] : field,
    {
      type,
      ...(type === 'keyword' && { ignore_above: 1024 }),
      ...(field === 'message' && substrings && { fields: { wildcard: { type: 'wildcard' } } }),
    },
  ]);
  return { dynamic: false, properties: Object.fromEntries(properties) };
}

/** True for the answer of an engine that refused mappings because it does not know a type in them. */
export function isUnknownType(status: number, body: string): boolean {
  return status === 400 && /no handler for type \[wildcard\]/i.test(body);
}
