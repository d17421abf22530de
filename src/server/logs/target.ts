import { Failure, reasonOf } from '../../core/errors.ts';
import { httpAddress } from '../domain/address.ts';

const patienceMs = 10_000;

/** Asks a search engine for its name, to see that address and account are right. Throws `invalid_value` and `failed`. */
export async function tryTarget(url: string, username: string, password: string): Promise<void> {
  const address = httpAddress(url);
  const account = Buffer.from(`${username}:${password}`).toString('base64');
  const headers = username === '' ? {} : { authorization: `Basic ${account}` };
  let status: number;
  try {
    // A redirect is not followed: the account would go with it.
    const answer = await fetch(address, { headers, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) });
    await answer.body?.cancel();
    status = answer.status;
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Failure(
      'failed',
      { reason: `${address.origin} cannot be reached: ${reasonOf(cause)}` },
      { cause: error },
    );
  }
  if (status !== 200) throw new Failure('failed', { reason: `${address.origin} answered ${status}` });
}
