#include "audit/model.hpp"

#include <charconv>
#include <functional>

#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

Error malformed(std::string_view field) {
  return protocol_error("a record lacks '" + std::string(field) + "'");
}

// Reads members and remembers the first one that is missing or of another type.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}
  std::string text(std::string_view key) {
    auto value = string_member(object_, key);
    if (!value) note(key);
    return std::move(value).value_or(std::string());
  }
  /// A name, which some systems write as a number.
  std::string identifier(std::string_view key) {
    if (const auto number = integer_member(object_, key)) return std::to_string(*number);
    return text(key);
  }
  std::int64_t integer(std::string_view key) {
    const auto value = integer_member(object_, key);
    if (!value) note(key);
    return value.value_or(0);
  }
  Result<void> result() const { return missing_.empty() ? Result<void>{} : Result<void>{malformed(missing_)}; }

 private:
  void note(std::string_view key) {
    if (missing_.empty()) missing_ = key;
  }
  const json::object& object_;
  std::string missing_;
};

Result<void> read_payment(const json::object& object, std::vector<Payment>& payments) {
  Members members(object);
  Payment payment;
  payment.id = members.identifier("id");
  payment.tenant = members.text("tenant");
  payment.key = members.text("key");
  payment.currency = members.text("currency");
  payment.status = members.text("status");
  payment.amount = members.integer("amount");
  const std::string scope = members.text("scope");
  const auto parsed = std::from_chars(scope.data(), scope.data() + scope.size(), payment.scope, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != scope.data() + scope.size()) return malformed("scope");
  payments.push_back(std::move(payment));
  return members.result();
}

Result<void> read_charge(const json::object& object, Truth& truth) {
  Members members(object);
  Charge charge;
  charge.reference = members.identifier("reference");
  charge.client_key = members.text("client_key");
  charge.merchant = members.text("merchant");
  charge.currency = members.text("currency");
  charge.status = members.text("status");
  charge.amount = members.integer("amount");
  truth.charges.push_back(std::move(charge));
  return members.result();
}

Result<void> read_entry(const json::object& object, Truth& truth) {
  Members members(object);
  Entry entry;
  entry.sequence = members.integer("sequence");
  entry.transfer = members.identifier("transfer");
  entry.payment = members.identifier("payment");
  entry.kind = members.text("kind");
  entry.account = members.text("account");
  entry.currency = members.text("currency");
  entry.amount = members.integer("amount");
  const std::string direction = members.text("direction");
  if (direction != "debit" && direction != "credit") return malformed("direction");
  entry.debit = direction == "debit";
  truth.entries.push_back(std::move(entry));
  return members.result();
}

void read_all(const record::RunDirectory& directory, const std::string& name, Truth& truth,
              const std::function<Result<void>(const json::object&, Truth&)>& read) {
  std::size_t line_number = 0;
  Result<void> fault;
  const auto visited = record::read_truth(directory.truth(name + ".ndjson.gz"), [&](std::string_view line) {
    ++line_number;
    const auto value = parse_json(line);
    if (!value) {
      fault = value.error();
    } else if (!value->is_object()) {
      fault = protocol_error("a record is not an object");
    } else {
      fault = read(value->as_object(), truth);
    }
    return fault.ok();
  });
  if (!fault) {
    truth.broken[name] = "record " + std::to_string(line_number) + ": " + fault.error().message;
  } else if (!visited) {
    truth.broken[name] = visited.error().message;
  }
}

}  // namespace

Truth read_truth_of(const record::RunDirectory& directory) {
  Truth truth;
  read_all(directory, "payments", truth,
           [](const json::object& object, Truth& all) { return read_payment(object, all.payments); });
  read_all(directory, "payments-after", truth,
           [](const json::object& object, Truth& all) { return read_payment(object, all.payments_after); });
  read_all(directory, "bank", truth, read_charge);
  read_all(directory, "ledger", truth, read_entry);
  return truth;
}

bool is_captured(std::string_view status) {
  return status == "captured" || status == "settled" || status == "partially_captured" || status == "refund_pending" ||
         status == "refunded" || status == "partially_refunded";
}

}  // namespace tidegate::audit
