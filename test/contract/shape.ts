import type { TSchema } from '@sinclair/typebox';

/** What both a TypeBox schema and a published one come down to, so that they can be compared. */
export type Shape =
  | { readonly type: 'object'; readonly fields: Readonly<Record<string, Field>> }
  | { readonly type: 'map' | 'array'; readonly items: Shape }
  | { readonly type: string; readonly limits: Readonly<Record<string, number | string>> };

export interface Field {
  readonly required: boolean;
  readonly shape: Shape;
}

type Json = Readonly<Record<string, unknown>>;

const limitNames = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'maxItems'];

/** The shape of a schema of ours. The empty text for "unused" is no type of its own, a choice of words is a string. */
export function ourShape(schema: TSchema): Shape {
  const alternatives = schema.anyOf as TSchema[] | undefined;
  if (alternatives) {
    const meant = alternatives.filter((one) => one.const !== '');
    return meant.length === 1 && meant[0] ? ourShape(meant[0]) : { type: 'string', limits: {} };
  }
  if (schema.patternProperties) {
    return {
      type: 'map',
      items: ourShape(Object.values(schema.patternProperties as Record<string, TSchema>)[0] ?? schema),
    };
  }
  if (schema.type === 'array') return { type: 'array', items: ourShape(schema.items as TSchema) };
  if (schema.type === 'object') return objectShape(schema, (field) => ourShape(field as TSchema));
  return { type: String(schema.type), limits: limitsOf(schema) };
}

/** The shape of a schema or a parameter of the published file. */
export function publishedShape(schema: Json, definitions: Readonly<Record<string, Json>>): Shape {
  const inner = (one: unknown): Shape => publishedShape(one as Json, definitions);
  const name = typeof schema.$ref === 'string' ? schema.$ref.replace('#/definitions/', '') : undefined;
  // Go writes its time as a string; the file has its struct, which has no fields to show.
  if (name === 'Time') return { type: 'string', limits: {} };
  if (name !== undefined) return inner(definitions[name]);
  if (Array.isArray(schema.allOf)) {
    const fields = schema.allOf
      .map(inner)
      .map((part) => (part.type === 'object' && 'fields' in part ? part.fields : {}));
    return { type: 'object', fields: Object.assign({}, ...fields) };
  }
  if (schema.additionalProperties) return { type: 'map', items: inner(schema.additionalProperties) };
  if (schema.type === 'array') return { type: 'array', items: inner(schema.items) };
  if (schema.type === 'object') return objectShape(schema, inner);
  return { type: String(schema.type), limits: { ...limitsOf(schema), ...validations(schema['x-go-validate']) } };
}

function objectShape(schema: Json, inner: (field: unknown) => Shape): Shape {
  const required = (schema.required ?? []) as readonly string[];
  const fields = Object.entries((schema.properties ?? {}) as Json).map(([name, field]): [string, Field] => [
    name,
    { required: required.includes(name), shape: inner(field) },
  ]);
  return { type: 'object', fields: Object.fromEntries(fields) };
}

function limitsOf(schema: Json): Record<string, number | string> {
  const limits: Record<string, number | string> = {};
  for (const name of limitNames) {
    const value = schema[name];
    if (typeof value === 'number' && !(name === 'minLength' && value === 0)) limits[name] = value;
    if (typeof value === 'string') limits[name] = unescaped(value);
  }
  return limits;
}

/** The Go framework's notes: `@string[8,]`, `@char[1,50]`, `@regexp[...]`, `required`. */
function validations(note: unknown): Record<string, number | string> {
  if (typeof note !== 'string') return {};
  if (note === 'required') return { minLength: 1 };
  const pattern = /^@regexp\[(.*)\]$/.exec(note)?.[1];
  if (pattern !== undefined) return { pattern: unescaped(pattern) };
  const length = /^@(?:string|char)\[(\d+),(\d*)\]$/.exec(note);
  if (!length) return {};
  return {
    ...(length[1] === '0' ? {} : { minLength: Number(length[1]) }),
    ...(length[2] ? { maxLength: Number(length[2]) } : {}),
  };
}

const unescaped = (pattern: string): string =>
  pattern.replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** What ours may have beyond the published fields (contract: ours.md). */
const extensions = new Set(['cursor', 'node', 'clusterId', 'telemetryTopic', 'x']);
const isExtension = (name: string): boolean => extensions.has(name) || /^x[A-Z]/.test(name);

/**
 * Sentences on how ours differs from what is published: fields, which are required, types, and in what a caller sends
 * (`limits`) also lengths, ranges and patterns.
 */
export function differences(place: string, ours: Shape, published: Shape, limits: boolean): string[] {
  if (ours.type !== published.type) return [`${place}: is ${ours.type}, published ${published.type}`];
  if ('items' in ours && 'items' in published) return differences(`${place}[]`, ours.items, published.items, limits);
  if ('fields' in ours && 'fields' in published) return fieldDifferences(place, ours.fields, published.fields, limits);
  if (!limits || !('limits' in ours) || !('limits' in published)) return [];
  return Object.entries(published.limits)
    .filter(([name, value]) => ours.limits[name] !== value)
    .map(([name, value]) => `${place}: ${name} is ${ours.limits[name]}, published ${value}`);
}

function fieldDifferences(
  place: string,
  ours: Readonly<Record<string, Field>>,
  published: Readonly<Record<string, Field>>,
  limits: boolean,
): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(published)]);
  return [...names].flatMap((name) => {
    const [our, their] = [ours[name], published[name]];
    const here = `${place}.${name}`;
    if (!our) return [`${here}: is missing`];
    if (!their) return isExtension(name) && !our.required ? [] : [`${here}: is not published`];
    const required =
      our.required === their.required ? [] : [`${here}: required ${our.required}, published ${their.required}`];
    return [...required, ...differences(here, our.shape, their.shape, limits)];
  });
}
