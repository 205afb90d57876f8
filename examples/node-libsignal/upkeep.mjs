// What a device looks after when it connects, when a notice comes, and every few
// hours: its keys at the server, its contacts, its certificate.
import { X509Certificate } from 'node:crypto';
import { certificateFits } from './enrol.mjs';
import { tell } from './events.mjs';
import { Refused } from './link.mjs';
import { pem } from './https.mjs';
import { Code } from './messages.mjs';
import { jumpAhead, refill } from './prekeys.mjs';
import { toText } from './state.mjs';

export class Upkeep {
  busy = false;

  constructor(state, link) {
    Object.assign(this, { state, link });
  }

  // REQUIRES: not busy.
  async run() {
    this.busy = true;
    try {
      await this.#learnContacts();
      await this.#publishKeys();
      await this.#renewCertificate();
    } finally {
      this.busy = false;
    }
  }

  async #publishKeys() {
    for (let tries = 0; tries < 4; ++tries) {
      if (!this.state.content.publishing) {
        const status = await this.link.ask('status');
        await this.state.change((draft) => refill(draft, status));
        if (!this.state.content.publishing) return;
      }
      const { id, body } = this.state.content.publishing;
      try {
        await this.link.askAs(Buffer.from(id, 'hex'), 'publish', Buffer.from(body, 'base64'));
        await this.state.change((draft) => { draft.publishing = null; });
      } catch (problem) {
        if (!(problem instanceof Refused)) throw problem;
        // An answer ends a request: the next one has other keys.
        await this.state.change((draft) => (problem.code === Code.KEY_CONFLICT ? jumpAhead(draft) : (draft.publishing = null)));
        if (problem.code !== Code.KEY_CONFLICT) throw problem;
      }
    }
    throw new Error('The server does not take our keys.');
  }

  async #learnContacts() {
    for (let after = '', more = true; more;) {
      const page = await this.link.ask('contacts', { after });
      await this.state.change((draft) => page.contact.forEach(({ name, identity_key: key }) => {
        const contact = (draft.contacts[name] ??= { key: toText(key) });
        if (contact.key !== toText(key)) tell(draft, { event: 'key_changed', from: name, key: toText(key) });
      }));
      after = page.contact.at(-1)?.name;
      more = page.more && after !== undefined;
    }
  }

  // A new certificate when two thirds of the present one's time are over; used from the next connection on.
  async #renewCertificate() {
    const { tls, name } = this.state.content;
    const { validFrom, validTo } = new X509Certificate(tls.certificate);
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    if (Date.now() < from + (2 / 3) * (to - from)) return;
    const { certificate } = await this.link.ask('renew', { csr: Buffer.from(tls.csr, 'base64') });
    const renewed = pem(certificate, 'CERTIFICATE');
    if (certificateFits(renewed, tls.key, name, tls.ca)) await this.state.change((draft) => { draft.tls.certificate = renewed; });
  }
}
