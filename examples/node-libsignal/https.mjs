// The HTTPS request of an enrolment. docs/spec/enrolment.md, "HTTPS".
import { createHash } from 'node:crypto';
import https from 'node:https';
import tls from 'node:tls';
import { isIP } from 'node:net';

export const pem = (der, label) =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').match(/.{1,64}/g).join('\n')}\n-----END ${label}-----\n`;

export const isSiteAuthority = (der, token) =>
  createHash('sha256').update(der).digest().subarray(0, 16).equals(token.caFingerprint);

// Two connections: on the first we only look for the certificate of the authority, which we know by its fingerprint.
// The second trusts that one and nothing else.
export async function post(token, body) {
  const ca = pem(await siteAuthority(token), 'CERTIFICATE');
  return new Promise((resolve, reject) => {
    const request = https.request({
      host: token.host, port: token.port, method: 'POST', path: '/enrol', ca, minVersion: 'TLSv1.3', agent: false, timeout: 30_000,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length },
    }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts) }));
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('The server does not answer.')));
    request.on('error', reject);
    request.end(body);
  });
}

function siteAuthority(token) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: token.host, port: token.port, minVersion: 'TLSv1.3', timeout: 30_000,
      servername: isIP(token.host) ? '' : token.host, rejectUnauthorized: false, // nothing secret goes over this one
    }, () => {
      let certificate = socket.getPeerCertificate(true);
      while (certificate && !isSiteAuthority(certificate.raw, token)) {
        certificate = certificate.issuerCertificate === certificate ? null : certificate.issuerCertificate;
      }
      socket.destroy();
      if (certificate) resolve(certificate.raw);
      else reject(new Error('Another server than the one of the invitation answers there.'));
    });
    socket.on('timeout', () => socket.destroy(new Error('The server does not answer.')));
    socket.on('error', reject);
  });
}
