// Texts that wait to be encrypted: files in the folder outbox/. Any process may
// drop one there, also while another has the device.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './state.mjs';

let count = 0;

// Returns the mail's id. The names of the files sort in the order of writing.
export async function drop(folder, to, text) {
  const id = randomBytes(16).toString('hex');
  const order = `${String(Date.now()).padStart(15, '0')}-${String(count++).padStart(9, '0')}`;
  await mkdir(join(folder, 'outbox'), { recursive: true, mode: 0o700 });
  await replaceFile(join(folder, 'outbox'), `${order}-${id}.json`, JSON.stringify({ id, to, text }));
  return id;
}

// The first `limit` of them, in the order of writing: [{file, id, to, text}].
export async function waiting(folder, limit) {
  const outbox = join(folder, 'outbox');
  const names = (await readdir(outbox)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.slice(0, limit).map(async (name) => {
    const file = join(outbox, name);
    return { file, ...JSON.parse(await readFile(file, 'utf8')) };
  }));
}
