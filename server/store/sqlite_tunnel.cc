// The tunnel's part of the SQLite store.
#include "server/store/sqlite_store.h"

namespace server::store {

using core::Error;

namespace {

TunnelPeer read_peer(Query& row) {
  return {.account = row.integer(0),
          .host = row.array<8>(1),
          .public_key = row.array<32>(2),
          .preshared_key = row.array<32>(3)};
}

}  // namespace

Status SqliteStore::put_tunnel_peer(const TunnelPeer& peer) {
  {
    Query account(prepared("SELECT 1 FROM accounts WHERE id = ?"), peer.account);
    if (!TRY(account.step())) return Error::kNotFound;
  }
  {
    Query owner(prepared("SELECT account FROM tunnel_peers WHERE host = ?"), peer.host);
    if (TRY(owner.step()) && owner.integer(0) != peer.account) return Error::kReplay;
  }
  TRY(Query(prepared("DELETE FROM tunnel_peers WHERE account = ?"), peer.account).run());
  Query put(prepared("INSERT INTO tunnel_peers (account, host, public_key, preshared_key) "
                     "VALUES (?, ?, ?, ?)"),
            peer.account, peer.host, peer.public_key, peer.preshared_key);
  return put.run();
}

Result<TunnelPeer> SqliteStore::find_tunnel_peer(AccountId id) {
  Query row(prepared("SELECT account, host, public_key, preshared_key FROM tunnel_peers "
                     "WHERE account = ?"),
            id);
  if (!TRY(row.step())) return Error::kNotFound;
  return read_peer(row);
}

Result<std::vector<TunnelPeer>> SqliteStore::list_tunnel_peers() {
  Query row(
      prepared("SELECT account, host, public_key, preshared_key FROM tunnel_peers "
               "ORDER BY host"));
  std::vector<TunnelPeer> out;
  while (TRY(row.step())) out.push_back(read_peer(row));
  return out;
}

}  // namespace server::store
