// A script of what the network may bring to a service over the memory store:
// requests on any topic, requests of an enrolled device that are signed,
// enrolments, time. Whatever it is, every publish that comes out is one that a
// device can parse, a repetition gets the same answer, and deadlines move on.
//
// A record of the script: what to do, a choice, a size in units of 8 bytes,
// and up to as many bytes.
#include "core/api/request.h"
#include "server/service/test_site.h"
#include "server/store/memory.h"

namespace {

using namespace server::service;

void check_out(const std::vector<OutgoingPublish>& out) {
  for (const auto& publish : out) {
    const auto* topic = reinterpret_cast<const std::uint8_t*>(publish.topic.data());
    const auto down = core::api::parse_down_topic({topic, publish.topic.size()});
    CHECK(down.ok());
    switch (down->down) {
      case core::api::Down::kReply:
        CHECK(core::api::ResponseView::parse(publish.payload).ok() && publish.correlation);
        break;
      case core::api::Down::kMail: CHECK(core::api::MailsView::parse(publish.payload).ok()); break;
      case core::api::Down::kNotice: CHECK(core::api::Notice::parse(publish.payload).ok()); break;
    }
  }
}

void add(server::store::Store& store, const TestDevice& device) {
  CHECK(store.begin().ok());
  CHECK(store
            .add_account({.id = 0,
                          .name = device.device,
                          .identity_key = device.identity_key,
                          .registration_id = device.registration_id,
                          .enrolled_at = {1},
                          .state = server::store::AccountState::kActive})
            .ok());
  CHECK(store.commit().ok());
}

struct Step {
  std::uint8_t what = 0, choice = 0;
  core::Bytes bytes;
};

Step next_step(core::Bytes& in) {
  Step step{in[0], in[1], {}};
  const std::size_t size = std::min<std::size_t>(in[2] * 8u, in.size() - 3);
  step.bytes = in.subspan(3, size);
  in = in.subspan(3 + size);
  return step;
}

void run(TestSite& site, TestDevice& alice, TestDevice& bob, const Step& step) {
  const auto method = static_cast<Method>(step.choice % core::api::kMethodCount);
  TestDevice& device = step.choice < 128 ? alice : bob;
  const Blob body(step.bytes.begin(), step.bytes.end());
  switch (step.what % 6) {
    case 0: {  // any topic, any payload
      const auto split = std::min<std::size_t>(step.choice, step.bytes.size());
      const std::vector<IncomingRequest> batch{
          {text_of(step.bytes.first(split)),
           {step.bytes.begin() + static_cast<std::ptrdiff_t>(split), step.bytes.end()}}};
      return check_out(site.service.handle(batch, site.now, site.wall));
    }
    case 1: {  // a device's topic, any payload
      const std::vector<IncomingRequest> batch{{device.request(method, {}).topic, body}};
      return check_out(site.service.handle(batch, site.now, site.wall));
    }
    case 2: {  // a signed request, twice
      const auto request = device.request(method, body);
      const std::vector<IncomingRequest> batch{request, request};
      const auto out = site.service.handle(batch, site.now, site.wall);
      check_out(out);
      CHECK(out.size() >= 2 && out[0].payload == out[1].payload);
      return;
    }
    case 3: return (void)site.service.enrol(step.bytes, site.wall);
    case 4: {
      site.now.ms += step.choice * 500;
      site.wall.ms += step.choice * 500;
      check_out(site.service.poll(site.now, site.wall));
      CHECK(site.service.next_deadline() > site.now);
      return;
    }
    default: return (void)site.service.revoke(device.device);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TestDevice alice("alice", 1);
  TestDevice bob("bob", 2);
  server::store::MemoryStore store;
  add(store, alice);
  add(store, bob);
  Limits limits;
  limits.verify_threads = 1;
  TestSite site(store, limits);
  core::Bytes in(data, size);
  for (int steps = 0; in.size() >= 3 && steps < 32; ++steps) {
    run(site, alice, bob, next_step(in));
  }
  return 0;
}
