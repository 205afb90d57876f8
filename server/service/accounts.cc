#include "server/service/accounts.h"

#include <algorithm>

namespace server::service {

using core::Error;

Result<std::vector<store::Account>> contacts_of(store::Store& store, const core::DeviceName& device,
                                                const core::DeviceName& after, std::size_t limit) {
  std::vector<store::Account> out;
  core::DeviceName from = after;
  while (out.size() < limit) {
    const auto page = TRY(store.list_accounts(from, limit));
    for (const auto& account : page) {
      from = account.name;
      if (account.state == store::AccountState::kRevoked || account.name == device) continue;
      if (out.size() < limit) out.push_back(account);
    }
    if (page.size() < limit) break;
  }
  return out;
}

std::size_t page_size(std::uint32_t max_contacts) {
  constexpr std::size_t kMost = core::api::kMaxContactsPerPage;
  return max_contacts == 0 ? kMost : std::min<std::size_t>(max_contacts, kMost);
}

Result<Answer> answer_contacts(store::Store& store, const store::Account& asker, Bytes body) {
  const auto request = core::api::ContactsRequest::parse(body);
  if (!request) return refuse(Code::kMalformed, "the request for contacts does not parse");
  // One more than a page, to know whether there are more.
  const std::size_t page = page_size(request->max_contacts);
  const auto contacts = TRY(contacts_of(store, asker.name, request->after, page + 1));
  Blob out((page + 1) * 128);
  core::ProtobufWriter writer(out);
  for (std::size_t i = 0; i < contacts.size() && i < page; ++i) {
    const core::api::ContactView contact{.name = contacts[i].name,
                                         .identity_key = contacts[i].identity_key};
    CHECK(core::api::append_contact(writer, 1, contact).ok());
  }
  if (contacts.size() > page) writer.varint(2, 1);
  const auto size = writer.finish();
  CHECK(size.ok());
  out.resize(*size);
  return Answer{.body = std::move(out)};
}

Answer answer_renew(CertificateAuthority& authority, const store::Account& asker, Bytes body) {
  const auto request = core::api::RenewRequestView::parse(body);
  if (!request) return refuse(Code::kMalformed, "the request for a certificate does not parse");
  const auto certificate = authority.sign(request->csr, asker.name);
  if (certificate) {
    return {.body = encoded(core::api::RenewResponseView{.certificate = *certificate},
                            certificate->size() + 16)};
  }
  switch (certificate.error()) {
    case Error::kMalformed:
    case Error::kBadKey:
    case Error::kBadTag: return refuse(Code::kMalformed, "the certificate request is refused");
    default: return refuse(Code::kInternal, "the certificate authority failed: try again later");
  }
}

}  // namespace server::service
