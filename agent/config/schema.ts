import { type Static, Type } from '@sinclair/typebox';

/** A string out of a list. `expected` is what an operator reads when the value is another one. */
const choice = <const Values extends readonly string[]>(...values: Values) =>
  Type.Unsafe<Values[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { expected: `one of ${values.join(', ')}` },
    ),
  );

const durationPattern = '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$';
const duration = Type.Union([Type.String({ pattern: durationPattern }), Type.Number({ exclusiveMinimum: 0 })], {
  expected: 'a duration such as 500ms, 10s or 1h30m; a bare number is seconds',
});
const size = Type.Union(
  [Type.String({ pattern: '^\\d+(\\.\\d+)?\\s*([kKmMgG]i?)?[bB]?$' }), Type.Integer({ minimum: 1 })],
  {
    expected: 'a size such as 512KiB or 10MiB; a bare number is bytes',
  },
);
const text = Type.String({ minLength: 1, expected: 'a text that is not empty' });
const texts = Type.Array(text, { maxItems: 100, expected: 'a list of texts, at most 100' });
const flag = Type.Boolean({ expected: 'true or false' });
const httpUrl = Type.String({ pattern: '^https?://[^\\s]+$', expected: 'an http:// or https:// URL' });

const section = <Keys extends Record<string, ReturnType<typeof Type.Optional>>>(keys: Keys) =>
  Type.Object(keys, { additionalProperties: false, expected: 'a mapping of settings' });

const optional = Type.Optional;

/**
 * agent.yaml: `logger.mode|level|file`, `heartbeat`, `monitoring` are the published ones (contract: ecp.md section 4),
 * the rest is ours. Everything may be left out.
 */
export const fileSchema = section({
  agent: optional(
    section({
      logger: optional(
        section({
          mode: optional(choice('file', 'console')),
          level: optional(choice('debug', 'info', 'warn', 'error')),
          file: optional(text),
          format: optional(choice('text', 'json')),
          max_size: optional(size),
          max_files: optional(Type.Integer({ minimum: 1, maximum: 100, expected: 'a whole number from 1 to 100' })),
        }),
      ),
      heartbeat: optional(section({ interval: optional(duration) })),
      monitoring: optional(section({ interval: optional(duration), exporter_url: optional(httpUrl) })),
      health: optional(
        section({
          listen: optional(
            Type.String({
              pattern: '^(127\\.\\d+\\.\\d+\\.\\d+|localhost|\\[::1\\]):\\d{1,5}$',
              expected: 'a loopback address and port such as 127.0.0.1:8087',
            }),
          ),
        }),
      ),
      logs: optional(
        section({
          include: optional(texts),
          exclude: optional(texts),
          fields: optional(
            Type.Record(Type.String(), text, { expected: 'a mapping of field names to new field names' }),
          ),
          redact: optional(texts),
          gzip: optional(flag),
          ca_file: optional(text),
          insecure: optional(flag),
        }),
      ),
      tunnel: optional(
        section({
          ca_file: optional(text),
          cert_file: optional(text),
          key_file: optional(text),
          insecure: optional(flag),
        }),
      ),
      emqx: optional(section({ ca_file: optional(text), insecure: optional(flag) })),
    }),
  ),
});

export type FileContent = Static<typeof fileSchema>;
