"""Results of policy and decisions are built again when these have changed, and only then."""

from __future__ import annotations

import pytest

from tests.write_back.test_changes import POLICY, Company, group, user


@pytest.fixture(scope="module")
def company(tmp_path_factory, published):
    with pytest.MonkeyPatch.context() as patch:
        yield Company(tmp_path_factory.mktemp("built"), published.data).build(patch)


def policy(company: Company, patch: pytest.MonkeyPatch) -> None:
    (company.home / "reviews" / "policy.toml").write_text(POLICY)


def setting(company: Company, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REVIEW__DORMANT_AFTER_DAYS", "7")


def decision(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.campaign("q3", {f"{user(15)}/{group(5)}": "revoke"})


def changed_decision(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update review_decisions set is_current = false")


def run(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update runs set accepted = 'by somebody' where source_name = 'charthop'")


def mart(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows(
        "insert into people by name select * replace ('charthop:person:x' as person_id)"
        " from people limit 1"
    )


def test_it_is_built_again_when_what_it_depends_on_has_changed(company, monkeypatch):
    """A change of any dependency leads to a new build; without a change nothing is built."""

    def is_as_it_was() -> bool:
        company.build(monkeypatch)
        return bool(company.rows("from access_review where full_name = 'as it was'"))

    for change in (policy, setting, decision, changed_decision, run, mart):
        company.rows("update access_review set full_name = 'as it was'")
        assert is_as_it_was(), f"before {change.__name__}"

        change(company, monkeypatch)
        assert not is_as_it_was(), change.__name__
