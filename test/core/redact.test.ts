import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretName, redactKnown, redactText, redactValue } from '../../src/core/redact.ts';

describe('redaction', () => {
  it.each([
    'password',
    'Authorization',
    'registrationToken',
    'accessToken',
    'emqx_dashboard_password',
    'api-key',
    'apiSecret',
    'Set-Cookie',
  ])('knows %s', (name) => expect(isSecretName(name)).toBe(true));

  it.each(['tokenType', 'username', 'name', 'clusterId'])('leaves %s', (name) =>
    expect(isSecretName(name)).toBe(false),
  );

  it('masks fields at any depth and keeps empty ones visible', () => {
    expect(redactValue({ a: [{ password: 'x', user: 'u' }], token: '', n: { secret: 5 } })).toEqual({
      a: [{ password: '******', user: 'u' }],
      token: '',
      n: { secret: '******' },
    });
  });

  it.each([
    ['GET http://admin:public@h/x', 'GET http://admin:******@h/x'],
    ['Authorization: Bearer abcdef.ghi-jkl', 'Authorization: Bearer ******'],
    ['{"password":"p\\"q","user":"u"}', '{"password":"******","user":"u"}'],
    ['token=abc123&size=5', 'token=******&size=5'],
    ['--registration-token-file token.txt', '--registration-token-file token.txt'],
    ['register --registration-token bf2779 --url x', 'register --registration-token ****** --url x'],
  ])('%s', (text, clean) => expect(redactText(text)).toBe(clean));

  it('never lets a password through, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: 'grapheme' }), (secret) => {
        const text = JSON.stringify({ username: 'u', password: `s3cr3t${secret}` });
        expect(redactText(text)).not.toContain('s3cr3t');
      }),
    );
  });

  it('masks what it was told, wherever it stands', () => {
    expect(redactKnown('x hunter22 y hunter22', ['hunter22', 'ab'])).toBe('x ****** y ******');
  });
});
