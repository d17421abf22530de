import { Failure } from '../../core/errors.ts';

/** Milliseconds for one query. */
export const mostMs = 10_000;

/** Refusals that every kind of store has, in the same words. */
export const tooBroad = (): Failure =>
  new Failure('refused', {
    reason: `the log was searched for ${mostMs / 1000} s; give a shorter time, a level or a longer text`,
  });

export const noCursor = (): Failure =>
  new Failure('invalid_value', { name: 'cursor', reason: 'it is not from this server' });

export const begunAnew = (): Failure => new Failure('conflict', { reason: 'the log was begun anew since this cursor' });

export const tooOld = (): Failure =>
  new Failure('conflict', { reason: 'what followed this cursor is so old that it was deleted' });
