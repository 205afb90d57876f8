// Who is enrolled: contacts and certificates. Spec: docs/spec/api.md contacts,
// renew.
#ifndef SERVER_SERVICE_ACCOUNTS_H_
#define SERVER_SERVICE_ACCOUNTS_H_

#include "server/service/answer.h"
#include "server/service/certificate_authority.h"

namespace server::service {

// Every enrolled device that is not revoked is a contact of every other.
// Errors: kStore.
Result<std::vector<store::Account>> contacts_of(store::Store& store, const core::DeviceName& device,
                                                const core::DeviceName& after, std::size_t limit);

// How many contacts an answer has that may have so many at most; 0: any number.
std::size_t page_size(std::uint32_t max_contacts);

// Errors: kStore.
Result<Answer> answer_contacts(store::Store& store, const store::Account& asker, Bytes body);

// A new certificate for the same name. Changes nothing in the store.
Answer answer_renew(CertificateAuthority& authority, const store::Account& asker, Bytes body);

}  // namespace server::service
#endif  // SERVER_SERVICE_ACCOUNTS_H_
