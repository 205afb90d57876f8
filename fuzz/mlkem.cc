// Public keys, private keys and ciphertexts made of garbage: the first byte
// says which, the rest is stretched to the size that is needed.
#include "core/crypto/kyber.h"
#include "core/crypto/sha3.h"

namespace {

using namespace core;
using namespace core::crypto;

// Fills `out` with the input, and the rest with a hash of it.
void fill(Bytes in, MutBytes out) {
  const std::size_t size = std::min(in.size(), out.size());
  copy(in.first(size), out);
  shake256(in, out.subspan(size));
}

template <class Kem>
void run(Bytes in) {
  MlKemWork work;
  ByteArray<Kem::kPublicKeySize> public_key;
  ByteArray<Kem::kCiphertextSize> ciphertext;
  ByteArray<Kem::kPrivateKeySize> private_key;
  ByteArray<64> seed;
  fill(in, public_key);
  (void)Kem::encapsulate(public_key, ByteArray<32>{1}, ciphertext, work);

  // Whoever holds a private key of garbage gets some secret.
  fill(in, private_key);
  fill(in, ciphertext);
  fill(in, seed);
  (void)Kem::decapsulate_expanded(private_key, ciphertext, work);
  const View<Kem::kPublicKeySize> inner(private_key.data() + 384 * (Kem::kPublicKeySize / 384),
                                        Kem::kPublicKeySize);
  copy(sha3_256(inner), MutBytes(private_key).subspan(Kem::kPrivateKeySize - 64));
  if (!Kem::decapsulate_expanded(private_key, ciphertext, work).ok()) __builtin_trap();

  // A key made from a seed works, and takes garbage for a ciphertext.
  Kem::public_key(seed, public_key, work);
  Kem::private_key(seed, private_key, work);
  const auto a = Kem::decapsulate(seed, ciphertext, work);
  const auto b = Kem::decapsulate_expanded(private_key, ciphertext, work);
  if (!b.ok() || !equal_var(a.view(), b->view())) __builtin_trap();
  if (!Kem::encapsulate(public_key, ByteArray<32>{2}, ciphertext, work).ok()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes in(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    run<MlKem768>(in);
  } else {
    run<MlKem1024>(in);
  }
  return 0;
}
