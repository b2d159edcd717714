"""Error paths: from one recorded happy path, what the connector does when the wire misbehaves."""

from __future__ import annotations

import fnmatch
import itertools

from certify import Contract, Effort, EvidenceLog, FaultRuns, NotApplicable, Observed, Tier, Unverified, rule
from certify.replay import Exchange, faults
from certify.replay.matching import names_a_token_call
from certify.replay.played import HANDSHAKE
from certify.repository.secrets import names_a_secret
from certify.sandbox.fault_runs import ENCRYPTED, SAFE, UNSAFE, WITH_BODY, WITH_JSON
from certify_suites.relations import (
    Wrong,
    ends,
    fails_fast,
    gives_up,
    judge,
    outcome,
    recovers,
    waits,
    whole_or_failed,
    wrong,
)

#: Seconds that a connector may wait longer than it was asked to: jitter, and a back-off of its own.
_SLACK = 60.0
#: No wait is longer: whoever sleeps for an epoch takes a moment for a duration.
_LONGEST_WAIT = 3600.0
#: A shorter wait is none: two requests take longer.
_AT_ONCE = 0.01


@rule("unauthorized_fails_fast", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("source",))
def test_unauthorized_fails_fast(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A 401 ends the run at once, with a message that leads to the credential.

    Why: a wrong token does not become right by asking again. A connector that retries it keeps an operator
    waiting for nothing, and may lock the account; one that says only "request failed" sends them to look
    for the cause in the network.

    A token that can be renewed may be renewed once (RFC 6750, 3.1).

    Fix: leave 401 out of what is retried, and raise an error that names the status and the credential:

        raise CredentialRefused(f"{endpoint}: status 401; check api_token")
    """
    most = 2 if fault_runs.token_calls else 1
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.refusal(401), None, evidence):
        wrongs += fails_fast(seen, most)
        if seen.run.failed_itself and not _names(
            seen, "401", "unauthorized", "credential", "token", "api key"
        ):
            said = f"the error names neither the status nor the credential: {seen.ending}"
            wrongs.append(wrong(seen, said, "a message that leads to the credential"))
    judge(wrongs)


@rule("forbidden_fails_fast", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("source",))
def test_forbidden_fails_fast(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A 403 ends the run at once, with an error.

    Why: a missing permission is granted by a person, not by a retry. Skipped in silence, it looks like a
    stream without rows (RFC 9110, 15.5.4).

    Fix: raise on 403, and leave it out of what is retried.
    """
    judge(
        one for seen in fault_runs.everywhere(faults.refusal(403), None, evidence) for one in fails_fast(seen)
    )


@rule("rate_limit_is_retried", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_rate_limit_is_retried(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """After a 429 the request is sent again, and the run gives every row.

    Why: a rate limit is the one error that an API announces as temporary (RFC 6585, 4). A connector that
    gives up on it fails every night at the hour when others load too.

    Fix: wait, and send the same request again, a bounded number of times.
    """
    judge(
        one
        for seen in fault_runs.everywhere(faults.refusal(429), 1, evidence)
        for one in recovers(seen, contract)
    )


@rule("server_error_is_retried", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_server_error_is_retried(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """After a 500, 502, 503 or 504 a safe request is sent again, and the run gives every row.

    Why: load balancers answer 502 for the second in which a server is replaced. A run of three hours that
    ends there begins again from nothing.

    Fix: send a request that changes nothing again after any of the four; give up after a few attempts.
    """
    judge(
        one
        for status in (500, 502, 503, 504)
        for seen in fault_runs.everywhere(faults.refusal(status), 1, evidence, SAFE)
        for one in recovers(seen, contract)
    )


@rule("retry_after_seconds_is_honoured", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_retry_after_seconds_is_honoured(
    contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """`Retry-After: 7` makes the connector wait seven seconds, and not much longer.

    Why: whoever asks sooner is refused again, and some APIs count those requests too, so that the limit
    never ends. Whoever waits far longer wastes the window that is left (RFC 9110, 10.2.3).

    Fix: read the header, and wait at least as long:

        wait = max(backoff(attempt), float(answer.headers.get("Retry-After", 0)))
    """
    wrongs: list[Wrong] = []
    for status in (429, 503):
        fault = faults.refusal(status, ("retry-after", "7"))
        for seen in fault_runs.everywhere(fault, 1, evidence, SAFE):
            wrongs += [*recovers(seen, contract), *waits(seen, 7.0, 7.0 + _SLACK)]
    judge(wrongs)


@rule("retries_are_bounded", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_retries_are_bounded(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """An error that does not go away ends the run, after few attempts and within the budget of waiting.

    Why: a connector that retries for ever holds a worker and a lock, sends thousands of requests to a
    service that is down already, and pages nobody. One that gives up in silence has lost rows.

    The budget is `replay.max_attempts` for a request and `replay.max_wait_seconds` for a run.

    Fix: count the attempts, add up the waits, and raise the last error when either is used up.
    """
    judge(
        one
        for status in (429, 500, 503)
        for seen in fault_runs.everywhere(faults.refusal(status), None, evidence)
        for one in gives_up(seen, contract)
    )


@rule("retry_after_date_is_honoured", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_retry_after_date_is_honoured(
    contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """Retry-After as a date is waited for; one in the past is no reason to fail.

    Why: the header has two forms (RFC 9110, 10.2.3). `int(header)` fails on the second with a ValueError
    that names no endpoint, and the difference to a date that has passed is a negative sleep.

    Fix: read both forms, and never wait less than nothing:

        moment = email.utils.parsedate_to_datetime(value)
        wait = max(0.0, moment.timestamp() - time.time())
    """
    wrongs: list[Wrong] = []
    soon = faults.refusal(429, ("retry-after", faults.http_date(30)))
    for seen in fault_runs.everywhere(soon, 1, evidence):
        wrongs += [*recovers(seen, contract), *waits(seen, 29.0, 30.0 + _SLACK)]
    past = faults.refusal(429, ("retry-after", faults.http_date(-3600)))
    for seen in fault_runs.everywhere(past, 1, evidence):
        wrongs += recovers(seen, contract)
    judge(wrongs)


@rule("rate_limit_reset_is_a_moment", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_rate_limit_reset_is_a_moment(
    contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """`X-RateLimit-Reset` with a POSIX time is not slept as a number of seconds.

    Why: some APIs send the seconds that are left, others the moment. Slept as a duration, a moment is more
    than fifty years.

    Fix: take a value above a year for a moment, and bound every wait.
    """
    reset = faults.refusal(429, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", faults.epoch(30)))
    wrongs: list[Wrong] = []
    decided = False
    for seen in fault_runs.everywhere(reset, 1, evidence):
        longest = max((wait.seconds for wait in seen.run.waits), default=0.0)
        if longest > _LONGEST_WAIT:
            said = f"the run sleeps for {longest:.0f} s: it takes the moment of the reset for a duration"
            expected = "30 s, which is when that moment comes, or a wait of its own"
            wrongs.append(wrong(seen, said, expected, seen.waited_at))
        elif not seen.same_rows and not _recovers_without_header(seen, fault_runs, evidence):
            continue  # that a 429 ends the run is no matter of this header
        else:
            wrongs += recovers(seen, contract)
        decided = True
    if not decided:
        raise Unverified("a 429 is not asked again even without the header; see rate_limit_is_retried")
    judge(wrongs)


def _recovers_without_header(seen: Observed, fault_runs: FaultRuns, evidence: EvidenceLog) -> bool:
    return fault_runs.observe(faults.refusal(429), 1, seen.scenario.position, evidence).same_rows


@rule("retry_after_has_a_ceiling", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_retry_after_has_a_ceiling(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """`Retry-After: 86400` ends the run with an error instead of holding it for a day.

    Why: an outage is announced like that. A worker that sleeps through it is killed in the end by a
    platform's own limit, and nobody reads why.

    Fix: give up when the header asks for more than the run can afford, and say what it asked for.
    """
    day = faults.refusal(429, ("retry-after", "86400"))
    judge(one for seen in fault_runs.everywhere(day, None, evidence) for one in gives_up(seen, contract))


@rule("backoff_grows", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_backoff_grows(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """From one attempt to the next the connector waits no shorter, and never not at all.

    Why: a service that comes back is met by everyone who waited. Without growing waits they all bring it
    down again.

    The first time, a request may be sent again at once, as urllib3 does.

    Fix: double the wait with each attempt; jitter of half of it is fine.
    """
    runs = list(fault_runs.everywhere(faults.refusal(503), 3, evidence, SAFE))
    if all(len(seen.gaps) < 2 for seen in runs):
        raise Unverified("no request was sent a third time, so that no two waits can be compared")
    wrongs: list[Wrong] = []
    for seen in runs:
        for before, after in itertools.pairwise(seen.gaps):
            if after < _AT_ONCE:
                said = "the request is sent once more, and again, without a wait"
                wrongs.append(wrong(seen, said, "a wait that is longer each time", seen.waited_at))
            elif after < before / 2:
                said = f"the run waits for {before:.3g} s, and the next time for {after:.3g} s"
                wrongs.append(wrong(seen, said, "waits that do not shrink", seen.waited_at))
    judge(wrongs)


@rule("not_found_is_not_empty", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_not_found_is_not_empty(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A 404 is an error, or is skipped with a word in the log; it is never a stream without rows.

    Why: an endpoint that was renamed answers 404. Taken for "no data", a full refresh replaces a table by
    nothing.

    Fix: raise on 404; where a missing object is expected, log what is skipped as a warning.
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.refusal(404), None, evidence):
        wrongs += ends(seen)
        told = any(line.level in ("WARNING", "ERROR", "CRITICAL") for line in seen.run.log)
        if seen.run.succeeded and not seen.same_rows and not told:
            said = f"{outcome(seen)}, and its log has no word of it"
            wrongs.append(wrong(seen, said, "an error, or a warning that names what is skipped"))
    judge(wrongs)


@rule("client_error_quotes_reason", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_client_error_quotes_reason(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A 400, 409 or 422 ends the run at once, and the error quotes what the API says is wrong.

    Why: the API knows which field it refused. Without its words somebody repeats the request by hand to
    find out.

    Fix: read the reason from the answer's body, without credentials and cut to a line, into the message.
    """
    wrongs: list[Wrong] = []
    for status in (400, 409, 422):
        for seen in fault_runs.everywhere(faults.refusal(status), None, evidence):
            wrongs += fails_fast(seen)
            if seen.run.failed_itself and not _names(seen, faults.REASON):
                said = f"the error does not say what the API said: {seen.ending}"
                wrongs.append(wrong(seen, said, f"the API's own words, here {faults.REASON!r}"))
    judge(wrongs)


@rule("reset_is_retried", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_reset_is_retried(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A connection that is reset before an answer is opened again, and the run gives every row.

    Why: connections that idle in a pool are closed by load balancers; the next request on one meets a
    reset that says nothing about the service (RFC 9110, 9.2.2).

    Fix: treat a connection error of a safe request like a 503.
    """
    judge(
        one
        for seen in fault_runs.everywhere(faults.RESET, 1, evidence, SAFE)
        for one in recovers(seen, contract)
    )


@rule("reset_mid_body_is_discarded", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_reset_mid_body_is_discarded(
    contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """An answer that breaks off in the middle is thrown away and asked for again; no row comes twice.

    Why: half a page that was handed on already comes again with the whole one.

    Fix: read an answer to its end before its first row is given on, and retry the request as a whole.
    """
    judge(
        one
        for seen in fault_runs.everywhere(faults.RESET_MID_BODY, 1, evidence, SAFE)
        for one in recovers(seen, contract)
    )


@rule("read_timeout_is_finite", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_read_timeout_is_finite(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """An answer that never comes is given up, within the budget of waiting.

    Why: without a timeout one lost packet holds a run for ever: no error, no log, no end.

    Fix: give every request a timeout, for connecting and for reading:

        session.get(url, timeout=(10, 30))
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.HANG, None, evidence):
        timed_out = any(wait.kind in ("read timeout", "event loop") for wait in seen.run.waits)
        if seen.run.how == "limit" or not timed_out:
            said = "the run waits for an answer that does not come, without a timeout"
            wrongs.append(wrong(seen, said, "a timeout of a few minutes at most", seen.asked_at))
            break  # each such run takes as long as the sandbox has patience
        wrongs += gives_up(seen, contract)
    judge(wrongs)


@rule("short_body_is_detected", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_short_body_is_detected(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A body that is shorter than announced is never taken for the page.

    Why: proxies and full disks cut answers. A prefix that parses, as lines of JSON or CSV do, is a load
    that lacks rows and looks like a success (RFC 9112, 6.3, 7.1 and 8).

    Fix: compare the length read with Content-Length, and retry the request where they differ.
    """
    judge(
        one
        for fault in faults.SHORT_BODIES
        for seen in fault_runs.everywhere(fault, 1, evidence, WITH_BODY)
        for one in whole_or_failed(seen)
    )


@rule("corrupt_gzip_is_detected", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_corrupt_gzip_is_detected(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A compressed body that is damaged is never taken for the page.

    Why: a decompressor that stops at the damage has given away everything before it (RFC 1952).

    Fix: let the HTTP client decompress, and treat its error like a connection that broke.
    """
    judge(
        one
        for fault in faults.CORRUPT_GZIP
        for seen in fault_runs.everywhere(fault, 1, evidence, WITH_BODY)
        for one in whole_or_failed(seen)
    )


@rule("malformed_json_fails", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_malformed_json_fails(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """An answer that is no JSON ends the run with an error, after few attempts.

    Why: swallowed, it is a page without rows.

    Fix: let the parser's error end the run, or retry it a bounded number of times.
    """
    judge(
        one
        for seen in fault_runs.everywhere(faults.MALFORMED_JSON, None, evidence, WITH_JSON)
        for one in gives_up(seen, contract)
    )


@rule("empty_body_is_not_no_rows", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_empty_body_is_not_no_rows(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A 200 without a body is an error, not a page without rows.

    Why: a proxy that drops a body sends just that.

    Fix: parse the body always; nothing is no JSON.
    """
    judge(
        one
        for seen in fault_runs.everywhere(faults.EMPTY_BODY, None, evidence, WITH_BODY)
        for one in whole_or_failed(seen)
    )


@rule("html_error_page_is_not_data", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_html_error_page_is_not_data(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A page of HTML with status 200 is an error, and is not poured into the log.

    Why: login pages and maintenance pages come with status 200. Whole pages in a log bury the line that
    matters.

    Fix: look at Content-Type or parse the body; quote a line at most.
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.HTML_PAGE, None, evidence, WITH_BODY):
        wrongs += whole_or_failed(seen)
        logged = [line for line in seen.run.log if _is_poured(line.text)]
        if logged:
            said = f"the whole page stands in the log, {len(logged)} times as {logged[0].level}"
            wrongs.append(wrong(seen, said, "a line of it at most"))
        if seen.run.raised and _is_poured(seen.run.raised.message):
            wrongs.append(wrong(seen, "the whole page stands in the error", "a line of it at most"))
    judge(wrongs)


@rule("utf8_is_read_as_utf8", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_utf8_is_read_as_utf8(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """JSON is read as UTF-8, whatever its label says.

    Why: JSON is UTF-8 (RFC 8259, 8.1), and servers label it as latin-1. Taken at its word, `Müller` is
    loaded as `MÃ¼ller`.

    Fix: decode the bytes. `response.text`, and with it `response.json()` of requests, believes the label:

        json.loads(response.content)
    """
    if all(row.isascii() for _, row in fault_runs.baseline.rows):
        raise Unverified("no row of the happy path holds a letter beyond ASCII")
    judge(
        wrong(seen, outcome(seen), "the rows of the happy path, letter for letter")
        for seen in fault_runs.everywhere(faults.LATIN_1_LABEL, None, evidence, WITH_JSON)
        if not seen.same_rows
    )


@rule("redirect_loop_ends", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_redirect_loop_ends(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A redirect to itself ends the run with an error.

    Why: followed for ever it is a run without an end that sends requests as fast as it can.

    Fix: follow a few redirects at most; HTTP clients do so unless they are told otherwise.
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.REDIRECT_LOOP, None, evidence):
        wrongs += ends(seen)
        if seen.run.succeeded:
            wrongs.append(wrong(seen, outcome(seen), "an error after a few redirects"))
    judge(wrongs)


@rule("pagination_loop_ends", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_pagination_loop_ends(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A cursor that comes again and again ends the run.

    Why: an API that answers an unknown cursor with its first page sends a connector round for ever, and
    loads the same rows until a disk is full.

    Fix: remember the cursors of a run, and raise when one comes again.
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.on_later_pages(faults.REPEATED_PAGE, None, evidence):
        most = 3 * len(seen.baseline.exchanges) + 20
        sent = len(seen.run.exchanges)
        wrongs += ends(seen)
        if sent > most and not any(ends(seen)):
            said = f"the run ends after {sent} requests; the happy path has {len(seen.baseline.exchanges)}"
            wrongs.append(wrong(seen, said, "an end after a few pages that bring nothing new"))
    judge(wrongs)


@rule("repeated_page_is_not_doubled", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_repeated_page_is_not_doubled(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A page that comes twice does not give its rows twice.

    Why: offsets shift while somebody inserts, and a page overlaps with the one before.

    Fix: leave out rows whose key was on the page before, or raise when a page repeats.
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.on_later_pages(faults.REPEATED_PAGE, 1, evidence):
        wrongs += ends(seen)
        if seen.run.succeeded and seen.rows.counts - seen.expected_rows.counts:
            wrongs.append(wrong(seen, outcome(seen), "each row once, or an error"))
    judge(wrongs)


@rule("expired_cursor_is_handled", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_expired_cursor_is_handled(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A 410 on a cursor ends the run with an error, or begins the walk again; it never ends it as a success.

    Why: cursors live for minutes. A connector that takes their end for the end of the list loads the first
    pages only, every time the target is slow.

    Fix: raise on 410, or start the walk again from the last state.
    """
    judge(
        one
        for seen in fault_runs.on_later_pages(faults.refusal(410), None, evidence)
        for one in whole_or_failed(seen)
    )


@rule("expired_token_is_refreshed", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_expired_token_is_refreshed(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """After a 401 in the middle of a run a new token is asked for, once, and the run gives every row.

    Why: a token lives for an hour, and some loads for three. A connector that asks for one at the start
    fails in the middle of every long run, and never in a test (RFC 6750, 3.1; RFC 6749, 6).

    Fix: on 401 ask for a token once more and repeat the request; on the second 401 in a row raise.
    """
    expected = "one more call for a token, and every row once"
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.refusal(401), 1, evidence, fault_runs.after_token):
        calls = sum(names_a_token_call(one.asked) for one in seen.run.exchanges)
        if not seen.same_rows:
            wrongs.append(wrong(seen, outcome(seen), expected))
        elif calls != len(fault_runs.token_calls) + 1:
            more = calls - len(fault_runs.token_calls)
            wrongs.append(wrong(seen, f"a token is asked for {more} more times", expected))
    judge(wrongs)


@rule("unsafe_methods_are_not_resent", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_unsafe_methods_are_not_resent(
    contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """After a 503, a request that changes something is sent again only where that is known to be harmless.

    Why: the server may have done what it was asked for before its answer got lost. Sent again, an order is
    placed twice, and an export is made and paid for twice (RFC 9110, 9.2.2).

    Harmless is what carries an `Idempotency-Key`, and what the contract declares:

        replay:
          idempotent_requests: [POST /v1/search]

    Fix: retry GET and HEAD alone after an error that leaves open what happened; a 429 leaves nothing open.
    """
    declared = contract.replay.idempotent_requests
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.refusal(503), None, evidence, UNSAFE):
        asked = seen.victims[0].asked
        named = any(fnmatch.fnmatchcase(f"{asked.method} {asked.path}", pattern) for pattern in declared)
        if seen.attempts > 1 and not named and "idempotency-key" not in asked.headers:
            said = f"the request is sent {seen.attempts} times"
            expected = "an error, or an Idempotency-Key, or a line in replay.idempotent_requests"
            wrongs.append(wrong(seen, said, expected, seen.waited_at))
    judge(wrongs)


@rule("connect_timeout_is_survived", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_connect_timeout_is_survived(
    contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """A connection that nobody accepts is given up and tried again; if nobody ever does, the run fails.

    Why: a packet that a firewall drops is answered by nobody. The system's own patience is two minutes for
    each attempt; with a retry or two that is the whole time a scheduler gives.

    Fix: give every connection a timeout of a few seconds, and treat its error like a 503.
    """
    first = next(iter(fault_runs.positions(SAFE) or fault_runs.positions()))
    once = fault_runs.observe(faults.NO_CONNECTION, 1, first, evidence)
    always = fault_runs.observe(faults.NO_CONNECTION, None, first, evidence)
    judge([*recovers(once, contract), *gives_up(always, contract)])


@rule("untrusted_tls_is_refused", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_untrusted_tls_is_refused(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A server with a certificate of nobody known, out of date, or of another host gets no request.

    Why: whoever answers in the API's place reads the credential from the first request
    (RFC 9110, 4.3.4).

    Fix: leave verification on, and let its error end the run; for an authority of your own, give its file:

        session.verify = config.ca_file or True
    """
    wrongs: list[Wrong] = []
    for fault in faults.UNTRUSTED_CERTIFICATES:
        if not fault_runs.positions(ENCRYPTED):
            raise NotApplicable(f"no request of the happy path {ENCRYPTED.words}")
        seen = fault_runs.observe(fault, None, 0, evidence)
        sent = [one for one in seen.run.exchanges if one.asked.method != HANDSHAKE]
        wrongs += ends(seen)
        if sent:
            said = f"{sent[0].asked} is sent all the same"
            wrongs.append(wrong(seen, said, "an error, and nothing sent", seen.asked_at))
        elif seen.run.succeeded:
            wrongs.append(wrong(seen, outcome(seen), "an error that ends the run"))
    judge(wrongs)


@rule("credentials_stay_on_host", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_credentials_stay_on_host(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A redirect to another host takes no credential along.

    Why: APIs redirect downloads to storage of somebody else's. HTTP clients leave out the Authorization
    header then, but not a header or a parameter of the API's own (RFC 9110, 15.4).

    Fix: follow redirects to the API's host only, or send the credential in the Authorization header.
    """
    wrongs: list[Wrong] = []
    for seen in fault_runs.everywhere(faults.REDIRECT_ELSEWHERE, None, evidence):
        for one in seen.run.exchanges:
            found = _credentials(one, fault_runs) if one.asked.host == faults.ELSEWHERE else []
            if found:
                said = f"{_and(found)} sent on to {faults.ELSEWHERE}"
                wrongs.append(wrong(seen, said, "a request without credentials, or an error", seen.asked_at))
                break
    judge(wrongs)


@rule("clock_skew_loses_no_window", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_clock_skew_loses_no_window(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """A server whose clock is an hour off changes no row.

    Why: two clocks are never the same. Rows that are chosen by the difference of both are left out today,
    and tomorrow's run begins after them (RFC 9110, 6.6.1).

    Fix: take the window from the rows' own cursor, and let windows overlap.
    """
    wrongs: list[Wrong] = []
    for fault in (faults.SERVER_IS_AHEAD, faults.SERVER_IS_BEHIND):
        for seen in fault_runs.everywhere(fault, None, evidence, WITH_BODY):
            if not seen.same_rows:
                wrongs.append(wrong(seen, outcome(seen), "the rows of the happy path"))
    judge(wrongs)


def _credentials(exchange: Exchange, fault_runs: FaultRuns) -> list[str]:
    """Where a request has credentials, in words."""
    asked = exchange.asked
    named = [name for name, value in asked.headers.items() if value and names_a_secret(name)]
    places = {
        **{f"the header {name}": value for name, value in asked.headers.items()},
        "the address": asked.target,
    }
    held = [
        place for place, text in places.items() if any(needle in text for needle in fault_runs.search.needles)
    ]
    return list(dict.fromkeys([*(f"the header {name}" for name in named), *held]))


def _and(words: list[str]) -> str:
    verb = "is" if len(words) == 1 else "are"
    return f"{' and '.join(words)} {verb}"


def _names(seen: Observed, *words: str) -> bool:
    """Whether the error, or an error in the log, says one of these."""
    errors = [line.text for line in seen.run.log if line.level in ("ERROR", "CRITICAL")]
    told = [*errors, seen.run.output, seen.run.raised.message if seen.run.raised else ""]
    return any(word.lower() in text.lower() for word in words for text in told)


def _is_poured(text: str) -> bool:
    """Whether more of the page of HTML stands in a text than a line."""
    return text.count("<p>") > 20
