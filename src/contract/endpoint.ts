import type { Static, TSchema } from '@sinclair/typebox';

/** How a request carries its body. Forms are forms: ECP takes some writes only so (contract: ecp.md section 1). */
export type BodyKind = 'json' | 'urlencoded' | 'multipart';

/** Who may call: nobody in particular, a logged-in user, or a registered agent with its own token. */
export type Caller = 'anyone' | 'user' | 'agent';

/**
 * One operation of the HTTP API: the client builds its request from it, the server its route. The schemas are the
 * types and the validation at once.
 */
export interface Endpoint<
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Body extends TSchema = TSchema,
  Answer extends TSchema = TSchema,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `{name}` places, as the published file writes it. */
  readonly path: string;
  readonly caller: Caller;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyKind?: BodyKind;
  /** Schema of the 200 body; absent where success is 204 without a body. */
  readonly answer?: Answer;
  /** The 200 body is a file and not JSON; `answer` is absent then. */
  readonly answerKind?: 'bytes';
  /** A write that may be sent again when its answer was lost, because the second time changes nothing. */
  readonly repeatable?: true;
}

export function endpoint<
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Body extends TSchema = TSchema,
  Answer extends TSchema = TSchema,
>(definition: Endpoint<Params, Query, Body, Answer>): Endpoint<Params, Query, Body, Answer> {
  return definition;
}

type Of<S> = S extends TSchema ? (TSchema extends S ? undefined : Static<S>) : undefined;

/** The types of an endpoint's four parts; `undefined` where it has none. */
export type ParamsOf<E extends Endpoint> = Of<NonNullable<E['params']>>;
export type QueryOf<E extends Endpoint> = Of<NonNullable<E['query']>>;
export type BodyOf<E extends Endpoint> = Of<NonNullable<E['body']>>;
export type AnswerOf<E extends Endpoint> = Of<NonNullable<E['answer']>>;
