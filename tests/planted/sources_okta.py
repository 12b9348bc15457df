"""Bugs in the source Okta, and in what came with it: ways of signing in, and announced limits."""

from __future__ import annotations

from tests.planted.bug import Bug

OKTA = "pipelines/sources/okta"
AUTH = "tests/sources/test_okta_auth.py"
LISTS = "tests/sources/test_okta_lists.py tests/sources/test_okta_members.py"
INCREMENTAL = "tests/sources/test_okta_incremental.py"
SCOPE = "tests/sources/test_okta_scope.py"
CREDENTIALS = "tests/sources/test_credentials.py"
LIMITS = "tests/http/test_rate_limits.py"

BUGS = [
    # ---- signing in
    Bug(
        "a scope that was dropped goes unnoticed",
        f"{OKTA}/service_app.py",
        "if lacking := [scope for scope in self.assertions.scopes if scope not in self.granted]:",
        "if lacking := []:",
        f"{AUTH} -k scope_that_was_not_granted",
    ),
    Bug(
        "an assertion is sent twice",
        f"{OKTA}/service_app.py",
        'claims["jti"] = _new_id()',
        'claims["jti"] = self.key_id',
        f"{AUTH} -k 'every_attempt or service_app'",
    ),
    Bug(
        "a new nonce of the API fetches a new token",
        f"{OKTA}/service_app.py",
        "if self.assertions.proofs.was_refused_for_nonce(request):",
        "if False:",
        f"{AUTH} -k nonce",
    ),
    Bug(
        "the nonce of the token endpoint is used for the API",
        f"{OKTA}/service_app.py",
        'self.proofs.note(response, "token")',
        "self.proofs.note(response, origin_of(str(response.request.url)))",
        f"{AUTH} -k 'dpop or every_attempt or nonce'",
    ),
    Bug(
        "a key is repeated in a message",
        f"{OKTA}/service_app.py",
        'why, remedy = "it is no private key in PEM format"',
        'why, remedy = f"it is no private key in PEM format: {text}"',
        f"{AUTH} -k refused_unsaid",
    ),
    Bug(
        "two ways of signing in are accepted",
        "pipelines/sources/credentials.py",
        "if len(begun) > 1:",
        "if False:",
        f"{CREDENTIALS} -k two",
    ),
    Bug(
        "half a write credential counts as none",
        "pipelines/sources/write_access.py",
        "    if way:\n        _check_complete(source, way)\n",
        "",
        f"{CREDENTIALS} -k half",
    ),
    # ---- announced limits
    Bug(
        "the reset of a limit is not waited for",
        "pipelines/http/rate_limit.py",
        "if asked is not None or limit is None or limit.remaining > 0:",
        "if True:",
        f"{LIMITS} -k used_up_limit",
    ),
    Bug(
        "the reset is compared with our own clock",
        "pipelines/http/rate_limit.py",
        'now = parse_http_date(response.headers.get("date", "")) or datetime.now(UTC)\n'
        "    return RateLimit",
        "now = datetime.now(UTC)\n    return RateLimit",
        f"{LIMITS} -k used_up_limit",
    ),
    Bug(
        "requests do not slow down before a limit",
        "pipelines/http/session.py",
        "        self.pace.follow(read_rate_limit(response))\n",
        "",
        f"{LIMITS} -k spread",
    ),
    Bug(
        "as many requests at a time as before a refusal",
        "pipelines/http/session.py",
        "            self.pace.run_fewer(read_rate_limit(failed.response))\n",
        "",
        f"{LIMITS} -k sends_fewer",
    ),
    # ---- lists that end early
    Bug(
        "a link in the body is not followed",
        f"{OKTA}/paging.py",
        'following.get("href") if isinstance(following, dict) else following',
        "None",
        f"{LISTS} -k small_pages",
    ),
    Bug(
        "a link in the header is not followed",
        f"{OKTA}/paging.py",
        'if link := response.links.get("next", {}).get("url"):',
        'if link := response.links.get("last", {}).get("url"):',
        f"{LISTS} -k small_pages",
    ),
    Bug(
        "a full last page ends a list",
        f"{OKTA}/paging.py",
        "        raise CutShort(what,",
        "        CutShort(what,",
        f"{LISTS} -k 'full_last_page or lost_link'",
    ),
    Bug(
        "deactivated users are left out",
        f"{OKTA}/client.py",
        "lambda: read({}, deactivated)",
        "lambda: read({})",
        f"{LISTS} -k without_the_operator",
    ),
    Bug(
        "an empty list of users is an empty org",
        f"{OKTA}/counts.py",
        "    if not statuses:\n",
        "    if False:\n",
        f"{LISTS} -k no_empty_org",
    ),
    Bug(
        "Everyone's count is not compared",
        f"{OKTA}/counts.py",
        "declared - active <= tolerate(declared)",
        "True",
        f"{LISTS} -k part_of_the_users",
    ),
    Bug(
        "members are not compared with their count",
        f"{OKTA}/counts.py",
        "if declared - len(members) > allowed or is_full:",
        "if False:",
        f"{LISTS} -k members",
    ),
    Bug(
        "a lost page of members counts as a lagging count",
        f"{OKTA}/counts.py",
        "> allowed or is_full:",
        "> allowed:",
        f"{LISTS} -k end_after_a_page",
    ),
    Bug(
        "a count of 0 is believed",
        f"{OKTA}/counts.py",
        "if declared == 0 and not has_had_members(group):",
        "if declared == 0:",
        f"{LISTS} -k uncounted",
    ),
    Bug(
        "an org without Everyone counts as complete",
        f"{OKTA}/counts.py",
        "        if is_everyone(group):\n            return group\n",
        "        return group\n",
        f"{LISTS} -k without_everyone",
    ),
    Bug(
        "what a list has lost is believed to be gone",
        f"{OKTA}/counts.py",
        "[:MAX_CONFIRMED]",
        "[:0]",
        f"{LISTS} -k has_lost",
    ),
    Bug(
        "any 404 means deleted",
        f"{OKTA}/client.py",
        "failure.status == 404 and code == NOT_FOUND",
        "failure.status == 404",
        f"{LISTS} -k only_okta",
    ),
    Bug(
        "an expired page of members fails the source",
        f"{OKTA}/paging.py",
        "            return read(size)\n\n    return read_again",
        "            raise\n\n    return read_again",
        f"{LISTS} -k expired",
    ),
    Bug(
        "a list that is too slow is not halved",
        f"{OKTA}/paging.py",
        "TOO_SLOW = (500, 504)",
        "TOO_SLOW = ()",
        f"{LISTS} -k too_slow",
    ),
    Bug(
        "a page that is too slow is asked for again and again",
        f"{OKTA}/paging.py",
        "            return SLOW_ATTEMPTS",
        "            pass",
        f"{LISTS} -k too_slow",
    ),
    Bug(
        "an org without an administrator is complete",
        f"{OKTA}/roles.py",
        'if not any(row["roleAssignments"] for row in rows):',
        "if False:",
        f"{LISTS} -k administrator",
    ),
    Bug(
        "an admin host is accepted",
        f"{OKTA}/choices.py",
        'if first.endswith("-admin"):',
        "if False:",
        f"{LISTS} -k domain",
    ),
    Bug(
        "settings of applications are stored",
        f"{OKTA}/rows.py",
        "kept = {name: row[name] for name in APPLICATION_FIELDS if name in row}",
        "kept = dict(row)",
        f"{LISTS} -k service_apps",
    ),
    # ---- what is read again
    Bug(
        "the log of Okta is not heeded",
        f"{OKTA}/feed.py",
        "        self.ids[kind] |= found\n",
        "",
        f"{INCREMENTAL} -k 'log_is_enough or named_by_the_log'",
    ),
    Bug(
        "the date of a membership is not heeded",
        f"{OKTA}/access.py",
        'group.get("lastMembershipUpdated") != earlier.get("lastMembershipUpdated")',
        "False",
        f"{INCREMENTAL} -k date_of_a_group",
    ),
    Bug(
        "the count of a group is not heeded",
        f"{OKTA}/access.py",
        "                or count != get_count(earlier)\n"
        "                or (count is not None and count not in counted)\n",
        "",
        f"{INCREMENTAL} -k count_is_enough",
    ),
    Bug(
        "the group of a rule that is gone is not read",
        f"{OKTA}/access.py",
        '        doubted |= list_rule_targets(self.earlier.read_rows("group_rules").values())\n',
        "",
        f"{INCREMENTAL} -k rule_fills",
    ),
    Bug(
        "a change of status is not heeded",
        f"{OKTA}/access.py",
        "moved = {key for key in {*before, *now} if before.get(key) != now.get(key)}",
        "moved = set()",
        f"{INCREMENTAL} -k 'status_is_enough or deleted_user or everyone'",
    ),
    Bug(
        "applications of changed groups are not read",
        f"{OKTA}/applications.py",
        "doubted |= {key for key, row in rows.items() if not changed.isdisjoint(row",
        "doubted |= {key for key, row in rows.items() if not changed.issuperset(row",
        f"{INCREMENTAL} -k 'members_of_a_group_change or everyone'",
    ),
    Bug(
        "a group without a list of members never changes",
        f"{OKTA}/access.py",
        "if self.moved_users or not is_everyone(row)",
        "if self.moved_users",
        f"{INCREMENTAL} -k unlisted_group",
    ),
    Bug(
        "the number of a group's applications is not heeded",
        f"{OKTA}/applications.py",
        "if counts[0] != counts[1] and",
        "if False and",
        f"{INCREMENTAL} -k either_sign",
    ),
    Bug(
        "a closed System Log counts as no changes",
        f"{OKTA}/access.py",
        "return not self.log.is_complete or bool(",
        "return bool(",
        f"{INCREMENTAL} -k 'closed_log or gap'",
    ),
    Bug(
        "only the first page of the System Log is read",
        f"{OKTA}/feed.py",
        "is_end = not response.json() or",
        "is_end = True or",
        f"{INCREMENTAL} -k 'first_read_fetches or goes_on'",
    ),
    Bug(
        "an old cursor of the System Log is used",
        f"{OKTA}/feed.py",
        "            and self.now - at <= REACH\n",
        "",
        f"{INCREMENTAL} -k gap",
    ),
    # ---- what the settings leave out
    Bug(
        "roles that are not read are gone",
        f"{OKTA}/applications.py",
        "    kept = rows.keys() if present is None else rows.keys() & {*present}\n",
        "    kept = set()\n",
        SCOPE,
    ),
    Bug(
        "rows that are not read count as read",
        f"{OKTA}/applications.py",
        '{"lastReadAt": read_at} | keep(rows[key])',
        "keep(rows[key])",
        SCOPE,
    ),
    Bug(
        "assignments through groups stay although groups are read",
        f"{OKTA}/applications.py",
        'if is_own or user["scope"] == "USER")',
        "if True)",
        SCOPE,
    ),
]
