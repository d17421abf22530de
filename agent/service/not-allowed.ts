import { Failure } from '../../src/core/errors.ts';

/** Why another user is turned away. */
export function notAllowed(): Failure {
  return new Failure(
    'forbidden',
    { reason: { en: "only root and the agent's own user may do this", zh: '仅 root 和代理自身的用户可以执行此操作' } },
    { hint: { en: 'Repeat the command with sudo', zh: '请使用 sudo 重新执行' } },
  );
}
