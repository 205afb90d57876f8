// libsignal's stores over a draft of the state, and the four things we ask of
// it. Used inside State.change(): what libsignal stores is on disk together with
// the rest of the change, or nowhere.
import { createHash } from 'node:crypto';
import * as lib from '@signalapp/libsignal-client';
import { toBytes, toText } from './state.mjs';

// libsignal takes a name that looks like a UUID for one of Signal's own ids and writes it into each message, which
// Ginnel's devices refuse. The @, which is in no device's name, prevents that. A device has one id, 1.
const address = (name) => lib.ProtocolAddress.new(`@${name}`, 1);
const nameOf = (anAddress) => anAddress.name().slice(1);
const keyOf = (bytes) => lib.PublicKey.deserialize(Uint8Array.from(bytes));
const hash = (bytes) => createHash('sha256').update(bytes).digest('base64');

export const identityOf = (content) => lib.IdentityKeyPair.deserialize(toBytes(content.identity));

export class Signal {
  // The identity key that isTrustedIdentity() has refused last, as text.
  refusedKey = null;

  constructor(draft) {
    const signal = this;
    const need = (value, what) => {
      if (!value) throw new Error(`${what} is not known, or was used`);
      return toBytes(value.record ?? value);
    };
    this.draft = draft;
    this.self = address(draft.name);
    this.sessions = new (class extends lib.SessionStore {
      async saveSession(to, record) { draft.sessions[nameOf(to)] = toText(record.serialize()); }
      async getSession(to) { return signal.session(nameOf(to)); }
      async getExistingSessions(all) { return all.map((to) => signal.session(nameOf(to))); }
    })();
    this.identities = new (class extends lib.IdentityKeyStore {
      async getIdentityKey() { return identityOf(draft).privateKey; }
      async getLocalRegistrationId() { return draft.registrationId; }
      // Only after isTrustedIdentity(): a key that is pinned never changes here.
      async saveIdentity(of, key) {
        draft.contacts[nameOf(of)] ??= { key: toText(key.serialize()) };
        return lib.IdentityChange.NewOrUnchanged;
      }
      async isTrustedIdentity(of, key) {
        const pinned = draft.contacts[nameOf(of)]?.key;
        if (!pinned || pinned === toText(key.serialize())) return true;
        signal.refusedKey = toText(key.serialize());
        return false;
      }
      async getIdentity(of) {
        const pinned = draft.contacts[nameOf(of)]?.key;
        return pinned ? keyOf(toBytes(pinned)) : null;
      }
    })();
    this.oneTime = new (class extends lib.PreKeyStore {
      async getPreKey(id) { return lib.PreKeyRecord.deserialize(need(draft.keys.oneTime[id], `one-time key ${id}`)); }
      async savePreKey() { throw new Error('prekeys.mjs makes them'); }
      async removePreKey(id) { delete draft.keys.oneTime[id]; }
    })();
    this.signed = new (class extends lib.SignedPreKeyStore {
      async getSignedPreKey(id) { return lib.SignedPreKeyRecord.deserialize(need(draft.keys.signed[id], `signed key ${id}`)); }
      async saveSignedPreKey() { throw new Error('prekeys.mjs makes them'); }
    })();
    this.kem = new (class extends lib.KyberPreKeyStore {
      async getKyberPreKey(id) { return lib.KyberPreKeyRecord.deserialize(need(draft.keys.kem[id], `KEM key ${id}`)); }
      async saveKyberPreKey() { throw new Error('prekeys.mjs makes them'); }
      // A one-time key opens one session. The last-resort key opens many, but each first message once only: else a
      // recorded one could be played again. The last 128 are remembered.
      async markKyberPreKeyUsed(id, signedId, baseKey) {
        const key = draft.keys.kem[id];
        if (!key.openedBy) {
          delete draft.keys.kem[id];
          return;
        }
        const opener = hash(baseKey.serialize());
        if (key.openedBy.includes(opener)) throw new Error('this first message was read before');
        key.openedBy = [...key.openedBy.slice(-127), opener];
      }
    })();
  }

  session(name) {
    const stored = this.draft.sessions[name];
    return stored ? lib.SessionRecord.deserialize(toBytes(stored)) : null;
  }

  // False too for a session that was never answered in 30 days: the next message needs a bundle.
  canWriteTo(name) { return this.session(name)?.hasCurrentState() ?? false; }

  // `bundle` is a BundleResponse. libsignal checks its signatures, and the identity key against the pinned one.
  async start(name, bundle) {
    const { one_time: once, signed_pre_key: signed, kem } = bundle;
    const theirs = lib.PreKeyBundle.new(
      bundle.registration_id, bundle.device_id, once?.id ?? null, once ? keyOf(once.public_key) : null,
      signed.id, keyOf(signed.public_key), Uint8Array.from(signed.signature), keyOf(bundle.identity_key),
      kem.id, lib.KEMPublicKey.deserialize(Uint8Array.from(kem.public_key)), Uint8Array.from(kem.signature));
    await lib.processPreKeyBundle(theirs, address(name), this.self, this.sessions, this.identities);
  }

  // Returns {type, ciphertext}: 3 until the other side has answered once, then 2.
  async encrypt(name, plaintext) {
    const sealed = await lib.signalEncrypt(Uint8Array.from(plaintext), address(name), this.self, this.sessions, this.identities);
    return { type: sealed.type(), ciphertext: toText(sealed.serialize()) };
  }

  // Throws LibSignalError; its code DuplicatedMessage says that the message was read before.
  async decrypt(name, type, ciphertext) {
    const bytes = Uint8Array.from(ciphertext);
    if (type === lib.CiphertextMessageType.PreKey) {
      return lib.signalDecryptPreKey(lib.PreKeySignalMessage.deserialize(bytes), address(name), this.self,
        this.sessions, this.identities, this.oneTime, this.signed, this.kem);
    }
    if (type !== lib.CiphertextMessageType.Whisper) throw new Error(`messages of type ${type} are left out here`);
    return lib.signalDecrypt(lib.SignalMessage.deserialize(bytes), address(name), this.self, this.sessions, this.identities);
  }
}

export const wasReadBefore = (problem) => problem.code === lib.ErrorCode.DuplicatedMessage;

// 60 digits, the same on both devices. docs/spec/end-to-end.md, "Safety number".
export function safetyNumber(content, name) {
  const theirs = keyOf(toBytes(content.contacts[name].key));
  return lib.Fingerprint.new(5200, 1, Uint8Array.from(Buffer.from(content.name)), identityOf(content).publicKey,
    Uint8Array.from(Buffer.from(name)), theirs).displayableFingerprint().toString();
}
