// A WireGuard device as a value: datagrams, IP packets, time and randomness in;
// datagrams, IP packets and one deadline out. Packets are sealed and opened in
// the caller's buffers. One thread at a time. Spec: [WG], docs/spec/tunnel.md.
//
//   from the socket: receive() -> an IP packet for the host, or a reply to send
//   from the host:   route(), send() -> a datagram, or the packet is staged
//   after either:    while (next_deadline().at <= now) poll() -> a datagram
//   now and then:    floor_to_store() -> store it -> floor_stored()
#ifndef CORE_WG_DEVICE_H_
#define CORE_WG_DEVICE_H_

#include "core/crypto/aead.h"
#include "core/wg/device_memory.h"
#include "core/wg/device_values.h"
#include "core/wg/tai64n.h"

namespace core::wg {

class Device {
 public:
  // All of `memory` outlives the device. `hash_key` is random, secret and new
  // for each device: without it nobody can aim at one place of its tables.
  Device(const DeviceMemory& memory, const DeviceOptions& options, View<32> hash_key);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();                                // wipes keys, also those in the caller's memory
  void extend(const DeviceMemory& memory);  // see there; sessions go on

  // Our static key; all zeros: none, and then nothing is sent or accepted. A
  // key that differs from the one before ends all sessions and removes the peer
  // that has it as its own. Time grows with the number of peers.
  void set_private_key(const Secret<32>& private_key);
  const Secret<32>& private_key() const { return private_key_; }
  const ByteArray<32>& public_key() const { return public_key_; }
  void set_mtu(std::uint16_t mtu) { options_.mtu = mtu; }  // bytes; padding stays within

  // Errors: kOutOfOrder: there is such a peer; kRefused: it is our own key;
  // kFull. A low-order key is taken, and nothing is ever sent to it.
  Result<PeerId> add_peer(View<32> public_key);
  Result<PeerId> find_peer(View<32> public_key) const;  // Errors: kNotFound
  // Wipes what was the peer's. In all calls with a PeerId: Errors: kNotFound.
  Status remove_peer(PeerId peer);
  // Walks all peers. The last one given may be removed before the next is asked for.
  std::optional<PeerId> first_peer() const { return peer_from(0); }
  std::optional<PeerId> next_peer(PeerId after) const { return peer_from(after.slot + 1); }
  std::size_t peer_count() const { return public_keys_.used(); }
  Result<PeerStatus> status(PeerId peer) const;

  // From the next handshake on; all zeros: none.
  Status set_preshared_key(PeerId peer, View<32> key);
  Status set_endpoint(PeerId peer, const Endpoint& endpoint);
  // Forgets our address and interface towards the peer (sending from there
  // failed): the port's routes decide until it is heard again.
  Status clear_source(PeerId peer);
  void note_unsent(PeerId peer, std::uint64_t size);  // bytes that the port could not send
  // Seconds; 0: off. Where it was off, something is sent at once.
  Status set_persistent_keepalive(PeerId peer, std::uint16_t interval_s, Instant now);
  // Ends the peer's sessions and its handshake, drops what is staged, stops the
  // persistent keepalive until the next traffic or setting.
  Status reset_peer(PeerId peer);

  // The peer may use inner addresses of `prefix`, and packets to them go to it;
  // taken from the peer that had the same prefix. Bits beyond prefix.bits are
  // ignored. Errors: kMalformed: too many bits; kFull, and nothing changed.
  Status add_allowed_ip(PeerId peer, const Prefix& prefix);
  // Errors: kNotFound too if the prefix is not this peer's; kMalformed.
  Status remove_allowed_ip(PeerId peer, const Prefix& prefix);
  Status clear_allowed_ips(PeerId peer);
  // Walks a peer's prefixes, the oldest first. A change of any peer's voids it.
  std::optional<AllowedIpRef> first_allowed_ip(PeerId peer) const;
  std::optional<AllowedIpRef> next_allowed_ip(AllowedIpRef r) const { return allowed_ips_.next(r); }
  Prefix allowed_ip(AllowedIpRef ref) const { return allowed_ips_.prefix(ref); }

  // --- Packets ---
  // Takes one datagram of any kind, which it overwrites, and says what came of
  // it. `received.bytes` is a view into `datagram`: the IP packet, cut to the
  // length its header says; or with kReply the reply for `from`, never longer
  // than what it answers. At most one handshake step (4 X25519) or one decryption.
  // Errors, none of which changes anything but counters:
  //   kMalformed: not a message, or inside it not an IP packet
  //   kBadTag: MAC1, a tag or a key is not as it should be; kBadKey: low order
  //   kNotFound: no such receiver index or public key; no private key
  //   kReplay: a counter or a timestamp seen before; kExpired: session too old
  //   kRefused: the inner source is not the peer's (the session stays), or too
  //   many handshakes from that source; kFull: no receiver index left; kRng
  Result<Received> receive(MutBytes datagram, const Endpoint& from, Instant now, Rng& rng);
  // The same for many datagrams of one source: what is found out for one is kept
  // for the next; packets of a session are decrypted together. Each has its result.
  void receive(std::span<Incoming> batch, const Endpoint& from, Instant now, Rng& rng);

  // The peer with the packet's destination. Errors: kMalformed; kNotFound: nobody's.
  Result<PeerId> route(Bytes ip_packet) const;
  // Seals packets for one peer in place, each in its buffer: see Outgoing.
  // The first `sealed` ones have a datagram now, to be sent to `to`. The rest
  // wait in the device for a handshake, which is started: poll() sends copies
  // of them later; the peer's oldest fall out first.
  // Errors: kNotFound; kOutOfOrder: no endpoint, or no private key; kMalformed: too little room.
  Result<Sent> send(PeerId peer, std::span<Outgoing> packets, Instant now);

  // Does the most urgent thing that is due, if any: at most one datagram, valid
  // until the next call that is not const, in `out` or not. `wall` {0}: not known.
  // Errors: kRng: the handshake is tried again after a while.
  Result<std::optional<ToSend>> poll(Instant now, WallTime wall, Rng& rng,
                                     MutView<kMaxPollSize> out);
  // When to call poll() until it lies ahead, and for what. May be early, never late.
  Deadline next_deadline() const;

  // --- Timestamps: see docs/spec/tunnel.md ---
  // What the store holds, when the device starts; 0: nothing yet.
  void set_stored_floor(std::uint64_t floor) { clock_ = Tai64nClock(floor); }
  // The floor that the store must hold before the device may start handshakes
  // with the timestamps below it; nothing: it holds enough. Asks in good time.
  std::optional<std::uint64_t> floor_to_store(WallTime wall) const { return clock_.wanted(wall); }
  // The store holds `floor` for good. kNoFloor: there is no store, the wall
  // clock alone is trusted to never go back.
  void floor_stored(std::uint64_t floor) { clock_.reserve(floor); }

  // The port's receive queue fills up: for one second handshakes need a cookie.
  // The device notices by itself more than options.handshakes_per_s.
  void note_overload(Instant now);
  const Counters& counters() const { return counters_; }

 private:
  friend struct TestOnlyAccess;
  struct Seen;      // what one datagram of a batch finds out for the next
  struct Arrival {  // of a datagram: where it came from, and what came of it
    const Endpoint& from;
    Rng& rng;
    Peer* peer = nullptr;  // has proved that it sent it, whatever was in it
    Received received{};   // but for the peer
  };
  struct Turn {  // one call of poll(): what its caller gave, and what is to be sent
    WallTime wall;
    Rng& rng;
    Outgoing sent;  // at first the caller's buffer, and no datagram
  };

  // device.cc
  Peer* find(PeerId id) const;  // nullptr: there is none
  Peer* find_by_key(View<32> public_key) const;
  Peer* find_by_index(std::uint32_t index) const;
  std::uint32_t slot_of(const Peer& peer) const;
  PeerId id_of(const Peer& peer) const { return {slot_of(peer), peer.generation_}; }
  std::optional<PeerId> peer_from(std::size_t slot) const;
  void remove(Peer& peer);
  void forget_handshake(Peer& peer);
  void drop_index(const Peer& peer, std::uint32_t index);  // 0: none
  void drop_sessions(Peer& peer);
  void end_sessions(Peer& peer);
  void advance(Instant now) { now_ = later(now_, now); }  // never back

  // device_handshake.cc; what has one caller is inline there if it is less than the call
  Status on_handshake(MutBytes datagram, Arrival& arrival);
  Status on_initiation(Initiation& message, Arrival& arrival);
  Status on_response(Response& message, Arrival& arrival);
  Status on_cookie_reply(CookieReply& message, Arrival& arrival);
  bool under_load();
  Status agree_statically(Peer& peer);
  Status draw(Rng& rng, std::uint32_t& index, Secret<32>& ephemeral) const;
  Status initiate(Peer& peer, Turn& turn);

  // device_transport.cc
  Status find_session(std::uint32_t index, Seen& seen);
  Status on_packet(MutBytes datagram, Arrival& arrival);
  void on_packets(std::span<Incoming> run, const Endpoint& from, Rng& rng, Seen& seen);
  Status on_authentic(const crypto::CountedText& opened, const Seen& seen, Arrival& arrival);
  Result<Received> outcome(Status done, const Arrival& arrival);
  std::size_t seal(Peer& peer, std::span<Outgoing> packets);
  static void count(std::uint64_t& counter);
  static void count(std::uint64_t& counter, std::size_t times);
  static Error count(std::uint64_t& counter, Error error);

  // device_timers.cc
  void reschedule(Peer& peer);
  Status run(Timer timer, Peer& peer, Turn& turn);
  Status run_initiate(Peer& peer, Turn& turn);
  void send_staged(Peer& peer, Turn& turn);
  bool send_keepalive(Peer& peer, Turn& turn);

  Instant now_ = kLongAgo, load_until_ = kLongAgo, overloaded_until_ = kLongAgo;
  std::uint32_t load_count_ = 0;
  bool has_private_key_ = false;
  DeviceOptions options_;
  Schedule schedule_;
  IndexTable receiver_indices_, public_keys_;
  Pool<Peer> peers_;
  std::span<std::uint32_t> replay_windows_;
  std::size_t window_words_ = 0;  // words of one of them
  AllowedIps allowed_ips_;
  Staging staging_;
  RateLimiter rate_limiter_;
  Tai64nClock clock_;
  Secret<32> hash_key_, private_key_;
  ByteArray<32> public_key_{};
  CookieChecker cookies_;
  Counters counters_{};
};

}  // namespace core::wg
#endif  // CORE_WG_DEVICE_H_
