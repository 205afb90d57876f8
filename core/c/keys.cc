// Identities, prekeys and bundles of ginnel.h.
#include "core/api/fields.h"
#include "core/api/keys_message.h"
#include "core/c/bundle.h"
#include "core/c/memory.h"

namespace core::c {
namespace {

static_assert(GINNEL_PUBLIC_KEY_SIZE == e2e::kPublicKeySize);
static_assert(GINNEL_KEM_KEY_SIZE == prekey::kKemKeySize);
static_assert(GINNEL_SIGNATURE_SIZE == crypto::kSignatureSize);
static_assert(sizeof(ginnel_kem_prekey::seed) == crypto::kKemSeedSize);

void restore(const Secret<32>& private_key, ginnel_identity& out) {
  const e2e::OurIdentity key(private_key.view());
  copy(key.private_key().view(), out.private_key);
  copy(key.public_key(), out.public_key);
}

Status generate(Rng& rng, ginnel_identity& out) {
  Secret<32> private_key;
  TRY(rng.fill(private_key.mut()));
  restore(private_key, out);
  return {};
}

Status generate(const ginnel_device& device, std::uint32_t id, ginnel_one_time_prekey& out) {
  CallerRng rng(device.random, device.random_argument);
  TRY(generate(rng, out.key));
  out.id = id;
  return {};
}

Status generate(const ginnel_device& device, std::uint32_t id, ginnel_signed_prekey& out) {
  Device ours(device);
  TRY(generate(ours.rng, out.key));
  const auto signature = TRY(sign_pre_key(ours.identity, out.key.public_key, ours.rng));
  copy(signature, out.signature);
  out.id = id;
  return {};
}

Status generate(const ginnel_device& device, std::uint32_t id, ginnel_kem_prekey& out) {
  Device ours(device);
  TRY(ours.rng.fill(out.seed));
  crypto::kyber1024_public_key(out.seed, ours.work.kem_key, ours.work.kem);
  const auto signature = TRY(sign_pre_key(ours.identity, ours.work.kem_key, ours.rng));
  copy(signature, out.signature);
  out.id = id;
  return {};
}

template <class Prekey>
ginnel_error generate_into(const ginnel_device* device, std::uint32_t id, Prekey* out) {
  if (out == nullptr) return GINNEL_USAGE;
  wipe(bytes_of(out));
  if (!Device::is_complete(device)) return GINNEL_USAGE;
  const auto generated = generate(*device, id, *out);
  if (!generated) wipe(bytes_of(out));
  return error_of(generated);
}

// True iff the API carries these ids.
bool has_key_ids(const ginnel_bundle& bundle) {
  return api::is_key_id(bundle.signed_id) && api::is_key_id(bundle.kem_id) &&
         (bundle.one_time_key == nullptr || api::is_key_id(bundle.one_time_id));
}

Status parse(Bytes in, ginnel_bundle& out) {
  const auto bundle = TRY(api::BundleResponseView::parse(in));
  out.registration_id = bundle.registration_id;
  out.device_id = bundle.device_id;
  out.identity_key = bundle.identity_key.data();
  if (bundle.one_time) {
    out.one_time_id = bundle.one_time->id;
    out.one_time_key = bundle.one_time->public_key.data();
  }
  out.signed_id = bundle.signed_pre_key.id;
  out.signed_key = bundle.signed_pre_key.public_key.data();
  out.signed_signature = bundle.signed_pre_key.signature.data();
  out.kem_id = bundle.kem.id;
  out.kem_key = bundle.kem.public_key.data();
  out.kem_signature = bundle.kem.signature.data();
  return {};
}

}  // namespace

bool is_complete(const ginnel_bundle* bundle) {
  return bundle != nullptr &&
         all_given({bundle->identity_key, bundle->signed_key, bundle->signed_signature}) &&
         (bundle->kem_key == nullptr) == (bundle->kem_signature == nullptr);
}

prekey::Bundle bundle_of(const ginnel_bundle& bundle) {
  prekey::Bundle out{
      .registration_id = bundle.registration_id,
      .device_id = bundle.device_id,
      .identity_key = view<GINNEL_PUBLIC_KEY_SIZE>(bundle.identity_key),
      .one_time = {},
      .signed_pre_key = {bundle.signed_id, view<GINNEL_PUBLIC_KEY_SIZE>(bundle.signed_key),
                         view<GINNEL_SIGNATURE_SIZE>(bundle.signed_signature)},
      .kem = {}};
  if (bundle.one_time_key != nullptr) {
    out.one_time = {bundle.one_time_id, view<GINNEL_PUBLIC_KEY_SIZE>(bundle.one_time_key)};
  }
  if (bundle.kem_key != nullptr) {
    out.kem = {bundle.kem_id, view<GINNEL_KEM_KEY_SIZE>(bundle.kem_key),
               view<GINNEL_SIGNATURE_SIZE>(bundle.kem_signature)};
  }
  return out;
}

}  // namespace core::c

using namespace core;
using namespace core::c;

extern "C" {

ginnel_error ginnel_identity_generate(ginnel_random random, void* random_argument,
                                      ginnel_identity* out) {
  if (out == nullptr) return GINNEL_USAGE;
  wipe(bytes_of(out));
  if (random == nullptr) return GINNEL_USAGE;
  CallerRng rng(random, random_argument);
  return error_of(generate(rng, *out));
}

ginnel_error ginnel_identity_restore(const uint8_t* private_key, ginnel_identity* out) {
  if (out == nullptr) return GINNEL_USAGE;
  if (private_key == nullptr) {
    wipe(bytes_of(out));
    return GINNEL_USAGE;
  }
  restore(Secret<32>(view<GINNEL_PRIVATE_KEY_SIZE>(private_key)), *out);
  return GINNEL_OK;
}

ginnel_error ginnel_one_time_prekey_generate(const ginnel_device* device, uint32_t id,
                                             ginnel_one_time_prekey* out) {
  return generate_into(device, id, out);
}

ginnel_error ginnel_signed_prekey_generate(const ginnel_device* device, uint32_t id,
                                           ginnel_signed_prekey* out) {
  return generate_into(device, id, out);
}

ginnel_error ginnel_kem_prekey_generate(const ginnel_device* device, uint32_t id,
                                        ginnel_kem_prekey* out) {
  return generate_into(device, id, out);
}

ginnel_error ginnel_kem_prekey_public(const ginnel_kem_prekey* prekey, ginnel_work* work,
                                      uint8_t* out) {
  if (out == nullptr) return GINNEL_USAGE;
  const MutView<GINNEL_KEM_KEY_SIZE> public_key(out, GINNEL_KEM_KEY_SIZE);
  wipe(public_key);
  if (!all_given({prekey, work})) return GINNEL_USAGE;
  crypto::kyber1024_public_key(prekey->seed, public_key, work_in(*work).kem);
  return GINNEL_OK;
}

ginnel_error ginnel_bundle_verify(const ginnel_bundle* bundle) {
  if (!is_complete(bundle)) return GINNEL_USAGE;
  return error_of(prekey::verify(bundle_of(*bundle)));
}

ginnel_error ginnel_bundle_parse(const uint8_t* in, size_t in_size, ginnel_bundle* out) {
  if (out == nullptr) return GINNEL_USAGE;
  *out = {};
  if (!is_buffer(in, in_size)) return GINNEL_USAGE;
  return error_of(parse({in, in_size}, *out));
}

ginnel_error ginnel_bundle_write(const ginnel_bundle* bundle, uint8_t* out, size_t out_size,
                                 size_t* written) {
  if (written != nullptr) *written = 0;
  if (!is_buffer(out, out_size)) return GINNEL_USAGE;
  wipe({out, out_size});
  if (written == nullptr || !is_complete(bundle) || bundle->kem_key == nullptr ||
      !has_key_ids(*bundle)) {
    return GINNEL_USAGE;
  }
  const auto ours = bundle_of(*bundle);
  api::BundleResponseView response{
      .registration_id = ours.registration_id,
      .device_id = ours.device_id,
      .identity_key = ours.identity_key,
      .one_time = {},
      .signed_pre_key = {ours.signed_pre_key.id, ours.signed_pre_key.public_key,
                         ours.signed_pre_key.signature},
      .kem = {ours.kem->id, ours.kem->public_key, ours.kem->signature}};
  if (ours.one_time) response.one_time = {ours.one_time->id, ours.one_time->public_key};
  const auto size = response.encode({out, out_size});
  if (!size) {
    wipe({out, out_size});
    return error_of(size.error());
  }
  *written = *size;
  return GINNEL_OK;
}

}  // extern "C"
