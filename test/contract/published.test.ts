import { existsSync, readFileSync } from 'node:fs';
import type { TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import { everyEndpoint } from './every-endpoint.ts';
import { agreed } from './exceptions.ts';
import type { Field, Shape } from './shape.ts';
import { differences, ourShape, publishedShape } from './shape.ts';

type Json = Readonly<Record<string, unknown>>;

interface Parameter extends Json {
  readonly name: string;
  readonly in: 'path' | 'query' | 'body' | 'formData';
  readonly required?: boolean;
  readonly schema?: Json;
}

interface Operation {
  readonly consumes?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, { readonly schema?: Json }>>;
}

interface Published {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly definitions: Readonly<Record<string, Json>>;
}

const kinds: Readonly<Record<string, string>> = {
  'application/json': 'json',
  'application/x-www-form-urlencoded': 'urlencoded',
  'multipart/form-data': 'multipart',
};
const nothing: Shape = { type: 'object', fields: {} };
const shapeOf = (schema: TSchema | undefined): Shape => (schema ? ourShape(schema) : nothing);

/** Everything in which an endpoint value differs from the published operation. */
function compare(endpoint: Endpoint, { paths, definitions }: Published): string[] {
  const operation = paths[endpoint.path]?.[endpoint.method.toLowerCase()];
  if (!operation) return ['is not published'];
  const inPlace = (place: Parameter['in']) => (operation.parameters ?? []).filter((one) => one.in === place);
  const fieldsIn = (place: Parameter['in']): Shape => ({
    type: 'object',
    fields: Object.fromEntries(
      inPlace(place).map((one): [string, Field] => [
        one.name,
        { required: one.required === true, shape: publishedShape(one, definitions) },
      ]),
    ),
  });
  const json = inPlace('body')[0]?.schema;
  const body = json ? publishedShape(json, definitions) : fieldsIn('formData');
  return [
    ...differences('params', shapeOf(endpoint.params), fieldsIn('path'), true),
    ...differences('query', shapeOf(endpoint.query), fieldsIn('query'), true),
    ...differences('body', shapeOf(endpoint.body), body, true),
    ...compareBodyKind(endpoint, operation),
    ...compareAnswer(endpoint, operation, definitions),
  ];
}

function compareBodyKind({ bodyKind }: Endpoint, { consumes }: Operation): string[] {
  const published = kinds[consumes?.[0] ?? ''];
  return bodyKind === published ? [] : [`body: sent as ${bodyKind}, published ${published}`];
}

function compareAnswer(endpoint: Endpoint, { responses }: Operation, definitions: Published['definitions']): string[] {
  const published = responses['200']?.schema;
  if (endpoint.answer) {
    if (!published) return ['answer: is not published'];
    return differences('answer', ourShape(endpoint.answer), publishedShape(published, definitions), false);
  }
  return responses['204'] ? [] : ['answer: none, published no 204'];
}

const file = new URL('../../../shared/contract/ecp-openapi.json', import.meta.url);
const published = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Published) : undefined;
if (!published) console.log('Skipped: ../shared/contract/ecp-openapi.json is not here to compare the contract with.');

describe.skipIf(!published)('against the published API file', () => {
  it.each(everyEndpoint)('$call', ({ endpoint, call }) => {
    const found = published ? compare(endpoint, published) : [];
    // Both ways: a difference nobody agreed to, and an agreement nobody needs any more.
    expect(found.toSorted()).toEqual(Object.keys(agreed[call] ?? {}).toSorted());
  });

  it('agrees on exceptions for calls that exist', () => {
    const calls = everyEndpoint.map(({ call }) => call);
    expect(Object.keys(agreed).filter((call) => !calls.includes(call))).toEqual([]);
  });
});

describe('the comparison itself', () => {
  const operation = (parameters: readonly Parameter[], answer: Json): Published => ({
    paths: { '/api/thing': { get: { parameters, responses: { 200: { schema: answer } } } } },
    definitions: {},
  });
  const thing = (query: TSchema, answer: TSchema): Endpoint => ({
    method: 'GET',
    path: '/api/thing',
    caller: 'user',
    query,
    answer,
  });
  const size: Parameter = { name: 'size', in: 'query', required: true, type: 'integer', maximum: 100 };
  const answer: Json = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } };
  const good = { size: Type.Integer({ maximum: 100 }) };

  it('finds nothing where there is nothing', () => {
    const extended = Type.Object({ id: Type.String(), xReason: Type.Optional(Type.String()) });
    expect(compare(thing(Type.Object(good), extended), operation([size], answer))).toEqual([]);
  });

  it.each([
    [{}, { id: Type.String() }, 'query.size: is missing'],
    [{ size: Type.String() }, { id: Type.String() }, 'query.size: is string, published integer'],
    [{ size: Type.Integer({ maximum: 50 }) }, { id: Type.String() }, 'query.size: maximum is 50, published 100'],
    [{ size: Type.Optional(good.size) }, { id: Type.String() }, 'query.size: required false, published true'],
    [good, { id: Type.Optional(Type.String()) }, 'answer.id: required false, published true'],
    [good, { id: Type.String(), more: Type.Optional(Type.String()) }, 'answer.more: is not published'],
    [good, { id: Type.String(), xMore: Type.String() }, 'answer.xMore: is not published'],
  ])('finds %#', (query, fields, difference) => {
    expect(compare(thing(Type.Object(query), Type.Object(fields)), operation([size], answer))).toEqual([difference]);
  });

  it('finds a path that is not there', () => {
    const elsewhere = { ...thing(Type.Object(good), Type.Object({})), path: '/api/other' };
    expect(compare(elsewhere, operation([size], answer))).toEqual(['is not published']);
  });
});
