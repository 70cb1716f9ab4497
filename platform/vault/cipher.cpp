#include "platform/vault/cipher.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/file.hpp"
#include "base/random.hpp"
#include "platform/service/hex.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Only its owner may read it; an existing file stays.
Result<void> make_key_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return {};
  if (!file) return system_error("make " + path, errno);
  if (auto written = write_all(file.get(), random_hex(64), path); !written) return written;
  if (fsync(file.get()) != 0) return system_error("sync " + path, errno);
  return {};
}

}  // namespace

Result<Cipher> Cipher::open(const std::string& key_file) {
  if (auto made = make_key_file(key_file); !made) return made.error();
  auto text = read_file(key_file);
  if (!text) return text.error();
  auto raw = from_hex(*text);
  if (!raw || raw->size() != 64) return machine_error(key_file + " is not a key of 128 hex digits");
  Cipher cipher;
  std::copy(raw->begin(), raw->begin() + 32, cipher.sealing_.begin());
  std::copy(raw->begin() + 32, raw->end(), cipher.recognising_.begin());
  return cipher;
}

Result<std::string> Cipher::seal(std::string_view plain, std::string_view context) const {
  std::string out(kNonce + plain.size() + kTag, '\0');
  auto* raw = reinterpret_cast<unsigned char*>(out.data());
  const Context cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool sealed =
      RAND_bytes(raw, static_cast<int>(kNonce)) == 1 &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, sealing_.data(), raw) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes(context), static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), raw + kNonce, &length, bytes(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), raw + kNonce + plain.size(), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTag), raw + kNonce + plain.size()) == 1;
  if (!sealed) return internal_error("the card could not be sealed");
  return to_hex(out);
}

Result<std::string> Cipher::open_sealed(std::string_view sealed, std::string_view context) const {
  auto raw = from_hex(sealed);
  if (!raw || raw->size() < kNonce + kTag) return internal_error("not a sealed text");
  const std::size_t size = raw->size() - kNonce - kTag;
  auto* in = reinterpret_cast<unsigned char*>(raw->data());
  std::string plain(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  const Context cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool opened =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, sealing_.data(), in) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes(context), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), out, &length, in + kNonce, static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTag), in + kNonce + size) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), out + size, &length) == 1;
  if (!opened) return internal_error("the sealed text was changed, or belongs to another row or key");
  return plain;
}

std::string Cipher::fingerprint(std::string_view text) const {
  std::string digest(32, '\0');
  unsigned int length = 0;
  HMAC(EVP_sha256(), recognising_.data(), static_cast<int>(recognising_.size()), bytes(text), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &length);
  return to_hex(digest);
}

}  // namespace tidegate::platform
