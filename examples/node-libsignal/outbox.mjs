// The way out. A text that waits is encrypted, the ciphertext kept in the state
// together with the session, the text's file removed, and the ciphertext repeated
// until the server has it. Each step may be cut off and done again.
import { rm } from 'node:fs/promises';
import { tell } from './events.mjs';
import { Refused } from './link.mjs';
import { Code, codeName, wrapText } from './messages.mjs';
import { Signal } from './signal.mjs';
import { toBytes } from './state.mjs';
import { waiting } from './waiting.mjs';

const GROUP = 32; // messages encrypted in one change
const REQUEST_BYTES = 32_768; // of ciphertext in one request; a larger mail goes alone

export class Outbox {
  #running = null;
  #again = false;
  #held = false;
  #timer = null;

  // `problem(error)` reports what only delays.
  constructor(state, link, problem) {
    Object.assign(this, { state, link, problem });
  }

  // Sends what waits; call it whenever there may be something. Resolves when there is nothing left that can go now.
  pump() {
    this.#again = true;
    if (this.#held) return Promise.resolve();
    return (this.#running ??= this.#run());
  }

  async #run() {
    clearTimeout(this.#timer);
    let waits = false;
    try {
      while (this.#again && !this.#held) {
        this.#again = false;
        waits = await this.#sendAll();
      }
    } catch (problem) {
      this.problem(problem);
      waits = true;
    }
    this.#running = null;
    if (waits && !this.#held) this.#timer = setTimeout(() => this.pump(), 5000);
  }

  hold() { this.#held = true; }

  release() {
    this.#held = false;
    return this.pump();
  }

  stop() {
    clearTimeout(this.#timer);
    this.hold();
  }

  // True if something must wait. Those whom nothing can be sent to for now are passed over, so that each one's order holds.
  async #sendAll() {
    const later = new Set();
    for (;;) {
      const texts = (await waiting(this.state.folder, 4 * GROUP)).filter((text) => !later.has(text.to)).slice(0, GROUP);
      if (texts.length > 0) await this.#encrypt(texts, later);
      const mails = this.#batch(later);
      if (mails.length > 0) await this.#send(mails, later);
      else if (texts.length === 0) return later.size > 0;
    }
  }

  async #encrypt(texts, later) {
    const bundles = new Map(); // by name: a BundleResponse, or why there is none
    const signal = new Signal(this.state.content);
    for (const to of new Set(texts.map((text) => text.to))) {
      if (this.state.content.contacts[to]?.newKey) later.add(to); // until the user has accepted the key
      else if (!signal.canWriteTo(to)) bundles.set(to, await this.#fetchBundle(to));
    }
    const done = await this.state.change(async (draft) => {
      const handled = [];
      for (const { file, id, to, text } of texts) {
        const bundle = bundles.get(to);
        if (later.has(to)) continue;
        if (bundle instanceof Refused && bundle.later) {
          later.add(to);
          continue;
        }
        handled.push(file);
        if (draft.outgoing.some((mail) => mail.id === id)) continue; // cut off before the file was removed
        if (bundle instanceof Refused) {
          tell(draft, { event: 'failed', id_of_mail: id, to, reason: bundle.message });
          continue;
        }
        const drafted = new Signal(draft);
        try {
          if (bundle && !drafted.canWriteTo(to)) await drafted.start(to, bundle);
          draft.outgoing.push({ id, to, ...(await drafted.encrypt(to, wrapText(text))) });
        } catch (problem) {
          handled.pop();
          later.add(to);
          if (drafted.refusedKey) tell(draft, { event: 'key_changed', from: to, key: drafted.refusedKey });
          else this.problem(problem);
        }
      }
      return handled;
    });
    for (const file of done) await rm(file, { force: true });
  }

  async #fetchBundle(device) {
    try {
      return await this.link.ask('bundle', { device });
    } catch (problem) {
      if (problem instanceof Refused) return problem;
      throw problem;
    }
  }

  #batch(later) {
    const mails = [];
    let size = 0;
    for (const mail of this.state.content.outgoing) {
      if (later.has(mail.to)) continue;
      size += mail.ciphertext.length;
      if (mails.length === 64 || (mails.length > 0 && size > REQUEST_BYTES)) break;
      mails.push(mail);
    }
    return mails;
  }

  async #send(mails, later) {
    const { code: codes } = await this.link.ask('send', {
      mail: mails.map(({ id, to, type, ciphertext }) => ({ to, type, mail_id: Buffer.from(id, 'hex'), ciphertext: toBytes(ciphertext) })),
    });
    await this.state.change((draft) => {
      mails.forEach(({ id, to }, index) => {
        const refused = codes[index] === Code.OK ? null : new Refused(codes[index] ?? Code.INTERNAL);
        if (refused?.later) {
          later.add(to);
          return;
        }
        draft.outgoing = draft.outgoing.filter((mail) => mail.id !== id);
        if (refused) tell(draft, { event: 'failed', id_of_mail: id, to, reason: codeName(refused.code) });
      });
    });
  }
}
