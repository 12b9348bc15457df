"""Bugs in the reading of declared systems over HTTP: REST APIs and SCIM servers."""

from __future__ import annotations

from tests.planted.bug import Bug

REST, SCIM = "pipelines/sources/declared/rest", "pipelines/sources/declared/scim"
LISTS = "tests/sources/declared/test_rest.py"
SERVERS = "tests/sources/declared/test_scim.py"

BUGS = [
    Bug(
        "rest: an answer without its list is empty",
        f"{REST}/plan.py",
        "return [] if self.may_be_missing else None",
        "return []",
        f"{LISTS} -k 'without_its_list or null_in_place'",
    ),
    Bug(
        "rest: rows beside an error are all rows",
        f"{REST}/lists.py",
        "if error := plan.find_error(body):",
        "if error := None:",
        f"{LISTS} -k failed_in_part",
    ),
    Bug(
        "rest: a total that nobody finds is none",
        f"{REST}/lists.py",
        "if plan.total and listing.total is None and not listing.doubt:",
        "if False:",
        f"{LISTS} -k total_that_is_none",
    ),
    Bug(
        "rest: a list that shifts is read once",
        f"{REST}/lists.py",
        "must_agree = is_cut or (plan.can_shift and listing.pages > 1)",
        "must_agree = is_cut",
        f"{LISTS} -k deleted_meanwhile",
    ),
    Bug(
        "rest: steps are larger than pages",
        f"{REST}/pages.py",
        "        self._refuse_gap()\n",
        "",
        f"{LISTS} -k smaller_than_the_limit",
    ),
    Bug(
        "rest: a list may end where more follows",
        f"{REST}/pages.py",
        "        self._refuse_early_end(body)\n",
        "",
        f"{LISTS} -k nothing_leads_to",
    ),
    Bug(
        "rest: a lost link ends a list after its first page",
        f"{REST}/lists.py",
        'if before.get("paged") and rows >= before["longest"]:',
        "if False:",
        f"{LISTS} -k renamed",
    ),
    Bug(
        "rest: paging is guessed",
        f"{REST}/entries.py",
        '{*PAGINATOR_MAP} - {"auto", "json_response"}',
        "{*PAGINATOR_MAP}",
        f"{LISTS} -k wrong_client",
    ),
    Bug(
        "rest: an answer may be ignored",
        f"{REST}/entries.py",
        '    "response_actions": "an answer',
        '    "answers": "an answer',
        f"{LISTS} -k wrong_resource",
    ),
    Bug(
        "rest: an id leads to another path",
        f"{REST}/plan.py",
        'quote(value, safe="")',
        "value",
        f"{LISTS} -k another_path",
    ),
    Bug(
        "rest: a parent without an id is asked for as None",
        f"{REST}/plan.py",
        'in (None, ".", ".."):',
        'in (".", ".."):',
        f"{LISTS} -k parent_without",
    ),
    Bug(
        "rest: a word is written as JSON, because another row has an object",
        f"{REST}/tables.py",
        "bool_and(field.type in ('OBJECT', 'ARRAY', 'NULL')) and ",
        "bool_or(field.type in ('OBJECT', 'ARRAY')) and ",
        f"{LISTS} -k two_kinds",
    ),
    Bug(
        "rest: a key in the query is sent twice",
        "pipelines/sources/declared/api.py",
        "elif name not in parse_qs(urlsplit(str(request.url)).query):",
        "else:",
        f"{LISTS} -k sent_once",
    ),
    Bug(
        "scim: the total does not bind",
        f"{SCIM}/directory.py",
        "            total_binds=True,\n",
        "",
        f"{SERVERS} -k not_met",
    ),
    Bug(
        "scim: a total of one page ends the list",
        f"{SCIM}/directory.py",
        "if is_one_page and not by_cursor and len(listed) == self.page_size:",
        "if False:",
        f"{SERVERS} -k total_of_the_page",
    ),
    Bug(
        "scim: left-out members are nobody",
        f"{SCIM}/directory.py",
        "if silent and not has_any and not self.members_may_be_missing:",
        "if False:",
        f"{SERVERS} -k nobody_says",
    ),
    Bug(
        "scim: members are not asked for",
        f"{SCIM}/directory.py",
        "self.api.call_each(silent, self._read_group):",
        "self.api.call_each([], self._read_group):",
        f"{SERVERS} -k every_kind_of_server",
    ),
    Bug(
        "scim: what users say of their groups is lost",
        f"{SCIM}/meaning.py",
        "from only_said_by_users\n\nunion all\n\nselect distinct user_id",
        "from only_said_by_users where false\n\nunion all\n\nselect distinct user_id",
        f"{SERVERS} -k what_users_say",
    ),
    Bug(
        "scim: a member who was deleted meanwhile refuses the read",
        f"{SCIM}/directory.py",
        "            if not found.has_unknown_members(self.what):\n                return found\n",
        "            return found\n",
        f"{SERVERS} -k somebody_deleted",
    ),
    Bug(
        "scim: a group in a group is a user",
        f"{SCIM}/directory.py",
        "kind = known[0] if len(known) == 1 else said",
        "kind = said",
        f"{SERVERS} -k every_kind_of_server",
    ),
    Bug(
        "scim: pages follow by what was asked for",
        f"{SCIM}/paging.py",
        "        self.received += len(resources)\n",
        "        self.received += self.page_size\n",
        f"{SERVERS} -k every_kind_of_server",
    ),
]
