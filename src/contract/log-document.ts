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
