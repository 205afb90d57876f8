// The connection to the broker, and signed requests that are repeated until they
// are answered. Rules: docs/spec/api.md, "Topics" and "Requests".
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import mqtt from 'mqtt';
import { Code, codeName, decode, encode } from './messages.mjs';
import { identityOf } from './signal.mjs';

const SIGNED = new Set(['publish', 'bundle', 'send', 'ack', 'renew']);
const FIRST_REPEAT_MS = 1000;
const LAST_REPEAT_MS = 30_000;

// The server's no. `later`: nothing is wrong with the request; try a new one in a while.
export class Refused extends Error {
  constructor(code, text) {
    super(text || codeName(code));
    this.code = code;
    this.later = [Code.NO_KEYS, Code.FULL, Code.BUSY].includes(code) || codeName(code) === 'INTERNAL';
  }
}

const capital = (method) => method[0].toUpperCase() + method.slice(1);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

// Events: online, offline (with a sentence), mail (MailPush), notice (Notice).
export class Link extends EventEmitter {
  #waiting = new Map(); // by request id, in hex
  #online = false;

  constructor(state) {
    super();
    this.state = state;
    this.name = state.content.name;
    this.shard = sha256(this.name).subarray(0, 1).toString('hex');
  }

  start() {
    const { broker, tls } = this.state.content;
    // Nothing is asked of the broker's memory, so each connection starts clean. MQTT.js acknowledges to the broker as
    // soon as it has called us. That is all right: what counts is our `ack` request, after storing.
    this.client = mqtt.connect({
      protocol: 'mqtts', host: broker.host, port: broker.port, ca: tls.ca, cert: tls.certificate, key: tls.key,
      minVersion: 'TLSv1.3', rejectUnauthorized: true, protocolVersion: 5, clientId: this.name, clean: true,
      keepalive: 60, reconnectPeriod: 1000, connectTimeout: 10_000, resubscribe: false,
    });
    this.client.on('connect', () => this.client.subscribe(`ginnel/1/down/${this.name}/+`, { qos: 1 }, (problem) => {
      // Requests go out once the answers can come in.
      if (problem) return this.emit('offline', `The broker does not let this device read its mail: ${problem.message}`);
      this.#online = true;
      for (const request of this.#waiting.values()) this.#publish(request);
      this.emit('online');
    }));
    this.client.on('close', () => {
      if (this.#online) this.emit('offline', 'The connection to the broker has ended.');
      this.#online = false;
    });
    this.client.on('error', (problem) => this.emit('offline', problem.message));
    this.client.on('message', (topic, payload) => this.#take(topic.split('/').at(-1), payload));
  }

  async stop() {
    for (const request of this.#waiting.values()) clearTimeout(request.timer);
    this.#waiting.clear();
    this.client?.removeAllListeners('close');
    await this.client?.endAsync(true);
  }

  // Resolves with the method's response once the server has done it and has it on disk. Throws Refused.
  ask(method, fields = {}) {
    return this.askAs(randomBytes(16), method, encode(`${capital(method)}Request`, fields));
  }

  // The same for a request whose id and encoded body were kept, so that it is the same one after a restart.
  askAs(id, method, body) {
    return new Promise((resolve, reject) => {
      const request = { id, method, payload: this.#sign(id, method, body), pause: FIRST_REPEAT_MS, resolve, reject };
      this.#waiting.set(id.toString('hex'), request);
      this.#publish(request);
    });
  }

  #sign(id, method, body) {
    if (!SIGNED.has(method)) return encode('Request', { request_id: id, body });
    const parts = [Buffer.from('Ginnel request 1'), Buffer.from(this.name), Buffer.from(method), id, sha256(body)];
    const text = Buffer.concat(parts.flatMap((part) => [Buffer.from([part.length]), part]));
    const signature = identityOf(this.state.content).privateKey.sign(Uint8Array.from(text));
    return encode('Request', { request_id: id, body, signature });
  }

  // A PUBACK says nothing but that the broker has it, so we go on until the answer is there.
  #publish(request) {
    clearTimeout(request.timer);
    if (!this.#online) return; // it goes out when we are
    this.client.publish(`ginnel/1/up/${this.shard}/${this.name}/${request.method}`, request.payload, {
      qos: 1, properties: { responseTopic: `ginnel/1/down/${this.name}/reply`, correlationData: request.id },
    });
    request.timer = setTimeout(() => this.#publish(request), request.pause);
    request.pause = Math.min(2 * request.pause, LAST_REPEAT_MS);
  }

  #take(kind, payload) {
    try {
      if (kind === 'mail') this.emit('mail', decode('MailPush', payload));
      else if (kind === 'notice') this.emit('notice', decode('Notice', payload));
      else if (kind === 'reply') this.#answer(decode('Response', payload));
    } catch (problem) {
      this.emit('offline', `The server sent what does not parse: ${problem.message}`);
    }
  }

  #answer(response) {
    const key = response.request_id.toString('hex');
    const request = this.#waiting.get(key);
    if (!request) return; // answered before
    clearTimeout(request.timer);
    this.#waiting.delete(key);
    if (response.code !== Code.OK) request.reject(new Refused(response.code, response.text));
    else request.resolve(decode(`${capital(request.method)}Response`, response.body));
  }
}
