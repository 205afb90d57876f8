// A device that is connected: mail in, mail out, keys and contacts kept up.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import { Link } from './link.mjs';
import { NoticeKind, unwrapText } from './messages.mjs';
import { Outbox } from './outbox.mjs';
import { tell } from './events.mjs';
import { Signal, wasReadBefore } from './signal.mjs';
import { Upkeep } from './upkeep.mjs';

const WINDOW = 64; // mails that may be under way to us
const ACK_EVERY_MS = 15_000; // also how the server knows that we are there
const UPKEEP_EVERY_MS = 6 * 3600 * 1000;

// Events: event (there are new ones in state.content.events), problem (a sentence), ready (our keys are published).
// The process must hold the lock of the state's folder.
export class Device extends EventEmitter {
  #timers = [];
  #acking = false;
  #ackAgain = false;

  constructor(state) {
    super();
    this.state = state;
    this.link = new Link(state);
    this.outbox = new Outbox(state, this.link, this.#problem);
    this.upkeep = new Upkeep(state, this.link);
  }

  start() {
    this.link.on('online', () => this.#run(async () => {
      this.outbox.hold(); // until we know whose keys have changed while we were away
      this.#ack();
      await this.#keepUp();
    }));
    this.link.on('offline', (why) => this.emit('problem', why));
    this.link.on('mail', (push) => this.#run(() => this.#take(push)));
    this.link.on('notice', ({ kind }) => this.#run(async () => {
      if (kind === NoticeKind.REVOKED) this.emit('problem', 'The operator has revoked this device.');
      else await this.#keepUp();
    }));
    this.outbox.hold();
    this.watcher = watch(join(this.state.folder, 'outbox'), () => this.outbox.pump());
    this.#timers.push(setInterval(() => this.#ack(), ACK_EVERY_MS),
      setInterval(() => this.#run(() => this.#keepUp()), UPKEEP_EVERY_MS));
    this.link.start();
  }

  async stop() {
    this.#timers.forEach(clearInterval);
    this.watcher?.close();
    this.outbox.stop();
    await this.link.stop();
    await this.state.change(() => {}); // whatever is being written is written then
  }

  // The user has seen all events up to this one.
  async seen(id) {
    await this.state.change((draft) => { draft.events = draft.events.filter((event) => event.id > id); });
  }

  #problem = (problem) => this.emit('problem', problem.message);
  #run(work) { work().catch(this.#problem); }

  // ---- mail in

  // Decrypts what is new, in order, and stores texts, sessions, used keys and the number reached at once. Only then
  // the server hears of it. If this is cut off, the same mail comes again and meets the old state.
  async #take({ mail: mails, after }) {
    let gap = false;
    await this.state.change(async (draft) => {
      let follows = after; // the number that the next mail follows; without `after`, the one before its own
      for (const mail of mails) {
        const before = follows ?? mail.sequence - 1;
        follows = mail.sequence;
        if (mail.sequence <= draft.through) continue; // we have it
        if (before > draft.through) {
          gap = true; // an earlier push was lost: our next ack brings it again
          break;
        }
        await this.#read(draft, mail);
        draft.through = mail.sequence;
      }
    });
    this.emit('event');
    if (gap) this.#timers.push(setTimeout(() => this.#ack(), 1000));
    else this.#ack();
    this.outbox.pump(); // a first message may have made a session
  }

  // A mail that cannot be read is told to the user and passed over: it must not block the ones behind it.
  async #read(draft, { from, type, ciphertext, stored_at_ms: storedAt }) {
    const about = { from, sent_at: new Date(storedAt).toISOString() };
    const trial = structuredClone(draft); // libsignal stores one thing after another; a failure leaves none of them
    const signal = new Signal(trial);
    let plaintext;
    try {
      plaintext = await signal.decrypt(from, type, ciphertext);
    } catch (problem) {
      if (wasReadBefore(problem)) return;
      if (signal.refusedKey) tell(draft, { event: 'key_changed', ...about, key: signal.refusedKey });
      else tell(draft, { event: 'unreadable', ...about, reason: problem.message });
      return;
    }
    Object.assign(draft, trial);
    const text = unwrapText(plaintext);
    tell(draft, text === null ? { event: 'unsupported', ...about } : { event: 'message', ...about, text });
  }

  // Through here all is stored; the server may delete it. One at a time, the latest number counts.
  async #ack() {
    this.#ackAgain = true;
    if (this.#acking) return;
    this.#acking = true;
    try {
      while (this.#ackAgain) {
        this.#ackAgain = false;
        await this.link.ask('ack', { through: this.state.content.through, window: WINDOW });
      }
    } catch (problem) {
      this.#problem(problem); // again in 15 s
    } finally {
      this.#acking = false;
    }
  }

  async #keepUp() {
    if (this.upkeep.busy) return;
    try {
      await this.upkeep.run();
    } finally {
      this.outbox.release();
    }
    this.emit('ready');
    this.emit('event'); // a contact's key may have changed
  }
}
