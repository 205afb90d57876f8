// Runs everything and prints the report. Its digests must be the same on every
// machine: bench/board/board_test.py compares them.
#include "bench/board/report.h"

namespace bench::board {
namespace {

Report g_report;

int run() {
  Transcript primitives, conversation, tunnel;
  run_primitives(g_report, primitives);
  run_conversation(g_report, conversation);
  run_tunnel(g_report, tunnel);
  g_report.print();
  print_digest("primitives", primitives.digest());
  print_digest("conversation", conversation.digest());
  print_digest("tunnel", tunnel.digest());
  print_text("known answers: ok\n");
  return 0;
}

}  // namespace
}  // namespace bench::board

#ifdef GINNEL_BOARD
int board_main() { return bench::board::run(); }
#else
int main() { return bench::board::run(); }
#endif
