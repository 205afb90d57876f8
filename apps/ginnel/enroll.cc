#include "apps/ginnel/commands.h"
#include "apps/ginnel/text.h"
#include "ports/linux/enrolment.h"
#include "ports/linux/tunnel.h"

namespace apps::ginnel {
namespace {

// Publishes the first keys, so that others can write to this device at once.
Outcome<bool> publish_keys(Context& context, double timeout_s) {
  const auto session = TRY(open_session(context.home, Access::kExclusive, Serve::kNo));
  return wait_until(*session, timeout_s, [&]() -> Outcome<bool> {
    const Json status = TRY(session->request({{"op", "status"}}));
    return status.value("server_known", false) && status["server"].value("one_time_keys", 0) > 0 &&
           status["server"].value("one_time_kem_keys", 0) > 0 &&
           status["server"].value("keys_match", false);
  });
}

Outcome<bool> tunnel_is_up(Context& context) {
  const auto settings = TRY(context.home.load());
  return settings.tunnel && !ports::linux_os::tunnel_state(*settings.tunnel).interface.empty();
}

}  // namespace

Outcome<int> enroll(Context& context, const std::string& token, double timeout_s) {
  TRY(context.home.make());
  ports::linux_os::Enrolled enrolled;
  {
    const auto lock = TRY(wait_for_lock(context.home, 2000));
    ports::linux_os::SystemRng rng;
    enrolled = TRY(ports::linux_os::enrol(context.home, token, rng,
                                          static_cast<std::int64_t>(timeout_s * 1000)));
  }
  // There is a device from here on: what fails now is made up for later.
  const bool reachable = !enrolled.tunnel || TRY(tunnel_is_up(context));
  bool in_stock = false;
  if (reachable) {
    const auto published = publish_keys(context, timeout_s);
    in_stock = published && *published;
  }
  const std::string name = ports::linux_os::text_of(enrolled.name);

  TRY(context.out.object({{"event", "enrolled"},
                          {"name", name},
                          {"home", context.home.path()},
                          {"contacts", enrolled.contacts},
                          {"before", enrolled.before},
                          {"keys_published", in_stock},
                          {"tunnel", enrolled.tunnel}}));
  TRY(context.out.text(enrolled.before ? "This device is " + name + " already.\n"
                                       : "This device is " + name + " now.\n"));
  if (!reachable) {
    TRY(context.out.text("The site is inside a tunnel. Next, as root: ginnel --home " +
                         context.home.path() + " tunnel up\n"));
  } else if (in_stock) {
    TRY(
        context.out.text("Others can write to it. Try: ginnel contacts, ginnel send NAME TEXT, "
                         "ginnel listen\n"));
  } else {
    context.out.note(
        "Its keys could not be published yet, so nobody can start writing to it.\n"
        "They are published as soon as a command reaches the server: run `ginnel doctor`.");
  }
  return kExitOk;
}

}  // namespace apps::ginnel
