#!/usr/bin/env python3
"""A board's TLS 1.3: a key born there, a certificate for it, Mosquitto, and servers that it must refuse.

Usage: tls_test.py BOARD_BUILD
"""
import contextlib
import datetime
import hashlib
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import board

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
except ImportError:
    print("skipped: there is no python3-cryptography")
    sys.exit(77)

DAY = datetime.timedelta(days=1)
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
# Values of core::Error.
REFUSED, UNTRUSTED, EXPIRED = 13, 7, 9


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Ca:
    def __init__(self, text="Test site"):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), name(text)
        self.certificate = self.sign(self.name, self.key.public_key(), ca=True)

    def sign(self, subject, public_key, ca=False, host=None, valid=(-DAY, DAY)):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now + valid[0]).not_valid_after(now + valid[1])
                   .add_extension(x509.BasicConstraints(ca, None), critical=True))
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Files:
    """A server's certificate, key and CA, as files."""

    def __init__(self, folder, ca, host="broker.test", **arguments):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        os.chmod(self.folder, 0o755)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = ca.sign(name(host), key.public_key(), host=host, **arguments)
        self.chain, self.key, self.ca = (self.folder / n for n in ("chain.pem", "key.pem", "ca.pem"))
        self.chain.write_bytes(certificate.public_bytes(PEM) + ca.certificate.public_bytes(PEM))
        self.key.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.ca.write_bytes(ca.certificate.public_bytes(PEM))


@contextlib.contextmanager
def echo_server(files, versions=(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)):
    """Echoes one connection's bytes; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = versions
    context.load_cert_chain(files.chain, files.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with context.wrap_socket(connection, server_side=True) as tls:
                    while part := tls.recv(1024):
                        tls.sendall(part)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]


@contextlib.contextmanager
def mosquitto(files):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = files.folder / "mosquitto.conf"
    # As root it would change to a user who cannot read the files.
    configuration.write_text(f"listener {port} 127.0.0.1\nuser root\ncafile {files.ca}\ncertfile {files.chain}\n"
                             f"keyfile {files.key}\nrequire_certificate true\nuse_identity_as_username true\n"
                             "tls_version tlsv1.3\nlog_dest stderr\nlog_type all\n")
    with open(files.folder / "log", "w") as log:
        process = subprocess.Popen(["mosquitto", "-c", str(configuration)], stderr=log, stdout=log)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port, files.folder / "log"
    finally:
        process.terminate()
        process.wait()


class Test:
    def __init__(self, image, folder):
        self.image, self.folder = image, folder
        self.flash = pathlib.Path(folder) / "flash.img"
        self.ca = Ca()

    def boot(self, **told):
        board.make_flash(self.flash, "".join(f"{key}={value}\n" for key, value in told.items()))
        return board.run(self.image, *board.ENTROPY, *board.flash(self.flash), *board.network("user"),
                         "-icount", "shift=0")  # so that instructions are counted

    def must(self, holds, what, console):
        if not holds:
            sys.exit(f"FAILED: {what}:\n{console}")
        print(f"{what}: " + " ".join(re.findall(r"\w+=\d+", console)), flush=True)

    def expect(self, outcome, what, **told):
        """`outcome`: a word on the console, or the error at which the board stops."""
        status, console = self.boot(**told)
        if isinstance(outcome, int):
            holds = status == 2 and f"refused={outcome} " in console
        else:
            holds = status == 0 and outcome in console
        self.must(holds, what, console)

    def make_key(self):
        status, console = self.boot(does="key")
        found = dict(re.findall(r"^(key|csr) ([0-9a-f]+)$", console, re.M))
        self.must(status == 0 and len(found) == 2, "a key and a request", console)
        request = x509.load_der_x509_csr(bytes.fromhex(found["csr"]))
        self.must(request.is_signature_valid, "the request's signature", "")
        number = ec.derive_private_key(int(found["key"], 16), ec.SECP256R1()).public_key().public_numbers()
        self.must(request.public_key().public_numbers() == number, "the request is for the key", "")
        _, other = self.boot(does="key")
        self.must(found["key"] not in other, "another boot makes another key", "")
        return found["key"], request

    def run(self):
        key, request = self.make_key()
        certificate = self.ca.sign(name("board"), request.public_key())
        site = {"key": key, "certificate": certificate.public_bytes(DER).hex(),
                "ca": self.ca.certificate.public_bytes(DER).hex(), "name": "broker.test"}
        good = Files(self.folder, self.ca)
        with mosquitto(good) as (port, log):
            self.expect("acknowledged", "Mosquitto takes the certificate and a message", does="mqtt", port=port, **site)
            text = log.read_text()
            self.must("u'board'" in text and "board/hello" in text, "as the user of that name", "")
            stranger = Ca().sign(name("board"), request.public_key()).public_bytes(DER).hex()
            status, console = self.boot(does="mqtt", port=port, **{**site, "certificate": stranger})
            self.must(status == 2, "Mosquitto refuses a certificate of another CA", console)

        def refuses(error, what, files, versions=(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3), **told):
            with echo_server(files, versions) as port:
                self.expect(error, what, **{"does": "echo", "port": port, **site, **told})

        # A server that checks no client certificate, then ones that the board must not talk to.
        refuses("echoed", "a good server is echoed from", good)
        refuses(UNTRUSTED, "a server of another CA", Files(self.folder, Ca()))
        refuses(UNTRUSTED, "a server of another name", Files(self.folder, self.ca, host="other.test"))
        refuses(EXPIRED, "a server whose certificate has expired",
                Files(self.folder, self.ca, valid=(-2 * DAY, -DAY)))
        refuses(EXPIRED, "a server whose certificate is not yet valid",
                Files(self.folder, self.ca, valid=(DAY, 2 * DAY)))
        refuses(REFUSED, "a server without TLS 1.3", good, (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        self.expect(REFUSED, "nobody there", does="echo", port=port, **site)

        fingerprint = hashlib.sha256(self.ca.certificate.public_bytes(DER)).hexdigest()[:32]
        refuses("echoed", "a CA by its fingerprint", good, does="enrol", fingerprint=fingerprint)
        refuses(UNTRUSTED, "another CA's fingerprint", Files(self.folder, Ca()), does="enrol", fingerprint=fingerprint)
        refuses(UNTRUSTED, "a good CA, another name", Files(self.folder, self.ca, host="other.test"),
                does="enrol", fingerprint=fingerprint)


def main():
    image = pathlib.Path(sys.argv[1]) / "test/firmware/tls.img"
    board.need(image)
    if not shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        print("skipped: there is no mosquitto")
        sys.exit(77)
    os.environ["PATH"] += ":/usr/sbin"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        Test(image, folder).run()


if __name__ == "__main__":
    main()
