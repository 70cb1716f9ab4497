#pragma once
// Encryption at rest: AES-256-GCM for what must be read again, HMAC-SHA256 for what must only be recognised.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::platform {

/// Two keys from one file: `DIRECTORY/vault.key`, made with mode 0600 when missing. Thread-safe once made.
class Cipher {
 public:
  static Result<Cipher> open(const std::string& key_file);

  /// Hex of nonce, ciphertext and tag. `context` is authenticated too: a sealed text does not open under another one,
  /// so that rows cannot be swapped.
  Result<std::string> seal(std::string_view plain, std::string_view context) const;
  Result<std::string> open_sealed(std::string_view sealed, std::string_view context) const;
  /// The same text gives the same hex; it cannot be computed without the key, so short texts are not guessed.
  std::string fingerprint(std::string_view text) const;

 private:
  Cipher() = default;
  std::array<unsigned char, 32> sealing_{}, recognising_{};
};

}  // namespace tidegate::platform
