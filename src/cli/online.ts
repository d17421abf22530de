// Everything that a command needs once it speaks to a server, as one: loaded piece by piece, each of two dozen small
// files would cost its own turn of the loader.
export { refresher } from '../api/account.ts';
export { createClient } from '../api/client.ts';
export { mayBeDone } from '../api/retry-policy.ts';
export { fixedToken, storedTokens } from '../api/tokens.ts';
export { createTransport } from '../api/transport.ts';
export { dashboardPath } from '../contract/clusters.ts';
export { tablesWith } from '../contract/states.ts';
export { readSecretFile, readTextIfAny, writeFileAtomic } from '../core/files.ts';
export { checkContextName, configDirectory, openConfig } from './config.ts';
export { openCredentials } from './credentials.ts';
export { keyringChoice, keyringName, openKeyring } from './keyring.ts';
export { resolveOrg, resolvePlace } from './places.ts';
export { resolveSettings } from './settings.ts';
