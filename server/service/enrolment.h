// The server's side of enrolment: invites, and the one exchange that turns an
// invite and a device's keys into an account and a certificate.
// Spec: docs/spec/enrolment.md, docs/spec/api.md enrolment.
#ifndef SERVER_SERVICE_ENROLMENT_H_
#define SERVER_SERVICE_ENROLMENT_H_

#include "core/api/enrol_message.h"
#include "server/service/service.h"

namespace server::service {

class Enroller {
 public:
  Enroller(store::Store& store, CertificateAuthority& authority, core::Rng& rng, const Site& site)
      : store_(store), authority_(authority), rng_(rng), site_(site) {}

  // Makes and stores an invite, in a transaction of its own.
  // Errors: kRng, kMalformed (site), kStore.
  core::Result<core::api::Token> invite(const core::DeviceName& name, std::int64_t ttl_s,
                                        core::WallTime wall);
  // Answers one sealed request, in a transaction of its own.
  Enrolment enrol(core::Bytes sealed, core::WallTime wall);

 private:
  // What happens inside the transaction; kAnswered with a refusal or an error
  // is rolled back.
  struct Outcome {
    Enrolment enrolment;
    bool commit = false;
  };
  core::Result<Outcome> exchange(core::Bytes sealed, core::WallTime wall);
  core::Result<Outcome> admit(const store::Invite& invite, core::Bytes plain, core::WallTime wall);
  core::Result<Outcome> refuse_sealed(const store::Invite& invite, core::api::Code code,
                                      std::string_view text);
  // Refusals are codes with a text, success is kOk.
  struct Verdict {
    core::api::Code code = core::api::Code::kOk;
    std::string_view text{};
  };
  Verdict check(const store::Invite& invite, const core::api::EnrolRequestView& request) const;
  core::Result<Verdict> claim(const store::Invite& invite,
                              const core::api::EnrolRequestView& request, core::WallTime wall);
  // The account's end of the tunnel: as before for the key it had, else new.
  core::Result<Verdict> connect(store::AccountId account, core::View<32> tunnel_key);
  core::Result<std::vector<std::uint8_t>> response(const store::Account& account,
                                                   core::Bytes certificate,
                                                   std::size_t max_contacts);
  core::Result<std::vector<std::uint8_t>> seal(const store::Invite& invite, core::Bytes plain);

  store::Store& store_;
  CertificateAuthority& authority_;
  core::Rng& rng_;
  const Site& site_;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_ENROLMENT_H_
