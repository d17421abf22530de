import type { TSchema } from '@sinclair/typebox';
import { Check } from '@sinclair/typebox/value';
import type { Exchange } from './failure.ts';
import { asStatusError, failureOfAnswer, invalidAnswer } from './failure.ts';

interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/**
 * The value of a successful answer, checked against its schema.
 *
 * @throws Failure what the body says where it carries an error in spite of its 200; invalid_answer where it is no JSON
 *   or another shape.
 */
export async function readAnswer(schema: TSchema | undefined, answer: Received, exchange: Exchange): Promise<unknown> {
  const parsed = parse(answer, schema, exchange);
  if (asStatusError(parsed)) throw failureOfAnswer(answer, exchange);
  if (!schema) return undefined;
  const value = withZeros(schema, parsed);
  if (Check(schema, value)) return value;
  const { Errors } = await import('@sinclair/typebox/errors');
  const wrong = Errors(schema, value).First() ?? { path: '', message: '?' };
  const at = wrong.path === '' ? '/' : wrong.path;
  const { status } = answer;
  throw invalidAnswer(exchange, { en: `${at}: ${wrong.message}`, zh: `${at}：${wrong.message}` }, { status });
}

function parse(answer: Received, schema: TSchema | undefined, exchange: Exchange): unknown {
  const { body, status } = answer;
  if (body === '') {
    if (!schema || status === 204) return schema ? {} : undefined;
    throw invalidAnswer(exchange, { en: 'the body is empty', zh: '响应体为空' }, { status });
  }
  try {
    return JSON.parse(body);
  } catch {
    // A success without a schema promises nothing about its body.
    if (!schema) return undefined;
    throw invalidAnswer(exchange, { en: 'not JSON', zh: '不是 JSON' }, { status });
  }
}

/** `null`, as Go writes empty lists and maps, becomes the empty value that the schema expects in its place. */
function withZeros(schema: TSchema, value: unknown): unknown {
  if (value === null) return zeros[String(schema.type)]?.() ?? null;
  if (schema.type === 'array' && Array.isArray(value)) {
    return value.map((item) => withZeros(schema.items as TSchema, item));
  }
  if (schema.type === 'object' && schema.properties && typeof value === 'object' && !Array.isArray(value)) {
    const properties = schema.properties as Record<string, TSchema>;
    const required = (schema.required ?? []) as readonly string[];
    return Object.fromEntries(
      Object.entries(value as object)
        .filter(([name, inner]) => inner !== null || !properties[name] || required.includes(name))
        .map(([name, inner]) => [name, properties[name] ? withZeros(properties[name], inner) : inner]),
    );
  }
  return value;
}

const zeros: Readonly<Record<string, () => unknown>> = {
  array: () => [],
  object: () => ({}),
  string: () => '',
  integer: () => 0,
  number: () => 0,
  boolean: () => false,
};
