#include "core/e2e/spqr/states.h"

#include <tuple>

namespace core::e2e::spqr {
namespace {

// The members of each state in the order in which they are stored: one list
// for copying, writing and reading.
constexpr auto members(const KeysUnsampled&) { return std::tuple(); }
constexpr auto members(const KeysSampled&) {
  return std::tuple(&KeysSampled::seed, &KeysSampled::header);
}
constexpr auto members(const HeaderSent&) {
  return std::tuple(&HeaderSent::seed, &HeaderSent::vector, &HeaderSent::ct1);
}
constexpr auto members(const Ct1Received&) {
  return std::tuple(&Ct1Received::seed, &Ct1Received::vector, &Ct1Received::ct1);
}
constexpr auto members(const EkSentCt1Received&) {
  return std::tuple(&EkSentCt1Received::seed, &EkSentCt1Received::ct1, &EkSentCt1Received::ct2);
}
constexpr auto members(const NoHeaderReceived&) { return std::tuple(&NoHeaderReceived::header); }
constexpr auto members(const HeaderReceived&) { return std::tuple(&HeaderReceived::header); }
template <class S>  // the three that collect the vector or have it beside ct1
constexpr auto members(const S&) {
  return std::tuple(&S::header, &S::message, &S::ct1, &S::vector);
}
constexpr auto members(const Ct2Sampled&) { return std::tuple(&Ct2Sampled::ct2); }

template <class S, class F>
void for_each_member(const S& state, F&& f) {
  std::apply([&](auto... member) { (f(member), ...); }, members(state));
}

template <class T>
void copy_member(const T& from, T& to) {
  to = from;
}
template <std::size_t N>
void copy_member(const Secret<N>& from, Secret<N>& to) {
  copy(from.view(), to.mut());
}

template <std::size_t N>
void write_member(const Secret<N>& secret, Writer& out) {
  out.bytes(secret.view());
}
template <std::size_t N>
void write_member(const ByteArray<N>& bytes, Writer& out) {
  out.bytes(bytes);
}
template <class Value>
void write_member(const Sending<Value>& sending, Writer& out) {
  out.u16_be(sending.next);
  out.bytes(sending.value);
}
template <std::size_t N>
void write_member(const Decoder<N>& decoder, Writer& out) {
  decoder.write(out);
}

template <std::size_t N>
bool read_member(Reader& in, ByteArray<N>& bytes) {
  copy(in.take(N), bytes);
  return in.ok();
}
template <std::size_t N>
bool read_member(Reader& in, Secret<N>& secret) {
  copy(in.take(N), secret.mut());
  return in.ok();
}
template <class Value>
bool read_member(Reader& in, Sending<Value>& sending) {
  sending.next = in.u16_be();
  return read_member(in, sending.value);
}
template <std::size_t N>
bool read_member(Reader& in, Decoder<N>& decoder) {
  return decoder.read(in);
}

template <std::size_t I = 0>
bool emplace(State& state, std::size_t index) {
  if constexpr (I < std::variant_size_v<State>) {
    if (index != I) return emplace<I + 1>(state, index);
    state.emplace<I>();
    return true;
  }
  return false;
}

}  // namespace

void copy_state(const State& from, State& to) {
  std::visit(
      [&]<class S>(const S& source) {
        auto& target = to.emplace<S>();
        for_each_member(source, [&](auto m) { copy_member(source.*m, target.*m); });
      },
      from);
}

void write_state(const State& state, Writer& out) {
  out.u8(static_cast<std::uint8_t>(state.index()));
  std::visit([&](const auto& s) { for_each_member(s, [&](auto m) { write_member(s.*m, out); }); },
             state);
}

bool read_state(Reader& in, State& state) {
  if (!emplace(state, in.u8()) || !in.ok()) return false;
  bool ok = true;
  std::visit(
      [&](auto& s) { for_each_member(s, [&](auto m) { ok = ok && read_member(in, s.*m); }); },
      state);
  return ok;
}

}  // namespace core::e2e::spqr
