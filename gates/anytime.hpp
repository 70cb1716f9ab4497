#pragma once
// A bound that may be looked at every second: the chance that it ever calls a share broken that is not stays within
// 1 - confidence, however often it is asked.
// Source: H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
// Statistics 41 (1970): a mixture of likelihood ratios is a supermartingale under the hypothesis, so Ville's inequality
// bounds the chance that it ever passes 1 / (1 - confidence).

namespace tidegate::gates {

/// The logarithm of the evidence that the share of bad samples is over `allowed`: a mixture over Beta(1/2, 1/2) cut to
/// (allowed, 1), against the share `allowed` itself. Counts may be what clustered samples are worth.
double log_evidence_over(double bad, double total, double allowed);

/// Whether the evidence is enough to stop.
bool is_broken_anytime(double bad, double total, double allowed, double confidence);

}  // namespace tidegate::gates
