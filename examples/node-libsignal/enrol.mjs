// Becoming a member of a site: one sealed HTTPS exchange under the invitation's
// secret. Format: docs/spec/enrolment.md.
import 'reflect-metadata'; // @peculiar/x509 wants it loaded first
import { createHash, createPrivateKey, hkdfSync, randomBytes, randomInt, webcrypto, X509Certificate } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { IdentityKeyPair } from '@signalapp/libsignal-client';
import { isSiteAuthority, pem, post } from './https.mjs';
import { Code, decode, encode } from './messages.mjs';
import { noKeys } from './prekeys.mjs';
import { identityOf } from './signal.mjs';
import { toBytes, toText } from './state.mjs';

// The first state of a device: its identity, its TLS key, and nothing that a server has said.
export async function newDevice() {
  const { key, csr } = await makeTlsKey();
  return {
    format: 1, identity: toText(IdentityKeyPair.generate().serialize()), registrationId: randomInt(1, 16381),
    tls: { key, csr: toText(csr) }, keys: noKeys(), publishing: null,
    contacts: {}, sessions: {}, through: 0, outgoing: [], events: [], lastEvent: 0,
  };
}

// Makes the new device in `state` the one of the invitation. If it throws it may be tried again: the server answers
// the same identity key, registration id and CSR again.
export async function join(state, token) {
  const { tls, registrationId } = state.content;
  const answer = await exchange(token, identityOf(state.content), registrationId, toBytes(tls.csr));
  const certificate = pem(answer.certificate, 'CERTIFICATE');
  const ca = pem(answer.ca_certificate, 'CERTIFICATE');
  if (!isSiteAuthority(answer.ca_certificate, token) || !certificateFits(certificate, tls.key, answer.name, ca)) {
    throw new Error('The certificate in the answer is not ours.');
  }
  await state.change((draft) => {
    draft.name = answer.name;
    draft.broker = { host: answer.broker_host, port: answer.broker_port };
    Object.assign(draft.tls, { certificate, ca });
    for (const contact of answer.contact) draft.contacts[contact.name] = { key: toText(contact.identity_key) };
  });
}

// True if `certificate` is for our key and name, from the site's authority. All PEM but the name.
export function certificateFits(certificate, key, name, ca) {
  const ours = new X509Certificate(certificate);
  return ours.checkPrivateKey(createPrivateKey(key)) && ours.subject.split('\n').includes(`CN=${name}`) &&
    ours.verify(new X509Certificate(ca).publicKey);
}

// A P-256 key for TLS and a request to certify it. The server knows the name; the one in the request counts nothing.
async function makeTlsKey() {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const csr = await Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=ginnel', keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } });
  return { key: pem(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'), csr: csr.rawData };
}

// Returns the EnrolResponse, opened.
async function exchange(token, identity, registrationId, csr) {
  const derive = (what, size) => Buffer.from(hkdfSync('sha256', token.secret, '', `Ginnel enrolment 1 ${what}`, size));
  const inviteId = derive('id', 8);
  const identityKey = identity.publicKey.serialize();
  const id = Buffer.alloc(4);
  id.writeUInt32BE(registrationId);
  // Shows that we hold the identity key, for this invitation and this CSR only.
  const proof = identity.privateKey.sign(Uint8Array.from(Buffer.concat(
    [Buffer.from('Ginnel enrolment 1'), inviteId, identityKey, id, createHash('sha256').update(csr).digest()])));
  const request = encode('EnrolRequest', { identity_key: identityKey, registration_id: registrationId, csr, proof });

  const nonce = randomBytes(24);
  const text = xchacha20poly1305(derive('request', 32), nonce, inviteId).encrypt(request);
  const { status, body } = await post(token, Buffer.concat([inviteId, nonce, text]));
  if (status !== 200) throw new Error(`The server says (${status}): ${body.toString() || 'no'}`);
  if (body.length < 48 || !body.subarray(0, 8).equals(inviteId)) throw new Error('The answer is to another invitation.');
  const opened = xchacha20poly1305(derive('response', 32), body.subarray(8, 32), inviteId).decrypt(body.subarray(32));
  const response = decode('EnrolResponse', opened);
  if (response.code !== Code.OK) throw new Error(`The server says: ${response.text}`);
  return response;
}
