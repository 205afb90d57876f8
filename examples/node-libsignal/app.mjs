#!/usr/bin/env node
// The commands. Everything that is Ginnel's is in the files beside this one.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Device } from './device.mjs';
import { join, newDevice } from './enrol.mjs';
import { drop } from './outbox.mjs';
import { safetyNumber } from './signal.mjs';
import { lock, State, unlock } from './state.mjs';
import { parseToken } from './token.mjs';

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
      await connected(state, (device) => new Promise((resolve) => device.once('ready', resolve)), 60);
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
      await device.outbox.pump(); // resolves when there is nothing left, or nothing that can go now
    }, 30), () => false);
    if (mine === false) return note('Left to the process that listens.');
    const after = (await enrolled()).content;
    const failed = after.events.find((event) => event.event === 'failed' && ids.has(event.id_of_mail));
    if (failed) throw new Error(`The message to ${to} was not taken: ${failed.reason}`);
    if (after.contacts[to]?.newKey) throw new Error(`${to} has another key than before. See: verify ${to}`);
  },

  async listen() {
    const [after, limit] = [Number(options.after), Number(options.count)];
    await locked(async () => connected(await enrolled(), async (device) => {
      await device.seen(after);
      let count = 0;
      await new Promise((resolve, reject) => {
        let busy = Promise.resolve();
        const show = async () => {
          const events = device.state.content.events.slice(0, 100);
          for (const event of events) {
            if (limit && count === limit) return resolve();
            // Marked as seen only now that it is written: after a crash between, it comes again with the same id.
            await new Promise((written) => process.stdout.write(`${line(event)}\n`, written));
            await device.seen(event.id);
            if (event.event === 'message' && ++count === limit) return resolve();
          }
          if (events.length === 100) await show();
        };
        const next = () => { busy = busy.then(show).catch(reject); };
        device.on('event', next);
        next();
        for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
      });
    }, Number(options.timeout)));
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
          draft.outgoing = draft.outgoing.filter((mail) => mail.to !== name); // nobody could read them
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
  device.on('problem', note);
  device.start();
  let timer;
  const late = new Promise((resolve, reject) => {
    if (seconds) timer = setTimeout(() => reject(new Error('It took too long. What waits goes out the next time.')), seconds * 1000);
  });
  try {
    return await Promise.race([work(device), late]);
  } finally {
    clearTimeout(timer);
    await device.stop();
  }
}

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
