// The send log against a plain model of it.
#include "core/mqtt/send_log.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "core/mqtt/text_test.h"

namespace core::mqtt {
namespace {

// The same log, kept as strings.
struct Model {
  struct Message {
    PacketId id;
    std::string packet;
    bool held = false, attempted = false;
    std::size_t unsent = 0;  // bytes not sent on this connection
  };
  std::deque<Message> kept;  // in the order of the messages
  std::string output;
  // Where each message that is not sent whole ends in the output.
  void sent(std::size_t size) {
    output.erase(0, size);
    for (auto& m : kept) m.unsent -= std::min(m.unsent, size);
  }
};

TEST(SendLog, BehavesLikeItsModelWhateverIsDone) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) { return random() % n; };
    std::vector<std::uint8_t> buffer(60 + below(200));
    SendLog log(buffer);
    Model model;
    PacketId next_id = 1;
    for (int step = 0; step < 400; ++step) {
      switch (below(7)) {
        case 0:
        case 1: {  // a packet, kept or not
          const std::size_t size = 2 + below(40);
          if (log.space().size() < size && log.room() >= size) log.compact();
          if (log.space().size() < size) {
            ASSERT_LT(log.room(), size);
            break;
          }
          const bool kept = below(3) != 0 && log.kept_count() < kMaxInFlight;
          std::string packet(size, static_cast<char>('a' + next_id % 26));
          packet[0] = '2';
          copy(bytes(packet), log.space());
          if (kept) {
            log.commit_kept(size, next_id);
            model.kept.push_back({next_id++, packet});
          } else {
            log.commit(size);
          }
          model.output += packet;
          if (kept) model.kept.back().unsent = model.output.size();
          break;
        }
        case 2: {  // some of the output is sent
          const std::size_t size = below(log.output().size() + 1);
          log.output_sent(size);
          model.sent(size);
          break;
        }
        case 3: {  // an acknowledgement
          const auto id = static_cast<PacketId>(below(next_id) + 1);
          const auto at = std::find_if(model.kept.begin(), model.kept.end(),
                                       [&](const auto& m) { return m.id == id && !m.held; });
          ASSERT_EQ(log.drop(id), at != model.kept.end());
          if (at != model.kept.end()) model.kept.erase(at);
          break;
        }
        case 4: {  // the connection breaks, rarely
          if (below(8) != 0) break;
          log.hold_all();
          for (auto& m : model.kept) {
            if (!m.held && m.unsent < m.packet.size()) m.attempted = true;
            m.held = true;
            m.unsent = 0;
          }
          model.output.clear();
          break;
        }
        case 5: {  // a held message is sent again or dropped
          const auto at = std::find_if(model.kept.begin(), model.kept.end(),
                                       [](const auto& m) { return m.held; });
          const auto held = log.oldest_held();
          ASSERT_EQ(held.has_value(), at != model.kept.end());
          if (!held) break;
          ASSERT_EQ(held->id, at->id);
          ASSERT_EQ(text(held->packet).substr(1), at->packet.substr(1));
          if (below(5) == 0) {
            log.drop_oldest_held();
            model.kept.erase(at);
            break;
          }
          const bool mark = below(2) == 0;
          log.release_oldest_held(mark ? SendLog::Duplicate::kMark : SendLog::Duplicate::kClear);
          at->packet[0] = mark && at->attempted ? ':' : '2';  // 0x3a, 0x32
          at->held = false;
          model.output += at->packet;
          at->unsent = model.output.size();
          break;
        }
        default:
          if (below(4) == 0) log.compact();
      }
      ASSERT_EQ(text(log.output()), model.output) << seed << " " << step;
      ASSERT_EQ(log.kept_count(), model.kept.size());
      std::size_t held = 0, used = model.output.size();
      for (const auto& m : model.kept) {
        ASSERT_TRUE(log.is_kept(m.id));
        held += m.held ? 1 : 0;
        used += m.packet.size() - (m.held ? 0 : std::min(m.unsent, m.packet.size()));
      }
      ASSERT_EQ(log.held_count(), held);
      ASSERT_EQ(log.room(), buffer.size() - used) << seed << " " << step;
      ASSERT_LE(log.space().size(), log.room());
    }
  }
}

TEST(SendLog, StartsAtTheFrontWhenAllIsSent) {
  ByteArray<16> buffer{};
  SendLog log(buffer);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(log.space().size(), 16u);
    log.commit(10);
    log.output_sent(10);
  }
}

}  // namespace
}  // namespace core::mqtt
