#!/usr/bin/env node
// The commands. Everything that is Ginnel's is in the files beside this one.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Device } from './device.mjs';
import { join, newDevice } from './enrol.mjs';
import { tell } from './events.mjs';
import { show } from './show.mjs';
import { safetyNumber } from './signal.mjs';
import { lock, State, unlock } from './state.mjs';
import { parseToken } from './token.mjs';
import { drop } from './waiting.mjs';

const HELP = `usage: node app.mjs [--home FOLDER] COMMAND
  enroll TOKEN                 become a device of the site that made the invitation
  send NAME TEXT               send a message; TEXT is - for each line of standard input
  listen [--after ID] [--json] [--count N] [--timeout SECONDS]
                               print messages as they come; with --after, those behind the one with that id
  verify NAME [--accept-new-key]
                               print the safety number to compare; trust a contact's changed key
`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    home: { type: 'string', default: process.env.GINNEL_NODE_HOME ?? 'ginnel-node' },
    after: { type: 'string', default: '0' }, count: { type: 'string', default: '0' },
    timeout: { type: 'string', default: '0' }, json: { type: 'boolean' }, 'accept-new-key': { type: 'boolean' },
  },
});
const late = new Error('It took too long. What waits goes out the next time.');
const note = (text) => process.stderr.write(`${text}\n`);

const commands = {
  async enroll(text) {
    const token = parseToken(text);
    await locked(async () => {
      // Keys first, on disk: if the answer is lost, the same ones are sent again.
      const state = (await State.read(options.home)) ?? (await State.create(options.home, await newDevice()));
      if (state.content.name) throw new Error(`This folder is already the device ${state.content.name}.`);
      await join(state, token);
      // So that others can write to us while we are away.
      await connected(state, ready, 60);
      note(`This is now the device ${state.content.name}.`);
    });
  },

  async send(to, text) {
    const state = await enrolled();
    if (!/^[a-z0-9._-]{1,64}$/.test(to) || to === state.content.name) throw new Error(`${to} is nobody to write to.`);
    const lines = text === '-' ? createInterface({ input: process.stdin }) : [text];
    const ids = new Set();
    for await (const line of lines) ids.add(await drop(options.home, to, line));
    const mine = await locked(async () => connected(await enrolled(), async (device) => {
      await ready(device);
      await device.outbox.pump(); // resolves when there is nothing left, or nothing that can go now
    }, 30), () => false);
    if (mine === false) return note('Left to the process that listens.');
    const after = (await enrolled()).content;
    const failed = after.events.find((event) => event.event === 'failed' && ids.has(event.id_of_mail));
    if (failed) throw new Error(`The message to ${to} was not taken: ${failed.reason}`);
    if (after.contacts[to]?.newKey) throw new Error(`${to} has another key than before. See: verify ${to}`);
    if (after.outgoing.some((mail) => ids.has(mail.id))) note('The server has not taken it yet. It goes out the next time.');
  },

  async listen() {
    const [after, limit] = [Number(options.after), Number(options.count)];
    const shown = locked(async () => connected(await enrolled(), (device) => show(device, after, limit, line),
      Number(options.timeout)));
    await shown.catch((problem) => {
      if (problem !== late || limit) throw problem; // nothing to wait for: the time was all there was
    });
  },

  async verify(name) {
    let state = await enrolled();
    if (!state.content.contacts[name]) throw new Error(`${name} is no contact.`);
    if (options['accept-new-key']) {
      await locked(async () => {
        state = await enrolled();
        await state.change((draft) => {
          const contact = draft.contacts[name];
          if (!contact.newKey) return;
          draft.contacts[name] = { key: contact.newKey };
          delete draft.sessions[name];
          // Nobody could read these any more.
          for (const { id } of draft.outgoing.filter((mail) => mail.to === name)) {
            tell(draft, { event: 'failed', id_of_mail: id, to: name, reason: 'it was encrypted for the key before' });
          }
          draft.outgoing = draft.outgoing.filter((mail) => mail.to !== name);
        });
      });
    }
    const number = safetyNumber(state.content, name);
    console.log(options.json ? JSON.stringify({ name, safety_number: number }) : number.match(/.{5}/g).join(' '));
    if (state.content.contacts[name].newKey) note(`${name} now has another key. To trust it: verify ${name} --accept-new-key`);
  },
};

async function enrolled() {
  const state = await State.read(options.home);
  if (!state?.content.name) throw new Error('This folder is no device yet. Begin with: enroll TOKEN');
  return state;
}

async function locked(work, otherwise = () => { throw new Error('Another process uses this device.'); }) {
  if (!(await lock(options.home))) return otherwise();
  try {
    return await work();
  } finally {
    await unlock(options.home);
  }
}

// Runs work(device) while it is connected, for at most so many seconds if that is not 0.
async function connected(state, work, seconds) {
  const device = new Device(state);
  let last;
  device.on('problem', (text) => {
    if (text !== last) note(text); // one line while the server is away, not one a second
    last = text;
  });
  device.start();
  let timer;
  const tooLong = new Promise((resolve, reject) => {
    if (seconds) timer = setTimeout(() => reject(late), seconds * 1000);
  });
  try {
    return await Promise.race([work(device), tooLong]);
  } finally {
    clearTimeout(timer);
    await device.stop();
  }
}

const ready = (device) => new Promise((resolve) => device.once('ready', resolve));

function line(event) {
  if (options.json) return JSON.stringify(event);
  // Texts come from others: no control characters on the terminal.
  const text = (event.text ?? event.reason ?? '').replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return `[${event.id}] ${event.from ?? event.to}: ${event.event === 'message' ? text : `(${event.event}) ${text}`}`;
}

try {
  const [command, ...rest] = positionals;
  if (!Object.hasOwn(commands, command ?? '') || rest.length < commands[command].length) {
    note(HELP);
    process.exit(2);
  }
  await commands[command](...rest);
  process.exit(0);
} catch (problem) {
  note(problem.message);
  process.exit(1);
}
