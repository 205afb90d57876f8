"""A board and a Linux device that write to each other."""
from site_under_test import Failed, wait_until
from wire import expect


class Talk:
    def __init__(self, chip, alice):
        self.chip, self.alice = chip, alice
        self.sent = {"chip": [], "alice": []}  # what each was told is kept, to the other

    def alice_sends(self, text):
        self.alice.post(self.chip.name, text)
        self.sent["alice"].append(text)

    def say(self, count, word):
        """As many messages each way, all at once."""
        for i in range(count):
            self.alice_sends(f"{word} {i} to chip")
        for i in range(count):
            self.chip_sends(f"{word} {i} to alice")

    def chip_sends(self, text):
        def taken():
            try:
                return self.chip.send(self.alice.name, text)
            except Failed as failure:
                if "too many messages" not in str(failure):
                    raise
                self.chip.take()
                return None
        wait_until(taken, "room in the board's outbox", 120)
        self.sent["chip"].append(text.replace("\\\\", "\\").replace("\\n", "\n"))

    def all_arrive(self, timeout=240):
        heard = self.chip.listen(self.alice.name, len(self.sent["alice"]), timeout)
        wait_until(lambda: len(self.alice.heard_from(self.chip.name)) >= len(self.sent["chip"]), "what the board sent", timeout)
        expect(heard == self.sent["alice"], f"all of alice's messages once, in order: {len(heard)}")
        expect(self.alice.heard_from(self.chip.name) == self.sent["chip"], "all of the board's messages once, in order")
