import type { Profile, Roles, Session } from '../contract/account.ts';
import * as contract from '../contract/account.ts';
import { Failure, isFailure } from '../core/errors.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

export interface AccountApi {
  /** @throws Failure bad_credentials where ECP knows no such user with this password. */
  login(username: string, password: string, signal?: AbortSignal): Promise<Session>;
  logout(signal?: AbortSignal): Promise<void>;
  profile(signal?: AbortSignal): Promise<Profile>;
  roles(signal?: AbortSignal): Promise<Roles>;
}

export function accountApi({ call }: Transport): AccountApi {
  return {
    login: async (username, password, signal) => {
      try {
        return await call(contract.login, { body: { username, password } }, signal);
      } catch (error) {
        if (!isFailure(error, 'not_logged_in', 'session_expired')) throw error;
        throw new Failure('bad_credentials', {}, { status: error.status, requestId: error.requestId });
      }
    },
    logout: async (signal) => void (await call(contract.logout, {}, signal)),
    profile: (signal) => call(contract.getProfile, {}, signal),
    roles: (signal) => call(contract.getRoles, {}, signal),
  };
}

/** Asks for new tokens; undefined where the refresh token is no longer taken. Needs no token of its own. */
export function refresher({ call }: Transport) {
  return async (refreshToken: string, signal?: AbortSignal): Promise<Tokens | undefined> => {
    try {
      return await call(contract.refreshToken, { body: { refreshToken } }, signal);
    } catch (error) {
      if (isFailure(error, 'not_logged_in', 'session_expired', 'forbidden', 'refused')) return undefined;
      throw error;
    }
  };
}
