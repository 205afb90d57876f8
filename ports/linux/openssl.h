// Owning pointers to OpenSSL's objects, for the sources of this folder only.
#ifndef PORTS_LINUX_OPENSSL_H_
#define PORTS_LINUX_OPENSSL_H_

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

namespace ports::linux_os {

template <auto Function>
struct FreeBy {
  template <class T>
  void operator()(T* p) const {
    Function(p);
  }
};
using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, FreeBy<X509_REQ_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

// The first certificate, or the private key, of a text in PEM; null if there
// is none.
inline X509Ptr parse_certificate(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}
inline KeyPtr parse_private_key(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return KeyPtr(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_OPENSSL_H_
