// All that the device knows, in one file that is replaced whole.
//
// Whoever writes a client must get one thing right: what an encrypted message
// changes (the session, the used keys, the text, how far the mailbox was read)
// goes to disk together, or not at all. Here that is easy, as there is a single
// file. A real app would use a database's transactions.
import { open, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const toText = (bytes) => Buffer.from(bytes).toString('base64');
// libsignal wants a Uint8Array of its own, so not a view into a larger buffer.
export const toBytes = (text) => Uint8Array.from(Buffer.from(text, 'base64'));

export class State {
  #last = Promise.resolve();

  constructor(folder, content) {
    this.folder = folder;
    this.content = content; // read it freely, change it by change() only
  }

  // What is there. Needs no lock: a reader sees the file before or after a change.
  static async read(folder) {
    try {
      return new State(folder, JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')));
    } catch (problem) {
      if (problem.code === 'ENOENT') return null;
      throw problem;
    }
  }

  static async create(folder, content) {
    await mkdir(join(folder, 'outbox'), { recursive: true, mode: 0o700 });
    const state = new State(folder, {});
    await state.change((draft) => Object.assign(draft, content));
    return state;
  }

  // Runs work(draft), one at a time, and makes the draft the state once it is on
  // disk. If `work` throws, nothing has happened. Returns what `work` returns.
  change(work) {
    const run = async () => {
      const draft = structuredClone(this.content);
      const result = await work(draft);
      await replaceFile(this.folder, 'state.json', JSON.stringify(draft));
      this.content = draft;
      return result;
    };
    const done = this.#last.then(run);
    this.#last = done.catch(() => {});
    return done;
  }
}

// The name stands for the old bytes until the new ones are safe on disk.
export async function replaceFile(folder, name, text) {
  const fresh = join(folder, `${name}.new`);
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

// One process at a time may use the device: two would use each other's keys up.
// True if it is ours now; it ends with unlock() or with the process.
export async function lock(folder) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'lock');
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (problem) {
      if (problem.code !== 'EEXIST') throw problem;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (owner === 0 || (owner !== process.pid && alive(owner))) return false;
    await rm(file, { force: true }); // it was killed
  }
}

export const unlock = (folder) => rm(join(folder, 'lock'), { force: true });

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (problem) {
    return problem.code === 'EPERM';
  }
}
