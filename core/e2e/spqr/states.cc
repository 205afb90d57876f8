#include "core/e2e/spqr/states.h"

namespace core::e2e::spqr {
namespace {

// Visits the members of a state that are to be stored, in their order. One
// list for copying, writing and reading.
template <class F>
void members(KeysUnsampled&, F&&) {}
template <class F>
void members(KeysSampled& s, F&& f) {
  f(s.seed), f(s.header);
}
template <class F>
void members(HeaderSent& s, F&& f) {
  f(s.seed), f(s.vector), f(s.ct1);
}
template <class F>
void members(Ct1Received& s, F&& f) {
  f(s.seed), f(s.vector), f(s.ct1);
}
template <class F>
void members(EkSentCt1Received& s, F&& f) {
  f(s.seed), f(s.ct1), f(s.ct2);
}
template <class F>
void members(NoHeaderReceived& s, F&& f) {
  f(s.header);
}
template <class F>
void members(HeaderReceived& s, F&& f) {
  f(s.header);
}
template <class F>
void members(Ct1Sampled& s, F&& f) {
  f(s.header), f(s.message), f(s.ct1), f(s.vector);
}
template <class F>
void members(EkReceivedCt1Sampled& s, F&& f) {
  f(s.header), f(s.message), f(s.ct1), f(s.vector);
}
template <class F>
void members(Ct1Acknowledged& s, F&& f) {
  f(s.header), f(s.message), f(s.ct1), f(s.vector);
}
template <class F>
void members(Ct2Sampled& s, F&& f) {
  f(s.ct2);
}

struct ToBytes {
  Writer& out;
  template <std::size_t N>
  void operator()(Secret<N>& secret) {
    out.bytes(secret.view());
  }
  template <std::size_t N>
  void operator()(ByteArray<N>& bytes) {
    out.bytes(bytes);
  }
  template <class Value>
  void operator()(Sending<Value>& sending) {
    out.u16_be(sending.next);
    out.bytes(sending.value);
  }
  template <std::size_t N>
  void operator()(Decoder<N>& decoder) {
    decoder.write(out);
  }
};

struct FromBytes {
  Reader& in;
  bool ok = true;
  template <std::size_t N>
  void operator()(Secret<N>& secret) {
    fill(secret.mut());
  }
  template <std::size_t N>
  void operator()(ByteArray<N>& bytes) {
    fill(bytes);
  }
  template <class Value>
  void operator()(Sending<Value>& sending) {
    sending.next = in.u16_be();
    fill(sending.value);
  }
  template <std::size_t N>
  void operator()(Decoder<N>& decoder) {
    ok = decoder.read(in) && ok;
  }
  void fill(MutBytes to) {
    const Bytes from = in.take(to.size());
    if (!from.empty()) copy(from, to);
  }
};

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

void write_state(const State& state, Writer& out) {
  out.u8(static_cast<std::uint8_t>(state.index()));
  // Nothing is changed: one list serves for writing and reading.
  std::visit([&](auto& s) { members(s, ToBytes{out}); }, const_cast<State&>(state));
}

bool read_state(Reader& in, State& state) {
  if (!emplace(state, in.u8()) || !in.ok()) return false;
  FromBytes read{in};
  std::visit([&](auto& s) { members(s, read); }, state);
  return read.ok && in.ok();
}

void copy_state(const State& from, State& to) {
  ByteArray<kMaxStateSize> stored;
  Writer out(stored);
  write_state(from, out);
  Reader in(out.written());
  CHECK(out.ok() && read_state(in, to));
  wipe(stored);
}

}  // namespace core::e2e::spqr
