"""Bugs in changing Okta, each one a guard that is removed."""

from __future__ import annotations

from tests.planted.bug import Bug

OKTA = "pipelines/sources/okta"
WRITES = "tests/sources/test_okta_writes.py"
RIGHTS = "tests/sources/test_okta_write_rights.py"
STORY = "tests/write_back/test_okta_story.py"

BUGS = [
    # ---- accounts
    Bug(
        "an account is deactivated where it is to be suspended",
        f"{OKTA}/live/accounts.py",
        'deactivates = self.choices.disable_by == "deactivate"',
        "deactivates = True",
        f"{WRITES} -k as_the_setting_says",
    ),
    Bug(
        "an activation sends a mail",
        f"{OKTA}/translation.py",
        '"activate?sendEmail=false"',
        '"activate"',
        f"{WRITES} -k activation_token",
    ),
    Bug(
        "a new account is activated at once",
        f"{OKTA}/translation.py",
        '"users?activate=false"',
        '"users"',
        f"{WRITES} -k is_staged",
    ),
    Bug(
        "an activation token is in the journal",
        f"{OKTA}/writer.py",
        'facts = {"status": answer.status_code}',
        'facts = {"status": answer.status_code, "answer": answer.json()}',
        f"{WRITES} -k activation_token",
    ),
    Bug(
        "an unclear answer to an activation is quoted",
        f"{OKTA}/writer.py",
        "if not call.is_private:",
        "if True:",
        f"{WRITES} -k activation_token",
    ),
    Bug(
        "an enabled account of Okta is deleted",
        f"{OKTA}/live/accounts.py",
        "        if is_enabled:\n            return Seen(\n",
        "        if False:\n            return Seen(\n",
        f"{WRITES} -k every_kind",
    ),
    Bug(
        "an account of Okta is deleted without a setting",
        f"{OKTA}/live/accounts.py",
        "if not self.choices.allow_delete:",
        "if False:",
        f"{WRITES} -k only_the_account",
    ),
    Bug(
        "the employee number of a new account is not looked for",
        f"{OKTA}/live/accounts.py",
        "            if rows:\n",
        "            if False:\n",
        f"{WRITES} -k is_staged",
    ),
    Bug(
        "a change of status is not waited for",
        f"{OKTA}/live/accounts.py",
        'if status == "ACTIVATING" or user.get("transitioningToStatus"):',
        "if False:",
        f"{WRITES} -k waited_for",
    ),
    Bug(
        "a user of Okta missing from an empty view counts as deleted",
        f"{OKTA}/live/view.py",
        "if not self.has_visible_users:",
        "if False:",
        f"{WRITES} -k gone_only",
    ),
    Bug(
        "any 404 of Okta counts as deleted",
        f"{OKTA}/live/view.py",
        "if not says_not_found(failure):",
        "if failure.status != 404:",
        f"{WRITES} -k gone_only",
    ),
    # ---- groups
    Bug(
        "only the first page of a user's groups is read",
        f"{OKTA}/live/groups.py",
        'rows = self.view.okta.read_rows("groups", path, right=GROUPS_RIGHT)',
        "rows = self.view.okta.api.get(path)",
        f"{WRITES} -k every_page",
    ),
    Bug(
        "a group that a rule fills is written",
        f"{OKTA}/live/groups.py",
        'if change.action == "grant" or not self.choices.rule_exclusions:',
        "if False:",
        f"{WRITES} -k 'not_ours or left_out or removed_member'",
    ),
    Bug(
        "the exclusions of a rule are not counted",
        f"{OKTA}/live/groups.py",
        "if len(excluded) >= MAX_EXCLUSIONS and user_id not in excluded:",
        "if False:",
        f"{WRITES} -k removed_member",
    ),
    Bug(
        "a group that gives an admin role is written",
        f"{OKTA}/live/groups.py",
        "if may_have_admin_role(group):",
        "if False:",
        f"{WRITES} -k 'not_ours or administrative'",
    ),
    Bug(
        "an imported group is written",
        f"{OKTA}/live/groups.py",
        'return "" if group.get("type") == "OKTA_GROUP" else "another directory"',
        'return ""',
        f"{WRITES} -k not_ours",
    ),
    Bug(
        "a deactivated account is added to a group",
        f"{OKTA}/live/state.py",
        'if change.action == "grant" and is_deactivated:',
        "if False:",
        f"{WRITES} -k not_ours",
    ),
    # ---- roles and applications
    Bug(
        "a role is taken with all its limits",
        f"{OKTA}/live/roles.py",
        "if len(paths) == 1:",
        "if True:",
        f"{WRITES} -k only_for_the_scope",
    ),
    Bug(
        "a role that is held anew is taken",
        f"{OKTA}/live/roles.py",
        "if change.source_grant_id not in (None, *own):",
        "if False:",
        f"{WRITES} -k member_of_now",
    ),
    Bug(
        "a role of a group is taken from a user",
        f"{OKTA}/live/roles.py",
        "if row not in own:",
        "if False:",
        f"{WRITES} -k of_a_group_is_not",
    ),
    Bug(
        "a limited role is given for the whole organization",
        f"{OKTA}/live/roles.py",
        "    if wanted:\n",
        "    if False:\n",
        f"{WRITES} -k one_call_gives",
    ),
    Bug(
        "an application is unassigned without a setting",
        f"{OKTA}/live/state.py",
        "if not self.choices.unassign_apps:",
        "if False:",
        f"{WRITES} -k only_if_allowed",
    ),
    # ---- the writer
    Bug(
        "a 404 of Okta counts as done without a look",
        f"{OKTA}/writer.py",
        'if now.state not in ("done", "absent"):',
        'if now.state not in ("done", "absent") and refused.status != 404:',
        f"{WRITES} -k told_apart",
    ),
    Bug(
        "the owner of Rollcall's own token is changed",
        f"{OKTA}/writer.py",
        'f"okta:user:{one}" for one in self.own_users',
        'f"okta:user:{one}" for one in ()',
        f"{WRITES} -k credential_of_its_own",
    ),
    Bug(
        "a scope that only some changes need ends all of them",
        f"{OKTA}/auth.py",
        'if not self.assertions.optional or read_oauth_error(denied.body) != "invalid_scope":',
        "if True:",
        f"{RIGHTS} -k may_lack",
    ),
    Bug(
        "the write settings do not reach the models",
        "pipelines/warehouse/dbt_build.py",
        "found.setdefault(source, {})[name] = settings.SWITCHES[text]",
        "found.setdefault(source, {})[name] = default",
        "tests/warehouse/test_built.py -k write_settings",
    ),
    Bug(
        "a group out of sight counts as one that the user left",
        f"{OKTA}/live/groups.py",
        "        if group is None:\n            return Seen(",
        "        if group is None or not gives:\n            return Seen(",
        f"{WRITES} -k 'every_kind or out_of_sight'",
    ),
    Bug(
        "a change that cannot be undone has an inverse",
        "pipelines/write_back/wanted.py",
        "replace(change, inverse_action=None) if is_final(change) else change",
        "change",
        f"{STORY} -k cannot_be_undone",
    ),
]
