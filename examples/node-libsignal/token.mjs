// The invitation that the operator hands out: GNL1-... in base32.
// Format: docs/spec/enrolment.md, "Token".
import { createHash } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford's base32

// Returns {host, port, caFingerprint, secret, expiry}. Throws with a sentence for people.
export function parseToken(text) {
  // What people mistype is understood: small letters, O for 0, I and L for 1, spaces and dashes anywhere.
  const plain = text.replace(/[-\s]/g, '').toUpperCase();
  const match = /^GN[L1I]([1IL]|[2-9])(.*)$/.exec(plain);
  if (!match) throw new Error('This is no Ginnel token: it does not begin with GNL1.');
  if (/[2-9]/.test(match[1])) throw new Error('This token was made by a later version of Ginnel.');

  const bytes = fromBase32(match[2]);
  const read = reader(bytes);
  const host = readHost(read);
  const port = read(2).readUInt16BE();
  const caFingerprint = read(16);
  const secret = read(16);
  const expiry = read(4).readUInt32BE();
  const checksum = createHash('sha256').update(bytes.subarray(0, read.at())).digest().subarray(0, 2);
  if (!checksum.equals(read(2)) || read.at() !== bytes.length || port === 0) {
    throw new Error('The token is mistyped or cut off.');
  }
  if (Date.now() >= expiry * 1000) throw new Error('The invitation has expired. Ask for another.');
  return { host, port, caFingerprint, secret, expiry };
}

function fromBase32(digits) {
  const bytes = [];
  let bits = 0;
  let count = 0;
  for (const digit of digits.replace(/O/g, '0').replace(/[IL]/g, '1')) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) throw new Error(`The token has a character that does not belong there: ${digit}`);
    bits = (bits << 5) | value;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push(bits >> count);
      bits &= (1 << count) - 1;
    }
  }
  if (count >= 5 || bits !== 0) throw new Error('The token is mistyped or cut off.');
  return Buffer.from(bytes);
}

// read(n) takes the next n bytes; read.at() says how many were taken.
function reader(bytes) {
  let at = 0;
  const read = (size) => {
    if (at + size > bytes.length) throw new Error('The token is mistyped or cut off.');
    at += size;
    return bytes.subarray(at - size, at);
  };
  read.at = () => at;
  return read;
}

function readHost(read) {
  const kind = read(1)[0];
  if (kind === 0xf4) return [...read(4)].join('.');
  if (kind === 0xf6) {
    const groups = read(16).toString('hex').match(/..../g);
    return groups.join(':');
  }
  const name = kind >= 1 && kind <= 64 ? read(kind).toString('latin1') : '';
  if (!/^[a-z0-9._-]+$/.test(name)) throw new Error('The token names no host.');
  return name;
}
