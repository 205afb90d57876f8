// The site's tunnel, from the device's side.
#include "ports/linux/tunnel.h"

#include "apps/ginnel/commands.h"
#include "apps/ginnel/text.h"
#include "ports/linux/wg_interface.h"

namespace apps::ginnel {
namespace {

using ports::linux_os::TunnelSettings;

Outcome<int> show_config(Context& context, const TunnelSettings& settings) {
  const auto file = ports::linux_os::wg_quick_file(settings);
  TRY(context.out.object({{"event", "tunnel_config"}, {"config", file.reveal()}}));
  TRY(context.out.text(file.reveal()));
  return kExitOk;
}

Outcome<int> bring_up(Context& context, const TunnelSettings& settings,
                      const std::string& interface) {
  auto done = ports::linux_os::tunnel_up(settings, interface);
  if (!done) {
    Problem problem = done.error();
    if (problem.advice == "Run it as root.") {
      problem.advice = "Run: sudo ginnel --home " + context.home.path() + " tunnel up";
    }
    return problem;
  }
  TRY(context.out.object({{"event", "tunnel"}, {"state", "up"}, {"interface", interface}}));
  TRY(context.out.text("The tunnel is up on " + interface + ". Try: ginnel doctor\n"));
  return kExitOk;
}

Outcome<int> take_down(Context& context, const TunnelSettings& settings) {
  const bool was_up = TRY(ports::linux_os::tunnel_down(settings));
  TRY(context.out.object({{"event", "tunnel"}, {"state", "down"}, {"before", !was_up}}));
  TRY(context.out.text(was_up ? "The tunnel is down.\n" : "The tunnel was not up.\n"));
  return kExitOk;
}

Outcome<int> show_status(Context& context, const TunnelSettings& settings) {
  const auto state = ports::linux_os::tunnel_state(settings);
  const bool up = !state.interface.empty();
  const std::string address = ports::linux_os::address_text(settings.address);
  nlohmann::ordered_json object{
      {"event", "tunnel"}, {"state", up ? "up" : "down"}, {"address", address}};
  std::string text = up ? "up on " + state.interface + ", as " + address + "\n"
                        : "not up; as " + address + "\n  bring it up with: ginnel tunnel up\n";
  if (up) object["interface"] = state.interface;
  if (up && state.counters) {
    const auto age_s = ports::linux_os::wall_now().ms / 1000 - state.handshake_s;
    object["endpoint"] = state.endpoint;
    object["received"] = state.received;
    object["sent"] = state.sent;
    if (state.handshake_s != 0) object["handshake_age_s"] = age_s;
    text += "  gateway        " + state.endpoint + "\n  handshake      " +
            (state.handshake_s == 0 ? "never" : std::to_string(age_s) + " s ago") +
            "\n  received, sent " + std::to_string(state.received) + ", " +
            std::to_string(state.sent) + " bytes\n";
  } else if (up) {
    text += "  more is shown to root, of an interface that ginnel-wg serves\n";
  }
  TRY(context.out.object(object));
  TRY(context.out.text(text));
  return up ? kExitOk : kExitNetwork;
}

}  // namespace

Outcome<int> tunnel(Context& context, const TunnelOptions& options) {
  const auto settings = TRY(context.home.load());
  if (!settings.tunnel) {
    return Problem{ProblemKind::kInput, "This device's site has no tunnel.",
                   "If it has one now, ask the operator for an invitation for this name and run "
                   "`ginnel enroll TOKEN`."};
  }
  switch (options.what) {
    case TunnelOptions::What::kConfig: return show_config(context, *settings.tunnel);
    case TunnelOptions::What::kUp: return bring_up(context, *settings.tunnel, options.interface);
    case TunnelOptions::What::kDown: return take_down(context, *settings.tunnel);
    case TunnelOptions::What::kStatus: break;
  }
  return show_status(context, *settings.tunnel);
}

}  // namespace apps::ginnel
