#include "audit/evidence.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace tidegate::audit {

Identity number_identity(std::uint64_t stream, std::int64_t sequence) noexcept {
  return {stream, static_cast<std::uint64_t>(sequence) * 0x9e3779b97f4a7c15ULL};
}

Evidence::Evidence(const record::RunDirectory& directory, const Manifest& manifest, Wanted wanted, std::size_t parts)
    : attempts(directory.path() + "/truth", parts),
      reads(directory.path() + "/truth", parts),
      payments_by_key(directory.path() + "/truth", parts),
      after_by_key(directory.path() + "/truth", parts),
      payments_by_id(directory.path() + "/truth", parts),
      after_by_id(directory.path() + "/truth", parts),
      charges_by_key(directory.path() + "/truth", parts),
      charges_by_reference(directory.path() + "/truth", parts),
      calls(directory.path() + "/truth", parts),
      postings(directory.path() + "/truth", parts),
      events_by_payment(directory.path() + "/truth", parts),
      events_by_number(directory.path() + "/truth", parts),
      events_by_id(directory.path() + "/truth", parts),
      applications(directory.path() + "/truth", parts),
      deliveries(directory.path() + "/truth", parts),
      directory_(directory),
      manifest_(manifest),
      wanted_(wanted),
      parts_(parts) {
  for (const auto& [name, entry] : manifest.exports) {
    if (!entry.error.empty()) broken_[name] = entry.error;
  }
}

void Evidence::note(const std::string& name, const Result<void>& read) {
  if (read.ok()) return;
  const std::lock_guard lock(mutex_);
  broken_.try_emplace(name, read.error().message);
}

template <typename Record>
void Evidence::note_scratch(const std::string& name, const Partitions<Record>& partitions) {
  note(name, partitions.error());
}

std::string Evidence::broken(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = broken_.find(name);
  return found == broken_.end() ? std::string() : found->second;
}

void Evidence::note_broken(const std::string& name, const std::string& why) {
  note(name, protocol_error(why));
}

void Evidence::note_clock_step() {
  const std::lock_guard lock(mutex_);
  clock_stepped_ = true;
}

std::vector<std::function<void()>> Evidence::reading_tasks(const Checks& checks) {
  std::vector<std::function<void()>> tasks;
  const auto usable = [this](const std::string& name) {
    return manifest_.exports.contains(name) && broken(name).empty();
  };
  // The longest first: a ledger has several lines for each payment.
  if (usable("ledger")) tasks.emplace_back([this, &checks] { read_ledger(checks); });
  if (wanted_.keys || wanted_.payments) tasks.emplace_back([this] { read_history(); });
  if (usable("events")) tasks.emplace_back([this, &checks] { read_event_export(checks); });
  for (const auto& [name, entry] : manifest_.exports) {
    const auto group = group_of_export(name);
    if (group && wanted_.numbers && usable(name))
      tasks.emplace_back([this, name = name, group = *group] { read_applied(name, group); });
  }
  if (usable("payments")) tasks.emplace_back([this] { read_payments_export("payments", false); });
  if (usable("payments-after")) tasks.emplace_back([this] { read_payments_export("payments-after", true); });
  if (usable("bank")) tasks.emplace_back([this] { read_bank(); });
  if (usable("attempts") && wanted_.references) {
    tasks.emplace_back([this] {
      note("attempts", read_bank_calls(directory_, "attempts", [this](const BankCall& call, std::string_view) {
             calls.add(call.reference, call);
           }));
      note_scratch("attempts", calls);
    });
  }
  if (usable("wallets")) tasks.emplace_back([this, &checks] { read_wallets(checks); });
  if (wanted_.notices) {
    tasks.emplace_back([this, usable] {
      const auto keep = [this](const Delivery& delivery, std::string_view) {
        deliveries.add(delivery.event, delivery);
      };
      if (usable("webhooks")) note("webhooks", read_deliveries(directory_, "webhooks", keep));
      if (usable("dead-letters")) note("dead-letters", read_dead_letters(directory_, "dead-letters", keep));
      note_scratch("webhooks", deliveries);
    });
  }
  return tasks;
}

void Evidence::read_history() {
  std::uint32_t position = 0;
  Result<void> strange;
  const auto cut = record::visit_operations(directory_.operations(), [&](const record::Operation& operation) {
    if (operation.event == record::OperationEvent::read) {
      const auto seen = observation_of(operation);
      if (seen && wanted_.payments) reads.add(seen->payment, *seen);
      if (!seen && strange.ok()) strange = seen.error();
    } else if (wanted_.keys) {
      const Attempt attempt = attempt_of(operation, position);
      attempts.add(attempt.key, attempt);
    }
    ++position;
  });
  if (!cut) return note("history", cut.error());
  history_cut_ = *cut;
  note("history", strange);
  note_scratch("history", attempts);
  note_scratch("history", reads);
}

void Evidence::read_payments_export(const std::string& name, bool after) {
  auto& by_key = after ? after_by_key : payments_by_key;
  auto& by_id = after ? after_by_id : payments_by_id;
  note(name, read_payments(directory_, name, [&](const Payment& payment, std::string_view) {
         if (wanted_.keys) by_key.add(payment.key, payment);
         if (wanted_.payments) by_id.add(payment.id, payment);
       }));
  note_scratch(name, by_key);
  note_scratch(name, by_id);
}

void Evidence::read_bank() {
  note("bank", read_charges(directory_, "bank", [this](const Charge& charge, std::string_view) {
         if (wanted_.keys) charges_by_key.add(charge.key, charge);
         if (wanted_.references) charges_by_reference.add(charge.reference, charge);
       }));
  note_scratch("bank", charges_by_key);
  note_scratch("bank", charges_by_reference);
}

// The entries of one transfer follow each other, so its effect is summed up on the way.
void Evidence::read_ledger(const Checks& checks) {
  const auto asked = checks.equal_range("ledger");
  Identity transfer;
  std::int64_t begins = 0;
  Posting posting;
  const auto keep = [&] {
    if (wanted_.payments && !transfer.empty()) postings.add(posting.payment, posting);
  };
  note("ledger", read_entries(directory_, "ledger", [&](const Entry& entry, std::string_view) {
         for (auto check = asked.first; check != asked.second; ++check) check->second->entry(entry);
         if (entry.transfer != transfer || entry.payment != posting.payment) {
           keep();
           if (entry.transfer != transfer) begins = entry.sequence;
           transfer = entry.transfer;
           posting = {entry.payment, transfer.low, begins, 0, entry.sequence, false};
         }
         posting.posted = posting.posted || entry.posted;
         if (entry.kind == Account::share_of_captured) posting.share += entry.debit ? -entry.amount : entry.amount;
       }));
  keep();
  for (auto check = asked.first; check != asked.second; ++check) check->second->end();
  note_scratch("ledger", postings);
}

void Evidence::read_wallets(const Checks& checks) {
  const auto asked = checks.equal_range("wallets");
  note("wallets", read_wallet_entries(directory_, "wallets", [&](const WalletEntry& entry, std::string_view) {
         for (auto check = asked.first; check != asked.second; ++check) check->second->wallet_entry(entry);
       }));
  for (auto check = asked.first; check != asked.second; ++check) check->second->end();
}

void Evidence::read_event_export(const Checks& checks) {
  const auto asked = checks.equal_range("events");
  const std::vector<std::string>& told = manifest_.terms.webhook_events;
  const Notifies notifies = [&told](std::string_view type) { return std::ranges::find(told, type) != told.end(); };
  note("events", read_events(directory_, "events", notifies, [&](const Event& event, std::string_view) {
         for (auto check = asked.first; check != asked.second; ++check) check->second->event(event);
         std::int64_t& head = heads[event.stream];
         head = std::max(head, event.sequence);
         if (wanted_.payments) events_by_payment.add(event.payment, event);
         if (wanted_.numbers) events_by_number.add(number_identity(event.stream, event.sequence), event);
         if (wanted_.notices) events_by_id.add(event.id, event);
       }));
  for (auto check = asked.first; check != asked.second; ++check) check->second->end();
  note_scratch("events", events_by_payment);
  note_scratch("events", events_by_number);
  note_scratch("events", events_by_id);
}

void Evidence::read_applied(const std::string& name, const std::string& group_name) {
  const std::uint64_t group = stable_hash(group_name);
  const std::lock_guard lock(mutex_);  // the applied exports share their parts; one at a time
  const std::string& topic = manifest_.exports.at(name).topic;
  if (!topic.empty()) groups_of_topic[stable_hash(topic)].insert(group);
  const auto read = read_applications(directory_, name, group, [&](const Application& application, std::string_view) {
    if (topic.empty()) groups_of_topic[application.topic].insert(group);
    if (application.through) {
      // A group with several stores has applied what all of them have.
      const auto [known, fresh] = through.try_emplace({group, application.stream}, application.sequence);
      if (!fresh) known->second = std::min(known->second, application.sequence);
    } else {
      applications.add(number_identity(application.stream, application.sequence), application);
    }
  });
  if (!read) broken_.try_emplace(name, read.error().message);
  if (!applications.error().ok()) broken_.try_emplace(name, applications.error().error().message);
}

}  // namespace tidegate::audit
