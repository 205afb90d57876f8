// libsignal-client from npm: PQXDH, the Double Ratchet and SPQR, message version 4.
// Its stores are maps of what it serializes, as an app's would be. The calls from
// JavaScript are part of what is measured: there is no other published way in.
import { createRequire } from 'node:module';
import * as lib from '@signalapp/libsignal-client';

const SECONDS = 0.5; // of CPU, for each measurement
const PEER = 'libsignal-client';
const VERSION = createRequire(import.meta.url)('@signalapp/libsignal-client/package.json').version;
const TEXT = new Uint8Array(100).fill(120);

// All threads of the process count: node has some of its own.
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function measure(work, items, once) {
  let batch = 1;
  for (let took = 0; took < 0.05; batch *= 2) {
    const start = cpuSeconds();
    for (let i = 0; i < batch; ++i) await once();
    took = cpuSeconds() - start;
  }
  const start = cpuSeconds();
  let calls = 0;
  let took = 0;
  do {
    for (let i = 0; i < batch; ++i) await once();
    calls += batch;
    took = cpuSeconds() - start;
  } while (took < SECONDS);
  console.log(JSON.stringify({ peer: PEER, version: VERSION, work, per_cpu_second: Math.round((10 * calls * items) / took) / 10 }));
}

class Device {
  constructor(name) {
    const device = this;
    this.address = lib.ProtocolAddress.new(name, 1);
    this.identity = lib.IdentityKeyPair.generate();
    this.session = null;
    this.trusted = null;
    const sign = (key) => this.identity.privateKey.sign(key.serialize());
    const signed = lib.PrivateKey.generate();
    const once = lib.PrivateKey.generate();
    const kem = lib.KEMKeyPair.generate();
    this.signed = lib.SignedPreKeyRecord.new(12, 1, signed.getPublicKey(), signed, sign(signed.getPublicKey())).serialize();
    this.once = lib.PreKeyRecord.new(11, once.getPublicKey(), once).serialize();
    this.kem = lib.KyberPreKeyRecord.new(13, 1, kem, sign(kem.getPublicKey())).serialize();
    this.sessions = new (class extends lib.SessionStore {
      async saveSession(to, record) { device.session = record.serialize(); }
      async getSession() { return device.session ? lib.SessionRecord.deserialize(device.session) : null; }
    })();
    this.identities = new (class extends lib.IdentityKeyStore {
      async getIdentityKey() { return device.identity.privateKey; }
      async getLocalRegistrationId() { return 4242; }
      async saveIdentity(of, key) { device.trusted = key.serialize(); return lib.IdentityChange.NewOrUnchanged; }
      async isTrustedIdentity() { return true; }
      async getIdentity() { return device.trusted ? lib.PublicKey.deserialize(device.trusted) : null; }
    })();
    this.onceKeys = new (class extends lib.PreKeyStore {
      async getPreKey() { return lib.PreKeyRecord.deserialize(device.once); }
      async removePreKey() {} // used again and again here
    })();
    this.signedKeys = new (class extends lib.SignedPreKeyStore {
      async getSignedPreKey() { return lib.SignedPreKeyRecord.deserialize(device.signed); }
    })();
    this.kemKeys = new (class extends lib.KyberPreKeyStore {
      async getKyberPreKey() { return lib.KyberPreKeyRecord.deserialize(device.kem); }
      async markKyberPreKeyUsed() {}
    })();
    const record = lib.SignedPreKeyRecord.deserialize(this.signed);
    this.parts = {
      signed: record.publicKey(), signedSignature: record.signature(),
      kem: kem.getPublicKey(), kemSignature: lib.KyberPreKeyRecord.deserialize(this.kem).signature(),
    };
    this.bundle = lib.PreKeyBundle.new(4242, 1, 11, once.getPublicKey(), 12, record.publicKey(), record.signature(),
      this.identity.publicKey, 13, kem.getPublicKey(), this.parts.kemSignature);
  }

  initiate(other) {
    return lib.processPreKeyBundle(other.bundle, other.address, this.address, this.sessions, this.identities);
  }

  async send(to) {
    const sealed = await lib.signalEncrypt(TEXT, to.address, this.address, this.sessions, this.identities);
    await to.receive(this, sealed.type(), sealed.serialize());
  }

  async receive(from, type, wire) {
    const text = type === lib.CiphertextMessageType.PreKey
      ? await lib.signalDecryptPreKey(lib.PreKeySignalMessage.deserialize(wire), from.address, this.address,
        this.sessions, this.identities, this.onceKeys, this.signedKeys, this.kemKeys)
      : await lib.signalDecrypt(lib.SignalMessage.deserialize(wire), from.address, this.address, this.sessions, this.identities);
    if (text.length !== TEXT.length) throw new Error('the text');
  }

  verify() {
    const { signed, signedSignature, kem, kemSignature } = this.parts;
    const key = this.identity.publicKey;
    if (!key.verify(signed.serialize(), signedSignature) || !key.verify(kem.serialize(), kemSignature)) throw new Error('verify');
  }
}

const alice = new Device('alice');
const bob = new Device('bob');
const setUp = async () => {
  alice.session = null;
  bob.session = null;
  await alice.initiate(bob);
  await alice.send(bob);
};
await measure('set_up', 1, setUp);
await setUp();
await measure('ping_pong', 2, async () => {
  await bob.send(alice);
  await alice.send(bob);
});
await setUp();
await bob.send(alice);
await measure('one_way', 1, () => alice.send(bob));
await measure('one_time_key', 1, () => {
  const key = lib.PrivateKey.generate();
  lib.PreKeyRecord.new(1, key.getPublicKey(), key);
});
await measure('kem_key', 1, () => {
  const pair = lib.KEMKeyPair.generate();
  lib.KyberPreKeyRecord.new(1, 1, pair, bob.identity.privateKey.sign(pair.getPublicKey().serialize()));
});
await measure('verify_bundle', 1, () => bob.verify());
