"""A Linux device for the tests of this folder."""
import base64
import json
import socket

from site_under_test import Device, Failed, wait_until


class Linux(Device):
    """One whose running `ginnel listen` is asked over its socket: a message costs no process."""

    def start_listening(self):
        super().start_listening()
        self.link = socket.socket(socket.AF_UNIX)
        wait_until(lambda: self.link.connect_ex(str(self.home / "socket")) == 0, f"{self.name}'s socket", 60)
        self.lines = self.link.makefile("rw")
        self.request(op="hello", version=1)

    def request(self, **request):
        self.lines.write(json.dumps(request) + "\n")
        self.lines.flush()
        while "reply" not in (line := json.loads(self.lines.readline())):
            pass
        if "problem" in line["reply"]:
            raise Failed(f"{self.name}: {line['reply']['problem']}")
        return line["reply"]

    def post(self, to, text):
        self.request(op="send", to=to, data=base64.b64encode(text.encode()).decode())

    def heard_from(self, sender):
        return [m["text"] for m in self.messages() if m["from"] == sender]
