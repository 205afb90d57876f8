// Our prekeys: made before they are published, kept in stock at the server,
// replaced by age. Rules: docs/spec/api.md, "publish" and "status".
//
// draft.keys: signed, oneTime, kem (by id; {record} and, once replaced, `until`;
// a KEM key of last resort has `openedBy`), the ids made last, the two in use.
import { createHash, randomBytes } from 'node:crypto';
import * as lib from '@signalapp/libsignal-client';
import { encode } from './messages.mjs';
import { identityOf } from './signal.mjs';
import { toBytes, toText } from './state.mjs';

const DAY = 24 * 3600 * 1000;
const STOCK = { oneTime: 100, kem: 8 }; // what we fill up to, and also the most that one request takes
const LOW = { oneTime: 25, kem: 2 };
const KEPT = { oneTime: 1024, kem: 32 }; // private halves; a key so old was handed out long ago, or never will be
const LIFETIME = { signed: 7 * DAY, resort: 30 * DAY };
const OVERLAP = 30 * DAY; // a replaced key still opens first messages that are under way

export const noKeys = () => ({
  signed: {}, oneTime: {}, kem: {}, lastSigned: 0, lastOneTime: 0, lastKem: 0, signedInUse: 0, resortInUse: 0,
});

// Given the server's StatusResponse, makes what is missing and puts the request that publishes it into
// draft.publishing = {id, body}, to be repeated until it is answered. Nothing missing: null.
export function refill(draft, status, now = Date.now()) {
  const { keys } = draft;
  const identity = identityOf(draft).privateKey;
  const body = {};
  const agrees = Buffer.from(status.repeated_use_digest).equals(repeatedUseDigest(draft));
  if (!agrees || tooOld(keys.signed[keys.signedInUse], LIFETIME.signed, now)) {
    retire(keys.signed[keys.signedInUse], now);
    keys.lastSigned = Math.max(keys.lastSigned, status.signed_pre_key_id);
    body.signed_pre_key = makeSigned(keys, identity, now);
  }
  if (!agrees || tooOld(keys.kem[keys.resortInUse], LIFETIME.resort, now)) {
    retire(keys.kem[keys.resortInUse], now);
    keys.lastKem = Math.max(keys.lastKem, status.last_resort_id);
    body.last_resort = makeKem(keys, identity, now);
    keys.resortInUse = body.last_resort.id;
    keys.kem[keys.resortInUse].openedBy = [];
  }
  const missing = (count, kind) => (count < LOW[kind] ? STOCK[kind] - count : 0);
  body.one_time = Array.from({ length: missing(status.one_time_count, 'oneTime') }, () => makeOneTime(keys));
  body.one_time_kem = Array.from({ length: missing(status.one_time_kem_count, 'kem') }, () => makeKem(keys, identity, now));
  const nothing = !body.signed_pre_key && !body.last_resort && body.one_time.length + body.one_time_kem.length === 0;
  draft.publishing = nothing ? null
    : { id: randomBytes(16).toString('hex'), body: encode('PublishRequest', body).toString('base64') };
  forgetOld(keys, now);
}

// The server knows higher ids than ours, for example since our state came from a backup: far above them, and anew.
export function jumpAhead(draft) {
  for (const last of ['lastSigned', 'lastOneTime', 'lastKem']) draft.keys[last] += 65536;
  draft.publishing = null;
}

function makeSigned(keys, identity, now) {
  const pair = lib.PrivateKey.generate();
  const publicKey = pair.getPublicKey();
  const signature = identity.sign(publicKey.serialize());
  const id = ++keys.lastSigned;
  keys.signed[id] = { record: toText(lib.SignedPreKeyRecord.new(id, now, publicKey, pair, signature).serialize()), made: now };
  keys.signedInUse = id;
  return { id, public_key: publicKey.serialize(), signature };
}

// KEM keys of both kinds have one series of ids: a first message names them in the same field.
function makeKem(keys, identity, now) {
  const pair = lib.KEMKeyPair.generate();
  const publicKey = pair.getPublicKey().serialize();
  const signature = identity.sign(publicKey);
  const id = ++keys.lastKem;
  keys.kem[id] = { record: toText(lib.KyberPreKeyRecord.new(id, now, pair, signature).serialize()), made: now };
  return { id, public_key: publicKey, signature };
}

function makeOneTime(keys) {
  const pair = lib.PrivateKey.generate();
  const id = ++keys.lastOneTime;
  keys.oneTime[id] = toText(lib.PreKeyRecord.new(id, pair.getPublicKey(), pair).serialize());
  return { id, public_key: pair.getPublicKey().serialize() };
}

const tooOld = (key, lifetime, now) => !key || now > key.made + lifetime;

function retire(key, now) {
  if (key) key.until = now + OVERLAP;
}

function forgetOld(keys, now) {
  for (const kind of [keys.signed, keys.kem]) {
    for (const id of Object.keys(kind)) if (kind[id].until < now) delete kind[id];
  }
  for (const id of Object.keys(keys.oneTime)) if (id <= keys.lastOneTime - KEPT.oneTime) delete keys.oneTime[id];
  for (const id of Object.keys(keys.kem)) {
    if (!keys.kem[id].openedBy && id <= keys.lastKem - KEPT.kem) delete keys.kem[id];
  }
}

// What the server should hold: docs/spec/api.md, "status".
function repeatedUseDigest(draft) {
  const { keys } = draft;
  if (!keys.signedInUse || !keys.resortInUse) return Buffer.alloc(0);
  const number = (value) => Buffer.from(value.toString(16).padStart(8, '0'), 'hex');
  const signed = lib.SignedPreKeyRecord.deserialize(toBytes(keys.signed[keys.signedInUse].record));
  const resort = lib.KyberPreKeyRecord.deserialize(toBytes(keys.kem[keys.resortInUse].record));
  return createHash('sha256').update(identityOf(draft).publicKey.serialize())
    .update(number(keys.signedInUse)).update(signed.publicKey().serialize())
    .update(number(keys.resortInUse)).update(resort.publicKey().serialize()).digest();
}
