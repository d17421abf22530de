import { json, localServer } from '../api/local-server.ts';

/** A server whose refresh tokens count once: a second use ends the session, as a careful server does. */
export async function rotatingServer() {
  let access = 'a1';
  let refresh = 'r1';
  const uses: string[] = [];
  const server = await localServer((request, response) => {
    if (request.url === '/api/account/token/refresh') {
      const { refreshToken } = JSON.parse(request.body) as { refreshToken: string };
      uses.push(refreshToken);
      if (refreshToken !== refresh) return json(response, 401, { code: 1, message: 'used before' });
      access = `a${uses.length + 1}`;
      refresh = `r${uses.length + 1}`;
      return json(response, 200, {
        accessToken: access,
        refreshToken: refresh,
        tokenType: 'Bearer',
        expiresIn: 1,
        refreshExpiresIn: 9,
      });
    }
    if (request.headers.authorization !== `Bearer ${access}`) return json(response, 401, { code: 1, message: 'old' });
    if (request.url === '/api/orgs/names') return json(response, 200, { data: [] });
    return json(response, 404, { code: 1, message: 'unknown' });
  });
  return { ...server, uses };
}
