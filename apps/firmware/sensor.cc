#include "apps/firmware/sensor.h"

#include <charconv>

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace apps::firmware {
namespace {

constexpr auto kKey = core::label("sensor");
// Half of the outbox is left to people.
constexpr std::size_t kMaxWaiting = core::messenger::kMaxOutbox / 2;

void number(std::uint64_t value, core::Writer& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.bytes(
      {reinterpret_cast<const std::uint8_t*>(digits), static_cast<std::size_t>(end - digits)});
}

}  // namespace

core::Status Sensor::load() {
  core::ByteArray<4 + core::DeviceName::kMaxSize> value;
  const auto size = store_.get(kKey, value);
  if (!size && size.error() == core::Error::kNotFound) return {};
  if (!size) return size.error();
  core::Reader in(core::Bytes(value).first(*size));
  const auto period_s = in.u32_be();
  to_ = TRY(core::DeviceName::parse(in.rest()));
  period_s_ = period_s;
  next_ = period_s == 0 ? core::kNever : board_.now();
  return {};
}

core::Status Sensor::set(const core::DeviceName& to, std::uint32_t period_s) {
  if (period_s > kMaxPeriodS) return core::Error::kMalformed;
  core::ByteArray<4 + core::DeviceName::kMaxSize> value;
  core::Writer out(value);
  out.u32_be(period_s);
  out.bytes(to.bytes());
  TRY(store_.begin());
  if (const auto put = store_.put(kKey, out.written()); !put) {
    store_.rollback();
    return put;
  }
  TRY(store_.commit());
  to_ = to;
  period_s_ = period_s;
  next_ = period_s == 0 ? core::kNever : board_.now();
  return {};
}

void Sensor::step() {
  const core::Instant now = board_.now();
  if (now < next_ || !device_.enrolled()) return;
  next_ = now + std::int64_t{1000} * period_s_;
  send();
}

void Sensor::send() {
  ++number_;
  const auto info = device_.messenger().info();
  if (info.queued + info.failed >= kMaxWaiting) {
    ++skipped_;
    return;
  }
  core::ByteArray<96> text;
  core::Writer out(text);
  out.bytes(core::label("reading "));
  number(number_, out);
  out.bytes(core::label(": up "));
  number(static_cast<std::uint64_t>(board_.now().ms / 1000), out);
  out.bytes(core::label(" s, stack "));
  number(board_.stack_used(), out);
  out.bytes(core::label(" bytes"));
  const auto sent = device_.messenger().send(to_, out.written(), board_.now(), board_.wall_time());
  if (!sent) ++skipped_;
}

}  // namespace apps::firmware
