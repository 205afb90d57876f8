// A device under a hostile server: any answers, mail and notices, in any order.
//
// The input is a list of steps: a kind, a size (two bytes) and that many bytes.
#include <memory>
#include <vector>

#include "core/messenger/messenger.h"
#include "ports/fake/rng.h"
#include "ports/fake/store.h"

using namespace core;
using namespace core::messenger;
using api::Method;

namespace {

constexpr WallTime kWall{1'767'225'600'000};
using Blob = std::vector<std::uint8_t>;

DeviceName name_of(const char* text) {
  return *DeviceName::parse({reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)});
}

class Device {
 public:
  explicit Device(const char* name, std::uint64_t seed) : rng_(seed) {
    NewDevice device;
    device.name = name_of(name);
    device.identity_key = *crypto::x25519_private(rng_);
    device.registration_id = 1;
    CHECK(Messenger::create(store, device).ok());
  }
  void start() {
    messenger = std::make_unique<Messenger>(store, rng_, *work_);
    CHECK(messenger->open(now).ok());
    messenger->connected(now);
    ids = {};
  }
  // Keeps the ids and bodies of the requests.
  void poll() {
    for (int i = 0; i < 40; ++i) {
      const auto out = messenger->poll(now, kWall);
      if (out && *out) {
        const auto method = static_cast<std::size_t>((*out)->method);
        ids[method] = to_array((*out)->request_id);
        const auto body = api::RequestView::parse((*out)->payload)->body;
        bodies[method].assign(body.begin(), body.end());
      } else if (!out || messenger->next_deadline() > now) {
        return;
      }
    }
  }
  void answer(Method method, api::Code code, Bytes body) {
    Blob payload(body.size() + 64);
    api::ResponseView view{.request_id = ids[static_cast<std::size_t>(method)]};
    view.code = code;
    view.body = body;
    payload.resize(*view.encode(payload));
    static_cast<void>(messenger->receive(api::Down::kReply, payload, now, kWall));
  }
  const Blob& body(Method method) const { return bodies[static_cast<std::size_t>(method)]; }

  Instant now{1};
  ports::fake::FakeStore store;
  std::unique_ptr<Messenger> messenger;
  std::array<RequestId, api::kMethodCount> ids{};
  std::array<Blob, api::kMethodCount> bodies;

 private:
  ports::fake::FakeRng rng_;
  std::unique_ptr<Workspace> work_ = std::make_unique<Workspace>();
};

// A device with keys, and real first messages and a session reset to it.
struct Scene {
  Scene() {
    bob.start();
    bob.poll();
    bob.answer(Method::kStatus, api::Code::kOk, {});
    while (bob.body(Method::kPublish).empty()) bob.poll();
    bob.answer(Method::kPublish, api::Code::kOk, {});

    Device alice("alice", 2);
    alice.start();
    for (int i = 0; i < 4; ++i) {
      CHECK(alice.messenger->send(name_of("bob"), Blob(20), alice.now, kWall).ok());
    }
    alice.poll();
    alice.answer(Method::kStatus, api::Code::kOk, {});
    alice.poll();
    auto keys = *api::PublishRequestView::parse(bob.body(Method::kPublish));
    const auto identity = bob.messenger->identity_key();
    api::BundleResponseView bundle{.identity_key = identity,
                                   .signed_pre_key = *keys.signed_pre_key,
                                   .kem = *keys.one_time_kem.next()};
    bundle.registration_id = 1;
    bundle.device_id = 1;
    bundle.one_time = keys.one_time.next();
    bundle_body.resize(4096);
    bundle_body.resize(*bundle.encode(bundle_body));
    alice.answer(Method::kBundle, api::Code::kOk, bundle_body);
    alice.poll();
    auto sent = *api::MailsView::parse(alice.body(Method::kSend));
    while (const auto mail = sent.mail.next()) {
      mails.push_back({mail->type, {mail->ciphertext.begin(), mail->ciphertext.end()}});
    }
    CHECK(mails.size() == 4);
    SessionReset reset;
    reset.generation = 300;
    reset.unread_count = 2;
    Blob signed_reset(SessionReset::kMaxSize);
    ports::fake::FakeRng rng(3);
    const auto from = name_of("alice"), to = name_of("bob");
    signed_reset.resize(*reset.seal({from, alice.messenger->identity_key(), to, identity},
                                    alice.messenger->identity_private_key(), rng, signed_reset));
    mails.push_back({kResetMailType, signed_reset});
    contents = bob.store.contents();
  }
  Device bob{"bob", 1};
  Blob bundle_body;
  std::vector<std::pair<std::uint32_t, Blob>> mails;
  ports::fake::FakeStore::Contents contents;
};

void push(Device& bob, const char* from, std::uint32_t type, Bytes ciphertext) {
  if (ciphertext.empty() || ciphertext.size() > 60'000) return;
  const ByteArray<16> mail_id{};
  Blob payload(ciphertext.size() + 200);
  api::MailsWriter out(payload);
  api::MailView mail{.mail_id = mail_id};
  mail.from = name_of(from);
  mail.type = type;
  mail.ciphertext = ciphertext;
  mail.sequence = bob.messenger->info().through + 1;
  CHECK(out.add(mail).ok());
  static_cast<void>(bob.messenger->receive(api::Down::kMail, out.written(), bob.now, kWall));
  // Whatever it was, it is dealt with: it never blocks the mailbox.
  CHECK(bob.messenger->info().through == mail.sequence);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scene& scene = *new Scene;
  Device& bob = scene.bob;
  bob.store.restore(scene.contents);
  bob.start();
  static_cast<void>(bob.messenger->send(name_of("carol"), Blob(3), bob.now, kWall));
  bob.poll();
  bob.answer(Method::kStatus, api::Code::kOk, {});
  bob.poll();
  Reader in({data, size});
  for (int steps = 0; steps < 16 && in.remaining() >= 3; ++steps) {
    const auto kind = in.u8();
    const auto bytes = in.take(std::min<std::size_t>(in.u16_be(), in.remaining()));
    const std::uint8_t first = bytes.empty() ? 0 : bytes[0];
    const Bytes rest = bytes.empty() ? bytes : bytes.subspan(1);
    switch (kind % 8) {
      case 0:
      case 1:
      case 2:
        static_cast<void>(
            bob.messenger->receive(static_cast<api::Down>(kind % 8), bytes, bob.now, kWall));
        break;
      case 3:  // an answer to a request that is under way
        bob.answer(static_cast<Method>(first % api::kMethodCount),
                   static_cast<api::Code>(first / api::kMethodCount % 12), rest);
        break;
      case 4: push(bob, first & 1 ? "alice" : "mallory", first / 2 % 9, rest); break;
      case 5: {  // a real message, one byte changed
        auto [type, ciphertext] = scene.mails[first % scene.mails.size()];
        if (rest.size() >= 3) {
          const auto at = static_cast<std::size_t>(rest[0] << 8 | rest[1]);
          ciphertext[at % ciphertext.size()] ^= rest[2];
        }
        push(bob, "alice", type, ciphertext);
        break;
      }
      case 6: {  // a real bundle, one byte changed
        auto body = scene.bundle_body;
        if (bytes.size() >= 3) {
          body[static_cast<std::size_t>(bytes[0] << 8 | bytes[1]) % body.size()] ^= bytes[2];
        }
        bob.answer(Method::kBundle, api::Code::kOk, body);
        break;
      }
      case 7:
        bob.now = bob.now + first * 1000;
        bob.poll();
        break;
    }
  }
  bob.poll();
  return 0;
}
