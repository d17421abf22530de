import type { Text } from '../core/text.ts';

/** What a login or a refresh answered, as it is kept. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
}

/** Where the tokens of one account live; shared by all processes of a user. */
export interface TokenStore {
  /** Read anew each time: another process may have refreshed meanwhile. */
  read(): Promise<Tokens | undefined>;
  write(tokens: Tokens): Promise<void>;
  /** Runs `work` while no other process runs its own. */
  exclusively<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** What the transport needs to know about who calls. */
export interface TokenSource {
  /** The token to send; undefined where nobody is logged in. */
  current(): Promise<string | undefined>;
  /** Another token than the one that was refused, or undefined where there is none to be had. */
  renew(refused: string, signal?: AbortSignal): Promise<string | undefined>;
  /** What a person does where the server no longer takes it. */
  readonly remedy?: Text | undefined;
}

/** A token that was given and cannot be renewed: `--token-file`, `ECP_TOKEN`, an agent's own. */
export function fixedToken(token: string): TokenSource {
  return { current: async () => token, renew: async () => undefined };
}

/**
 * Tokens out of a store, renewed at most once at a time: a refresh token may count only once, so the calls of this
 * process share one flight, and processes take turns and look first whether another one has already been there.
 * `refresh` asks the server, and answers undefined where the refresh token is no longer taken.
 */
export function storedTokens(
  store: TokenStore,
  refresh: (refreshToken: string, signal?: AbortSignal) => Promise<Tokens | undefined>,
): TokenSource {
  let flight: Promise<string | undefined> | undefined;
  const renew = (refused: string, signal?: AbortSignal) =>
    store.exclusively(async () => {
      const kept = await store.read();
      if (kept && kept.accessToken !== refused) return kept.accessToken;
      if (!kept?.refreshToken) return undefined;
      const renewed = await refresh(kept.refreshToken, signal);
      if (renewed) await store.write({ refreshToken: kept.refreshToken, ...renewed });
      return renewed?.accessToken;
    }, signal);
  return {
    current: async () => (await store.read())?.accessToken,
    renew: (refused, signal) => {
      flight ??= renew(refused, signal).finally(() => {
        flight = undefined;
      });
      return flight;
    },
  };
}
