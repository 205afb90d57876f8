// The messages of proto/ginnel/v1, loaded as they are: no generated code.
// Bytes are Buffers, 64-bit numbers plain numbers (the API keeps them below 2^53).
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const folder = fileURLToPath(new URL('../../proto/ginnel/v1/', import.meta.url));
const root = new protobuf.Root();
root.loadSync([`${folder}ginnel.proto`, `${folder}content.proto`], { keepCase: true });
const type = (name) => root.lookupType(`ginnel.v1.${name}`);

export const Code = root.lookupEnum('ginnel.v1.Code').values;
export const codeName = (code) => root.lookupEnum('ginnel.v1.Code').valuesById[code] ?? 'INTERNAL';
export const NoticeKind = root.lookupEnum('ginnel.v1.Notice.Kind').values;

export const encode = (name, fields) => Buffer.from(type(name).encode(type(name).fromObject(fields)).finish());

// Absent numbers are 0, absent bytes and texts empty, lists arrays; absent messages and `optional` fields are missing.
export function decode(name, bytes) {
  return type(name).toObject(type(name).decode(bytes), { longs: Number, bytes: Buffer, defaults: true, oneofs: false });
}

// ---- what is inside an encrypted message: docs/spec/content.md

export const wrapText = (text) => encode('Content', { text: Buffer.from(text) });

// The text, or null if this is no message that we know how to show.
export function unwrapText(plaintext) {
  try {
    const content = type('Content').decode(plaintext);
    return Object.hasOwn(content, 'text') && content.text !== null ? Buffer.from(content.text).toString() : null;
  } catch {
    return null;
  }
}
