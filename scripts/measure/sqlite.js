// The traps of libsql that the store is guarded against, each in a process of its own, and what its full-text indexes
// cost and find.
//   node scripts/measure/sqlite.js
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inTemporary, machine, root, table } from './kit.js';

const traps = {
  'binding a boolean': `db.prepare('insert into t(v) values (?)').run(true); say('accepted');`,
  'text with NUL inside (5 characters)': `db.prepare('insert into t(v) values (?)').run('ab\\u0000cd');
     const { v } = db.prepare('select v from t').get(); say(v.length + ' characters come back');`,
  'the integer 2^53 + 1 as a bigint': `db.prepare('insert into t(v) values (?)').run(2n ** 53n + 1n);
     const { v } = db.prepare('select v from t').get(); say(String(v) + (BigInt(v) === 2n ** 53n + 1n ? ' comes back' : ' comes back, not 9007199254740993'));`,
  'backup()': `db.backup(process.argv[1] + '.copy').then(() => say('done'), (error) => say(error.message));`,
  'VACUUM INTO': `db.prepare('vacuum into ?').run(process.argv[1] + '.copy2'); say('done');`,
};

/** Runs a script with an open database `db` and a table t(v); returns what it said or how it died. */
function run(folder, script, name) {
  const head = `import Database from 'libsql'; const say = (text) => console.log(text);
    const db = new Database(process.argv[1]); db.exec('create table t(v)');`;
  const path = join(folder, `${name.replaceAll(/\W+/g, '_')}.db`);
  const body = `${head} try { ${script} } catch (error) { say('error: ' + error.message); }`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', body, path], { cwd: root, encoding: 'utf8' });
  if (done.signal) return `the process dies of ${done.signal}`;
  return done.stdout.trim() || `the process ends with ${done.status}: ${done.stderr.trim().split('\n').at(-1)}`;
}

const records = 100_000;
const fullText = (tokenizer) => `
  db.exec("create virtual table f using fts5(m, tokenize='${tokenizer}')");
  const put = db.prepare('insert into f(m) values (?)');
  const start = performance.now();
  for (let n = 0; n < ${records}; n += 1000) {
    db.exec('begin');
    for (let k = n; k < n + 1000; k++) put.run('tag: AUTHZ, clientid: dev-' + k + ', msg: authorization_permission_denied, peername: 10.0.0.1:' + k + ', username: u' + k % 999 + ', topic: t/' + k);
    db.exec('commit');
  }
  const rate = ${records} / (performance.now() - start);
  put.run('连接失败：客户端证书已经过期，请更换');
  const find = (word) => db.prepare('select count(*) as n from f where f match ?').get('"' + word + '"').n;
  say(JSON.stringify([Math.round(rate) + ' k/s', find('authorization_permission_denied') === ${records} ? 'yes' : 'no', find('permission_den') > 0 ? 'yes' : 'no', find('客户端') > 0 ? 'yes' : 'no', find('证书') > 0 ? 'yes' : 'no']));`;

await inTemporary((folder) => {
  console.log(machine());
  table([
    ['libsql', 'what happens'],
    ...Object.entries(traps).map(([name, script]) => [name, run(folder, script, name)]),
  ]);
  console.log();
  table([
    ['FTS5 tokenizer', 'records', 'finds a word', 'a part of one', '3 Chinese characters', '2 Chinese characters'],
    ...['unicode61', 'trigram'].map((name) => [name, ...JSON.parse(run(folder, fullText(name), name))]),
  ]);
});
