#pragma once
// Books in which something of every kind happened, and nothing is wrong.

#include "tests/unit/audit/books.hpp"

namespace tidegate::test {

inline Books clean_books() {
  using record::OperationEvent;
  Books books;
  for (int i = 0; i < 20; ++i) books.add_captured("key-" + std::to_string(i), 1000 + i);
  books.add_declined("declined");
  books.add_partial("partial", 8000);
  books.add_refused("refused");
  // A deliberate repeat that was answered with the stored result.
  books.acknowledge("key-3", 1003);
  // A timeout whose outcome was found out later.
  books.add_captured("slow");
  books.operations.push_back(operation("slow", OperationEvent::invoke));
  books.operations.push_back(operation("slow", OperationEvent::unknown));
  books.operations.push_back(operation("slow", OperationEvent::resolved_ok));
  books.add_wallet_entry("w1", false, 500);
  books.add_wallet_entry("w1", true, 500);
  books.add_read("key-1", "processing");
  books.add_read("key-1", "captured");
  books.add_read("key-1", "settled");
  // A delivery that failed twice before it was taken.
  json::object again = books.of("webhooks").front();
  again["status"] = 500;
  books.of("webhooks").insert(books.of("webhooks").begin(), again);
  books.chain_audit_log();
  return books;
}

}  // namespace tidegate::test
