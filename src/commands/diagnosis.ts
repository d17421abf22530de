import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { failureOfConnection } from '../api/failure.ts';
import type { EcpContext } from '../cli/session.ts';
import { tokenOrigin, tokenOriginText } from '../cli/token-origin.ts';
import { formatDuration } from '../core/duration.ts';
import { exit, Failure, isFailure, reasonOf } from '../core/errors.ts';
import type { Text } from '../core/text.ts';

export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: Text;
  /** Exit code of a failed check, 0 else. */
  readonly exit: number;
}

type Check = (context: EcpContext, url: URL) => Promise<Omit<Finding, 'check' | 'exit'>>;

const skewLimitMs = 60_000;
const certificateDays = 14;

/** One after the other: what builds on a failed check is skipped, because its answer would say nothing new. */
export async function diagnose(context: EcpContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  const add = (check: string, found: Omit<Finding, 'check' | 'exit'>, code: number = exit.done) => {
    findings.push({ check, ...found, exit: code });
  };
  const { url } = await context.settings();
  if (!url) {
    add('settings', { result: 'failed', detail: noUrl }, exit.notAllowed);
    return findings;
  }
  add('settings', ok(`${url.value} (${url.origin})`));
  const target = new URL(url.value);
  const viaProxy = proxyFor(context, target);
  const checks: [string, Check][] = [
    ['proxy', async () => (viaProxy ? ok(viaProxy) : skipped('none is set', '未设置'))],
    ['dns', (_, at) => (viaProxy ? Promise.resolve(skipped('left to the proxy', '由代理解析')) : checkDns(at))],
    [
      'tls',
      (own, at) => (viaProxy ? Promise.resolve(skipped('left to the connection', '见连接检查')) : checkTls(own, at)),
    ],
    ['connection', checkConnection],
    ['clock', checkClock],
    ['version', checkVersion],
    ['token', checkToken],
    ['rights', checkRights],
    ['project', checkProject],
  ];
  for (const [name, check] of checks) {
    if (findings.some((one) => one.result === 'failed')) {
      add(name, skipped('because of the failure above', '因上述失败而跳过'));
      continue;
    }
    try {
      add(name, await check(context, target));
    } catch (error) {
      context.signal.throwIfAborted();
      const failure = failureOf(error, target);
      add(name, { result: 'failed', detail: sentence(failure) }, failure.exit);
    }
  }
  return findings;
}

function failureOf(error: unknown, url: URL): Failure {
  const failure = failureOfConnection(error, { url: url.href, requestId: '', authenticated: false, params: {} });
  return failure instanceof Failure
    ? failure
    : new Failure('unreachable', { url: url.origin, reason: reasonOf(error) });
}

const noUrl: Text = {
  en: 'no address of an ECP is known; run: ecpctl login',
  zh: '没有 ECP 地址，请运行：ecpctl login',
};

function ok(en: string, zh = en): Omit<Finding, 'check' | 'exit'> {
  return { result: 'ok', detail: { en, zh } };
}

function skipped(en: string, zh: string): Omit<Finding, 'check' | 'exit'> {
  return { result: 'skipped', detail: { en, zh } };
}

function warning(en: string, zh: string): Omit<Finding, 'check' | 'exit'> {
  return { result: 'warning', detail: { en, zh } };
}

function sentence(failure: Failure): Text {
  const say = (lang: 'en' | 'zh') => [failure.sentence(lang), failure.nextStep(lang)].filter(Boolean).join('; ');
  return { en: say('en'), zh: say('zh') };
}

function proxyFor({ env }: EcpContext, url: URL): string | undefined {
  const proxy = url.protocol === 'https:' ? env.https_proxy || env.HTTPS_PROXY : env.http_proxy || env.HTTP_PROXY;
  const except = (env.no_proxy ?? env.NO_PROXY ?? '').split(/[\s,]+/).filter(Boolean);
  const spared = except.some(
    (one) => one === '*' || url.hostname === one || url.hostname.endsWith(`.${one.replace(/^\*?\./, '')}`),
  );
  if (!proxy || spared) return undefined;
  return URL.canParse(proxy) ? new URL(proxy).host : proxy;
}

async function checkDns(url: URL) {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = await lookup(host, { all: true });
  return ok(`${host}: ${found.map((one) => one.address).join(', ')}`);
}

async function checkTls(context: EcpContext, url: URL) {
  if (url.protocol !== 'https:') return warning('not used: tokens travel readable', '未使用 TLS：令牌以明文传输');
  const { insecure, caFile } = await context.settings();
  const socket = await tlsConnect(url, caFile && readFileSync(caFile.value), context.signal);
  try {
    const { valid_to, issuer, subject }: PeerCertificate = socket.getPeerCertificate();
    const trusted = socket.authorized ? undefined : String(socket.authorizationError);
    if (trusted !== undefined && !insecure.value) throw new Failure('untrusted', { url: url.origin, reason: trusted });
    if (trusted !== undefined)
      return warning(`not verified (--insecure): ${trusted}`, `未验证（--insecure）：${trusted}`);
    const daysLeft = Math.floor((Date.parse(valid_to) - context.clock.now()) / 86_400_000);
    const text = `${subject?.CN ?? '?'} (${issuer?.CN ?? '?'}), ${valid_to}`;
    return daysLeft < certificateDays
      ? warning(`expires in ${daysLeft} days: ${text}`, `证书将在 ${daysLeft} 天后到期：${text}`)
      : ok(text);
  } finally {
    socket.destroy();
  }
}

async function tlsConnect(url: URL, ca: Buffer | undefined, signal: AbortSignal): Promise<TLSSocket> {
  const { connect } = await import('node:tls');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host,
        port: Number(url.port || 443),
        // A name alone may be asked for; an address is checked all the same.
        ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
        ...(ca && { ca }),
        // Looked at below: here a refusal would hide what the certificate says.
        rejectUnauthorized: false,
      },
      () => resolve(socket),
    );
    socket.setTimeout(10_000, () => socket.destroy(new Error('connecting takes too long')));
    socket.once('error', reject);
    signal.addEventListener('abort', () => socket.destroy(signal.reason), { once: true });
  });
}

async function anonymous(context: EcpContext, url: URL) {
  return context.connect(url.href, undefined);
}

async function checkConnection(context: EcpContext, url: URL) {
  const started = context.clock.monotonic();
  const answer = await (await anonymous(context, url)).raw({ method: 'GET', path: '/api/version' }, context.signal);
  answer.body.resume();
  return ok(`HTTP ${answer.status}, ${formatDuration(context.clock.monotonic() - started)}`);
}

async function checkClock(context: EcpContext, url: URL) {
  const before = context.clock.now();
  const answer = await (await anonymous(context, url)).raw({ method: 'GET', path: '/api/version' }, context.signal);
  answer.body.resume();
  const date = Date.parse(String(answer.headers.date));
  if (Number.isNaN(date)) return skipped('the server does not tell its time', '服务器未提供时间');
  // The header knows whole seconds, and the answer took its way.
  const skew = Math.abs(date + 500 - (before + context.clock.now()) / 2);
  const text = formatDuration(skew);
  return skew > skewLimitMs
    ? warning(
        `${text} away from the server's: tokens and times of logs may be off`,
        `与服务器相差 ${text}：可能影响令牌和日志时间`,
      )
    : ok(`within ${text} of the server's`, `与服务器相差 ${text} 以内`);
}

async function checkVersion(context: EcpContext, url: URL) {
  const { createClient } = await import('../cli/online.ts');
  const { version, xPlatform } = await createClient(await anonymous(context, url)).platform.version(context.signal);
  return ok(`ECP ${version}${xPlatform ? ` (${xPlatform})` : ''}`);
}

async function checkToken(context: EcpContext) {
  const { name } = await (await context.client()).account.profile(context.signal);
  const origin = await tokenOrigin(context);
  const { en, zh } = origin ? tokenOriginText(origin) : { en: '', zh: '' };
  return ok(`logged in as ${name} (${en})`, `已登录为 ${name}（${zh}）`);
}

async function checkRights(context: EcpContext) {
  const { roles, orgs } = await (await context.client()).account.roles(context.signal);
  const all = [...roles, ...orgs.flatMap((org) => [...org.roles, ...org.projects.flatMap((project) => project.roles)])];
  if (all.length === 0) return warning('no role: nothing can be seen', '没有任何角色，无法查看内容');
  return ok([...new Set(all)].join(', '));
}

async function checkProject(context: EcpContext) {
  try {
    const place = await context.place();
    const clusters = await (await context.client()).clusters.list(place, {}, context.signal);
    return ok(`${clusters.length} clusters`, `${clusters.length} 个集群`);
  } catch (error) {
    if (isFailure(error, 'input_required'))
      return warning(
        'none is chosen; run: ecpctl context set --org ORG --project PROJECT',
        '未选择项目；请运行：ecpctl context set --org 组织 --project 项目',
      );
    throw error;
  }
}
