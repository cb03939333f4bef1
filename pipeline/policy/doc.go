// Package policy knows how long data is kept. It turns the dates of a record and
// of its account into a decision: active, due, undated or suspect. It is pure:
// time is passed in, nothing is read but the policy file that [Load] is given.
//
// All arithmetic is on civil dates in Indian time (+05:30, fixed). The day of the
// trigger is day 0; a period's last day is kept, and the next midnight is the
// first instant at which the data may be erased.
package policy
