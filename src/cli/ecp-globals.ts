import type { Options } from './command.ts';
import { outputGlobals } from './globals.ts';

/** Options that every command of `ecpctl` has. */
export const ecpGlobals = {
  url: {
    kind: 'text',
    value: 'URL',
    help: { en: 'Address of ECP', zh: 'ECP 的地址' },
    env: 'ECP_URL',
  },
  context: {
    kind: 'text',
    value: 'NAME',
    complete: 'contexts',
    help: { en: 'Saved context to use', zh: '使用的已保存上下文' },
    env: 'ECP_CONTEXT',
  },
  org: {
    kind: 'text',
    value: 'ORG',
    complete: 'orgs',
    help: { en: 'Organization, by name or id', zh: '组织名称或 ID' },
    env: 'ECP_ORG',
  },
  project: {
    kind: 'text',
    value: 'PROJECT',
    complete: 'projects',
    help: { en: 'Project, by name or id', zh: '项目名称或 ID' },
    env: 'ECP_PROJECT',
  },
  tokenFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'File that holds an access token', zh: '存放访问令牌的文件' },
    env: 'ECP_TOKEN (the token itself)',
  },
  ...outputGlobals,
  requestTimeout: {
    kind: 'duration',
    value: 'TIME',
    fallback: '30s',
    help: { en: 'Longest time for one request', zh: '单个请求的最长时间' },
    env: 'ECP_REQUEST_TIMEOUT',
  },
  caFile: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'Trust the CA certificates in this PEM file', zh: '信任此 PEM 文件中的 CA 证书' },
    env: 'ECP_CA_FILE',
  },
  cert: { kind: 'text', value: 'FILE', help: { en: 'Client certificate (PEM)', zh: '客户端证书（PEM）' } },
  key: {
    kind: 'text',
    value: 'FILE',
    help: { en: 'Key of the client certificate (PEM)', zh: '客户端证书的私钥（PEM）' },
  },
  insecure: { kind: 'flag', help: { en: 'Do not verify the TLS certificate', zh: '不验证 TLS 证书' } },
} as const satisfies Options;
